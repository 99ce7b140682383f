"""What earlier runs made of the files of a job: each is known by its bytes, so that it goes once whatever it is called."""

import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path, PurePath
from types import ModuleType
from typing import TypeAlias

from lexer_pipeline.errors import PipelineError, ServiceUnavailable
from lexer_pipeline.loading.byte_stream import sha256_from
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.origins import Member, Origin, origin_of
from lexer_pipeline.loading.remote import RemoteFile
from lexer_pipeline.loading.source import ZIP
from lexer_pipeline.outbox import order
from lexer_pipeline.outbox.address import in_database
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.known_sources import known_sources, remember
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.locks import JOB
from lexer_pipeline.outbox.outbox import looked_into, opened
from lexer_pipeline.specs import catalog
from lexer_pipeline.system import files
from lexer_pipeline.system.addresses import address_of
from lexer_pipeline.system.stores import Folder, is_there
from lexer_pipeline.unattended.job_files import JobFiles, Pattern
from lexer_pipeline.uploading.settings import Settings

# What a person still works at: the job tries such a file again, with what it says now.
TRIED_AGAIN = frozenset({BatchState.HELD, BatchState.REJECTED})
PATIENCE = 6 * 3600.0
# By size and checksum of a source, the batches that were made of it.
Made: TypeAlias = dict[tuple[int, str], list[BatchEntry]]


def files_of(
    found: Sequence[Pattern], out: Folder, settings: Settings, asked: Mapping[str, str | None]
) -> JobFiles:
    """The files of a job, told apart by what earlier runs made of them; `asked` are the spec, map, label and member of this one.

    A file is known by its bytes: one of which a batch was made in the same way, for the same dataset, is not read again, whatever
    became of the batch, unless it was held or rejected, or waits and is gone from the disk.
    """
    names = list(dict.fromkeys(path for one in found for path in one.found))
    absent = tuple(one.text for one in found if not one.found)
    if not names or not (is_there(out) or in_database(settings.ledger)):
        return JobFiles(tuple(names), (), (), absent)
    with looked_into(out, file=settings.ledger) as ledger:
        made = _made(ledger, settings, asked)
        network = Network(settings.ca_file, settings.proxy)
        before = {path: _before(path, asked["member"], made, network) for path in names}
        waits = _waiting(ledger, settings)
        gone = {one.id for one in waits if not ledger.seen_at(one.folder).is_dir()}
        known = tuple(path for path, batches in before.items() if _is_done(batches, gone))
        some = {one.id for path in known for one in before[path]}
        waiting = tuple(ledger.folder_of(one.folder) for one in waits if one.id in some)
    return JobFiles(tuple(path for path in names if path not in known), known, waiting, absent)


def _before(path: str, member: str | None, made: Made, network: Network) -> list[BatchEntry]:
    """The batches that were made of a file, or of all members of a zip; none where a part of it is new.

    What has a size that was never met is not read for that.
    """
    if address_of(path):
        return _before_elsewhere(path, member, made, network)
    with suppress(OSError):  # whoever reads it says what is wrong
        found = Path(path).stat()
        if stat.S_ISREG(found.st_mode):  # a pipe can be read once alone
            whole = _known(found.st_size, lambda: files.sha256_of(Path(path)), made)
            return whole or (
                _of_members(origin_of(path, None), member, made) if path.lower().endswith(".zip") else []
            )
    return []


def _before_elsewhere(path: str, member: str | None, made: Made, network: Network) -> list[BatchEntry]:
    with suppress(PipelineError):
        found = origin_of(path, None, network=network)
        with closing(found):
            if isinstance(found, RemoteFile):  # what comes as a whole would have to be fetched twice
                whole = _known(found.size(), lambda: sha256_from(found.open()), made)
                return whole or (_of_members(found, member, made) if found.first().startswith(ZIP) else [])
    return []


def _known(size: int, checksum: Callable[[], str], made: Made) -> list[BatchEntry]:
    return made.get((size, checksum()), []) if any(size == known for known, _ in made) else []


def _of_members(origin: Origin, wanted: str | None, made: Made) -> list[BatchEntry]:
    archive = import_module("lexer_pipeline.loading.archive")
    try:
        members = archive.members(origin, wanted)
        found = [
            _known(archive.size_of(one), partial(_sha256_of_member, archive, one), made) for one in members
        ]
    except PipelineError:
        return []
    return [batch for batches in found for batch in batches] if all(found) else []


def _sha256_of_member(archive: ModuleType, member: Member) -> str:
    return sha256_from(archive.MemberFile(member))


def _is_done(batches: Sequence[BatchEntry], gone: Collection[int]) -> bool:
    """Whether nothing is left to do with a file: what waits and is `gone` from the disk has to be made anew."""
    return bool(batches) and not any(one.state in TRIED_AGAIN or one.id in gone for one in batches)


def _made(ledger: Ledger, settings: Settings, asked: Mapping[str, str | None]) -> Made:
    """By size and checksum of a source, the batches that were made of it as they would be made now.

    As now is: by the same specification, mapping and label, for the same dataset, and compared with no other service. Thresholds and the like may be others by now.
    """
    wanted = catalog.find(asked["spec"]).name if asked["spec"] else None
    mapping = PurePath(asked["map"]).stem if asked["map"] else ""
    made: Made = {}
    for one, source in known_sources(ledger):
        dataset = dataset_for(settings.datasets, one.record_type)
        if (
            wanted in (None, one.specification)
            and (source.mapping, source.label) == (mapping, asked["label"] or "")
            and (not one.dataset or dataset in ("", one.dataset))
            and one.compared in ("", settings.service)
        ):
            made.setdefault((source.bytes, source.sha256), []).append(one)
    return made


def _waiting(ledger: Ledger, settings: Settings) -> list[BatchEntry]:
    """The batches that are not at the service yet, or need a person there, in the order they were made."""
    with ledger.transaction() as connection:
        return order.waiting(connection, settings.service, settings.former_service)


@contextmanager
def alone(out: Folder, settings: Settings, told: Callable[[], None]) -> Iterator[None]:
    """A block in which no other job is at work in this folder of batches; `told` is called where it must wait for that.

    Two that read the same files side by side would each make batches of them. Behind it, what batches were made of is kept in the ledger.
    """
    with opened(out, file=settings.ledger) as ledger, ExitStack() as held:
        name = ledger.text_of(out)
        if not held.enter_context(ledger.alone(name, JOB, 0)):
            told()
            if not held.enter_context(ledger.alone(name, JOB, PATIENCE)):
                hours = f"{PATIENCE / 3600:.0f} hours"
                raise ServiceUnavailable(
                    f"another job has been at work in {out} for {hours}",
                    "Look whether it hangs, and run this again.",
                )
        try:
            yield
        finally:
            remember(ledger)
