"""Where the bytes of a source come from: what is looked at is what is read, and it may not change meanwhile.

A file is opened by its path each time that it is read, so that thousands may be named, and must then be the one that was looked
at first. So it is with what lies elsewhere, by its address. All else (standard input, a pipe or device by its path) is opened once, and
kept on disk where it is read again.
"""

import copyreg
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from io import FileIO, RawIOBase
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, TypeAlias

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.database import refuse_unasked
from lexer_pipeline.loading.file_state import about, changed, state_of
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.remote import RemoteFile, State
from lexer_pipeline.loading.streams import FIRST, Stream
from lexer_pipeline.system.addresses import CLOUDS, WEB, Address, address_of
from lexer_pipeline.system.scratch import Scratch

# What other programs call what is read here.
ALIKE = MappingProxyType(
    {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "abfss", "wasbs": "abfss", "file": ""}
)
# So many files of a folder are named.
MOST_LISTED = 5
# A descriptor that this process was given: to open it anew would fail (sockets), or share its place with the first (macOS).
GIVEN = re.compile(r"/dev/stdin|(?:/dev|/proc/self)/fd/([0-9]+)")


class NamedFile:
    """A file, by its path; `file` is the one opened there to be looked at."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.name = str(path)
        self.path: Path | None = path
        self._path = path
        self._known = state_of(os.fstat(file.fileno()))
        self._first = file.read(FIRST)

    def __str__(self) -> str:
        return self.name

    def __getstate__(self) -> dict[str, object]:
        """Another machine sees the same file on another device, under another number."""
        return {**vars(self), "_known": (0, 0, *self._known[2:])}

    @property
    def identity(self) -> tuple[int, int] | None:
        """What tells it from all other files, where the system says it."""
        return self._known[:2] if self._known[1] else None

    def first(self) -> bytes:
        """The first few bytes."""
        return self._first

    def size(self) -> int:
        """How many bytes it holds."""
        return self._known[2]

    def open(self) -> RawIOBase:
        """The file from its start, which must be the one that was looked at."""
        self.check()
        file = _opened(self._path)
        if not self._is_known(os.fstat(file.fileno())):
            file.close()
            raise changed(self.name)
        return file

    def check(self) -> None:
        """Raise SourceError where the path names another file by now, or one that changed."""
        with suppress(OSError):
            if self._is_known(self._path.stat()):
                return
        raise changed(self.name)

    def _is_known(self, found: os.stat_result) -> bool:
        state = state_of(found)
        return state == self._known if self._known[1] else state[2:] == self._known[2:]

    def close(self) -> None:
        """Nothing is held open."""


# What was opened to be looked at, and is then read: `first` gives its first bytes, `path` is its file where it has one.
Origin: TypeAlias = NamedFile | RemoteFile | Stream


def _reduced(file: RemoteFile) -> tuple[Callable[..., RemoteFile], tuple[str, Network, State]]:
    return _opened_again, file.place


def _opened_again(text: str, network: Network, known: State) -> RemoteFile:
    """A file elsewhere that another process looked at; SourceError where it is another one by now."""
    found = origin_of(text, None, network=network)
    if not isinstance(found, RemoteFile):
        raise changed(found.name)
    return found.still(known)


copyreg.pickle(RemoteFile, _reduced)


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a zip, named as messages call it: `export.zip!members.csv`; `notes` say what else the zip holds."""

    archive: Origin
    name: str
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.archive}!{self.name}"


def origin_of(
    source: str | Path, stdin: BinaryIO | None, scratch: Scratch | None = None, network: Network | None = None
) -> Origin:
    """A path, an address, or `-` for `stdin`, opened and looked at; SourceError where it cannot be.

    What is kept of it lies in `scratch`.
    """
    if address := address_of(source):
        return _elsewhere(address, network or Network(), scratch or Scratch())
    path = Path(source)
    if stdin is None and (str(source) == "-" or _is_closed_input(path)):
        raise SourceError(f"{source}: standard input is closed", "Pipe the source in, or name its file.")
    if stdin is not None and str(source) == "-":
        return Stream("-", stdin, scratch or Scratch(), is_own=False)
    with _naming(path):
        file = _opened(path)
        try:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            if not is_file or given_descriptor(path) is not None:
                return Stream(str(path), file, scratch or Scratch(), is_own=True, is_kept=is_file)
            with file:
                return NamedFile(path, file)
        except BaseException:
            file.close()
            raise


