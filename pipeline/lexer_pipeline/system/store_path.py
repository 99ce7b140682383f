"""A folder in an object store, with as much of `pathlib` as folders of batches need, and with what no disk has: one list of all.

Nothing is written in place: an object is put whole, so a reader sees the old one or the new one. Local functions (`open`, `os`) refuse
such a path, for it is none to them.
"""

import errno
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from lexer_pipeline.system import store_access

# Requests under way at a time, where there are many small ones.
AT_ONCE = 16
# Bytes that are asked for at a time, and of an upload the pieces of a large object, of which a few are under way.
RANGE = 2 << 20
PIECE, PIECES = 8 << 20, 3
# The most that S3 copies at once is 5 GiB.
COPIED = 5_000_000_000
Given = TypeVar("Given")
Made = TypeVar("Made")


class Stored(NamedTuple):
    """What a store says of an object; the tag changes with its content."""

    st_size: int
    etag: str


class Bucket:
    """A bucket or container by its address; it is opened when it is first needed."""

    def __init__(self, root: str) -> None:
        self.root = root

    @cached_property
    def store(self) -> Any:
        return store_access.opened(self.root)

    @cached_property
    def patient(self) -> Any:
        """The same, for what takes long and says nothing meanwhile."""
        return store_access.opened(self.root, store_access.COPY_SECONDS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bucket) and other.root == self.root

    def __hash__(self) -> int:
        return hash(self.root)


@dataclass
class Listing:
    """All objects below a folder as they were listed once, and what was fetched of them ahead."""

    objects: dict[str, Stored] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def folders(self) -> Mapping[str, list[str]]:
        """By folder, the names in it."""
        found: dict[str, dict[str, None]] = {}
        for key in self.objects:
            parent, _, name = key.rpartition("/")
            while name and name not in (names := found.setdefault(parent, {})):
                names[name] = None
                parent, _, name = parent.rpartition("/")
        return {parent: sorted(names) for parent, names in found.items()}

    def put(self, key: str, about: Stored) -> None:
        """Note what was put by whoever looks."""
        self.objects[key] = about
        self.contents.pop(key, None)
        self.__dict__.pop("folders", None)


