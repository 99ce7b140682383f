"""A data frame of any library that offers the Arrow PyCapsule interface."""

import hashlib
from typing import Any

from lexer_pipeline.loading.arrow_text import ArrowText
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions


def open_text(frame: Any) -> "ArrowSource":
    """The rows of a data frame."""
    name = "data frame"
    return ArrowSource(name, ArrowText(frame, name), AS_TOLD)


class ArrowSource:
    """Rows that come as Arrow, as text; `bytes` and `sha256` are of that text, since there is no file."""

    is_sheet = False
    encoding = "UTF-8"
    notes: tuple[str, ...] = ()

    def __init__(self, name: str, text: ArrowText, told: ReadOptions) -> None:
        self.name = name
        self.told = told
        self.bytes = 0
        self._text = text
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read so far, as hex."""
        return self._sha256.hexdigest()

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        data = self._text.read(size)
        self._sha256.update(data)
        self.bytes += len(data)
        return data

    def close(self) -> None:
        """Nothing is held open."""
