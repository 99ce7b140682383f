"""What is to be made of which source: by a specification, by a mapping, or by what its header looks like."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.source import LoadedTable, Source, expand, load
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.rules import Mapping, RecordMap
from lexer_pipeline.model import Specification
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.files import read_at

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass over one source; `mapping` and `record` are None where the columns are fields already.

    `notes` say why a mapping was taken that nobody asked for.
    """

    source: Source
    stdin: BinaryIO | None
    reading: ReadOptions
    specification: Specification
    mapping: Mapping | None = None
    record: RecordMap | None = None
    notes: tuple[str, ...] = ()


def plans(
    sources: Sequence[Source], spec: str | Specification | None, mapped: str | None, stdin: BinaryIO | None,
    reading: ReadOptions, out: Path | None = None,
) -> Iterator[Plan]:  # fmt: skip
    """The passes to be made, in order. With a mapping a source may feed several specifications.

    `out` is the folder that remembers which mapping was used for which header.
    """
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    chosen = mapping.find(mapped) if mapped else None
    if specification is not None and chosen is None:
        for source in expand(sources):
            yield Plan(source, stdin, reading, specification)
        return
    for source in expand(sources):
        with _again(source, stdin) as reader:
            found, notes = (chosen, ()) if chosen else _recognised(source, reader(), reading, out)
            if found.refuse:
                raise UsageError(f"{found.title}: cannot be converted: {found.refuse}")
            records = [record for record in found.records if _is_wanted(record, specification)]
            if not records:
                raise UsageError(f"the mapping {found.name} makes no {spec}", "Leave out --spec.")
            for record in records:
                yield Plan(
                    source, reader(), reading, catalog.find(record.specification), found, record, notes
                )


def _is_wanted(record: RecordMap, specification: Specification | None) -> bool:
    return specification is None or catalog.find(record.specification).name == specification.name


@contextmanager
def _again(source: Source, stdin: BinaryIO | None) -> Iterator[Callable[[], BinaryIO | None]]:
    """Gives readers of standard input that each begin at its start and outlive this; nothing is read for a file."""
    if stdin is None or not isinstance(source, str | Path) or str(source) != "-":
        yield lambda: stdin
        return
    with tempfile.TemporaryFile() as file:
        while block := stdin.read(BLOCK):
            file.write(block)
        file.flush()
        yield lambda: BufferedReader(_FromStart(file.fileno()))


class _FromStart(RawIOBase):
    """The bytes behind a descriptor, from the first one on."""

    def __init__(self, handle: int) -> None:
        self._handle = os.dup(handle)
        self._at = 0

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
    source: Source, stdin: BinaryIO | None, reading: ReadOptions, out: Path | None
) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping that was used for this header before, or the preset that it fits; else the candidates are listed."""
    with closing(load(source, stdin, reading)) as loaded:
        called = loaded.name
    if not isinstance(loaded, LoadedTable):
        raise UsageError(f"{called}: is JSON, and its content does not say what it holds", "Add --spec.")
    known = remembered.recall(out, loaded.head.names) if out is not None else None
    if known is not None and not known.trouble:
        return mapping.read(known.path), (f"{known.path} was used for this header before, and is used again",)
    gone = (
        f"{known.path} was used for this header before, but it {known.trouble}" if known is not None else ""
    )
    found = mapping.recognise(loaded.head.names)
    if len(found) == 1:
        return found[0], ((gone,) if gone else ())
    listed = found or mapping.presets()
    what = "fits more than one preset" if found else "looks like none of the presets"
    candidates = ", ".join(one.name for one in listed)
    remedy = "Say --spec SPEC, or --map with one of them or a file of your own."
    raise UsageError(f"{called}: {what}: {candidates}", f"{gone}. {remedy}" if gone else remedy)
