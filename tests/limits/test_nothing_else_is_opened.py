"""Whatever is converted, no network is used, and no file is opened but those that were named."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, environment


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.drill)])
def test_samples_are_converted_without_network_and_without_any_file_that_nobody_named(
    tmp_path: Path, every: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.limits.guarded", str(tmp_path), str(every)],
        cwd=ROOT, env=environment(PYTHONPATH=f"{ROOT / 'pipeline'}:{ROOT}"), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["asked"] == []
    assert found["codes"] == [0, 0]
    assert found["samples"] > 120 // every
