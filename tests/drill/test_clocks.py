"""Our clock jumps between any two looks at it, ahead and back: each batch is still sent once, and the ledger still goes on."""

import itertools
import time
from pathlib import Path
from typing import Any

import pytest

from tests.drill.judge import Verdict, judge
from tests.drill.rig import Rig
from tests.drill.test_faults import SMALL, new_batch, send
from tests.upload.helpers import entry, md5_of

HOUR, YEARS = 3_700.0, 3 * 365 * 86_400.0
SHORT = 5  # looks at the clock between two jumps of the short drill


class Clock:
    """The time of this machine, off by some seconds from the n-th look on."""

    def __init__(self, at: int, jump: float) -> None:
        self.at, self.jump, self.looks = at, jump, 0

    def __call__(self) -> float:
        self.looks += 1
        return time.time() + (self.jump if self.looks >= self.at else 0)


def jumped(rig: Rig, out: Path, at: int, jump: float, *faults: dict[str, Any]) -> tuple[bool, Verdict]:
    """Whether the clock was looked at so often, and what came of the batch, the last run by a clock that is right again."""
    batch, before = new_batch(out, at, SMALL), len(rig.sandbox.events())
    for fault in faults:
        rig.sandbox.inject(fault)
    clock = Clock(at, jump)
    first = send(rig, out, batch, clock=clock)
    again = send(rig, out, batch)
    assert {first.state, again.state} <= {"sent"}, (at, jump, first, again)
    found = judge(
        rig.sandbox.events()[before:],
        {batch.manifest.file: md5_of(batch)},
        {batch.manifest.file: entry(out).state},
        0,
    )
    return clock.looks >= at, found


UNHEARD = ({"on": "put", "do": "stored_reset"},)
WAYS = [(jump, faults) for jump in (HOUR, -HOUR, YEARS, -YEARS) for faults in ((), UNHEARD)]


@pytest.mark.parametrize(
    ("jump", "faults", "step"),
    [
        *((jump, faults, SHORT) for jump, faults in WAYS[:4]),
        *(pytest.param(jump, faults, 1, marks=pytest.mark.drill) for jump, faults in WAYS),
    ],
)
def test_a_clock_that_jumps_between_asking_the_permission_and_the_body_neither_loses_nor_doubles(
    rig: Rig, tmp_path: Path, jump: float, faults: tuple[dict[str, Any], ...], step: int
) -> None:
    total = Verdict()
    for at in itertools.count(1, step):
        out = tmp_path / str(at)
        out.mkdir()
        goes_on, found = jumped(rig, out, at, jump, *faults)
        total += found
        if not goes_on:
            break

    assert total.batches > 1
    assert (total.sent, total.lost, total.twice) == (total.batches, 0, 0)
