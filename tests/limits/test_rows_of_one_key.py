"""The rows of one key are brought together in little memory, each with its own record, or are too many for one."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lexer_pipeline import limits
from lexer_pipeline.chunks import buckets, regroup
from lexer_pipeline.errors import SourceError
from lexer_pipeline.preparing.prepare import prepare, validate

from tests.prepare.helpers import KEEP_ALL
from tests.running import ROOT, environment

SPEC = "commerce_purchases"
HEADER = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity\n"
FIRST = "{},mira@example.com,2024-03-06T10:15:00Z,ecommerce,{},1\n"


def written(path: Path, rows: Iterator[str]) -> Path:
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(rows)
    return path


def in_turn(keys: int, rows: int) -> Iterator[str]:
    for row in range(rows):
        yield FIRST.format(f"A-{row % keys}", row + 1)


def side_by_side(rows: int) -> Iterator[str]:
    yield FIRST.format("A-0", 1)
    for row in range(1, rows):
        yield ",,,,1,1\n" if row % 2 else "A-0,,,,1,1\n"


@pytest.mark.parametrize(
    "rows", [in_turn(2, 2 * limits.RECORD_ROWS + 2), side_by_side(limits.RECORD_ROWS + 1)]
)
def test_a_key_with_too_many_rows_is_refused_wherever_they_stand(rows: Iterator[str], tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="more than 100,000 rows") as caught:
        validate([written(tmp_path / "a.csv", rows)], SPEC)
    assert "which rows belong together" in caught.value.hint


def test_as_many_rows_as_a_key_may_have_make_one_record(tmp_path: Path) -> None:
    found = validate([written(tmp_path / "a.csv", side_by_side(limits.RECORD_ROWS))], SPEC).sources[0]

    assert (found.valid, found.continuations) == (1, limits.RECORD_ROWS - 1)


PEAK = """
import sys
from pathlib import Path
from lexer_pipeline.errors import SourceError
from lexer_pipeline.preparing.prepare import validate
try:
    validate([sys.argv[1]], "commerce_purchases")
except SourceError as problem:
    print(problem.message)
# ru_maxrss would begin with what the process had that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) >> 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is told in KiB on Linux")
def test_two_keys_in_turn_take_little_memory(tmp_path: Path) -> None:
    rows = (
        f"A-{row % 2},mira@example.com,2024-03-06T10:15:00Z,ecommerce,10.50,1\n" for row in range(1_000_000)
    )
    path = written(tmp_path / "a.csv", rows)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    message, peak = done.stdout.splitlines()

    # Both have; which of them is met first goes by their hashes.
    assert re.search("the record on line [23] has more than 100,000 rows", message)
    assert int(peak) < 400


def test_a_bucket_too_large_for_memory_is_parted_again_key_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "RECORD_BYTES", 20_000)
    monkeypatch.setattr(regroup, "BUCKET", 50_000)
    path = written(tmp_path / "a.csv", in_turn(30, 6000))
    lines = prepare([path], SPEC, tmp_path / "out", KEEP_ALL).batches[0].file.read_bytes().splitlines()
    records = list(map(json.loads, lines))

    assert sorted(len(one["products"]) for one in records) == [200] * 30
    for one in records:
        number = int(one["purchase_id"].removeprefix("A-"))
        assert [item["price_paid"] for item in one["products"]] == list(range(number + 1, 6001, 30))


def test_a_row_without_a_key_goes_on_with_the_row_before_it_also_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regroup, "BUCKET", 1 << 18)

    def rows() -> Iterator[str]:
        yield FIRST.format("Z", 1) + FIRST.format("Y", 1) + "Z,,,,2,1\n"
        for order in range(100):
            yield FIRST.format(f"B-{order}", 1)
            yield from (f",,,,{order}.{line:05},1\n" for line in range(1, 1001))

    path = written(tmp_path / "a.csv", rows())
    lines = prepare([path], SPEC, tmp_path / "out", KEEP_ALL).batches[0].file.read_bytes().splitlines()
    orders = {one["purchase_id"]: one["products"] for one in map(json.loads, lines)}

    assert path.stat().st_size > 1 << 20
    assert len(orders) == 102
    for order in range(100):
        prices = [item["price_paid"] for item in orders[f"B-{order}"]]
        assert prices == [1, *(float(f"{order}.{line:05}") for line in range(1, 1001))]
