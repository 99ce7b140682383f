"""One record built from the cells of its rows, for the reference."""

from collections.abc import Iterator, Sequence

from lexer_pipeline.kernels import codes
from lexer_pipeline.model import Problem
from lexer_pipeline.specs import values
from lexer_pipeline.specs.paths import EACH, Parts
from lexer_pipeline.validating.branches import Branch, Leaf, fields_of, is_list, items_of
from lexer_pipeline.validating.cleaning import Cleaning
from lexer_pipeline.validating.document import NumberText, Value
from lexer_pipeline.validating.layout import Layout
from lexer_pipeline.validating.notes import Notes


def build(
    layout: Layout, rows: Sequence[Sequence[str]], notes: Notes, cleaning: Cleaning
) -> dict[str, Value]:
    """One record from the cells of its rows, empty cells left out.

    A cell that is no value of its type, an empty one before a filled one of a list, or two rows that fill a
    once-a-record column differently add a problem.
    """

    def fill(below: Branch | Leaf, path: Parts, row: Sequence[str] | None) -> Value:
        if isinstance(below, Leaf):
            text = (
                row[below.column]
                if row is not None
                else _once(below, rows, path, notes, cleaning, layout.takes_first)
            )
            return _value(below, text, path, notes, cleaning)
        if EACH in below:
            items = (fill(below[EACH], (*path, index), one) for index, one in enumerate(_filled(below, rows)))
            return [item for item in items if item is not None] or None
        if is_list(below):
            found = [(index, fill(deeper, (*path, index), row)) for index, deeper in items_of(below)]
            return _list(found, path, notes, layout.closes_gaps)
        parts = [(name, fill(deeper, (*path, name), row)) for name, deeper in fields_of(below)]
        return {name: value for name, value in parts if value is not None} or None

    record = fill(layout.branch, (), None)
    return record if isinstance(record, dict) else {}


def _filled(below: Branch | Leaf, rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The rows that fill some column below a place."""
    columns = list(_columns(below))
    return [row for row in rows if any(row[column] for column in columns)]


def _columns(below: Branch | Leaf) -> Iterator[int]:
    if isinstance(below, Leaf):
        yield below.column
    else:
        for deeper in below.values():
            yield from _columns(deeper)


def _once(
    leaf: Leaf,
    rows: Sequence[Sequence[str]],
    path: Parts,
    notes: Notes,
    cleaning: Cleaning,
    takes_first: bool,
) -> str:
    """What the rows of a record say in a once-a-record column: the first that says anything.

    Spellings of one id agree, since they are sent as one; one that is cleaned is taken, so that it is counted.
    """
    said = [row[leaf.column] for row in rows if row[leaf.column]]
    if len(set(said)) > 1 and not takes_first:
        sent = [_sent(leaf, text, cleaning) for text in said]
        if len(set(sent)) == 1:
            return next(text for text in said if text != sent[0])
        message = (
            "differs between the rows of one record; make the rows agree, or leave it empty after the first"
        )
        notes.problems.append(Problem(path, "contradiction", "once a record", message))
    return said[0] if said else ""


def _sent(leaf: Leaf, text: str, cleaning: Cleaning) -> str:
    done = cleaning.text(text, leaf.place) if leaf.place.is_id else None
    return done.text if isinstance(done, values.Converted) else text


def _list(parts: list[tuple[int, Value]], path: Parts, notes: Notes, closes_gaps: bool) -> list[Value] | None:
    while parts and parts[-1][1] is None:
        parts.pop()
    for index, value in parts:
        if value is None and not closes_gaps:
            message = "is empty although a later one is filled; move the later ones up"
            notes.problems.append(Problem((*path, index), "gap", "no gaps in a list", message))
    return [value for _, value in parts if value is not None] or None


def _value(leaf: Leaf, text: str, path: Parts, notes: Notes, cleaning: Cleaning) -> Value:
    """The value of a cell; a text is cleaned by the reference, but for one that is left out altogether."""
    if not text:
        return None
    done = cleaning.raw(text, leaf.kind) if leaf.is_raw else cleaning.cell(text, leaf.place)
    if isinstance(done, values.Unconvertible):
        if not leaf.is_raw:
            return text
        notes.problems.append(Problem(path, done.code, done.rule, done.message))
        return UNUSABLE
    if done.text and not leaf.is_raw:
        return text
    notes.convert(path, done.conversions)
    notes.warn(path, done.warnings)
    if not done.text:
        return None
    return done.text == "true" if leaf.kind == codes.KIND_BOOLEAN else NumberText(done.text)


# Stands where a cell could not be read, so that the field does not count as missing.
UNUSABLE = NumberText("0")
