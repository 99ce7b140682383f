"""What a caller may ask of an upload, and what it is told meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one upload is; `rate` in bytes a second over this try, `left` in seconds where it is known.

    `waits` is said where nothing is sent now: so many seconds until the next try, because of `reason`.
    """

    batch: str
    name: str
    sent: int
    total: int
    rate: float
    left: float | None
    waits: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """How to send; the defaults send each batch once and hold back what is held.

    `resend` sends again what was sent or refused, or is in doubt; `even_held` sends held batches too; `progress` is
    called from several threads.
    """

    resend: bool = False
    even_held: bool = False
    progress: Callable[[Progress], None] | None = None
