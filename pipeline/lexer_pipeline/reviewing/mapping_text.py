"""The text of a drafted mapping, in which a person gives columns other fields: line by line, so that what the draft says of the others stays."""

import re
import tomllib

from msgspec import Struct

from lexer_pipeline.inspecting.draft_text import quoted

FIELDS, DROP = "[records.fields]", "drop = ["
CHOSEN = "chosen on the review page"
BARE = re.compile(r"[A-Za-z0-9_-]+")
REASON = re.compile(r"  # (?P<reason>[^\"]*)$")


class FieldLine(Struct, frozen=True):
    """A line of a mapping: the field, the columns that it reads or the constant that it is, and why."""

    at: int
    field: str
    columns: tuple[str, ...]
    constant: str | None
    reason: str


class MappingText:
    """The text of a mapping with one kind of record; what cannot be told line by line is left as it is."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(f"{line}\n" for line in self._lines)

    def fields(self) -> list[FieldLine]:
        """The lines that fill fields."""
        begin = self._lines.index(FIELDS) if FIELDS in self._lines else len(self._lines)
        found = (_field_line(at, self._lines[at]) for at in range(begin + 1, len(self._lines)))
        return [one for one in found if one is not None]

    def give(self, column: str, field: str, steps: list[str]) -> None:
        """Let a column fill a field, and what filled it before nothing."""
        value = quoted(column)
        if steps:
            value = f"{{ column = {value}, convert = [{', '.join(steps)}] }}"
        self._take(column)
        self._drop(column, is_dropped=False)
        self._set(field, value)

    def always(self, field: str, constant: str) -> None:
        """Let a field say the same in every record."""
        self._set(field, f"{{ constant = {quoted(constant)} }}")

    def leave_out(self, column: str) -> None:
        """Let a column fill nothing."""
        self._take(column)
        self._drop(column, is_dropped=True)

    def _set(self, field: str, value: str) -> None:
        for one in reversed(self.fields()):
            if one.field == field:
                del self._lines[one.at]
                for column in one.columns:
                    if not self._is_read(column):
                        self._drop(column, is_dropped=True)
        key = field if BARE.fullmatch(field) else quoted(field)
        self._lines.append(f"{key} = {value}  # {CHOSEN}")

    def _take(self, column: str) -> None:
        """Take away the lines that read a column; one that reads others too goes as a whole."""
        for one in reversed(self.fields()):
            if column in one.columns:
                del self._lines[one.at]

    def _is_read(self, column: str) -> bool:
        return any(column in one.columns for one in self.fields())

    def _drop(self, column: str, *, is_dropped: bool) -> None:
        """Have a column among those that are left out, or not."""
        start = f"    {quoted(column)},"
        known = [at for at, line in enumerate(self._lines) if line == start or line.startswith(f"{start}  #")]
        if not is_dropped:
            for at in reversed(known):
                del self._lines[at]
        elif not known and DROP in self._lines:
            self._lines.insert(self._lines.index(DROP) + 1, f"{start}  # left out on the review page")


def _field_line(at: int, line: str) -> FieldLine | None:
    if not line or line.startswith(("#", "[", " ")):
        return None
    try:
        ((key, value),) = tomllib.loads(line).items()
    except ValueError:
        return None
    reason = REASON.search(line)
    constant = str(value["constant"]) if isinstance(value, dict) and "constant" in value else None
    return FieldLine(at, key, tuple(_columns(value)), constant, reason["reason"] if reason else "")


def _columns(value: object) -> list[str]:
    """The columns that the value of a field names."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [name for one in value for name in _columns(one)]
    if isinstance(value, dict):
        return [
            name for key in ("column", "columns", "first", "join") for name in _columns(value.get(key, []))
        ]
    return []
