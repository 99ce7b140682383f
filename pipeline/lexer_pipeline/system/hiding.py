"""Values that do not show what may be secret."""

from typing import Any, ClassVar

from msgspec import Struct


class Hiding(Struct, frozen=True):
    """A value that shows all but its `HIDDEN` fields, however it comes to be printed."""

    HIDDEN: ClassVar[frozenset[str]] = frozenset()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for what prints in colours."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in self.HIDDEN]
