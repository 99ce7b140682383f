"""One review: what was named, how its columns are mapped, and the rows in which something is wrong."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.source import LoadedTable, Source
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping import remembered
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.batch import PreparedBatch, as_named, batch_named
from lexer_pipeline.outbox.batch import read as read_batch
from lexer_pipeline.preparing import edits_file
from lexer_pipeline.preparing.edits_file import EditsFile
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, rehearse
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.as_made import as_made, source_of
from lexer_pipeline.reviewing.checking import Checks
from lexer_pipeline.reviewing.editing import Editing
from lexer_pipeline.reviewing.faulty import faulty
from lexer_pipeline.reviewing.faulty_documents import FaultyDocuments
from lexer_pipeline.reviewing.faulty_rows import Fault, FaultyRows
from lexer_pipeline.reviewing.suspected_rows import suspected, suspected_rows
from lexer_pipeline.system.addresses import shown
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.uploading.settings import Settings

ENDING = ".edits.toml"


class Wanted(Struct, frozen=True):
    """What was asked of a review: a source or a batch, and what the commands that it stands for are asked.

    `settings` are those to send with, which may ask a key ring, so they are asked for when there is something to send.
    """

    named: str
    spec: str | None
    out: Path
    options: Options
    settings: Callable[[], Settings]


class Session:
    """A review of a source, or of a batch and, where that is still there, the source that it was made of.

    `needs_mapping` says why a mapping is to be made first, if so; `mapped_by` names the one that is used.

    Raises SourceError or UsageError where that cannot be opened.
    """

    def __init__(self, wanted: Wanted, runtime: Runtime | None = None) -> None:
        self.wanted = wanted
        self.runtime = runtime or Runtime()
        self.options = wanted.options
        self.spec = wanted.spec
        self.batch = _batch(wanted)
        self.needs_mapping = ""
        self.mapped_by = wanted.options.mapping or ""
        self.editing: Editing | None = None
        self.made: tuple[PreparedBatch, ...] = ()
        self.sent: tuple[Receipt, ...] = ()
        self._draft = ExitStack()
        with ExitStack() as held:
            self.scratch = held.enter_context(Scratch(wanted.options.temp or wanted.out))
            self._source = self._opened(held) if self.batch is None else None
            self._held = held.pop_all()

    def close(self) -> None:
        """Let go of what was put aside; edits and batches stay."""
        self._draft.close()
        self._held.close()

    @property
    def name(self) -> str:
        """What is reviewed, as it was named."""
        return shown(self.wanted.named)

    @property
    def called(self) -> str:
        """What files beside the source are called after: its own name, without the zip or folder that it lies in."""
        name = Path(str(self.source).rpartition("!")[2]).name
        return "stdin" if name == "-" else name

    @property
    def source(self) -> Source:
        """The source that is reviewed, which must stay what it is for as long as the review lasts."""
        assert self._source is not None
        return self._source

    def _opened(self, held: ExitStack) -> Source:
        named, stdin = self.wanted.named, self.wanted.options.stdin
        opened = held.enter_context(opened_sources([named], stdin, self.scratch, True, self.options.network))
        found = expand(opened, self.options.member)
        if len(found) != 1:
            raise UsageError(
                f"{named}: holds {len(found)} files", "Name one of them, or a file of a zip with --member."
            )
        self.options = replace(self.options, member=None, stdin=None)
        return found[0]

    @cached_property
    def settings(self) -> Settings:
        """What to send with."""
        return self.wanted.settings()

    @property
    def edits(self) -> Path | None:
        """The file of what was done, if anything was."""
        return self.editing.kept.path if self.editing is not None and self.editing.kept.edits else None

    @property
    def has_documents(self) -> bool:
        """Whether what was rejected are documents of JSON."""
        tables = self.editing.tables if self.editing is not None else ()
        return any(isinstance(one, FaultyDocuments) for one in tables)

    # -------------------------------------------------------------------------------------------------- opening

    def open(self) -> None:
        """Look at what was named, with what was done to it in an earlier review."""
        if self.batch is not None:
            self._open_batch(self.batch)
            return
        self._recall()
        try:
            self._open_source()
            self.needs_mapping = ""
        except UsageError as problem:
            self.needs_mapping = f"{problem.message}."

    def turn_to(self, batch: PreparedBatch) -> None:
        """Go on with a batch that was made of the one that was reviewed."""
        self.batch = batch
        self.open()

    def map_with(self, mapping: Path) -> None:
        """Review the source with this mapping from now on."""
        self.options, self.spec = replace(self.options, mapping=str(mapping)), None
        self.mapped_by = str(mapping)
        self.needs_mapping = ""
        self._open_source()

    def _open_batch(self, batch: PreparedBatch) -> None:
        self._draft.close()
        if batch.manifest.rejects:
            # What cannot be fixed (it was dropped, purged, or another took its place) is refused now.
            rehearse(batch.path, [], self.wanted.out, self.options, lambda *_: None, self.spec)
        path = batch.on_disk / edits_file.FILE
        sources = {one.path: one.sha256 for one in batch.manifest.sources}
        kept = edits_file.read(path) if path.is_file() else EditsFile(path, sources)
        self._edit(
            [batch], replace(kept, sources=sources), self.wanted.out, source_of(batch, self.options.network)
        )

    def _open_source(self) -> None:
        """A draft of the batches is made in a folder of its own, in which nothing is sent and no name is taken."""
        self._draft.close()
        out = self._draft.enter_context(self.scratch.folder())
        report = self.drafted(out)
        sources = {one.path: one.sha256 for batch in report.batches for one in batch.manifest.sources}
        path = self.wanted.out / f"{self.called}{ENDING}"
        kept = edits_file.read(path) if path.is_file() else EditsFile(path, sources)
        if kept.sources != sources:
            # They were made in another content of that name, and may still be wanted with it.
            old = next(iter(kept.sources.values()), "")[:8]
            path.rename(path.with_name(f"{self.called}.{old}{ENDING}"))
            kept = EditsFile(path, sources)
        self._edit(report.batches, kept, out, self.source)

    def _recall(self) -> None:
        """Take the mapping that was used for this header before, as `convert` does."""
        if self.spec is not None or self.options.mapping is not None:
            return
        with unchanged(self.source, None, self.options.reading, scratch=self.scratch) as loaded:
            names = loaded.head.names if isinstance(loaded, LoadedTable) else ()
        known = remembered.recall(self.wanted.out, names) if names else None
        if known is not None and not known.trouble:
            self.options = replace(self.options, mapping=str(known.path))
            self.mapped_by = f"{known.path}, which was used for this header before"

    def _edit(
        self, batches: Sequence[PreparedBatch], kept: EditsFile, out: Path, source: Source | None
    ) -> None:
        tables: list[FaultyRows] = []
        for batch in batches:
            tables += faulty(batch, self.scratch, self._draft)
        if source is not None:
            tables += [
                one
                for batch in batches
                if (one := suspected_rows(batch, source, tables, self.scratch, self._draft))
            ]
        options = replace(self.options, replaces=(), ledger=self.options.ledger if self.batch else None)
        checks = Checks(out, options, self.spec if self.batch else None, self.scratch, self._suspected_now)
        self.editing = Editing(tables, kept, checks, self.runtime.now)
        self.editing.check_all()

    # -------------------------------------------------------------------------------------------------- drafting

    def drafted(self, out: Path, edits: Path | None = None, mapping: Path | None = None) -> Report:
        """The batches of the source in a folder of their own, as they would be made now; with another mapping, if one is given."""
        made = self.batch
        source: Source
        if made is None:
            source, spec, asked = self.source, self.spec, self.options
        else:
            source, spec, asked = as_made(made, self.spec, self.options, out)
        asked = replace(self.drafting(out, asked), edits=edits)
        if mapping is not None:
            spec, asked = None, replace(asked, mapping=str(mapping))
        return prepare([source], spec, out, asked, self.runtime)

    def drafting(self, out: Path, asked: Options | None = None) -> Options:
        """The options of a draft in a folder of its own."""
        return replace(
            asked or self.options,
            edits=None,
            replaces=(),
            datasets={},
            ledger=None,
            temp=out,
            fix=None,
            report=False,
        )

    def _suspected_now(self) -> dict[str, dict[int, list[Fault]]]:
        """What is suspicious, or wrong, with all that was done, by specification and line."""
        with self.scratch.folder() as folder:
            report = self.drafted(folder / "out", self.edits)
            return {batch.manifest.specification: suspected(batch) for batch in report.batches}


def _batch(wanted: Wanted) -> PreparedBatch | None:
    """The batch that was named; None where it is a source."""
    folder = batch_named(wanted.named, wanted.out)
    return read_batch(as_named(folder, wanted.out)) if folder is not None else None
