"""What is rejected takes little memory, however much is said of it."""

import json
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.encodings import Decoded
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.model import Problem
from lexer_pipeline.validating.document import write_line
from lexer_pipeline.validating.signatures import MOST_PROBLEMS, Remembered

from tests.running import ROOT, environment

HEADER = "purchase_id,link.email,action_at,type,products[0].price_paid,products[0].quantity\n"
WRONG = ("no", "-", "2024-13-41", "x@y", "1e999", "-5", "tru", "é", "ééé")
PEAK = """
import sys
from pathlib import Path
from lexer_pipeline.preparing.prepare import prepare
report = prepare([sys.argv[1]], sys.argv[2], Path(sys.argv[1]).parent / "out")
# ru_maxrss would begin with what the process had that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(report.valid, report.invalid, int(peak.split()[1]) >> 10)
"""


def converted(path: Path, spec: str) -> list[int]:
    """How many records were taken and how many rejected by a process that converts a file, and its peak memory in MiB."""
    words = [sys.executable, "-c", PEAK, str(path), spec]
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    return list(map(int, done.stdout.split()))


@pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is told in KiB on Linux")
def test_rows_that_are_wrong_each_in_its_own_way_take_little_memory(tmp_path: Path) -> None:
    chance, path = random.Random(1), tmp_path / "a.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for row in range(90_000):
            cells = [f"A{row}", f"p{row}@example.com", "2024-03-06T10:15:00Z", "ecommerce", "10", "1"]
            for column in chance.sample(range(1, 6), 2):
                cells[column] = chance.choice(WRONG)
            file.write(",".join(cells) + "\n")
    valid, invalid, peak = converted(path, "commerce_purchases")

    assert valid + invalid == 90_000
    assert peak < 300


@pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is told in KiB on Linux")
def test_documents_with_unknown_keys_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    with path.open("w") as file:
        for row in range(40_000):
            file.write(json.dumps({"link": {"email": f"p{row}@example.com"}, f"k{row}": 1}) + "\n")
    valid, invalid, peak = converted(path, "profile_customer")

    assert (valid, invalid) == (40_000, 0)
    assert peak < 200


def test_a_line_takes_as_much_memory_as_its_text() -> None:
    tracemalloc.start()
    lines = [write_line({"first_name": f"Mira {number}"}) for number in range(1000)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 10 * sum(map(len, lines))


def test_what_is_remembered_of_problems_ends() -> None:
    problems = tuple(Problem((number,), "type", "text", "is no text") for number in range(1000))
    memory = Remembered()
    for number in range(200):
        memory.learn(number, problems)
    memory.learn(200, ())

    known = [number for number in range(201) if memory.known(number)]
    assert known == list(range(MOST_PROBLEMS // len(problems)))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_no_more_is_read_at_a_time_than_was_asked_for(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = "id,name\n" + "".join(f"{number},Zo\u00eb und Renée\n" for number in range(20_000))
    path.write_bytes(text.encode(encoding))
    origin = origin_of(path, None)
    read = Decoded(ByteSource(origin.name, origin.open()))
    blocks = list(iter(lambda: read.read(1 << 14), b""))
    read.close()

    assert b"".join(blocks).decode() == text
    assert max(map(len, blocks)) <= 2 << 14
