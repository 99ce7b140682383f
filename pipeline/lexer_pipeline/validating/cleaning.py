"""What is done to one text before the schema is asked: clean-ups that are named, and texts that may not stand where they do."""

import json
from zoneinfo import ZoneInfo

from msgspec import Struct

from lexer_pipeline.kernels import codes
from lexer_pipeline.specs import signs, values
from lexer_pipeline.specs.placeholders import USUAL, Placeholders
from lexer_pipeline.specs.schema_tree import Place

MEANT = "where it is meant, write placeholders = {{ not = [{}] }} in the mapping"
BLANK = values.Unconvertible(
    "placeholder",
    "more than blanks",
    "is nothing but blanks, or signs that nobody sees; fill it, or leave it empty",
)
DIGITS_LOST = values.Unconvertible(
    "digits_lost", "identifier with all its digits",
    "has lost digits in a spreadsheet; export it again as text, or, "
    + MEANT.format('"..."'),
)  # fmt: skip
# What a text in a field that identifies nobody is left out for in a table, by what it would be an issue for elsewhere.
LEFT_OUT = {"spreadsheet_error": "error_cell", "digits_lost": "digits_lost_in_field"}
PROTECTED = ("'", "=", *signs.AROUND)


class Cleaning(Struct, frozen=True):
    """The clean-ups of one source; `zone` is that of date-times without one."""

    zone: ZoneInfo | None = None
    placeholders: Placeholders = USUAL

    def text(self, text: str, place: Place) -> values.Converted | values.Unconvertible:
        """What becomes of a text of any source: ids, addresses and dates lose what does not belong to them."""
        bare, warnings = text, signs.warnings_of(text)
        names: tuple[str, ...] = ()
        if "invisible_sign" in warnings and place.is_exact:
            bare, names = signs.without_invisible(text), ("invisible_signs_removed",)
            warnings = tuple(name for name in warnings if name != "invisible_sign")
        if bare.startswith(PROTECTED) or bare.endswith(tuple(signs.AROUND)):
            is_plain = place.is_id and place.cleaning in ("", "mobile")
            bare, more = signs.unprotected(bare) if is_plain else (bare, ())
            names += more
        done = _by_kind(bare, place, self.zone)
        if isinstance(done, values.Unconvertible):
            return done
        refused = self.refusal(done.text) if place.identifies else None
        return refused or values.Converted(
            done.text, (*names, *done.conversions), (*warnings, *done.warnings)
        )

    def cell(self, text: str, place: Place) -> values.Converted | values.Unconvertible:
        """What becomes of the cell of a table; one without a text is left out, so that the field is absent."""
        if place.cleaning in ("email", "hash") and not text.strip():
            return _by_kind(text, place, None)
        harm = None if place.identifies else self.harm(text)
        return values.Converted("", (), (LEFT_OUT[harm.code],)) if harm else self.text(text, place)

    def raw(self, text: str, kind: int) -> values.Converted | values.Unconvertible:
        """The text of a cell as a number, an integer or a boolean."""
        bare = signs.without_invisible(text)
        names = ("invisible_signs_removed",) if bare != text else ()
        if not bare:
            return values.Converted("", names)
        done = _RAW[kind](bare)
        if isinstance(done, values.Unconvertible):
            return done
        return values.Converted(done.text, (*names, *done.conversions), done.warnings)

    def refusal(self, text: str) -> values.Unconvertible | None:
        """Why a text cannot say whom or what a record is about; None where it can."""
        word = self.placeholders.word(text)
        if word is not None:
            message = f"stands for nothing ({word}): all records with it would become one; leave it empty, or, {_meant(word)}"
            return values.Unconvertible("placeholder", "no placeholder", message)
        return self.harm(text) if text.strip() else BLANK

    def is_nothing(self, text: str) -> bool:
        """Whether a text stands for nothing: a word of the list, blanks, the error of a spreadsheet."""
        refused = self.refusal(text)
        return refused is not None and refused.code != DIGITS_LOST.code

    def means(self, text: str) -> bool:
        """Whether the mapping says of a text that it is meant, as it stands or by the word that messages have for it."""
        return self.placeholders.means(text) or self.placeholders.means(signs.error_word(text) or "")

    def harm(self, text: str) -> values.Unconvertible | None:
        """What a spreadsheet did to a text that nothing can undo, unless the mapping says that it is meant."""
        if "#" not in text and "+" not in text:
            return None  # no error begins otherwise, and no number lost its digits without the other sign
        error = signs.error_word(text)
        if error is None and not signs.lost_digits(text):
            return None
        if self.means(text):
            return None
        if error is None:
            return DIGITS_LOST
        message = (
            f"is the error of a spreadsheet ({error}); fix it there and export again, or, {_meant(error)}"
        )
        return values.Unconvertible("spreadsheet_error", "no error of a spreadsheet", message)


_RAW = {
    codes.KIND_BOOLEAN: values.boolean,
    codes.KIND_INTEGER: values.integer,
    codes.KIND_NUMBER: values.number,
}


def _meant(word: str) -> str:
    return MEANT.format(json.dumps(word, ensure_ascii=False))


def _by_kind(text: str, place: Place, zone: ZoneInfo | None) -> values.Converted | values.Unconvertible:
    """The clean-ups by what a field holds: e-mails, hashes, mobiles, date-times, deprecated words."""
    if place.cleaning == "email":
        return values.email(text)
    if place.cleaning == "hash":
        return values.hash_text(text)
    if place.cleaning == "mobile":
        return values.mobile(text)
    if place.cleaning == "date-time":
        return values.date_time(text, zone)
    deprecated = place.cleaning == "deprecated" and text in place.deprecated
    return values.Converted(text, (), ("deprecated_value",) if deprecated else ())
