"""Checksums: the compiled ones where they were built, else those of hashlib."""

import hashlib
from collections.abc import Callable
from typing import Protocol

Bytes = bytes | memoryview


class Fed(Protocol):
    """A checksum that grows with the bytes that it is given."""

    def update(self, data: Bytes, /) -> None: ...


class Digest(Fed, Protocol):
    """A checksum that may be asked for at any time."""

    def hexdigest(self) -> str: ...


class Sums(Protocol):
    """MD5 and SHA-256 of the same bytes, and room for the SHA-256 of others beside them."""

    def update(self, data: Bytes, beside: Fed | None = None, other: Bytes | None = None) -> None: ...
    def md5(self) -> str: ...
    def sha256(self) -> str: ...


class HashlibChecksums:
    """MD5 and SHA-256 of all bytes given so far: the fallback of the compiled `Checksums`."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256()

    def update(self, data: Bytes, beside: Fed | None = None, other: Bytes | None = None) -> None:
        """Add data, and `other` to the SHA-256 `beside`; other threads run meanwhile."""
        self._md5.update(data)
        self._sha256.update(data)
        if beside is not None and other is not None:
            beside.update(other)

    def md5(self) -> str:
        """MD5 of the bytes so far, as hex."""
        return self._md5.hexdigest()

    def sha256(self) -> str:
        """SHA-256 of the bytes so far, as hex."""
        return self._sha256.hexdigest()


Checksums: Callable[[], Sums] = HashlibChecksums
Sha256: Callable[[], Digest] = hashlib.sha256
try:
    from lexer_pipeline.kernels import checksums

    Checksums, Sha256 = checksums.Checksums, checksums.Sha256
except ImportError:  # installed without a compiler, or on a processor without the instructions
    pass
