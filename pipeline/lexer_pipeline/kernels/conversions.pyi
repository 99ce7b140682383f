from typing import Any

def rewrite(
    data: bytes,
    starts: Any,
    ends: Any,
    flags: Any,
    kinds: Any,
    arguments: bytes,
    argument_ends: Any,
    base: int,
    copies: bool,
) -> tuple[bytes, Any, Any, Any, Any]: ...
def tally_money(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]: ...
def tally_dates(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]: ...
def distinct(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]: ...
def joined(
    data: bytes, starts: Any, ends: Any, flags: Any, separator: int
) -> tuple[bytes, Any, Any, Any]: ...
