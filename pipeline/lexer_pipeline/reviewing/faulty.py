"""What a batch rejected, a table of rows for each of its sources."""

from contextlib import ExitStack, closing

from lexer_pipeline.loading.source import LoadedTable, load
from lexer_pipeline.outbox.batch import MANIFEST, PreparedBatch
from lexer_pipeline.preparing import decisions
from lexer_pipeline.preparing.rejects_files import source_number
from lexer_pipeline.reviewing.faulty_documents import faulty_documents
from lexer_pipeline.reviewing.faulty_rows import FaultyRows, faulty_table
from lexer_pipeline.system.scratch import Scratch


def faulty(batch: PreparedBatch, scratch: Scratch, held: ExitStack) -> list[FaultyRows]:
    """The rejected rows and documents of a batch; those of files that somebody emptied are none."""
    decided = decisions.from_json(batch.manifest.decisions, str(batch.path / MANIFEST))
    made: list[FaultyRows] = []
    for name in batch.manifest.rejects:
        number, file = source_number(name), batch.on_disk / name
        if not file.stat().st_size:
            continue
        source = batch.manifest.sources[number].path
        with closing(load(file, None, decided[number].for_rejects().reading, scratch=scratch)) as loaded:
            made.append(
                faulty_table(batch, name, source, loaded, scratch, held)
                if isinstance(loaded, LoadedTable)
                else faulty_documents(batch, name, source, loaded, scratch, held)
            )
    return made
