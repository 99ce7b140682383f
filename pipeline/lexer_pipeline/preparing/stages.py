"""The stages of a route, one after another and timed: a chunk in, what became of it out."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Generic
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.ndjson_lines import line_ends, lines_kept
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.origins import NamedFile
from lexer_pipeline.loading.source import Loaded, LoadedDocuments, naming_member
from lexer_pipeline.preparing.changes import Changes, Hashed, Sifted
from lexer_pipeline.preparing.last_of_each import LastOfEach, without
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.routes import ChunkT, DocumentsRoute, Route, TableRoute
from lexer_pipeline.preparing.unrecognised import called_otherwise, known_by, saying_sheet
from lexer_pipeline.specs.placeholders import USUAL
from lexer_pipeline.system.parallel import Ahead, ahead, map_in_order, workers
from lexer_pipeline.system.timings import Timings
from lexer_pipeline.validating.header_checks import UnknownColumnsError
from lexer_pipeline.validating.reference import ReferenceChecker

# So many blocks of a table are read ahead: those that are put together before the stages are run (`chunks/coalesce.py`).
BLOCKS_AHEAD = 2


def stages_of(
    loaded: Loaded,
    plan: Plan,
    options: Options,
    changes: Changes | None = None,
    lasts: LastOfEach | None = None,
) -> "Stages[Any]":
    """The stages for a source that was opened, set up as its plan and form ask."""
    loaded.scratch.at = 0
    with naming_member(plan.source):
        try:
            route = _route(loaded, plan, options)
        except UsageError as problem:
            raise saying_sheet(problem, loaded) from None
        return Stages(loaded, plan, route, options.timings, workers(options.threads), changes, lasts)


class Converted(Struct, Generic[ChunkT], frozen=True):
    """One chunk behind all stages: as it was loaded, what was found, and the NDJSON of what was accepted and is to be sent.

    `hashed` says what its records are, where that is kept.
    """

    chunk: ChunkT
    checked: Checked
    lines: Sequence[bytes]
    hashed: Hashed | None = None

    @property
    def size(self) -> int:
        """Bytes of NDJSON."""
        return sum(map(len, self.lines))


class Stages(Struct, Generic[ChunkT], frozen=True):
    """The stages of one source; `timings` takes what each of them costs.

    So many `workers` convert chunks beside the thread that reads them; without one all is done in turn.
    `changes` compares with what is at the destination, `lasts` leaves out what a later record tells anew.
    """

    loaded: Loaded
    plan: Plan
    route: Route[ChunkT, Any]
    timings: Timings
    workers: int
    changes: Changes | None = None
    lasts: LastOfEach | None = None

    def load(self) -> Iterator[ChunkT]:
        """load; of a file on a disk, which lets nobody wait, the next chunk is read while one is worked on."""
        is_ahead = not self.route.reads_ahead and _may_read_ahead(self.plan, self.workers)
        return ahead(self._loaded(), is_ahead)

    def _loaded(self) -> Iterator[ChunkT]:
        chunks, seen = self.route.load(), 0
        while True:
            with self.timings.of("load", 0):
                chunk = next(chunks, None)
            self.timings.add("load", 0.0, self.loaded.stream.bytes - seen)
            seen = self.loaded.stream.bytes
            if chunk is None:
                return
            yield chunk

    def check(self, chunk: ChunkT) -> Checked:
        """shape -> validate."""
        with self.timings.of("shape", chunk.size):
            shaped = self.route.shape(chunk)
        with self.timings.of("validate", chunk.size):
            checked = self.route.validate(shaped)
        return (
            replace(checked, rows=checked.rows - checked.blank, blank=0) if self.plan.is_further else checked
        )

    def check_all(self) -> Iterator[Checked]:
        """What all chunks come to, with nothing to be sent, in order."""
        if self.lasts is None:
            return map_in_order(self.check, self.load(), self._beside)
        return (self.in_turn(done).checked for done in self.convert_all())

    def convert_all(self) -> Iterator[Converted[ChunkT]]:
        """All chunks behind all stages, in order."""
        return map_in_order(self.convert, self.load(), self._beside)

    @property
    def _beside(self) -> int:
        """How many threads pass chunks through the stages behind load, beside the one that asks for them."""
        return 0 if self.route.reads_ahead else self.workers

    def convert(self, chunk: ChunkT) -> Converted[ChunkT]:
        """shape -> validate -> convert."""
        checked = self.check(chunk)
        with self.timings.of("convert", chunk.size):
            lines = self.route.convert(checked)
        done = Converted(chunk, checked, lines)
        # What a later record tells anew is left out first, one chunk after another.
        return self._compared(done) if self.lasts is None else done

    def _compared(self, done: Converted[ChunkT]) -> Converted[ChunkT]:
        if self.changes is None:
            return done
        with self.timings.of("compare", done.size):
            sifted = self.changes.sift(done.checked, done.lines)
        return replace(done, checked=sifted.checked, lines=sifted.lines, hashed=sifted.hashed)

    def in_turn(self, done: Converted[ChunkT]) -> Converted[ChunkT]:
        """A chunk that is about to be written, one after another: without records that the source has again later."""
        if self.lasts is not None:
            done = self._compared(self._of_lasts(done, self.lasts))
        if self.changes is None or done.hashed is None:
            return done
        sifted = self.changes.in_turn(Sifted(done.checked, done.lines, done.hashed))
        return replace(done, checked=sifted.checked, lines=sifted.lines, hashed=sifted.hashed)

    def _of_lasts(self, done: Converted[ChunkT], lasts: LastOfEach) -> Converted[ChunkT]:
        data = b"".join(done.lines)
        ends = line_ends(data)
        earlier = lasts.look(data, ends)
        if not earlier.any():
            return done
        chunk = done.chunk
        if isinstance(chunk, Records) and chunk.written is not None:
            done = self.convert(chunk.in_cells())
        return replace(done, checked=without(done.checked, earlier), lines=[lines_kept(data, ends, ~earlier)])


def _may_read_ahead(plan: Plan, workers: int) -> bool:
    """Whether a thread may read more than is asked for: of a file on a disk, which lets nobody wait."""
    return workers > 0 and isinstance(plan.source, NamedFile)


def _route(loaded: Loaded, plan: Plan, options: Options) -> Route[Any, Any]:
    reference = reference_of(plan, options)
    most = BLOCKS_AHEAD * _may_read_ahead(plan, workers(options.threads))
    blocks = Ahead(most, lambda took: options.timings.add("load", took, 0))
    if plan.record is not None:
        return _mapped(loaded, plan, reference, options, blocks)
    if isinstance(loaded, LoadedDocuments):
        return DocumentsRoute(loaded, plan, reference)
    try:
        if options.date_format is None and not options.keep_rest:
            return TableRoute(loaded, plan, reference, options.ignore_unknown, blocks)
        return _mapped(loaded, plan, reference, options, blocks)
    except UsageError as problem:
        names = loaded.head.names
        known = known_by(names, loaded.name, plan.specification.name)
        if known is None and isinstance(problem, UnknownColumnsError):
            known = called_otherwise(problem, names, loaded.name, plan.specification)
        raise known or problem from None


def _mapped(
    loaded: Loaded, plan: Plan, reference: ReferenceChecker, options: Options, blocks: Ahead
) -> Route[Any, Any]:
    # The named conversions cost as much time to import as a small file without a mapping to convert.
    mapped = import_module("lexer_pipeline.preparing.mapped_route")
    route: Route[Any, Any] = mapped.mapped_route(loaded, plan, reference, options, blocks)
    return route


def _no_zone(typed: str) -> UsageError:
    """The error for a zone that is none, with the one that a city, a misspelt name or the letters of one may mean."""
    near = import_module("lexer_pipeline.mapping.conversions.zones").nearest(typed)
    hint = f"Did you mean {near}?" if near else "Write a name such as Australia/Melbourne."
    return UsageError(f"--timezone: there is no zone called {typed}", hint, instead=(typed, near))


def reference_of(plan: Plan, options: Options) -> ReferenceChecker:
    """What judges the records that a plan makes, one by one."""
    try:
        zone = ZoneInfo(options.zone) if options.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _no_zone(options.zone or "") from None
    placeholders = plan.mapping.placeholders if plan.mapping is not None else USUAL
    return ReferenceChecker(
        plan.specification, zone, options.reject_unknown, options.show_values, placeholders
    )
