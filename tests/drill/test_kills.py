"""`convert` and `drop` cut off at every call that changes a file, and on a disk that is full at any of them.

After each the next command finds a whole state, and the same command once more ends where an undisturbed one does: no batch
lost, none made twice, no name given twice.
"""

import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.system.files import write_whole

from tests.drill.fuse import (
    CHANGES,
    FULL,
    KILL,
    ONCE,
    TAKES_SPACE,
    TORN,
    Burn,
    build,
    burnt,
    needs_fuse,
    seen,
)
from tests.drill.keyboard import KILLED, Nursery
from tests.drill.scenes import SCENES, Scene
from tests.drill.standing import Standing, records, standing

pytestmark = needs_fuse
STEP = int(os.environ.get("STEP", "1"))  # of the long drill: every so many calls
FEW = 9  # cuts of a short drill


@pytest.fixture(autouse=True)
def calm() -> None:
    """These tests need no sandbox."""


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    folder = tmp_path_factory.mktemp("nursery")
    nursery = Nursery(folder, build(folder))
    yield nursery
    nursery.close()


@dataclass
class Stage:
    """A scene made ready once, and played from there as often as it is to be cut off."""

    scene: Scene
    nursery: Nursery
    root: Path
    cuts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ready = self.root / "ready"
        self.ready.mkdir()
        self.scene.write(self.ready)
        for step in self.scene.before:
            if isinstance(step, tuple):
                assert self.run(self.ready, step)["code"] in (0, 1)
            else:
                step(self.ready)
        self.begun = standing(self.ready / "batches")
        whole = self.copy("whole")
        answer = self.run(whole, self.scene.command, Burn(CHANGES, KILL))
        self.calls, self.code, self.ended = seen(answer), answer["code"], standing(whole / "batches")
        assert answer["code"] in (0, 1), answer
        assert self.ended.faults() == []
        self.codes = {self.code, self.run(whole, self.scene.command)["code"]}
        self.again = standing(whole / "batches")

    def copy(self, name: str) -> Path:
        shutil.copytree(self.ready, self.root / name)
        return self.root / name

    def run(self, root: Path, words: Sequence[str], burn: Burn | None = None) -> dict[str, Any]:
        order = {"words": [*words, "--json"], "cwd": str(root), "env": {"NO_COLOR": "1", "TMPDIR": str(root)}}
        (answer,) = self.nursery.ask([{**order, **({"fuse": burn.order()} if burn else {})}])
        return answer

    def cut(self, burn: Burn, check: Callable[[dict[str, Any]], str], wrong: list[str]) -> str:
        """The call at which it burnt, none where it made fewer; what is not right then is added to `wrong`."""
        root = self.copy("cut")
        answer = self.run(root, self.scene.command, burn)
        if where := burnt(answer):
            self.cuts[where] += 1
            found = [*filter(None, [check(answer)]), *self.after(root)]
            wrong += [f"{self.scene.name}, {burn}, {where}: {one}" for one in found]
        shutil.rmtree(root)
        return where

    def after(self, root: Path) -> list[str]:
        """The next command finds a whole state, and the same command once more ends as it does undisturbed."""
        out = root / "batches"
        looked = self.run(root, ("status",))
        found = standing(out)
        wrong = (
            found.faults(strict=self.begun.faults() == []) if looked["code"] == 0 else [f"status: {looked}"]
        )
        wrong += [f"neither as before nor as after: {rows}" for rows in self.between(found)]
        again = self.run(root, self.scene.command)
        if again["code"] not in self.codes:
            wrong.append(f"ended with {again['code']} then: {again['err']}")
        return wrong + self.same(standing(out))

    def between(self, found: Standing) -> list[object]:
        """The deliveries of which not all parts are as before, or all as after."""
        whole = [one.deliveries() for one in (self.begun, self.ended)]
        now = found.deliveries()
        contents = {content for one in (now, *whole) for content in one}
        return [now.get(one) for one in contents if now.get(one) not in [before.get(one) for before in whole]]

    def same(self, found: Standing) -> list[str]:
        for one in (self.ended, self.again):
            if found.known == one.known and found.files == one.files:
                return []
        if records(found) != records(self.ended):
            return ["not the records that an undisturbed run leaves"]
        return [f"not as an undisturbed run leaves it: {differs(found, self.ended)}"]


def differs(found: Standing, wanted: Standing) -> list[str]:
    names = sorted(
        name for name in found.files | wanted.files if found.files.get(name) != wanted.files.get(name)
    )
    return names or [f"{found.known} instead of {wanted.known}"]


