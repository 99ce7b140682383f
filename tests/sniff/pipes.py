"""Ways to hand a source over that is no file by its name: descriptors, FIFOs, standard input."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import happens


@contextmanager
def written(write: Callable[[], None]) -> Iterator[None]:
    """Somebody else writes meanwhile, and is done in the end."""
    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    yield
    writer.join(60)
    assert not writer.is_alive()


def write_all(handle: int, data: bytes) -> None:
    """Write into a descriptor and close it."""
    with open(handle, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) or 0 :]


@contextmanager
def through_a_descriptor(data: bytes, _: Path) -> Iterator[str]:
    """A pipe, as the shell hands over what stands in `<(...)`."""
    reading, writing = os.pipe()
    try:
        with written(lambda: write_all(writing, data)):
            yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


@contextmanager
def through_a_pipe_that_does_not_wait(data: bytes, _: Path) -> Iterator[str]:
    """A pipe whose reader is told at once that nothing is there yet."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    def write() -> None:
        os.write(writing, data[:1000])
        assert happens(lambda: not select.select([reading], [], [], 0)[0])
        time.sleep(0.1)  # its reader may find nothing meanwhile
        write_all(writing, data[1000:])

    try:
        with written(write):
            yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)


@contextmanager
def through_a_socket(data: bytes, _: Path) -> Iterator[str]:
    """A socket, as some programs start others with."""
    ours, theirs = socket.socketpair()
    with ours, written(lambda: write_all(theirs.detach(), data)):
        yield f"/dev/fd/{ours.fileno()}"


@contextmanager
def through_a_fifo(data: bytes, folder: Path) -> Iterator[str]:
    """A FIFO that is written once: whoever opens it a second time waits for ever."""
    path = folder / "export.csv"
    os.mkfifo(path)
    with written(lambda: path.write_bytes(data)):
        yield str(path)


@contextmanager
def through_a_link(data: bytes, folder: Path) -> Iterator[str]:
    """A FIFO by another name."""
    with through_a_fifo(data, folder) as path:
        os.symlink(path, folder / "link.csv")
        yield str(folder / "link.csv")


@contextmanager
def behind_a_descriptor(data: bytes, folder: Path) -> Iterator[str]:
    """A file that is open already, and read in by others."""
    (folder / "open.csv").write_bytes(data)
    with (folder / "open.csv").open("rb") as file:
        file.read(7)
        yield f"/dev/fd/{file.fileno()}"


WAYS = (
    through_a_descriptor,
    through_a_pipe_that_does_not_wait,
    through_a_socket,
    through_a_fifo,
    through_a_link,
    behind_a_descriptor,
)