def _elsewhere(address: Address, network: Network, scratch: Scratch) -> Origin:
    """What lies at an address; the libraries for it come only now."""
    if address.scheme not in (*CLOUDS, *WEB):
        refuse_unasked(address.text)
        raise _unknown(address)
    if address.is_cloud:
        found: RemoteFile = import_module("lexer_pipeline.loading.clouds").opened(address, network)
        return found
    of_web: Origin = import_module("lexer_pipeline.loading.web").opened(address, network, scratch)
    return of_web


def _unknown(address: Address) -> SourceError:
    """What to say of an address of a kind that is not read."""
    meant = ALIKE.get(address.scheme)
    if meant is not None:
        right = f"{meant}://{address.host}{address.path}" if meant else address.path
        return SourceError(
            f"{address}: is not read by that name", f"Write it as {right}", instead=(address.text, right)
        )
    return SourceError(
        f"{address}: is an address of a kind that is not read; those are s3://, gs://, abfss:// and https://",
        "Fetch it first, or hand its bytes on: FETCHING_COMMAND | lexer-pipeline validate - --spec SPEC",
    )


def identity_of(source: str | Path, stdin: BinaryIO | None) -> tuple[object, bool]:
    """What tells a source from all others, without opening it, and whether it can be read but once."""
    is_stdin = str(source) == "-"
    given = given_descriptor(Path(source))
    with suppress(OSError, ValueError):
        found = about(stdin) if is_stdin else os.stat(Path(source) if given is None else given)
        if found and found.st_ino:
            return (found.st_dev, found.st_ino), is_stdin or not stat.S_ISREG(found.st_mode)
    return str(source), is_stdin


def given_descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path names; None where it is the name of a file."""
    found = GIVEN.fullmatch(str(path))
    return int(found[1] or 0) if found else None


def _is_closed_input(path: Path) -> bool:
    """Whether a path names standard input, behind which nothing lies but what the command put there in place of a closed one."""
    with suppress(OSError):
        return given_descriptor(path) == 0 and os.path.samestat(os.fstat(0), os.stat(os.devnull))
    return False


def _opened(path: Path) -> FileIO:
    given = given_descriptor(path)
    return path.open("rb", buffering=0) if given is None else open(os.dup(given), "rb", buffering=0)


def _missing(path: Path) -> SourceError:
    """What to say of a file that is not there: it lies elsewhere, or is called a little differently."""
    meant = _nearest(path)
    hint = f"Did you mean {meant}?" if meant else _there(path.parent)
    return SourceError(f"{path}: there is no such file", hint, instead=(str(path), meant))


def _nearest(path: Path) -> str:
    """The file beside it that is called nearly so, whatever its ending; empty where none is."""
    names: dict[str, Path] = {}
    with suppress(OSError):
        names = {
            one.stem.casefold(): one
            for one in sorted(path.parent.iterdir())
            if one.is_file() and one.suffix != ".toml"
        }
    near = get_close_matches(path.stem.casefold(), names, 1, 0.7)
    return str(names[near[0]]) if near else ""


def _there(folder: Path) -> str:
    """What may be meant where nothing is called nearly so."""
    if not folder.is_dir():
        return f"There is no folder {folder} either; check the path."
    found: list[str] = []
    with suppress(OSError):
        found = sorted(one.name for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))
    if not found:
        return f"{folder if folder != Path() else 'This folder'} has no file; go to the folder of the export first (cd), or write the whole path."
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return f"In {folder if folder != Path() else 'this folder'} are: {', '.join(map(str, found[:MOST_LISTED]))}{more}."


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what can go wrong with opening a file into words."""
    try:
        if path.is_dir():
            raise SourceError(
                f"{path}: is a folder", f"Name the files in it. {_there(path)}", instead=(str(path), "")
            )
        yield
    except FileNotFoundError as problem:
        raise _missing(path) from problem
    except OSError as problem:
        raise SourceError(f"{path}: cannot be opened ({problem.strerror})") from problem
