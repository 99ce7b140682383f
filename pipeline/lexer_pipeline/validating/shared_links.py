"""Links that stand for different people: one number, address or id in the records of several."""

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct, field

from lexer_pipeline.chunks.hashes import NO_HASHES, Hashes, each_once
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, UInt64s
from lexer_pipeline.suspicions import LEAST, MOST_LINES, Sighting
from lexer_pipeline.validating.identities import EMAIL, LINK, SHAREABLE, Identities, Known

# So many records are held before those links are kept that occur most often, and so many of these.
PERIOD, MOST_KEPT = 1 << 19, 4096
# Below this share of the records nothing is said of a link.
NAMED = 0.001


class _Link(Struct):
    """One link: in how many records it stands, for whom (a few of them), and on which lines first."""

    count: int = 0
    people: set[int] = field(default_factory=set)
    lines: list[int] = field(default_factory=list)


class SharedLinks:
    """Sees the links of all records of a source and tells in how many stand some that stand for several people."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        emails = {EMAIL, f"{LINK}.{EMAIL}"} & set(identities.fields)
        shareable = (f"{LINK}.{name}" for name in SHAREABLE)
        self._of = {
            path: _Links() for path in shareable
            if path in identities.fields and (identities.names or identities.whole_names or (emails and path != f"{LINK}.{EMAIL}"))
        }  # fmt: skip
        self._records = 0

    def __bool__(self) -> bool:
        return bool(self._of)

    def look(self, known: Known) -> None:
        """Take in the records of one more chunk."""
        self._records += len(known.lines)
        names, whole = known.all_of(self._identities.names), known.first_of(self._identities.whole_names)
        names = np.where(names != 0, names, whole)
        emails = known.first_of((f"{LINK}.{EMAIL}", EMAIL))
        for path, links in self._of.items():
            if path in known.fields:
                people = names if path == f"{LINK}.{EMAIL}" else np.where(names != 0, names, emails)
                links.add(known.fields[path], people, known.lines)

    def found(self) -> Iterator[Sighting]:
        """The field of whose links the most records have one of three people or more."""
        shared = [(*links.shared(), path) for path, links in self._of.items()]
        count, lines, path = max(shared, key=lambda one: one[0], default=(0, [], ""))
        if count > NAMED * self._records:
            yield Sighting("shared_link", path, count, tuple(lines))


class _Links:
    """The links of one field, in bounded memory: those that occur again, and of too many the most frequent."""

    def __init__(self) -> None:
        self._begin()
        self._kept: dict[int, _Link] = {}
        # The records and first lines of links of three people or more that are no longer kept.
        self._gone = _Link()

    def _begin(self) -> None:
        self._filter = dispatch.BloomFilter()
        self._again: list[UInt64s] = []
        self._held: list[tuple[UInt64s, UInt64s, Int64s]] = []
        self._count = 0

    def add(self, links: UInt64s, people: UInt64s, lines: Int64s) -> None:
        filled = links != 0
        links = np.ascontiguousarray(links[filled])
        self._again.append(self._filter.add(links))
        self._held.append((links, people[filled], lines[filled]))
        self._count += len(links)
        if self._count > PERIOD:
            self._settle()

    def shared(self) -> tuple[int, list[int]]:
        """How many records have a link that stands for three people or more, and the first lines of these."""
        self._settle()
        self._let_go(self._kept)
        return self._gone.count, self._gone.lines

    def _settle(self) -> None:
        """Keep of what is held the links that stand there more than once, or were kept before."""
        again = each_once(np.concatenate([NO_HASHES, *self._again, np.array(list(self._kept), np.uint64)]))
        if self._held and len(again):
            links, people, lines = self._held_of(Hashes.of(again))
            order = np.argsort(links, kind="stable")
            links, people, lines = links[order], people[order], lines[order]
            begins = np.flatnonzero(np.append(len(links) > 0, links[1:] != links[:-1]))
            sizes = np.diff(np.append(begins, len(links)))
            often = np.flatnonzero(sizes > 1)
            differ = _differ(people, begins)
            often = often[np.lexsort((-sizes[often], ~differ[often]))[:MOST_KEPT]]
            known = np.flatnonzero(np.isin(links[begins], np.array(list(self._kept), np.uint64)))
            for group in np.union1d(often, known).tolist():
                rows = slice(begins[group], begins[group] + sizes[group])
                self._keep(int(links[begins[group]]), people[rows], lines[rows])
            most = sorted(self._kept, key=self._weight, reverse=True)
            self._let_go(most[MOST_KEPT:])
            self._kept = {link: self._kept[link] for link in most[:MOST_KEPT]}
        self._begin()

    def _held_of(self, links: Hashes) -> tuple[UInt64s, UInt64s, Int64s]:
        """What is held of some links alone: few, where all is well, and to bring all in order takes long."""
        some = [[part[are] for part in one] for one in self._held for are in [links.have(one[0])]]
        found, people, lines = (np.concatenate(part) for part in zip(*some, strict=True))
        return found, people, lines

    def _weight(self, link: int) -> tuple[int, int]:
        one = self._kept[link]
        return len(one.people), one.count

    def _let_go(self, links: Iterable[int]) -> None:
        for one in map(self._kept.__getitem__, links):
            if len(one.people) >= LEAST:
                self._gone.count += one.count
                self._gone.lines = sorted([*self._gone.lines, *one.lines])[:MOST_LINES]

    def _keep(self, link: int, people: UInt64s, lines: Int64s) -> None:
        one = self._kept.setdefault(link, _Link())
        one.count += len(lines)
        if len(one.people) < LEAST:
            one.people |= set(np.unique(people[people != 0])[:LEAST].tolist())
        one.lines = [*one.lines, *np.sort(lines)[:MOST_LINES].tolist()][:MOST_LINES]


def _differ(people: UInt64s, begins: Int64s) -> Bools:
    """Of each group of records, whether they are of more people than one; 0 is nobody known."""
    if not len(begins):
        return np.zeros(0, np.bool_)
    lowest = np.minimum.reduceat(np.where(people == 0, np.uint64(2**64 - 1), people), begins)
    differ: Bools = lowest < np.maximum.reduceat(people, begins)
    return differ
