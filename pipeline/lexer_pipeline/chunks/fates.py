"""What was decided of records that other sources of the run have too: kept on disk until the source is read once more."""

from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import orjson
from msgspec import Struct

from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.model import Problem
from lexer_pipeline.system.files import read_at

Named = tuple[tuple[str, str], ...]


class Fate(Struct, frozen=True):
    """What becomes of one record: its NDJSON `line`, or why it is rejected; with neither it is part of another source's record.

    The parts of one record have the same `group`, from 1.
    """

    line: bytes = b""
    problems: tuple[Problem, ...] = ()
    conversions: Named = ()
    warnings: Named = ()
    group: int = 0


class Fates:
    """The fates of some records of one source, by the number of the row or document with which each begins.

    Those of several sources lie in one `file`; all are there before the first is asked for.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._numbers: list[int] = []
        self._places: list[tuple[int, int]] = []
        self._order: Int64s | None = None

    def add(self, number: int, fate: Fate) -> None:
        """Keep one."""
        problems = [[list(one.path), one.code, one.rule, one.message] for one in fate.problems]
        said = orjson.dumps([fate.line.decode(), problems, fate.conversions, fate.warnings, fate.group])
        self._places.append((self._file.tell(), len(said)))
        self._file.write(said)
        self._numbers.append(number)

    def of(self, numbers: Int64s) -> dict[int, Fate]:
        """The fates of those records of a chunk that have one, by their place in it."""
        if not self._numbers:
            return {}
        if self._order is None:
            self._file.flush()
            self._order = np.argsort(self._numbers)
        known = np.array(self._numbers)[self._order]
        at = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return {
            place: self._read(int(self._order[at[place]]))
            for place in np.flatnonzero(known[at] == numbers).tolist()
        }

    def _read(self, place: int) -> Fate:
        begin, size = self._places[place]
        line, problems, conversions, warnings, group = orjson.loads(read_at(self._file.fileno(), size, begin))
        return Fate(
            line.encode(),
            tuple(Problem(tuple(path), *said) for path, *said in problems),
            _named(conversions),
            _named(warnings),
            group,
        )


def _named(said: Sequence[Sequence[str]]) -> Named:
    return tuple((name, where) for name, where in said)
