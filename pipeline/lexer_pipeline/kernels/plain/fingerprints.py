"""Keyed hashes of records: what `fingerprints` does, and what canonical means.

A member is hashed as `"name":value` in compact JSON without escapes that need not be, a number without an exponent and without zeros at
its end that are worth nothing. A list or an object is hashed from the hashes of what it holds, an object's in any order.
"""

import json
from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import Any, Self

WORD = (1 << 64) - 1
LONGEST = 400


def record_hashes_of(
    line: bytes, names: tuple[bytes, ...], is_reference: bool, key: bytes
) -> tuple[int, int]:
    """The two hashes of one record."""
    record = json.loads(line, parse_int=_Number, parse_float=_Number)
    hashes = {name: _hash(key, value, f"{_text(name)}:") for name, value in record.items()}
    whole = _mixed(key, b"{", 0, sum(hashes.values()) & WORD)
    identity = _identity(record, hashes, [name.decode() for name in names], is_reference, whole, key) or 1
    return identity, _mixed(key, b"c", identity, whole) or 1


def _identity(
    record: Mapping[str, Any], hashes: Mapping[str, int], names: list[str], is_reference: bool, whole: int, key: bytes
) -> int:  # fmt: skip
    if not names:
        return whole
    if not is_reference:
        found = 0
        for name in names:
            found = _mixed(key, b"i", found, hashes.get(name, 0))
        return found if any(hashes.get(name) for name in names) else whole
    named = record.get(names[0])
    order = [named, *names[1:]] if named in names[1:] else names[1:]
    return next((hashes[name] for name in order if hashes.get(name)), whole)


class _Number(str):
    """A number by what it is worth."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if "e" not in text.lower():
            plain = text.rstrip("0").rstrip(".") if "." in text else text
            return super().__new__(cls, "0" if plain == "-0" else plain)
        try:
            worth = Decimal(text).normalize(Context(prec=len(text), Emin=MIN_EMIN, Emax=MAX_EMAX))
        except InvalidOperation:  # an exponent beyond all bounds
            return super().__new__(cls, text)
        # As it would be written out, unless that has no end.
        plain = format(worth, "f") if abs(worth.adjusted()) < LONGEST else str(worth)
        return super().__new__(cls, plain if worth else "0")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _hash(key: bytes, value: Any, named: str) -> int:
    if isinstance(value, dict):
        inner = sum(_hash(key, one, f"{_text(name)}:") for name, one in value.items()) & WORD
        return _mixed(key, b"{", siphash(key, named.encode()), inner)
    if isinstance(value, list):
        inner = 0
        for one in value:
            inner = _mixed(key, b",", inner, _hash(key, one, ""))
        return _mixed(key, b"[", siphash(key, named.encode()), inner)
    plain = value if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
    return siphash(key, f"{named}{plain}".encode())


def _mixed(key: bytes, kind: bytes, one: int, two: int) -> int:
    return siphash(key, kind + one.to_bytes(8, "little") + two.to_bytes(8, "little"))


def siphash(key: bytes, data: bytes, compress: int = 1, finish: int = 3) -> int:
    """SipHash of some bytes, by default with one round for each word and three at the end."""
    k0, k1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]
    whole = len(data) & ~7
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, whole, 8)]
    for word in [*words, int.from_bytes(data[whole:], "little") | (len(data) & 255) << 56]:
        v[3] ^= word
        _rounds(v, compress)
        v[0] ^= word
    v[2] ^= 0xFF
    _rounds(v, finish)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[int], count: int) -> None:
    for _ in range(count):
        v[0] = v[0] + v[1] & WORD
        v[2] = v[2] + v[3] & WORD
        v[1] = _turned(v[1], 13) ^ v[0]
        v[3] = _turned(v[3], 16) ^ v[2]
        v[0] = _turned(v[0], 32)
        v[2] = v[2] + v[1] & WORD
        v[0] = v[0] + v[3] & WORD
        v[1] = _turned(v[1], 17) ^ v[2]
        v[3] = _turned(v[3], 21) ^ v[0]
        v[2] = _turned(v[2], 32)


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> 64 - bits) & WORD
