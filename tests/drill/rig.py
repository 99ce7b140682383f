"""A sandbox, batches, and senders in processes of their own that are killed and disturbed."""

import json
import random
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.sandbox.server import Sandbox

from tests.drill.judge import Verdict, judge, may_be_in_doubt
from tests.upload.helpers import md5_of, prepared, start
from tests.waiting import PATIENCE

# Whatever comes at all comes within these times, however slow the machine is; in trouble nobody waits so long.
CALM = dict.fromkeys(("connect_timeout", "stall_timeout", "answer_timeout"), PATIENCE) | {"tries": 4}
HASTY = {"connect_timeout": 2.0, "stall_timeout": 1.0, "answer_timeout": 1.0}
TROUBLE: Sequence[Mapping[str, Any]] = (
    *({"on": "ask", "do": "status", "status": status} for status in (429, 500, 503)),
    {"on": "ask", "do": "status", "status": 429, "retry_after": 1},
    *({"on": "ask", "do": do} for do in ("reset_before", "reset_after", "html", "no_url", "garbage", "truncated")),
    *({"on": "ask", "do": do} for do in ("expired_url", "huge_body", "huge_headers")),
    {"on": "ask", "do": "html", "status": 201},
    *({"on": "ask", "do": do, "seconds": 3} for do in ("hang_before", "hang_after")),
    *({"on": "put", "do": "reset", "percent": percent} for percent in (0, 50, 100)),
    *({"on": "put", "do": "stored_reset"} for _ in range(6)),  # the one that tells senders apart
    {"on": "put", "do": "stored_hang", "seconds": 3},
    {"on": "put", "do": "hang", "seconds": 3},
    {"on": "put", "do": "stall", "percent": 50, "seconds": 3},
    {"on": "put", "do": "pause", "percent": 50, "seconds": 0.5},
    *({"on": "put", "do": "early", "status": status} for status in (503, 429)),
    *({"on": "put", "do": "late", "status": status} for status in (500, 503)),
    *({"on": "put", "do": "late", "status": status, "stored": True} for status in (500, 502, 504)),
    {"on": "put", "do": "late", "status": 400, "code": "RequestTimeout"},
    *({"on": "put", "do": do} for do in ("expired", "corrupt", "wrong_etag", "garbage", "truncated", "huge_headers")),
    {"on": "put", "do": "huge_body", "size": 1 << 18},
)  # fmt: skip


def content(rng: random.Random, size: int) -> bytes:
    """Lines that no other batch has."""
    line = json.dumps({"product_id": f"{rng.getrandbits(64):x}", "name": "Kettle" * 20}).encode() + b"\n"
    return line * max(1, size // len(line))


@dataclass
class Rig:
    """One sandbox and the folder in which the rounds of a drill happen."""

    sandbox: Sandbox
    root: Path
    token: str = field(init=False)
    kills: int = 0

    def __post_init__(self) -> None:
        self.token = self.sandbox.new_token("drill")

    def order(self, out: Path, batches: Sequence[PreparedBatch], **more: Any) -> dict[str, Any]:
        """What tests.upload.driver is told."""
        ca_file = str(self.sandbox.ca_file) if self.sandbox.ca_file else None
        settings = {**CALM, "ca_file": ca_file, **more.pop("settings", {})}
        folders = [str(batch.path) for batch in batches]
        plain = {
            "url": self.sandbox.url,
            "token": self.token,
            "out": str(out),
            "batches": folders,
            "hurry": 0.1,
        }
        return {**plain, "settings": settings, **more}

    def start(self, module: str, order: Mapping[str, Any], **more: Any) -> subprocess.Popen[str]:
        """A sender, under way."""
        return start(module, order, **more)

    def finish(self, process: subprocess.Popen[str], after: float | None = None) -> tuple[int, str]:
        """Its exit code and all it said; killed `after` so many seconds, if it still runs."""
        try:
            said = process.communicate(timeout=300 if after is None else after)
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()
        self.kills += process.returncode == -9
        assert process.returncode in (0, 4, 5, -9), said
        return process.returncode, "".join(said)

    def run(self, order: Mapping[str, Any], **more: Any) -> tuple[int, str]:
        """One run of ours from start to end."""
        return self.finish(self.start("tests.upload.driver", order, **more))


@dataclass
class Round:
    """Some batches of one folder, sent under faults and kills, then judged."""

    rig: Rig
    number: int
    ours: bool
    count: int = 6

    def __post_init__(self) -> None:
        self.rng = random.Random(self.number)
        self.out = self.rig.root / f"{'ours' if self.ours else 'naive'}-{self.number}"
        names = [f"commerce_products_r{self.number}_{n:02}-20240306-a" for n in range(self.count)]
        sizes = [self.rng.choice((1_000, 60_000, 600_000)) for _ in names]
        self.batches = [
            prepared(self.out, name, content(self.rng, size)) for name, size in zip(names, sizes, strict=True)
        ]

    def play(self) -> Verdict:
        """Two runs in trouble, then runs in peace until there is nothing left to do; the judge has the last word."""
        before, kills = len(self.rig.sandbox.events()), self.rig.kills
        short = self.rng.random() < 0.3
        self.rig.sandbox.set(url_seconds=2 if short else 3600)
        for _ in range(2):
            self._trouble()
        self.rig.sandbox.clear_faults()
        if short:
            time.sleep(2.1)  # urls expire while the program is down
        for _ in range(4):
            if self._go(None, CALM)[0] != 5:
                break
        events = self.rig.sandbox.events()[before:]
        told = self._told()
        doubts = [name for name, state in told.items() if state == "in_doubt"]
        assert all(may_be_in_doubt(events, name, self.rig.kills > kills) for name in doubts), doubts
        md5s = {batch.manifest.file: md5_of(batch) for batch in self.batches}
        return judge(events, md5s, told, self.rig.kills - kills)

    def _trouble(self) -> None:
        for fault in [{"on": "put", "do": "stored_reset"}, *self.rng.choices(TROUBLE, k=4)]:
            self.rig.sandbox.inject({**fault, "skip": self.rng.randrange(3)})
        how = self.rng.choice(("at a change", "at a time", "at a time", "two at once"))
        if how == "two at once" and self.ours:
            other = self.rig.start("tests.upload.driver", self._order(HASTY))
            self._go(None, HASTY)
            self.rig.finish(other)
        elif how == "at a change" and self.ours:
            die_at, die = self.rng.randrange(1, 36), self.rng.choice(("before", "after", "instead"))
            self._go(None, HASTY, die_at=die_at, die=die)
        else:
            self._go(self.rng.uniform(0.3, 1.5), HASTY)

    def _order(self, settings: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        if self.ours:
            rate = {"limit_rate": 2_000_000, "parallel": 3, **settings}
            return self.rig.order(self.out, self.batches, settings=rate, **more)
        sandbox = self.rig.sandbox
        return {
            "url": sandbox.url,
            "token": self.rig.token,
            "ca_file": str(sandbox.ca_file or ""),
            "done": str(self.out / "done.txt"),
            "files": [str(batch.file) for batch in self.batches],
        }

    def _go(self, kill_after: float | None, settings: Mapping[str, Any], **more: Any) -> tuple[int, str]:
        module = "tests.upload.driver" if self.ours else "tests.drill.naive"
        return self.rig.finish(self.rig.start(module, self._order(settings, **more)), kill_after)

    def _told(self) -> dict[str, str]:
        """What the sender says became of each file."""
        if self.ours:
            return {entry.name: entry.state for entry in entries(self.out)}
        done = self.out / "done.txt"
        return dict.fromkeys(done.read_text().split() if done.exists() else [], "sent")
