"""Records that stand in several sources of a run are made one, or refused where the sources contradict each other."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import orjson
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.fates import Fate, Fates
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.model import Problem
from lexer_pipeline.preparing.left_out import keys_left_out
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.stages import Stages, reference_of, stages_of
from lexer_pipeline.system.files import read_at
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.validating.document import parse, write_line
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.merging import Half, merged
from lexer_pipeline.validating.notes import Notes
from lexer_pipeline.validating.reference import ReferenceChecker

ONCE = "once a run"
IN_TWO = "order_in_two_sources"


@contextmanager
def with_fates(
    todo: Sequence[Plan], shared: UInt64s, options: Options, scratch: Scratch
) -> Iterator[list[Plan]]:
    """The plans, each knowing what becomes of those records whose keys (by their hashes) other sources have too.

    All sources are read once more; their halves of such records lie on disk meanwhile.
    """
    with ExitStack() as stack:
        kept, names = _Kept(stack.enter_context(closing(scratch.file()))), []
        for number, plan in enumerate(todo):
            with opened(plan, scratch) as loaded:
                kept.take(pieces_of(number, stages_of(loaded, plan, options), shared))
                names.append(plan.original or loaded.name)
        reference, key = reference_of(todo[-1], options), todo[0].specification.key or ""
        decided = stack.enter_context(closing(scratch.file()))
        fates = [Fates(decided) for _ in todo]
        files = files_of(todo)
        for number, group in enumerate(kept.groups(), 1):
            for source, row, fate in fates_of(group, key, files, names, reference, number):
                fates[source].add(row, fate)
        yield [replace(plan, fates=one) for plan, one in zip(todo, fates, strict=True)]


def files_of(todo: Sequence[Plan]) -> list[int]:
    """The number of the file that each source of a delivery is, or is a further pass over."""
    files: list[int] = np.cumsum([not plan.is_further for plan in todo]).tolist()
    return files


class Piece(NamedTuple):
    """What one source `said` of a record, known by the hash of its `key`; or, where it leaves that out, the `reason`.

    `number` is that of its row or document, or how many the source left out before.
    """

    key: int
    source: int
    number: int
    line: int
    said: bytes
    reason: str


class _Part(Struct, frozen=True):
    """What one source has of a record, and where."""

    source: int
    number: int
    line: int
    half: Half
    problems: tuple[Problem, ...]
    conversions: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]


def pieces_of(source: int, stages: Stages[Any], shared: UInt64s) -> Iterator[Piece]:
    """What the source of this number has of the records whose keys have one of the `shared` hashes."""
    route = stages.route
    identities = Identities(stages.plan.specification, route.layout)
    if identities.key is None:
        return
    left_out = 0
    for loaded in stages.load():
        shaped = route.shape(loaded.in_cells() if isinstance(loaded, Records) else loaded)
        for keys, lines, reasons in keys_left_out(identities, route, shaped):
            for place in np.flatnonzero(np.isin(keys, shared)).tolist():
                yield Piece(keys.item(place), source, left_out, lines.item(place), b"", reasons[place])
                left_out += 1
        chunk, hashes = shaped.chunk, identities.keys_of(shaped)
        for record in np.flatnonzero(np.isin(hashes, shared)).tolist():
            row = int(chunk.firsts[record]) if isinstance(chunk, Records) else record
            document, notes = route.half(shaped, record)
            said = _written(Half(document, route.each, route.takes_first), notes)
            yield Piece(hashes.item(record), source, chunk.numbers.item(row), chunk.lines.item(row), said, "")


def _written(half: Half, notes: Notes) -> bytes:
    problems = [[list(one.path), one.code, one.rule, one.message] for one in notes.problems]
    about = [sorted(half.each), half.takes_first, problems, notes.conversions, notes.warnings]
    return write_line(half.document) + orjson.dumps(about)


def _part(piece: Piece) -> _Part:
    text, about = piece.said.split(b"\n", 1)
    document = parse(text, lambda: None)
    each, takes_first, problems, conversions, warnings = orjson.loads(about)
    assert isinstance(document, dict)
    return _Part(
        piece.source, piece.number, piece.line, Half(document, each, takes_first),
        tuple(Problem(tuple(path), *said) for path, *said in problems),
        tuple((name, where) for name, where in conversions), tuple((name, where) for name, where in warnings),
    )  # fmt: skip


class _Kept:
    """Pieces of records on disk, found again by the hash of their key."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._index: list[tuple[int, int, int, int, int, int]] = []
        self._left_out: dict[int, list[Piece]] = {}
        self._end = 0

    def take(self, pieces: Iterable[Piece]) -> None:
        """Keep some."""
        for one in pieces:
            if not one.said:
                self._left_out.setdefault(one.key, []).append(one)
                continue
            self._file.write(one.said)
            self._index.append((one.key, one.source, one.number, one.line, self._end, len(one.said)))
            self._end += len(one.said)

    def groups(self) -> Iterator[list[Piece]]:
        """The pieces of each record that a source has, in the order of the sources."""
        self._file.flush()
        self._index.sort()
        for key, some in groupby(self._index, key=itemgetter(0)):
            yield [*(self._read(*one) for one in some), *self._left_out.get(key, ())]

    def _read(self, key: int, source: int, number: int, line: int, begin: int, size: int) -> Piece:
        return Piece(key, source, number, line, read_at(self._file.fileno(), size, begin), "")


