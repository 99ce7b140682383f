"""Rows that are no purchase, no return or no message, by words of closed lists in columns that say what a row is."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.inspecting import closed_words as words
from lexer_pipeline.inspecting.event_kinds import EVENT, words_of_kind
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.names import normalised

STATUS = re.compile(r"status|^state$|orderstate$|zustand|état$|etat$|estado$|stato$|bestellstatus|statut")
KIND = re.compile(
    r"(^|event|transaction|row|line|order|record|movement|receipt|sale|entry)(type|kind|art)$|^direction$|^vorgang$"
)
# A status of something else than the order: that of parcels, taxes, people.
NO_STATUS = re.compile(
    r"fulfil|shipping|shipment|delivery|tracking|address|tax|risk|dispute|email|consent|subscri|opt|marketing|check|cvc|avs|zip|authenticity"
    r"|lead|contact|customer|member|versand|liefer|substatus|feedback"
)
FLAG = re.compile(
    r"^(is)?(void|voided|cancelled|canceled|cancel|refund|refunded|test|testorder|deleted|storniert|storno|annulé|annulée|anulado)$"
)
FLAGS = frozenset({"true", "false", ""})
WHEN_CALLED_OFF = re.compile(r"^(order)?(cancelled|canceled|voided|deleted|archived)(at|on|date|time)$")
COMMERCE = ("purchase", "return")
SENDS = ("email_send", "sms_send")


class SkipProposal(Struct, frozen=True):
    """Rows to leave out: those whose `column` says one of `words`, and why; `is_sure` where nothing speaks for them.

    With `is_date` the column says when, so that it is filled; `negated` leaves out those that say none of the words.

    One that `contradicts` says of an order what cannot be where another source of a run has it.
    """

    column: str
    words: tuple[str, ...]
    reason: str
    is_sure: bool
    contradicts: bool = True
    is_date: bool = False
    negated: bool = False

    def skips(self, text: str) -> bool:
        """Whether a row with this text in the column is left out."""
        return bool(text) if self.is_date else (text.casefold() in self.words) != self.negated


def skips_of(table: TestedTable, specification: Specification) -> Iterator[SkipProposal]:
    """The rows that a draft proposes to leave out."""
    kind = specification.record_type or ""
    for place, column in enumerate(table.columns):
        name = normalised(column.called)
        texts = [text.casefold() for text in table.sample.column(place)]
        if EVENT.search(name) and (meant := words_of_kind(texts, kind, table.documents is not None)):
            yield SkipProposal(column.name, meant, "another kind of event", True, negated=True)
        elif WHEN_CALLED_OFF.search(name) and kind in COMMERCE and _is_of_some(table, place):
            reason = f"an order that was called off is no {kind}"
            yield SkipProposal(column.name, (), reason, True, is_date=True)
        elif FLAG.search(name) and kind in COMMERCE:
            found = _among(texts, words.YES)
            if table.documents is not None and set(texts) <= FLAGS:
                # What no document of this export says, one of the next may.
                found = ("true",)
            if found and (table.documents is not None or len(set(texts)) > 1):
                yield SkipProposal(
                    column.name, found, f"what was called off is no {kind}", "refund" not in name
                )
        elif (STATUS.search(name) and not NO_STATUS.search(name)) or KIND.search(name):
            said = list(_said(table, place, texts, kind))
            gone = {word for one in said if one.is_sure for word in one.words}
            # Words that would leave no row are rather how this export speaks of all its orders.
            stay = any(text and text not in gone for text in texts)
            yield from (replace(one, is_sure=one.is_sure and stay) for one in said)


def _said(table: TestedTable, place: int, texts: Sequence[str], kind: str) -> Iterator[SkipProposal]:
    column = table.name(place)
    if kind in SENDS and (found := _among(texts, words.RECEIVED)):
        yield SkipProposal(
            column, found, "a message that was not sent, or came in, is none that was sent", True
        )
    if kind not in COMMERCE:
        return
    if found := _among(texts, words.CALLED_OFF):
        yield SkipProposal(column, found, f"an order that was called off is no {kind}", True)
    if found := _among(texts, words.UNPAID):
        yield SkipProposal(column, found, "it is not paid yet; export it again when it is", True, False)
    is_kind = KIND.search(normalised(table.called(place))) is not None
    others = words.OTHER_LINES if words.LINE_ITEMS.intersection(texts) else words.OTHER_ROWS
    if is_kind and (found := _among(texts, others)):
        yield SkipProposal(column, found, "the row is no article that was sold", True)
    if kind == "purchase" and (found := _among(texts, words.GIVEN_BACK)):
        is_sure = is_kind or _is_below_zero(table, [row for row, text in enumerate(texts) if text in found])
        reason = "a row that gives money back is no purchase" if is_sure else "its money was given back"
        yield SkipProposal(column, found, reason, is_sure, False)


def _is_below_zero(table: TestedTable, rows: Sequence[int]) -> bool:
    """Whether some amount is below zero in all of these rows."""
    return any(
        table.is_amount(place) and all((table.numbers(place)[row] or 0) < 0 for row in rows)
        for place in range(len(table.columns))
    )


def _is_of_some(table: TestedTable, place: int) -> bool:
    """Whether some rows, and not most of them, fill a column; of documents the next may."""
    column = table.columns[place]
    return 2 * column.filled <= table.rows and (table.documents is not None or column.filled > 0)


def without(table: TestedTable, skips: Sequence[SkipProposal]) -> TestedTable:
    """The table without the rows of its sample that are surely left out."""
    gone = [
        (place, one) for place in range(len(table.columns)) for one in skips
        if one.is_sure and one.column == table.name(place)
    ]  # fmt: skip
    kept = [row for row in table.sample.rows if not any(one.skips(row[place]) for place, one in gone)]
    return replace(table, sample=RowSample(kept), _numbers={}) if gone else table


def _among(texts: Sequence[str], closed: frozenset[str]) -> tuple[str, ...]:
    """The words of a closed list that stand in a column."""
    return tuple(sorted(closed.intersection(texts)))


def consent_words(texts: Sequence[str]) -> dict[str, str] | None:
    """What each word of a column means for consent; None where one of them does not say so beyond doubt."""
    found = {text.casefold() for text in texts if text}
    return (
        {word: words.CONSENT[word] for word in sorted(found)}
        if found and found <= words.CONSENT.keys()
        else None
    )


def sale_types(texts: Sequence[str]) -> dict[str, str] | None:
    """Which words of a column mean an online shop and which a till; None where one says neither."""
    found = {text.casefold() for text in texts if text}
    if not found or not found <= words.ONLINE | words.AT_A_TILL or "" in texts:
        return None
    return {word: "ecommerce" if word in words.ONLINE else "physical" for word in sorted(found)}
