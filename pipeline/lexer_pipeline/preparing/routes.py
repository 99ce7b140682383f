"""The stages set up for one source."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.results import Checked, Chunk, Shaped, ShapedDocuments
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.records import load_documents, load_rows
from lexer_pipeline.loading.source import Loaded
from lexer_pipeline.mapping.records import load_mapped
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.validating.compile_documents import compile_automaton
from lexer_pipeline.validating.compile_rows import compile_writer
from lexer_pipeline.validating.layout import Layout, compile_layout
from lexer_pipeline.validating.normalise import shape_documents, shape_rows
from lexer_pipeline.validating.reference import ReferenceChecker
from lexer_pipeline.validating.serialise import convert_documents, convert_rows
from lexer_pipeline.validating.signatures import DocumentSignatures, RowSignatures
from lexer_pipeline.validating.validate import validate_documents, validate_rows


class _Stages:
    """The stages set up for one source; each takes one chunk."""

    def __init__(self, loaded: Loaded, plan: Plan, options: Options) -> None:
        self.loaded = loaded
        self.secret: tuple[int, ...] = ()
        self._plan_notes = plan.notes
        self._options = options
        self._timings = options.timings
        self._exact = _exact(plan.specification, options)
        self._layout: Layout | None = None
        self._mapper: Any = None
        self._automaton: Any = None
        self._writer: Any = None
        self._unwrap = "records" not in plan.specification.schema.get("properties", {})
        if loaded.head is None:
            self._automaton = compile_automaton(plan.specification.schema)
        elif plan.record is None and options.date_format is None:
            self._layout = compile_layout(
                loaded.head.names,
                self._exact.tree,
                plan.specification.key,
                loaded.name,
                options.ignore_unknown,
            )
            self._writer = compile_writer(plan.specification.schema, self._layout)
        else:
            self._mapper = import_module("lexer_pipeline.mapping.compile").compile_mapper(
                plan, loaded.head.names, self._exact.tree, loaded.name, options.date_format
            )
            self._mapper.refuse_unused(options.ignore_unknown)
            self._layout = self._mapper.layout
            self.secret = self._mapper.secret
        self._document_signatures = DocumentSignatures(self._automaton, self._exact)
        self._signatures = RowSignatures(self._layout, self._exact) if self._layout is not None else None
        if loaded.head is None and plan.record is not None:
            raise UsageError(f"{loaded.name}: is JSON, and a mapping is for tables", "Use --spec.")

    def chunks(self) -> Iterator[Chunk]:
        """load."""
        loaded, seen = self._load(), 0
        while True:
            with self._timings.of("load", 0):
                rows = next(loaded, None)
            self._timings.add("load", 0.0, self.loaded.stream.bytes - seen)
            seen = self.loaded.stream.bytes
            if rows is None:
                return
            yield rows

    def _load(self) -> Iterator[Chunk]:
        if self._mapper is not None:
            return load_mapped(self.loaded, self._mapper)
        if self._layout is not None:
            return load_rows(self.loaded, self._layout.key, self._layout.once, self._writer)
        return load_documents(self.loaded, self._unwrap)

    def check(self, rows: Chunk) -> tuple[Chunk, Checked]:
        """shape -> validate."""
        with self._timings.of("shape", rows.size):
            shaped = self._shape(rows)
        with self._timings.of("validate", rows.size):
            return rows, self._validate(shaped)

    def _shape(self, rows: Chunk) -> Shaped:
        if isinstance(rows, Documents):
            return shape_documents(rows, self._automaton)
        assert self._layout is not None
        return shape_rows(rows, self._layout, self._exact)

    def _validate(self, shaped: Shaped) -> Checked:
        if isinstance(shaped, ShapedDocuments):
            return validate_documents(shaped, self._exact, self._document_signatures, self.loaded.name)
        assert self._layout is not None
        assert self._signatures is not None
        return validate_rows(shaped, self._layout, self._exact, self._signatures, self.loaded.name)

    def convert(self, rows: Chunk) -> tuple[Chunk, Checked, Sequence[bytes]]:
        """shape -> validate -> convert."""
        _, checked = self.check(rows)
        with self._timings.of("convert", rows.size):
            if self._layout is not None:
                return rows, checked, convert_rows(checked, self._layout)
            return rows, checked, convert_documents(checked)

    def notes(self) -> tuple[str, ...]:
        """What should be said aloud of how the source was read."""
        return (
            *self._plan_notes,
            *self.loaded.notes,
            *(self._mapper.notes if self._mapper is not None else ()),
        )

    def show_progress(self, rows: int) -> None:
        if self._options.progress is not None:
            self._options.progress(rows, self.loaded.stream.bytes)


def _exact(specification: Specification, options: Options) -> ReferenceChecker:
    try:
        zone = ZoneInfo(options.zone) if options.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--timezone: there is no zone called {options.zone}", "Use a name such as Australia/Melbourne."
        ) from None
    return ReferenceChecker(specification, zone, options.reject_unknown, options.show_values)
