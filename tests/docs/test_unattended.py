"""The recipes of docs/unattended.md do what they say, as far as a machine without their schedulers can tell."""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from lexer_pipeline.cli.exits import DATA, DEFECT, DONE, INTERRUPTED
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.uploading import settings as config

from docs.pages import ROOT, blocks, first_cells, rows, section, text_of
from tests.upload.store import TOKEN, Store

PAGE = "docs/unattended.md"
EXPORT = ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv"
# By exit code, whether a scheduler is to try again by itself.
AGAIN = {5: True, INTERRUPTED: True} | dict.fromkeys((DATA, 2, 4, DEFECT), False)


@dataclass
class Machine:
    """A folder with the job of the page, and a `bin` with the command and a `sleep` that waits for nothing."""

    folder: Path
    store: Store

    def stand_in(self, name: str, script: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)

    def sh(self, line: str, shell: str = "sh", **more: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "pipeline"),
            "PYTHON_KEYRING_BACKEND": os.environ["PYTHON_KEYRING_BACKEND"], "LEXER_UPLOAD_API_URL": self.store.url, **more,
        }  # fmt: skip
        return subprocess.run(
            [shell, "-c", line], cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=60
        )  # fmt: skip

    @property
    def waited(self) -> list[str]:
        path = self.folder / "waited"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Store() as store:
        machine = Machine(tmp_path, store)
        (tmp_path / "bin").mkdir()
        machine.stand_in("lexer-pipeline", f'exec "{sys.executable}" -m lexer_pipeline "$@"')
        machine.stand_in("sleep", 'echo "$1" >> waited')
        job, _, notify = blocks("toml", text_of(PAGE))[0].partition("[notify]")
        (tmp_path / config.FILE).write_text(
            job.replace("min_rows = 100", "min_rows = 7") + "[notify]" + notify
        )
        (tmp_path / "lexer.env").write_text(f"LEXER_UPLOAD_API_TOKEN={TOKEN}\n")
        (tmp_path / "exports").mkdir()
        (tmp_path / "nightly.sh").write_text(blocks("bash", section(PAGE, "## cron"))[0])
        (tmp_path / "nightly.sh").chmod(0o700)
        yield machine


