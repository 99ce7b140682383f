"""What the name of a file says: whole words, never parts of them."""

import re
from pathlib import PurePath

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.rules import FieldRule, NameWord

# A run of letters and digits.
WORD = re.compile(r"[^\W_]+")
# Before a word they turn it into its contrary, unless the mapping names both together.
NEGATIONS = frozenset({"no", "non", "not", "never", "un"})


def name_word(rule: FieldRule, source: str) -> NameWord:
    """The word of a rule that stands in the name of a file; UsageError where none does, or several that say different things.

    Longer ones go before shorter ones: in `non subscribed`, `subscribed` is not found where both are asked for.
    """
    # A member of a zip is called export.zip!members.csv.
    name = _words(PurePath(source.rpartition("!")[2]).name)
    asked = sorted(((_words(one.word), one) for one in rule.filename), key=lambda pair: -len(pair[0]))
    found: dict[tuple[str, str], NameWord] = {}
    at = 0
    while at < len(name):
        size, one = next(
            ((len(words), one) for words, one in asked if words and words == name[at : at + len(words)]),
            (1, None),
        )
        if one is not None:
            if at and name[at - 1] in NEGATIONS:
                raise _unclear(rule, source, f"{name[at - 1]} {one.word}")
            found[one.text or one.word, one.reason] = one
        at += size
    if len(found) > 1:
        raise _unclear(rule, source, " and ".join(one.word for one in found.values()))
    for one in found.values():
        return one
    raise UsageError(f"{source}: the file's name does not say what {_field(rule)} is", _remedy(rule))


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
