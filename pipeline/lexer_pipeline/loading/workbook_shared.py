"""The texts that the cells of an XLSX share: each stands in the file once, and any number of cells may name it."""

import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO
from xml.parsers import expat

BLOCK = 1 << 20
PART = "xl/sharedstrings.xml"
END = b"si>"


def longest(file: BinaryIO, least: int) -> int:
    """How many characters the longest of them has; 0 where none can have more than `least`.

    The library gives each cell a copy of its own, so that a long one would take the memory before a cell of it is seen.
    """
    with zipfile.ZipFile(file) as archive:
        infos = [one for one in archive.infolist() if one.filename.lower() == PART and one.file_size > least]
        for info in infos:
            with archive.open(info) as part:
                is_short = all(size <= least for size in _sizes(part))
            if not is_short:
                with archive.open(info) as part:
                    return _Texts().longest(part)
    return 0


def _sizes(part: IO[bytes]) -> Iterator[int]:
    """How many bytes lie between the ends of texts, for a quick look: most files have long texts of no kind."""
    rest = b""
    while block := part.read(BLOCK):
        *whole, rest = (rest + block).split(END)
        yield max(map(len, whole), default=0)
        yield len(rest)


class _Texts:
    """Counts the characters of each text."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._count
        self._size = self._longest = 0

    def longest(self, part: IO[bytes]) -> int:
        """The most that one text has, as far as the XML can be read."""
        try:
            while block := part.read(BLOCK):
                self._parser.Parse(block, False)
        except expat.ExpatError:
            pass  # the library says what is broken
        return max(self._longest, self._size)

    def _count(self, text: str) -> None:
        self._size += len(text)

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "si":
            self._longest, self._size = max(self._longest, self._size), 0
