"""What a mapping says: rows to leave out, and for each record the rules by which its fields are made."""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct

from lexer_pipeline.specs.placeholders import Placeholders
from lexer_pipeline.suspicions import LEAST, SHARE
from lexer_pipeline.system.toml_lines import KeyPath

# A table of a settings file, as JSON has it.
Table: TypeAlias = Map[str, Any]
# For fields, by their names in a mapping: the readings decided over their column, by the name of the conversion that reads it.
FieldDecisions: TypeAlias = Map[str, Map[str, tuple[str, ...]]]


# What becomes of a record that names no one to link to: it is rejected, left out, or left out also where a word for nothing
# stands for the person.
REFUSE, SKIP, SKIP_PLACEHOLDERS = "refuse", "skip", "skip-placeholders"
# Of several records of one identity the last alone is sent.
LAST = "last"


class Skip(Struct, frozen=True):
    """Rows to leave out, and why: the column's text is (or is not) one of `words`, or `begins` with one of them, in any case.

    Without a reason another record of the mapping makes something of them, and they are not counted. With `own` an empty cell is
    one, and says not what the row before it does. `beside` are columns that must all be empty as well, and
    `further` says what must hold of another column too. An order that is left out of one source `contradicts` another one that has
    it, unless both may be true. Such a row may speak of its `whole` record, as the sum of an order does. Where the skip `is_optional`
    it leaves nothing out of an export that lacks the column.
    """

    columns: tuple[str, ...]
    words: tuple[str, ...]
    negated: bool
    reason: str
    own: bool = False
    beside: tuple[str, ...] = ()
    further: "Skip | None" = None
    contradicts: bool = True
    whole: bool = False
    is_optional: bool = False
    begins: bool = False

    def is_said(self, text: str) -> bool:
        """Whether a text without case is what it asks for."""
        return (text.startswith(self.words) if self.begins else text in self.words) != self.negated

    def names(self) -> tuple[str, ...]:
        """The names of all columns that it reads."""
        return (*self.columns, *self.beside, *(self.further.names() if self.further is not None else ()))


class NameWord(Struct, frozen=True):
    """A word of the name of a file, and what a field then is.

    With a `reason` no record is made of such a file at all; with `is_elsewhere` another record of the mapping is.
    """

    word: str
    text: str
    reason: str = ""
    is_elsewhere: bool = False


# The setting of a conversion that names the columns by which it reads a text.
# Conversions that read the JSON text of a list, which no other does; they begin a chain.
LIST_CONVERSIONS = frozenset({"count", "first", "join", "pick", "sum"})
TELLING: Map[str, str] = MappingProxyType({"phone": "country", "cents": "currency"})


