"""A mapping proposed for an export: one that was confirmed for its header before, or else a draft."""

import errno
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting import from_preset
from lexer_pipeline.inspecting.column_names import has_no_header
from lexer_pipeline.inspecting.document_draft import draft_of_documents
from lexer_pipeline.inspecting.draft import Draft, draft
from lexer_pipeline.inspecting.inspect import Progress, table_profile, watched
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.loading.database import place_of
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.origins import given_descriptor
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, LoadedTable, Source
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.document_source import first_paths, form_of
from lexer_pipeline.mapping.recognition import recognise
from lexer_pipeline.mapping.rules import Mapping, RecordMap
from lexer_pipeline.model import Json, Specification
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.names import normalised, told_apart
from lexer_pipeline.system import files
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder


class Proposal(Struct, frozen=True):
    """A mapping that was written: its fields as `map --json` prints them, what is left to a person, and notes."""

    path: Path
    specification: str
    fields: tuple[dict[str, Json], ...]
    unmatched: dict[str, str]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    questions: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """The proposal as `map --json` prints it."""
        return {
            "mapping": str(self.path), "specification": self.specification, "fields": list(self.fields),
            "unmatched": list(self.unmatched), "missing": list(self.missing), "notes": list(self.notes),
            "questions": list(self.questions),
        }  # fmt: skip


def propose(
    source: Source, spec: str | Specification, file: Path | None = None, *, out: Folder, force: bool = False,
    stdin: BinaryIO | None = None, reading: ReadOptions = AS_TOLD, progress: Progress | None = None, temp: Path | None = None,
) -> Proposal:  # fmt: skip
    """Write a mapping of `source` to a specification into `file`, by default `<name of the source>.toml`.

    `out` is the folder of prepared batches, which knows the mappings that were used before. A file that is there
    is only replaced with `force`. Temporary data lies in the folder `temp`, by default the system's.
    """
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    if not specification.fields:
        raise UsageError(
            f"{specification.name}: its schema has no fields, so there is nothing to map to",
            "Give it properties, or name another specification.",
        )
    with _opened(source, file, force, stdin, reading, temp) as (loaded, path):
        if isinstance(loaded, LoadedDocuments):
            done, seen = draft_of_documents(
                _stem(loaded.name), loaded, specification, lambda chunks: watched(chunks, loaded, progress)
            )
            notes = _presets([one.name for one in seen], specification, is_of_documents=True)
            return _written(done, path, specification, (*loaded.notes, *notes))
        names = loaded.head.names
        notes = _presets(names, specification)
        known = remembered.recall(out, names)
        if (
            known is not None
            and not known.trouble
            and (found := _confirmed(known.path, specification, path, names))
        ):
            return found
        if known is not None and known.trouble:
            notes.append(
                f"{known.path} was used for this header before, but it {known.trouble}; this is a new draft"
            )
        sample = RowSample()
        profile = table_profile(loaded, progress, sample)
    table = TestedTable(profile.columns, profile.rows - profile.blank, sample)
    done = draft(_stem(loaded.name), told_apart(names), table, specification, loaded.stream.told.sheet)
    return _written(done, path, specification, (*loaded.notes, *notes))


def propose_from(
    source: Source, preset: str, file: Path | None = None, *, force: bool = False, stdin: BinaryIO | None = None,
    reading: ReadOptions = AS_TOLD, temp: Path | None = None,
) -> Proposal:  # fmt: skip
    """Write a mapping of `source` that starts from a preset; its columns are compared with the header, no row is read."""
    found = from_preset.preset(preset)
    with _opened(source, file, force, stdin, reading, temp) as (loaded, path):
        if isinstance(loaded, LoadedTable) != (found.documents is None):
            what = "documents of JSON" if found.documents is not None else "tables"
            raise UsageError(
                f"{loaded.name}: the preset {found.name} is for {what}", "Say --spec instead of --from."
            )
        if isinstance(loaded, LoadedTable):
            done = from_preset.started(found, loaded.head.names, loaded.name)
        else:
            done = from_preset.started_of_documents(
                found, first_paths(loaded, form_of(found)).paths, loaded.name
            )
        _write(path, done.text)
        mapping.read(path)
        fields: tuple[dict[str, Json], ...] = tuple(
            {"field": field, "column": column, "confidence": 1.0, "reason": f"of the preset {found.name}"}
            for field, column in done.fields
        )
        return Proposal(path, ", ".join(done.makes), fields, done.left, (), loaded.notes, done.questions)


