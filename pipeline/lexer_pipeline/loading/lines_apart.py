"""Lines brought to their roots through files on disk, wherever in the source they stand."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import groupby
from typing import Any
from zlib import crc32

import orjson

from lexer_pipeline.limits import RECORD_BYTES, RECORD_ROWS
from lexer_pipeline.loading.families import Line, nearest, too_large
from lexer_pipeline.system.scratch import Parted, Scratch

# A part of about this size is put in order in memory.
PART = 8 << 20
# So many lines stand above a line at most; a circle has no end.
DEEPEST = 16
# A part beyond this, counting some bytes for each line, is parted again.
LINE = 256
MOST = RECORD_BYTES + LINE * RECORD_ROWS
HEAD = struct.Struct("<qqqqq")

# The numbers of the lines of one id and, for each, its parent and its root, if it is one.
Known = tuple[list[int], list[tuple[str | None, int]]]


class LinesApart:
    """The lines of a source of about `size` bytes, put aside by their roots."""

    def __init__(self, size: int, scratch: Scratch, source: str) -> None:
        self._scratch = scratch
        self._source = source
        self._parts = 1 + size // PART
        self._held = ExitStack()
        self._lines = self._roots = 0
        self._homes = self._parted(self._parts)
        self._by_root = self._parted(self._parts)
        self._sizes = [0] * self._parts

    def close(self) -> None:
        """Let go of the files."""
        self._held.close()

    def _parted(self, parts: int) -> Parted:
        return self._held.enter_context(closing(Parted(self._scratch.file(), parts)))

    def find_roots(self, lines: Iterable[Line]) -> None:
        """Find the root of each line that has a parent."""
        ids, wanted = self._parted(self._parts), self._parted(self._parts)
        for line in lines:
            if line.own is not None:
                said = [line.own, line.number, line.above, self._roots, line.line]
                ids.write(self._part_of(line.own), _dumped(said))
            if line.above is None:
                self._roots += 1
            else:
                wanted.write(self._part_of(line.above), _dumped([line.number, line.above, line.number]))
            self._lines += 1
        for _ in range(DEEPEST):
            wanted = self._climbed(ids, wanted)

    def _climbed(self, ids: Parted, wanted: Parted) -> Parted:
        """The lines of which one above was found that has a parent itself; a root that was found is written down."""
        higher = self._parted(self._parts)
        for part in range(self._parts):
            known = self._known(ids, wanted, part)
            for number, name, at in _loaded(wanted, part):
                if name not in known:
                    continue
                places, facts = known[name]
                which = nearest(places, at)
                above, root = facts[which]
                if above is None:
                    self._homes.write(self._range_of(number), _dumped([number, root]))
                else:
                    higher.write(self._part_of(above), _dumped([number, above, places[which]]))
        wanted.close()
        return higher

    def _known(self, ids: Parted, wanted: Parted, part: int) -> dict[str, Known]:
        """Where the lines that are asked for stand, by their ids."""
        names = {name for _, name, _ in _loaded(wanted, part)}
        known = dict[str, Known]()
        for own, number, above, root, line in _loaded(ids, part) if names else ():
            if own in names:
                places, facts = known.setdefault(own, ([], []))
                places.append(number)
                facts.append((above, root))
                if len(places) > RECORD_ROWS:
                    raise too_large(self._source, line)
        return known

    def part(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Put the lines aside by their roots; returns those without a root."""
        root, homes, part = 0, dict[int, int](), -1
        for line in lines:
            if self._range_of(line.number) != part:
                part = self._range_of(line.number)
                homes = dict(_loaded(self._homes, part))
            if line.above is None:
                home, root = root, root + 1
            elif line.number in homes:
                home = homes[line.number]
            else:
                yield line
                continue
            number = home * self._parts // self._roots
            self._by_root.write(number, _packed(home, line))
            self._sizes[number] += len(line.text) + LINE

    def families(self) -> Iterator[list[Line]]:
        """The lines of each root, in the order of the roots."""
        for part, size in enumerate(self._sizes):
            yield from self._families(self._by_root, part, size)

    def _families(self, parted: Parted, part: int, size: int) -> Iterator[list[Line]]:
        """Those of a part; one that is too large for memory is parted again."""
        if size <= MOST:
            yield from _side_by_side(_unpacked(parted, part))
            return
        groups = self._groups(_unpacked(parted, part))
        with closing(Parted(self._scratch.file(), max(groups.values()) + 1)) as finer:
            for home, line in _unpacked(parted, part):
                finer.write(groups[home], _packed(home, line))
            for number in range(max(groups.values()) + 1):
                yield from _side_by_side(_unpacked(finer, number))

    def _groups(self, lines: Iterable[tuple[int, Line]]) -> dict[int, int]:
        """For each root the part that it goes to: as many together as fit into memory."""
        sizes = dict[int, list[int]]()
        for home, line in lines:
            about = sizes.setdefault(home, [0, 0, line.line])
            about[0] += len(line.text)
            about[1] += 1
            if about[0] > RECORD_BYTES or about[1] > RECORD_ROWS:
                raise too_large(self._source, about[2])
        groups, group, filled = dict[int, int](), 0, 0
        for home in sorted(sizes):
            weight = sizes[home][0] + LINE * sizes[home][1]
            if filled and filled + weight > MOST:
                group, filled = group + 1, 0
            groups[home] = group
            filled += weight
        return groups

    def _part_of(self, name: str) -> int:
        return crc32(name.encode("utf-8", "surrogatepass")) % self._parts

    def _range_of(self, number: int) -> int:
        return number * self._parts // self._lines


def _dumped(said: Sequence[object]) -> bytes:
    # A copy: what orjson gives keeps the 4 KB that it was written into.
    return orjson.dumps(said) + b"\n"


def _loaded(parted: Parted, part: int) -> Iterator[Any]:
    return (orjson.loads(one) for piece in parted.pieces(part) for one in piece.splitlines())


def _packed(home: int, line: Line) -> bytes:
    names = orjson.dumps([line.own, line.above])
    return HEAD.pack(home, line.number, line.line, len(names), len(line.text)) + names + line.text


def _unpacked(parted: Parted, part: int) -> Iterator[tuple[int, Line]]:
    for piece in parted.pieces(part):
        at = 0
        while at < len(piece):
            home, number, line, names, size = HEAD.unpack_from(piece, at)
            at += HEAD.size + names
            own, above = orjson.loads(piece[at - names : at])
            yield home, Line(number, line, piece[at : at + size], own, above)
            at += size


def _side_by_side(lines: Iterable[tuple[int, Line]]) -> Iterator[list[Line]]:
    """The lines of each root, in the order of the file."""
    in_order = sorted(lines, key=lambda one: (one[0], one[1].number))
    return ([line for _, line in some] for _, some in groupby(in_order, key=lambda one: one[0]))
