"""The ways of a source through the stages: documents, a table whose columns are fields, and a table with a mapping.

Each route is the stages set up for one source. They take one chunk at a time and know nothing of the next, so several chunks
may be on their way at once.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.group import Key
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked, ShapedDocuments, ShapedRows
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.chunks.watch import Watch
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.records import load_documents, load_rejected, load_rows
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, LoadedTable
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.specs.paths import Parts
from lexer_pipeline.system.parallel import Ahead
from lexer_pipeline.validating.compile_documents import compile_automaton
from lexer_pipeline.validating.compile_rows import compile_writer
from lexer_pipeline.validating.document import Value
from lexer_pipeline.validating.document_signatures import DocumentSignatures
from lexer_pipeline.validating.header_checks import notes_on_columns
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.layout import Layout, compile_layout
from lexer_pipeline.validating.line_prices import TablePrices, line_places
from lexer_pipeline.validating.notes import Notes
from lexer_pipeline.validating.reference import ReferenceChecker
from lexer_pipeline.validating.repeated_lines import RepeatedLines
from lexer_pipeline.validating.serialise import convert_documents, convert_rows
from lexer_pipeline.validating.shape import shape_documents, shape_rows
from lexer_pipeline.validating.signatures import RowSignatures
from lexer_pipeline.validating.validate import half_of_rows, validate_rows
from lexer_pipeline.validating.validate_documents import validate_documents

ChunkT = TypeVar("ChunkT", Records, Documents)
ShapedT = TypeVar("ShapedT", ShapedRows, ShapedDocuments)


class Route(Protocol[ChunkT, ShapedT]):
    """The stages for one source; `secret` are the columns, or paths of documents, that no reject may hold, `watches` see what became of each chunk.

    `layout` says how columns fill fields, where there are columns, and `left_out` are the names of those of which nothing is made.
    Of one that `reads_ahead` a thread reads what its kernels find, where it is a table, and what follows is best done in turn.
    `each` are the lists that have an item a row, and `takes_first` says that rows of one record may differ.
    """

    secret: tuple[int, ...]
    secret_paths: tuple[Parts, ...]
    left_out: tuple[str, ...]
    watches: tuple[Watch, ...]
    layout: Layout | None
    reference: ReferenceChecker
    each: frozenset[str]
    takes_first: bool
    reads_ahead: bool

    @property
    def decisions(self) -> Decisions:
        """What was decided over the source as a whole; final when all was read."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read; final when all was read."""

    def load(self) -> Iterator[ChunkT]:
        """Stage load: the source in chunks of whole records."""

    def shape(self, chunk: ChunkT) -> ShapedT:
        """Stage shape: cells and documents get the form of their fields."""

    def validate(self, shaped: ShapedT) -> Checked:
        """Stage validate: each record is accepted or rejected."""

    def convert(self, checked: Checked) -> Sequence[bytes]:
        """Stage convert: what was accepted as NDJSON, in pieces one after another."""

    def half(self, shaped: ShapedT, record: int) -> tuple[dict[str, Value], Notes]:
        """What this source says of a record that others have too."""

    def unmade(self, shaped: ShapedT) -> Iterator[tuple[ShapedT, Sequence[str]]]:
        """Records of a chunk of which nothing is made, as they would be shaped, and the reason for each."""


class DocumentsRoute:
    """A source of JSON."""

    secret: tuple[int, ...] = ()
    secret_paths: tuple[Parts, ...] = ()
    left_out: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()
    layout: Layout | None = None
    each: frozenset[str] = frozenset()
    takes_first = False
    reads_ahead = False

    def __init__(self, loaded: LoadedDocuments, plan: Plan, reference: ReferenceChecker) -> None:
        schema = plan.specification.schema
        self._loaded = loaded
        self._plan_notes = plan.notes
        self._accepted = plan.accepted_documents
        self.reference = reference
        automaton = compile_automaton(schema)
        self._signatures = DocumentSignatures(automaton, reference)
        self._fates = plan.fates
        # Where some are judged with those of other sources, none is written beforehand.
        self._automaton = automaton if plan.fates is None else None
        # A list that is a field is no list of records; what was rejected stands in no wrapper.
        self._form = DocumentForm(kept=frozenset(schema.get("properties", {})), bare=bool(plan.original))

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._plan_notes, *self._loaded.notes)

    @property
    def decisions(self) -> Decisions:
        return Decisions(self._loaded.reading)

    def load(self) -> Iterator[Documents]:
        return load_documents(self._loaded, self._form, self._accepted)

    def shape(self, chunk: Documents) -> ShapedDocuments:
        return shape_documents(chunk, self._automaton)

    def validate(self, shaped: ShapedDocuments) -> Checked:
        return validate_documents(shaped, self.reference, self._signatures, self._loaded.name, self._fates)

    def convert(self, checked: Checked) -> Sequence[bytes]:
        return convert_documents(checked)

    def half(self, shaped: ShapedDocuments, record: int) -> tuple[dict[str, Value], Notes]:
        notes = Notes()
        return self.reference.half(shaped.chunk.text(record), notes), notes

    def unmade(self, shaped: ShapedDocuments) -> Iterator[tuple[ShapedDocuments, Sequence[str]]]:  # noqa: ARG002 - none is
        return iter(())