def typed(line: str) -> tuple[int, str]:
    """A command of ours in this process: its exit code, and what it printed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = run_command(shlex.split(line)[1:])
    return code, output.getvalue()


def export(machine: Machine) -> None:
    """The file that the job looks for, whichever day it is in Sydney."""
    with contextlib.chdir(machine.folder):
        _, said = typed("lexer-pipeline run --list --json")
    (name,) = set(re.findall(r"exports/orders-[-0-9]{10}\.csv", said))
    shutil.copy(EXPORT, machine.folder / name)


def test_the_job_of_the_page_is_good_and_does_what_its_commands_say(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(machine)
    monkeypatch.chdir(machine.folder)
    monkeypatch.setenv("LEXER_UPLOAD_API_URL", machine.store.url)
    monkeypatch.setenv("LEXER_UPLOAD_API_TOKEN", TOKEN)
    done = [typed(line) for line in blocks("sh", section(PAGE, "## A job"))[0].splitlines()]

    assert [code for code, _ in done] == [0, 0, 0], done
    assert "nightly  exports/orders-" in done[0][1]
    assert "3 of 3 records of commerce_purchases are ready to send." in done[1][1]
    assert len(machine.store.objects) == 2
    (code, said) = typed(blocks("sh", section(PAGE, "### Days"))[0].strip())
    assert (code, "exports/orders-2024-03-05.csv" in said) == (3, True)


def test_the_page_says_of_every_exit_code_whether_a_scheduler_tries_again() -> None:
    told = {
        int(row[0]): row[2].startswith("yes") for row in rows(section(PAGE, "## Which exit code means what"))
    }

    assert told == {**AGAIN, DONE: False, 3: False}


def test_every_setting_of_a_job_is_named() -> None:
    said = section(PAGE, "## A job")
    known = config.SCHEMA.read_text("utf-8")
    (job,) = (
        one["additionalProperties"]["properties"] for one in [yaml.safe_load(known)["properties"]["job"]]
    )
    listed = first_cells(said)

    assert {
        *listed,
        *re.findall(r"`([a-z_]{2,})`", said.partition("with `_` for `-`:")[2].partition("\n\n")[0]),
    } == set(job)


def test_what_cron_starts_sends_the_file_and_keeps_a_log(machine: Machine) -> None:
    export(machine)
    (table,) = blocks("crontab", section(PAGE, "## cron"))
    path, line = table.splitlines()
    assert re.fullmatch(r"PATH=(/[\w/]+:?)+", path)
    minute, hour, *days, command = line.split(maxsplit=5)
    assert (int(minute) < 60, int(hour) < 24, days) == (True, True, ["*", "*", "*"])

    done = machine.sh(command.replace("/srv/lexer", str(machine.folder)))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(machine.store.objects) == 2
    assert '"event": "ended"' in (machine.folder / "nightly.log").read_text()


@pytest.mark.parametrize(("code", "again"), AGAIN.items())
def test_what_cron_starts_tries_again_where_that_helps_and_ends_with_the_code(
    machine: Machine, code: int, again: bool
) -> None:
    machine.stand_in("lexer-pipeline", f'echo "$@" >> calls; exit {code}')
    done = machine.sh("./nightly.sh")

    assert done.returncode == code
    # Where the machine goes down, so does the script.
    assert machine.waited == (["900", "1800", "3600"] if code == 5 else [])
    calls = (machine.folder / "calls").read_text().splitlines()
    assert len(calls) == (4 if code == 5 else 1)


def units() -> Mapping[str, str]:
    service, timer = blocks("ini", section(PAGE, "## systemd"))
    return {"lexer-nightly.service": service, "lexer-nightly.timer": timer}


def parsed(text: str) -> RawConfigParser:
    found = RawConfigParser(strict=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(text)
    return found


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")
def test_systemd_takes_the_units(machine: Machine) -> None:
    for name, text in units().items():
        own = text.replace("/usr/local/bin/lexer-pipeline", str(machine.folder / "bin/lexer-pipeline"))
        (machine.folder / name).write_text(own.replace("User=lexer\n", ""))
    names = [str(machine.folder / name) for name in units()]
    done = subprocess.run(
        ["systemd-analyze", "--man=no", "verify", *names], capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    if "Failed to" in done.stderr and "manager" in done.stderr:
        pytest.skip("systemd-analyze needs what this machine does not give")

    assert (done.returncode, [line for line in done.stderr.splitlines() if "lexer-nightly" in line]) == (
        0,
        [],
    )
    when = parsed(units()["lexer-nightly.timer"])["Timer"]["OnCalendar"]
    subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True, timeout=60)


def test_what_systemd_starts_sends_the_file_and_is_started_again_where_that_helps(machine: Machine) -> None:
    export(machine)
    service = parsed(units()["lexer-nightly.service"])["Service"]
    never = set(map(int, service["RestartPreventExitStatus"].split()))
    assert {code: code not in never for code in AGAIN} == AGAIN
    assert 3 in never

    command = service["ExecStart"].replace("/usr/local/bin/", "")
    done = machine.sh(f"set -a; . ./lexer.env; exec {command}")

    assert (done.returncode, len(machine.store.objects)) == (0, 2)
    assert all(line.startswith('{"time": ') for line in done.stderr.splitlines())


def action() -> Any:
    (text,) = blocks("yaml", section(PAGE, "## GitHub Action"))
    return yaml.safe_load(text)


def test_the_steps_of_the_action_run_and_send_the_file(machine: Machine) -> None:
    export(machine)
    found = action()
    assert set(found) == {"name", True, "permissions", "concurrency", "jobs"}  # yaml reads `on` as true
    (job,) = found["jobs"].values()
    assert job["defaults"]["run"] == {"shell": "bash", "working-directory": "/srv/lexer"}
    assert "self-hosted" in job["runs-on"]
    for name, value in job["env"].items():
        assert value == f"${{{{ secrets.{name} }}}}"
    done = [
        machine.sh(
            f"set -eo pipefail\n{step['run']}",
            shell="bash",
            LEXER_UPLOAD_API_TOKEN=TOKEN,
            LEXER_NOTIFY_URLS="",
        )
        for step in job["steps"]
        if "doctor" not in step["run"]  # it asks the vendor's address
    ]

    assert [one.returncode for one in done] == [0, 0], done[0].stderr
    assert len(machine.store.objects) == 2
    assert done[1].stdout.count("  sent") == 2


@pytest.mark.parametrize(("code", "times"), [(5, 4), (1, 1), (4, 1)])
def test_the_action_tries_again_where_that_helps(machine: Machine, code: int, times: int) -> None:
    machine.stand_in("lexer-pipeline", f"echo called >> calls; exit {code}")
    (job,) = action()["jobs"].values()
    (send,) = (step["run"] for step in job["steps"] if "nightly" in step["run"])

    assert machine.sh(f"set -eo pipefail\n{send}", shell="bash").returncode == code
    assert len((machine.folder / "calls").read_text().splitlines()) == times


class Final(Exception):
    """What a task raises that Airflow does not try again."""


@pytest.fixture
def task(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The task of the page, as a function; of Airflow there is what marks it as one."""

    def keep(*_: object, **settings: Any) -> Any:
        return lambda function: kept.setdefault(function.__name__, function) and function

    kept: dict[str, Any] = {}
    exceptions, sdk = types.ModuleType("airflow.exceptions"), types.ModuleType("airflow.sdk")
    exceptions.AirflowFailException = Final  # type: ignore[attr-defined]
    sdk.task = keep  # type: ignore[attr-defined]
    sdk.dag = lambda **_: lambda function: lambda: None  # type: ignore[attr-defined]
    for name, module in (
        ("airflow", types.ModuleType("airflow")),
        ("airflow.exceptions", exceptions),
        ("airflow.sdk", sdk),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    (text,) = blocks("python", text_of(PAGE))
    monkeypatch.setenv("PATH", f"{machine.folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "pipeline"))
    monkeypatch.setenv("LEXER_UPLOAD_API_URL", machine.store.url)
    monkeypatch.setenv("LEXER_UPLOAD_API_TOKEN", TOKEN)
    exec(compile(text.replace("/srv/lexer", str(machine.folder)), PAGE, "exec"), {})
    return kept["send"]


def test_the_task_of_airflow_sends_the_file_of_the_day(machine: Machine, task: Any) -> None:
    shutil.copy(EXPORT, machine.folder / "exports/orders-2024-03-05.csv")
    task("nightly", "20240306")

    assert len(machine.store.objects) == 2


@pytest.mark.parametrize(("code", "again"), AGAIN.items())
def test_the_task_of_airflow_is_tried_again_where_that_helps(
    machine: Machine, task: Any, code: int, again: bool
) -> None:
    machine.stand_in("lexer-pipeline", f"exit {code}")

    with pytest.raises(RuntimeError if again else Final, match=f"ended with {code}"):
        task("nightly", "20240306")


def test_the_steps_of_the_image_are_those_that_a_wheel_needs_and_hold_no_secret() -> None:
    steps = dockerfile()
    kinds = [kind for kind, _ in steps]

    assert kinds == ["FROM", "COPY", "RUN", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"]
    assert dict(steps)["FROM"] != "python:latest"
    assert "TOKEN" not in str(steps)
    assert yaml.safe_load(dict(steps)["ENTRYPOINT"]) == ["lexer-pipeline"]
    assert yaml.safe_load(dict(steps)["CMD"])[:2] == ["run", "nightly"]


def dockerfile() -> list[tuple[str, str]]:
    """The steps of the image: each with its word and what stands behind it."""
    (text,) = blocks("dockerfile", section(PAGE, "## Docker"))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in text.splitlines())]
