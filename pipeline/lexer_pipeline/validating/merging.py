"""One record made of what several sources say of it."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from lexer_pipeline.specs.paths import Parts
from lexer_pipeline.validating.document import Value


class Half(Struct, frozen=True):
    """What one source says of a record: `each` are the lists that have an item a row, by their names.

    `takes_first` lets a source that came before say something else, as the mapping does for the rows of a record.
    """

    document: dict[str, Value]
    each: Collection[str]
    takes_first: bool = False


def merged(halves: Sequence[Half]) -> tuple[dict[str, Value], list[Parts]]:
    """The record that some halves make together, and the places in which they contradict each other.

    What stands once must be the same, or be said by one of them alone. Lists of an item a row follow each other, or are the
    same; where they name one product and are not, nobody can tell which of its lines were bought, and which are told twice.
    """
    whole, clashes = halves[0].document, list[Parts]()
    each = {name for half in halves for name in half.each}
    takes_first = all(half.takes_first for half in halves)
    for half in halves[1:]:
        whole = _together(whole, half.document, (), (each, takes_first), clashes)
    return whole, clashes


def _together(
    one: dict[str, Value],
    other: dict[str, Value],
    path: Parts,
    how: tuple[Collection[str], bool],
    clashes: list[Parts],
) -> dict[str, Value]:
    each, takes_first = how
    whole = dict(one)
    for name, value in other.items():
        here, known = (*path, name), one.get(name)
        if known is None:
            whole[name] = value
        elif isinstance(known, dict) and isinstance(value, dict):
            whole[name] = _together(known, value, here, how, clashes)
        elif known == value:
            continue
        elif not path and name in each:
            ours, theirs = _items(known), _items(value)
            if sorted(ours, key=_order) == sorted(theirs, key=_order):
                continue
            if {_named(item) for item in ours} & {_named(item) for item in theirs}:
                clashes.append(here)
            whole[name] = [*ours, *theirs]
        elif not takes_first:
            clashes.append(here)
    return whole


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _named(item: Value) -> str:
    """The product that a line names; all lines that name none may be one and the same."""
    reference = item.get("product_reference") if isinstance(item, dict) else None
    return str(reference.get("id") or "") if isinstance(reference, dict) else ""


def _order(item: Value) -> tuple[str, str]:
    return _named(item), repr(item)
