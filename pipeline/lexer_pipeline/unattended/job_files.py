"""Which files a job means today: the dates put into its patterns, the patterns looked up, and what was made of each before."""

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from glob import glob
from pathlib import Path, PurePath

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.batch import read
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.outbox import looked_into
from lexer_pipeline.specs import catalog
from lexer_pipeline.system import files
from lexer_pipeline.unattended.jobs import Job
from lexer_pipeline.uploading.settings import Settings

DAY = re.compile(r"\{(date|yesterday)(?::([^{}]+))?\}")
# What a person still works at: the job tries such a file again, with what it says now.
TRIED_AGAIN = frozenset({BatchState.HELD, BatchState.REJECTED})


@dataclass(frozen=True, slots=True)
class Pattern:
    """One of the sources of a job: what is looked for today, and the files that are there."""

    text: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of a job: `new` are to be read, `known` were read by an earlier run, and of those `waiting` are batches to be sent.

    `missing` are the sources of which there is no file.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    waiting: tuple[Path, ...]
    missing: tuple[str, ...]


def patterns(job: Job, day: date) -> list[Pattern]:
    """The sources of a job as they are on a day, each with its files by name."""
    return [Pattern(text, _found(text)) for text in (_of_day(source, day) for source in job.sources)]


def _of_day(source: str, day: date) -> str:
    days = {"date": day, "yesterday": day - timedelta(days=1)}
    return DAY.sub(lambda said: days[said[1]].strftime(said[2] or "%Y-%m-%d"), source)


def _found(text: str) -> tuple[str, ...]:
    # A name that holds signs of a pattern is the file of that name, if it is there.
    if Path(text).exists():
        return (text,)
    return tuple(sorted(path for path in glob(text, recursive=True) if not Path(path).is_dir()))  # noqa: PTH207  # a Path looks for no absolute pattern


def missing(job: Job, pattern: Pattern) -> SourceError:
    """The error of a source of which there is no file."""
    place = job.file.fault(("job", job.name, "sources"), f"no file is there for {pattern.text}", "")
    hint = f'Look whether it was exported; for days on which none comes, write missing = "ok" in [job.{job.name}].'
    return SourceError(place.message, hint)


def files_of(
    found: Sequence[Pattern], out: Path, settings: Settings, asked: Mapping[str, str | None]
) -> JobFiles:
    """The files of a job, told apart by what earlier runs made of them; `asked` are the spec, map and label of this one.

    A file is known by its bytes: one of which a batch was made in the same way, for the same dataset, is not read again, whatever
    became of the batch, unless it was held or rejected.
    """
    names = list(dict.fromkeys(path for one in found for path in one.found))
    absent = tuple(one.text for one in found if not one.found)
    if not out.is_dir() or not names:
        return JobFiles(tuple(names), (), (), absent)
    with looked_into(out, file=settings.ledger) as ledger:
        made = _made(ledger, settings, asked)
        before = {path: _before(path, made) for path in names}
        known = tuple(path for path, batches in before.items() if _is_done(batches))
        waiting = _waiting(ledger, settings, (one for path in known for one in before[path]))
    return JobFiles(tuple(path for path in names if path not in known), known, waiting, absent)


def _size(path: str) -> int | None:
    """The bytes of a plain file; what can be read once alone is not looked at before."""
    found = Path(path).stat()
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _before(path: str, made: Mapping[tuple[int, str], list[BatchEntry]]) -> list[BatchEntry]:
    """The batches that were made of a file; its bytes are read where one of this size was met."""
    try:
        size = _size(path)
        if all(size != known for known, _ in made):
            return []
        return made.get((size or 0, files.sha256_of(Path(path))), [])
    except OSError as problem:
        raise SourceError(f"{path}: cannot be read ({problem.strerror})", "Check its permissions.") from None


def _is_done(batches: Sequence[BatchEntry]) -> bool:
    return bool(batches) and not any(one.state in TRIED_AGAIN for one in batches)


def _made(
    ledger: Ledger, settings: Settings, asked: Mapping[str, str | None]
) -> dict[tuple[int, str], list[BatchEntry]]:
    """By size and checksum of a source, the batches that were made of it as they would be made now."""
    spec = asked["spec"]
    wanted = catalog.find(spec).name if spec else None
    with ledger.transaction() as connection:
        entries = deliveries.select(connection, "b.specification != ''")
    made: dict[tuple[int, str], list[BatchEntry]] = {}
    for one in entries:
        dataset = dataset_for(settings.datasets, one.record_type)
        if one.dataset and dataset not in ("", one.dataset):
            continue
        manifest = _manifest(ledger.folder_of(one.folder))
        if manifest is None or not _is_alike(manifest, wanted, asked):
            continue
        for source in manifest.sources:
            made.setdefault((source.bytes, source.sha256), []).append(one)
    return made


def _is_alike(manifest: Manifest, wanted: str | None, asked: Mapping[str, str | None]) -> bool:
    """Whether a batch was made by the same specification, mapping and label; thresholds and the like may be others by now."""
    mapping = PurePath(asked["map"]).stem if asked["map"] else None
    said = manifest.options
    return (
        wanted in (None, manifest.specification)
        and said.get("mapping") == mapping
        and said.get("label") == asked["label"]
    )


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read(folder).manifest
    except UsageError:
        return None


def _waiting(ledger: Ledger, settings: Settings, batches: Iterator[BatchEntry]) -> tuple[Path, ...]:
    """Those of some batches that are not at the service yet, or need a person there, in the order they were made."""
    some = {one.id for one in batches}
    with ledger.transaction() as connection:
        waiting = order.waiting(connection, settings.service, settings.former_service)
    return tuple(ledger.folder_of(one.folder) for one in waiting if one.id in some)
