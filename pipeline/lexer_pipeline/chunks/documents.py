"""Documents of JSON as they pass between the stages."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.chunks.rejected import ACCEPTED
from lexer_pipeline.chunks.rows import on_one_line
from lexer_pipeline.kernels.arrays import Int64s


class Documents(Struct, frozen=True):
    """A chunk of JSON: document i is data[starts[i]:ends[i]], on the physical line lines[i], from 1.

    `numbers` are those of the records, from 1; `blank` counts the empty lines passed over since the chunk before, `skipped` the
    documents left out, by reason. `orphans` are those that name a parent which cannot be found, or cannot take them.
    """

    data: bytes
    starts: Int64s
    ends: Int64s
    lines: Int64s
    numbers: Int64s
    blank: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    orphans: frozenset[int] = frozenset()

    @classmethod
    def of_texts(
        cls, texts: Sequence[bytes], lines: Sequence[int], number: int, blank: int, orphans: frozenset[int] = frozenset()
    ) -> "Documents":  # fmt: skip
        """Some documents by their texts and lines; the first of them has this number."""
        ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 1
        starts = ends - np.array([len(text) for text in texts], np.int64)
        numbers = np.arange(number, number + len(texts))
        return cls(
            b"\n".join(texts), starts, ends, np.array(lines, np.int64), numbers, blank, orphans=orphans
        )

    @property
    def records(self) -> int:
        """How many documents there are."""
        return len(self.starts)

    @property
    def size(self) -> int:
        """How many bytes of the source the documents take."""
        return int(self.ends[-1] - self.starts[0]) if len(self.starts) else 0

    def text(self, row: int) -> bytes:
        """One document, without the spaces around it."""
        return self.data[self.starts[row] : self.ends[row]].strip()

    def raw(self, row: int) -> bytes:
        """The document on one line: a line break between its tokens becomes a space."""
        return on_one_line(self.text(row))

    def sha256(self, row: int) -> str:
        """By which a document is known again, as hex."""
        return hashlib.sha256(self.raw(row)).hexdigest()

    def unaccepted(self, accepted: Collection[str]) -> "Documents":
        """The documents without those that an earlier fix accepted, which are counted."""
        keep = np.array([self.sha256(row) not in accepted for row in range(self.records)], np.bool_)
        if keep.all():
            return self
        return replace(
            self, starts=self.starts[keep], ends=self.ends[keep], lines=self.lines[keep], numbers=self.numbers[keep],
            skipped={**self.skipped, ACCEPTED: int((~keep).sum())}, orphans=self._moved(np.flatnonzero(keep).tolist()),
        )  # fmt: skip

    def behind_blank(self) -> "tuple[Documents | None, Documents]":
        """What was passed over before the first document, if anything was, and the rest."""
        if not self.blank:
            return None, self
        return self.part(0, 0), replace(self, blank=0, skipped={})

    def part(self, start: int, stop: int) -> "Documents":
        """The documents from `start` to `stop` - 1 as a chunk of their own; empty lines go with the first."""
        rows, blank = slice(start, stop), 0 if start else self.blank
        return replace(
            self, starts=self.starts[rows], ends=self.ends[rows], lines=self.lines[rows], numbers=self.numbers[rows],
            blank=blank, skipped={} if start else self.skipped, orphans=self._moved(range(start, stop)),
        )  # fmt: skip

    def _moved(self, rows: Iterable[int]) -> frozenset[int]:
        """The orphans among some of the documents, as they are counted there."""
        return (
            frozenset(place for place, row in enumerate(rows) if row in self.orphans)
            if self.orphans
            else self.orphans
        )
