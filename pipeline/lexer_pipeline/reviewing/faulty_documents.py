"""The rejected documents of one source of a batch: each a row of the grid, with a column for each place that holds a value."""

import hashlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress

import numpy as np
from msgspec import field

from lexer_pipeline.chunks.edits import Edits
from lexer_pipeline.inspecting.matching import fields_by_path
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.records import load_documents
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.outbox.batch import ISSUES, PreparedBatch
from lexer_pipeline.reviewing.faulty_rows import ITEM, Fault, FaultyRows, bits, lines_of
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.paths import EACH, FieldPath
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.validating.document import NumberText, Value, parse, value_at, write

# Columns are the places of values in so many documents, and no more than so many.
LOOKED_AT, MOST_COLUMNS = 200, 80


class FaultyDocuments(FaultyRows):
    """Documents as rows; `types` are those of fields of the specification, where it is what the documents have."""

    types: dict[FieldPath, str] = field(default_factory=dict)

    def key(self, row: int) -> str:
        """By which the document is known among the edits."""
        return hashlib.sha256(self.raw(row)).hexdigest()

    def text(self, row: int, edits: Edits) -> str:
        """A document as a person made it."""
        return edits.documents.get(self.key(row)) or self.raw(row).decode(errors="replace")

    def cells(self, row: int, edits: Edits) -> list[str]:
        """The values at the places of the columns."""
        document = _parsed(self.text(row, edits))
        return [_shown(value_at(document, FieldPath.named(name))) for name in self.names]

    def changed_cells(self, row: int, edits: Edits) -> list[str]:
        """The columns whose values a person changed."""
        before, now = self.cells(row, Edits()), self.cells(row, edits)
        return [name for name, old, new in zip(self.names, before, now, strict=True) if old != new]

    def edit(self, row: int, place: int, text: str, edits: Edits) -> dict[str, object]:
        """What is to be kept of a change of one value: the whole document as it is then."""
        path = FieldPath.named(self.names[place])
        document = _parsed(self.text(row, edits))
        value = self._value(text, value_at(document, path), path)
        made = write(_with(document, path, value)).decode()
        return {"document": self.key(row), "column": self.names[place], "to": made}

    def edit_row(self, row: int, text: str) -> dict[str, object]:
        """The same for a document that was written anew."""
        return {"document": self.key(row), "to": " ".join(text.splitlines())}

    def leave_out(self, row: int) -> dict[str, object]:
        """The same for one that was left out."""
        return {"document": self.key(row), "left_out": True}

    def rejects(self, records: Sequence[int]) -> Iterator[bytes]:
        """Some documents as a file of rejects has them."""
        return (self.raw(record) + b"\n" for record in records)

    def told_on(self, record: int, number: int) -> list[int]:  # noqa: ARG002 - a table asks for it
        """The line of such a file on which the document stands."""
        return [number + 1]

    def place_of(self, fault: Fault) -> str:
        """The column in which a fault stands; empty where none does."""
        item = ITEM.search(fault.path)
        name = fault.column or fault.path
        with_item = name.replace("[]", f"[{item[1] if item else 0}]", 1)
        return with_item if with_item in self.names else name if name in self.names else ""

    def _value(self, text: str, old: Value, path: FieldPath) -> Value:
        """A text as the value that belongs there: a number where one is asked for, or was there."""
        kind = self.types.get(path.general, "")
        is_text = kind not in ("number", "integer", "boolean") if kind else isinstance(old, str)
        if text == "" and (old is None or not is_text):
            return None
        if not is_text:
            with suppress(ValueError):
                found = parse(text.encode(), lambda: None)
                if isinstance(found, NumberText | bool):
                    return found
        return text


def faulty_documents(
    batch: PreparedBatch, name: str, source: str, loaded: LoadedDocuments, scratch: Scratch, held: ExitStack
) -> FaultyDocuments:
    """The documents of one file of rejects, on the lines that the issues tell."""
    texts, places = held.enter_context(scratch.file()), array("q", [0])
    columns: dict[str, None] = {}
    for document in _documents(loaded):
        texts.write(document)
        places.append(places[-1] + len(document))
        if len(places) <= LOOKED_AT:
            columns.update(dict.fromkeys(_places(_parsed(document.decode(errors="replace")), FieldPath())))
    texts.flush()
    count, names = len(places) - 1, list[str]()
    lines, codes, said = _told(batch, source, count, names)
    numbers = np.arange(count + 1, dtype=np.int64)
    types = {}
    if batch.manifest.mapping is None and batch.manifest.specification in catalog.names():
        found = fields_by_path(catalog.find(batch.manifest.specification))
        types = {path: one.type for path, one in found.items()}
    return FaultyDocuments(
        batch, name, source, tuple(columns)[:MOST_COLUMNS], b"", Dialect(","), texts,
        np.frombuffer(places, np.int64).copy(), lines, numbers[:-1], numbers, codes, said, names, types=types,
    )  # fmt: skip


def _documents(loaded: LoadedDocuments) -> Iterator[bytes]:
    with closing(loaded):
        for chunk in load_documents(loaded, DocumentForm(bare=True)):
            yield from (chunk.raw(row) for row in range(chunk.records))


def _told(batch: PreparedBatch, source: str, count: int, names: list[str]) -> tuple[Int64s, UInt64s, Int64s]:
    """The lines, codes and issues of the documents, which stand in the order of the issues; none where these are of others."""
    found: dict[tuple[int, int], list[int]] = {}
    for begin, end, said in lines_of(batch.on_disk / ISSUES):
        if said["source"] == source:
            known = found.setdefault((said["line"], said["row"]), [0, begin, end])
            known[0] |= bits(names, [said["code"]])
            known[2] = end
    if len(found) != count:
        numbers = np.arange(1, count + 1, dtype=np.int64)
        return numbers, np.ones(count, np.uint64), np.zeros((count, 2), np.int64)
    table = np.array([one[1:] for one in found.values()], np.int64).reshape(-1, 2)
    return (
        np.array([line for line, _ in found], np.int64),
        np.array([one[0] for one in found.values()], np.uint64),
        table,
    )


def _parsed(text: str) -> Value:
    try:
        return parse(text.encode(), lambda: None)
    except (ValueError, RecursionError):
        return {}


def _places(value: Value, at: FieldPath) -> Iterator[str]:
    """The places that hold a value and nothing inside it, in order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, at / key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, at / number)
    elif at:
        yield str(at)


def _shown(value: Value) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else write(value).decode()


def _with(document: Value, path: FieldPath, value: Value) -> Value:
    """The document with another value at a place, whose objects are made where they are not there."""
    if not path:
        return value
    first, rest = path[0], FieldPath(path[1:])
    if isinstance(first, int):
        items = list(document) if isinstance(document, list) else []
        items += [None] * (first + 1 - len(items))
        items[first if first != EACH else 0] = _with(items[first], rest, value)
        return items
    members = dict(document) if isinstance(document, dict) else {}
    members[first] = _with(members.get(first), rest, value)
    return members
