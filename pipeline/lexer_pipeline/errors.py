"""What can go wrong with the world; bad data is an `Issue` (model.py), never an exception.

PipelineError
├── UsageError          2   a flag, a setting, a specification or a column that does not exist
├── MemoryExhausted     2   the machine has too little memory for what was asked
├── StoreRefused        2   an object store that does not take what this machine says of itself
├── SourceError         3   a source that cannot be read
├── PersonNeeded        4   an upload that was refused, changed or is in doubt
└── ServiceUnavailable  5   the upload service cannot be reached, or a service keeps failing
"""

import errno
from collections.abc import Sequence
from typing import ClassVar

# The disk is full, or one's share of it, or the file is as large as it may be.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class PipelineError(Exception):
    """A failure with words for a person: what is wrong (message) and what to do (hint).

    Of the command that was typed, `instead` has a word and what is meant by it (empty where nobody knows), `flags` are those that would help, and
    `without` those that are in the way.
    """

    exit_code: ClassVar[int] = 2
    code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        instead: tuple[str, str] | None = None,
        flags: Sequence[str] = (),
        without: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.instead, self.flags, self.without = instead, tuple(flags), tuple(without)

    def as_json(self) -> dict[str, dict[str, str]]:
        """The object that `--json` prints when a command ends with exit code 2 to 5."""
        return {"error": {"code": self.code, "message": self.message, "hint": self.hint}}


class UsageError(PipelineError):
    """The command or a setting asks for something that does not exist."""

    code = "usage"


class MemoryExhausted(PipelineError):
    """The machine has too little memory for what was asked."""

    code = "memory"


class StoreRefused(PipelineError):
    """An object store has no such bucket, or gives this machine no right to it.

    It is no UsageError, which says of a batch that it is none: what a store does not show may well be there.
    """

    code = "store"


class SourceError(PipelineError):
    """A source is missing, is not what it seems, or breaks so that nothing after it can be trusted."""

    exit_code = 3
    code = "source"


class PersonNeeded(PipelineError):
    """An upload was refused, its file changed, or nobody can know whether it arrived."""

    exit_code = 4
    code = "person_needed"


class ServiceUnavailable(PipelineError):
    """The upload service cannot be reached, or it or one that holds a source keeps failing; trying later is safe."""

    exit_code = 5
    code = "unavailable"
