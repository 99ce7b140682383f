"""A mapping made on the page: the draft of `map`, changed column by column, and the record that comes out."""

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.inspecting.column_counts import profile
from lexer_pipeline.inspecting.column_profile import ColumnProfile
from lexer_pipeline.inspecting.draft_conversions import conversions_of
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.inspecting.lacking import lacking
from lexer_pipeline.inspecting.matching import fields_by_path
from lexer_pipeline.inspecting.propose import Proposal, propose
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.loading.records import load_rows
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.model import Field
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.mapping_text import CHOSEN, FieldLine, MappingText
from lexer_pipeline.reviewing.session import Session
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.names import told_apart
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.system import files

SAMPLES, CUSTOM = 3, "custom_fields."


class ColumnRow(Struct, frozen=True):
    """A column of the source: some of its values, the fields that it fills, and why; `near` is what it could be."""

    column: str
    samples: tuple[str, ...]
    fields: tuple[str, ...]
    why: str


class Preview(Struct, frozen=True):
    """What comes of a mapping: the first record on many lines, empty where there is none, and what the rows come to."""

    record: str
    report: Report


def candidates(session: Session) -> list[str]:
    """The specifications that the source could become, the nearest first."""
    found = [
        one.specification
        for one in inspect(session.source, session.options.reading, temp=session.options.temp).specifications
    ]
    return list(dict.fromkeys([*found, *catalog.names()]))


def _on_lines(record: bytes) -> str:
    """A record for a person to read, its numbers digit for digit."""
    marked = json.loads(record, parse_float=lambda digits: f"\0{digits}\0")
    return re.sub(r'"\\u0000(.*?)\\u0000"', r"\1", json.dumps(marked, indent=2, ensure_ascii=False))


class MappingStep:
    """The draft of a mapping of the session's source to one specification."""

    def __init__(self, session: Session, spec: str) -> None:
        self._session = session
        self.specification = catalog.find(spec)
        with session.scratch.folder() as folder:
            path = folder / "mapping.toml"
            self.proposal: Proposal = propose(
                session.source, self.specification, path, out=session.wanted.out, reading=session.options.reading,
                temp=session.options.temp,
            )  # fmt: skip
            self.text = MappingText(path.read_text("utf-8"))
        self._reasons = {str(one["column"]): str(one["reason"]) for one in self.proposal.fields}
        self._profiles: dict[str, ColumnProfile] = {}
        self._samples: dict[str, tuple[str, ...]] = {}
        self._look()

    def _look(self) -> None:
        """Some values of each column, and what kind they are, from the beginning of a table."""
        session = self._session
        with unchanged(session.source, None, session.options.reading, scratch=session.scratch) as loaded:
            if not isinstance(loaded, LoadedTable):
                return
            names, sample = told_apart(loaded.head.names), RowSample()
            found = profile(names, sample.watching(islice(load_rows(loaded, None, ()), 1)))
        self._profiles = dict(zip(names, found.columns, strict=True))
        for place, name in enumerate(names):
            filled = (text for text in sample.column(place) if text)
            self._samples[name] = tuple(islice(dict.fromkeys(filled), SAMPLES))

    # -------------------------------------------------------------------------------------------------- looking

    def columns(self) -> list[ColumnRow]:
        """Every column with what it fills."""
        lines = self.text.fields()
        read = dict.fromkeys([*self._samples, *(name for line in lines for name in line.columns)])
        names = dict.fromkeys([*read, *self.proposal.unmatched])
        return [self._column(name, [one for one in lines if name in one.columns]) for name in names]

    def _column(self, name: str, lines: Sequence[FieldLine]) -> ColumnRow:
        near = self.proposal.unmatched.get(name, "")
        why = "; ".join(dict.fromkeys(one.reason for one in lines if one.reason))
        if not lines:
            why = f"left out; the nearest field is {near}" if near else "left out; no field is near"
        return ColumnRow(name, self._samples.get(name, ()), tuple(one.field for one in lines), why)

    def constants(self) -> list[FieldLine]:
        """The fields that say the same in every record."""
        return [one for one in self.text.fields() if one.constant is not None]

    def choices(self) -> list[str]:
        """The fields that a column may fill, as the draft writes them."""
        is_first = any("[0]" in one.field for one in self.text.fields())
        paths = [path for path in fields_by_path(self.specification) if "*" not in str(path)]
        return [str(path.first if is_first else path) for path in paths]

    def custom(self, column: str) -> str:
        """The field by which a column is kept as it is; empty where the specification has none such."""
        takes = any(str(path).startswith(CUSTOM) for path in fields_by_path(self.specification))
        name = re.sub(r"\W+", "_", column).strip("_").lower()
        return f"{CUSTOM}{name}" if takes and name else ""

    def missing(self) -> list[str]:
        """The required fields that nothing fills."""
        filled = [FieldPath.named(one.field) for one in self.text.fields()]
        return [str(one.field) for one in lacking(self.specification, filled) if not one.within]

    def rule(self, field: str) -> str:
        """What a field must be, in words."""
        found = self._field(field)
        return (
            f"{found.type}; {found.rule}" if found is not None and found.rule else found.type if found else ""
        )

    def questions(self) -> list[str]:
        """What the draft asks, and nothing answered since."""
        filled = {one.field for one in self.text.fields()}
        asked = [(one.partition(":")[0], one.partition(";")[0]) for one in self.proposal.questions]
        return [words for field, words in asked if field not in filled and field not in self.missing()]

    def _field(self, field: str) -> Field | None:
        return fields_by_path(self.specification).get(FieldPath.named(field).general)

    # --------------------------------------------------------------------------------------------------- doing

    def give(self, column: str, field: str) -> None:
        """Let a column fill a field, or none where that is empty."""
        if not field:
            self.text.leave_out(column)
            return
        known, found = self._profiles.get(column), self._field(field)
        steps = conversions_of(known, found)[0] if known is not None and found is not None else []
        self.text.give(column, field, steps)
        self._reasons[column] = CHOSEN

    def always(self, field: str, text: str) -> None:
        """Let a field say the same in every record."""
        self.text.always(field, text)

    def preview(self) -> Preview:
        """The record that comes out first, and what all rows come to; UsageError where the mapping cannot be used."""
        with self._session.scratch.folder() as folder:
            path = folder / "mapping.toml"
            files.write_whole(path, self.text.text.encode())
            report = self._session.drafted(folder / "out", mapping=path)
            files_made = [batch.file for batch in report.batches if batch.manifest.file]
            with ExitStack() as held:
                first = [held.enter_context(file.open("rb")).readline() for file in files_made[:1]]
            return Preview(_on_lines(first[0]) if first else "", report)

    def use(self) -> Path:
        """Write the mapping where the person keeps it, and review the source with it."""
        stem = self._session.called.partition(".")[0] or "mapping"
        path, number = Path(f"{stem}.toml"), 1
        text = self.text.text.encode()
        while path.exists() and path.read_bytes() != text:
            number += 1
            path = Path(f"{stem}_{number}.toml")
        mapping.parse(self.text.text, stem, str(path))
        files.write_whole(path, text)
        self._session.map_with(path)
        return path
