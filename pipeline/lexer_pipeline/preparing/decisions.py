"""What was decided over a source as a whole, so that some of its rows can be read as all of them were."""

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.encodings import known_encoding
from lexer_pipeline.loading.format import (
    AS_TOLD,
    FORMS,
    ONE_A_LINE,
    REJECTS,
    TABLE,
    ReadOptions,
)
from lexer_pipeline.mapping.rules import FieldDecisions
from lexer_pipeline.model import Json
from lexer_pipeline.specs.values import is_date

# The conversions whose reading is told by a whole column, and so what may be decided for a field.
READINGS = ("date", "date-time-zone", "money")
READING_TYPES: Mapping[str, type] = {
    "form": str, "encoding": str, "alphabet": str, "sheet": str, "delimiter": str, "header_row": int, "footer": bool,
    "skip_hidden": bool, "quotes": bool,
}  # fmt: skip
DELIMITER = re.compile(r'(?=[\x00-\x7f])[^\w"\r\n]')
REMEDY = "Take the manifest.json that this program wrote; decisions are not made by hand."


class Decisions(Struct, frozen=True):
    """How a source was read and, for fields whose column told it, in which form: several where all cells read alike by each.

    `fields` are called by their names in the mapping: {"action_at": {"date": ("dd/mm/yyyy",)}}. `record` is the number (from 0) of
    the record in the mapping, where that has several of one specification. `day` is that of the run, where years of birth of two
    digits were told by it.
    """

    reading: ReadOptions = AS_TOLD
    fields: FieldDecisions = field(default_factory=dict)
    record: int | None = None
    day: str = ""

    def as_json(self) -> dict[str, Json]:
        """The decisions as manifest.json holds them: {"reading": {...}, "fields": {"action_at": {"date": ["dd/mm/yyyy"]}}}."""
        said = {name: getattr(self.reading, name) for name in READING_TYPES}
        told = {
            target: {name: list(forms) for name, forms in sorted(by_name.items())}
            for target, by_name in sorted(self.fields.items())
        }
        return {
            "reading": {name: value for name, value in said.items() if value is not None},
            "fields": told,
            **({} if self.record is None else {"record": self.record}),
            **({"day": self.day} if self.day else {}),
        }

    def for_rejects(self, asked: ReadOptions = AS_TOLD) -> "Decisions":
        """The same for what the source's batch rejected.

        That file says itself how it is read, since any program may have saved it anew; what it does not say may be `asked`. As
        this program wrote it, its quotes are those of the source.
        """
        is_table = self.reading.form in (TABLE, REJECTS)
        form = REJECTS if is_table else ONE_A_LINE
        return replace(self, reading=replace(asked, form=form, quotes=self.reading.quotes))


def from_json(said: object, where: str) -> tuple[Decisions, ...]:
    """The decisions on each source, as a manifest holds them; UsageError says `where` the manifest is and what is broken."""
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise _broken(where, "must be a list with an object for each source")
    return tuple(_one(one, f"{where}: decisions[{number}]") for number, one in enumerate(said))


def _one(said: object, where: str) -> Decisions:
    if not isinstance(said, Mapping) or set(said) - {"reading", "fields", "record", "day"}:
        raise _broken(where, "must be an object of reading and fields")
    record, day = said.get("record"), said.get("day", "")
    if record is not None and (type(record) is not int or record < 0):
        raise _broken(where, "record must be a number from 0")
    if not isinstance(day, str) or (day and not is_date(day)):
        raise _broken(where, "day must be a day, as in 2024-03-06")
    reading, fields = _reading(said.get("reading", {}), where), _fields(said.get("fields", {}), where)
    return Decisions(reading, fields, record, day)


def _reading(said: object, where: str) -> ReadOptions:
    if not isinstance(said, Mapping):
        raise _broken(where, "reading must be an object")
    for name, value in said.items():
        kind = READING_TYPES.get(name)
        if kind is None or type(value) is not kind:
            raise _broken(
                where, f"reading.{name} is not what it must be" if kind else f"reading has no {name}"
            )
    reading = ReadOptions(**said)
    if reading.form not in FORMS:
        raise _broken(where, f"reading.form must be one of: {', '.join(FORMS)}")
    if reading.encoding is not None and not _is_encoding(reading.encoding):
        raise _broken(where, "reading.encoding is the name of no encoding")
    if reading.delimiter is not None and not DELIMITER.fullmatch(reading.delimiter):
        raise _broken(where, "reading.delimiter must be one sign that is no letter, quote or line break")
    if reading.header_row is not None and reading.header_row < 1:
        raise _broken(where, "reading.header_row must be a line from 1")
    return reading


def _is_encoding(name: str) -> bool:
    try:
        known_encoding(name)
    except UsageError:
        return False
    return True


def _fields(said: object, where: str) -> dict[str, dict[str, tuple[str, ...]]]:
    if not isinstance(said, Mapping):
        raise _broken(where, "fields must be an object")
    return {target: _forms(by_name, f"{where}.fields.{target}") for target, by_name in said.items()}


def _forms(said: object, where: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(said, Mapping):
        raise _broken(where, "must be an object")
    for name, forms in said.items():
        if name not in READINGS:
            raise _broken(where, f"has {name}, and only these are decided: {', '.join(READINGS)}")
        if not isinstance(forms, list) or not forms or not all(isinstance(one, str) for one in forms):
            raise _broken(where, f"{name} must be a list of texts")
    return {name: tuple(forms) for name, forms in said.items()}


def _broken(where: str, what: str) -> UsageError:
    return UsageError(f"{where}: {what}", REMEDY)
