"""What a run reads: each source that it was given, opened, and a zip taken apart."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.folders import files_meant
from lexer_pipeline.loading.named_twice import refuse_read_twice
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.origins import Origin, origin_of
from lexer_pipeline.loading.source import EMPTY_ZIP, ZIP, Source
from lexer_pipeline.loading.streams import Stream
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.system.parallel import map_in_order
from lexer_pipeline.system.scratch import Scratch

# So many addresses are looked at side by side.
AT_ONCE = 8


@contextmanager
def opened_sources(
    sources: Sequence[Source], stdin: BinaryIO | None, scratch: Scratch, is_read_again: bool, network: Network | None = None
) -> Iterator[list[Source]]:  # fmt: skip
    """The sources, folders and patterns as the files that they mean, each opened once, in their order; `is_read_again` says that they are read more than once.

    What comes through a pipe is kept in `scratch` then, and where there are several: one program may write them one after another.

    Raises SourceError where one cannot be opened, UsageError where what can be read once is named twice.
    """
    network = network or Network()
    sources = files_meant(sources, network)
    refuse_read_twice(sources, stdin)
    with ExitStack() as held:
        opened: list[Source] = []
        for source, found in zip(sources, _each_opened(sources, stdin, scratch, network), strict=True):
            if found is not source and isinstance(found, Origin | Answer):
                held.callback(found.close)
            if isinstance(found, Stream | Answer) and (is_read_again or len(sources) > 1):
                found.keep()
            opened.append(found)
        yield opened


def _each_opened(
    sources: Sequence[Source], stdin: BinaryIO | None, scratch: Scratch, network: Network
) -> Iterator[Source]:
    """The sources, those that were named opened; of those elsewhere several at a time, since each takes a while to answer."""

    def opened(source: Source) -> Source:
        if isinstance(source, Query):
            return Answer(source, scratch)
        return origin_of(source, stdin, scratch, network) if isinstance(source, str | Path) else source

    has_addresses = any(isinstance(one, str | Path) and address_of(one) for one in sources)
    return map_in_order(opened, sources, AT_ONCE) if has_addresses else map(opened, sources)


def expand(sources: Sequence[Source], member: str | None = None) -> list[Source]:
    """The sources, with each zip of exports replaced by its members, or by the one called `member`.

    Raises SourceError for a zip that may do harm, UsageError where there is no such member.
    """
    expanded: list[Source] = []
    has_zip = False
    for source in sources:
        if isinstance(source, Origin) and source.first().startswith((ZIP, EMPTY_ZIP)):
            if isinstance(source, Stream):
                source.keep()
            # zipfile costs as much time to import as a small file to convert.
            archive = import_module("lexer_pipeline.loading.archive")
            if not archive.is_workbook(source):
                expanded.extend(archive.members(source, member))
                has_zip = True
                continue
        expanded.append(source)
    if member is not None and not has_zip:
        raise UsageError(
            f"--member {member}: no source is a zip of files", "Leave out --member.", without=("--member",)
        )
    return expanded
