"""The members of a zip, each a source of its own; read where they lie, never unpacked to disk."""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from difflib import get_close_matches
from io import BufferedReader

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import other_files
from lexer_pipeline.loading.origins import Member, Origin
from lexer_pipeline.loading.zip_limits import is_of_workbook, plain, refuse_bomb

MOST_BYTES = 50 << 30
ENCRYPTED = 1
NOISE = re.compile(
    r"(.*/)?(__MACOSX/.*|\._[^/]*|\.DS_Store|Thumbs\.db|desktop\.ini)", re.IGNORECASE | re.DOTALL
)
OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(.*[/\\])?\.\.([/\\].*)?\Z", re.DOTALL)
NESTED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
MOST_SHOWN = 8
# So much of a text is looked at to tell whether it is prose.
HEAD = 1 << 13


def is_workbook(path: Origin) -> bool:
    """Whether a zip is a spreadsheet (Office Open XML or OpenDocument); raises SourceError where it is broken."""
    with _opened(path) as archive:
        names = set(archive.namelist())
    return is_of_workbook(names)


def members(path: Origin, wanted: str | None = None) -> list[Member]:
    """The files in a zip that may hold data, in their order, or the one that is `wanted` (in any case, its folder or not).

    Raises SourceError where opening one might do harm or cannot work, UsageError where there is none that is wanted.
    """
    with _opened(path) as archive:
        files = [one for one in archive.infolist() if not one.is_dir()]
        infos = [one for one in files if not NOISE.fullmatch(one.filename)]
        refuse_bomb(str(path), infos, MOST_BYTES)
        for info in infos:
            _refuse_member(path, info)
        if not infos:
            raise SourceError(f"{path}: the zip holds no files", "Export it again.")
        if len({one.filename for one in infos}) < len(infos):
            raise SourceError(f"{path}: two files in the zip have one name", "Unpack it, and name the files.")
        chosen = _with_data(path, archive, infos) if wanted is None else [_wanted(path, infos, wanted)]
        for info in chosen:
            _refuse_nested(path, archive, info)
    names = [one.filename for one in chosen]
    others = [one.filename for one in files if one not in chosen]
    return [Member(path, name, _passed_over(others) if name == names[0] else ()) for name in names]


def _with_data(
    path: Origin, archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]
) -> list[zipfile.ZipInfo]:
    """Those that hold tables or JSON; where none surely does, those that might."""
    might = [one for one in infos if not other_files.is_other(one.filename)]
    found = [one for one in might if not _tells_of_others(path, archive, one)]
    if not might:
        raise SourceError(
            f"{path}: the zip holds no table and no JSON", "Export it again, as CSV, XLSX or JSON."
        )
    return found or might


def _tells_of_others(path: Origin, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether a file is empty, tells of the data beside it, or holds sentences."""
    if not info.file_size or other_files.is_about_data(info.filename):
        return True
    with _reading(path, info.filename), archive.open(info) as file:
        return other_files.is_prose(info.filename, file.read(HEAD))


def _wanted(path: Origin, infos: Sequence[zipfile.ZipInfo], wanted: str) -> zipfile.ZipInfo:
    """The file of that name: as it is written, else in any case, else without its folder."""
    ways: tuple[Callable[[str], str], ...] = (str, _caseless, lambda name: _caseless(name.rpartition("/")[2]))
    for way in ways:
        found = [one for one in infos if way(one.filename) == way(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            break
    listed = ", ".join(plain(one.filename) for one in (found or infos)[:MOST_SHOWN])
    what = "more than one file is called" if found else "there is no file called"
    near = get_close_matches(_caseless(wanted), [_caseless(one.filename) for one in infos], 1)
    meant = [one.filename for one in infos if _caseless(one.filename) in near and not found]
    raise UsageError(
        f"{path}: {what} {wanted}",
        f"Name one of these with --member: {listed}.",
        instead=(wanted, plain(meant[0]) if meant else ""),
    )


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _passed_over(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(map(plain, names[:MOST_SHOWN])) + (", …" if len(names) > MOST_SHOWN else "")
    what = "1 other file" if len(names) == 1 else f"{len(names)} other files"
    return (f"passed over: {what} in the zip ({shown}); --member NAME chooses one",)


def _refuse_nested(path: Origin, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    with _reading(path, info.filename), archive.open(info) as file:
        if file.read(8).startswith(NESTED) and not _is_inner_workbook(info.filename):
            raise SourceError(
                f"{path}!{info.filename}: is an archive in an archive",
                "Unpack the outer one, or choose another file of it with --member.",
            )


def size_of(member: Member) -> int:
    """How many bytes a member has, unpacked."""
    with _opened(member.archive) as archive:
        return archive.getinfo(member.name).file_size


class MemberFile:
    """The bytes of one member; breakage speaks as SourceError."""

    def __init__(self, member: Member) -> None:
        self._member = member
        with _reading(member.archive, member.name), ExitStack() as on_failure:
            archive = on_failure.enter_context(_zip_file(member.archive, on_failure))
            self._file = archive.open(member.name)
            self._opened = on_failure.pop_all()

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end."""
        with _reading(self._member.archive, self._member.name):
            return self._file.read(size)

    def close(self) -> None:
        """Let go of the archive."""
        self._file.close()
        self._opened.close()


def _refuse_member(path: Origin, info: zipfile.ZipInfo) -> None:
    name = f"{path}!{plain(info.filename)}"
    if OUTSIDE.match(info.orig_filename) or not info.filename.isprintable():
        raise SourceError(
            f"{name}: the name points outside the zip or cannot be shown", "Unpack it, and name the files."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise SourceError(f"{name}: is a link, not a file", "Pack the file itself.")
    if info.flag_bits & ENCRYPTED:
        raise SourceError(f"{name}: is encrypted", "Unpack it with its password, and name the files.")


def _is_inner_workbook(name: str) -> bool:
    return name.lower().endswith((".xlsx", ".xlsm", ".xlsb", ".ods"))


@contextmanager
def _opened(path: Origin) -> Iterator[zipfile.ZipFile]:
    with _reading(path, ""), ExitStack() as opened:
        yield opened.enter_context(_zip_file(path, opened))


def _zip_file(path: Origin, opened: ExitStack) -> zipfile.ZipFile:
    """A zip, where its file is let go of with `opened`."""
    return zipfile.ZipFile(opened.enter_context(BufferedReader(opened.enter_context(closing(path.open())))))


@contextmanager
def _reading(path: Origin, member: str) -> Iterator[None]:
    """Turn what can go wrong with a zip into words."""
    name = f"{path}!{member}" if member else str(path)
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OverflowError) as problem:
        raise SourceError(f"{name}: the zip is broken or cut short", "Fetch or pack it again.") from problem
    except (NotImplementedError, RuntimeError) as problem:
        raise SourceError(
            f"{name}: is packed in a way that cannot be read", "Unpack it, and name the files."
        ) from problem
    except OSError as problem:
        raise SourceError(f"{name}: cannot be read ({problem.strerror})") from problem
