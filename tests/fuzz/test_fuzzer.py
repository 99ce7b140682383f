"""The fuzzer itself finds what is wrong, keeps its input, and says how to repeat it."""

import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import mutate, reach
from tests.fuzz.corpus import seeds
from tests.running import ROOT

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="cases are processes made by fork"
)


def planted(bug: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz.planted", bug, folder],
        cwd=ROOT, capture_output=True, text=True, errors="replace", check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bug", "kind", "complaint"),
    [
        ("flipped byte", "files", "differ"),
        ("ledger without words", "settings", "exit 70"),
        # Which of the two it comes to goes by when the answer comes.
        ("forgotten try", "answers", "is there and counts as refused|was sent twice"),
        ("secret repeated", "answers", "s a secret"),
    ],
)
def test_a_planted_bug_is_found_and_its_input_kept(
    bug: str, kind: str, complaint: str, tmp_path: Path
) -> None:
    done = planted(bug, tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    (kept,) = tmp_path.iterdir()
    assert re.search(complaint, (kept / "complaint.txt").read_text("utf-8"))
    assert len([path for path in kept.rglob("*") if path.is_file()]) > 1
    name, _, seed = kept.name.rpartition("-")
    assert f"to repeat: make fuzz KIND={kind} SEED={seed} SECONDS=0" in done.stdout
    assert name == kind


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    done = planted("nothing", tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_seed_always_makes_the_same_inputs() -> None:
    rows = [["a", "b"], ["1", "Mira"], ["2", "Teo"]]

    def made(seed: int) -> tuple[bytes, bytes, str]:
        rng = random.Random(seed)
        table = mutate.written(rng, mutate.spoiled_rows(rng, rows))
        return table, mutate.spoiled_documents(rng, [{"a": 1}]), mutate.spoiled_toml(rng, "a = 1\nb = 2\n")

    assert [made(seed) for seed in range(50)] == [made(seed) for seed in range(50)]
    assert len({made(seed) for seed in range(50)}) > 40


def test_every_sample_and_every_nasty_file_is_in_the_corpus() -> None:
    names = {seed.path.name for seed in seeds()}
    nasty = {path.name for path in (Path(__file__).parent / "corpus").iterdir()}

    assert nasty - {"words.json"} - names == {"api_orders.toml", "days.toml", "everything.toml"}
    assert len(seeds()) > 90


def test_lines_of_c_are_told_by_the_lines_of_the_kernel_that_they_were_made_of() -> None:
    text = """\
  /* "lexer_pipeline/kernels/cells.pyx":12
 *     a = 1             # <<<<<<<<<<<<<<
*/
  a = 1;
  /* "lexer_pipeline/kernels/primitives.pxd":7
 *     b = 2             # <<<<<<<<<<<<<<
*/
  b = 2;
  /* function exit code */
  c = 3;
  /* "View.MemoryView":5
*/
  d = 4;
"""
    found = {text.split("\n")[at - 1].strip(): place for at, place in reach.places_of(text)}

    assert found["a = 1;"] == ("cells.pyx", 12)
    assert found["b = 2;"] == ("primitives.pxd", 7)
    assert not {"c = 3;", "d = 4;"} & found.keys()
