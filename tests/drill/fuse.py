"""Calls into the operating system that burn: which kinds, and how (fuse.c)."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

KILL, TORN, FULL, ONCE = 1, 2, 3, 4
CHANGES, TAKES_SPACE, SPEAKS = 1, 2, 4
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_fuse = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs Linux and a C compiler, to stand before libc"
)


def build(folder: Path) -> Path:
    """The library, compiled."""
    library = folder / "fuse.so"
    assert COMPILER is not None
    source = Path(__file__).with_name("fuse.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@dataclass(frozen=True)
class Burn:
    """What a command is to suffer, at which of its calls; 0 counts them only."""

    kinds: int
    how: int
    at: int = 0

    def order(self) -> dict[str, int]:
        """As the nursery takes it."""
        return {"kinds": self.kinds, "at": self.at, "how": self.how}


def seen(answer: dict[str, str]) -> int:
    """How many calls a command made that lived."""
    return int(answer["burnt"].rpartition("=")[2])


def burnt(answer: dict[str, str]) -> str:
    """The call at which it burnt, if it came so far."""
    return answer["burnt"].partition("=")[0]
