"""Some of the rows as they came, and some of the records as they leave: the texts by column or field that a page is told from.

Which ones are taken depends on the input alone; how many is bounded, whatever its size.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct, field

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Chunk
from lexer_pipeline.kernels.codes import ROW_OK
from lexer_pipeline.system.stores import Folder

# Cells of the first rows that are looked at, which are so many rows at least; documents; and so many times fewer of later runs.
FIRST_CELLS, LEAST_ROWS, FIRST_DOCUMENTS, FEWER = 3_000, 16, 64, 4
LONGEST_DOCUMENT = 1 << 15
# Of the NDJSON one byte in so many is read, no fewer and no more than these, in blocks evenly over it.
SHARE, LEAST_BYTES, MOST_BYTES, BLOCKS = 800, 1 << 16, 1 << 18, 16
# Names that are told, since documents may have any number of keys; items of a list; signs of a text.
MOST_NAMES, MOST_ITEMS, LONGEST = 300, 20, 64


class Sample(Struct):
    """The filled texts by name, and in how many of the rows that could have them they are filled; `rows` were looked at."""

    rows: int = 0
    documents: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    in_tables: Counter[str] = field(default_factory=Counter)

    def of(self, name: str) -> int:
        """How many of the rows that were looked at could have this column or field."""
        return self.in_tables[name] + self.documents

    def add_rows(self, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Take in rows of a table whose columns are called so."""
        for row in rows:
            self.rows += 1
            for name, text in zip(names, row, strict=False):
                self.in_tables[name] += 1
                self._add(name, (text,) if text and not text.isspace() else ())

    def add_documents(self, documents: Iterable[bytes]) -> None:
        """Take in documents of JSON; those that are no object have no names."""
        for text in documents:
            try:
                document = orjson.loads(text)
            except ValueError:
                continue
            if isinstance(document, dict):
                self.rows += 1
                self.documents += 1
                for name, texts in _leaves(document).items():
                    self._add(name, texts)

    def join(self, more: "Sample") -> None:
        """Take in what was taken of the rows that follow."""
        self.rows += more.rows
        self.documents += more.documents
        self.in_tables.update(more.in_tables)
        for name, texts in more.texts.items():
            if name in self.texts or len(self.texts) < MOST_NAMES:
                self.texts.setdefault(name, []).extend(texts)
                self.filled[name] += more.filled[name]

    def _add(self, name: str, texts: Sequence[str]) -> None:
        if name not in self.texts and len(self.texts) >= MOST_NAMES:
            return
        known = self.texts.setdefault(name, [])
        if texts:
            self.filled[name] += 1
            known.extend(text[:LONGEST] for text in texts)


def _leaves(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values of a document as texts, by path; items of a list stand under one path."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    todo: list[tuple[str, Any]] = list(document.items())
    for path, value in todo:
        if isinstance(value, dict):
            todo += ((f"{path}.{key}", one) for key, one in value.items())
        elif isinstance(value, list):
            todo += ((f"{path}[]", one) for one in value[:MOST_ITEMS])
        elif isinstance(value, bool):
            found[path].append("true" if value else "false")
        elif value is not None and value != "":
            found[path].append(value if isinstance(value, str) else repr(value))
    return found


class SourceSample:
    """Rows of the sources of a delivery as they come by: the first ones, and where `goes_on` some more ever further apart.

    They are chosen by their number alone, so that it does not matter how a source is cut into chunks.
    """

    def __init__(self) -> None:
        self.sample = Sample()
        self._names: Sequence[str] = ()
        self._goes_on = False
        self._row, self._start, self._stop, self._first = 0, 0, 0, 0

    def begin(self, names: Sequence[str], goes_on: bool) -> None:
        """The next source has these columns; documents have none."""
        self._names, self._goes_on = names, goes_on
        self._first = max(FIRST_CELLS // len(names), LEAST_ROWS) if names else FIRST_DOCUMENTS
        self._row, self._start, self._stop = 0, 0, self._first

    def join(self, more: "SourceSample") -> None:
        """Take in what was taken of other rows."""
        self.sample.join(more.sample)

    def look(self, chunk: Chunk) -> None:
        """Take those rows of the next chunk, as it was loaded, whose turn it is."""
        if self._start == self._stop:
            return
        whole = chunk.in_cells() if isinstance(chunk, Records) else chunk
        rows = len(whole.faults) if isinstance(whole, Records) else whole.records
        while self._start < self._stop and self._start < self._row + rows:
            some = range(max(self._start - self._row, 0), min(self._stop - self._row, rows))
            self._take(whole, some)
            if self._stop > self._row + rows:
                break
            self._start = 2 * max(self._start, self._first) if self._goes_on else self._stop
            self._stop = self._start + self._first // FEWER if self._goes_on else self._stop
        self._row += rows

    def _take(self, chunk: Chunk, some: range) -> None:
        if isinstance(chunk, Documents):
            self.sample.add_documents(
                text for row in some if len(text := chunk.text(row)) <= LONGEST_DOCUMENT
            )
        elif chunk.originals is not None:
            texts = {chunk.row_starts.item(row): chunk.raw(row) for row in some}
            self.sample.add_documents(text for text in texts.values() if len(text) <= LONGEST_DOCUMENT)
        else:
            texts_of = cells.of_rows(chunk).texts
            good = chunk.faults == ROW_OK
            self.sample.add_rows(self._names, (texts_of(row) for row in some if good[row]))


def of_records(file: Folder) -> Sample:
    """Some of the records of an NDJSON file, which are all of them where it is small."""
    sample = Sample()
    with file.open("rb") as lines:
        size = lines.seek(0, 2)
        most = min(max(size // SHARE, LEAST_BYTES), MOST_BYTES)
        if size <= most:
            lines.seek(0)
            sample.add_documents(lines.read().splitlines())
            return sample
        block = most // BLOCKS
        for number in range(BLOCKS):
            lines.seek((size - block) * number // (BLOCKS - 1))
            # What the block begins in is another line's end, but at the beginning of the file; its own end is cut.
            whole = lines.read(block).split(b"\n")[1 if number else 0 : -1]
            sample.add_documents(whole)
    return sample
