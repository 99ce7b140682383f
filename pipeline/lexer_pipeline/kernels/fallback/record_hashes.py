"""What a record is known by, and what it says, as hashes under a key; the order of members and the way a number is written do not matter."""

import json
from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import numpy as np

from lexer_pipeline.kernels.arrays import Int64s, UInt64s

REFERENCE = b"product_reference_type"


def record_hashes(data: bytes, ends: Int64s, names: tuple[bytes, ...], key: bytes) -> tuple[UInt64s, UInt64s]:
    """For each line of NDJSON, which ends at `ends`: the hash of its identity, which the members `names` make, and of all of it; never 0."""
    identities, contents, at = [], [], 0
    for end in ends.tolist():
        record = json.loads(data[at:end], parse_float=Decimal, parse_int=Decimal)
        identities.append(_hash(_identity(record, [one.decode() for one in names]), key))
        contents.append(_hash(record, key))
        at = end
    return np.array(identities, np.uint64), np.array(contents, np.uint64)


def _identity(record: Mapping[str, Any], names: list[str]) -> Any:
    if not names:
        return record
    if names[0].encode() != REFERENCE:
        return [record.get(name) for name in names]
    said = str(record.get(names[0]) or "")
    order = [said, *names[1:]] if said in names[1:] else names[1:]
    return next(([name, record[name]] for name in order if record.get(name)), record)


def _hash(value: Any, key: bytes) -> int:
    text = json.dumps(value, sort_keys=True, default=_worth).encode()
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest(), "little") or 1


def _worth(number: Decimal) -> list[str]:
    return [str(number.normalize())] if number else ["0"]
