"""However many parts a delivery has, one of them is open."""

import subprocess
import sys
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import workspace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.running import ROOT, environment

FEW_DESCRIPTORS = """
import resource, sys, threading
from pathlib import Path
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
most, new_part = 0, Workspace.new_part
def counted(self):
    global most
    most = max(most, threading.active_count())
    return new_part(self)
Workspace.new_part = counted
done = prepare([sys.argv[1]], "profile_customer", sys.argv[2], Options(max_bytes=400, max_invalid=1.0))
print(len(done.batches), sum(one.manifest.records for one in done.batches), sum(one.manifest.rejected for one in done.batches), most)
"""


def people(path: Path, count: int) -> Path:
    rows = [f"mira{number}@example.com,{'x' * 100}\n" for number in range(count)]
    path.write_text("link.email,custom_fields.a\n" + "nobody,1\n".join(rows))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of descriptors to set")
def test_252_parts_need_no_more_than_64_descriptors_and_a_few_threads(tmp_path: Path) -> None:
    path = people(tmp_path / "a.csv", 504)
    done = subprocess.run(
        [sys.executable, "-c", FEW_DESCRIPTORS, str(path), str(tmp_path / "out")],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    parts, records, rejected, threads = map(int, done.stdout.split())
    assert (parts, records, rejected) == (252, 504, 503)
    assert threads < 20


def test_a_delivery_has_so_many_parts_and_leaves_nothing_of_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "PARTS", 3)
    options = Options(max_bytes=300)
    path = people(tmp_path / "a.csv", 20)

    with pytest.raises(UsageError, match="more than 3 parts"):
        prepare([path], "profile_customer", tmp_path / "out", options)
    assert not [one for one in (tmp_path / "out").iterdir() if one.is_dir()]
