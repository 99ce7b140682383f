"""On which line each key and value of a TOML text stands.

tomllib and tomlkit tell no positions. Of the libraries that do, tree-sitter-toml calls valid files faulty (its
issue 6) and tells tokens, not which item of which list they are; toml-rs tells no line of a table's header, and a
text that is nested too deeply ends the whole process; spanned-toml is a copy of the parser of 2022. What is needed
is less than a parser, since tomllib reads the same text and judges it: only where its words stand.
"""

import re
import tomllib
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import count
from typing import NamedTuple, TypeAlias

from msgspec import Struct, field

# Names of keys and numbers of items, by which one gets at a value of what tomllib returns.
KeyPath: TypeAlias = tuple[str | int, ...]

BASIC, LITERAL = r'"(?:[^"\\\n]|\\.)*"', r"'[^'\n]*'"
# A text in three quotes may end in one or two more, which belong to it.
LONG = r'"""(?:[^"\\]|\\.|"(?!""))*""""{0,2}' + r"|'''(?:[^']|'(?!''))*''''{0,2}"
GAP = re.compile(r"(?:[ \t\n,]|#[^\n]*)*")
KEY = re.compile(rf"[ \t]*({BASIC}|{LITERAL}|[A-Za-z0-9_-]+)[ \t]*")
DOT = re.compile(r"\.")
EQUALS = re.compile(r"=[ \t]*")
HEADER = re.compile(r"\[\[?")
HEADER_END = re.compile(r"\]\]?")
CLOSING = re.compile(r"[\]}]")
# A blank may part a date from its time.
VALUE = re.compile(rf"{LONG}|{BASIC}|{LITERAL}|[\[{{]|[^\s,\]}}#]+(?: [0-9]{{2}}:[^\s,\]}}#]+)?", re.DOTALL)


class Place(NamedTuple):
    """A key or value, the line on which it begins (from 1), and the text of a value that holds no others."""

    path: KeyPath
    line: int
    text: str = ""


def places(text: str) -> Iterator[Place]:
    """The keys and values of a TOML text whose lines end in LF, in order, as far as it is TOML."""
    with suppress(ValueError):
        yield from _Walk(text).document()


def line_of(text: str, path: KeyPath) -> int:
    """The line on which a key or value first stands, or else that of the nearest table or list around it."""
    found, line = 0, 1
    for place in places(text):
        length = len(place.path)
        if length > found and place.path == path[:length]:
            found, line = length, place.line
        if found == len(path):
            break
    return line


class _Walk(Struct):
    """One walk through a text: how far it is, and how many items each list of tables has, less one."""

    text: str
    at: int = 0
    line: int = 1
    lists: dict[KeyPath, int] = field(default_factory=dict)

    def has(self, pattern: re.Pattern[str]) -> bool:
        return pattern.match(self.text, self.at) is not None

    def take(self, pattern: re.Pattern[str]) -> str:
        """Walk over what must stand here; ValueError if it does not."""
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"line {self.line} is no TOML")
        self.line += self.text.count("\n", self.at, match.end())
        self.at = match.end()
        return match[match.lastindex or 0]

    def document(self) -> Iterator[Place]:
        table: KeyPath = ()
        self.take(GAP)
        while self.at < len(self.text):
            if self.has(HEADER):
                is_list = self.take(HEADER) == "[["
                table = yield from self.entered((), self.keys(), is_list)
                self.take(HEADER_END)
            else:
                yield from self.value((yield from self.named(table)))
            self.take(GAP)

    def keys(self) -> list[str]:
        """The parts of a key, without quotes and escapes."""
        parts = [self.take(KEY)]
        while self.has(DOT):
            self.take(DOT)
            parts.append(self.take(KEY))
        return [tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part for part in parts]

    def named(self, around: KeyPath) -> Generator[Place, None, KeyPath]:
        """A key and its equals sign: the path of the value that follows."""
        path = yield from self.entered(around, self.keys(), is_list=False)
        self.take(EQUALS)
        return path

    def entered(self, path: KeyPath, keys: list[str], is_list: bool) -> Generator[Place, None, KeyPath]:
        """What a key names, part by part; of a list of tables the last one, or with `is_list` a further one."""
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            yield Place(path, self.line)
            if is_list and number == len(keys):
                self.lists[path] = self.lists.get(path, -1) + 1
            if path in self.lists:
                path = (*path, self.lists[path])
                yield Place(path, self.line)
        return path

    def value(self, path: KeyPath) -> Iterator[Place]:
        """A value with all that it holds; the lists and tables that are open are kept here, however many."""
        opened: list[tuple[KeyPath, Iterator[int] | None]] = []
        while True:
            line, word = self.line, self.take(VALUE)
            if word in ("[", "{"):
                yield Place(path, line)
                opened.append((path, count() if word == "[" else None))
                self.take(GAP)
            else:
                yield Place(path, line, word)
            self.leave(opened)
            if not opened:
                return
            around, numbers = opened[-1]
            path = (yield from self.named(around)) if numbers is None else (*around, next(numbers))

    def leave(self, opened: list[tuple[KeyPath, Iterator[int] | None]]) -> None:
        """Walk over the gap before the next value, and out of the lists and tables that end in it."""
        while opened:
            self.take(GAP)
            if not self.has(CLOSING):
                return
            self.take(CLOSING)
            opened.pop()
