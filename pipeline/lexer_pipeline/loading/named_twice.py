"""One file named twice in a run, whatever it is called: it would be sent twice."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.byte_stream import BROKEN, GZIP, packed_as
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.origins import Member, Origin, identity_of
from lexer_pipeline.loading.source import Source
from lexer_pipeline.system.addresses import address_of

BLOCK = 1 << 20
# Files are hashed whole where so many of their first bytes are the same.
BEGIN = 1 << 16
SMALLEST_GZIP = 18


class _File(Struct, frozen=True):
    """A source that lies in a file: what tells it from all others (its inode, or the zip's and its name there), and its size unpacked, if that is known."""

    source: Source
    identity: tuple[object, ...]
    size: int | None

    @property
    def name(self) -> str:
        return str(self.source)


def refuse_read_twice(sources: Sequence[Source], stdin: BinaryIO | None) -> None:
    """Raise UsageError where standard input or a pipe is named twice: what comes through it can be read once."""
    queries = [one for one in sources if isinstance(one, Query)]
    if twice := next((one for number, one in enumerate(queries) if one in queries[:number]), None):
        raise UsageError(f"{twice} is named twice: all of it would be sent twice", "Name it once.")
    seen: dict[object, tuple[str, bool]] = {}
    typed = (str(one) for one in sources if isinstance(one, str | Path) and address_of(one) is None)
    for source in typed:
        identity, comes_once = identity_of(source, stdin)
        other, came_once = seen.get(identity, (source, False))
        if identity in seen and (comes_once or came_once):
            raise _read_twice(other, source)
        seen[identity] = source, comes_once


def refuse_named_twice(sources: Sequence[Source]) -> None:
    """Raise UsageError where two sources are one file, by name or by link."""
    seen: dict[tuple[object, ...], _File] = {}
    for file in filter(None, map(_file, sources)) if len(sources) > 1 else ():
        if file.identity in seen:
            raise _twice(seen[file.identity], file, "are one file")
        seen[file.identity] = file


def refuse_copies(sources: Sequence[Source]) -> None:
    """Raise UsageError where a source is a copy of another one, packed or not, but for two files of one zip.

    Copies that hold a header alone, or nothing, do no harm.
    """
    files = [file for file in map(_file, sources) if file and file.size != 0] if len(sources) > 1 else []
    of_size: dict[int | None, list[_File]] = {}
    # Where one does not say its size, it may be that of any other.
    known = all(file.size for file in files)
    for file in files:
        of_size.setdefault(file.size if known else None, []).append(file)
    for alike in of_size.values():
        _refuse_copies(alike)


def _file(source: Source) -> _File | None:
    """A source on disk; None for others, and where opening it as a source will say what is wrong."""
    with suppress(OSError, SourceError, *BROKEN):
        if isinstance(source, Member):
            size = import_module("lexer_pipeline.loading.archive").size_of(source)
            return _File(source, (_identity(source.archive), source.name), size)
        if isinstance(source, Origin):
            return _File(source, (_identity(source),), _size(source))
    return None


def _identity(source: Origin) -> object:
    return source.identity or id(source)


def _size(source: Origin) -> int | None:
    """The size of a file, unpacked: gzip has it at its end, up to 4 GiB (RFC 1952, 2.3.1); of other packed files it is not known."""
    kind, _ = packed_as(source.first())
    if kind != GZIP or source.size() < SMALLEST_GZIP:
        return None if kind and kind != GZIP else source.size()
    with closing(source.open()) as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(4), "little")


def _refuse_copies(alike: Sequence[_File]) -> None:
    if len(alike) < 2:
        return
    begins: dict[bytes, list[_File]] = {}
    for one in alike:
        with suppress(OSError, SourceError, *BROKEN):
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
        with suppress(OSError, SourceError, *BROKEN):
            whole = hashlib.sha256()
            for block in _blocks(one.source, BLOCK):
                whole.update(block)
            other = seen.setdefault(whole.hexdigest(), one)
            if other is not one and not _are_in_one_zip(one, other):
                raise _twice(other, one, "hold the same, byte for byte")


def _read_twice(one: str, other: str) -> UsageError:
    if one == other:
        what = "standard input is named twice" if one == "-" else "is named twice, and can be read once"
        return UsageError(f"{one}: {what}", "Name it once.")
    return UsageError(f"{one} and {other} are one, which can be read once", f"Name {one} alone.")


def _twice(one: _File, other: _File, why: str) -> UsageError:
    what = f"{one.name} and {other.name} {why}" if one.name != other.name else f"{one.name} is named twice"
    return UsageError(f"{what}: all of it would be sent twice", f"Name {one.name} alone.")


def _are_in_one_zip(one: _File, other: _File) -> bool:
    both = [file.source.archive for file in (one, other) if isinstance(file.source, Member)]
    return len(both) == 2 and both[0] is both[1]


def _blocks(source: Source, size: int) -> Iterator[bytes]:
    """The bytes of a source on disk, unpacked."""
    with ExitStack() as held:
        file = held.enter_context(closing(_opened(source)))
        _, unpack = packed_as(source.first()) if isinstance(source, Origin) else ("", None)
        if unpack is not None:
            file = held.enter_context(closing(unpack(file)))
        while block := file.read(size):
            yield block


def _opened(source: Source) -> Any:
    if isinstance(source, Member):
        return import_module("lexer_pipeline.loading.archive").MemberFile(source)
    assert isinstance(source, Origin)
    return source.open()