def killed(answer: dict[str, Any]) -> str:
    return "" if answer["code"] == KILLED else f"was not killed: {answer}"


def told(answer: dict[str, Any]) -> str:
    """A full disk is said in a sentence that names a place on it, or does not matter."""
    said = answer["err"].startswith("error: ") and "batches" in answer["err"].partition("\n")[0]
    if answer["code"] in (0, 1) or (answer["code"] in (2, 3, 4) and said):
        return ""
    return f"ended with {answer['code']}: {answer['err']}"


def scenes(some: Sequence[Scene]) -> Any:
    return pytest.mark.parametrize("scene", some, ids=lambda scene: scene.name.replace(" ", "_"))


@scenes([SCENES[1]])
def test_a_kill_leaves_all_or_nothing_and_the_same_command_goes_on(
    scene: Scene, nursery: Nursery, tmp_path: Path
) -> None:
    stage, wrong = Stage(scene, nursery, tmp_path), list[str]()

    for at in range(1, stage.calls + 1, stage.calls // FEW):
        assert stage.cut(Burn(CHANGES, KILL, at), killed, wrong)

    assert wrong == []


@scenes([scene for scene in SCENES if scene.name in ("a held batch released", "a batch dropped")])
def test_a_manifest_that_a_kill_left_behind_the_ledger_is_brought_up_by_the_same_command(
    scene: Scene, nursery: Nursery, tmp_path: Path
) -> None:
    stage, wrong = Stage(scene, nursery, tmp_path), list[str]()

    for at in range(stage.calls - 6, stage.calls + 1, 2):
        assert stage.cut(Burn(CHANGES, KILL, at), killed, wrong)

    assert wrong == []


HOLDS = """
import os, sys
file = open(sys.argv[1], "rb+")
os.lockf(file.fileno(), os.F_LOCK, 0)
print("held", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_left_of_a_file_is_cleared_away_and_a_living_ones_is_not(
    tmp_path: Path,
) -> None:
    dead, living = (tmp_path / f".manifest.json.{number}.tmp" for number in (1, 2))
    for left in (dead, living):
        left.write_bytes(b"{")
    command = [sys.executable, "-c", HOLDS, str(living)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline()

        write_whole(tmp_path / "manifest.json", b"{}\n")
        writer.communicate()

    assert {path.name for path in tmp_path.iterdir()} == {"manifest.json", living.name}


@scenes([SCENES[2]])
def test_a_disk_that_fills_up_loses_nothing_and_the_same_command_goes_on(
    scene: Scene, nursery: Nursery, tmp_path: Path
) -> None:
    stage, wrong, at = Stage(scene, nursery, tmp_path), list[str](), 1

    while stage.cut(Burn(TAKES_SPACE, FULL, at), told, wrong):
        at += stage.calls // FEW

    assert at > 1
    assert wrong == []


@pytest.fixture(scope="module")
def figures() -> Iterator[list[tuple[Counter[str], int]]]:
    """How often each scene was cut off, at which calls, and how often something was not right then; shown at the end."""
    found: list[tuple[Counter[str], int]] = []
    yield found
    total = sum((cuts for cuts, _ in found), Counter[str]())
    wrong = sum(number for _, number in found)
    print(
        f"\n\n{total.total():,} cuts in {len(found)} scenes: {wrong} times something lost, made twice or not as undisturbed"
    )
    print("\n".join(f"  {count:>7,} {call}" for call, count in total.most_common()))


@pytest.mark.drill
@scenes(SCENES)
def test_a_kill_at_every_call_and_a_full_disk_at_every_write(
    scene: Scene, nursery: Nursery, tmp_path: Path, figures: list[tuple[Counter[str], int]]
) -> None:
    stage, wrong = Stage(scene, nursery, tmp_path), list[str]()
    for at in itertools.count(1, STEP):
        where = stage.cut(Burn(CHANGES, KILL, at), killed, wrong)
        if "write" in where:
            stage.cut(Burn(CHANGES, TORN, at), killed, wrong)
        if not where:
            break
    for how in (FULL, ONCE):
        at = 1
        while stage.cut(Burn(TAKES_SPACE, how, at), told, wrong):
            at += STEP
    print(f"\n{scene.name}: {stage.calls} calls, {stage.cuts.total()} cuts, {len(wrong)} wrong")
    figures.append((stage.cuts, len(wrong)))

    assert wrong == [], "\n".join(wrong)
