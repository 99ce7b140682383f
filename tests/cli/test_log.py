"""The log of a run where nobody looks on: JSON a line with times, no value and no secret, and never in the way of the run."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.cli import log as logs
from lexer_pipeline.cli import sending, terminal
from lexer_pipeline.cli.streams import Sink
from lexer_pipeline.uploading.options import Progress

from tests.docs.pages import first_cells, section
from tests.running import ROOT, environment
from tests.upload.helpers import prepared
from tests.upload.store import SIGNATURE, TOKEN, Store
from tests.waiting import happens

NAME, MAIL = "Qzxelinda", "qzx.elinda@example.com"
TABLE = f"link.email,first_name\n{MAIL},{NAME}\nnot a mail {NAME},Mira\n"
CONVERT = ("convert", "in.csv", "--spec", "customer_record", "--date", "20240306")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def start(folder: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", *words], cwd=folder, env=environment(**more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(folder: Path, *words: str, **more: str) -> tuple[int, str, str]:
    process = start(folder, *words, **more)
    output, error = process.communicate(timeout=120)
    return process.returncode, output, error


def events(text: str) -> list[dict[str, Any]]:
    """The lines of a log, each of which has its time, level and event."""
    found = [json.loads(line) for line in text.splitlines()]
    assert all(TIME.fullmatch(one["time"]) and one["level"] in ("info", "warning", "error") for one in found)
    assert [one["event"] for one in found][:: len(found) - 1] == ["started", "ended"]
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in.csv").write_text(TABLE)
    return tmp_path


@pytest.fixture
def service(tmp_path: Path) -> Any:
    with Store() as store:
        yield store


def to(service: Store) -> dict[str, str]:
    return {"LEXER_UPLOAD_API_URL": service.url, "LEXER_UPLOAD_API_TOKEN": TOKEN}


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_standard_error_is_the_log_and_standard_output_stays_what_it_is(
    folder: Path, words: tuple[str, ...]
) -> None:
    code, output, error = run(folder, *CONVERT, *words, "--log-format", "json")
    plain = run(folder, *CONVERT, "--out", "again", *words)

    said = events(error)
    assert (code, alike(output, "again")) == (plain[0], alike(plain[1], "again"))
    assert [one["event"] for one in said] == ["started", "source", "batch", "not_prepared", "ended"]
    assert (said[1]["rows"], said[1]["valid"], said[1]["invalid"]) == (2, 1, 1)
    assert (said[2]["state"], said[-1]["exit"]) == ("held", 1)
    assert NAME not in error
    assert MAIL not in error


def alike(said: str, out: str) -> str:
    """The words of a run whatever its folder, without the line that repeats what was typed."""
    lines = said.replace(f"{out}/", "batches/").splitlines()
    return "\n".join(line for line in lines if not line.startswith("Where that is meant, type: "))


def test_a_file_gets_the_log_at_its_end_and_standard_error_stays_what_it_is(folder: Path) -> None:
    plain = run(folder, *CONVERT, "--json", "--out", "plain")
    logged = [run(folder, *CONVERT, "--json", "--out", "logged", "--log-file", "run.log") for _ in range(2)]

    first = folder / "run.log"
    assert alike(logged[0][2], "logged") == alike(plain[2], "plain")
    text = first.read_text("utf-8")
    assert [one["event"] for one in map(json.loads, text.splitlines())].count("started") == 2
    assert os.name == "nt" or stat.S_IMODE(first.stat().st_mode) == 0o600
    assert NAME not in text


def test_a_run_says_what_it_prepared_sent_and_waited_for_without_a_secret(
    folder: Path, service: Store
) -> None:
    service.post_faults = ["status:503"]
    words = ("run", *CONVERT[1:], "--max-invalid", "60%", "--log-format", "json", "--log-file", "run.log")

    code, _, error = run(folder, *words, **to(service))

    said = events(error)
    assert code == 0, error
    assert [one["event"] for one in said] == ["started", "source", "batch", "waiting", "upload", "ended"]
    assert (said[3]["level"], said[4]["state"], said[4]["level"]) == ("warning", "sent", "info")
    assert (folder / "run.log").read_text("utf-8") == error
    assert TOKEN not in error
    assert SIGNATURE not in error


def test_an_error_is_a_line_of_the_log_alone(folder: Path) -> None:
    code, output, error = run(folder, "validate", "absent.csv", "--spec", "purchase", "--log-format", "json")

    said = events(error)
    assert (code, output, said[1]["code"], said[1]["level"]) == (3, "", "source", "error")
    assert said[-1] | {"exit": 3, "level": "error"} == said[-1]


def test_quiet_leaves_errors_alone_on_standard_error_and_all_in_the_file(folder: Path) -> None:
    words = ("--quiet", "--log-format", "json", "--log-file", "run.log")

    assert run(folder, *CONVERT, *words)[2] == ""
    code, _, error = run(folder, "convert", "absent.csv", "--spec", "purchase", *words)

    assert (code, [one["event"] for one in map(json.loads, error.splitlines())]) == (3, ["error", "ended"])
    assert len((folder / "run.log").read_text("utf-8").splitlines()) == 8


@pytest.mark.parametrize("name", ["in.csv", "nowhere/run.log", "."])
def test_a_log_that_cannot_be_opened_ends_the_command_before_it_begins(folder: Path, name: str) -> None:
    code, _, error = run(folder, *CONVERT, "--log-file", name)

    assert code == 2
    assert "--log-file" in error
    assert not (folder / "batches").exists()
    assert (folder / "in.csv").read_text() == TABLE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize(
    ("words", "said"), [((), "warning: the log"), (("--log-format", "json"), '"log_lost"')]
)
def test_a_log_that_cannot_be_written_ends_no_run(folder: Path, words: tuple[str, ...], said: str) -> None:
    code, _, error = run(folder, *CONVERT, "--log-file", "/dev/full", *words)

    assert code == 1
    assert said in error
    assert (folder / "batches" / "profile_customer-20240306-a").is_dir()


def test_an_interrupt_is_said_and_the_log_ends_as_the_command_does(folder: Path, service: Store) -> None:
    prepared(folder / "batches")
    service.post_faults = ["status:503"] * 99
    log = folder / "run.log"

    process = start(folder, "upload", "--log-format", "json", "--log-file", "run.log", **to(service))
    assert happens(lambda: log.exists() and '"waiting"' in log.read_text("utf-8"))
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)

    said = events(error)
    assert process.returncode == 130
    assert "interrupted" in [one["event"] for one in said]
    assert said[-1]["exit"] == 130


def test_how_far_it_is_is_said_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in (terminal, sending):
        monkeypatch.setattr(room, "OFTEN", 0.0)
    handle = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    log = logs.Log(file=Sink(handle))
    shown: list[object] = []

    terminal._each_while(log, "reading", lambda *far: shown.append(far))(1000, 65536)
    sending._each_upload(log, shown.append)(step := Progress("a-b", "a-b.json", 10, 100, 1.0, 9.0))
    log.end(0)

    said = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert [one["event"] for one in said] == ["reading", "sending", "ended"]
    assert (said[0]["rows"], said[0]["bytes"], said[1]["sent"], said[1]["bytes"]) == (1000, 65536, 10, 100)
    assert shown == [(1000, 65536), step]


def test_every_event_is_explained() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "pipeline/lexer_pipeline/cli").glob("*.py"))
    told = set(re.findall(r"""(?:\.tell\(|_each_while\(log, )\s*"([a-z_]+)\"""", code))

    assert set(first_cells(section("docs/json.md", "## The log"))) == told
