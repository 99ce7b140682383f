from lexer_pipeline.kernels.arrays import Int64s, UInt64s

def record_hashes(
    data: bytes, ends: Int64s, names: tuple[bytes, ...], is_reference: bool, key: bytes
) -> tuple[UInt64s, UInt64s]: ...
