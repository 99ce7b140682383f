"""One file on its way out: the batch as the ledger has it, and the folder that takes its receipt."""

import re

from msgspec import Struct

from lexer_pipeline.outbox.entry import BatchEntry, Content
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading.body import Body, Identity

MAX_BYTES = 5_000_000_000  # the vendor's File Upload API page says 5 GB
NAME = re.compile(r"[A-Za-z0-9_-]{1,180}\.[a-z]{1,10}")
READ_FIRST = 64 << 20  # bytes; larger files are checked while they are sent, smaller ones before that too


class OutgoingFile(Struct, frozen=True):
    """One file to send; `replaces` names the batch that it corrects."""

    folder: Folder
    file: Folder
    batch: BatchEntry
    replaces: str | None = None

    def content(self, service: str) -> Content:
        """What is to be sent to this service, and where to in it."""
        one = self.batch
        return Content(one.folder, one.file, one.bytes, one.sha256, one.records, service, one.dataset)

    def flaw(self) -> str:
        """Why no permission can be asked for, or nothing."""
        if not NAME.fullmatch(self.batch.file):
            return "the file's name has characters that an upload may not have"
        return size_flaw(self.batch.bytes)

    def body(self, before: Body | None) -> Body | None:
        """What to send, while the file may be the one that was prepared.

        A small file is read unless nothing moved since `before`. A large one is only measured, since the PUT
        checks what it sends.
        """
        try:
            body = Body(self.file, Identity.of(self.file), self.batch.sha256)
            size = body.identity.size
            if size != self.batch.bytes:
                return None
            return body if size > READ_FIRST or body == before or body.is_as_recorded() else None
        except OSError:
            return None


def size_flaw(size: int) -> str:
    """Why a file of `size` bytes cannot be sent, or nothing."""
    if size == 0:
        return "the file is empty"
    return f"the file has {size} bytes; at most {MAX_BYTES} can be sent" if size > MAX_BYTES else ""
