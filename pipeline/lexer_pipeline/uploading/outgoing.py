"""One file on its way out: its content as the ledger keeps it, and the folder that takes its receipt."""

import re
from dataclasses import dataclass
from pathlib import Path

from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.outbox.entry import Content
from lexer_pipeline.uploading.body import Body, Identity
from lexer_pipeline.uploading.permit import UploadService

MAX_BYTES = 5_000_000_000  # the vendor's File Upload API page says 5 GB
NAME = re.compile(r"[A-Za-z0-9_-]{1,180}\.[a-z]{1,10}")
READ_FIRST = 64 << 20  # bytes; larger files are checked while they are sent, smaller ones before that too
HELD = "held"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """One file to send, with the type of its records; a held one goes only when told."""

    folder: Path
    file: Path
    content: Content
    record_type: str | None
    held: bool = False

    def flaw(self) -> str:
        """Why no permission can be asked for, or nothing."""
        if not NAME.fullmatch(self.content.name):
            return "the file's name has characters that an upload may not have"
        return size_flaw(self.content.bytes)

    def body(self, before: Body | None) -> Body | None:
        """What to send, while the file may be the one that was prepared.

        A small file is read unless nothing moved since `before`. A large one is only measured, since the PUT
        checks what it sends.
        """
        content = self.content
        try:
            body = Body(self.file, Identity.of(self.file), content.sha256)
            size = body.identity.size
            if size != content.bytes:
                return None
            return body if size > READ_FIRST or body == before or body.is_as_recorded() else None
        except OSError:
            return None


def size_flaw(size: int) -> str:
    """Why a file of `size` bytes cannot be sent, or nothing."""
    if size == 0:
        return "the file is empty"
    return f"the file has {size} bytes; at most {MAX_BYTES} can be sent" if size > MAX_BYTES else ""


def destination(service: UploadService, record_type: str | None) -> str:
    """Service and destination in one text, as the ledger compares them."""
    return f"{service.name} {service.destination(record_type)}".rstrip()


def of_batch(batch: PreparedBatch, out: Path, service: UploadService) -> OutgoingFile:
    """The file of a prepared batch, on its way to where `service` puts records of its type."""
    manifest, path, root = batch.manifest, batch.path.resolve(), out.resolve()
    content = Content(
        batch=str(path.relative_to(root) if path.is_relative_to(root) else path),
        name=manifest.file,
        bytes=manifest.bytes,
        sha256=manifest.sha256,
        records=manifest.records,
        destination=destination(service, manifest.record_type),
    )
    held = manifest.state == HELD
    return OutgoingFile(path, path / manifest.file, content, manifest.record_type, held)
