"""Records that stand in several sources of a run are made one, or refused where the sources contradict each other."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
import orjson

from lexer_pipeline.chunks.fates import Fate, Fates
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.model import Problem
from lexer_pipeline.preparing.left_out import keys_left_out
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.stages import Stages, stages_of
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
                stages = stages_of(loaded, plan, options)
                kept.take(number, stages, shared)
                names.append(plan.original or loaded.name)
                reference = stages.route.reference
        decided = stack.enter_context(closing(scratch.file()))
        fates = [Fates(decided) for _ in todo]
        files = np.cumsum([not plan.is_further for plan in todo]).tolist()
        for number, (group, left_out) in enumerate(kept.groups(), 1):
            here = {files[part.source] for part in group}
            elsewhere = [one for one in left_out if files[one.source] not in here]
            _decide(group, elsewhere, todo[0].specification.key or "", names, reference, fates, number)
        yield [replace(plan, fates=one) for plan, one in zip(todo, fates, strict=True)]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one source has of a record, and where."""

    source: int
    number: int
    line: int
    half: Half
    problems: tuple[Problem, ...]
    conversions: tuple[tuple[str, str], ...]
    warnings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Left:
    """Where one source leaves a record out, and why."""

    source: int
    line: int
    reason: str


class _Kept:
    """The parts of records on disk, found again by the hash of their key."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._index: list[tuple[int, int, int, int, int, int]] = []
        self._left_out: dict[int, list[_Left]] = {}
        self._end = 0

    def take(self, source: int, stages: Stages[Any], shared: UInt64s) -> None:
        """Keep the parts that a source has."""
        route = stages.route
        identities = Identities(stages.plan.specification, route.layout)
        if identities.key is None:
            return
        for loaded in stages.load():
            shaped = route.shape(loaded.in_cells() if isinstance(loaded, Records) else loaded)
            for keys, lines, reasons in keys_left_out(identities, route, shaped):
                for place in np.flatnonzero(np.isin(keys, shared)).tolist():
                    left = _Left(source, lines.item(place), reasons[place])
                    self._left_out.setdefault(keys.item(place), []).append(left)
            chunk, hashes = shaped.chunk, identities.keys_of(shaped)
            for record in np.flatnonzero(np.isin(hashes, shared)).tolist():
                row = int(chunk.firsts[record]) if isinstance(chunk, Records) else record
                document, notes = route.half(shaped, record)
                self._add(int(hashes[record]), source, int(chunk.numbers[row]), int(chunk.lines[row]),
                          Half(document, route.each, route.takes_first), notes)  # fmt: skip

    def _add(self, key: int, source: int, number: int, line: int, half: Half, notes: Notes) -> None:
        problems = [[list(one.path), one.code, one.rule, one.message] for one in notes.problems]
        about = orjson.dumps(
            [sorted(half.each), half.takes_first, problems, notes.conversions, notes.warnings]
        )
        said = write_line(half.document) + about
        self._file.write(said)
        self._index.append((key, source, number, line, self._end, len(said)))
        self._end += len(said)

    def groups(self) -> Iterator[tuple[list[_Part], Sequence[_Left]]]:
        """The parts of each record, in the order of the sources, and where it is left out."""
        self._file.flush()
        self._index.sort()
        begin = 0
        for at in range(1, len(self._index) + 1):
            if at == len(self._index) or self._index[at][0] != self._index[begin][0]:
                parts = [self._read(*one[1:]) for one in self._index[begin:at]]
                yield parts, self._left_out.get(self._index[begin][0], ())
                begin = at

    def _read(self, source: int, number: int, line: int, begin: int, size: int) -> _Part:
        text, about = read_at(self._file.fileno(), size, begin).split(b"\n", 1)
        document = parse(text, lambda: None)
        each, takes_first, problems, conversions, warnings = orjson.loads(about)
        assert isinstance(document, dict)
        return _Part(
            source, number, line, Half(document, each, takes_first),
            tuple(Problem(tuple(path), *said) for path, *said in problems),
            tuple((name, where) for name, where in conversions), tuple((name, where) for name, where in warnings),
        )  # fmt: skip


def _decide(
    group: Sequence[_Part],
    left_out: Sequence[_Left],
    key: str,
    names: Sequence[str],
    reference: ReferenceChecker,
    fates: Sequence[Fates],
    number: int,
) -> None:
    """What becomes of the parts of one record: the first has its line, or all are rejected, as where other files have it `left_out`."""
    if left_out:
        places = "; ".join(f"{names[one.source]} (line {one.line}): {one.reason}" for one in left_out)
        words = f"stands in another source too, where it is left out, so nobody can tell which is right; take it out of one of them. {places}"
        other = Problem((key,), "contradiction", ONCE, words)
        for part in group:
            fates[part.source].add(part.number, Fate(problems=part.problems or (other,)))
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
        other = Problem((key,), "contradiction", ONCE, words)
        for part in group:
            fates[part.source].add(part.number, Fate(problems=part.problems or (other,)))
        return
    document, clashes = merged([part.half for part in group])
    problems = tuple(Problem(path, "contradiction", ONCE, _words(path, group, where)) for path in clashes)
    verdict = reference.document(document)
    problems = problems or verdict.problems
    conversions = [*verdict.conversions, *(one for part in group for one in part.conversions)]
    warnings = [*verdict.warnings, *(one for part in group for one in part.warnings), (IN_TWO, key)]
    whole = Fate(verdict.line, (), tuple(conversions), tuple(warnings), number)
    for part in group:
        here = whole if part is group[0] else Fate(group=number)
        fates[part.source].add(part.number, Fate(problems=problems) if problems else here)


def _words(path: tuple[str | int, ...], group: Sequence[_Part], where: str) -> str:
    if any(len(path) == 1 and path[0] in part.half.each for part in group):
        return (
            f"names a product in several of {where}, and not the same lines, so nobody can tell what was bought; "
            "leave out the one that is wrong, or keep each order whole in one of them"
        )
    return f"differs between {where}, which have the same key; make them agree, or leave out the one that is wrong"
