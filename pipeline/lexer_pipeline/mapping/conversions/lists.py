"""Lists in a cell, as JSON writes them: one of their items, all of them as one text, how many they are, or what they come to."""

import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import TypeAlias, TypeVar

import orjson

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.arithmetic import EXACT, exact
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised
from lexer_pipeline.specs.paths import EACH, FieldPath, Parts
from lexer_pipeline.specs.values import Converted, Unconvertible
from lexer_pipeline.validating.document import NumberText, Value, is_unicode, value_at, write

ChainT = TypeVar("ChainT")
# What becomes of the items of a list; NotInForm where they are not such as it needs.
Make: TypeAlias = Callable[[Sequence[Value]], Value]
PICK_SETTINGS = ("where", "is", "take")
PICK_WANTED = 'a table such as { where = "key", is = "_vat", take = "value" }, whose where and take may be paths, as in a.b'
NOT_JSON = Unconvertible(
    "json", "list", 'is not JSON, and so no list such as ["a", "b"]; export the column again, or leave the conversion out'
)  # fmt: skip
SUM_WANTED = 'no argument, or a table such as { where = "status", is = "success", take = "amount" }, whose where and take may be paths'
NO_AMOUNT = Unconvertible(
    "type", "list of amounts", "cannot be added up, since one of its items is no number; fix it, or take the list as it is with join"
)  # fmt: skip
NO_LIST = Unconvertible(
    "type", "list", 'is not a list such as ["a", "b"]; name the column that holds the list, or leave the conversion out'
)  # fmt: skip
NOT_IN_FORM = Unconvertible(
    "type", "list of objects",
    "has an item that is no object where a key is looked up, or no list where [] stands; fix it, or take the list as it is with join",
)  # fmt: skip
UNWRITABLE = Unconvertible(
    "json", "list", "has half of a sign that is written in two escapes, or lists within lists too deep; fix it where it comes from"
)  # fmt: skip


class NotInForm(Exception):
    """An item of a list is not such as a path needs."""


class NoAmount(Exception):
    """An item of a list is no number."""


def _no_constant(_: str) -> object:
    raise ValueError


DECODER = json.JSONDecoder(parse_float=NumberText, parse_int=NumberText, parse_constant=_no_constant)


def first(argument: object) -> Conversion:
    """Of a list the first item that is filled stays; a text that is no list is taken for the one item."""
    arguments.no_argument("first", argument)
    return partial(_of_list, _first, "part_taken", True)


def count(argument: object) -> Conversion:
    """A list becomes the number of its items."""
    arguments.no_argument("count", argument)
    return partial(_of_list, _count, "items_counted", False)


def join(argument: object) -> Conversion:
    """The filled items of a list become one text, a separator between them; a text that is no list is taken for the one item."""
    separator = ", " if arguments.is_absent(argument) else argument
    separator = arguments.text_argument("join", separator, 'the separator, a text, as in { join = ", " }')
    return _with_kernel(partial(_of_list, partial(_joined, separator), "items_joined", True), b"", separator)


def pick(argument: object) -> Conversion:
    """Of a list of objects one value stays: that under a key of the first item in which another key says a word."""
    table = arguments.table_argument("pick", argument, PICK_SETTINGS, PICK_WANTED)
    said = table.get("is")
    said = str(said).lower() if isinstance(said, bool | int) else said
    word = arguments.text_argument("pick", said, PICK_WANTED).strip().casefold()
    where, take = (
        _path(said, "pick", PICK_WANTED) for said in (table.get("where"), table.get("take", "value"))
    )
    return partial(_of_list, partial(_picked, where, word, take), "part_taken", False)


def sum_(argument: object) -> Conversion:
    """The amounts of a list become their sum, or those of the objects in which another key says a word."""
    if arguments.is_absent(argument):
        return partial(_of_list, _sum, "amount_worked_out", True)
    table = arguments.table_argument("sum", argument, PICK_SETTINGS, SUM_WANTED)
    words = arguments.texts_argument("sum", table.get("is"), SUM_WANTED)
    where, take = (_path(table.get(name), "sum", SUM_WANTED) for name in ("where", "take"))
    said = frozenset(word.strip().casefold() for word in words)
    return partial(_of_list, partial(_sum_of, where, said, take), "amount_worked_out", False)


def each_of(*paths: Parts) -> Conversion:
    """The conversion of a list to the list of all values at paths of each item, lists in lists as one; what is missing or null is left out.

    All values at the first path come before those at the next.
    """
    return partial(_of_list, partial(_each, paths), "part_taken", False)