Decision = tuple[int, int, Fate]


def fates_of(
    pieces: Sequence[Piece], key: str, files: Sequence[int], names: Sequence[str], reference: ReferenceChecker,
    number: int,
) -> Iterator[Decision]:  # fmt: skip
    """What becomes of the pieces of one record by its `key`, for the source and number of each: the first has its line, or all are rejected.

    So they are where another of the `files` leaves it out. Sources are called by their `names`, and the record has this number.
    """
    group = [_part(one) for one in pieces if one.said]
    here = {files[one.source] for one in group}
    left_out = [one for one in pieces if not one.said and files[one.source] not in here]
    if left_out:
        places = "; ".join(f"{names[one.source]} (line {one.line}): {one.reason}" for one in left_out)
        words = f"stands in another source too, where it is left out, so nobody can tell which is right; take it out of one of them. {places}"
        yield from _refused(group, Problem((key,), "contradiction", ONCE, words))
        return
    if len(group) < 2 or any(
        part.half.document.get(key) != group[0].half.document.get(key) for part in group
    ):
        return  # two keys of one hash, once in the life of a universe: each is judged alone
    where = ", ".join(f"{names[part.source]} (line {part.line})" for part in group)
    broken = [part for part in group if part.problems]
    if broken:
        place = ", ".join(f"{names[part.source]} (line {part.line})" for part in broken)
        words = (
            f"stands in {place} too, where it is not valid; fix it there, since an order is sent as a whole"
        )
        yield from _refused(group, Problem((key,), "contradiction", ONCE, words))
        return
    document, clashes = merged([part.half for part in group])
    problems = tuple(Problem(path, "contradiction", ONCE, _words(path, group, where)) for path in clashes)
    verdict = reference.document(document)
    problems = problems or verdict.problems
    conversions = [*verdict.conversions, *(one for part in group for one in part.conversions)]
    warnings = [*verdict.warnings, *(one for part in group for one in part.warnings), (IN_TWO, key)]
    whole = Fate(verdict.line, (), tuple(conversions), tuple(warnings), number)
    for part in group:
        fate = whole if part is group[0] else Fate(group=number)
        yield part.source, part.number, Fate(problems=problems) if problems else fate


def _refused(group: Sequence[_Part], other: Problem) -> Iterator[Decision]:
    """All parts of a record are rejected: for what is wrong with each, or for the `other` reason."""
    return ((part.source, part.number, Fate(problems=part.problems or (other,))) for part in group)


def _words(path: tuple[str | int, ...], group: Sequence[_Part], where: str) -> str:
    if any(len(path) == 1 and path[0] in part.half.each for part in group):
        return (
            f"names a product in several of {where}, and not the same lines, so nobody can tell what was bought; "
            "leave out the one that is wrong, or keep each order whole in one of them"
        )
    return f"differs between {where}, which have the same key; make them agree, or leave out the one that is wrong"
