"""One file to be sent: its content as the ledger keeps it, and the folder that takes its receipt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lexer_pipeline.model import PreparedBatch
from lexer_pipeline.outbox.entry import Content
from lexer_pipeline.uploading import api
from lexer_pipeline.uploading.body import Body, Identity
from lexer_pipeline.uploading.settings import Settings

MAX_BYTES = 5_000_000_000  # the vendor's File Upload API page says 5 GB
NAME = re.compile(r"[A-Za-z0-9_-]{1,180}\.[a-z]{1,10}")
READ_FIRST = 64 << 20  # bytes; larger files are checked while they are sent, smaller ones before that too


@dataclass(frozen=True, slots=True)
class Job:
    """One file to send, with what the request for permission says of it."""

    folder: Path
    file: Path
    content: Content
    request: Mapping[str, object]

    def flaw(self) -> str:
        """Why no permission can be asked for, or nothing."""
        if not NAME.fullmatch(self.content.name):
            return "the file's name has characters that an upload may not have"
        return size_flaw(self.content.bytes)

    def look(self, before: Body | None) -> Body | None:
        """The body to send, while the file may be the one that was prepared.

        A small file is read unless nothing moved since `before`. A large one is only measured, since the PUT
        checks what it sends.
        """
        content = self.content
        try:
            body = Body(self.file, Identity.of(self.file), content.sha256, content.md5)
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


def destination(settings: Settings, dataset: str | None, record_type: str | None) -> str:
    """Where an upload goes, as the ledger compares it."""
    return f"{settings.host} dataset={dataset} type={record_type}" if dataset else settings.host


def of_batch(batch: PreparedBatch, out: Path, settings: Settings) -> Job:
    """The job of sending a prepared batch; with a dataset if one is known for its record type."""
    manifest, path, root = batch.manifest, batch.path.resolve(), out.resolve()
    dataset = settings.dataset_for(manifest.record_type)
    content = Content(
        batch=str(path.relative_to(root) if path.is_relative_to(root) else path),
        name=manifest.file,
        bytes=manifest.bytes,
        sha256=manifest.sha256,
        md5=manifest.md5,
        records=manifest.records,
        destination=destination(settings, dataset, manifest.record_type),
    )
    request = api.body(manifest.file, dataset, manifest.record_type)
    return Job(path, path / manifest.file, content, request)


def of_csv(path: Path, folder: Path, name: str, size: int, sha256: str, md5: str, to: str) -> Job:
    """The job of sending a CSV as it is, under `name`; no dataset takes such a file."""
    content = Content(name.removesuffix(".csv"), name, size, sha256, md5, None, to)
    return Job(folder, path, content, api.body(name, None, None))
