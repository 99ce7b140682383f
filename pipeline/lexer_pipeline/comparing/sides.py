"""One of two that are compared: a batch as it lies there, or what sources would become."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Specification
from lexer_pipeline.outbox.batch import PreparedBatch, at_hand, batch_named, folders, read
from lexer_pipeline.outbox.names import parse
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.system.addresses import shown
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder

# What is compared is made in one piece.
ALL = 1 << 62


class Side(Struct, frozen=True):
    """The batches of one side by specification; `is_batch` where a batch was named, which has one."""

    name: str
    batches: Mapping[str, Sequence[PreparedBatch]]
    is_batch: bool = False

    def files(self, specification: str) -> list[Path]:
        """The files of NDJSON; none where no record is valid."""
        return [
            one.on_disk / one.manifest.file
            for one in self.batches.get(specification, ())
            if one.manifest.file
        ]

    def rejected(self, specification: str) -> int:
        """The records that were rejected, and so cannot be looked at."""
        return sum(one.manifest.rejected_records for one in self.batches.get(specification, ()))


def side_of(
    source: Source, specification: Specification | None, options: Options, runtime: Runtime, folder: Path
) -> Side:
    """A batch where a folder of one is named, else what the source would become, which is made in `folder`; so is the copy of one in a store."""
    batch = batch_named(source, Path()) if isinstance(source, str | Path) else None
    if batch is not None:
        return _batch(batch, folder)
    found = prepare([source], specification, folder, replace(options, report=False, max_bytes=ALL), runtime)
    name = shown(source) if isinstance(source, str | Path) else "the data frame"
    return Side(name, {one.manifest.specification: [one] for one in found.batches})


def _batch(named: Folder, folder: Path) -> Side:
    """The batch in a folder, with the other parts of its delivery that lie beside it."""
    batch = read(named)
    name = parse(batch.manifest.file)
    parts = [batch]
    if name.part:
        beside = [read(one) for one in folders(named.resolve().parent)]
        parts = [
            one
            for one in beside
            if (parse(one.manifest.file).delivery, parse(one.manifest.file).version)
            == (name.delivery, name.version)
        ]
    for one in parts:
        if one.manifest.file and not one.file.is_file():
            raise UsageError(
                f"{one.path}: its records are not there any more; they were purged or removed",
                "Name the export that it was made of instead.",
            )
    return Side(
        str(named), {batch.manifest.specification: [at_hand(one, folder) for one in parts]}, is_batch=True
    )
