"""The bytes of a source read more than once: again where they lie in a file, else from a copy."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO, Protocol, runtime_checkable

from lexer_pipeline.loading.byte_stream import BLOCK
from lexer_pipeline.loading.file_state import changed
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.system.files import read_at
from lexer_pipeline.system.scratch import Scratch


@runtime_checkable
class InFile(Protocol):
    """A source that knows where in a file its next byte lies; None where its bytes are not those of a file."""

    def place(self) -> tuple[int, int] | None: ...


class Replay:
    """Bytes of a source to be read from their start: `plain` where they lie in the source's own file, then the copied."""

    def __init__(
        self, name: str, plain: tuple[int, int, int], copied: tuple[int, int], passed: Callable[[int], None]
    ) -> None:
        self.name = name
        self._passed = passed
        self._plain = plain
        self._copied = copied
        self.size = plain[2] + copied[1]
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`, none only at the end."""
        handle, begin, length = self._plain
        if self._at < length:
            data = read_at(handle, min(size, length - self._at), begin + self._at)
            if not data:
                raise changed(self.name)
        else:
            handle, length = self._copied
            data = read_at(handle, min(size, self.size - self._at), self._at - self._plain[2])
        self._at += len(data)
        self._passed(self._at)
        return data


class Spool:
    """A source whose rest can be read once as it comes, and then again and again from `start` on.

    What lies in the source's own file is read there again; all else is kept in a copy. `passed` is told how far each reading is.
    """

    def __init__(self, source: Readable, start: bytes, copy: BinaryIO, passed: Callable[[int], None]) -> None:
        self.name = source.name
        self._passed = passed
        self._source = source
        self._start = start
        self._copy = copy
        found = _place(source)
        self._plain = (found[0], found[1] - len(start), 0) if found else (-1, 0, 0)
        self._is_plain = found is not None

    def read(self, size: int) -> bytes:
        """The next bytes, for the first time."""
        data, self._start = self._start, b""
        before = _place(self._source)
        if not data:
            data = self._source.read(size)
            after = _place(self._source)
            # Otherwise it is in another encoding.
            self._is_plain &= before is not None and after is not None and after[1] - before[1] == len(data)
        if self._is_plain:
            self._plain = (*self._plain[:2], self._plain[2] + len(data))
        else:
            self._copy.write(data)
        self._passed(self._plain[2] + self._copy.tell())
        return data

    def again(self) -> Replay:
        """All bytes from their start, once what is left of them was read."""
        while self.read(BLOCK):
            pass
        self._copy.flush()
        return Replay(self.name, self._plain, (self._copy.fileno(), self._copy.tell()), self._passed)


@contextmanager
def spooled(source: Readable, start: bytes, scratch: Scratch) -> Iterator[Spool]:
    """Let `start` and the rest of a source be read more than once."""
    with closing(scratch.file()) as copy:
        yield Spool(source, start, copy, scratch.passed)


def _place(source: Readable) -> tuple[int, int] | None:
    return source.place() if isinstance(source, InFile) else None
