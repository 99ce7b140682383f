"""What is to be made of which source: by a specification, by a mapping, or by what its header looks like."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipeline import catalog, mapping
from pipeline.errors import UsageError
from pipeline.load import load
from pipeline.mapping import Mapping, RecordMap
from pipeline.model import Specification

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One pass over one source; `mapping` and `record` are None where the columns are fields already."""

    source: Any
    stdin: BinaryIO | None
    specification: Specification
    mapping: Mapping | None = None
    record: RecordMap | None = None


def plans(
    sources: Sequence[Any], spec: str | Specification | None, mapped: str | None, stdin: BinaryIO | None
) -> Iterator[Plan]:
    """The passes to be made, in order. With a mapping a source may feed several specifications."""
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    chosen = mapping.find(mapped) if mapped else None
    if specification is not None and chosen is None:
        for source in sources:
            yield Plan(source, stdin, specification)
        return
    for source in sources:
        kept = _kept(stdin) if isinstance(source, str | Path) and str(source) == "-" and stdin else stdin
        found = chosen or _recognised(source, kept)
        if found.refuse:
            raise UsageError(f"{found.title}: cannot be converted: {found.refuse}")
        records = [record for record in found.records if _is_wanted(record, specification)]
        if not records:
            raise UsageError(f"the mapping {found.name} makes no {spec}", "Leave out --spec.")
        for record in records:
            if kept is not stdin and kept is not None:
                kept.seek(0)
            yield Plan(source, kept, catalog.find(record.specification), found, record)


def _is_wanted(record: RecordMap, specification: Specification | None) -> bool:
    return specification is None or catalog.find(record.specification).name == specification.name


def _kept(stdin: BinaryIO) -> BinaryIO:
    """Standard input as a file that can be read more than once."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the plans that read it
    while block := stdin.read(BLOCK):
        file.write(block)
    file.seek(0)
    return file


def _recognised(source: Any, stdin: BinaryIO | None) -> Mapping:
    """The preset that the header of a source fits; a tie or no match lists the candidates."""
    with closing(load(source, stdin)) as loaded:
        head, called = loaded.head, loaded.name
    if stdin is not None and str(source) == "-":
        stdin.seek(0)
    if head is None:
        raise UsageError(f"{called}: is JSON, and its content does not say what it holds", "Add --spec.")
    found = mapping.recognise(head.names)
    if len(found) == 1:
        return found[0]
    listed = found or mapping.presets()
    what = "fits more than one preset" if found else "looks like none of the presets"
    known = ", ".join(one.name for one in listed)
    raise UsageError(f"{called}: {what}: {known}", "Say --spec SPEC, or --map with one of them or a file of your own.")
