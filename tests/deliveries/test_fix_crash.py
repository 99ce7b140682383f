"""A crash or an interrupt at any file operation of a fix leaves nothing or all of it, and the same fix then goes on."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import folders
from lexer_pipeline.outbox.outbox import opened
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.prepare.test_crash import Child
from tests.thoroughness import also_drilled

from .helpers import export

PEOPLE = ("Ida", "Ole", "Eva?", "Per", "Jan?", "Kim?")
NAME = "profile_customer-20240306-a"


@pytest.fixture(scope="module")
def in_child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


@pytest.fixture(scope="module", params=[1.0, 0.05], ids=["prepared", "held"])
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An out folder with a batch whose rejects are mended, but for one."""
    out = tmp_path_factory.mktemp("begun") / "out"
    source = out.parent / "people.csv"
    source.write_bytes(export(*PEOPLE))
    prepare(
        [str(source)],
        "customer_record",
        out,
        Options(date="20240306", max_invalid=request.param, max_bytes=600),
    )
    file = out / NAME / "rejects.csv"
    file.write_text(file.read_text().replace("Eva?,maybe", "Eva,no").replace("Jan?,maybe", "Jan,no"))
    return out


def order(out: Path, **more: Any) -> dict[str, Any]:
    return {"sources": [], "spec": None, "out": str(out), "max_bytes": 600, "fix": str(out / NAME), **more}


def standing(out: Path) -> Counter[str]:
    """The people in all batches that stand, each folder as whole as the ledger says."""
    found: Counter[str] = Counter()
    with opened(out) as ledger:
        assert not list(out.glob(".preparing-*"))
        with ledger.transaction() as connection:
            batches = deliveries.select(connection, "b.state IN ('prepared', 'held')")
            known = {ledger.folder_of(one.folder) for one in deliveries.select(connection, "TRUE")}
        assert {folder.resolve() for folder in folders(out)} == known
        for one in batches:
            folder = ledger.folder_of(one.folder)
            manifest = json.loads((folder / "manifest.json").read_bytes())
            lines = (folder / one.file).read_bytes().splitlines()
            assert len(lines) == manifest["records"]
            found.update(json.loads(line)["first_name"] for line in lines)
    return found


# Each way stops at other calls, and so does a fix of a batch that was held: together they are all.
SIXTHS = {"die": 0, "die_after": 2, "interrupt": 4}


@also_drilled
@pytest.mark.parametrize("how", SIXTHS)
def test_a_fix_that_is_cut_off_anywhere_leaves_nothing_or_all(
    tmp_path: Path, in_child: Child, begun: Path, how: str
) -> None:
    before = Counter(name for name in PEOPLE if "?" not in name)
    after = before + Counter(["Eva", "Jan"])
    whole = tmp_path / "whole" / "out"
    shutil.copytree(begun, whole)
    code, count = in_child(order(whole))
    publishing = in_child.publishing
    assert (code, standing(whole)) == (0, after)
    was_held = json.loads((begun / NAME / "manifest.json").read_bytes())["state"] == "held"
    seen = set()
    for at in in_child.points(count, publishing, SIXTHS[how] + was_held):
        out = tmp_path / str(at) / "out"
        shutil.copytree(begun, out)
        code, _ = in_child(order(out, at=at, how=how))
        assert code in ((0, 130) if how == "interrupt" else (9,)), at
        found = standing(out)
        assert found in (before, after), at
        seen.add(found == after)

        in_child(order(out))  # the superseded one is refused, which is no batch more

        assert standing(out) == after, at
    assert seen == {False, True}
