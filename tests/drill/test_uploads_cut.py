"""`upload` cut off at every change of a file and every word on a connection; many batches, two uploaders, a ledger that is locked.

The sandbox's event log is the judge: each batch is stored under one upload id, as it was prepared.
"""

import itertools
import math
import os
import random
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.outbox.ledger import entries

from tests.drill.exports import Export, md5
from tests.drill.fuse import (
    CHANGES,
    FULL,
    KILL,
    ONCE,
    SPEAKS,
    TAKES_SPACE,
    TORN,
    Burn,
    build,
    burnt,
    needs_fuse,
    seen,
)
from tests.drill.judge import Verdict, judge, table
from tests.drill.keyboard import KILLED, QUICK, Nursery
from tests.drill.rig import Rig
from tests.drill.test_kills import told
from tests.waiting import happens

pytestmark = needs_fuse
STEP = int(os.environ.get("STEP", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "40"))
FIRST = int(os.environ.get("FIRST", "1"))
PARTS = int(os.environ.get("PARTS", "50"))
FEW = 9
ONE_PART = 100  # bytes, which hold one record


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    folder = tmp_path_factory.mktemp("nursery")
    nursery = Nursery(folder, build(folder))
    yield nursery
    nursery.close()


@dataclass
class Folder:
    """A folder of batches that no other has, and the commands typed there."""

    rig: Rig
    nursery: Nursery
    root: Path
    serial: int
    rows: int
    cuts: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def __post_init__(self) -> None:
        self.root.mkdir()
        self.out = self.root / "batches"
        export = Export("products", self.serial, self.rows)
        (self.root / "in.csv").write_text(export.text())
        self.contents = {md5(part) for part in export.parts(ONE_PART)}
        self.since = len(self.rig.sandbox.events())

    def order(self, *words: str, burn: Burn | None = None, **more: Any) -> dict[str, Any]:
        sandbox = self.rig.sandbox
        env = {"NO_COLOR": "1", "LEXER_UPLOAD_API_URL": sandbox.url, "LEXER_UPLOAD_API_TOKEN": self.rig.token}
        env |= {"LEXER_CA_FILE": str(sandbox.ca_file)} if sandbox.ca_file else {}
        lit = {"fuse": burn.order()} if burn else {}
        return {"words": [*words, "--json"], "cwd": str(self.root), "env": env, **lit, **more}

    def run(self, *words: str, burn: Burn | None = None, **more: Any) -> dict[str, Any]:
        (answer,) = self.both(self.order(*words, burn=burn, **more))
        return answer

    def both(self, *orders: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What became of commands at the same time."""
        answers = self.nursery.ask([dict(one) for one in orders])
        for answer in answers:
            self.kills += answer["code"] == KILLED
            if where := burnt(answer):
                self.cuts[where] += 1
            assert answer["code"] in (0, 2, 4, 5, KILLED), answer
            assert "Traceback" not in answer["err"], answer
        return answers

    def convert(self, burn: Burn | None = None) -> dict[str, Any]:
        name = f"drill{self.serial}"
        return self.run(
            "convert", "in.csv", "--spec", "commerce_products", "--date", "20261102", "--label", name,
            "--max-bytes", str(ONE_PART), burn=burn,
        )  # fmt: skip

    def verdict(self) -> Verdict:
        """What the store has of this folder's batches, and that asking once more comes to nothing."""
        before = len(self.rig.sandbox.events())
        assert self.run("upload")["code"] in (0, 4)
        events = self.rig.sandbox.events()
        assert [event for event in events[before:] if event["kind"] in ("asked", "begun")] == []
        prepared = {
            f"{path.name}.json": md5((path / f"{path.name}.json").read_bytes())
            for path in self.out.glob("[a-z]*-a")
        }
        assert set(prepared.values()) == self.contents
        assert len(prepared) == len(self.contents)
        states = {entry.name: entry.state for entry in entries(self.out)}
        return judge(events[self.since :], prepared, states, self.kills)


def cut(folder: Folder, burn: Burn) -> tuple[str, Verdict]:
    """At which call an upload burnt, and what came of it all after the next one."""
    assert folder.convert()["code"] == 0
    answer = folder.run("upload", burn=burn)
    if burn.how in (FULL, ONCE):
        assert told(answer) == "" or answer["code"] == 5, answer
    after = folder.run("upload")
    assert after["code"] == 0, after
    found = burnt(answer), folder.verdict()
    shutil.rmtree(folder.root)
    return found


def calls(rig: Rig, nursery: Nursery, root: Path, kinds: int) -> int:
    folder = Folder(rig, nursery, root, random.randrange(10**9), 2)
    assert folder.convert()["code"] == 0
    return seen(folder.run("upload", burn=Burn(kinds, KILL)))


def test_an_upload_killed_at_any_call_sends_each_batch_once(
    rig: Rig, nursery: Nursery, tmp_path: Path
) -> None:
    total, count = Verdict(), calls(rig, nursery, tmp_path / "whole", CHANGES | SPEAKS)

    for at in range(1, count, count // FEW):
        total += cut(Folder(rig, nursery, tmp_path / "cut", at, 2), Burn(CHANGES | SPEAKS, KILL, at))[1]

    assert total == Verdict(total.batches, total.kills, 0, total.batches, 0, 0, 0)
    assert total.kills >= FEW


@pytest.mark.drill
@pytest.mark.parametrize(
    ("kinds", "how"), [(CHANGES | SPEAKS, KILL), (CHANGES | SPEAKS, TORN), (TAKES_SPACE, FULL), (TAKES_SPACE, ONCE)],
    ids=["kill", "half a write", "full disk", "full disk once"],
)  # fmt: skip
def test_an_upload_cut_off_at_every_call(
    rig: Rig, nursery: Nursery, tmp_path: Path, kinds: int, how: int
) -> None:
    total, names = Verdict(), Counter[str]()
    for at in itertools.count(1, STEP):
        serial = random.randrange(10**9)
        where, found = cut(Folder(rig, nursery, tmp_path / "cut", serial, 2), Burn(kinds, how, at))
        total += found
        names[where] += 1
        if not where:
            break

    print(f"\n\nAn upload of 2 batches, cut off at every call:\n{table({'ours': total})}")
    print("\n".join(f"  {count:>7,} {name}" for name, count in names.most_common() if name))
    assert (total.lost, total.twice, total.in_doubt) == (0, 0, 0)
    assert total.sent == total.batches


class Round:
    """Many batches, prepared and sent by commands that are cut off again and again."""

    def __init__(self, folder: Folder, seed: int) -> None:
        self.folder, self.rng = folder, random.Random(f"round {seed}")
        self.faulty = self.rng.random() < 0.5

    def play(self) -> Verdict:
        for _ in range(self.rng.randint(1, 3)):
            self.folder.convert(Burn(CHANGES, self.rng.choice((KILL, TORN)), self._call(100 + 8 * PARTS)))
        assert self.folder.convert()["code"] == 0
        for _ in range(self.rng.randint(6, 12)):
            if self.faulty:
                for fault in self.rng.choices(QUICK, k=2):
                    self.folder.rig.sandbox.inject({**fault, "skip": self.rng.randrange(4)})
            how = self.rng.choice((KILL, KILL, KILL, TORN, ONCE))
            kinds = TAKES_SPACE if how == ONCE else self.rng.choice((CHANGES, SPEAKS, CHANGES | SPEAKS))
            one = self.folder.order("upload", burn=Burn(kinds, how, self._call(20 * PARTS)))
            self.folder.both(one, *([self.folder.order("upload")] if self.rng.random() < 0.1 else []))
        self.folder.rig.sandbox.clear_faults()
        for _ in range(4):
            if self.folder.run("upload")["code"] != 5:
                break
        return self.folder.verdict()

    def _call(self, most: int) -> int:
        """Which call burns: an early one as often as a late one, by their length in digits."""
        return round(math.exp(self.rng.uniform(0, math.log(most))))


def rounds(rig: Rig, nursery: Nursery, root: Path, seeds: range, parts: int) -> tuple[Verdict, Counter[str]]:
    total, names = Verdict(), Counter[str]()
    for seed in seeds:
        folder = Folder(rig, nursery, root / "round", random.randrange(10**9), parts)
        one = Round(folder, seed).play()
        assert (one.lost, one.twice) == (0, 0), f"round {seed}: {one}"
        total, names = total + one, names + folder.cuts
        shutil.rmtree(folder.root)
    return total, names


def test_many_batches_under_kills_and_faults_are_each_sent_once(
    rig: Rig, nursery: Nursery, tmp_path: Path
) -> None:
    total, _ = rounds(rig, nursery, tmp_path, range(2), 4)

    assert total.sent + total.in_doubt == total.batches == 8


@pytest.mark.drill
def test_the_long_drill_of_many_batches(rig: Rig, nursery: Nursery, tmp_path: Path) -> None:
    total, names = rounds(rig, nursery, tmp_path, range(FIRST, FIRST + ROUNDS), PARTS)

    print(f"\n\nRounds {FIRST} to {FIRST + ROUNDS - 1}, {PARTS} batches each:\n{table({'ours': total})}")
    print("\n".join(f"  {count:>7,} {name}" for name, count in names.most_common()))
    assert total.sent + total.in_doubt == total.batches


@pytest.mark.parametrize("cut_off", ["neither", "one of them"])
def test_two_uploaders_at_once_send_each_batch_once(
    rig: Rig, nursery: Nursery, tmp_path: Path, cut_off: str
) -> None:
    folder = Folder(rig, nursery, tmp_path / "two", random.randrange(10**9), 5)
    assert folder.convert()["code"] == 0
    burn = Burn(CHANGES | SPEAKS, KILL, 120) if cut_off == "one of them" else None

    codes = [
        answer["code"] for answer in folder.both(folder.order("upload", burn=burn), folder.order("upload"))
    ]
    assert folder.run("upload")["code"] == 0

    assert (KILLED in codes) == (burn is not None)
    assert folder.verdict() == Verdict(5, folder.kills, 0, 5, 0, 0, 0)


# ------------------------------------------------------------------------------------------------------- a locked ledger


@contextmanager
def locking(ledger: Path) -> Iterator[None]:
    """Another process's long change of the ledger."""
    with closing(sqlite3.connect(ledger, isolation_level=None, timeout=60, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("command", ["convert", "upload"])
def test_a_ledger_locked_for_good_is_said_and_loses_nothing(
    rig: Rig, nursery: Nursery, tmp_path: Path, command: str
) -> None:
    folder = Folder(rig, nursery, tmp_path / "locked", random.randrange(10**9), 2)
    assert folder.convert()["code"] == 0
    words = ("convert", "in.csv", "--spec", "commerce_products") if command == "convert" else ("upload",)

    with locking(folder.out / "ledger.sqlite3"):
        answer = folder.run(*words, patience=0.2)

    assert answer["code"] == 5
    assert answer["err"].startswith("error: the ledger has been locked by another process")
    assert [event for event in rig.sandbox.events()[folder.since :] if event["kind"] == "asked"] == []
    assert folder.run("upload")["code"] == 0
    assert folder.verdict().sent == 2


def test_a_ledger_locked_for_a_while_is_waited_for(rig: Rig, nursery: Nursery, tmp_path: Path) -> None:
    folder = Folder(rig, nursery, tmp_path / "locked", random.randrange(10**9), 2)
    assert folder.convert()["code"] == 0
    with locking(folder.out / "ledger.sqlite3"):
        waiting = threading.Thread(target=lambda: codes.append(folder.run("upload")["code"]))
        codes: list[int] = []
        waiting.start()
        waiting.join(0.5)
        assert codes == []
    waiting.join()

    assert codes == [0]
    assert folder.verdict() == Verdict(2, 0, 0, 2, 0, 0, 0)


def test_a_ledger_that_is_locked_while_the_body_is_under_way_sends_nothing_twice(
    rig: Rig, nursery: Nursery, tmp_path: Path
) -> None:
    folder = Folder(rig, nursery, tmp_path / "locked", random.randrange(10**9), 1)
    assert folder.convert()["code"] == 0
    rig.sandbox.inject({"on": "put", "do": "slow", "seconds": 3})
    answers: list[dict[str, Any]] = []
    sending = threading.Thread(target=lambda: answers.append(folder.run("upload", patience=0.2)))
    sending.start()
    assert happens(lambda: any(event["kind"] == "begun" for event in rig.sandbox.events()[folder.since :]))
    with locking(folder.out / "ledger.sqlite3"):
        sending.join()

    assert answers[0]["code"] in (0, 5), answers
    assert folder.run("upload")["code"] == 0
    assert (folder.verdict().sent, folder.verdict().twice) == (1, 0)
