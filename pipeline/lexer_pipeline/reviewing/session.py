"""One review: what was named, what is wrong with it, what was done to it, and the batch that it ends as."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping import remembered
from lexer_pipeline.model import PreparedBatch, Receipt
from lexer_pipeline.outbox.batch import MANIFEST, as_named, folder_named
from lexer_pipeline.outbox.batch import read as read_batch
from lexer_pipeline.preparing import edits_file
from lexer_pipeline.preparing.edits_file import EditsFile
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, rehearse
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.editing import Editing
from lexer_pipeline.reviewing.faulty_rows import faulty_rows
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.uploading.options import Progress, UploadOptions
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings

ENDING = ".edits.toml"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked of a review: a source or a batch, and what the commands that it stands for are asked."""

    named: str
    spec: str | None
    out: Path
    options: Options
    settings: Settings


class Session:
    """A review of a source, or of the rejects of a batch; `needs_mapping` says why a mapping is to be made first, if so."""

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
        self._held = ExitStack()
        self.scratch = self._held.enter_context(Scratch(wanted.options.temp or wanted.out))
        self._draft = ExitStack()

    def close(self) -> None:
        """Let go of what was put aside; edits and batches stay."""
        self._draft.close()
        self._held.close()

    @property
    def name(self) -> str:
        """What is reviewed, as it was named."""
        return self.wanted.named

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

    def _open_batch(self, batch: PreparedBatch) -> None:
        # What cannot be fixed (it was dropped, purged, or another took its place) is refused now.
        rehearse(batch.path, [], self.wanted.out, self.options, lambda *_: None)
        path = batch.path / edits_file.FILE
        sources = {one.path: one.sha256 for one in batch.manifest.sources}
        kept = edits_file.read(path) if path.is_file() else EditsFile(path, sources)
        self._edit([batch], replace(kept, sources=sources), self.wanted.out)

    def _open_source(self) -> None:
        """A draft of the batches is made in a folder of its own, in which nothing is sent and no name is taken."""
        self._draft.close()
        out = self._draft.enter_context(self.scratch.folder())
        report = self.drafted(out)
        sources = {one.path: one.sha256 for batch in report.batches for one in batch.manifest.sources}
        path = self.wanted.out / f"{Path(self.name).name}{ENDING}"
        kept = edits_file.read(path) if path.is_file() else EditsFile(path, sources)
        if kept.sources != sources:
            # They were made in another content of that name, and may still be wanted with it.
            old = "".join(next(iter(kept.sources.values()), "")[:8])
            path.rename(path.with_name(f"{Path(self.name).name}.{old}{ENDING}"))
            kept = EditsFile(path, sources)
        self._edit(report.batches, kept, out)

    def drafted(self, out: Path, edits: Path | None = None, mapping: Path | None = None) -> Report:
        """The batches of the source in a folder of their own, as they would be made now; with another mapping, if one is given."""
        options = replace(
            self.options, edits=edits, replaces=(), datasets={}, ledger=None, temp=out, fix=None
        )
        if mapping is None:
            return prepare([self.name], self.spec, out, options, self.runtime)
        return prepare([self.name], None, out, replace(options, mapping=str(mapping)), self.runtime)

    def map_with(self, mapping: Path) -> None:
        """Review the source with this mapping from now on."""
        self.options, self.spec = replace(self.options, mapping=str(mapping)), None
        self.mapped_by = str(mapping)
        self.needs_mapping = ""
        self._open_source()

    def _recall(self) -> None:
        """Take the mapping that was used for this header before, as `convert` does."""
        if self.spec is not None or self.options.mapping is not None:
            return
        with unchanged(self.name, None, self.options.reading, scratch=self.scratch) as loaded:
            known = (
                remembered.recall(self.wanted.out, loaded.head.names)
                if isinstance(loaded, LoadedTable)
                else None
            )
        if known is not None and not known.trouble:
            self.options = replace(self.options, mapping=str(known.path))
            self.mapped_by = f"{known.path}, which was used for this header before"

    def _edit(self, batches: Sequence[PreparedBatch], kept: EditsFile, out: Path) -> None:
        tables = [table for batch in batches for table in faulty_rows(batch, self.scratch)]
        options = replace(self.options, replaces=(), ledger=self.options.ledger if self.batch else None)
        self.editing = Editing(tables, kept, out, options, self.scratch, self.runtime.now)
        self.editing.check_all()

    # ------------------------------------------------------------------------------------------------ preparing

    @property
    def edits(self) -> Path | None:
        """The file of what was done, if anything was."""
        return self.editing.kept.path if self.editing is not None and self.editing.kept.edits else None

    def rehearsed(self) -> Report:
        """What would be made now."""
        if self.batch is not None:
            return rehearse(self.batch.path, [], self.wanted.out, self._fixing(), lambda report, _: report)
        with self.scratch.folder() as out:
            return self.drafted(out, self.edits)

    def prepare(self, accept: Sequence[str] = (), max_invalid: float | None = None) -> Report:
        """Make the batches, as `convert` does; `accept` and `max_invalid` are what a person agreed to."""
        self.options = replace(
            self.options, accept=tuple(dict.fromkeys((*self.options.accept, *accept))),
            max_invalid=self.options.max_invalid if max_invalid is None else max_invalid,
        )  # fmt: skip
        if self.batch is not None:
            options = replace(self._fixing(), fix=str(self.batch.path))
            report = prepare([], None, self.wanted.out, options, self.runtime)
        else:
            options = replace(self.options, edits=self.edits)
            report = prepare([self.name], self.spec, self.wanted.out, options, self.runtime)
        self.made = report.batches
        return report

    def _fixing(self) -> Options:
        return replace(self.options, edits=self.edits)

    @property
    def may_send(self) -> bool:
        """Whether there is a token to send with."""
        return self.wanted.settings.token is not None

    def send(self, watch: Callable[[Progress], None] | None = None) -> tuple[Receipt, ...]:
        """Send what was prepared, as `upload` does, after what waits of its series."""
        options = UploadOptions(earlier=True, progress=watch)
        return upload(self.made, self.wanted.out, self.wanted.settings, options, self.runtime)


def _batch(wanted: Wanted) -> PreparedBatch | None:
    """The batch that was named; None where it is a source."""
    folder = folder_named(wanted.named, wanted.out)
    return read_batch(as_named(folder, wanted.out)) if (folder / MANIFEST).is_file() else None
