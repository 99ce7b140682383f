"""Merged cells: the value that a person sees over a range stands in each cell of it."""

from collections.abc import Iterable

# The first and the last cell, each as (row, column) from 0.
Range = tuple[tuple[int, int], tuple[int, int]]


class _Open:
    """A range that reaches over the row at hand, with the text of its first cell."""

    __slots__ = ("bottom", "is_given", "left", "right", "text", "top")

    def __init__(self, top: int, left: int, bottom: int, right: int, text: str) -> None:
        self.top, self.left, self.bottom, self.right = top, left, bottom, right
        self.text = text
        self.is_given = False


class Merged:
    """The merged ranges of a sheet whose cells begin at the column `left`; `given` counts those whose value was handed on.

    A row that holds nothing but cells merged with those beside them is a title, and one without a cell of its own goes on with the
    row above: such rows stay as they are.
    """

    def __init__(self, ranges: Iterable[Range], left: int) -> None:
        self._left = left
        self._ranges = iter(sorted(ranges))
        self._next = next(self._ranges, None)
        self._open: dict[int, _Open] = {}
        self.is_any = self._next is not None
        self.given = 0

    def spread(self, row: int, cells: list[str]) -> None:
        """Fill the cells of a row (from 0); rows must come in their order."""
        while self._next is not None and self._next[0][0] <= row:
            (top, left), (bottom, right) = self._next
            first = left - self._left
            if top == row and 0 <= first < len(cells):
                self._open[first] = _Open(top, first, bottom, right - self._left, cells[first])
            self._next = next(self._ranges, None)
        if not self._open:
            return
        self._open = {left: one for left, one in self._open.items() if one.bottom >= row}
        if self._has_own(row, cells):
            for one in self._open.values():
                self._fill(one, cells)

    def _has_own(self, row: int, cells: list[str]) -> bool:
        own = [bool(cell) for cell in cells]
        for one in self._open.values():
            is_wide = one.right > one.left
            if is_wide or row > one.top:
                own[one.left : one.right + 1] = [False] * len(own[one.left : one.right + 1])
        return any(own)

    def _fill(self, one: _Open, cells: list[str]) -> None:
        inside = cells[one.left : one.right + 1]
        if one.text and any(cell != one.text for cell in inside):
            cells[one.left : one.right + 1] = [one.text] * len(inside)
            self.given += not one.is_given
            one.is_given = True
