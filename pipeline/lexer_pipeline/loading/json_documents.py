"""Read JSON in chunks of documents: one a line, a list, a list in a wrapper, or one or more objects."""

import codecs
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from msgspec import Struct

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.kernels.codes import ARRAY_BROKEN, ARRAY_ENDED
from lexer_pipeline.loading import included
from lexer_pipeline.loading.document_chunks import DocumentChunks
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.included import NOTHING, Included
from lexer_pipeline.loading.json_members import EMPTY_LIST
from lexer_pipeline.loading.json_reader import LONGEST, SPACE, JsonReader
from lexer_pipeline.loading.wrapped import Wrappers
from lexer_pipeline.loading.wrappers import Found

LINE_FEED = 0x0A
ANY = DocumentForm()
AROUND_BROKEN = "the object around the list of records is broken or does not end"
LIST_BROKEN = "the list is broken; look for a missing comma, quote or bracket"
# The places of some records, and what is included of them.
Placed = tuple[Int64s, Sequence[Included]]
# From the places of some values to the records in them.
Records = Callable[[Int64s], Placed]


class Placing(Struct):
    """Whether each document of a source stands on a line of its own, once that was told (or where it is known).

    `wrappers` knows what was found around the records, and `brought` counts the documents that were put into others.
    """

    is_one_a_line: bool | None = None
    wrappers: Wrappers | None = None
    brought: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of that which is no record by itself, once all chunks were taken."""
        around = () if self.wrappers is None else self.wrappers.notes
        what = "1 line was" if self.brought == 1 else f"{self.brought:,} lines were"
        return (*around, f"{what} put into the lines that they belong to") if self.brought else around


def looks_like_json(start: bytes) -> bool:
    """Whether a source that begins so is JSON: its first sign, or that of an early line, is a bracket."""
    text = start.removeprefix(codecs.BOM_UTF8).lstrip(SPACE)
    if text[:1] in (b"{", b"["):
        return True
    return any(line.lstrip(SPACE).startswith(b'{"') for line in text.splitlines()[1:3])


def read_documents(
    source: Readable, start: bytes, form: DocumentForm = ANY, placing: Placing | None = None
) -> Iterator[Documents]:
    """The documents of a source that begins with `start`, in chunks of about half a megabyte.

    `form` says how the records lie in it; what `placing` does not know it is told.
    """
    placing = placing or Placing()
    wrappers = placing.wrappers = Wrappers(form, source.name)
    reader = _Reader(source, start.removeprefix(codecs.BOM_UTF8), wrappers)
    if placing.is_one_a_line is None:
        placing.is_one_a_line = reader.has_one_a_line()
    return reader.lines() if placing.is_one_a_line else reader.values()


class _Reader(JsonReader):
    """Finds the documents in the bytes of a source."""

    def __init__(self, source: Readable, data: bytes, wrappers: Wrappers) -> None:
        super().__init__(source, data)
        self._wrappers = wrappers
        self._chunks = DocumentChunks(wrappers.joins)

    def has_one_a_line(self) -> bool:
        """Whether the first document ends on its own line (or the second line begins another)."""
        while not self.data.strip(SPACE) and self.more():
            pass
        if self.data.lstrip(SPACE)[:1] == b"[":
            return False
        while self.data.strip(SPACE).count(b"\n") < 3 and len(self.data) <= LONGEST and self.more():
            pass
        text = self.data.lstrip(SPACE)
        lines = [line for line in text.split(b"\n", 3)[:3] if line.strip(SPACE)]
        if not lines:
            return True
        if lines[0].startswith(b"{") and dispatch.value_end(lines[0].rstrip(SPACE), 0) >= 0:
            return True
        if lines[0].rstrip(SPACE).endswith((b"[", b":", b",")):
            return False  # the second line goes on with what the first one opens
        return len(lines) > 1 and lines[1].lstrip(SPACE).startswith(b"{")

    def lines(self) -> Iterator[Documents]:
        """NDJSON: whatever stands on a line is a document, good or bad."""
        while self.data or self.more():
            data, end = self.data, self.data.rfind(b"\n") + 1
            if not end and not self.is_final:
                if len(data) > LONGEST:
                    yield from self._long_line()
                else:
                    self.more()
                continue
            end = end or len(data)
            self.data = data[end:]
            yield from self._chunk_of_lines(data, end)

    def _long_line(self) -> Iterator[Documents]:
        """A line that is longer than a document, and so a wrapper or nothing."""
        if self.skip_space() and self.data[:1] != b"{":
            raise self.too_long()
        yield from self._value(_as_they_are)
        while (end := self.data.find(b"\n") + 1) == 0 and not self.data.strip(SPACE) and self.more():
            pass
        end = end or len(self.data)
        if not self.data[:end].strip(SPACE):
            self.drop(end)

    def _chunk_of_lines(self, data: bytes, end: int) -> Iterator[Documents]:
        starts, ends, lines, count = dispatch.find_lines(data, end)
        blank, lines = count - len(starts), lines + self.line
        self.line += count
        if not self._wrappers.may_come:
            return self._chunks.of(data, starts, ends, lines, blank)
        known = self._wrappers
        starts, ends, lines, pages = _inside(known, known.inside, data, starts, ends, lines)
        return self._chunks.of(data, starts, ends, lines, blank, pages)

    def values(self) -> Iterator[Documents]:
        """JSON texts one after another: a list or a wrapper gives its items, any other object itself."""
        while self.skip_space():
            if self.data[:1] not in (b"{", b"["):
                raise self.broken("there is no JSON document where one should begin")
            yield from self._value(self._outermost)

    def _value(self, records: Records) -> Iterator[Documents]:
        """The records in an object or a list, which may be larger than memory if it is a wrapper or a list of `records`."""
        if self.data[:1] == b"[":
            self.drop(1)
            yield from self._list(records)
            return
        end = self.value_end()
        found = self._wrappers.opened(self.data, self.line) if self._wrappers.may_come else None
        page = NOTHING if found is None else self._wrappers.joins.of_page(self.data, 0, found.keys)
        if page is None:
            raise self.broken(LIST_BROKEN)
        if end < 0:
            self._refuse_cut(found, page)
        if found is not None and found.is_list:
            yield from self._wrapped(found, page, end >= 0)
            return
        start = 0 if found is None else found.at
        stop = end if found is None else dispatch.value_end(self.data, start)
        yield from self._chunks_of_places(np.array([[start, stop]]), partial(self._below, (), page))
        self.drop(end)

    def _refuse_cut(self, found: Found | None, page: Included) -> None:
        """SourceError for an object that is not whole, unless it is a wrapper whose records can be read as they come."""
        joins, is_long = self._wrappers.joins, len(self.data) > LONGEST
        if is_long and found is None and joins.is_cut(self.data):
            raise joins.cut(self.line)
        # What records name may stand behind them, as long as the page may be whole.
        waits = found is not None and not is_long and page is NOTHING and joins.names(self.data, found.at)
        if found is None or not found.is_list or waits:
            raise self.not_whole()

    def _wrapped(self, found: Found, page: Included, is_whole: bool) -> Iterator[Documents]:
        self.drop(found.at + 1)
        yield from self._list(partial(self._below, found.inner, page))
        for depth in reversed(range(len(found.keys))):
            self._close(depth, is_whole or page is not NOTHING or depth + 1 < len(found.keys))

    def _below(self, keys: Sequence[str], page: Included, places: Int64s) -> Placed:
        if not keys:
            return places, () if page is NOTHING else [page] * len(places)
        found = self._wrappers.below(self.data, places.tolist(), keys, page)
        table = np.array([one[:2] for one in found], np.int64).reshape(-1, 2)
        return table, [one[2] for one in found]

    def _outermost(self, places: Int64s) -> Placed:
        """The records in some documents, any of which may be a wrapper."""
        if not self._wrappers.may_come:
            return places, ()
        starts, ends = places[:, 0], places[:, 1]
        known, lines = self._wrappers, self._lines_of(starts, ends)
        starts, ends, _, pages = _inside(known, known.inside_item, self.data, starts, ends, lines)
        return np.stack((starts, ends), axis=1), pages

    def _list(self, records: Records) -> Iterator[Documents]:
        """The `records` in the items of a list, whose bracket was passed."""
        if self.skip_space() and self.data[:1] == b"]":
            self.drop(1)
            return
        while True:
            places, at, state = dispatch.split_array(self.data, 0, self.is_final, 1 << 16)
            yield from self._chunks_of_places(places, records)
            self.drop(at)
            if state == ARRAY_ENDED:
                return
            if state == ARRAY_BROKEN:
                raise self.broken(LIST_BROKEN)
            if len(self.data) > LONGEST and not len(places):
                if self.data[:1] not in (b"{", b"[") or records != self._outermost:
                    raise self.too_long()
                yield from self._value(_as_they_are)
                if not self._goes_on():
                    return
            elif not self.more() and not len(places):
                raise self.broken("the list that holds the documents does not end")

    def _goes_on(self) -> bool:
        """Whether a comma follows, or the end of the list."""
        sign = self.data[:1] if self.skip_space() else b""
        if sign not in (b",", b"]"):
            raise self.broken(LIST_BROKEN)
        self.drop(1)
        return sign == b","

    def _chunks_of_places(self, places: Int64s, records: Records) -> Iterator[Documents]:
        places, pages = records(places)
        starts, ends = places[:, 0], places[:, 1]
        return self._chunks.of(self.data, starts, ends, self._lines_of(starts, ends), 0, pages)

    def _lines_of(self, starts: Int64s, ends: Int64s) -> Int64s:
        end = int(ends[-1]) if len(ends) else 0
        lines = np.full(len(starts), self.line)
        if self.data.find(b"\n", 0, end) >= 0:
            breaks = np.flatnonzero(np.frombuffer(self.data, np.uint8, end) == LINE_FEED)
            lines += np.searchsorted(breaks, starts)
        return lines

    def _close(self, depth: int, is_joined: bool) -> None:
        """Pass over what stands behind the list in one of the objects around it, so many deep, up to its brace."""
        while self.skip_space() and self.data[:1] == b",":
            self.drop(1)
            key = self.token()
            if self.token() != b":" or not self.skip_space():
                raise self.broken(AROUND_BROKEN)
            self._pass_over(key, depth, is_joined)
        if self.data[:1] != b"}":
            raise self.broken(AROUND_BROKEN)
        self.drop(1)

    def _pass_over(self, key: bytes, depth: int, is_joined: bool) -> None:
        """Pass over the value of a key; UsageError where it holds records that nobody asked for.

        SourceError where the records name what stands there, unless it `is_joined` to them.
        """
        is_list = self.data[:1] == b"["
        while is_list and not self.data[1:].strip(SPACE) and self.more():
            pass
        if not is_list and (end := self.value_end()) < 0:
            raise self.not_whole()
        joins = self._wrappers.joins
        if is_list and not is_joined and joins.is_meant(key) and not EMPTY_LIST.match(self.data):
            raise joins.waits(self.line)
        if self._wrappers.holds_records(key, self.data, depth):
            raise self._wrappers.second(key, self.line)
        if not is_list:
            self.drop(end)
            return
        self.drop(1)
        for _ in self._list(_none):
            pass


def _inside(
    wrappers: Wrappers, records: Callable[[bytes, int], Sequence[included.Placed] | None], data: bytes, starts: Int64s,
    ends: Int64s, lines: Int64s,
) -> tuple[Int64s, Int64s, Int64s, Sequence[Included]]:  # fmt: skip
    """The `records` in some documents, each on the line of its document, and what is included of them."""
    places, pages = list[tuple[int, int, int]](), list[Included]()
    for start, end, line in zip(starts.tolist(), ends.tolist(), lines.tolist(), strict=True):
        inner = records(data[start:end], line) if wrappers.may_come else None
        found = [(0, end - start, NOTHING)] if inner is None else inner
        places += [(start + begin, start + stop, line) for begin, stop, _ in found]
        pages += [page for _, _, page in found]
    table = np.array(places, np.int64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2], pages


def _as_they_are(places: Int64s) -> Placed:
    return places, ()


def _none(places: Int64s) -> Placed:
    return places[:0], ()
