"""The records of one source, found in the wrappers around them, by themselves or where a person says."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.included import NOTHING, Included, Joins, Placed
from lexer_pipeline.loading.json_members import (
    EMPTY_LIST,
    Member,
    Place,
    behind_space,
    below,
    items,
    members,
    text_of,
)
from lexer_pipeline.loading.wrappers import ADDED, FULL_LIST, Found, by_itself, is_records, one_resource

# So many documents of a source are looked at; where none of them is a wrapper, none is.
LOOKED_AT = 16
NAME = re.compile(r"[\w$ :/-]{1,40}")
SHOWN = 10


class Wrappers:
    """Finds the records in the documents of one source."""

    def __init__(self, form: DocumentForm, source: str) -> None:
        self._form = form
        self._named = form.keys
        self._source = source
        self._looked = 0
        self._is_wrapped = False
        self._added = dict[str, None]()
        self._beside = ADDED | {form.included.casefold()} if form.included else ADDED
        self.joins = Joins(form.included, source)
        self._list = ""

    @property
    def is_named(self) -> bool:
        """Whether a person said where the records lie."""
        return bool(self._named)

    @property
    def may_come(self) -> bool:
        """Whether the next document may be a wrapper."""
        return not self._form.bare and (self.is_named or self._is_wrapped or self._looked < LOOKED_AT)

    def opened(self, data: bytes, line: int) -> Found | None:
        """Where the records lie in the object that `data` begins with, if it is a wrapper; it need not be whole.

        Raises UsageError where the list that a person named is not there.
        """
        self._looked += 1
        found = self._at_name(data, line) if self.is_named else self._by_itself(data)
        if found is not None:
            self._is_wrapped = True
            self._list = self._list or ".".join(found.keys)
            self._added.update(dict.fromkeys(found.added))
        return found

    def _by_itself(self, data: bytes) -> Found | None:
        found = by_itself(data, self._form.kept, self._beside)
        if found is None and self.joins.key:
            return one_resource(data, self._form.kept, self.joins.key)
        return found

    @property
    def list(self) -> str:
        """The keys that led to the records, once some were found in a wrapper."""
        return self._list

    @property
    def notes(self) -> tuple[str, ...]:
        """What was passed over, by the names of keys, and what was joined."""
        passed = [key for key in self._added if key != self.joins.key]
        return (
            *(f'the list "{key}" beside the records was passed over' for key in passed),
            *self.joins.notes,
        )

    def holds_records(self, key: bytes, data: bytes, depth: int) -> bool:
        """Whether the value that `data` begins with, behind the list in a wrapper, holds records too; a person's choice stands."""
        name = text_of(key)
        if name.casefold() in self._beside and FULL_LIST.match(data):
            self._added[name] = None
        return not self.is_named and is_records(data, Member(name, 0, len(data)), depth, self._beside)

    def second(self, key: bytes, line: int) -> UsageError:
        """What is said where more records stand behind those that were read, in a wrapper too long to be seen as a whole."""
        return UsageError(
            f"{self._source}: line {line}: {_shown(text_of(key))} holds records too, beside the list before it",
            "Name the one that is meant in a mapping: records under [documents].",
        )

    def inside(self, text: bytes, line: int) -> Sequence[Placed] | None:
        """The records in a whole object, and what is included of them; None where it is one itself, or is broken."""
        text = text.rstrip(b" \t\r\n\v\f")
        at = behind_space(text, 0)
        if text[at : at + 1] != b"{" or dispatch.value_end(text, at) != len(text):
            return None
        found = self.opened(text[at:], line)
        if found is None:
            return None
        page = self.joins.of_page(text, at, found.keys)
        found = replace(found, at=found.at + at)
        if not found.is_list:
            places: Sequence[Place] | None = [(found.at, dispatch.value_end(text, found.at))]
        else:
            places = items(text, found.at, len(text))
        return None if places is None or page is None else self.below(text, places, found.inner, page)

    def below(
        self, data: bytes, places: Sequence[Place], keys: Sequence[str], page: Included
    ) -> Sequence[Placed]:
        """The records below `keys` in the items of a list, each of which may be a page of its own."""
        if not keys or not self.joins.key:
            return [(start, end, page) for start, end in below(data, places, keys)]
        found = list[Placed]()
        for one in places:
            own = self.joins.of_page(data, one[0], keys)
            inner = [one] if own is None else below(data, [one], keys)
            found += [(start, end, page if own is None or own is NOTHING else own) for start, end in inner]
        return found

    def inside_item(self, text: bytes, line: int) -> Sequence[Placed] | None:
        """The same for an item of a list, which may be a list itself, as where lists were put together."""
        if not text.startswith(b"["):
            return self.inside(text, line)
        self._looked += 1
        if not FULL_LIST.match(text) and not (self._is_wrapped and EMPTY_LIST.match(text)):
            return None
        places = items(text, 0, len(text))
        if places is None:
            return None
        self._is_wrapped = True
        if not self.is_named:
            return [(start, end, NOTHING) for start, end in places]
        inner = list[Placed]()
        for start, end in places:
            known = self.inside(text[start:end], line)
            found = [(0, end - start, NOTHING)] if known is None else known
            inner += [(start + one, start + stop, page) for one, stop, page in found]
        return inner

    def _at_name(self, data: bytes, line: int) -> Found | None:
        at = 0
        for number, key in enumerate(self._named):
            known = members(data, at)
            if known is None:
                return None
            one = next((one for one in known[0] if one.key == key), None)
            sign = data[one.start : one.start + 1] if one is not None else b""
            is_last = number + 1 == len(self._named)
            if one is None and known[1] < 0:
                return None
            if one is None or not (sign == b"[" or sign == b"{"):
                raise self._absent(line, key, [other.key for other in known[0]], one is not None)
            if sign == b"[" or is_last:
                return Found(
                    self._named[: number + 1], one.start, self._named[number + 1 :], is_list=sign == b"["
                )
            at = one.start
        return None

    def _absent(self, line: int, key: str, there: Sequence[str], is_there: bool) -> UsageError:
        nearest = sorted(there, key=lambda other: -SequenceMatcher(None, key, other).ratio())
        names = [one for one in map(_shown, nearest) if one][:SHOWN]
        beside = f"; the keys there are: {', '.join(names)}" if names else ""
        what = "is no list" if is_there else "is not there"
        return UsageError(
            f"{self._source}: line {line}: {self._form.records}, which should hold the records: {key} {what}{beside}",
            "Name the list of the records in the mapping: records under [documents].",
        )


def _shown(key: str) -> str:
    """A key as messages name it; empty where it looks like a value."""
    return key if NAME.fullmatch(key) else ""
