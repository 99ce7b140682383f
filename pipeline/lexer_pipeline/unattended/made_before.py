"""What earlier runs made of the files of a job: each is known by its bytes, so that it goes once whatever it is called."""

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import TypeAlias

from lexer_pipeline.errors import PipelineError, UsageError
from lexer_pipeline.loading.origins import Member, origin_of
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox import deliveries, order
from lexer_pipeline.outbox.batch import read
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.outbox import looked_into
from lexer_pipeline.specs import catalog
from lexer_pipeline.system import files
from lexer_pipeline.unattended.job_files import JobFiles, Pattern
from lexer_pipeline.uploading.settings import Settings

# What a person still works at: the job tries such a file again, with what it says now.
TRIED_AGAIN = frozenset({BatchState.HELD, BatchState.REJECTED})
BLOCK = 1 << 20
# By size and checksum of a source, the batches that were made of it.
Made: TypeAlias = dict[tuple[int, str], list[BatchEntry]]


def files_of(
    found: Sequence[Pattern], out: Path, settings: Settings, asked: Mapping[str, str | None]
) -> JobFiles:
    """The files of a job, told apart by what earlier runs made of them; `asked` are the spec, map, label and member of this one.

    A file is known by its bytes: one of which a batch was made in the same way, for the same dataset, is not read again, whatever
    became of the batch, unless it was held or rejected.
    """
    names = list(dict.fromkeys(path for one in found for path in one.found))
    absent = tuple(one.text for one in found if not one.found)
    if not out.is_dir() or not names:
        return JobFiles(tuple(names), (), (), absent)
    with looked_into(out, file=settings.ledger) as ledger:
        made = _made(ledger, settings, asked)
        before = {path: _before(path, asked["member"], made) for path in names}
        known = tuple(path for path, batches in before.items() if _is_done(batches))
        waiting = _waiting(ledger, settings, (one for path in known for one in before[path]))
    return JobFiles(tuple(path for path in names if path not in known), known, waiting, absent)


def _before(path: str, member: str | None, made: Made) -> list[BatchEntry]:
    """The batches that were made of a file, or of all members of a zip; none where a part of it is new.

    What has a size that was never met is not read for that.
    """
    with suppress(OSError):  # whoever reads it says what is wrong
        found = Path(path).stat()
        if stat.S_ISREG(found.st_mode):  # a pipe can be read once alone
            whole = _known(found.st_size, lambda: files.sha256_of(Path(path)), made)
            return whole or (_of_members(path, member, made) if path.lower().endswith(".zip") else [])
    return []


def _known(size: int, checksum: Callable[[], str], made: Made) -> list[BatchEntry]:
    return made.get((size, checksum()), []) if any(size == known for known, _ in made) else []


def _of_members(path: str, wanted: str | None, made: Made) -> list[BatchEntry]:
    archive = import_module("lexer_pipeline.loading.archive")
    try:
        members = archive.members(origin_of(path, None), wanted)
        found = [_known(archive.size_of(one), partial(_sha256, archive, one), made) for one in members]
    except PipelineError:
        return []
    return [batch for batches in found for batch in batches] if all(found) else []


def _sha256(archive: ModuleType, member: Member) -> str:
    digest, file = hashlib.sha256(), archive.MemberFile(member)
    with closing(file):
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _is_done(batches: Sequence[BatchEntry]) -> bool:
    return bool(batches) and not any(one.state in TRIED_AGAIN for one in batches)


def _made(ledger: Ledger, settings: Settings, asked: Mapping[str, str | None]) -> Made:
    """By size and checksum of a source, the batches that were made of it as they would be made now."""
    spec = asked["spec"]
    wanted = catalog.find(spec).name if spec else None
    with ledger.transaction() as connection:
        entries = deliveries.select(connection, "b.specification != ''")
    made: Made = {}
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
