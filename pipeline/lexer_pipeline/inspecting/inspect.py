"""What an export is: its form, its columns or keys, what it could become, and what stands in the way."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from lexer_pipeline.chunks.rows import Rows
from lexer_pipeline.inspecting import document_profile as keys
from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.column_profile import ColumnProfile, TableProfile, date_trouble, many, profile
from lexer_pipeline.inspecting.matching import lacking, match, nearest
from lexer_pipeline.inspecting.synonyms import is_secret
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.records import load_documents, load_rows
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, LoadedTable, Source, load
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.file import normalised
from lexer_pipeline.model import Specification
from lexer_pipeline.specs import catalog

Progress = Callable[[int, int], None]
SHOWN = 3
# What a mistake in the rows is called in issues, and what it means.
FAULTS = {
    2: ("ragged_row", "have more or fewer cells than the header"),
    3: ("quote", "have text behind a closing quote"),
    4: ("nul", "hold a NUL byte"),
    5: ("encoding", "are not UTF-8"),
    6: ("quote", "open a quote that is not closed"),
}
# Looks that a column's name does not have.
DATA = (
    semantic_types.EMAIL,
    semantic_types.HASH,
    semantic_types.PHONE,
    semantic_types.NUMBER,
    semantic_types.MONEY,
    semantic_types.ZEROS,
    *semantic_types.DATES,
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way of converting a source, and what to do; `column` is empty for all of it."""

    code: str
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A specification that a source could become: `matched` of its filled columns (or keys) are fields by name."""

    specification: str
    record_type: str | None
    matched: int
    of: int
    fields: dict[str, str]
    missing: tuple[str, ...]
    unmatched: dict[str, str]

    @property
    def share(self) -> float:
        """How much of the source it takes up."""
        return self.matched / self.of if self.of else 0.0

    def as_json(self) -> dict[str, Any]:
        """The candidate as `inspect --json` prints it."""
        return {
            "specification": self.specification, "record_type": self.record_type, "matched": self.matched,
            "of": self.of, "share": round(self.share, 4), "fields": self.fields, "missing": list(self.missing),
            "unmatched": self.unmatched,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one source; it holds names, counts and shapes, never a value."""

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

    def as_json(self) -> dict[str, Any]:
        """The source as `inspect --json` prints it."""
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
            "notes": list(self.notes),
        }  # fmt: skip


def _column_json(one: ColumnProfile, rows: int) -> dict[str, Any]:
    return {
        "name": one.name, "filled": one.filled, "fill_rate": _rate(one.filled, rows), "distinct": one.distinct,
        "more_distinct": one.is_more, "kinds": one.kinds,
        "date_forms": {" or ".join(names): count for names, count in one.readings(*semantic_types.DATES).items()},
        "shapes": dict(one.shapes), "estimated": one.is_sampled,
    }  # fmt: skip


