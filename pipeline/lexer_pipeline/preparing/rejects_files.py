"""Which rejects of a batch come: those in its folder, or files that were named, each of one source of the batch."""

import re
from collections.abc import Sequence
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox.batch import MANIFEST, PreparedBatch, read
from lexer_pipeline.outbox.entry import BatchState

# rejects.csv, rejects-2.csv of the second source, rejects_02.csv of a later run, however it was saved since.
FILE = re.compile(r"rejects(?:-(?P<source>[1-9][0-9]*))?(?:_[0-9]{2,})?\.[A-Za-z0-9.]+")


def parts_with_rejects(
    batches: Sequence[PreparedBatch], sources: Sequence[Source], folder: Path
) -> tuple[tuple[PreparedBatch, tuple[tuple[int, Source], ...]], ...]:
    """Each batch with the files of its rejects; those that were named stand for the ones that lie there."""
    named = _named(batches, sources, folder)
    # One that is held may only wait for a person's word.
    waits = any(batch.manifest.rejects or batch.manifest.state == BatchState.HELD for batch in batches)
    if not named and not waits:
        raise UsageError(f"{folder}: has no rejects", "There is nothing to fix.")
    found = []
    is_whole = len(batches) > 1 or batches[0].manifest.state != BatchState.PREPARED
    for place, batch in enumerate(batches):
        files: dict[int, Source] = {}
        if is_whole or not named:
            files = {source_number(name): batch.on_disk / name for name in batch.manifest.rejects}
            files = {number: file for number, file in files.items() if not _is_empty(file)}
        files |= named.get(place, {})
        found.append((batch, tuple(sorted(files.items(), key=lambda one: one[0]))))
    return tuple(found)


def _is_empty(file: Source) -> bool:
    """Whether all documents were taken out of a file of rejects."""
    return isinstance(file, Path) and file.is_file() and not file.stat().st_size


def _named(
    batches: Sequence[PreparedBatch], sources: Sequence[Source], folder: Path
) -> dict[int, dict[int, Source]]:
    """The files that were named, by the place of their batch and the number of their source."""
    found: dict[int, dict[int, Source]] = {}
    for source in sources:
        file = _path(source, folder)
        _refuse_of_another(file, batches)
        place = _place(batches, file, source)
        number = _source_of(batches[place].manifest, file, source)
        if number in found.setdefault(place, {}):
            raise UsageError(f"{source}: is the second file of one source's rejects", "Name one at a time.")
        found[place][number] = file if file is not None else source
    return found


def _refuse_of_another(file: Path | None, batches: Sequence[PreparedBatch]) -> None:
    """UsageError where a file lies in the folder of another batch: its lines are not those of this one."""
    if file is None or not (file.parent / MANIFEST).is_file():
        return
    # Those that a chain of fixes went through are of the same specification and sources.
    other, own = read(file.parent).manifest, batches[0].manifest
    if (other.specification, _sums(other)) != (own.specification, _sums(own)):
        name = file.parent.name
        raise UsageError(f"{file}: holds what {name} rejected", f"lexer-pipeline convert --fix {name}")


def _sums(manifest: Manifest) -> list[str]:
    return [source.sha256 for source in manifest.sources]


def _path(source: Source, folder: Path) -> Path | None:
    if not isinstance(source, str | Path) or str(source) == "-":
        return None
    path = Path(source)
    inside = folder / path
    return inside if len(path.parts) == 1 and not path.exists() and inside.exists() else path


def _place(batches: Sequence[PreparedBatch], file: Path | None, source: Source) -> int:
    """Which of a delivery's parts a file of rejects belongs to."""
    if len(batches) == 1:
        return 0
    for place, batch in enumerate(batches):
        if file is not None and file.parent.resolve() == batch.path.resolve():
            return place
    raise UsageError(
        f"{source}: which of the {len(batches)} parts it belongs to is not told",
        "Put it into the folder of its part.",
    )


def _source_of(manifest: Manifest, file: Path | None, source: Source) -> int:
    """Which source of a batch a file of rejects belongs to, from 0."""
    of = sorted({source_number(name) for name in manifest.rejects})
    if file is not None and FILE.fullmatch(file.name) and source_number(file.name) < len(manifest.decisions):
        number = source_number(file.name)
        if len(of) != 1 or number in of or number:
            return number
    if len(of) == 1:
        return of[0]
    if len(manifest.decisions) == 1:
        return 0
    raise UsageError(
        f"{source}: which source of the batch it belongs to is not told",
        f"Call it as the file that it comes from: {', '.join(manifest.rejects) or 'rejects.csv, rejects-2.csv'}.",
    )


def source_number(name: str) -> int:
    """Which source of its batch a file of rejects is of, from 0, by its name."""
    match = FILE.fullmatch(name)
    return int(match["source"] or 1) - 1 if match else 0
