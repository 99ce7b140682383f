"""Whether the clock can be right, by itself and beside those of the service and the ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lexer_pipeline.checkup.check import Check, look, wrong

AREA = "clock"
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
DAY = 86_400.0
NEAR, FAR = 30.0, 300.0  # seconds; a Date header has whole ones, and an answer takes some
SET = "Set it by the network: timedatectl set-ntp true"
WHY = "file names get the wrong date and permissions seem to have ended"


def look_at(
    now: float, last: float | None, service: float | None, database: float | None = None
) -> Iterator[Check]:
    """The time `now` beside the last one that the ledger knows, the service's and the ledger's server's, as far as they are known.

    All are Unix seconds.
    """
    shown = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    installed = Path(__file__).stat().st_mtime
    if not installed - DAY <= now < LATEST:
        yield wrong(AREA, "time", f"{shown}, which cannot be: this program was installed later", SET)
    else:
        yield Check(AREA, "time", shown)
    if last is not None and last > now + NEAR:
        found = f"the last entry of the ledger is {last - now:,.0f} s in the future: the clock was set back"
        yield look(AREA, "beside the ledger", found, SET)
    for other, at in (("the service", service), ("the ledger's server", database)):
        if at is not None:
            yield _beside(now - at, other)


def _beside(ahead: float, other: str) -> Check:
    what = f"beside {other}"
    found = f"{abs(ahead):,.0f} s {'ahead' if ahead > 0 else 'behind'}"
    if abs(ahead) < NEAR:
        return Check(AREA, what, found)
    if abs(ahead) < FAR:
        return look(AREA, what, found, SET)
    return wrong(AREA, what, f"{found}: {WHY}", SET)
