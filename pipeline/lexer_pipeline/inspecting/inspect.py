"""What an export is: its form, its columns or keys, what it could become, and what stands in the way."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.results import Chunk
from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.errors import SourceError
from lexer_pipeline.inspecting import document_profile as keys
from lexer_pipeline.inspecting import obstacles, semantic_types
from lexer_pipeline.inspecting.candidates import Candidate, is_as_it_is, of_keys, of_table, ranked
from lexer_pipeline.inspecting.column_counts import profile
from lexer_pipeline.inspecting.column_names import shown
from lexer_pipeline.inspecting.column_profile import ColumnProfile, TableProfile
from lexer_pipeline.inspecting.document_candidates import of_documents
from lexer_pipeline.inspecting.document_obstacles import of_json
from lexer_pipeline.inspecting.document_profile import ListProfile
from lexer_pipeline.inspecting.document_reading import form_told, wrapper_of
from lexer_pipeline.inspecting.obstacles import Obstacle
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.limits import GUESSED_COLUMNS
from lexer_pipeline.loading.database import place_of
from lexer_pipeline.loading.delimited import Head
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.records import load_documents, load_rows
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, LoadedTable, Source
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping.document_source import first_paths, form_of
from lexer_pipeline.mapping.recognition import recognise
from lexer_pipeline.model import Json
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.scratch import Scratch

Progress = Callable[[int, int], None]
ChunkT = TypeVar("ChunkT", bound=Chunk)


class Inspection(Struct, frozen=True):
    """What was found in one source; it holds names, counts and shapes, never a value.

    `surely` is what it becomes without a doubt: the preset that it is, or else the specification that has all columns (or keys)
    as fields; empty where neither is. Of JSON, `wrapper` leads to the list that holds the documents, `repeats` are the lists in
    them, and one that `is_as_it_is` is called as the fields of its first specification are, so that it needs no mapping. `nearest` are presets that come next where none fits.
    """

    path: str
    form: str
    encoding: str
    delimiter: str
    header_line: int
    rows: int
    blank: int
    columns: tuple[ColumnProfile, ...]
    keys: tuple[keys.KeyProfile, ...]
    presets: tuple[str, ...]
    specifications: tuple[Candidate, ...]
    obstacles: tuple[Obstacle, ...]
    notes: tuple[str, ...]
    surely: str = ""
    wrapper: str = ""
    repeats: tuple[ListProfile, ...] = ()
    is_as_it_is: bool = False
    nearest: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """The source as `inspect --json` prints it, but for its suspicions."""
        return {
            "path": self.path, "form": self.form, "encoding": self.encoding, "delimiter": self.delimiter,
            "header_line": self.header_line, "rows": self.rows, "blank": self.blank,
            "columns": [_column_json(one, self.rows - self.blank) for one in self.columns],
            "keys": [_key_json(one, self.rows) for one in self.keys],
            "presets": list(self.presets),
            "specifications": [one.as_json() for one in self.specifications],
            "obstacles": [
                {"code": one.code, "column": one.column, "message": one.message} for one in self.obstacles
            ],
            "notes": list(self.notes), "nearest": list(self.nearest), "wrapper": self.wrapper,
            "repeats": [{"path": one.path, "lists": one.lists, "items": one.items} for one in self.repeats],
        }  # fmt: skip


def _column_json(one: ColumnProfile, rows: int) -> dict[str, Json]:
    return {
        "name": one.name, "filled": one.filled, "fill_rate": _rate(one.filled, rows), **_values_json(one),
    }  # fmt: skip


def _key_json(one: keys.KeyProfile, documents: int) -> dict[str, Json]:
    return {
        "path": one.path, "filled": one.filled, "fill_rate": _rate(one.filled, documents), "types": one.types,
        **_values_json(one.column or keys.NO_VALUES),
    }  # fmt: skip


def _values_json(one: ColumnProfile) -> dict[str, Json]:
    return {
        "distinct": one.distinct, "more_distinct": one.is_more, "kinds": one.kinds,
        "date_forms": {" or ".join(names): count for names, count in one.readings(*semantic_types.DATES).items()},
        "shapes": dict(one.shapes), "estimated": one.is_sampled,
    }  # fmt: skip


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def inspect(
    source: Source,
    reading: ReadOptions = AS_TOLD,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
    temp: Path | None = None,
) -> Inspection:
    """Read a source to its end and say what it is; SourceError where it cannot be read.

    Temporary data lies in the folder `temp`, by default the system's.
    """
    with Scratch(temp) as scratch, unchanged(source, stdin, reading, scratch=scratch) as loaded:
        if isinstance(loaded, LoadedDocuments):
            return _documents(loaded, progress)
        return _table(loaded, loaded.head, progress)


def table_profile(
    loaded: LoadedTable, progress: Progress | None = None, sample: RowSample | None = None
) -> TableProfile:
    """The columns of a table that was opened; a name that is rather a value is replaced by the column's number.

    Some of the rows are kept in `sample`.
    """
    if len(loaded.head.names) > GUESSED_COLUMNS:
        raise SourceError(
            f"{loaded.name}: has {len(loaded.head.names)} columns, more than the {GUESSED_COLUMNS} that are looked at for a guess",
            "Write a mapping by hand and convert with --map, or convert with --spec where the columns are called as its fields.",
        )
    names = [shown(name, number) for number, name in enumerate(loaded.head.distinct, 1)]
    chunks = watched(load_rows(loaded, None, ()), loaded, progress)
    return profile(names, chunks if sample is None else sample.watching(chunks))


def watched(chunks: Iterable[ChunkT], loaded: Loaded, progress: Progress | None) -> Iterator[ChunkT]:
    """The same chunks, of whose rows `progress` is told."""
    rows = 0
    for chunk in chunks:
        yield chunk
        rows += len(chunk.faults) if isinstance(chunk, Rows) else chunk.records
        if progress is not None:
            progress(rows, loaded.stream.bytes)


def _table(loaded: LoadedTable, head: Head, progress: Progress | None) -> Inspection:
    table, names = table_profile(loaded, progress), head.distinct
    recognised = recognise(names)
    fitting = [one.mapping for one in recognised.fitting]
    candidates = ranked(of_table(table.columns, one) for one in catalog.every())
    found = [*obstacles.of_rows(table), *obstacles.of_names(head, names)]
    found += [Obstacle("refused", "", one.refuse) for one in fitting if one.refuse]
    found += [obstacle for column in table.columns for obstacle in obstacles.of_values(column)]
    if not fitting and candidates:
        found += obstacles.of_fields(candidates[0])
    sniffed = loaded.sniffed
    form = "query" if place_of(loaded.name) else "workbook" if head.row_a_line else "CSV"
    if form == "query":
        sniffed = replace(sniffed, encoding="", header_line=0)
    return Inspection(
        loaded.name, form, sniffed.encoding, sniffed.delimiter if form == "CSV" else "",
        sniffed.header_line, table.rows, table.blank,
        table.columns, (), tuple(one.name for one in fitting), candidates, tuple(found), sniffed.notes,
        (recognised.sure.name if recognised.sure else "") if fitting else _only(candidates),
        nearest=tuple(one.mapping.name for one in recognised.nearest),
    )  # fmt: skip


def _documents(loaded: LoadedDocuments, progress: Progress | None) -> Inspection:
    form = form_told(loaded)
    first = first_paths(loaded, replace(form_of(None), kept=form.kept))
    loaded, names = replace(loaded, rest=first.start), [one.name for one in first.paths]
    found = keys.profile(watched(load_documents(loaded, form), loaded, progress))
    recognised = recognise(names, is_of_documents=True)
    fitting = [one.mapping for one in recognised.fitting]
    own = ranked((of_keys(found.keys, one) for one in catalog.every()), 0.03)
    is_own = bool(own) and is_as_it_is(own[0])
    records = wrapper_of(loaded)
    own = own[:1] if _only(own) else own
    candidates = own if is_own else of_documents(found, catalog.every(), records)
    in_the_way = [*of_json(found), *(Obstacle("refused", "", one.refuse) for one in fitting if one.refuse)]
    if candidates and not fitting:
        in_the_way += (
            obstacles.of_fields(candidates[0], "key")
            if is_own
            else obstacles.of_lacking(candidates[0], "key")
        )
    sniffed = loaded.sniffed
    return Inspection(
        loaded.name, "JSON", sniffed.encoding, "", 0, found.documents, found.blank, (), found.keys,
        tuple(one.name for one in fitting), candidates, tuple(in_the_way), sniffed.notes,
        (recognised.sure.name if recognised.sure else "") if fitting else _only(candidates) if is_own else "",
        records, found.lists, is_own, tuple(one.mapping.name for one in recognised.nearest if one.mapping.documents is not None),
    )  # fmt: skip


def _only(candidates: Sequence[Candidate]) -> str:
    """The specification that has all columns or keys as fields, and lacks none; empty where none does."""
    best = candidates[0] if candidates else None
    return best.specification if best is not None and not best.unmatched and not best.missing else ""