class FieldRule(Struct, frozen=True):
    """How one field is made: pieces of text and columns, joined, then converted.

    A piece is a text, or a tuple of the names by which its column may be called; with `join` the pieces are
    columns, and those that are filled are joined; with `takes_first` the first that is filled is taken. `made`
    are fields made before this one, whose texts are joined by U+001F. `split` cuts the result into the items of
    a list, `most` of them at the most; `filename` finds a constant by a word in the file's name, where the header has
    none of the columns. The field stands only where the field `given` does, and not where one of `unless` does; `default` is what it is where
    nothing fills it.
    """

    target: str
    pieces: tuple[str | tuple[str, ...], ...] = ()
    join: str | None = None
    conversions: tuple[tuple[str, Any], ...] = ()
    split: str = ""
    most: int = 0
    filename: tuple[NameWord, ...] = ()
    takes_first: bool = False
    made: tuple[str, ...] = ()
    given: str = ""
    unless: tuple[str, ...] = ()
    default: str = ""

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The columns that it reads, each with the names by which it may be called."""
        return tuple(piece for piece in self.pieces if isinstance(piece, tuple))

    @property
    def telling(self) -> tuple[str, ...]:
        """The columns that tell, the first that is filled, how to read it: the country of a phone number, the currency of an amount."""
        told = [
            argument.get(TELLING[name], ()) for name, argument in self.conversions
            if name in TELLING and isinstance(argument, Map)
        ]  # fmt: skip
        said = told[0] if told else ()
        return (said,) if isinstance(said, str) else tuple(said)


class Told(Struct, frozen=True):
    """What a run says of all columns.

    That is the format of `dates`, the `country` of phone numbers, whether further columns are kept among the custom fields, or left
    out where they are no field, and the `day` of the run.
    """

    dates: str | None = None
    country: str | None = None
    keep_rest: bool = False
    leaves_out: bool = False
    day: date | None = None


# What the field is called that holds the total of a record while it is made, which is no field of it; and that of each line.
TOTAL, LINE_TOTAL = "reconcile.total", "reconcile.total[]"


class Reconcile(Struct, frozen=True):
    """What must hold for each record: its prices and adjustments come to its own `total`, to the cent.

    `on_top` and `contained` are amounts, by the field that holds each as an adjustment, with the field that it has where
    prices contain it already; each record tells by its total which it is, and where none does it is what the list says. `plus` are
    fields that the total holds beside them, as one before discounts does. Where the field that `discount` names is filled there was one
    whose amount is not said, with a reason.
    """

    total: FieldRule
    on_top: tuple[tuple[str, str], ...]
    contained: tuple[tuple[str, str], ...]
    plus: tuple[str, ...] = ()
    discount: tuple[str, str] | None = None


class RecordMap(Struct, frozen=True):
    """One kind of record that a source feeds.

    `takes_first` lets the rows of one key differ: the first that says something wins (the fields of `together`
    all come from one row), and a row without a key goes on with the row before it. `unlinked` says what becomes of records that
    name no one to link to. With `carry` each row is a
    record of its own, and an empty cell of these columns says what the row before it with the same key says.
    It is made only of an export with one of the columns `needs`, if there are any, and without those that it `lacks`. Of documents
    each item of the list `each` is a record, where that names one. `identity` are the fields by which a record is known again where that
    are others than the specification says; of several records of one identity `repeated` may say that the last alone is sent.
    """

    specification: str
    key: str | None
    takes_first: bool
    skips: tuple[Skip, ...]
    fields: tuple[FieldRule, ...]
    carry: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    unlinked: str = REFUSE
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    reconcile: Reconcile | None = None
    each: str = ""
    identity: tuple[str, ...] = ()
    repeated: str = ""

    @property
    def rules(self) -> tuple[FieldRule, ...]:
        """All that is made of a row: the fields, and behind them the total that they are compared with."""
        return (*self.fields, self.reconcile.total) if self.reconcile is not None else self.fields

    def is_rest_of(self, other: "RecordMap") -> bool:
        """Whether it makes something of those rows alone that the other one leaves to it."""
        return any(
            mine.names() == theirs.names() and mine.words == theirs.words and mine.negated != theirs.negated
            and not (mine.begins or theirs.begins)
            for mine in self.leaves_to_others() for theirs in other.leaves_to_others()
        )  # fmt: skip

    def leaves_to_others(self) -> Iterator[Skip]:
        """The rows of which other records make something, where each row tells by itself whether it is one."""
        for skip in self.skips:
            is_own = skip.own or self.key in skip.columns
            if not skip.reason and is_own and not skip.beside and skip.further is None:
                yield skip

    def columns(self) -> Iterator[str]:
        """The names of all columns that it reads."""
        yield from (name for rule in self.rules for names in rule.columns for name in names)
        yield from (name for rule in self.rules for name in rule.telling)
        yield from (name for skip in self.skips for name in skip.names())
        yield from self.carry


class Signature(Struct, frozen=True):
    """By which columns a preset is known: it has one of each of `required`, and none of `excluding`."""

    required: tuple[tuple[str, ...], ...] = ()
    excluding: tuple[str, ...] = ()


class DocumentSettings(Struct, frozen=True):
    """How the records of JSON are found: the path of the list in a wrapper, and the key by which a line names its parent line.

    Under `included` stand, beside the list, those that its records name.
    """

    records: str = ""
    parent: str = ""
    included: str = ""


class Packing(Struct, frozen=True):
    """How a `column` holds a list in one cell: the signs between its `items`, and between their `parts`, of each of which one does.

    A part is a name, the `mark` behind it and a value; where `names` are told, only these are. Behind `escape` a sign is one of a value.
    JSON is a list whatever is said here.
    """

    column: str
    items: tuple[str, ...] = (";",)
    parts: tuple[str, ...] = ("|",)
    mark: str = ":"
    escape: str = ""
    names: tuple[str, ...] = ()


class Mapping(Struct, frozen=True):
    """A mapping file and its `text`; `refuse` says why such an export cannot be converted at all.

    `accept` are codes of suspicions that hold no batch; one that goes by its share does above `share` of the records and from
    `least` on. `further_placeholders` are words for nothing beside those that are known, and `meant` are known ones that mean
    something in this export. `country` is that of phone numbers whose row says none, `sheet` the one of a workbook that is read,
    and `rest` says what becomes of columns that it does not name. `documents` is there where it is for JSON, and `packed` are columns of tables that hold lists. `path` is where the file lies, or lay where only its text `is_kept`.
    """

    path: Path
    title: str
    recognise: Signature
    drop: tuple[str, ...]
    secret: tuple[str, ...]
    refuse: str
    columns_vary: bool
    records: tuple[RecordMap, ...]
    text: str = ""
    is_kept: bool = False
    accept: tuple[str, ...] = ()
    share: float = SHARE
    least: int = LEAST
    further_placeholders: tuple[str, ...] = ()
    rest: str = ""
    meant: tuple[str, ...] = ()
    country: str = ""
    sheet: str | None = None
    documents: "DocumentSettings | None" = None
    packed: tuple[Packing, ...] = ()
    changed: bool = False

    @property
    def placeholders(self) -> Placeholders:
        """The words for nothing in its export."""
        return Placeholders.of(self.further_placeholders, self.meant)

    @property
    def name(self) -> str:
        """What `--map` calls a preset."""
        return self.path.stem


def conversions_in(table: Table) -> Iterator[tuple[KeyPath, str, Any]]:
    """Each conversion of a field: where it stands in the field's table, its name and its argument."""
    said = table.get("convert", [])
    for number, one in enumerate(said if isinstance(said, list) else [said]):
        path = ("convert", number) if isinstance(said, list) else ("convert",)
        if isinstance(one, str):
            yield path, one, None
        else:
            ((name, argument),) = one.items()
            yield (*path, name), name, argument
