"""Two exports or batches become records as they would be sent, and each record is looked for in the other."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path

import orjson

from lexer_pipeline.comparing.difference import (
    GONE,
    NEW,
    OTHER,
    ComparedSide,
    Counted,
    Difference,
    ExampleRecord,
    differing,
)
from lexer_pipeline.comparing.sides import Side, side_of
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Json, Specification
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.identity import Record, identity_of
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Parted, Scratch

# Records are put aside in so many parts by what they are known by; one part of each side is in memory at a time.
PARTS = 256
DIGEST = 16
LENGTH = 4
TOLD_AFTER = 1 << 12
Identity = Callable[[Record], Json]


def compare(
    old: Source, new: Source, spec: str | Specification | None = None, options: Options | None = None, runtime: Runtime | None = None,
) -> tuple[Difference, ...]:  # fmt: skip
    """What two exports, or batches by their folders, differ in: for each specification which records are new, changed, unchanged, gone.

    Sources are converted as `prepare` would, and nothing of them is kept. With `options.show_values` some records are among the answer;
    without, no value is. Memory is bounded; the disk needs room for the records of both.

    Raises UsageError where the two have no specification in common, and what `prepare` raises.
    """
    options = options or Options()
    if str(old) == str(new) == "-":
        raise UsageError("standard input cannot be both exports", "Save one of them as a file.")
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    passing = options.progress
    on_pass = None if passing is None else lambda at: passing(0, at)
    with ExitStack() as held:
        scratch = held.enter_context(Scratch(options.temp, on_pass))

        def side(source: Source) -> Side:
            folder = held.enter_context(scratch.folder())
            return side_of(source, specification, options, runtime or Runtime(), folder)

        before, after = side(old), side(new)
        return tuple(
            _compared(one, before, after, options.show_values, scratch)
            for one in _in_common(before, after, specification)
        )


def _in_common(old: Side, new: Side, asked: Specification | None) -> Iterator[Specification]:
    """What both may be compared in; what one of them lacks is new or gone as a whole, unless one is a batch of something else."""
    names = list(dict.fromkeys([*old.batches, *new.batches]))
    if old.is_batch or new.is_batch:
        names = [name for name in names if name in old.batches and name in new.batches]
    if not names:
        raise UsageError(
            f"{old.name} and {new.name} have no kind of record in common",
            "Name what both are to be with --spec or --map.",
        )
    for name in names:
        yield asked if asked is not None and asked.name == name else catalog.find(name)


def _compared(
    specification: Specification, old: Side, new: Side, with_values: bool, scratch: Scratch
) -> Difference:
    known_by, counted = identity_of(specification), Counted()
    with (
        closing(_Aside(old, specification, scratch)) as before,
        closing(_Aside(new, specification, scratch)) as after,
    ):
        for part in range(PARTS):
            _look(before.lines(part), after.lines(part), known_by, counted, with_values)
    return counted.told(specification.name, before.facts(), after.facts())


class _Aside:
    """The records of one side, put aside by what they are known by."""

    def __init__(self, side: Side, specification: Specification, scratch: Scratch) -> None:
        self._side, self._name = side, specification.name
        self._records = self._different = 0
        self._parts = Parted(scratch.file(), PARTS)
        known_by, read = identity_of(specification), 0
        for line in _lines(side.files(self._name)):
            key = orjson.dumps(known_by(orjson.loads(line)), option=orjson.OPT_SORT_KEYS)
            digest = blake2b(key, digest_size=DIGEST).digest()
            self._parts.write(digest[0] % PARTS, digest + len(line).to_bytes(LENGTH, "little") + line)
            self._records += 1
            read += len(line)
            if not self._records % TOLD_AFTER:
                scratch.passed(read)

    def lines(self, part: int) -> dict[bytes, bytes]:
        """The records of a part by digests of what they are known by; the last one where that stands there again."""
        data, found, at = self._parts.read(part), {}, 0
        while at < len(data):
            begin = at + DIGEST + LENGTH
            end = begin + int.from_bytes(data[at + DIGEST : begin], "little")
            found[data[at : at + DIGEST]] = data[begin:end]
            at = end
        self._different += len(found)
        return found

    def facts(self) -> ComparedSide:
        """What was counted, once all parts were looked at."""
        again = self._records - self._different
        return ComparedSide(self._side.name, self._records, self._side.rejected(self._name), again)

    def close(self) -> None:
        """Let go of the records."""
        self._parts.close()


def _lines(files: Sequence[Path]) -> Iterator[bytes]:
    for path in files:
        with path.open("rb") as file:
            yield from file


def _look(
    was: dict[bytes, bytes], now: dict[bytes, bytes], known_by: Identity, counted: Counted, with_values: bool
) -> None:
    """Each record of a part is looked for in the other side."""
    for digest, line in now.items():
        before = was.pop(digest, None)
        if before == line:
            counted.unchanged += 1
        elif before is None:
            counted.added += 1
            if with_values:
                counted.show(ExampleRecord(NEW, known_by(orjson.loads(line))))
        else:
            _differ(before, line, known_by, counted, with_values)
    counted.gone += len(was)
    if with_values:
        for line in was.values():
            counted.show(ExampleRecord(GONE, known_by(orjson.loads(line))))


def _differ(before: bytes, line: bytes, known_by: Identity, counted: Counted, with_values: bool) -> None:
    found = list(differing(_exact(before), _exact(line)))
    if not found:
        counted.unchanged += 1
        return
    counted.changed += 1
    counted.fields.update({(path, kind) for path, kind, _, _ in found})
    if with_values:
        fields = tuple((path, _plain(old), _plain(new)) for path, _, old, new in found)
        counted.show(ExampleRecord(OTHER, known_by(orjson.loads(line)), fields))


def _exact(line: bytes) -> Json:
    """A record whose numbers keep their digits."""
    found: Json = json.loads(line, parse_float=Decimal, parse_int=Decimal)
    return found


def _plain(value: object) -> Json:
    """A value as JSON has it; a number as it was written."""
    found: Json = json.loads(json.dumps(value, default=_number))
    return found


def _number(value: object) -> float | int | str:
    assert isinstance(value, Decimal)
    return int(value) if value == value.to_integral_value() and abs(value) < 1 << 53 else str(value)
