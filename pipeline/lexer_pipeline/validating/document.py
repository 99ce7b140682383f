"""A document whose numbers keep their digits: read from JSON text, asked for plain, and written as NDJSON."""

import json
from collections.abc import Callable, Sequence
from typing import TypeAlias

import orjson
from msgspec import Struct

from lexer_pipeline.limits import DOCUMENT_KEYS
from lexer_pipeline.model import Json
from lexer_pipeline.specs.paths import Parts


class NumberText(Struct, frozen=True):
    """A number as it was written: digits are kept, since a double would change some."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def plain(self) -> int | float:
        """The number as a double or, without fraction and exponent, as an integer."""
        return int(self.text) if self.text.lstrip("-").isdigit() else float(self.text)


# A value of a document, its numbers as they were written.
Value: TypeAlias = bool | int | float | str | NumberText | list["Value"] | dict[str, "Value"] | None


class TooManyKeys(ValueError):
    """A document has more keys than one may have."""


def may_have_too_many_keys(text: bytes) -> bool:
    """Whether a document must be parsed to know that it has no more keys than one may have."""
    return len(text) > DOCUMENT_KEYS and text.count(b":") > DOCUMENT_KEYS


def parse(text: bytes, on_double: Callable[[], None]) -> Value:
    """Parse JSON text, numbers as `NumberText`; raises ValueError where it is not JSON in UTF-8, TooManyKeys where it has too many.

    `on_double` is called for each object that has a key twice.
    """
    keys = 0

    def pairs(found: Sequence[tuple[str, Value]]) -> dict[str, Value]:
        nonlocal keys
        keys += len(found)
        if keys > DOCUMENT_KEYS:
            raise TooManyKeys
        members = dict(found)
        if len(members) != len(found):
            on_double()
        return members

    decoder = json.JSONDecoder(
        parse_float=NumberText, parse_int=NumberText, parse_constant=_no_constant, object_pairs_hook=pairs
    )
    document: Value = decoder.decode(text.decode())
    return document


def _no_constant(_: str) -> object:
    raise ValueError("NaN and Infinity are not JSON")


def plain(value: Value) -> Json:
    """The document with numbers as the schema engine takes them."""
    if isinstance(value, NumberText):
        return value.plain
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def write(value: Value) -> bytes:
    """A value as JSON text; orjson.JSONEncodeError where it is nested too deep, or a text is no Unicode."""
    return orjson.dumps(value, _write_number, orjson.OPT_PASSTHROUGH_DATACLASS)


def write_line(document: dict[str, Value]) -> bytes:
    """A document as one NDJSON line, LF included."""
    # Not OPT_APPEND_NEWLINE: what orjson gives keeps its buffer of four kilobytes at least, a sum is as large as its text.
    return orjson.dumps(document, _write_number, orjson.OPT_PASSTHROUGH_DATACLASS) + b"\n"


def _write_number(value: NumberText) -> orjson.Fragment:
    return orjson.Fragment(value.text)


def is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def value_at(document: Value, path: Parts) -> Value:
    """The value that a path leads to; None where there is none."""
    for part in path:
        if isinstance(document, dict) and isinstance(part, str):
            document = document.get(part)
        elif isinstance(document, list) and isinstance(part, int) and part < len(document):
            document = document[part]
        else:
            return None
    return document
