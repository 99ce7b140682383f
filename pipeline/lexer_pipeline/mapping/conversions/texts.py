"""Texts: their case, their blanks, their parts."""

from collections.abc import Callable
from functools import partial

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised, changed
from lexer_pipeline.specs import signs, values
from lexer_pipeline.specs.values import Converted, Unconvertible

PART_SETTINGS = ("separator", "key", "mark")
BETWEEN_WANTED = 'the two signs, as in "()"'
TWO = 2
PART_WANTED = 'a table such as { separator = "|", key = "quantity" }'


def lower(argument: object) -> Conversion:
    """Capitals become small letters."""
    arguments.no_argument("lower", argument)
    return Vectorised(partial(_by, str.lower, "lower_cased"), codes.TO_LOWER)


def upper(argument: object) -> Conversion:
    """Small letters become capitals."""
    arguments.no_argument("upper", argument)
    return Vectorised(partial(_by, str.upper, "upper_cased"), codes.TO_UPPER)


def trim(argument: object) -> Conversion:
    """Blanks of every kind around a text are taken off."""
    arguments.no_argument("trim", argument)
    return Vectorised(partial(_by, str.strip, "trimmed"), codes.TO_TRIMMED)


def unescape(argument: object) -> Conversion:
    """Signs as web pages write them become the signs themselves: & for &amp;, ' for &#039;."""
    arguments.no_argument("unescape", argument)
    return partial(_by, signs.unescaped, "html_unescaped")


def fix_encoding(argument: object) -> Conversion:
    """A text that was read in the wrong encoding becomes what it was: José for JosÃ©."""
    arguments.no_argument("fix-encoding", argument)
    return partial(_by, signs.fixed_encoding, "encoding_fixed")


def _by(change: Callable[[str], str], name: str, text: str) -> Converted:
    return changed(text, change(text), name)


def boolean(argument: object) -> Conversion:
    """true/false, yes/no, y/n, t/f and 1/0 in any case become true or false."""
    arguments.no_argument("boolean", argument)
    return _boolean


def _boolean(text: str) -> Converted | Unconvertible:
    found = values.boolean(text.strip())
    if isinstance(found, Unconvertible):
        return found
    return changed(text, found.text, "boolean_word")


def before(argument: object) -> Conversion:
    """The text before the first of a separator stays, or all of it where there is none."""
    separator = arguments.text_argument("before", argument, "the separator, a text")
    return Vectorised(partial(_before, separator), codes.TO_BEFORE, separator.encode())


def _before(separator: str, text: str) -> Converted:
    return changed(text, text.partition(separator)[0].strip(), "part_taken")


def after(argument: object) -> Conversion:
    """The text behind the first of a separator stays, or nothing where there is none."""
    separator = arguments.text_argument("after", argument, "the separator, a text")
    return Vectorised(partial(_after, separator), codes.TO_AFTER, separator.encode())


def _after(separator: str, text: str) -> Converted:
    return changed(text, text.partition(separator)[2].strip(), "part_taken")


def between(argument: object) -> Conversion:
    """The text between two signs at the end of a text stays, or all of it where it does not end so."""
    signs_ = arguments.text_argument("between", argument, BETWEEN_WANTED)
    if len(signs_) != TWO:
        raise arguments.refused("between", BETWEEN_WANTED)
    return partial(_between, signs_[0], signs_[1])


def _between(opens: str, closes: str, text: str) -> Converted:
    plain = text.strip()
    _, found, inner = plain.removesuffix(closes).rpartition(opens)
    is_so = found and plain.endswith(closes) and inner.strip()
    return changed(text, inner.strip() if is_so else plain, "part_taken")


def part(argument: object) -> Conversion:
    """Of a text such as name:Mug|quantity:2 the value of one key stays, or nothing where the key is not there."""
    table = arguments.table_argument("part", argument, PART_SETTINGS, PART_WANTED)
    separator = arguments.text_argument("part", table.get("separator", "|"), PART_WANTED)
    mark = arguments.text_argument("part", table.get("mark", ":"), PART_WANTED)
    key = arguments.text_argument("part", table.get("key"), PART_WANTED)
    return partial(_part, separator, mark, key.strip().casefold())


def _part(separator: str, mark: str, key: str, text: str) -> Converted:
    """A piece without the mark goes on with the value before it, which held the separator itself."""
    pieces: list[str] = []
    for piece in text.split(separator):
        if pieces and mark not in piece:
            pieces[-1] += separator + piece
        else:
            pieces.append(piece)
    for piece in pieces:
        name, found, value = piece.partition(mark)
        if found and name.strip().casefold() == key:
            return changed(text, value.strip(), "part_taken")
    return Converted("", ("part_taken",) if text else ())
