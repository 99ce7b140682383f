"""A source is read while it stays what it was when it was first looked at."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.origins import Member, Origin, origin_of
from lexer_pipeline.loading.source import Loaded, Source, load
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch


@contextmanager
def unchanged(
    source: Source, stdin: BinaryIO | None, options: ReadOptions = AS_TOLD, hashing: Hashing | None = None,
    scratch: Scratch | None = None,
) -> Iterator[Loaded]:  # fmt: skip
    """A source opened, as `load` does; SourceError where it changed until the end of the block.

    That is said in place of all else that went wrong, which may come of it.
    """
    with ExitStack() as held:
        if isinstance(source, str | Path):
            source = held.enter_context(closing(origin_of(source, stdin, scratch)))
        if isinstance(source, Query):
            source = held.enter_context(closing(Answer(source, scratch or Scratch())))
        try:
            with closing(load(source, stdin, options, hashing, scratch)) as loaded:
                yield loaded
                refuse_changed(source)
        except Exception:
            refuse_changed(source)
            raise


def refuse_changed(source: Source) -> None:
    """Raise SourceError where a source is not what it was when it was first looked at."""
    origin = source.archive if isinstance(source, Member) else source
    if isinstance(origin, Origin):
        origin.check()
