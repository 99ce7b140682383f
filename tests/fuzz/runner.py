"""Cases one after another, each by its own number, in a process of its own with a limit of time and memory."""

import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.corpus import ROOT

FAILURES = ROOT / "build" / "fuzz"
HANGS = 120.0  # seconds after which a case hangs, on the slowest machine
MEMORY = 8 << 30  # bytes of address space
FAST = Path("/dev/shm")


class Complaint(AssertionError):
    """What a case found wrong."""


@dataclass(frozen=True)
class Kind:
    """A kind of case: `play` writes its inputs into a folder, runs them, and raises a Complaint; `ready` comes before all cases."""

    name: str
    play: Callable[[random.Random, Path], None]
    ready: Callable[[], object] = bool


def number(kind: str, seed: int) -> random.Random:
    """The random numbers of one case."""
    return random.Random(f"{kind} {seed}")


@contextmanager
def work() -> Iterator[Path]:
    """A folder for one case, in memory where there is such a place."""
    place = FAST if os.access(FAST, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def fuzz(kind: Kind, seed: int, seconds: float) -> int:
    """Play the cases from `seed` on for so long, at least one; how many of them failed (after five nobody looks on)."""
    kind.ready()
    begun, first, failed = time.monotonic(), seed, 0
    while seed == first or time.monotonic() - begun < seconds:
        with work() as folder:
            complaint = in_child(kind, seed, folder)
            if complaint:
                keep(kind.name, seed, folder, complaint)
                failed += 1
        seed += 1
        if failed == 5:
            break
    took = time.monotonic() - begun
    print(
        f"{kind.name}: seeds {first} to {seed - 1}, {seed - first} cases in {took:.0f} s, {failed} failed",
        flush=True,
    )
    return failed


def keep(kind: str, seed: int, folder: Path, complaint: str) -> None:
    """Leave the inputs of a case behind, and say how it is repeated."""
    place = FAILURES / f"{kind}-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    if folder.is_dir():
        shutil.copytree(folder, place, symlinks=True, ignore_dangling_symlinks=True)
    place.mkdir(parents=True, exist_ok=True)
    (place / "complaint.txt").write_text(complaint, encoding="utf-8", errors="backslashreplace")
    print(f"{kind} {seed}: {complaint[-3000:]}\n  the input: {os.path.relpath(place)}", flush=True)
    print(f"  to repeat: make fuzz KIND={kind} SEED={seed} SECONDS=0", flush=True)


def in_child(kind: Kind, seed: int, folder: Path) -> str:
    """What a case complains of, empty where all is well; a crash or a hang of it ends nothing but itself."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        words = played(kind, seed, folder)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(words.encode("utf-8", "backslashreplace"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said, ended = b"", time.monotonic() + HANGS
        while (left := ended - time.monotonic()) > 0 and select.select([pipe], [], [], left)[0]:
            piece = os.read(pipe.fileno(), 1 << 16)
            if not piece:
                break
            said += piece
    if left <= 0:
        os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if left <= 0:
        return f"hangs: it did not end within {HANGS:.0f} seconds"
    return said.decode() or (
        f"the process died of signal {-code}" if code < 0 else "the process died"
    ) * bool(code)


def played(kind: Kind, seed: int, folder: Path) -> str:
    """One case in this process; what it complains of."""
    with suppress(ValueError, OSError):  # a system without such a limit, or with a lower one
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        kind.play(number(kind.name, seed), folder)
    except Complaint as complaint:
        return str(complaint) or "it complains"
    except BaseException:  # noqa: BLE001 - whatever it is, it is to be looked at
        return traceback.format_exc()
    return ""
