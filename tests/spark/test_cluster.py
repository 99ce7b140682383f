"""On a cluster of workers, whatever becomes of them."""

import json
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest
from lexer_pipeline.outbox.batch import read
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.running import environment
from tests.spark.standalone import standalone

pytestmark = pytest.mark.spark
FILES, ROWS = 24, 60_000
HEAD = "link.customer_id,first_name,last_name,email\n"


@pytest.fixture(autouse=True)
def _there() -> None:
    if find_spec("pyspark") is None or which("java") is None:
        pytest.skip("Spark or Java is not installed here: make .venv/spark")


def started(*words: str | Path, cwd: Path) -> "subprocess.Popen[bytes]":
    """`lexer-pipeline convert` with Spark."""
    return subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", "convert", "--spec", "customer_record", "--json", "--quiet", "--engine", "spark", *map(str, words)],
        cwd=cwd, env=environment(PATH="/usr/local/bin:/usr/bin:/bin"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def customers(folder: Path) -> list[Path]:
    """Files of customers, some of whom stand in two of them."""
    for number in range(FILES):
        rows = (
            f"C-{number * (ROWS - 10) + at},Mira,Lind{at},{'mira' if at % 1000 else 'nobody'}{'@example.com' if at % 1000 else ''}\n"
            for at in range(ROWS)
        )
        (folder / f"customers-{number:02}.csv").write_text(HEAD + "".join(rows))
    return sorted(folder.glob("*.csv"))


def test_a_worker_that_is_killed_half_way_leaves_nothing_out_and_nothing_twice(tmp_path: Path) -> None:
    sources = customers(tmp_path)
    with standalone(tmp_path, 2) as cluster:
        command = started(*sources, "--master", cluster.url, "--out", "spark", cwd=tmp_path)
        while not len(begun := list(tmp_path.glob("spark/.preparing-*/attempts/*/notes"))) > 2:
            assert command.poll() is None, command.communicate()
            time.sleep(0.01)
        cluster.kill(0)
        output, words = command.communicate()

    assert len(begun) < FILES
    assert command.returncode == 0, words
    batches = [read(tmp_path / batch["path"]) for batch in json.loads(output)["batches"]]
    alone = prepare(sources, "customer_record", tmp_path / "alone", Options()).batches[0]
    assert b"".join(one.file.read_bytes() for one in batches) == alone.file.read_bytes()
    assert batches[0].manifest.suspicions == alone.manifest.suspicions != {}
    assert sum(one.manifest.rejected for one in batches) == alone.manifest.rejected > 0
    assert not list((tmp_path / "spark").glob(".preparing-*"))


WITHOUT_WORKERS = """
import sys
from pathlib import Path
from lexer_pipeline.errors import ServiceUnavailable
from lexer_pipeline.spark.jobs import Cluster
from lexer_pipeline.spark.session import opened
with opened(sys.argv[1], Path("spark.log")) as session:
    try:
        Cluster(session, patience=4).run(len, ["abc"])
    except ServiceUnavailable as problem:
        print(problem.message)
"""


def test_a_cluster_without_workers_is_said_to_have_none(tmp_path: Path) -> None:
    with standalone(tmp_path, 0) as cluster:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_WORKERS, cluster.url],
            cwd=tmp_path, env=environment(PATH="/usr/local/bin:/usr/bin:/bin"), capture_output=True, timeout=300, check=False,
        )  # fmt: skip

    assert b"no worker is left" in done.stdout, done.stderr


def test_a_master_that_is_not_there_is_exit_5_in_words(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("link.email\nmira@example.com\n")
    command = started(source, "--master", "spark://127.0.0.1:1", cwd=tmp_path)
    output, words = command.communicate()

    assert command.returncode == 5, words
    assert b"spark://127.0.0.1:1" in json.loads(output)["error"]["message"].encode()
    assert not list((tmp_path / "batches").glob(".preparing-*"))
