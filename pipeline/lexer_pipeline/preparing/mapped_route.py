"""The route of a table with a mapping: its rows become rows of the specification's columns as they are shaped."""

from collections.abc import Iterator
from datetime import date

from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import ShapedRows
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping.column_survey import ColumnSurvey
from lexer_pipeline.mapping.compile import Mapper, compile_mapper
from lexer_pipeline.mapping.conversions import country_said
from lexer_pipeline.mapping.noted import MappedRows, NotedOfAll
from lexer_pipeline.mapping.outcomes import Outcomes
from lexer_pipeline.mapping.records import load_chosen, mapped
from lexer_pipeline.mapping.rules import Told
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.routes import RowsRoute
from lexer_pipeline.validating.header_checks import notes_on_columns
from lexer_pipeline.validating.reference import ReferenceChecker


def mapped_route(
    loaded: LoadedTable, plan: Plan, reference: ReferenceChecker, options: Options
) -> "MappedRoute":
    """The mapping of a plan put to work on a table; UsageError where its header lacks what the mapping names."""
    decided = plan.decided.day if plan.decided is not None else ""
    day = date.fromisoformat(decided) if decided else options.day
    told = Told(options.date_format, _country(plan, options), options.keep_rest, options.ignore_unknown, day)
    mapper = compile_mapper(plan, loaded.head.names, reference.tree, loaded.name, told)
    mapper.refuse_unused(options.ignore_unknown)
    return MappedRoute(loaded, plan, mapper, reference, told)


def _country(plan: Plan, options: Options) -> str | None:
    """The country that the run says, else the mapping, of phone numbers in rows that say none."""
    said = options.country or (plan.mapping.country if plan.mapping is not None else "")
    return country_said(said) if said else None


class MappedRoute(RowsRoute):
    """A table with a mapping, or with dates of a form that a flag names."""

    def __init__(
        self, loaded: LoadedTable, plan: Plan, mapper: Mapper, reference: ReferenceChecker, told: Told
    ) -> None:
        super().__init__(loaded, plan, mapper.layout, reference)
        self.secret, self.left_out = mapper.secret, mapper.left_out
        self._mapper = mapper
        used = {column: one.path for one in mapper.target_columns for column in one.columns}
        self._header_notes = (
            notes_on_columns(loaded.head.names, used, self.left_out, reference.tree)
            if plan.mapping is None
            else mapper.notes
        )
        self._survey = ColumnSurvey(mapper)
        self._told = told
        self._record = _number_of(plan)
        self._outcomes = Outcomes(mapper.cleaning, mapper.leaves_placeholders)
        self.watches = (*self.watches, NotedOfAll())

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._plan_notes, *self._loaded.notes, *self._header_notes)

    @property
    def decisions(self) -> Decisions:
        day = self._told.day if self._survey.completes_births else None
        completed = day.isoformat() if day else ""
        return Decisions(self._loaded.reading, self._survey.decided, self._record, completed)

    def load(self) -> Iterator[Records]:
        return load_chosen(self._loaded, self._survey, self._accepted)

    def shape(self, chunk: Records) -> ShapedRows:
        rows, noted = mapped(self._survey.mapper, chunk, self._outcomes)
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
