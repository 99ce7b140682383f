"""A mapping file: which columns of an export become which fields, read from TOML and checked.

title = "Till receipts"
drop = ["Till", "Cashier"]              # columns left out on purpose

[[records]]
specification = "commerce_purchases"

[[records.skip]]
column = "Status"
is = ["void"]
reason = "a void receipt is no purchase"

[records.fields]
purchase_id = "Receipt"                                     # a column
action_at = { column = "When", convert = [{ date = "%d/%m/%Y %H:%M" }] }
type = { column = "Shop", convert = [{ enum = { Web = "ecommerce", "*" = "physical" } }], default = "ecommerce" }
"store.name" = { template = "{Shop} ({City})" }
"store.type" = { constant = "physical" }                    # stands where another field of the store does
"link.email" = { first = ["E-mail", "Contact"] }            # the first of several columns that is filled
"link.mobile" = { column = "Phone", convert = ["phone"], unless = "link.email" }
"products[].quantity" = "Pieces"
"products[].full_price" = { column = "Each", convert = ["money"] }
"products[].price_paid" = { fields = ["products[].quantity", "products[].full_price"], convert = ["line-total"] }
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from lexer_pipeline.errors import UsageError

PRESETS = Path(__file__).parent / "presets"
TOP_KEYS = ("title", "recognise", "drop", "secret", "refuse", "columns_vary", "records")
RECORD_KEYS = ("specification", "key", "differ", "together", "carry", "skip", "fields")
SOURCES = ("column", "columns", "first", "fields", "constant", "template", "filename")
FIELD_KEYS = (*SOURCES, "join", "convert", "split", "most", "with", "unless", "default")
SKIP_KEYS = ("column", "is", "is_not", "empty", "reason")
PLACE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Skip:
    """Rows to leave out, and why: the column's text is (or is not) one of `words`, in any case."""

    columns: tuple[str, ...]
    words: tuple[str, ...]
    negated: bool
    reason: str


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field is made: pieces of text and columns, joined, then converted.

    A piece is a text, or a tuple of the names by which its column may be called; with `join` the pieces are
    columns, and those that are filled are joined; with `takes_first` the first that is filled is taken. `made`
    are fields made before this one, whose texts are joined by U+001F. `split` cuts the result into the items of
    a list, `most` of them at the most; `filename` finds a constant by a word in the file's name. The field
    stands only where the field `given` does, and not where one of `unless` does; `default` is what it is where
    nothing fills it.
    """

    target: str
    pieces: tuple[str | tuple[str, ...], ...] = ()
    join: str | None = None
    conversions: tuple[tuple[str, Any], ...] = ()
    split: str = ""
    most: int = 0
    filename: tuple[tuple[str, str], ...] = ()
    takes_first: bool = False
    made: tuple[str, ...] = ()
    given: str = ""
    unless: tuple[str, ...] = ()
    default: str = ""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The columns that it reads, each with the names by which it may be called."""
        return tuple(piece for piece in self.pieces if isinstance(piece, tuple))


@dataclass(frozen=True, slots=True)
class RecordMap:
    """One kind of record that a source feeds.

    `takes_first` lets the rows of one key differ: the first that says something wins (the fields of `together`
    all come from one row), and a row without a key goes on with the row before it. With `carry` each row is a
    record of its own, and an empty cell of these columns says what the row before it with the same key says.
    """

    specification: str
    key: str | None
    takes_first: bool
    skips: tuple[Skip, ...]
    fields: tuple[FieldRule, ...]
    carry: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    def columns(self) -> Iterator[str]:
        """The names of all columns that it reads."""
        yield from (name for rule in self.fields for names in rule.columns for name in names)
        yield from (name for skip in self.skips for name in skip.columns)
        yield from self.carry


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file; `refuse` says why such an export cannot be converted at all."""

    path: Path
    title: str
    recognise: tuple[str, ...]
    drop: tuple[str, ...]
    secret: tuple[str, ...]
    refuse: str
    columns_vary: bool
    records: tuple[RecordMap, ...]

    @property
    def name(self) -> str:
        """What `--map` calls a preset."""
        return self.path.stem


def normalised(name: str) -> str:
    """A column's name without case, spaces and punctuation: how names are compared."""
    return re.sub(r"[\W_]+", "", name.casefold())


