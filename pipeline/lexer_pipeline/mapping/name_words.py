"""What the name of a file says: whole words, never parts of them."""

import re
from collections.abc import Collection, Sequence
from pathlib import PurePath

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.rules import FieldRule, NameWord, RecordMap
from lexer_pipeline.specs.names import normalised

# A run of letters and digits.
WORD = re.compile(r"[^\W_]+")
# Before a word they turn it into its contrary, unless the mapping names both together.
NEGATIONS = frozenset({"no", "non", "not", "never", "un"})
# The same before a word of consent: it held once, or does not hold yet.
NOT_NOW = NEGATIONS | {"ex", "old", "pre", "was", "yet"}
CONSENT = frozenset({
    "subscribed", "unsubscribed", "nonsubscribed", "cleaned", "bounced", "optin", "optout", "opted",
})  # fmt: skip
# Wherever they stand beside a word of consent, it does not hold of all people in the file.
DOUBTS = CONSENT | {
    "former", "formerly", "longer", "never", "not", "pending", "previous", "previously",
}  # fmt: skip


def name_word(rule: FieldRule, source: str) -> NameWord:
    """The word of a rule that stands in the name of a file; UsageError where none does, or several that say different things.

    Longer ones go before shorter ones: in `non subscribed`, `subscribed` is not found where both are asked for.
    """
    # A member of a zip is called export.zip!members.csv.
    name = _words(PurePath(source.rpartition("!")[2]).name)
    asked = sorted(((_words(one.word), one) for one in rule.filename), key=lambda pair: -len(pair[0]))
    is_consent = any(not CONSENT.isdisjoint(words) for words, _ in asked)
    turning, doubts = (NOT_NOW, DOUBTS) if is_consent else (NEGATIONS, frozenset[str]())
    found: dict[tuple[str, str, bool], NameWord] = {}
    beside: list[str] = []
    at = 0
    while at < len(name):
        size, one = next(
            ((len(words), one) for words, one in asked if words and words == name[at : at + len(words)]),
            (1, None),
        )
        if one is None:
            beside += {name[at]} & doubts
        else:
            if at and name[at - 1] in turning:
                raise _unclear(rule, source, f"{name[at - 1]} {one.word}")
            found[one.text, one.reason, one.is_elsewhere] = one
        at += size
    if len(found) > 1:
        raise _unclear(rule, source, " and ".join(one.word for one in found.values()))
    for one in found.values():
        if beside:
            raise _unclear(rule, source, " and ".join([one.word, *beside]))
        return one
    raise UsageError(f"{source}: the file's name does not say what {_field(rule)} is", _remedy(rule))


def depends_on_source(record: RecordMap) -> bool:
    """Whether it goes by the name or the header of a source if a record is made of it."""
    return bool(record.needs or record.lacks or any(rule.filename for rule in record.fields))


def records_of(records: Sequence[RecordMap], header: Sequence[str], source: str) -> list[RecordMap]:
    """The records that are made of a source; UsageError if none is, or where its name does not say clearly what it holds."""
    have = {normalised(name) for name in header}
    kept = [one for one in records if _is_made(one, have, source)]
    if not kept:
        wanted = next((one.needs[0] for one in records if one.needs), "")
        raise UsageError(
            f"{source}: no {records[0].specification} is made of such an export"
            + (f", since it has no column {wanted}" if wanted else ""),
            "Check the header and the name of the file, or leave out --spec.",
        )
    return kept


def _is_made(record: RecordMap, have: Collection[str], source: str) -> bool:
    if any(normalised(name) in have for name in record.lacks):
        return False
    if record.needs and not any(normalised(name) in have for name in record.needs):
        return False
    named = [
        rule
        for rule in record.fields
        if rule.filename and not any(normalised(name) in have for names in rule.columns for name in names)
    ]
    return not [rule for rule in named if name_word(rule, source).is_elsewhere]


def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.casefold()))


def _unclear(rule: FieldRule, source: str, words: str) -> UsageError:
    return UsageError(
        f"{source}: the file's name says {words}, so it is not clear what {_field(rule)} is", _remedy(rule)
    )


def _field(rule: FieldRule) -> str:
    return rule.target.rpartition(".")[2]


def _remedy(rule: FieldRule) -> str:
    words = ", ".join(one.word for one in rule.filename)
    column = f" Or the table must have a column {rule.columns[0][0]}." if rule.columns else ""
    return f"Rename the file: its name must have one of these words, as a word of its own: {words}.{column}"