def _key_json(one: keys.KeyProfile, documents: int) -> dict[str, Any]:
    return {
        "path": one.path,
        "filled": one.filled,
        "fill_rate": _rate(one.filled, documents),
        "types": one.types,
    }


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def inspect(
    source: Source,
    reading: ReadOptions = AS_TOLD,
    stdin: BinaryIO | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Read a source to its end and say what it is; SourceError where it cannot be read."""
    with closing(load(source, stdin, reading)) as loaded:
        if isinstance(loaded, LoadedDocuments):
            return _documents(loaded, progress)
        return _table(loaded, loaded.head.distinct, progress)


def table_profile(loaded: LoadedTable, progress: Progress | None = None) -> TableProfile:
    """The columns of a table that was opened; a name that is rather a value is replaced by the column's number."""
    names = [shown(name, number) for number, name in enumerate(loaded.head.distinct, 1)]
    return profile(names, _watched(load_rows(loaded, None, ()), loaded, progress))


def shown(name: str, number: int) -> str:
    """What a column may be called: by its name, unless that looks like the value of a record."""
    return f"column {number}" if not name or semantic_types.look_at(name).kind in DATA else name


def _watched(chunks: Iterable[Any], loaded: Loaded, progress: Progress | None) -> Iterator[Any]:
    rows = 0
    for chunk in chunks:
        yield chunk
        rows += len(chunk.faults) if isinstance(chunk, Rows) else chunk.records
        if progress is not None:
            progress(rows, loaded.stream.bytes)


# ------------------------------------------------------------------------------------------------ tables


def _table(loaded: LoadedTable, names: Sequence[str], progress: Progress | None) -> Inspection:
    table = table_profile(loaded, progress)
    fitting = file.recognise(names)
    candidates = _ranked(_candidate(table.columns, one) for one in catalog.every())
    found = [*_rows_in_the_way(table), *_names_in_the_way(loaded, names)]
    found += [Obstacle("refused", "", one.refuse) for one in fitting if one.refuse]
    found += [obstacle for column in table.columns for obstacle in _values_in_the_way(column)]
    if not fitting and candidates:
        found += _columns_in_the_way(candidates[0])
    sniffed = loaded.sniffed
    is_sheet = loaded.head.row_a_line
    return Inspection(
        loaded.name, "workbook" if is_sheet else "CSV", sniffed.encoding, "" if is_sheet else sniffed.delimiter,
        sniffed.header_line, table.rows, table.blank,
        table.columns, (), tuple(one.name for one in fitting), candidates, tuple(found), sniffed.notes,
    )  # fmt: skip


def _candidate(columns: Sequence[ColumnProfile], specification: Specification) -> Candidate:
    filled = [column for column in columns if column.filled] or list(columns)
    matches = match(filled, specification)
    used = {one.column for one in matches if one.by_name}
    paths = [field.path for field in specification.fields]
    unmatched = {
        column.name: nearest(column.name, paths) for place, column in enumerate(filled) if place not in used
    }
    fields = {one.field: filled[one.column].name for one in matches}
    missing = [lack.field for lack in lacking(specification, list(fields)) if not lack.within]
    return Candidate(
        specification.name,
        specification.record_type,
        len(used),
        len(filled),
        fields,
        tuple(missing),
        unmatched,
    )


def _ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The likeliest first: many columns taken up, few fields missing; forgetting people comes last."""
    likely = [one for one in candidates if one.matched]
    likely.sort(key=lambda one: (
        round(one.share - 0.03 * len(one.missing), 4), len(one.fields), not one.specification.startswith("compliance")
    ), reverse=True)  # fmt: skip
    return tuple(likely[:SHOWN])


def _rows_in_the_way(table: TableProfile) -> Iterator[Obstacle]:
    for fault, (count, line) in sorted(table.faults.items()):
        code, what = FAULTS[fault]
        yield Obstacle(
            code, "", f"{many(count, 'row')} {what}, the first on line {line}; they would be rejected"
        )
    if table.rows == table.blank:
        yield Obstacle("empty", "", "there is a header and no row below it; export it again")


def _names_in_the_way(loaded: LoadedTable, names: Sequence[str]) -> Iterator[Obstacle]:
    head = loaded.head
    if has_no_header(names):
        yield Obstacle(
            "header", "", "the first row looks like data, not like names; add a row of names above it"
        )
    taken: set[str] = set()
    for number, name in enumerate(head.names, 1):
        if not name:
            yield Obstacle(
                "header", f"column {number}", "has no name; name it, or remove it with all its cells"
            )
        elif normalised(name) in taken:
            yield Obstacle(
                "header",
                shown(name, number),
                "two columns have this name, and a mapping finds the first; rename one",
            )
        elif is_secret(name):
            yield Obstacle(
                "secret",
                shown(name, number),
                "by its name holds passwords, tokens or card data; list it under secret in a mapping",
            )
        taken.add(normalised(name))


def has_no_header(names: Sequence[str]) -> bool:
    """Whether what should be the names of the columns looks like a record."""
    return sum(bool(name) and semantic_types.look_at(name).kind in DATA for name in names) * 3 >= len(names)


def _values_in_the_way(column: ColumnProfile) -> Iterator[Obstacle]:
    about = "about " if column.is_sampled else ""
    if column.share(*semantic_types.DATES) > 0.5 and (trouble := date_trouble(column)):
        yield Obstacle("dates", column.name, trouble)
    if (count := column.count(semantic_types.SCIENTIFIC)) and column.share(semantic_types.MONEY) < 0.5:
        what = f"{about}{many(count, 'cell')} written like 9.99E+99: digits were lost in a spreadsheet; export it again as text"
        yield Obstacle("scientific", column.name, what)
    if count := column.count(semantic_types.ERROR):
        yield Obstacle(
            "error",
            column.name,
            f"{about}{many(count, 'cell')} with the error of a spreadsheet; mend it there",
        )
    nothing = column.count(semantic_types.NOTHING)
    if nothing and nothing < column.filled:
        what = f"{about}{many(nothing, 'cell')} with a word for nothing, such as NULL; only a mapping makes it absent"
        yield Obstacle("nothing", column.name, what)


def _columns_in_the_way(candidate: Candidate) -> Iterator[Obstacle]:
    for field in candidate.missing:
        yield Obstacle(
            "missing",
            "",
            f"no column is {field}, which {candidate.specification} requires; a mapping can say it",
        )
    for column, near in candidate.unmatched.items():
        hint = f"; the nearest is {near}" if near else ""
        yield Obstacle("no_field", column, f"is no field of {candidate.specification}{hint}")


# ------------------------------------------------------------------------------------------------ documents


def _documents(loaded: LoadedDocuments, progress: Progress | None) -> Inspection:
    chunks = load_documents(loaded, unwrap=True)
    found = keys.profile(_watched(chunks, loaded, progress))
    candidates = _ranked(_known_keys(found.keys, one) for one in catalog.every())
    obstacles = []
    if found.broken:
        what = f"{many(found.broken, 'document')} cannot be read, the first on line {found.first_broken}"
        obstacles.append(Obstacle("json", "", what))
    if candidates:
        obstacles += _columns_in_the_way(candidates[0])
    sniffed = loaded.sniffed
    return Inspection(
        loaded.name, "JSON", sniffed.encoding, "", 0, found.documents, found.blank, (), found.keys, (), candidates,
        tuple(obstacles), sniffed.notes,
    )  # fmt: skip


def _known_keys(found: Sequence[keys.KeyProfile], specification: Specification) -> Candidate:
    """How many of the keys a specification knows."""
    patterns = [_pattern(field.path) for field in specification.fields]
    known = [one.path for one in found if any(pattern.fullmatch(one.path) for pattern in patterns)]
    paths = [field.path for field in specification.fields]
    unmatched = {
        one.path: nearest(one.path.rpartition(".")[2], paths) for one in found if one.path not in known
    }
    missing = [lack.field for lack in lacking(specification, known) if not lack.within]
    return Candidate(
        specification.name, specification.record_type, len(known), len(found), {path: path for path in known},
        tuple(missing), unmatched,
    )  # fmt: skip


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", r".+"))
