"""What the cells of a column are to be, in the words of the kernels."""

import re
from collections.abc import Sequence

from lexer_pipeline.kernels import codes
from lexer_pipeline.specs.schema_tree import Place

PLAIN_WORD = re.compile(r"[A-Za-z0-9_. -]+")
# The kernels that say whether text needs one of the clean-ups of `Cleaning`.
CLEANED = {
    "email": codes.KIND_EMAIL, "hash": codes.KIND_HASH, "date": codes.KIND_DATE, "date-time": codes.KIND_DATE_TIME,
}  # fmt: skip
# A kernel compares a cell with so many.
MOST_WORDS = 64
NOT_TEXT = {
    "boolean": codes.KIND_BOOLEAN,
    "number": codes.KIND_NUMBER,
    "integer": codes.KIND_INTEGER,
}


def kind_of(place: Place, placeholders: Sequence[str] = ()) -> tuple[int, tuple[bytes, ...]]:
    """The kernel that can vouch for cells that fill a place, and the words that it compares them with.

    Those of a field that identifies are `placeholders`, beside those that the kernel knows: they are in doubt.
    """
    types = place.types
    if types and "string" not in types:
        for word, kind in NOT_TEXT.items():
            if word in types:
                return kind, ()
    words = tuple(word.encode() for word in placeholders) if place.identifies else ()
    if len(words) > MOST_WORDS:
        return codes.KIND_UNSURE, ()
    if place.cleaning in CLEANED:
        return CLEANED[place.cleaning], words
    if place.cleaning == "deprecated":
        return enum_kind([word for word in place.options if word not in place.deprecated])
    return text_kind(place), words


def text_kind(place: Place) -> int:
    """The kernel of a text that no rule gives another: one that identifies, another id, or any text."""
    if place.identifies:
        return codes.KIND_IDENTITY
    return codes.KIND_ID if place.is_id else codes.KIND_TEXT


def enum_kind(options: Sequence[object]) -> tuple[int, tuple[bytes, ...]]:
    """The kernel and its words for an enum; UNSURE when it cannot be one."""
    words = enum_words(options)
    return (codes.KIND_UNSURE, ()) if words is None else (codes.KIND_ENUM, words)


def enum_words(options: Sequence[object]) -> tuple[bytes, ...] | None:
    """The words of an enum for a kernel; None unless all of them are plain text."""
    words = tuple(
        option.encode() for option in options if isinstance(option, str) and PLAIN_WORD.fullmatch(option)
    )
    return words if len(words) == len(options) <= MOST_WORDS else None
