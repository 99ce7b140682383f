"""What is sent: the bytes of a file, as they were when it was prepared."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """What `fstat` says of a file whose content is known; any difference means it may have changed."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, file: Path | int) -> "Identity":
        """The identity of a path or an open descriptor."""
        stat = os.stat(file)
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Body:
    """What is to be sent: the file, what it was when last looked at, and the hash that was recorded."""

    file: Path
    identity: Identity
    sha256: str

    def is_as_recorded(self) -> bool:
        """Whether the file has the recorded content, read from start to end, and did not move meanwhile."""
        with self.file.open("rb", buffering=0) as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return sha256 == self.sha256 and Identity.of(self.file) == self.identity
