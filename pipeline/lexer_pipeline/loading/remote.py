"""A file elsewhere, by its address: looked at, read in ranges, and noticed where it changes meanwhile."""

from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import Protocol, TypeVar

from msgspec import Struct

from lexer_pipeline.errors import PipelineError, SourceError
from lexer_pipeline.loading.file_state import changed
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.ranges import SMALL, Ranged
from lexer_pipeline.loading.streams import FIRST
from lexer_pipeline.system.addresses import Address

# Seconds before the second try, twice as many before each further one; and how often a try may bring nothing.
PAUSE, TRIES, LOOKS = 0.5, 5, 2
T = TypeVar("T")


class State(Struct, frozen=True):
    """What changes when an object does: its size, and whatever else the service says of its content."""

    size: int
    mark: tuple[str, ...]


class Passing(Exception):
    """What may be over when it is tried again; `problem` is what is said where it is not."""

    def __init__(self, problem: PipelineError) -> None:
        super().__init__(problem.message)
        self.problem = problem


class NothingThere(SourceError):
    """Nothing lies at an address."""


class Place(Protocol):
    """An object, as the library of its service reads it; raises Passing for what is worth another try, else PipelineError."""

    def look(self, size: int) -> tuple[State, bytes]:
        """What it is now, and so many of its first bytes at least, where it has them."""

    def read(self, begin: int, size: int, into: bytearray) -> None:
        """Add the bytes from a place on to what came before; where the exchange breaks, as many as came."""


class RemoteFile:
    """A file elsewhere; it is read anew each time, in ranges, and must then be the one that was looked at first."""

    path: Path | None = None

    def __init__(self, address: Address, place: Place, network: Network) -> None:
        self.name = str(address)
        self._address = address
        # Another query may be another file.
        self.identity: object = address.text
        self._place = place
        self._network = network
        self._is_over = False
        self._known, head = self._look(FIRST)
        self._first = head[:FIRST]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> tuple[str, Network, State]:
        """What it takes to open it again in another process: its whole address, how it is reached, and what it was."""
        return self._address.text, self._network, self._known

    def still(self, known: State) -> "RemoteFile":
        """The same file, as it was known before; once it is read, it must be that."""
        self._known = known
        return self

    def first(self) -> bytes:
        """The first few bytes."""
        return self._first

    def size(self) -> int:
        """How many bytes it holds."""
        return self._known.size

    def open(self) -> RawIOBase:
        """The bytes from the first one on, which must be those of what was looked at."""
        return Ranged(self._fetch, self._known.size, self._look_again(SMALL))

    def check(self) -> None:
        """Raise SourceError where another object lies there by now."""
        self._look_again(0)

    def close(self) -> None:
        """Nothing is held open; a range under way is not tried again."""
        self._is_over = True

    def _look_again(self, size: int) -> bytes:
        try:
            state, head = self._look(size)
        except NothingThere:
            raise changed(self.name) from None
        if state != self._known:
            raise changed(self.name)
        return head

    def _look(self, size: int) -> tuple[State, bytes]:
        return trying(lambda: self._place.look(size), self._network)

    def _fetch(self, begin: int, size: int) -> bytes:
        """A range; it goes on from where it was where the exchange breaks."""
        found, missed = bytearray(), 0
        problem: PipelineError = SourceError(f"{self.name}: ends before its size", "Try again.")
        while len(found) < size:
            before = len(found)
            try:
                self._place.read(begin + before, size - before, found)
            except Passing as passing:
                problem = passing.problem
            if len(found) < size:
                missed = 0 if len(found) - before >= SMALL else missed + 1
                if missed >= TRIES or self._is_over:
                    raise problem
                self._network.sleep(PAUSE * 2**missed)
        return bytes(found)


def trying(work: Callable[[], T], network: Network) -> T:
    """What comes of something that may fail for a moment."""
    for number in range(1, LOOKS + 1):
        try:
            return work()
        except Passing as passing:
            if number == LOOKS:
                raise passing.problem from None
        network.sleep(PAUSE * number)
    raise AssertionError("the last try returns or raises")
