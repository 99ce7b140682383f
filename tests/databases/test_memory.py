"""However many rows a query has, the memory of whoever reads it is the same."""

import subprocess
import sys

import pytest

from tests.postgres import Postgres
from tests.running import environment

READ = """
import os, sys
from pathlib import Path
from lexer_pipeline.loading.answers import Answer
from lexer_pipeline.loading.database import Query
from lexer_pipeline.system.scratch import Scratch

with Scratch() as scratch:
    answer = Answer(Query(os.environ["SHOP"], sys.argv[1]), scratch)
    answer.keep()
    for _ in range(2):
        stream, size = answer.open_text(), 0
        while block := stream.read(1 << 20):
            size += len(block)
    answer.close()
# ru_maxrss would begin with what the process had that started this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(size >> 20, int(peak.split()[1]) >> 10)
"""


def read(address: str, rows: int) -> tuple[int, int]:
    """The size of the text and the peak memory, both in MiB, of a process that reads so many rows twice."""
    query = f"SELECT n, 'p' || n || '@example.com' AS email, n / 4.0 AS spent, repeat('x', 60) AS x FROM generate_series(1, {rows}) AS n"
    done = subprocess.run(
        [sys.executable, "-c", READ, query],
        env=environment(SHOP=address), capture_output=True, text=True, check=True,
    )  # fmt: skip
    size, peak = map(int, done.stdout.split())
    return size, peak


@pytest.mark.drill
@pytest.mark.skipif(sys.platform != "linux", reason="the peak memory of a process is told in KiB on Linux")
def test_ten_times_the_rows_take_no_more_memory(postgres: Postgres) -> None:
    address = postgres.database()
    size, peak = read(address, 200_000)
    size_of_more, peak_of_more = read(address, 2_000_000)

    assert size_of_more > 9 * size > 150
    assert peak_of_more - peak < size_of_more / 4