@contextmanager
def _opened(
    source: Source,
    file: Path | None,
    force: bool,
    stdin: BinaryIO | None,
    reading: ReadOptions,
    temp: Path | None,
) -> Iterator[tuple[Loaded, Path]]:
    """Documents, or a table with names of columns, and where its mapping is to be written; UsageError where either cannot be."""
    with Scratch(temp) as scratch, unchanged(source, stdin, reading, scratch=scratch) as loaded:
        path = file or Path(_stem(loaded.name) + ".toml")
        if path.exists() and not force:
            raise UsageError(
                f"{path}: is there already",
                "Name another file with --out, or replace it with --force.",
                flags=("--force",),
            )
        if isinstance(loaded, LoadedTable) and has_no_header(loaded.head.names):
            raise UsageError(
                f"{loaded.name}: the first row looks like data, not like names",
                "Add a row of column names above it.",
            )
        yield loaded, path


def _stem(name: str) -> str:
    stem = Path(place_of(name) or name).name.removesuffix(".gz").partition(".")[0]
    return stem if stem not in ("", "-") and given_descriptor(Path(name)) is None else "mapping"


def _presets(names: Sequence[str], specification: Specification, is_of_documents: bool = False) -> list[str]:
    """A word on presets that make the same already."""
    found = recognise(names, is_of_documents).sure
    if found is None or not _makes(found, specification):
        return []
    fitted = "these documents" if is_of_documents else "this header"
    what = f"the preset {found.name} fits {fitted}; `convert` needs no mapping of your own for it"
    return [f"{what}, and `map --from {found.name}` starts from it"]


def _makes(one: Mapping, specification: Specification) -> bool:
    return any(catalog.find(record.specification).name == specification.name for record in one.records)


def _confirmed(
    known: Path, specification: Specification, path: Path, names: Sequence[str]
) -> Proposal | None:
    """The mapping that was used before, copied; None where it makes something else."""
    found = mapping.read(known)
    if not _makes(found, specification):
        return None
    if known.resolve() != path.resolve():
        _write(
            path,
            f"# Started from {known}, which was used for this header before.\n" + known.read_text("utf-8"),
        )
    asked = [rule for record in found.records if _is(record, specification) for rule in record.fields]
    fields: tuple[dict[str, Json], ...] = tuple(
        {"field": rule.target, "column": piece[0], "confidence": 1.0, "reason": "used before"}
        for rule in asked for piece in rule.pieces if isinstance(piece, tuple)
    )  # fmt: skip
    used = {normalised(str(one["column"])) for one in fields}
    unmatched = {name: "" for name in names if normalised(name) not in used}
    note = f"started from {known}, which was used for this header before"
    return Proposal(path, specification.name, fields, unmatched, (), (note,))


def _is(record: RecordMap, specification: Specification) -> bool:
    return catalog.find(record.specification).name == specification.name


def _written(done: Draft, path: Path, specification: Specification, notes: Sequence[str]) -> Proposal:
    """A draft of a source that was read to its end, written."""
    _write(path, done.text)
    mapping.read(path)
    fields = tuple(line.as_json() for line in done.lines)
    return Proposal(
        path, specification.name, fields, dict(done.unmatched), done.missing, tuple(notes), done.questions
    )


def _write(path: Path, text: str) -> None:
    if not path.parent.is_dir():
        raise UsageError(
            f"{path}: there is no folder {path.parent}",
            f"Make the folder first: mkdir -p {shlex.quote(str(path.parent))}",
        )
    try:
        files.write_whole(path, text.encode())
    except OSError as problem:
        if problem.errno != errno.ENAMETOOLONG:
            raise
        raise UsageError(
            f"{path}: the name is too long for a file",
            "Name a shorter one with --out.",
            flags=("--out", "mapping.toml"),
        ) from None