class RowsRoute:
    """What the two routes of tables have in common: the stages behind load. By the cells of `key` rows are brought together."""

    reads_ahead = False

    def __init__(
        self, loaded: Loaded, plan: Plan, layout: Layout, key: Key | None, reference: ReferenceChecker
    ) -> None:
        self.layout: Layout | None = layout
        self.key = key
        self.each = frozenset(str(leaf.path[0]) for leaf in layout.leaves if leaf.is_repeated)
        self.takes_first = layout.takes_first
        self._fates = plan.fates
        folds_orders = layout.folds and plan.specification.key is not None
        self.watches: tuple[Watch, ...] = (RepeatedLines(),) if folds_orders else ()
        self._loaded = loaded
        self._plan_notes = plan.notes
        self._layout = layout
        self.reference = reference
        self._signatures = RowSignatures(layout, reference)
        # A rejected row stands on a line of the source that it came from.
        self._source = plan.original or loaded.name

    def shape(self, chunk: Records) -> ShapedRows:
        return shape_rows(chunk, self._layout, self.reference)

    def validate(self, shaped: ShapedRows) -> Checked:
        return validate_rows(
            shaped, self._layout, self.reference, self._signatures, self._source, self._fates
        )

    def convert(self, checked: Checked) -> Sequence[bytes]:
        return convert_rows(checked, self._layout)

    def look(self, rows: Rows) -> Rows:
        """Show some rows, as they come, to what is decided over their columns; gives those of which something is made."""
        return rows

    def half(self, shaped: ShapedRows, record: int) -> tuple[dict[str, Value], Notes]:
        return half_of_rows(shaped.chunk, record, self._layout, self.reference)

    def unmade(self, shaped: ShapedRows) -> Iterator[tuple[ShapedRows, Sequence[str]]]:
        for some in shaped.chunk.left_out:
            yield shape_rows(some.made(), self._layout, self.reference), some.reasons


class TableRoute(RowsRoute):
    """A table whose columns are fields already: what is certainly right is written while it is read."""

    secret: tuple[int, ...] = ()
    secret_paths: tuple[Parts, ...] = ()
    reads_ahead = True

    def __init__(
        self,
        loaded: LoadedTable,
        plan: Plan,
        reference: ReferenceChecker,
        ignore_unknown: bool,
        ahead: Ahead,
    ) -> None:
        layout = compile_layout(
            loaded.head.names, reference.tree, plan.specification.key, loaded.name, ignore_unknown
        )
        super().__init__(loaded, plan, layout, Key(layout.key) if layout.key is not None else None, reference)
        self._table = loaded
        self._accepted = plan.accepted_lines
        self._ahead = ahead
        used = {leaf.column: leaf.path for leaf in layout.leaves}
        names = loaded.head.names
        self.left_out = tuple(name for column, name in enumerate(names) if column not in used)
        self._header_notes = notes_on_columns(names, used, self.left_out, reference.tree)
        hashed = Identities(plan.specification, layout).columns
        self._writer = compile_writer(plan.specification.schema, layout, hashed)
        lines = line_places({str(leaf.path): leaf.column for leaf in layout.leaves})
        if lines:
            self.watches = (*self.watches, TablePrices(names, lines))

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._plan_notes, *self._loaded.notes, *self._header_notes)

    @property
    def decisions(self) -> Decisions:
        return Decisions(self._loaded.reading)

    def load(self) -> Iterator[Records]:
        key = self.key
        if self._table.head.before or self._table.edits is not None:
            return load_rejected(self._table, key, self._layout.once, self._accepted)
        rows = load_rows(self._table, key, self._layout.once, self._writer, self._ahead)
        return rows if self._fates is None else (chunk.in_cells() for chunk in rows)
