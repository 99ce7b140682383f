"""Convert and count nothing, and leave all to the conversions themselves; tell texts apart: what `conversions` does."""

import re
from decimal import Decimal

import numpy as np
from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s, UInt8s, UInt32s
from lexer_pipeline.kernels.codes import FAMILIES, HAS_DOUBLED, IN_DOUBT, MILLION, READINGS

AMOUNT = re.compile(rb"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?")


def rewrite(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, kinds: Int32s, arguments: bytes, argument_ends: Int32s, base: int,
    copies: bool,
) -> tuple[bytes, Int32s, Int32s, UInt8s, UInt32s]:  # fmt: skip
    """No text, and every cell in doubt."""
    marks = np.full(len(starts), IN_DOUBT, np.uint32)
    return b"", np.zeros_like(starts), np.zeros_like(ends), np.zeros_like(flags), marks


def tally_money(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros(READINGS, np.int64), np.ones(len(starts), np.bool_)


def exact_amounts(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """Some cells as whole millionths, an empty one as 0, and which are in doubt: all that has more than nine digits and six decimals."""
    amounts, doubt = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.bool_)
    for cell, (start, end, flag) in enumerate(
        zip(starts.tolist(), ends.tolist(), flags.tolist(), strict=True)
    ):
        text = data[start:end]
        found = AMOUNT.fullmatch(text) if not flag else None
        if found:
            amounts[cell] = int(Decimal(text.decode()).scaleb(6))
        else:
            doubt[cell] = bool(text)
    return amounts, doubt


def written_amounts(amounts: Int64s) -> tuple[bytes, Int32s]:
    """Whole millionths as numbers, no zeros behind their decimals, one behind the other: the texts, and where each ends."""
    texts = []
    for amount in amounts.tolist():
        whole, rest = divmod(abs(amount), MILLION)
        texts.append(f"{'-' * (amount < 0)}{whole}.{rest:06}".rstrip("0").removesuffix("."))
    return "".join(texts).encode(), np.cumsum([len(text) for text in texts], dtype=np.int32)


def tally_dates(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros((FAMILIES, READINGS), np.int64), np.ones(len(starts), np.bool_)


def distinct(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Int64s]:
    """The number of each cell's text in the order in which they come, and the first cell of each number."""
    known: dict[tuple[bytes, int], int] = {}
    first: list[int] = []
    numbers = []
    for cell, (start, end, flag) in enumerate(
        zip(starts.tolist(), ends.tolist(), flags.tolist(), strict=True)
    ):
        text = (data[start:end], flag & HAS_DOUBLED)
        if text not in known:
            known[text] = len(first)
            first.append(cell)
        numbers.append(known[text])
    return np.array(numbers, np.int64), np.array(first, np.int64)


def joined(
    data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s, separator: int
) -> tuple[bytes, Int32s, Int32s, UInt8s]:
    """The cells of each row as one text, a separator between them, which also follows the last."""
    sizes = (ends - starts + 1).sum(axis=1, dtype=np.int32)
    places = np.cumsum(sizes, dtype=np.int32)
    sign = bytes([separator])
    texts = b"".join(data[start:end] + sign for start, end in zip(starts.ravel(), ends.ravel(), strict=True))
    return texts, places - sizes, places - np.int32(1), np.bitwise_or.reduce(flags, axis=1)
