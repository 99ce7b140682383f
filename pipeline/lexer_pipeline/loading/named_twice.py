"""One file named twice in a run, whatever it is called: it would be sent twice."""

import gzip
import hashlib
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.byte_stream import GZIP_MAGIC, RawFile
from lexer_pipeline.loading.source import ArchiveMember, Source

BLOCK = 1 << 20
# Files are hashed whole where so many of their first bytes are the same.
BEGIN = 1 << 16


@dataclass(frozen=True, slots=True)
class _File:
    """A source that lies on disk: what tells it from all others (its inode, or the zip's and its name there), and its size unpacked."""

    source: Source
    identity: tuple[object, ...]
    size: int

    @property
    def name(self) -> str:
        return str(self.source)


def refuse_named_twice(sources: Sequence[Source]) -> None:
    """Raise UsageError where two sources are one file: by name or link, by another name, as a copy, packed or not.

    Copies that hold a header alone, or nothing, do no harm.
    """
    if len(sources) < 2:
        return
    if sum(str(one) == "-" for one in sources if isinstance(one, str | Path)) > 1:
        raise UsageError("-: standard input is named twice", "Name it once.")
    seen: dict[tuple[object, ...], _File] = {}
    of_size: dict[int, list[_File]] = {}
    for source in sources:
        file = _file(source)
        if file is None:
            continue
        if file.identity in seen:
            raise _twice(seen[file.identity], file, "are one file")
        seen[file.identity] = file
        if file.size:
            of_size.setdefault(file.size, []).append(file)
    for alike in of_size.values():
        _refuse_copies(alike)


def _file(source: Source) -> _File | None:
    """A source on disk; None for others, and where opening it as a source will say what is wrong."""
    with suppress(OSError, SourceError, zlib.error):
        if isinstance(source, ArchiveMember):
            about = source.archive.stat()
            size = import_module("lexer_pipeline.loading.archive").size_of(source)
            return _File(source, (about.st_dev, about.st_ino, source.name), size)
        if isinstance(source, str | Path) and str(source) != "-":
            about = Path(source).stat()
            if not about.st_ino:
                return None
            is_file = stat.S_ISREG(about.st_mode)
            return _File(
                source, (about.st_dev, about.st_ino), _size(Path(source), about.st_size) if is_file else 0
            )
    return None


def _size(path: Path, size: int) -> int:
    """The size of a file, unpacked: gzip has it at its end, up to 4 GiB (RFC 1952, 2.3.1)."""
    with path.open("rb") as file:
        if file.read(2) != GZIP_MAGIC or size < 18:
            return size
        file.seek(-4, 2)
        return int.from_bytes(file.read(4), "little")


def _refuse_copies(alike: Sequence[_File]) -> None:
    if len(alike) < 2:
        return
    begins: dict[bytes, list[_File]] = {}
    for one in alike:
        with suppress(OSError, SourceError, EOFError, zlib.error):
            begins.setdefault(next(_blocks(one.source, BEGIN), b""), []).append(one)
    for begin, files in begins.items():
        if len(files) > 1 and not _holds_no_record(begin):
            _refuse_same(files)


def _holds_no_record(begin: bytes) -> bool:
    """Whether a file is a header alone; one line of JSON is a record."""
    lines = begin.strip().splitlines() if len(begin) < BEGIN else ()
    is_text = b"\0" not in begin and not begin.startswith((b"PK", b"\xd0\xcf"))
    return is_text and len(begin) < BEGIN and len(lines) <= 1 and not begin.lstrip().startswith((b"{", b"["))


def _refuse_same(files: Sequence[_File]) -> None:
    seen: dict[str, _File] = {}
    for one in files:
        with suppress(OSError, SourceError, EOFError, zlib.error):
            whole = hashlib.sha256()
            for block in _blocks(one.source, BLOCK):
                whole.update(block)
            other = seen.setdefault(whole.hexdigest(), one)
            if other is not one:
                raise _twice(other, one, "hold the same, byte for byte")


def _twice(one: _File, other: _File, why: str) -> UsageError:
    what = f"{one.name} and {other.name} {why}" if one.name != other.name else f"{one.name} is named twice"
    both = [file.source.archive for file in (one, other) if isinstance(file.source, ArchiveMember)]
    is_in_one_zip = len(both) == 2 and both[0] == both[1] and one.name != other.name
    remedy = (
        "Choose one of them with --member, or unpack the zip." if is_in_one_zip else f"Name {one.name} alone."
    )
    return UsageError(f"{what}: all of it would be sent twice", remedy)


def _blocks(source: Source, size: int) -> Iterator[bytes]:
    """The bytes of a source on disk, unpacked."""
    with closing(_opened(source)) as file:
        while block := file.read(size):
            yield block


def _opened(source: Source) -> RawFile:
    if isinstance(source, ArchiveMember):
        member: RawFile = import_module("lexer_pipeline.loading.archive").MemberFile(source)
        return member
    path = Path(str(source))
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP_MAGIC
    return gzip.open(path) if is_packed else path.open("rb")
