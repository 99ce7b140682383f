"""The twins of text_kernels.pyx in plain Python: they vouch for nothing, so that the conversions themselves decide."""

from typing import Any

import numpy as np

HAS_DOUBLED = 4
IN_DOUBT = 1 << 31


def rewrite(
    data: bytes, starts: Any, ends: Any, flags: Any, kinds: Any, arguments: bytes, argument_ends: Any, base: int,
    copies: bool,
) -> tuple[bytes, Any, Any, Any, Any]:  # fmt: skip
    """No text, and every cell in doubt."""
    marks = np.full(len(starts), IN_DOUBT, np.uint32)
    return b"", np.zeros_like(starts), np.zeros_like(ends), np.zeros_like(flags), marks


def tally_money(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros(4, np.int64), np.ones(len(starts), np.bool_)


def tally_dates(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]:
    """Nothing counted, and every cell in doubt."""
    return np.zeros((5, 4), np.int64), np.ones(len(starts), np.bool_)


def distinct(data: bytes, starts: Any, ends: Any, flags: Any) -> tuple[Any, Any]:
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


def joined(data: bytes, starts: Any, ends: Any, flags: Any, separator: int) -> tuple[bytes, Any, Any, Any]:
    """The cells of each row as one text, a separator between them, which also follows the last."""
    sizes = (ends - starts + 1).sum(axis=1, dtype=np.int32)
    places = np.cumsum(sizes, dtype=np.int32)
    sign = bytes([separator])
    texts = b"".join(data[start:end] + sign for start, end in zip(starts.ravel(), ends.ravel(), strict=True))
    return texts, places - sizes, places - np.int32(1), np.bitwise_or.reduce(flags, axis=1)
