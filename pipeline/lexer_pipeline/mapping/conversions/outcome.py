"""What a conversion makes of a text, and what it needs for that."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Self

from msgspec import Struct

from lexer_pipeline.kernels.arrays import Bools, Int32s, UInt8s
from lexer_pipeline.specs.values import Converted, Unconvertible

# The readings of a column, as a manifest names them.
Decided = tuple[str, ...]
# What it did to a text is named, by the names of codes/changes.py.
Conversion = Callable[[str], Converted | Unconvertible]


class Vectorised(Struct, frozen=True):
    """A conversion with a kernel, which converts the cells of a column whose outcome is certain.

    `kernel` is a TO_... of the kernels' codes; `argument` is what the kernel is told of the conversion's argument.
    """

    one: Conversion
    kernel: int
    argument: bytes = b""

    def __call__(self, text: str) -> Converted | Unconvertible:
        """What the conversion itself makes of one text."""
        return self.one(text)


class OfRow(ABC):
    """A conversion that another column of the row tells how to read a text: the country of a phone number, the currency of an amount."""

    __slots__ = ()

    @abstractmethod
    def of(self, text: str, said: str) -> Converted | Unconvertible:
        """What one text becomes in a row whose other column says this, which may be nothing."""

    def __call__(self, text: str) -> Converted | Unconvertible:
        """What one text becomes in a row that says nothing."""
        return self.of(text, "")


class NeedsColumn(ABC):
    """A conversion whose reading depends on the whole column: show it every cell, then let it decide.

    It remembers counts only, whatever the size of the column. `conversion` is its name.
    """

    conversion: str

    @abstractmethod
    def look(self, texts: Iterable[str]) -> None:
        """Take in some cells of the column, none of them empty; may be called again with more."""

    @abstractmethod
    def count(self, data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> Bools:
        """Take in those filled cells that are certain, and say which are left to `look`."""

    @abstractmethod
    def join(self, more: Self) -> None:
        """Take in what was counted of other cells of the column, wherever they stand in it."""

    @abstractmethod
    def readings(self) -> Decided:
        """The readings that fit; UsageError with the counts where several do and what they make of the cells differs.

        There are two where all cells say the same by both, and none where no cell tells any.
        """

    @abstractmethod
    def by(self, decided: Decided) -> Conversion:
        """The conversion that reads all cells of a column for which these readings were decided; UsageError where there are none such."""

    def decide(self) -> Conversion:
        """The conversion that reads the whole column, of two readings that say the same by either; UsageError as `readings`."""
        return self.by(self.readings()[:1])


def changed(before: str, after: str, name: str) -> Converted:
    """`after`, under the name of the change if there was one."""
    return Converted(after, () if before == after else (name,))
