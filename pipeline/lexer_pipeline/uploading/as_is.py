"""CSV files that could not be converted, sent as they are."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.entry import Content, State
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.names import csv_name
from lexer_pipeline.system.files import make_folder, sha256_of
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading import outgoing, receipts
from lexer_pipeline.uploading.context import context_of
from lexer_pipeline.uploading.lexer_api import LexerApi
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.outgoing import OutgoingFile
from lexer_pipeline.uploading.scheduler import send_all
from lexer_pipeline.uploading.settings import Settings

ENDING = ".csv"


def upload_as_is(
    paths: Sequence[Path],
    out: Path,
    settings: Settings,
    descriptor: str | None = None,
    options: UploadOptions = UploadOptions(),
    runtime: Runtime = Runtime(),
) -> tuple[Receipt, ...]:
    """Send CSV files, one after another, under `{descriptor}-{date}-{version}.csv`; without one, the file's own name says it.

    No dataset is named, since people at the vendor handle such files. The name is remembered with the
    content, so a second run goes on with the same upload. The receipt lies in `out/<name>/`.
    """
    if not paths:
        raise UsageError("--as-is needs the CSV files to send", "Name them: upload export.csv --as-is.")
    return tuple(_send(path, out, settings, descriptor, options, runtime) for path in paths)


def _send(
    path: Path,
    out: Path,
    settings: Settings,
    descriptor: str | None,
    options: UploadOptions,
    runtime: Runtime,
) -> Receipt:
    service = LexerApi(settings)
    content = _content(path, outgoing.destination(service, None))
    if reason := outgoing.size_flaw(content.bytes):
        return receipts.turned_down(content, State.REFUSED, reason)
    make_folder(out)
    with closing(Ledger(out, runtime)) as ledger:
        context = context_of(settings, service, ledger, options, runtime)
        name = _name(path, out, content, descriptor, ledger, f"{runtime.now():%Y%m%d}")
        folder = out / name.removesuffix(ENDING)
        make_folder(folder)
        content = replace(content, batch=folder.name, name=name)
        return send_all([OutgoingFile(folder, path, content, record_type=None)], context)[0]


def _content(path: Path, destination: str) -> Content:
    """What the file holds, under the name that it has."""
    if path.suffix.lower() != ENDING:
        raise UsageError(
            f"{path.name} is not a .csv file", "--as-is is for CSV files that could not be converted"
        )
    try:
        size, sha256 = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror})") from None
    return Content(path.name.removesuffix(ENDING), path.name, size, sha256, None, destination)


def _name(path: Path, out: Path, content: Content, descriptor: str | None, ledger: Ledger, day: str) -> str:
    """The name that this content went under before, or a new one."""
    # A batch of the same content keeps its own entry; only a CSV's name is one to go on with.
    for one in ledger.find(content.sha256):
        if one.destination == content.destination and one.name.endswith(ENDING):
            return one.name
    return csv_name(path, descriptor, day, out, ledger.names())
