"""The hands at the keyboard: commands typed into a folder, with their kills and faults, and what became of them."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.rig import TROUBLE
from tests.drill.script import Script, Step
from tests.drill.services import Event, Services

QUICK = [fault for fault in TROUBLE if "seconds" not in fault]
HASTY = "connect_timeout = 2.0\nstall_timeout = 1.0\nanswer_timeout = 1.0\n"
CALM = "connect_timeout = 60.0\nstall_timeout = 60.0\nanswer_timeout = 60.0\n"
KILLED = -9


class Nursery:
    """The process that forks the commands; with a library loaded first (fuse.py) their calls can be made to burn."""

    def __init__(self, folder: Path, first: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.drill.nursery", str(folder)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**os.environ, **({"LD_PRELOAD": str(first)} if first else {})},
        )  # fmt: skip

    def ask(self, orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What became of commands that were begun at the same time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(orders)) + "\n")
        self._process.stdin.flush()
        answers: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return answers

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


@dataclass
class Played:
    """What came of a world: the logs, what the person did, and where the tool did not end as it must."""

    logs: list[list[Event]]
    uploads: list[list[dict[str, Any]]]
    strange: list[str] = field(default_factory=list)
    kills: int = 0
    commands: int = 0
    doubts: int = 0
    by_hand: set[str] = field(default_factory=set)  # SHA-256 and file name of what a person decided on
    told: dict[tuple[int, str], str] = field(default_factory=dict)  # upload ids that the tool says were sent


class Keyboard:
    """What is typed in one world, in a folder of its own."""

    def __init__(
        self, script: Script, services: Services, nursery: Nursery, root: Path, naive: bool = False
    ) -> None:
        self.script, self.company = script, script.company
        self.services, self.nursery, self.naive = services.all, nursery, naive
        self.root = root
        self.rng = random.Random(f"player {script.seed}")
        self.logs: list[list[Event]] = [[] for _ in self.services]
        self.before = [max([event["id"] for event in one.events()[-1:]], default=0) for one in self.services]
        self.paths: dict[int, list[str]] = {}
        self.played = Played([], [])
        self.slow = script.seed % 20 == 3
        self.offset = 0.0
        self.told_datasets: str | None = None
        self.md5_of = {
            sha: md5 for one in script.oracle.all for sha, md5 in zip(one.sha256s, one.md5s, strict=True)
        }

    @property
    def faults(self) -> bool:
        return self.company.trouble in ("faults", "both")

    @property
    def kills(self) -> bool:
        return self.company.trouble in ("kills", "both")

    def until_it_lives(self, step: Step, kills: bool) -> tuple[int, dict[str, Any]]:
        """The same words again and again, as a nightly job does it, until they are not killed."""
        for attempt in range(20):
            (said,) = self.type([step], kills and attempt < 3)
            code: int = said["code"]
            if code != KILLED:
                break
        return code, said

    def type(self, steps: Sequence[Step], kills: bool) -> list[dict[str, Any]]:
        orders = []
        for step in steps:
            order: dict[str, Any] = {
                "words": [*map(self.filled, step.words), "--json"], "cwd": str(self.root), "env": self.env(step),
                "naive": self.naive, "whole": self.company.whole and not self.naive,
            }  # fmt: skip
            if kills and self.rng.random() < 0.4:
                self.doom(order)
            orders.append(order)
        answers = self.nursery.ask(orders)
        self.played.commands += len(answers)
        for order, answer in zip(orders, answers, strict=True):
            self.trace(order, answer)
            self.played.kills += answer["code"] == KILLED
            if self.company.expiry and answer["code"] in (KILLED, 5) and self.rng.random() < 0.3:
                self.expire()
        return answers

    def trace(self, order: dict[str, Any], answer: dict[str, Any]) -> None:
        """A line for each command, for whoever looks into a world that went wrong."""
        how = order.get("die") or order.get("after") or ""
        with (self.root / "trace.txt").open("a") as file:
            file.write(f"{' '.join(order['words'])}  -> {answer['code']} {how}\n")

    def doom(self, order: dict[str, Any]) -> None:
        """How this command is to die."""
        at = self.rng.choice(("change", "change", "file", "time"))
        if at == "time" or self.naive:
            order["after"] = self.rng.uniform(0.0, 0.1)
            return
        number = self.rng.randrange(1, 40 if at == "change" else 25)
        order["die"] = {"at": at, "number": number, "how": self.rng.choice(("before", "after", "instead"))}

    def env(self, step: Step) -> dict[str, str]:
        found = {**self.services[step.service].env(), "NO_COLOR": "1"}
        if self.company.ledger == "variable":
            found["LEXER_LEDGER"] = "ledger.sqlite3"
        if self.company.told == "variable" or self.naive:
            found["LEXER_DATASET_ID"] = step.datasets
        if self.told_datasets != step.datasets:
            self.told_datasets = step.datasets
            self.settings(step.datasets)
        return found

    def settings(self, datasets: str) -> None:
        """pipeline.toml as this step needs it."""
        text = "[upload]\n" + (HASTY if self.slow and self.faults else CALM)
        if self.company.ledger == "settings":
            text += '[ledger]\npath = "ledger.sqlite3"\n'
        if self.company.told == "settings" and datasets:
            lines = [one.partition("=") for one in datasets.split(",")]
            text += "[datasets]\n" + "".join(f'{kind} = "{name}"\n' for kind, _, name in lines)
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "pipeline.toml").write_text(text)

    def filled(self, word: str) -> str:
        """A word of the script, with the folder that it stands for."""
        if not word.startswith("{"):
            return word
        number, _, part = word.strip("{}").partition(".")
        known = self.paths.get(int(number), [])
        return known[int(part)] if int(part) < len(known) else f"unknown-{number}"

    def note(self, step: Step, said: dict[str, Any]) -> None:
        """Which folders the answer names."""
        batches = answer_of(said).get("batches", [])
        if step.gives is None or not batches:
            return
        by_sha = {batch["sha256"]: batch["path"] for batch in batches}
        shas = self.script.oracle.all[step.gives].sha256s
        found = [by_sha[sha] for sha in shas if sha in by_sha] or [batches[0]["path"]]
        self.paths.setdefault(step.gives, found)

    def check(self, step: Step, code: int, said: dict[str, Any], calm: bool) -> None:
        if self.naive:
            return
        allowed = set(step.codes)
        if (
            (self.faults or self.company.expiry)
            and not calm
            and step.words[0] in ("run", "upload", "convert")
        ):
            allowed |= {4, 5} | ({0} if step.words[0] == "upload" and step.codes == {4} else set())
        if (self.kills or self.faults) and step.words[0] == "drop":
            allowed.add(
                2
            )  # it was dropped before the kill, or by the person; what is dropped cannot be dropped
        if code not in allowed:
            self.strange(step, code, said, f"ended with {code}, not {sorted(step.codes)}")

    def strange(self, step: Step, code: int, said: dict[str, Any], what: str) -> None:
        at = self.script.steps.index(step) if step in self.script.steps else "last"
        words = " ".join(map(self.filled, step.words))
        self.played.strange.append(f"step {at}: {words}: {what}\n  {said['err'].strip()[-600:]}")

    def heard(self) -> int:
        """How many requests the services logged so far; what a broken connection came to may be logged later."""
        for one, log, before in zip(self.services, self.logs, self.before, strict=True):
            log += one.events(log[-1]["id"] if log else before)
        return sum(event["kind"] in ("asked", "begun") for log in self.logs for event in log)

    def write(self, file: tuple[str, str]) -> None:
        path = self.root / file[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file[1])

    def spoil(self, number: int, grows: bool) -> None:
        """Edit the file of a batch."""
        for path in self.paths.get(number, [])[:1]:
            folder = self.root / path
            file = folder / f"{folder.name}.json"
            if file.exists():
                data = file.read_bytes()
                file.write_bytes(data + data if grows else data[::-1])

    def disturb(self, service: int) -> None:
        some = TROUBLE if self.slow else QUICK
        for fault in self.rng.choices(some, k=self.rng.randint(1, 5)):
            self.services[service].call("faults", {**fault, "skip": self.rng.choice((0, 0, 0, 1, 2))})

    def expire(self) -> None:
        """Every url that was given is too old from now on."""
        self.offset += 4000
        for one in self.services:
            one.call("settings", {"clock_offset": self.offset})


def answer_of(said: dict[str, Any]) -> dict[str, Any]:
    """What a command printed for programs."""
    try:
        found = json.loads(said["out"])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