def presets() -> tuple[Mapping, ...]:
    """The mappings that come with the package, by name."""
    return tuple(read(path) for path in sorted(PRESETS.glob("*.toml")))


def find(word: str) -> Mapping:
    """The mapping that `word` means: a preset's name or the path of a file."""
    preset = PRESETS / f"{word}.toml"
    if re.fullmatch(r"[A-Za-z0-9_-]+", word) and preset.is_file():
        return read(preset)
    path = Path(word)
    if path.is_file():
        return read(path)
    known = [path.stem for path in sorted(PRESETS.glob("*.toml"))]
    near = get_close_matches(word, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"The presets are: {', '.join(known)}."
    raise UsageError(f"{word}: there is no such mapping, neither a preset nor a file", hint)


def recognise(header: Sequence[str]) -> tuple[Mapping, ...]:
    """The presets that a header fits best: those with the most telling columns, all of which it has."""
    have = {normalised(name) for name in header}
    fitting = [
        one for one in presets() if one.recognise and {normalised(name) for name in one.recognise} <= have
    ]
    most = max((len(one.recognise) for one in fitting), default=0)
    return tuple(one for one in fitting if len(one.recognise) == most)


def read(path: Path) -> Mapping:
    """Read and check a mapping file; UsageError names the file, the line and the nearest valid word."""
    try:
        text = path.read_text("utf-8")
        table = tomllib.loads(text)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read ({problem.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as problem:
        hint = "`lexer-pipeline map SOURCE --spec SPEC` drafts one; docs/mappings.md says what it may hold."
        raise UsageError(f"{path}: is not TOML: {problem}", hint) from None
    return _Reader(path, text).mapping(table)


class _Reader:
    """Checks one file; knows on which line a word stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = text.splitlines()

    def fail(self, word: str, message: str, hint: str = "") -> NoReturn:
        line = next((number for number, text in enumerate(self._lines, 1) if word and word in text), 1)
        raise UsageError(f"{self._path}: line {line}: {message}", hint)

    def known(self, table: Map[str, Any], known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                near = get_close_matches(key, known, 1)
                self.fail(
                    key,
                    f"there is no setting {key}",
                    f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}.",
                )

    def texts(self, table: Map[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fail(key, f"{key} must be a text or a list of texts")
        return tuple(value)

    def mapping(self, table: Map[str, Any]) -> Mapping:
        self.known(table, TOP_KEYS)
        records = table.get("records", [])
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            self.fail("records", "records must be written [[records]]")
        refuse = str(table.get("refuse", ""))
        if not records and not refuse:
            self.fail("", "there is no [[records]], so nothing would be made")
        return Mapping(
            self._path, str(table.get("title", self._path.stem)), self.texts(table, "recognise"),
            self.texts(table, "drop"), self.texts(table, "secret"), refuse, bool(table.get("columns_vary", False)),
            tuple(self.record(one) for one in records),
        )  # fmt: skip

    def record(self, table: Map[str, Any]) -> RecordMap:
        self.known(table, RECORD_KEYS)
        if not isinstance(table.get("specification"), str):
            self.fail(
                "[[records]]", "a record needs its specification", 'Add specification = "commerce_purchases".'
            )
        differ = table.get("differ", "refuse")
        if differ not in ("refuse", "first"):
            self.fail("differ", 'differ must be "refuse" or "first"')
        fields = table.get("fields", {})
        if not isinstance(fields, dict) or not fields:
            self.fail("fields", "a record needs [records.fields]")
        rules = tuple(self.field(target, value) for target, value in fields.items())
        carry, together = self.texts(table, "carry"), self.texts(table, "together")
        self.same_record(rules, together)
        if carry and "key" not in table:
            self.fail("carry", "carry needs the key whose rows share these columns", 'Add key = "...".')
        return RecordMap(
            table["specification"], table.get("key"), differ == "first",
            tuple(self.skip(one) for one in table.get("skip", [])), rules, carry, together,
        )  # fmt: skip

    def same_record(self, rules: Sequence[FieldRule], together: Sequence[str]) -> None:
        """Refuse a field that leans on one that the record does not have, or on itself by way of others."""
        leans = {
            rule.target: (*rule.made, *rule.unless, *([rule.given] if rule.given else [])) for rule in rules
        }
        for target, others in (*leans.items(), ("together", together)):
            for other in others:
                if other not in leans:
                    near = get_close_matches(other, leans, 1)
                    hint = f"Did you mean {near[0]}?" if near else "Name a field of the same record."
                    self.fail(other, f"{target} names {other}, which the record does not have", hint)
            reached = set(others)
            while more := {deeper for one in reached for deeper in leans[one] if deeper in leans} - reached:
                reached |= more
            if target in reached:
                self.fail(
                    target, f"{target} leans on itself", "Let each field lean on fields made before it."
                )

    def skip(self, table: Map[str, Any]) -> Skip:
        self.known(table, SKIP_KEYS)
        reason = table.get("reason")
        if not isinstance(reason, str) or not reason:
            self.fail("skip", "rows that are left out need a reason", 'Add reason = "...".')
        said = [key for key in ("is", "is_not", "empty") if key in table]
        if len(said) != 1 or "column" not in table:
            self.fail("skip", "a skip names a column and one of: is, is_not, empty")
        words = ("",) if said == ["empty"] else self.texts(table, said[0])
        negated = said == ["is_not"] or table.get("empty") is False
        return Skip(self.texts(table, "column"), tuple(word.casefold() for word in words), negated, reason)

    def field(self, target: str, value: Any) -> FieldRule:
        if isinstance(value, str):
            value = {"column": value}
        if not isinstance(value, dict):
            self.fail(target, f'{target} must be a column or a table such as {{ constant = "..." }}')
        self.known(value, FIELD_KEYS)
        said = [key for key in SOURCES if key in value]
        if len(said) != 1:
            self.fail(target, f"{target} needs exactly one of: {', '.join(SOURCES)}")
        most = value.get("most", 20)
        if not isinstance(most, int) or not 1 <= most <= 1000:
            self.fail(target, f"{target}: most must be a number from 1 to 1000")
        return FieldRule(
            target, self.pieces(said[0], value), str(value.get("join", " ")) if said == ["columns"] else None,
            self.conversions(target, value), str(value.get("split", "")), most, self.filename(target, value),
            said == ["first"], self.texts(value, "fields"), str(value.get("with", "")),
            self.texts(value, "unless"), _constant(value.get("default", "")),
        )  # fmt: skip

    def pieces(self, kind: str, value: Map[str, Any]) -> tuple[str | tuple[str, ...], ...]:
        if kind == "constant":
            return (_constant(value["constant"]),)
        if kind == "template":
            return tuple(_template(str(value["template"])))
        if kind in ("columns", "first"):
            return tuple((column,) for column in self.texts(value, kind))
        return (self.texts(value, "column"),) if kind == "column" else ()

    def filename(self, target: str, value: Map[str, Any]) -> tuple[tuple[str, str], ...]:
        found = value.get("filename", {})
        if not isinstance(found, dict):
            self.fail(target, f"{target}: filename must be a table of words and values")
        return tuple((str(word), str(text)) for word, text in found.items())

    def conversions(self, target: str, value: Map[str, Any]) -> tuple[tuple[str, Any], ...]:
        asked = value.get("convert", [])
        found = []
        for one in [asked] if isinstance(asked, str | dict) else asked:
            if isinstance(one, str):
                found.append((one, None))
            elif isinstance(one, dict) and len(one) == 1:
                found.extend(one.items())
            else:
                self.fail(target, f"{target}: a conversion is a name or {{ name = argument }}")
        return tuple(found)


def _constant(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _template(text: str) -> Iterator[str | tuple[str, ...]]:
    for index, part in enumerate(PLACE.split(text)):
        if index % 2:
            yield (part,)
        elif part:
            yield part
