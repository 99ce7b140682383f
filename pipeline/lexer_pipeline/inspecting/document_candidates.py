"""The specifications that documents of any form could become by a mapping."""

from collections.abc import Collection, Iterable

from lexer_pipeline.inspecting.amounts import is_priced
from lexer_pipeline.inspecting.candidates import SHOWN, Candidate, is_near, missing
from lexer_pipeline.inspecting.document_columns import worded
from lexer_pipeline.inspecting.document_lists import repeats_in
from lexer_pipeline.inspecting.document_profile import DocumentsProfile
from lexer_pipeline.inspecting.event_kinds import KINDS
from lexer_pipeline.inspecting.findings import PAID, elsewhere
from lexer_pipeline.inspecting.matching import LINK, fields_by_path, guesses, match
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.inspecting.tested_table import DocumentRows, TestedTable
from lexer_pipeline.mapping.document_paths import leads_into, steps_of
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.paths import FieldPath

# Of a text message one of these is known.
NUMBERS = frozenset({"link.mobile", "to.number"})
TO = (FieldPath(("to", "email")), FieldPath(("to", "number")))


def of_documents(
    found: DocumentsProfile, specifications: Iterable[Specification], records: str
) -> tuple[Candidate, ...]:
    """The likeliest first: those that take lines where documents have some, else by what each takes up; `records` is what the list of the documents is called."""
    ranked = [
        (has_lines, one) for specification in specifications
        if _may_be(found.events, specification)
        for has_lines, one in [_of(found, specification, records)] if _is_likely(one)
    ]  # fmt: skip
    ranked.sort(
        key=lambda pair: (pair[0], round(pair[1].share - 0.03 * len(pair[1].missing), 4), len(pair[1].fields)), reverse=True
    )  # fmt: skip
    best = ranked[0][1] if ranked else None
    return tuple(one for _, one in ranked[:SHOWN] if best is not None and is_near(one, best))


def _of(found: DocumentsProfile, specification: Specification, records: str) -> tuple[bool, Candidate]:
    """Whether documents have lines that a specification takes, and what it takes up of them."""
    repeats = repeats_in((one.steps for one in found.keys), specification)
    columns = [one for one in worded(found.keys, repeats, records) if one.filled]
    of_lines = frozenset(
        at
        for at, one in enumerate(columns)
        if repeats.lines and leads_into(repeats.lines, steps_of(one.name))
    )
    table = TestedTable(columns, 0, RowSample(), DocumentRows(len(columns), of_lines))
    refused = dict(elsewhere(guesses(columns, specification), table, specification.key))
    matches = match(columns, specification, refused=refused)
    used = {one.column for one in matches if one.by_name}
    paths = list(fields_by_path(specification))
    unmatched = {
        one.name: str(nearest(one.called, paths) or "") for place, one in enumerate(columns) if place not in used
    }  # fmt: skip
    filled = [one.field for one in matches]
    # The receiver of a message is its person, and what a line costs is told by multiplying, whatever it is called.
    filled += [LINK] if not {*filled}.isdisjoint(TO) else []
    filled += (
        [PAID] if any(table.is_of_line(place) and is_priced(one) for place, one in enumerate(columns)) else []
    )
    return bool(repeats.rows), Candidate(
        specification.name, specification.record_type, len(used), sum(one.filled > 0 for one in found.keys),
        {str(one.field): columns[one.column].name for one in matches},
        missing(specification, filled), unmatched,
    )  # fmt: skip


def _may_be(events: Collection[str], specification: Specification) -> bool:
    """Whether documents that are events of some kinds are those that a specification is of; where none is known all may be."""
    kind = specification.record_type or ""
    return not events or any(not {*events}.isdisjoint(words.split("|")) for words in KINDS.get(kind, ()))


def _is_likely(one: Candidate) -> bool:
    """Whether more than a person is named: an address in an order makes no request to forget somebody, and a text needs a number."""
    is_text = (one.record_type or "").startswith("sms")
    return (
        one.record_type is not None and one.matched > 1 and not (is_text and NUMBERS.isdisjoint(one.fields))
    )
