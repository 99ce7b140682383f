"""Are two outputs the same records in the same order? Says where they part, never what they hold."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Pairs = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is empty where every record of ours is, in order, among theirs.

    `left_out` counts the records that theirs has and ours rejected.
    """

    records: int
    left_out: int
    difference: str = ""


def compare(ours: Path, theirs: Path, key: str, invalid: int, blind: bool = False) -> Comparison:
    """Compare the records that ours accepted with theirs; `invalid` records may be missing, no others.

    Members are compared whatever their order, numbers by their text: 10.50 is not 10.5. Where theirs was written
    blindly, its nulls are absent and its names with dots are paths.
    """
    records = left_out = theirs_at = 0
    with ours.open("rb") as our_lines, theirs.open("rb") as their_lines:
        rest = iter(their_lines)
        for records, line in enumerate(our_lines, 1):
            for other in rest:
                theirs_at += 1
                difference = "" if line == other else differs(line, other, key, blind)
                if difference != SKIP:
                    break
                left_out += 1
            else:
                return Comparison(
                    records, left_out, f"line {records}: not in the other output, in this order"
                )
            if difference:
                return Comparison(
                    records, left_out, f"line {records} (other: line {theirs_at}): {difference}"
                )
        left_out += sum(1 for _ in rest)
    if left_out != invalid:
        return Comparison(records, left_out, f"{left_out} records left out, {invalid} are invalid")
    return Comparison(records, left_out)


SKIP = "another record"


def differs(line: bytes, other: bytes, key: str, blind: bool) -> str:
    """Where two records differ: empty, a path and what is wrong there, or SKIP for another key."""
    try:
        ours = parsed(line)
    except ValueError:
        return "not one JSON object with different keys"
    try:
        theirs = parsed(other, filled if blind else members)
    except ValueError:
        return "the other is not one JSON object with different keys"
    if ours.get(key) != theirs.get(key):
        return SKIP
    return next(paths(ours, theirs, ""), "")


def members(pairs: Pairs) -> dict[str, Any]:
    """An object whose keys differ."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key occurs twice")
    return made


def filled(pairs: Pairs) -> dict[str, Any]:
    """What an object holds that is not null, names with dots as paths."""
    made: dict[str, Any] = {}
    for name, value in members(pairs).items():
        if value is None or value == {}:
            continue
        *parents, leaf = name.split(".")
        place = made
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    return made


def parsed(line: bytes, made: Callable[[Pairs], dict[str, Any]] = members) -> dict[str, Any]:
    """The record, numbers as ("number", text); a key that occurs twice is a ValueError."""
    record = json.loads(line, parse_float=number, parse_int=number, object_pairs_hook=made)
    if isinstance(record, dict):
        return record
    raise ValueError("not an object")


def number(text: str) -> tuple[str, str]:
    """A number that is equal to no other text, and to no string."""
    return "number", text


def paths(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """Each place where two values differ, and how."""
    if ours == theirs:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            place = f"{path}.{name}".lstrip(".")
            if name not in theirs or name not in ours:
                yield f"{place}: missing {'in ours' if name in theirs else 'in the other'}"
            else:
                yield from paths(ours[name], theirs[name], place)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from paths(one, other, f"{path}[{index}]")
    else:
        yield f"{path}: {shape(ours)} differs from {shape(theirs)}"


def shape(value: Any) -> str:
    """The kind of a value and its length."""
    if isinstance(value, tuple):
        return f"number of {len(value[1])} characters"
    if isinstance(value, str | list):
        return f"{'string' if isinstance(value, str) else 'array'} of {len(value)}"
    return {type(None): "null", bool: "boolean", dict: "object"}[type(value)]
