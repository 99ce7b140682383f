"""What a caller may ask of an upload, and what it is told meanwhile."""

from collections.abc import Callable

from msgspec import Struct


class Progress(Struct, frozen=True):
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


class UploadOptions(Struct, frozen=True):
    """How to send; the defaults send each batch once, in the order they were made.

    `resend` sends again what was sent or refused, or is in doubt; `older` also what is older than what was sent of its series.
    `also_there` sends batches that are named, and were sent without a dataset, to the one that the settings name. `earlier` sends first what waits of the series of the batches that are named. `dry_run` sends nothing and says what would
    be. `progress` is called from several threads.
    """

    resend: bool = False
    older: bool = False
    also_there: bool = False
    earlier: bool = False
    dry_run: bool = False
    progress: Callable[[Progress], None] | None = None
