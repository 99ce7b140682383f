"""The route of a table or of documents with a mapping: its rows become rows of the specification's columns as they are shaped."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import date
from functools import partial
from typing import TypeAlias

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import ShapedRows
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, LoadedTable
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.compile import Mapper, compile_mapper
from lexer_pipeline.mapping.conversions import country_said
from lexer_pipeline.mapping.document_paths import steps_of
from lexer_pipeline.mapping.document_records import load_chosen_documents
from lexer_pipeline.mapping.document_source import all_paths, first_paths, form_of
from lexer_pipeline.mapping.document_table import table_of
from lexer_pipeline.mapping.noted import MappedRows, NotedOfAll
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.records import load_chosen, mapped
from lexer_pipeline.mapping.row_filters import sifted
from lexer_pipeline.mapping.rules import Told
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.routes import RowsRoute
from lexer_pipeline.system.parallel import Ahead
from lexer_pipeline.validating.header_checks import notes_on_columns
from lexer_pipeline.validating.reference import ReferenceChecker

# Stage load, once the columns are surveyed.
Load: TypeAlias = Callable[[ColumnSurvey], Iterator[Records]]


def mapped_route(
    loaded: Loaded, plan: Plan, reference: ReferenceChecker, options: Options, ahead: Ahead
) -> "MappedRoute":
    """The mapping of a plan put to work on a table, or on documents; UsageError where its header lacks what the mapping names.

    Blocks of a table are read `ahead`.
    """
    decided = plan.decided.day if plan.decided is not None else ""
    day = date.fromisoformat(decided) if decided else options.day
    told = Told(options.date_format, _country(plan, options), options.keep_rest, options.ignore_unknown, day)
    if not isinstance(loaded, LoadedTable):
        return _of_documents(loaded, plan, reference, options, told)
    mapper = compile_mapper(plan, loaded.head.names, reference.tree, loaded.name, told)
    mapper.refuse_unused(options.ignore_unknown)
    load = partial(load_chosen, loaded, accepted=plan.accepted_lines, ahead=ahead)
    return MappedRoute(loaded, plan, mapper, reference, told, load)


def _of_documents(
    loaded: LoadedDocuments, plan: Plan, reference: ReferenceChecker, options: Options, told: Told
) -> "MappedRoute":
    """The same for documents, by the paths that stand in the first of them, or in all where the rest is kept."""
    mapping, record = plan.mapping, plan.record
    assert mapping is not None
    assert record is not None
    form, keeps_rest = form_of(mapping, bool(plan.original)), told.keep_rest or bool(mapping.rest)
    with ExitStack() as held:
        seen = all_paths(loaded, form) if keeps_rest else first_paths(loaded, form)
        held.enter_context(closing(seen))
        table = table_of(mapping, record, seen.paths, reference.tree, keeps_rest, loaded.name, plan.original)
        mapper = compile_mapper(plan, table.names, reference.tree, loaded.name, told, table)
        mapper.refuse_unused(options.ignore_unknown)
        held.pop_all()
    load = partial(
        load_chosen_documents,
        loaded,
        seen,
        form,
        accepted=plan.accepted_documents,
        is_further=plan.is_further,
    )
    return MappedRoute(loaded, plan, mapper, reference, told, load)


def _country(plan: Plan, options: Options) -> str | None:
    """The country that the run says, else the mapping, of phone numbers in rows that say none."""
    said = options.country or (plan.mapping.country if plan.mapping is not None else "")
    return country_said(said) if said else None


class MappedRoute(RowsRoute):
    """A table with a mapping, or with dates of a form that a flag names."""

    reads_ahead = True

    def __init__(
        self, loaded: Loaded, plan: Plan, mapper: Mapper, reference: ReferenceChecker, told: Told, load: Load
    ) -> None:
        super().__init__(loaded, plan, mapper.layout, mapper.key, reference)
        self.secret, self.left_out = mapper.secret, mapper.left_out
        self._mapper = mapper
        if mapper.documents is not None and mapper.key is None:
            # A document says its lines once.
            self.watches = ()
        named = plan.mapping.secret if plan.mapping is not None and mapper.documents is not None else ()
        self.secret_paths = tuple(steps_of(name) for name in named)
        used = {column: one.path for one in mapper.target_columns for column in one.columns}
        self._header_notes = (
            mapper.notes
            if plan.mapping is not None
            else notes_on_columns(mapper.names, used, self.left_out, reference.tree)
        )
        self.survey = ColumnSurvey(mapper)
        self._load = load
        self._told = told
        self._record = _number_of(plan)
        self._outcomes = Outcomes(mapper.cleaning, mapper.leaves_placeholders)
        self.watches = (*self.watches, NotedOfAll())

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._plan_notes, *self._loaded.notes, *self._header_notes)

    @property
    def decisions(self) -> Decisions:
        day = self._told.day if self.survey.completes_births else None
        completed = day.isoformat() if day else ""
        return Decisions(self._loaded.reading, self.survey.decided, self._record, completed)

    def look(self, rows: Rows) -> Rows:
        """Show some rows, as they come, to what is decided over their columns; gives those of which something is made."""
        kept = sifted(self._mapper, rows, Counter()) if self._mapper.skips else rows
        self.survey.look(kept)
        return kept

    def load(self) -> Iterator[Records]:
        return self._load(self.survey)

    def shape(self, chunk: Records) -> ShapedRows:
        rows, noted = mapped(self.survey.mapper, chunk, self._outcomes)
        shaped = super().shape(rows)
        return MappedRows(
            shaped.chunk, shaped.cells, shaped.doubtful, shaped.conversions, shaped.warnings, noted
        )


def _number_of(plan: Plan) -> int | None:
    """The number of a plan's record in its mapping, where that has several of one specification."""
    if plan.mapping is None or plan.record is None:
        return None
    alike = [one for one in plan.mapping.records if one.specification == plan.record.specification]
    return plan.mapping.records.index(plan.record) if len(alike) > 1 else None
