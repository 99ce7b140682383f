"""What stands in the way of converting a source, and what to do about it."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.candidates import Candidate
from lexer_pipeline.inspecting.column_names import has_no_header, shown
from lexer_pipeline.inspecting.column_profile import ColumnProfile, TableProfile, date_trouble, many
from lexer_pipeline.loading.delimited import Head
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.specs.names import normalised, told_apart
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.validating.messages import ROW_FAULTS


class Obstacle(Struct, frozen=True):
    """One thing that stands in the way of converting a source, and what to do; `column` is empty for all of it."""

    code: str
    column: str
    message: str


def of_rows(table: TableProfile) -> Iterator[Obstacle]:
    """Rows that cannot be read, or none at all."""
    for fault, (count, line) in sorted(table.faults.items()):
        found = ROW_FAULTS[fault]
        yield Obstacle(
            found.code,
            "",
            f"{many(count, 'row')} {found.together}, the first on line {line}; they would be rejected",
        )
    if table.rows == table.blank:
        yield Obstacle("empty", "", "there is a header and no row below it; export it again")


def of_names(head: Head, names: Sequence[str]) -> Iterator[Obstacle]:
    """A header that is none, and columns without a name, with that of another, or with secrets."""
    if has_no_header(names):
        yield Obstacle(
            "header", "", "the first row looks like data, not like names; add a row of names above it"
        )
    taken: set[str] = set()
    apart = told_apart(head.names)
    for number, name in enumerate(head.names, 1):
        if not name:
            yield Obstacle(
                "header", f"column {number}", "has no name; name it, or remove it with all its cells"
            )
        elif normalised(name) in taken:
            yield Obstacle(
                "header",
                shown(name, number),
                _as_another(name, apart[number - 1], head),
            )
        elif is_secret(name):
            yield Obstacle(
                "secret",
                shown(name, number),
                "by its name holds passwords, tokens or card data; list it under secret in a mapping",
            )
        taken.add(normalised(name))


def _as_another(name: str, apart: str, head: Head) -> str:
    if head.names.count(name) > 1:
        return f'an earlier column has this name too; a mapping calls this one "{apart}"'
    return "an earlier column has nearly this name; a mapping names the one that is meant exactly"


def of_values(column: ColumnProfile) -> Iterator[Obstacle]:
    """Values of a column that nobody can read for certain."""
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
            f"{about}{many(count, 'cell')} with the error of a spreadsheet; fix it there",
        )
    nothing = column.count(semantic_types.NOTHING)
    if nothing and nothing < column.filled:
        what = f"{about}{many(nothing, 'cell')} with a word for nothing, such as NULL; only a mapping makes it absent"
        yield Obstacle("nothing", column.name, what)


def of_lacking(candidate: Candidate, what: str = "column") -> Iterator[Obstacle]:
    """Fields that a specification lacks."""
    for field in candidate.missing:
        yield Obstacle(
            "missing",
            "",
            f"no {what} is {field}, which {candidate.specification} requires; a mapping can say it",
        )


def of_fields(candidate: Candidate, what: str = "column") -> Iterator[Obstacle]:
    """Fields that a specification lacks, and columns that it has no field for."""
    yield from of_lacking(candidate, what)
    for column, near in candidate.unmatched.items():
        if near and normalised(column) == normalised(FieldPath.named(near).name):
            what = f"is called like the field {near}, but its values look like something else"
            yield Obstacle("no_field", column, f"{what}; fix them, or say in a mapping what it is")
            continue
        hint = (
            f"; the nearest is {near}"
            if near
            else "; a mapping can leave it out, or keep it under a name of your own"
        )
        yield Obstacle("no_field", column, f"is no field of {candidate.specification}{hint}")