def through(
    paths: Sequence[Parts], chain: tuple[ChainT, ...], or_one: bool = False
) -> tuple[ChainT | Conversion, ...]:
    """A chain that begins with a conversion of lists, behind `each_of`: what both make of a list, read once; with `or_one` also of one value."""
    first, *rest = chain
    one = first.one if isinstance(first, Vectorised) else first
    if isinstance(one, partial) and one.func is _of_list:
        make, name, takes_one = one.args
        both: Conversion = partial(
            _of_list, partial(_made_of_each, tuple(paths), make), f"part_taken {name}", or_one and takes_one
        )
        (path, *others) = paths
        if isinstance(first, Vectorised) and not others and len(path) == 1 and path[0] != EACH and not or_one:
            both = _with_kernel(both, first.argument, str(path[0]))
        return (both, *rest)
    return (each_of(*paths), *chain)


def _with_kernel(one: Conversion, argument: bytes, more: str) -> Conversion:
    """A conversion that joins, with its kernel, where what is `more` to be told that is plain and short enough for it."""
    is_plain = len(more) < 256 and more.isascii() and more.isprintable() and not {'"', "\\"} & set(more)
    return Vectorised(one, codes.TO_JOIN, argument + bytes([len(more)]) + more.encode()) if is_plain else one


def _made_of_each(paths: tuple[Parts, ...], make: Make, items: Sequence[Value]) -> Value:
    found = _each(paths, items)
    # Where nothing is found nothing is made of it, as of an empty list.
    return make(found) if found else None


def _path(said: object, name: str, wanted: str) -> Parts:
    found = FieldPath.parse(arguments.text_argument(name, said, wanted))
    if found is None or EACH in found:
        raise arguments.refused(name, wanted)
    return tuple(found)


def _of_list(make: Make, name: str, takes_one: bool, text: str) -> Converted | Unconvertible:
    """What is made of the list that a text is; one that is no list is left as it is if that `takes_one`."""
    plain = text.strip(" \t\n\r")
    if takes_one and plain[:1] not in ("[", "{") and plain != "null":
        return Converted(text)
    try:
        items = DECODER.decode(plain)
        if items is not None and not isinstance(items, list):
            return NO_LIST
        made = "" if items is None else as_cell(make(items))
    except NotInForm:
        return NOT_IN_FORM
    except NoAmount:
        return NO_AMOUNT
    except (RecursionError, orjson.JSONEncodeError):
        return UNWRITABLE
    except ValueError:
        return NOT_JSON
    return Converted(made, tuple(name.split()) if made != text else ()) if is_unicode(made) else UNWRITABLE


def as_cell(value: Value) -> str:
    """A value as a cell has it: a number with the digits as they stand, nothing for null and what is empty, JSON for the rest."""
    if isinstance(value, str):
        return value
    if isinstance(value, NumberText):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return write(value).decode() if value else ""


def _first(items: Sequence[Value]) -> Value:
    return next(filter(None, map(as_cell, items)), None)


def _count(items: Sequence[Value]) -> Value:
    return str(len(items))


def _joined(separator: str, items: Sequence[Value]) -> Value:
    return separator.join(filter(None, map(as_cell, items)))


def _picked(where: Parts, word: str, take: Parts, items: Sequence[Value]) -> Value:
    return next(_taken(where, frozenset({word}), take, items), None)


def _taken(where: Parts, words: frozenset[str], take: Parts, items: Sequence[Value]) -> Iterator[Value]:
    """What each object that says one of the words has under a key."""
    for item in items:
        if item is None:
            continue
        if not isinstance(item, dict):
            raise NotInForm
        if as_cell(value_at(item, where)).strip().casefold() in words:
            yield value_at(item, take)


def _sum(items: Sequence[Value]) -> Value:
    """With as many decimals as the amount with most of them; nothing of a list without amounts."""
    amounts = [exact(text) for text in map(as_cell, items) if text]
    if not amounts:
        return None
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            raise NoAmount
        total = EXACT.add(total, amount)
    return f"{total:f}" if total else f"{abs(total):f}"


def _sum_of(where: Parts, words: frozenset[str], take: Parts, items: Sequence[Value]) -> Value:
    return _sum(list(_taken(where, words, take, items)))


def _each(paths: tuple[Parts, ...], items: Sequence[Value]) -> list[Value]:
    return [value for path in paths for item in items for value in _values(item, path)]


def _values(value: Value, path: Parts) -> Iterator[Value]:
    """The values at a path of one item."""
    if value is None:
        return
    if not path:
        yield value
    elif path[0] == EACH and isinstance(value, list):
        for item in value:
            yield from _values(item, path[1:])
    elif isinstance(path[0], str) and isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])
    else:
        raise NotInForm