class StorePath:
    """A folder or an object of a store; one with a `listing` answers from that what there is, and is for looking alone."""

    __slots__ = ("bucket", "key", "listing")

    def __init__(self, bucket: Bucket, key: str, listing: Listing | None = None) -> None:
        self.bucket, self.key, self.listing = bucket, key, listing

    def __str__(self) -> str:
        return f"{self.bucket.root}/{self.key}" if self.key else self.bucket.root

    def __repr__(self) -> str:
        return f"StorePath({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StorePath) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __truediv__(self, name: str) -> "StorePath":
        return StorePath(self.bucket, f"{self.key}/{name}" if self.key else name, self.listing)

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> "StorePath":
        return StorePath(self.bucket, self.key.rpartition("/")[0], self.listing)

    def resolve(self) -> "StorePath":
        """An address is whole as it is."""
        return self

    # ------------------------------------------------------------------------------------------- what there is

    def listed(self) -> "StorePath":
        """The same folder as it is now, by one list of all that is below it."""
        return StorePath(self.bucket, self.key, Listing(dict(self._objects())))

    def _objects(self) -> Iterator[tuple[str, Stored]]:
        with store_access.worded(self.bucket.root, str(self)):
            for some in self.bucket.store.list(self.key or None):
                for one in some:
                    yield one["path"], Stored(one["size"], one["e_tag"] or "")

    def stat(self) -> Stored:
        """Size and tag of an object; FileNotFoundError where there is none."""
        if self.listing is not None:
            if (found := self.listing.objects.get(self.key)) is None:
                raise FileNotFoundError(errno.ENOENT, "there is no such object", str(self))
            return found
        with store_access.worded(self.bucket.root, str(self)):
            about = self.bucket.store.head(self.key)
        return Stored(about["size"], about["e_tag"] or "")

    def is_file(self) -> bool:
        """Whether there is an object of this name."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        """Whether there is an object below this name."""
        if self.listing is not None:
            return self.key in self.listing.folders
        with store_access.worded(self.bucket.root, str(self)):
            return any(self.bucket.store.list(self.key or None, chunk_size=1))

    def size(self) -> int:
        """The bytes of an object, or of all below a folder."""
        if self.is_file():
            return self.stat().st_size
        if self.listing is not None:
            return sum(one.size() for one in self.iterdir())
        return sum(about.st_size for _, about in self._objects())

    def exists(self) -> bool:
        """Whether there is an object of this name, or below it."""
        return self.is_dir() or self.is_file()

    def iterdir(self) -> Iterator["StorePath"]:
        """What is in a folder, by name."""
        if self.listing is not None:
            names = self.listing.folders.get(self.key, [])
            yield from (self / name for name in names)
            return
        with store_access.worded(self.bucket.root, str(self)):
            found = self.bucket.store.list_with_delimiter(self.key or None)
        paths = [*found["common_prefixes"], *(one["path"] for one in found["objects"])]
        yield from (self / path.rpartition("/")[2] for path in sorted(paths))

    def glob(self, pattern: str) -> Iterator["StorePath"]:
        """What in a folder has such a name; behind a slash the name of an object in each folder."""
        first, _, rest = pattern.partition("/")
        for one in self.iterdir():
            if fnmatchcase(one.name, first) and (not rest or (one / rest).is_file()):
                yield one / rest if rest else one

    # ------------------------------------------------------------------------------------------------ contents

    def read_bytes(self) -> bytes:
        """All of an object."""
        if self.listing is not None and self.key in self.listing.contents:
            return self.listing.contents[self.key]
        with store_access.worded(self.bucket.root, str(self)):
            return bytes(self.bucket.store.get(self.key).bytes())

    def fetched(self, paths: Iterable["StorePath"]) -> None:
        """Have these small objects of a listing at hand, asked for side by side; what is not there is left out."""
        listing = self.listing
        assert listing is not None
        wanted = [one for one in paths if one.key in listing.objects and one.key not in listing.contents]
        for one, content in zip(wanted, side_by_side(_content_of, wanted), strict=True):
            if content is not None:
                listing.contents[one.key] = content

    def read_range(self, at: int, size: int, etag: str = "") -> bytes:
        """Bytes of an object from a place on; OSError where it is not the one with this tag."""
        options: dict[str, Any] = {"range": (at, at + size)}
        if etag:
            options["if_match"] = etag
        with store_access.worded(self.bucket.root, str(self)):
            return bytes(self.bucket.store.get(self.key, options=options).bytes())

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """An object to read, from any place on."""
        assert mode == "rb"
        about = self.stat()
        return io.BufferedReader(_Ranges(self, about), min(PIECE, max(1, about.st_size)))

    def write(self, data: bytes | Path, *, create: bool = False) -> None:
        """Put an object whole, from memory or from a file; with `create` FileExistsError where there is another already.

        A retry may meet what the first try has put.
        """
        try:
            with store_access.worded(self.bucket.root, str(self)):
                if create:
                    put = self.bucket.store.put(self.key, data, mode="create", use_multipart=False)
                else:
                    put = self.bucket.store.put(self.key, data, chunk_size=PIECE, max_concurrency=PIECES)
        except FileExistsError:
            if self.read_bytes() != data:
                raise
            return
        if self.listing is not None and isinstance(data, bytes):
            self.listing.put(self.key, Stored(len(data), put["e_tag"] or ""))

    def copy_to(self, target: "StorePath") -> None:
        """Copy an object within the store, or by way of this machine where that takes none of its size."""
        size = self.stat().st_size
        with store_access.worded(self.bucket.root, str(self)):
            if size > COPIED:
                writer = store_access.writer(self.bucket.store, target.key, PIECE, PIECES)
                for at in range(0, size, PIECE):
                    writer.write(self.read_range(at, PIECE))
                writer.close()  # what is not closed is never there
            else:
                self.bucket.patient.copy(self.key, target.key)

    def unlink(self) -> None:
        """Remove an object, if it is there."""
        self.remove([self])

    def remove(self, some: Iterable["StorePath"]) -> None:
        """Remove objects of this bucket, as far as they are there."""
        keys = [one.key for one in some]
        try:
            self._delete(keys)
        except FileNotFoundError:  # which S3 never says
            for key in keys:
                with suppress(FileNotFoundError):
                    self._delete([key])

    def _delete(self, keys: Sequence[str]) -> None:
        with store_access.worded(self.bucket.root, str(self)):
            if keys:
                self.bucket.store.delete(keys)

    def all_below(self) -> list["StorePath"]:
        """All objects below this folder, as they are now."""
        return [StorePath(self.bucket, key) for key, _ in self._objects()]


class _Ranges(io.RawIOBase):
    """An object read in ranges, as the file that it was when it was opened."""

    def __init__(self, path: StorePath, about: Stored) -> None:
        self._path, self._about, self._at = path, about, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = (0, self._at, self._about.st_size)[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        size = min(len(view), self._about.st_size - self._at)
        if size <= 0:
            return 0
        view[:size] = self._path.read_range(self._at, size, self._about.etag)
        self._at += size
        return size


def side_by_side(work: Callable[[Given], Made], items: Iterable[Given]) -> list[Made]:
    """`work` done on each of many items, some at a time, since each waits for an answer."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


def _content_of(path: StorePath) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
