"""Paths into documents, as a mapping writes them in place of a column's name: customer.email, line_items[].sku, properties["Campaign Name"]."""

import json
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from lexer_pipeline.kernels.path_tree import ITEMS

# One step of a path: a key, or each item of a list.
Steps = tuple[str | int, ...]
STEP = re.compile(
    r'\.?(?P<key>[^.\[\]"]+)|\[(?P<quoted>"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")\]|(?P<items>\[\])'
)
PLAIN = re.compile(r'[^.\[\]"]+')
# So many paths of a source are told apart, so many levels deep.
MOST_PATHS, DEEPEST = 5_000, 20


def steps_of(text: str) -> Steps:
    """The path that is written so, or the key of that very name where a text is no path."""
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        found = STEP.match(text, at)
        # A dot stands before each key but the first.
        if found is None or (at == 0 and text[at] == "."):
            return (text,)
        steps.append(
            ITEMS
            if found["items"]
            else json.loads(found["quoted"], strict=False)
            if found["quoted"]
            else found["key"]
        )
        at = found.end()
    return tuple(steps) or (text,)


def spelled(steps: Sequence[str | int]) -> str:
    """A path as a mapping writes it."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += "[]"
        elif PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def leads_into(outer: Steps, inner: Steps) -> bool:
    """Whether a path is another one, or goes on from it."""
    return inner[: len(outer)] == outer


class SeenPath(Struct, frozen=True):
    """A path that some documents have; `is_leaf` where a value stood there that is no list of anything and no object with keys."""

    steps: Steps
    is_leaf: bool

    @property
    def name(self) -> str:
        """What a mapping calls it."""
        return spelled(self.steps)


def paths_in(documents: Iterable[bytes]) -> tuple[SeenPath, ...]:
    """The paths of some documents in the order in which they are met; what is no JSON has none."""
    seen: dict[Steps, bool] = {}
    for text in documents:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            continue
        _look(document, (), seen)
    return tuple(SeenPath(steps, is_leaf) for steps, is_leaf in seen.items())


def _look(value: object, steps: Steps, seen: dict[Steps, bool]) -> None:
    """Note the paths of a value that stands at `steps`."""
    is_nested = isinstance(value, dict | list)
    if steps and not seen.get(steps, False) and (steps in seen or len(seen) < MOST_PATHS):
        # Of an empty list or object it is not known what may stand in it.
        seen[steps] = not is_nested
    if not is_nested or len(steps) >= DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _look(inner, (*steps, key), seen)
    elif isinstance(value, list):
        for item in value:
            _look(item, (*steps, ITEMS), seen)
