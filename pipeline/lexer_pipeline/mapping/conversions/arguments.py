"""What a mapping may write behind a conversion's name, and what it is told otherwise."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from lexer_pipeline.errors import UsageError


def nearest(word: str, known: Collection[str]) -> str:
    """A hint: the known word that looks most like `word`, or all of them."""
    near = get_close_matches(word, known, 1)
    listed = (f'"{one}"' if "," in one else one for one in sorted(known))
    return f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(listed)}."


def refused(name: str, wanted: str, hint: str = "") -> UsageError:
    """The error of an argument that is not what `name` wants."""
    return UsageError(f"the conversion {name} wants {wanted}", hint)


def is_absent(argument: object) -> bool:
    """Whether nothing was asked for: the bare name, `name = true` or an empty table."""
    return argument is None or argument is True or argument == {}


def no_argument(name: str, argument: object) -> None:
    """Refuse any argument."""
    if not is_absent(argument):
        raise refused(name, "no argument", f'Write convert = ["{name}"].')


def text_argument(name: str, argument: object, wanted: str) -> str:
    """An argument that is a text of at least one character."""
    if not isinstance(argument, str) or not argument:
        raise refused(name, wanted)
    return argument


def texts_argument(name: str, argument: object, wanted: str) -> tuple[str, ...]:
    """An argument that is a text or a list of them, none of them empty."""
    listed = [argument] if isinstance(argument, str) else argument
    if (
        not isinstance(listed, list | tuple)
        or not listed
        or not all(isinstance(one, str) and one for one in listed)
    ):
        raise refused(name, wanted)
    return tuple(listed)


def table_argument(name: str, argument: object, known: Collection[str], wanted: str) -> Mapping[str, object]:
    """An argument that is a table of known keys."""
    if not isinstance(argument, Mapping):
        raise refused(name, wanted)
    for key in argument:
        if key not in known:
            raise UsageError(f"the conversion {name} has no setting {key}", nearest(str(key), known))
    return argument
