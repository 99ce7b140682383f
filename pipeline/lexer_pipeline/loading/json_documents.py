"""Read JSON in chunks of documents: one a line, an array, `{"records": [...]}`, or one or more objects."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels import dispatch, fallback
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.codes import ARRAY_BROKEN, ARRAY_ENDED
from lexer_pipeline.loading.format import Readable

# Small enough to stay in the cache from one pass to the next.
BLOCK = 1 << 19
LONGEST = 16 << 20
WRAPPER = re.compile(rb'\s*\{\s*"records"\s*:\s*\[')
# Room enough for the spaces of a pretty printer between the tokens of a wrapper.
WRAPPER_ROOM = 4096
SPACE = b" \t\r\n\v\f"
LINE_FEED = 0x0A


@dataclass(slots=True)
class Placing:
    """Whether each document of a source stands on a line of its own, once that was told (or where it is known)."""

    is_one_a_line: bool | None = None


def looks_like_json(start: bytes) -> bool:
    """Whether a source that begins so is JSON: its first sign, or that of an early line, is a bracket."""
    text = start.removeprefix(codecs.BOM_UTF8).lstrip(SPACE)
    if text[:1] in (b"{", b"["):
        return True
    return any(line.lstrip(SPACE).startswith(b'{"') for line in text.splitlines()[1:3])


def read_documents(
    source: Readable, start: bytes, unwrap: bool, placing: Placing | None = None
) -> Iterator[Documents]:
    """The documents of a source that begins with `start`, in chunks of about half a megabyte.

    `unwrap` says that `{"records": [...]}` is a wrapper and not itself a record; what `placing` does not know it is told.
    """
    reader, placing = _Reader(source, start.removeprefix(codecs.BOM_UTF8)), placing or Placing()
    if placing.is_one_a_line is None:
        placing.is_one_a_line = reader.has_one_a_line()
    if placing.is_one_a_line:
        return reader.lines(unwrap)
    return reader.values(unwrap)


class _Reader:
    """Owns the bytes that were read and not yet given out, and the line they begin on."""

    def __init__(self, source: Readable, data: bytes) -> None:
        self._source = source
        self._data = data
        self._line = 1
        self._number = 0
        self._final = False

    def _more(self) -> bool:
        if self._final:
            return False
        block = self._source.read(BLOCK)
        self._final = not block
        self._data += block
        return not self._final

    def _drop(self, end: int) -> None:
        # To look for a break is much faster than to count them, and most lists have none.
        if self._data.find(b"\n", 0, end) >= 0:
            self._line += self._data.count(b"\n", 0, end)
        self._data = self._data[end:]

    def has_one_a_line(self) -> bool:
        """Whether the first document ends on its own line (or the second line begins another)."""
        if self._data.lstrip(SPACE)[:1] == b"[":
            return False
        while self._data.strip(SPACE).count(b"\n") < 3 and len(self._data) <= LONGEST and self._more():
            pass
        text = self._data.lstrip(SPACE)
        lines = [line for line in text.split(b"\n", 3)[:3] if line.strip(SPACE)]
        if not lines:
            return True
        if lines[0].startswith(b"{") and fallback.value_end(lines[0].rstrip(SPACE), 0) >= 0:
            return True
        if lines[0].rstrip(SPACE).endswith((b"[", b":")):
            return False  # the second line goes on with what the first one opens
        return len(lines) > 1 and lines[1].lstrip(SPACE).startswith(b"{")

    def lines(self, unwrap: bool) -> Iterator[Documents]:
        """NDJSON: whatever stands on a line is a document, good or bad."""
        while self._data or self._more():
            data, end = self._data, self._data.rfind(b"\n") + 1
            if not end and not self._final:
                if len(data) > LONGEST:
                    raise self._too_long()
                self._more()
                continue
            end = end or len(data)
            self._data = data[end:]
            yield self._chunk_of_lines(data, end, unwrap)

    def _chunk_of_lines(self, data: bytes, end: int, unwrap: bool) -> Documents:
        starts, ends, lines, count, is_wrapped = dispatch.find_lines(data, end)
        blank, lines = count - len(starts), lines + self._line
        self._line += count
        if unwrap and is_wrapped:
            return self._unwrapped_lines(data, starts, ends, lines, blank)
        return self._chunk(data, starts, ends, lines, blank)

    def _unwrapped_lines(
        self, data: bytes, starts: Int64s, ends: Int64s, lines: Int64s, blank: int
    ) -> Documents:
        places: list[tuple[int, int, int]] = []
        for start, end, line in zip(starts.tolist(), ends.tolist(), lines.tolist(), strict=True):
            inner = _unwrapped(data[start:end])
            found = [(0, end - start)] if inner is None else inner
            places += [(start + begin, start + stop, line) for begin, stop in found]
        table = np.array(places, np.int64).reshape(-1, 3)
        return self._chunk(data, table[:, 0], table[:, 1], table[:, 2], blank)

    def _chunk(self, data: bytes, starts: Int64s, ends: Int64s, lines: Int64s, blank: int) -> Documents:
        numbers = np.arange(self._number + 1, self._number + 1 + len(starts))
        self._number += len(starts)
        starts, ends, lines = (np.ascontiguousarray(one, np.int64) for one in (starts, ends, lines))
        return Documents(data, starts, ends, lines, numbers, blank)

    def values(self, unwrap: bool) -> Iterator[Documents]:
        """JSON texts one after another: an array or a wrapper gives its items, an object itself."""
        while self._skip_space():
            while len(self._data) < WRAPPER_ROOM and self._more():
                pass
            wrapper = WRAPPER.match(self._data) if unwrap else None
            if wrapper:
                self._drop(wrapper.end())
                yield from self._array()
                self._close_wrapper()
            elif self._data[:1] == b"[":
                self._drop(1)
                yield from self._array()
            else:
                line, text = self._line, self._value()
                yield self._chunk(text, np.array([0]), np.array([len(text)]), np.array([line]), 0)

    def _skip_space(self) -> bool:
        while True:
            self._drop(len(self._data) - len(self._data.lstrip(SPACE)))
            if self._data or not self._more():
                return bool(self._data)

    def _value(self) -> bytes:
        """The next value; the source ends, or goes on with something else, only at our peril."""
        if self._data[:1] != b"{":
            raise self._broken("there is no JSON document where one should begin")
        while (end := fallback.value_end(self._data, 0)) < 0:
            if len(self._data) > LONGEST:
                raise self._too_long()
            if not self._more():
                raise self._broken("a document that begins here does not end")
        text = self._data[:end]
        self._drop(end)
        return text

    def _array(self) -> Iterator[Documents]:
        if self._skip_space() and self._data[:1] == b"]":
            self._drop(1)
            return
        while True:
            places, at, state = dispatch.split_array(self._data, 0, self._final, 1 << 16)
            yield self._chunk_of_places(places)
            self._drop(at)
            if state == ARRAY_ENDED:
                return
            if state == ARRAY_BROKEN:
                raise self._broken("the list is broken; look for a missing comma, quote or bracket")
            if len(self._data) > LONGEST and not len(places):
                raise self._too_long()
            if not self._more() and not len(places):
                raise self._broken("the list that holds the documents does not end")

    def _chunk_of_places(self, places: Int64s) -> Documents:
        starts, end = places[:, 0], int(places[-1, 1]) if len(places) else 0
        lines = np.full(len(places), self._line)
        if self._data.find(b"\n", 0, end) >= 0:
            breaks = np.flatnonzero(np.frombuffer(self._data, np.uint8, end) == LINE_FEED)
            lines += np.searchsorted(breaks, starts)
        return self._chunk(self._data, starts, places[:, 1], lines, 0)

    def _close_wrapper(self) -> None:
        """Pass over what a wrapper holds beside its records, up to its closing brace."""
        while self._skip_space() and self._data[:1] != b"}":
            end = fallback.value_end(self._data, 0) if self._data[:1] != b"," else 1
            if self._data[:1] == b":":
                end = 1
            if end < 0 and self._more():
                continue
            if end <= 0:
                break
            self._drop(end)
        if self._data[:1] != b"}":
            raise self._broken('the object that holds "records" does not end')
        self._drop(1)

    def _too_long(self) -> SourceError:
        return SourceError(
            f"{self._source.name}: the document on line {self._line} is longer than {LONGEST >> 20} MiB",
            "Check that the file holds one record a document.",
        )

    def _broken(self, what: str) -> SourceError:
        return SourceError(
            f"{self._source.name}: line {self._line}: {what}",
            "Nothing after it can be trusted, so nothing was prepared; mend the file or export it again.",
        )


def _unwrapped(text: bytes) -> Sequence[Sequence[int]] | None:
    """The places of the records of a wrapper that stands on one line; None when it is none, or is not whole."""
    found = WRAPPER.match(text)
    whole = text.rstrip(SPACE)
    if found is None or fallback.value_end(whole, len(whole) - len(whole.lstrip(SPACE))) != len(whole):
        return None
    if whole[found.end() :].lstrip(SPACE).startswith(b"]"):
        return []
    places, _, state = dispatch.split_array(whole, found.end(), True, len(whole))
    return places.tolist() if state == ARRAY_ENDED else None
