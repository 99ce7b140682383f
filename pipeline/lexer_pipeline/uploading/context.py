"""What the uploads of one run share."""

import threading
import time
from collections.abc import Callable, Mapping

from msgspec import Struct, field

from lexer_pipeline.outbox.address import in_database
from lexer_pipeline.outbox.entry import Entry
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.options import Progress, UploadOptions
from lexer_pipeline.uploading.permit import UploadService
from lexer_pipeline.uploading.sealed import Seal
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.transfer import Wire

OFTEN = 0.1  # seconds between two words of progress


class UploadContext(Struct, frozen=True):
    """Where the uploads of one run go, what remembers them, and how they are sent.

    `wire` is for each of the `wide` uploads that go side by side. `halt` is set where one of them cannot go on, and
    `barred` where the service lets nobody in. `datasets` are for batches that have none, by record type. `seal` is for addresses of
    uploads, where the ledger is one that others keep.
    """

    ledger: Ledger
    service: UploadService
    wire: Wire
    wide: int
    tries: int
    datasets: Mapping[str, str]
    options: UploadOptions
    runtime: Runtime
    seal: Seal | None = None
    halt: threading.Event = field(default_factory=threading.Event)
    barred: threading.Event = field(default_factory=threading.Event)

    def halted(self) -> bool:
        """Whether to leave everything as it stands."""
        return self.halt.is_set() or self.runtime.stop()

    def pause(self, seconds: float) -> None:
        """Wait, in slices, so that a stop is heard."""
        while seconds > 0 and not self.halted():
            self.runtime.sleep(min(seconds, 0.5))
            seconds -= 0.5

    def reporter(self, entry: Entry) -> Callable[[int, int], None]:
        """A callback for one PUT that works out rate and time left, at most ten times a second."""
        tell = self.options.progress
        if tell is None:
            return lambda *_: None
        start = last = time.monotonic()

        def report(sent: int, total: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < OFTEN and sent < total:
                return
            last = now
            rate = sent / max(now - start, 1e-3)
            left = (total - sent) / rate if rate else None
            tell(Progress(entry.batch, entry.name, sent, total, rate, left))

        return report


def context_of(
    settings: Settings,
    service: UploadService,
    ledger: Ledger,
    options: UploadOptions,
    runtime: Runtime,
    count: int = 1,
) -> UploadContext:
    """The context of sending `count` files to `service`."""
    wide = max(1, min(settings.parallel, count))
    wire = Wire(
        settings.connect_timeout,
        settings.stall_timeout,
        settings.answer_timeout,
        max(1, settings.limit_rate // wide) if settings.limit_rate else None,
        settings.proxy,
        settings.ca_file,
        (settings.token.secret,) if settings.token else (),
    )
    seal = Seal(settings.token.secret) if settings.token and in_database(ledger.place) else None
    return UploadContext(
        ledger, service, wire, wide, settings.tries, settings.datasets, options, runtime, seal
    )
