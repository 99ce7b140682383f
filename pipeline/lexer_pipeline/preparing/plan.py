"""What is to be made of which source: by a specification, by a mapping, or by what its header looks like."""

import os
import shlex
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

from lexer_pipeline.chunks.fates import Fates
from lexer_pipeline.chunks.rejected import ADDED, BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.expand import expand
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.named_twice import refuse_copies, refuse_named_twice
from lexer_pipeline.loading.source import Loaded, LoadedTable, Source, load, naming_member
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.name_words import depends_on_source, records_of
from lexer_pipeline.mapping.recognition import recognise
from lexer_pipeline.mapping.rules import FieldDecisions, Mapping, RecordMap
from lexer_pipeline.model import Specification
from lexer_pipeline.outbox.batch import MANIFEST
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.unrecognised import not_recognised
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.files import read_at
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass over one source; `mapping` and `record` are None where the columns are fields already.

    `notes` say why a mapping was taken that nobody asked for. `decided` is what was decided over the source as a whole, of which
    these are some rows. Where they are its rejects, `original` is its name, and `accepted` are those that an earlier fix accepted:
    rows by their lines, documents by their SHA-256. One that `is_further` makes more records of the same kind of a source that
    was read before, so it does not count its blank rows again. `fates` has what was decided of records that other sources of the
    run have too.
    """

    source: Source
    stdin: BinaryIO | None
    reading: ReadOptions
    specification: Specification
    mapping: Mapping | None = None
    record: RecordMap | None = None
    notes: tuple[str, ...] = ()
    decided: Decisions | None = None
    original: str = ""
    accepted: frozenset[int | str] = frozenset()
    is_further: bool = False
    fates: Fates | None = None

    @property
    def fields_decided(self) -> FieldDecisions:
        """What was decided over the columns of fields before."""
        return self.decided.fields if self.decided is not None else {}

    @property
    def accepted_lines(self) -> frozenset[int]:
        """The lines of rows that an earlier fix accepted."""
        return frozenset(one for one in self.accepted if isinstance(one, int))

    @property
    def accepted_documents(self) -> frozenset[str]:
        """The SHA-256 of documents that an earlier fix accepted."""
        return frozenset(one for one in self.accepted if isinstance(one, str))

    def again(self) -> "Plan":
        """The same pass with a reader of its own, so that this one can be made once more."""
        raw = self.stdin.raw if isinstance(self.stdin, BufferedReader) else None
        return replace(self, stdin=raw.again()) if isinstance(raw, _FromStart) else self

    def read_as(self, decided: Decisions) -> "Plan":
        """The pass over some rows of a source on which this was decided."""
        return replace(self, reading=decided.reading, decided=decided)

    def fixing(self, decided: Decisions, original: str, accepted: Collection[int | str] = ()) -> "Plan":
        """The pass over rejects of the source `original`, on which this was decided: a row means what it would mean there.

        The reading of the plan is what a person says of the rejects file itself.
        """
        again = self.read_as(decided.for_rejects(self.reading))
        return replace(again, original=original, accepted=frozenset(accepted))


def opened(
    plan: Plan, scratch: Scratch, hashing: Hashing | None = None, refuses_rejects: bool = False
) -> Loaded:
    """The source of a plan, opened; with `refuses_rejects` UsageError where it is a rejects file and nobody fixes it."""
    with ExitStack() as on_failure:
        loaded = on_failure.enter_context(
            closing(load(plan.source, plan.stdin, plan.reading, hashing, scratch))
        )
        if refuses_rejects and isinstance(loaded, LoadedTable) and loaded.head.names[:ADDED] == BOOKKEEPING:
            raise _unasked(plan.source, loaded.name)
        on_failure.pop_all()
        return loaded


def _unasked(source: Source, name: str) -> UsageError:
    """The command that fixes a batch, with the batch where the file lies in its folder."""
    path = Path(source) if isinstance(source, str | Path) and str(source) != "-" else None
    batch, file = "BATCH", shlex.quote(str(path)) if path else "FILE"
    if path is not None and (path.parent / MANIFEST).is_file():
        batch = shlex.quote(str(path.parent))
    return UsageError(
        f"{name}: holds what a batch rejected, which is read as that batch was",
        f"Run: lexer-pipeline convert --fix {batch} {file}",
    )


def plans(
    sources: Sequence[Source], spec: str | Specification | None, mapped: str | None, stdin: BinaryIO | None,
    reading: ReadOptions, scratch: Scratch, out: Path | None = None, member: str | None = None,
) -> Iterator[Plan]:  # fmt: skip
    """The passes to be made, in order. With a mapping a source may feed several specifications.

    `out` is the folder that remembers which mapping was used for which header, `member` the file of a zip that is meant.
    """
    sources = expand(sources, member)
    refuse_named_twice(sources)
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    chosen = mapping.find(mapped) if mapped else None
    if specification is not None and chosen is None:
        refuse_copies(sources)
        for source in sources:
            with again(source, stdin if len(sources) > 1 else None, scratch) as reader:
                yield Plan(source, reader() or stdin, reading, specification)
        return
    alike: list[Source] = []
    for source in sources:
        with again(source, stdin, scratch) as reader:
            with naming_member(source):
                found, notes = (
                    (chosen, ()) if chosen else _recognised(source, reader(), reading, scratch, out)
                )
            if found.refuse:
                raise UsageError(f"{found.title}: cannot be converted: {found.refuse}")
            records = [record for record in found.records if _is_wanted(record, specification)]
            if not records:
                raise UsageError(f"the mapping {found.name} makes no {spec}", "Leave out --spec.")
            read_as = replace(reading, sheet=reading.sheet or found.sheet)
            if any(depends_on_source(record) for record in records):
                with closing(load(source, reader(), read_as, scratch=scratch)) as loaded:
                    names = loaded.head.names if isinstance(loaded, LoadedTable) else ()
                records = records_of(records, names, loaded.name)
            seen: set[str] = set()
            for record in records:
                made = catalog.find(record.specification)
                is_further = made.name in seen
                seen.add(made.name)
                yield Plan(source, reader(), read_as, made, found, record, notes, is_further=is_further)
            # What the name of a file says may be all that two of them differ in.
            alike += [] if any(rule.filename for one in found.records for rule in one.fields) else [source]
    refuse_copies(alike)


def _is_wanted(record: RecordMap, specification: Specification | None) -> bool:
    return specification is None or catalog.find(record.specification).name == specification.name


@contextmanager
def again(
    source: Source, stdin: BinaryIO | None, scratch: Scratch
) -> Iterator[Callable[[], BinaryIO | None]]:
    """Gives readers of standard input that each begin at its start and outlive this; nothing is read for a file."""
    if stdin is None or not isinstance(source, str | Path) or str(source) != "-":
        yield lambda: stdin
        return
    with closing(scratch.file()) as file:
        while block := stdin.read(BLOCK):
            file.write(block)
        file.flush()
        yield lambda: BufferedReader(_FromStart(file.fileno()))


class _FromStart(RawIOBase):
    """The bytes behind a descriptor, from the first one on."""

    def __init__(self, handle: int) -> None:
        self._handle = os.dup(handle)
        self._at = 0

    def again(self) -> BinaryIO:
        """A further reader, that begins at the first byte."""
        return BufferedReader(_FromStart(self._handle))

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int:
        data = read_at(self._handle, len(into), self._at)
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Let go of the descriptor."""
        if not self.closed:
            os.close(self._handle)
        super().close()


def _recognised(
    source: Source, stdin: BinaryIO | None, reading: ReadOptions, scratch: Scratch, out: Path | None
) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping that was used for this header before, or the preset that it surely is."""
    with closing(load(source, stdin, reading, scratch=scratch)) as loaded:
        called = loaded.name
    if not isinstance(loaded, LoadedTable):
        raise UsageError(f"{called}: is JSON, and its content does not say what it holds", "Add --spec.")
    known = remembered.recall(out, loaded.head.names) if out is not None else None
    if known is not None and not known.trouble:
        return mapping.read(known.path), (f"{known.path} was used for this header before, and is used again",)
    gone = (
        f"{known.path} was used for this header before, but it {known.trouble}" if known is not None else ""
    )
    found = recognise(loaded.head.names)
    if found.sure is None:
        raise not_recognised(source, called, found, gone)
    return found.sure, ((gone,) if gone else ())
