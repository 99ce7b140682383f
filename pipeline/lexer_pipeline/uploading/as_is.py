"""CSV and JSON files that could not be converted, sent as they are."""

import re
import stat
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox import deliveries, names
from lexer_pipeline.outbox.batch import series_of
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.decide import Decision, Kind, decide
from lexer_pipeline.outbox.entry import BatchEntry, BatchState, Content, NewBatch, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.outbox import opened
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.files import make_folder, sha256_of
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import outgoing, receipts
from lexer_pipeline.uploading.body import Identity
from lexer_pipeline.uploading.context import UploadContext, context_of
from lexer_pipeline.uploading.dry_run import would_send
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.scheduler import send_all
from lexer_pipeline.uploading.send import entry_of
from lexer_pipeline.uploading.settings import Settings

FURTHER = re.compile(r"(_[0-9]{2,})+$")
ENDINGS = (".csv", ".json")


class _File(Struct, frozen=True):
    """A file at hand, and the name that it asks for."""

    path: Path
    size: int
    sha256: str
    first: str
    date: str
    version: str

    @property
    def ending(self) -> str:
        return self.path.suffix.lower()


def upload_as_is(
    paths: Sequence[Path],
    out: Folder,
    settings: Settings,
    descriptor: str | None = None,
    options: UploadOptions = UploadOptions(),
    runtime: Runtime = Runtime(),
    replaces: str | None = None,
) -> tuple[Receipt, ...]:
    """Send files, one after another, under `{descriptor}-{date}-{version}` and their ending; without one, the file's own name says it.

    No dataset is named, since people at the vendor handle such files. The name is remembered with the content, so a
    second run goes on with the same upload; other content is a further delivery, or with `replaces` the correction of an
    earlier file. The receipt lies in `out/<name>/`.
    """
    if not paths:
        raise UsageError("--as-is needs the files to send", "Name them: upload export.csv --as-is.")
    if replaces is not None and len(paths) != 1:
        raise UsageError("--replaces corrects one file", "Send one file at a time beside it.")
    known = {*catalog.names(), *settings.names.values()}
    first = _descriptor(descriptor, known)
    with opened(out, runtime, settings.ledger) as ledger:
        receipts.write_missing(ledger)
        target = _target(replaces, out, ledger) if replaces is not None else None
        context = context_of(settings, LexerApi(settings), ledger, options, runtime, len(paths))
        if not options.dry_run:
            context.service.check()
        return tuple(
            _send(path, first, target, known, out, context, f"{runtime.now():%Y%m%d}") for path in paths
        )


def _descriptor(words: str | None, specifications: set[str]) -> str | None:
    if words is None:
        return None
    plain = names.words_in_name(words)
    if not plain:
        raise UsageError(f"--name {words!r} has no letter and no digit", "Say in words what the file holds.")
    if _unlike(plain, specifications) != plain:
        raise UsageError(
            f"--name {words!r} is the name of a specification or of a part", "Say in other words what the file holds."
        )  # fmt: skip
    return plain


def _target(word: str, out: Folder, ledger: Ledger) -> BatchEntry:
    """The file sent as it is that a person names; a prepared batch is corrected by convert."""
    found = entry_of(word, out, ledger)
    if found.specification:
        raise UsageError(
            f"--replaces {word}: is a prepared batch",
            f"lexer-pipeline convert --replaces {word} corrects it.",
        )
    return found


def _send(
    path: Path, first: str | None, target: BatchEntry | None, known: set[str], out: Folder, context: UploadContext, day: str
) -> Receipt:  # fmt: skip
    seen = _looked_at(path)
    if reason := outgoing.size_flaw(seen.size):
        return receipts.turned_down(_nothing(path, seen.size, context), "refused", reason)
    file = _file(path, seen, first, known, day)
    with context.ledger.transaction() as connection:
        decision, one = _entered(connection, file, target, out, context)
    folder = context.ledger.folder_of(one.folder)
    sending = OutgoingFile(folder, path, one, _name(decision))
    if decision.kind is not Kind.NEW and one.state != BatchState.PREPARED:
        return receipts.turned_down(sending.content(context.service.name), one.state, decision.note)
    if context.options.dry_run:
        return would_send([sending], context)[one.id]
    make_folder(folder)
    return send_all([sending], context)[one.id]


def _name(decision: Decision) -> str | None:
    return Path(decision.replaces[0].folder).name if decision.replaces else None


def _nothing(path: Path, size: int, context: UploadContext) -> Content:
    return Content(path.stem, path.name, size, "", None, context.service.name, "")


def _looked_at(path: Path) -> Identity:
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path} is neither a .csv nor a .json file",
            "--as-is is for files that could not be converted.",
        )
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(
                f"{path} is no file but a pipe, a device or a folder",
                "What is sent may have to be read again: write it into a file first.",
            )
        return Identity.of(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from None


def _file(path: Path, seen: Identity, first: str | None, known: set[str], day: str) -> _File:
    """The file with its checksum and the name that it asks for: its own where that has the form of one."""
    try:
        sha256 = sha256_of(path)
        if Identity.of(path) != seen:
            raise SourceError(
                f"{path}: was changed while it was read", "Wait until it is written, and try again."
            )
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from None
    own = names.FILE_NAME.fullmatch(path.name)
    if first is None and own is not None:
        return _File(path, seen.size, sha256, _unlike(own["first"], known), own["date"], own["version"] or "")
    words = first or _unlike(names.words_in_name(path.stem) or "export", known)
    return _File(path, seen.size, sha256, words, day, "")


def _unlike(first: str, known: set[str]) -> str:
    """A descriptor that no prepared batch goes by: a specification's name, a further delivery of it, a part of anything."""
    is_part = names.PART.search(f"_{first}") is not None
    return f"{first}_export" if is_part or FURTHER.sub("", first) in known else first


def _entered(
    connection: Connection, file: _File, target: BatchEntry | None, out: Folder, context: UploadContext
) -> tuple[Decision, BatchEntry]:
    """What becomes of the file, and its entry in the ledger, which is made where it is new."""
    ledger = context.ledger
    offer = Offer(
        "", None, file.first, file.date, series_of([file.path.name]), "", BatchState.PREPARED, file.sha256, 1, target
    )  # fmt: skip
    decision = decide(connection, ledger, offer, out)
    if decision.kind is not Kind.NEW:
        return decision, decision.there[0]
    given = deliveries.given(connection, file.date)
    is_own = target is None and bool(file.version) and f"{file.first}-{file.date}" not in given
    version = file.version if is_own else decision.version
    (name,) = decision.names
    before = decision.replaces[0] if decision.replaces else None
    if before is not None and not before.file.endswith(file.ending):
        raise UsageError(
            f"{before.file} cannot be replaced by a {file.ending} file", "Send it without --replaces."
        )
    new = NewBatch(
        part=1, folder=ledger.text_of(out / f"{name}-{version}"), file=f"{name}-{version}{file.ending}", name=name,
        version=version, specification="", record_type=None, series=before.series if before else offer.series,
        content=file.sha256, sha256=file.sha256, bytes=file.size, records=None, dataset="", made_for="",
        state=BatchState.PREPARED, replaces=before.id if before else None, after=decision.after,
    )  # fmt: skip
    if context.options.dry_run:
        return decision, BatchEntry(**asdict(new))
    (one,) = deliveries.add(connection, [new], ledger.now())
    if before is not None:
        deliveries.supersede(connection, one)
    return decision, one
