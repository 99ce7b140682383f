"""Sources in a store, read by workers, and batches in a store, published by the command."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from tests.running import environment
from tests.stores import ACCESS_KEY, SECRET_KEY, Bucket

pytestmark = pytest.mark.spark


def test_workers_read_a_bucket_and_the_batch_lies_in_another(tmp_path: Path, bucket: Bucket) -> None:
    if find_spec("pyspark") is None or which("java") is None:
        pytest.skip("Spark or Java is not installed here: make .venv/spark")
    out = bucket.store.bucket()
    for name in "ab":
        bucket.put(f"{name}.csv", f"link.email,first_name\n{name}@example.com,Mira\n".encode())
    done = subprocess.run(
        [
            sys.executable, "-m", "lexer_pipeline", "convert", bucket.at("a.csv"), bucket.at("b.csv"), "--spec", "customer_record", "--engine", "spark",
            "--master", "local[2]", "--out", out.at("batches"), "--json", "--quiet", "--no-report",
        ],
        cwd=tmp_path, capture_output=True, timeout=300, check=False,
        env=environment(PATH="/usr/local/bin:/usr/bin:/bin", LEXER_LEDGER=str(tmp_path / "ledger.sqlite3"), **bucket.store.environ),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    (batch,) = json.loads(done.stdout)["batches"]
    key = batch["path"].removeprefix(f"s3://{out.name}/")
    assert out.get(f"{key}/{batch['file']}").splitlines() == [
        b'{"link":{"email":"a@example.com"},"first_name":"Mira"}', b'{"link":{"email":"b@example.com"},"first_name":"Mira"}'
    ]  # fmt: skip
    assert not [one for one in out.keys() if ".preparing" in one]
    said = done.stdout + done.stderr + b"".join(out.get(one) for one in out.keys())
    assert ACCESS_KEY.encode() not in said
    assert SECRET_KEY.encode() not in said
