"""The text of a drafted mapping: TOML that runs as it is, with what is left to a person in comments."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from lexer_pipeline.inspecting.lacking import Lack
from lexer_pipeline.inspecting.status_words import SkipProposal
from lexer_pipeline.mapping.synonyms import is_secret
from lexer_pipeline.model import Field, Json, Specification
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath

PRODUCTS = FieldPath(("products", EACH))
CUSTOM = FieldPath(("custom_fields", ANY))
LINK = FieldPath(("link",))


class Drafted(Struct, frozen=True):
    """One line of a draft; `value` is what TOML says of the field, `why_not` why it is but a comment.

    `also` are further columns that it reads. Where a person must choose, `choices` are what TOML could say instead of `value`.
    """

    field: FieldPath
    column: str
    confidence: float
    reason: str
    value: str
    notes: tuple[str, ...] = ()
    why_not: str = ""
    also: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return (self.column, *self.also) if self.column else self.also

    def as_json(self) -> dict[str, Json]:
        """The line as `map --json` prints it."""
        return {
            "field": str(self.field),
            "column": self.column,
            "confidence": self.confidence,
            "reason": self.reason,
        }


class DocumentPage(Struct, frozen=True):
    """What a draft says of JSON alone: where the records lie, and the lists that no line reads, each with a word on it.

    `records`, `parent`, `each` and `key` are settings of the mapping, empty where there is none; `refunds` is a list of which
    other records are made.
    """

    lists: Mapping[str, str]
    records: str = ""
    parent: str = ""
    each: str = ""
    key: str = ""
    refunds: str = ""


class Page(Struct, frozen=True):
    """All that a draft says. `left` are the columns that no line reads, each with a word on it; `again` those that are called nearly as one before.

    `wants_country` says that phone numbers are read as of a country that a person must name, `leaves_out_unlinked` that records
    which name no one are left out.

    With `continues` a row without a key goes on with the row before it.
    """

    title: str
    specification: Specification
    fields: Mapping[FieldPath, Field]
    lines: Sequence[Drafted]
    lacks: Sequence[Lack]
    left: Mapping[str, str]
    again: Sequence[str]
    skips: Sequence[SkipProposal] = ()
    questions: Sequence[str] = ()
    continues: bool = False
    sheet: str | None = None
    wants_country: bool = False
    leaves_out_unlinked: bool = False
    documents: DocumentPage | None = None


def toml(page: Page) -> Iterator[str]:
    """The lines of the text."""
    specification = page.specification
    yield f"# A draft for {specification.name}. Look at each line; the number says how sure it is (1 is certain)."
    yield f"# The fields: lexer-pipeline specs {specification.record_type or specification.name}"
    yield from _questions(page.questions)
    yield f"title = {quoted(page.title)}"
    if page.sheet is not None:
        yield f"sheet = {quoted(page.sheet)}  # the one that is read, unless --sheet says otherwise"
    if page.wants_country:
        yield '# country = "AU"  # of phone numbers that have no country code; write yours, and take the # away'
    yield from _left_out(page)
    yield from _of_documents(page)
    yield ""
    yield "[[records]]"
    yield f'specification = "{specification.name}"'
    if page.documents is not None:
        yield from _of_record(page.documents)
    if page.continues:
        yield 'differ = "first"  # a row without a key is a further line of the row before it'
    elif page.documents is None and any(line.field[:2] == PRODUCTS for line in page.lines):
        yield '# differ = "first"  # where the rows of one record say different things, the first wins'
    if page.leaves_out_unlinked:
        yield 'unlinked = "skip"  # who names no one to link to is left out and counted'
    yield ""
    for skip in page.skips:
        yield from _skip(skip)
    yield "[records.fields]"
    yield from _lines(page.lines)
    for lack in page.lacks:
        yield from _lack(lack, page)
    if not any(not line.why_not for line in page.lines):
        yield from _placeholder(specification)


def _questions(questions: Sequence[str]) -> Iterator[str]:
    if questions:
        yield "# One question is left:" if len(questions) == 1 else f"# {len(questions)} questions are left:"
        yield from (f"# - {one}" for one in questions)


def _left_out(page: Page) -> Iterator[str]:
    secret = [name for name in page.left if is_secret(name)]
    if secret:
        yield f"secret = [{', '.join(map(quoted, secret))}]  # never passed on, not even to rejects"
    yield "# Columns that are left out."
    if CUSTOM in page.fields:
        yield '# To keep one as it is, give it a field of your own: "custom_fields.tier" = "Tier"'
    yield "drop = ["
    for name, word in page.left.items():
        if name not in secret:
            yield f"    {quoted(name)},  # {word}"
    for name in dict.fromkeys(page.again):
        yield f"    {quoted(name)},  # nearly the name of a column before it; look which of the two is meant"
    yield "]"


def _of_documents(page: Page) -> Iterator[str]:
    """What is said of all documents."""
    if page.documents is None:
        return
    yield "columns_vary = true  # what no document has is empty, and what comes new is left out and named"
    yield ""
    yield "[documents]"
    if page.documents.records:
        yield f"records = {quoted(page.documents.records)}  # the list that holds the records"
    if page.documents.parent:
        yield f"parent = {quoted(page.documents.parent)}  # a line with it belongs to the line with that id"


def _of_record(documents: DocumentPage) -> Iterator[str]:
    if documents.each:
        yield f"each = {quoted(documents.each)}  # each item of this list is a record"
    if documents.key:
        yield f"key = {quoted(documents.key)}  # documents that share it are one record"
    if documents.refunds:
        yield f'# What was given back is in {documents.refunds}: a further [[records]] of commerce_returns with each = "{documents.refunds}"'


def _skip(skip: SkipProposal) -> Iterator[str]:
    """Rows that are left out; as comments where a person should decide."""
    mark = "" if skip.is_sure else "# "
    words = ", ".join(map(quoted, skip.words))
    if not skip.is_sure:
        yield "# Take these # away to leave such rows out."
    yield f"{mark}[[records.skip]]"
    yield f"{mark}column = {quoted(skip.column)}"
    yield f"{mark}{'empty = false' if skip.is_date else f'is_not = [{words}]' if skip.negated else f'is = [{words}]'}"
    yield f"{mark}reason = {quoted(skip.reason)}"
    if not skip.contradicts:
        yield f"{mark}contradicts = false"
    yield ""


def _lines(lines: Sequence[Drafted]) -> Iterator[str]:
    for line in lines:
        for note in line.notes:
            yield f"# {line.field}: {note}"
        mark = "# " if line.why_not else ""
        why = f"; not yet: {line.why_not}" if line.why_not else ""
        how = f"{line.confidence:.2f}: {line.reason}" if line.confidence else line.reason
        for value in line.choices or (line.value,):
            yield f"{mark}{_key(line.field)} = {value}  # {how}{why}"


def _lack(lack: Lack, page: Page) -> Iterator[str]:
    """A required field that nothing fills, as a comment to be completed; unless one stands there already."""
    if any(line.field.general == lack.field for line in page.lines):
        return
    field = None if lack.field == LINK else page.fields.get(lack.field)
    if field is None:
        yield f"# {lack.field} is required, and no column says it: map one of its fields, as in"
        yield '# "link.customer_id" = "..."' if lack.field == LINK else f'# "{lack.field}" = "..."'
        return
    rule = f", {field.rule}" if field.rule else ""
    yield f'# {_key(lack.field)} = "..."  # required, {field.type}{rule}: a column, or {{ constant = "..." }}'


def _placeholder(specification: Specification) -> Iterator[str]:
    """A mapping must fill a field, so that one without any match fills one with nothing that a record keeps."""
    yield "# No column could be matched; replace this line."
    yield f'{_key(FieldPath.named(specification.fields[0].path).first)} = {{ constant = "" }}'


def _key(path: FieldPath) -> str:
    text = str(path)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else quoted(text)


def quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0): what JSON writes, with DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
