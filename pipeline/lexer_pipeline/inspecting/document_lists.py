"""Which list of documents holds the lines of an order, so that each item of it is a row."""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from lexer_pipeline.inspecting.amounts import NO_PRICE, PRICE
from lexer_pipeline.inspecting.draft_words import WORDS
from lexer_pipeline.inspecting.findings import GIVEN_BACK, LINE, QUANTITY, REFERENCE
from lexer_pipeline.inspecting.level_table import is_nested, lists_of, outer_list
from lexer_pipeline.inspecting.matching import fields_by_path
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping.document_paths import Steps, leads_into, spelled
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.names import normalised

# A list beside the lines: of what is done with an order, and of what is added to it.
BESIDE = re.compile(
    r"ship|fulfil|discount|coupon|tax|fee|meta|tag|payment|transaction|address|note|attribute|propert|option|image|tracking|modifier|adjust"
)
COUNTS = frozenset(WORDS[QUANTITY]) - {"count"}
ARTICLES = frozenset(
    (*WORDS[REFERENCE], "name", "title", "description", "catalogobjectid", "productname", "itemname")
)
# By one of these a record names a person.
ADDRESSES = frozenset(("email", "emailaddress", "customeremail", "buyeremail", "useremail", "contactemail"))
# With so many of quantity (which counts double), price and article in its items a list is one of lines.
LEAST = 2


class Repeats(Struct, frozen=True):
    """What repeats in documents: each item of the list `rows` is a row, and each of the list `each` a record, where there is one."""

    rows: Steps = ()
    each: str = ""

    @property
    def lines(self) -> Steps:
        """The list whose items are lines of a record; empty where each row is a record."""
        return self.rows if self.rows.count(ITEMS) > bool(self.each) else ()


def repeats_in(paths: Iterable[Steps], specification: Specification) -> Repeats:
    """What repeats in documents with these paths, for records of a specification."""
    known = list(paths)
    if not any(path.is_within(LINE) for path in fields_by_path(specification)):
        return Repeats()
    if specification.record_type == "return" and (back := _given_back(known)):
        inner = _best([steps for steps in known if leads_into(back, steps)], len(back) + 1)
        return Repeats(inner or back, spelled(back[:-1]))
    return Repeats(_best(known))


def given_back(paths: Iterable[Steps]) -> str:
    """The list of what was given back, by its name; empty where there is none."""
    return spelled(_given_back(list(paths))[:-1])


def _given_back(paths: Sequence[Steps]) -> Steps:
    """The outermost list of objects that is called refunds, or returns."""
    for steps in paths:
        first = next(lists_of(steps), ())
        if len(steps) > len(first) and first and GIVEN_BACK.search(normalised(_name(first))):
            return first
    return ()


def _best(paths: Sequence[Steps], least: int = 0) -> Steps:
    """The list whose items say most of what a line says; the outermost of several, and an empty path where none says enough."""
    lists: dict[Steps, set[str]] = {}
    for steps in paths:
        rows = outer_list(steps)
        if len(rows) > max(least - 1, 0) and len(steps) > len(rows) and not is_nested(rows):
            lists.setdefault(rows, set()).update(
                normalised(step) for step in steps[len(rows) :] if isinstance(step, str)
            )
    lists = {
        rows: names for rows, names in lists.items()
        if not any(
            BESIDE.search(normalised(key)) or (not least and GIVEN_BACK.search(normalised(key)))
            for key in rows if isinstance(key, str)
        )
    }  # fmt: skip
    scores = {rows: _score(names) for rows, names in lists.items()}
    return max(
        (rows for rows, score in scores.items() if score >= LEAST),
        key=lambda rows: (scores[rows], -rows.count(ITEMS), -len(rows)), default=(),
    )  # fmt: skip


def _score(names: set[str]) -> int:
    is_priced = any(PRICE.search(name) and not NO_PRICE.search(name) for name in names)
    return 2 * bool(COUNTS & names) + is_priced + bool(ARTICLES & names)


def _name(rows: Steps) -> str:
    return next((step for step in reversed(rows) if isinstance(step, str)), "")


def wrapped_in(paths: Sequence[Steps], specification: Specification) -> str:
    """The list that holds the records, where documents are none themselves: a wrapper that nothing tells for sure; empty where none is."""
    if any(ITEMS not in steps and normalised(str(steps[-1])) in ADDRESSES for steps in paths):
        return ""
    has_lines = any(path.is_within(LINE) for path in fields_by_path(specification))
    lists: dict[Steps, list[Steps]] = {}
    for steps in paths:
        if rows := next(lists_of(steps), ()):
            lists.setdefault(rows, []).append(steps[len(rows) :])
    of_people = {
        rows: bool(_best(inner)) for rows, inner in lists.items()
        if any(normalised(str(steps[-1])) in ADDRESSES for steps in inner if steps)
    }  # fmt: skip
    chosen = [rows for rows, is_of_orders in of_people.items() if is_of_orders == has_lines]
    return spelled(next(iter([*chosen, *([] if has_lines else of_people)]), ())[:-1])


def own_list(paths: Sequence[Steps]) -> str:
    """The key of a list of lines that documents have themselves, though it looks like a list of records in a wrapper: they name a person, and its items do not."""
    rows = _best(paths)
    named = [steps for steps in paths if normalised(str(steps[-1])) in ADDRESSES]
    is_own = any(ITEMS not in steps for steps in named) and not any(
        leads_into(rows, steps) for steps in named
    )
    return str(rows[0]) if rows and is_own else ""
