"""How the rows and cells of a table are told apart, and which rows may be none."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from lexer_pipeline.kernels.arrays import Int32s

# What may stand around the text of a cell and is no part of it: blanks, quotes, and the bytes of a byte-order mark.
AROUND = b' "\xef\xbb\xbf'


class Dialect(NamedTuple):
    """What divides a table: the delimiter, whether cells may stand in quotes, and whether a CR alone ends a row.

    `in_a_row` is how many delimiters a row has: a quoted cell two lines of which have as many, most of them without a blank
    behind, has swallowed rows. 0 where that is not to be asked.
    """

    delimiter: str
    quotes: bool = True
    cr_ends_rows: bool = True
    in_a_row: int = 0


class Doubtful(NamedTuple):
    """Rows that `is_none` is asked about: it says of their cells whether they are no row of the table.

    They are those whose first filled cell is the name of its column or begins with one of some words, whatever the case of
    ASCII letters; `text` holds `names` names and then the words, which end at `ends`. An empty name is that of every cell.
    """

    text: bytes
    ends: Int32s
    names: int
    is_none: Callable[[Sequence[bytes]], bool]

    @classmethod
    def of(
        cls, names: Sequence[bytes], words: Sequence[bytes], is_none: Callable[[Sequence[bytes]], bool]
    ) -> Self:
        """The same from the names of the columns, as `bare` gives them, and the words in lower case."""
        both = (*names, *words)
        # A byte behind the last word keeps the text from being empty.
        return cls(b"".join(both) + b"\0", np.cumsum([*map(len, both)], dtype=np.int32), len(names), is_none)

    def may_be_none(self, cells: Sequence[bytes]) -> bool:
        """Whether a row with these cells is to be asked about."""
        found = next(((place, text) for place, cell in enumerate(cells) if (text := bare(cell))), None)
        if found is None:
            return False
        bounds = [0, *self.ends.tolist()]
        known = [self.text[begin:end] for begin, end in pairwise(bounds)]
        place, text = found
        names, words = known[: self.names], known[self.names :]
        is_name = place < len(names) and names[place] in (b"", text)
        return is_name or text.startswith(tuple(words))


def bare(cell: bytes) -> bytes:
    """A cell without what stands around its text, its ASCII letters in lower case."""
    return cell.strip(AROUND).lower()
