"""Words for other words, and words for nothing."""

from collections.abc import Mapping
from functools import partial

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised, changed
from lexer_pipeline.specs.values import Converted, Unconvertible

DEFAULT = "*"
MOST_SHOWN = 20
# What the kernel can be told of in one byte.
LONGEST_WORD = 255
ENUM_WANTED = 'a table of words, as in { Paid = "purchase", "*" = "other" }'
ABSENT_WANTED = 'a list of texts, as in ["#N/A", "NULL", "-"], or a table such as { holds = ["*"], ends = ["@members.ebay.com"] }'
ABSENT_SETTINGS = ("is", "holds", "ends")


def enum(argument: object) -> Conversion:
    """A word of a table, in any case, becomes the word that stands for it; "*" is for all others."""
    if not isinstance(argument, Mapping) or not argument:
        raise arguments.refused("enum", ENUM_WANTED)
    words: dict[str, str] = {}
    for word, meaning in argument.items():
        plain, said = word.strip().casefold(), _said(meaning)
        if words.get(plain, said) != said:
            hint = "Case and blanks make no difference."
            raise UsageError(f"the conversion enum has two meanings for {word.strip()}", hint)
        words[plain] = said
    default = words.pop(DEFAULT, None)
    known = [word for word in argument if word.strip() != DEFAULT]
    shown = ", ".join(known[:MOST_SHOWN]) + (" and others" if len(known) > MOST_SHOWN else "")
    return partial(_translated, words, default, shown)


def _said(meaning: object) -> str:
    """TOML's own true, false and whole numbers are written as JSON writes them."""
    if isinstance(meaning, bool):
        return str(meaning).lower()
    if not isinstance(meaning, str | int):
        raise arguments.refused("enum", ENUM_WANTED)
    return str(meaning)


def _translated(
    words: Mapping[str, str], default: str | None, shown: str, text: str
) -> Converted | Unconvertible:
    found = words.get(text.strip().casefold())
    if found is not None:
        return changed(text, found, "word_translated")
    if default is not None:
        return changed(text, default, "word_defaulted")
    message = f"is not a word that the mapping lists; fix it or add it to the table, which has: {shown}"
    return Unconvertible("enum", f"one of: {shown}", message)


def absent(argument: object) -> Conversion:
    """A text that a list gives, blanks around it aside, becomes an absent field; so does one that holds or ends with a text."""
    table = argument if isinstance(argument, Mapping) else {"is": argument}
    said = arguments.table_argument("absent", table, ABSENT_SETTINGS, ABSENT_WANTED)
    if not said:
        raise arguments.refused("absent", ABSENT_WANTED)
    listed = {name: arguments.texts_argument("absent", texts, ABSENT_WANTED) for name, texts in said.items()}
    nothing = frozenset(text.strip() for text in listed.get("is", ()))
    holds, ends = (tuple(text.casefold() for text in listed.get(name, ())) for name in ("holds", "ends"))
    convert = partial(_absent, nothing, holds, ends)
    # The kernel leaves to the conversion all texts that may be meant.
    kernel, words = codes.TO_ABSENT, sorted(nothing)
    if holds or ends:
        kernel, words = codes.TO_UNMASKED, sorted({*(word.casefold() for word in nothing), *holds, *ends})
    told = [word.encode() for word in words]
    if any(len(word) > LONGEST_WORD for word in told):
        return convert
    return Vectorised(convert, kernel, b"".join(bytes([len(word)]) + word for word in told))


def _absent(nothing: frozenset[str], holds: tuple[str, ...], ends: tuple[str, ...], text: str) -> Converted:
    plain = text.strip()
    folded = plain.casefold() if holds or ends else ""
    is_nothing = plain in nothing or folded.endswith(ends) or any(one in folded for one in holds)
    return Converted("", ("made_absent",)) if is_nothing and text else Converted(text)
