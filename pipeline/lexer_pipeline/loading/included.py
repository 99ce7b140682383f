"""What a page of JSON:API includes is joined to its records: an object that names another by type and id gets the attributes of it.

They go in as they stand, byte for byte: `relationships.profile.data.attributes.email` is then a path of the record.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import orjson
from msgspec import Struct

from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.limits import MADE_BYTES, RECORD_BYTES
from lexer_pipeline.loading.json_members import (
    EMPTY_LIST,
    Member,
    Place,
    behind_space,
    items,
    members,
    text_of,
)


def _spaced(pattern: bytes) -> re.Pattern[bytes]:
    """A pattern in which a space stands for any number of blanks."""
    return re.compile(pattern.replace(b" ", rb"[ \t-\r]*"))


NAMED_BY = ("type", "id")
DIGITS = b"-0123456789"
KEY = re.compile(rb'[ \t-\r]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t-\r]*:[ \t-\r]*', re.DOTALL)
COMMA = re.compile(rb"[ \t-\r]*,")
# An object that names another one, and what `relationships` says where it says nothing but such ones and their links.
REFERENCE = _spaced(rb'\{ "type" : "([^"\\]*)" , "id" : "([^"\\]*)" \}')
LINKS = rb', "links" : \{ (?:"[^"\\]*" : "[^"\\]*" (?:, (?=")|(?=\})))* \} '
USUAL = _spaced(
    rb'\{ (?:"[^"\\]*" : \{ "data" : \{ "type" : "[^"\\]*" , "id" : "[^"\\]*" \} (?:'
    + LINKS
    + rb')?\} (?:, (?=")|(?=\})))*\}'
)

Name = tuple[bytes, ...]


class Included(Struct, frozen=True):
    """The attributes of the objects that a page includes, by the type and id of each."""

    attributes: Mapping[Name, bytes]


# What a page includes that has no list of it, or an empty one.
NOTHING = Included({})
# A record, from where to where it goes, and what its page includes.
Placed = tuple[int, int, Included]


class Joins:
    """Joins what the pages of a source include under a key, and counts the records; without a key, nothing is."""

    def __init__(self, key: str, source: str) -> None:
        self.key = key
        self._source = source
        self._joined = 0
        self._left = 0

    def of_page(self, data: bytes, at: int, keys: Sequence[str]) -> Included | None:
        """What is included beside the list to which `keys` lead in the object at `at`; None where that is broken."""
        place = self._beside(data, at, keys)
        if place is None or EMPTY_LIST.match(data, place[0]):
            return NOTHING
        places = items(data, *place)
        return None if places is None else Included(dict(_named(data, places)))

    def is_meant(self, key: bytes) -> bool:
        """Whether a key, with its quotes, is the one."""
        return bool(self.key) and text_of(key) == self.key

    def names(self, data: bytes, at: int) -> bool:
        """Whether the first record of the list at `at` names others, as far as it was read."""
        known = members(data, behind_space(data, at + 1)) if self.key else None
        return known is not None and any(one.key == "relationships" for one in known[0])

    def is_cut(self, data: bytes) -> bool:
        """Whether the object that `data` begins with goes on with what is included, farther than was read."""
        known = members(data, 0) if self.key else None
        return known is not None and any(one.key == self.key and one.end < 0 for one in known[0])

    def joined(self, record: bytes, page: Included, line: int) -> bytes:
        """A record with what its page includes of those that it names."""
        if page is NOTHING:
            return record
        there = page.attributes
        found = [(at, there[name]) for name, at in references(record) if name in there]
        if len(record) + sum(len(one) for _, one in found) > RECORD_BYTES:
            raise self._too_large(line, "a record with what it names in", RECORD_BYTES)
        self._joined += bool(found)
        self._left += not found
        parts, last = list[bytes](), 0
        for at, attributes in found:
            parts += (record[last:at], b',"attributes":', attributes)
            last = at
        return b"".join((*parts, record[last:]))

    @property
    def notes(self) -> tuple[str, ...]:
        """How many records got something, and how many nothing, once all were taken."""
        if not self._joined and not self._left:
            return ()
        some = f"{self._joined:,} record{'s' * (self._joined != 1)}"
        left = (
            f"; {self._left:,} {'names' if self._left == 1 else 'name'} nothing of it" if self._left else ""
        )
        return (
            f'what the list "{self.key}" beside the records says was joined to {some} that name it{left}',
        )

    def cut(self, line: int) -> SourceError:
        """What is said of a page whose list of what is included is longer than a document."""
        return self._too_large(line, "what stands before the end of", RECORD_BYTES)

    def waits(self, line: int) -> SourceError:
        """What is said where that list stands behind more records than can wait for it."""
        return self._too_large(line, "the page whose records name what stands behind them in", RECORD_BYTES)

    def made(self, line: int) -> SourceError:
        """What is said where the records of a page would become too many bytes."""
        return self._too_large(line, "the records of a page with what they name in", MADE_BYTES)

    def _too_large(self, line: int, what: str, most: int) -> SourceError:
        return SourceError(
            f'{self._source}: line {line}: {what} "{self.key}" is longer than {most >> 20} MiB',
            f'Fetch smaller pages and write each on a line of its own, or put "{self.key}" before the records.',
        )

    def _beside(self, data: bytes, at: int, keys: Sequence[str]) -> Place | None:
        """Where the list of what is included lies, if all of it was read."""
        if not self.key:
            return None
        for key in keys[:-1]:
            at = next((one.start for one in _members(data, at) if one.key == key), len(data))
        places = [(one.start, one.end) for one in _members(data, at) if one.key == self.key]
        start, end = places[-1] if places else (0, -1)
        return (start, end) if end >= 0 and data[start : start + 1] == b"[" else None


def references(record: bytes) -> Iterator[tuple[Name, int]]:
    """The objects that a record names under `relationships`, and where in it their attributes belong; without those that have them."""
    for start, end in _relationships(record):
        if USUAL.fullmatch(record, start, end):
            for found in REFERENCE.finditer(record, start, end):
                yield found.groups(), found.end() - 1
        else:
            yield from named_in(record, start)


def _relationships(record: bytes) -> Iterator[Place]:
    """Where all that a record names lies: what `_members` tells of the key, without its cost."""
    at = 1 if record[:1] == b"{" else len(record)
    while key := KEY.match(record, at):
        end = dispatch.value_end(record, key.end())
        if end < 0:
            return
        # A key with an escape may be it too.
        if key[1] == b"relationships" or (
            b"\\" in key[1] and text_of(b'"' + key[1] + b'"') == "relationships"
        ):
            yield key.end(), end
        comma = COMMA.match(record, end)
        at = comma.end() if comma else len(record)


def named_in(record: bytes, at: int) -> Iterator[tuple[Name, int]]:
    """The same of one value, whatever else it says."""
    for relation in _members(record, at):
        for one in _members(record, relation.start):
            for start, end in _objects(record, one) if one.key == "data" else ():
                every = _members(record, start)
                name = _name(record, every)
                if len(name) == len(NAMED_BY) and all(inner.key != "attributes" for inner in every):
                    yield name, end - 1


def _named(data: bytes, places: Sequence[Place]) -> Iterator[tuple[Name, bytes]]:
    for start, _ in places:
        every = _members(data, start)
        attributes = [data[one.start : one.end] for one in every if one.key == "attributes"]
        name = _name(data, every)
        if attributes and len(name) == len(NAMED_BY):
            yield name, attributes[-1]


def _members(data: bytes, at: int) -> Sequence[Member]:
    """The members of the object at `at`; none where no whole object is."""
    known = members(data, at) if data[at : at + 1] == b"{" else None
    return known[0] if known is not None else ()


def _objects(data: bytes, one: Member) -> Sequence[Place]:
    """The values of a list, or the one value."""
    if data[one.start : one.start + 1] == b"[":
        return items(data, one.start, one.end) or ()
    return [(one.start, one.end)]


def _name(data: bytes, every: Sequence[Member]) -> Name:
    """By which an object is known, whether it is written as text or as a number; shorter where it does not say all of it."""
    said = {one.key: _text(data[one.start : one.end]) for one in every if one.key in NAMED_BY}
    return tuple(text for key in NAMED_BY if (text := said.get(key)) is not None)


def _text(value: bytes) -> bytes | None:
    if value[:1] != b'"':
        return value if value[:1] in DIGITS else None
    if b"\\" not in value:
        return value[1:-1]
    try:
        return str(orjson.loads(value)).encode()
    except orjson.JSONDecodeError:
        return None
