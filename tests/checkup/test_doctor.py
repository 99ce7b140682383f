"""doctor says what is set up and what is not, shows no secret and changes nothing; asked of the real sandbox with its faults."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import lock_descriptor
from lexer_pipeline.checkup.check import Verdict
from lexer_pipeline.checkup.check import exit_code as exit_code_of
from lexer_pipeline.checkup.checkup import Place, check_up
from lexer_pipeline.outbox.ledger_file import FILE
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.sandbox.server import Sandbox
from lexer_pipeline.system.runtime import Runtime

from tests.keyring_file import BACKEND
from tests.running import ROOT, environment

ORDERS = ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv"
PORT_OF_NOBODY = "http://127.0.0.1:1/v1/uploads"
SECRET = "s3cr3tv4lue7f3a9c"


def doctor(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = environment(**more)
    env["PYTHONPATH"] += os.pathsep + str(ROOT)
    return subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", "doctor", *words],
        cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def look(folder: Path, environ: Mapping[str, str], **more: Any) -> dict[str, tuple[str, str, str]]:
    """What is said of each thing: verdict, what was found, and the remedy."""
    runtime = more.pop("runtime", Runtime())
    place = Place(folder, environ, **{"out": folder / "batches", "version": "1", "offline": True, **more})
    return {one.what: (str(one.verdict), one.found, one.remedy) for one in check_up(place, runtime).checks}


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    every = [folder, *folder.rglob("*")]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in every}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("sandbox"), store="sink") as running:
        yield running
        assert [event for event in running.events() if event["kind"] == "defect"] == []


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> str:
    return sandbox.new_token("tests")


def asked(sandbox: Sandbox, token: str) -> dict[str, str]:
    return {"LEXER_UPLOAD_API_URL": sandbox.url, "LEXER_UPLOAD_API_TOKEN": token}


def test_all_that_is_right_ends_with_0_and_nothing_is_made(
    sandbox: Sandbox, token: str, tmp_path: Path
) -> None:
    before = tree(tmp_path)

    done = doctor(tmp_path, "--json", "--temp", str(tmp_path), **asked(sandbox, token))

    answer = json.loads(done.stdout)
    found = {one["what"]: one for one in answer["checks"]}
    assert (done.returncode, found["token asked"]["found"]) == (0, "it is good")
    assert found["beside the service"]["verdict"] == "ok"
    assert {
        "name": "upload.url",
        "value": sandbox.url,
        "source": "LEXER_UPLOAD_API_URL",
        "unused": "",
    } in answer["settings"]
    assert tree(tmp_path) == before
    assert token not in done.stdout + done.stderr
    assert sandbox.uploads() == []


def test_a_person_reads_what_was_looked_at_and_the_command_to_type(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--offline")

    assert done.returncode == 2
    line, remedy = re.findall(r"^  wrong +token: (.*)\n +> (.*)$", done.stdout, re.M)[0]
    assert "LEXER_UPLOAD_API_TOKEN is not set" in line
    assert remedy.startswith("lexer-pipeline login")
    assert "not asked, since --offline was said" in done.stdout


@pytest.mark.parametrize(
    ("fault", "exit_code", "what", "words"),
    [
        ({"do": "status", "status": 503}, 5, "answer", "answers 503"),
        ({"do": "status", "status": 429}, 5, "answer", "answers 429"),
        ({"do": "status", "status": 401}, 2, "token asked", "not taken"),
        ({"do": "status", "status": 403}, 0, "token asked", "says nothing about it"),
        ({"do": "status", "status": 404}, 0, "token asked", "says nothing about it"),
        ({"do": "redirect", "status": 302}, 5, "answer", "as the API does not"),
        ({"do": "html", "status": 200}, 5, "answer", "as the API does not"),
        ({"do": "reset_before"}, 5, "answer", "broke the connection"),
        ({"do": "garbage"}, 5, "answer", "broke the connection"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_what_the_service_answers_is_told_from_what_is_wrong_here(
    sandbox: Sandbox, token: str, tmp_path: Path, fault: dict[str, object], exit_code: int, what: str, words: str
) -> None:  # fmt: skip
    sandbox.inject({"on": "users", **fault})

    made = check_up(Place(tmp_path, asked(sandbox, token), tmp_path / "batches"))

    found = next(one for one in made.checks if one.what == what)
    assert words in found.found
    assert (found.remedy != "", exit_code_of(made.checks)) == (True, exit_code)
    assert token not in repr(made)


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_the_settings_say(
    sandbox: Sandbox, token: str, tmp_path: Path
) -> None:
    (tmp_path / "pipeline.toml").write_text("[upload]\nanswer_timeout = 0.2\n")
    sandbox.inject({"on": "users", "do": "hang_before"})

    found = look(tmp_path, asked(sandbox, token), offline=False)

    assert found["answer"][1].endswith("did not answer in time")


def test_a_wrong_token_is_wrong_here_and_repeated_nowhere(sandbox: Sandbox, tmp_path: Path) -> None:
    done = doctor(tmp_path, **asked(sandbox, SECRET))

    assert done.returncode == 2
    assert "token asked: it is not taken" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_an_address_where_nobody_listens_is_5_and_the_proxy_of_the_environment_is_named_without_its_password(
    tmp_path: Path,
) -> None:
    environ = {"LEXER_UPLOAD_API_URL": PORT_OF_NOBODY, "LEXER_UPLOAD_API_TOKEN": SECRET,
               "HTTP_PROXY": "http://mira:holt@proxy.example.com:3128"}  # fmt: skip

    done = doctor(tmp_path, **environ)
    left_out = doctor(tmp_path, **environ, NO_PROXY="127.0.0.1")

    assert (done.returncode, left_out.returncode) == (5, 5)
    assert "the environment names proxy.example.com:3128 for this address, which is not read" in done.stdout
    assert 'proxy = "http://HOST:PORT" under [upload]' in done.stdout
    assert "proxy: none\n" in left_out.stdout
    assert "holt" not in done.stdout + done.stderr + left_out.stdout


@pytest.mark.parametrize(("trusted", "verdict"), [(True, Verdict.OK), (False, Verdict.WRONG)])
def test_a_certificate_that_is_not_trusted_gets_no_token(
    tmp_path: Path, trusted: bool, verdict: Verdict
) -> None:
    with Sandbox(tmp_path / "sandbox", tls=True, store="sink") as running:
        environ = asked(running, running.new_token("tests"))
        if trusted:
            environ["LEXER_CA_FILE"] = str(running.ca_file)

        found = look(tmp_path, environ, offline=False)

        heard = [event["kind"] for event in running.events()]
    assert found["answer"][0] == verdict
    assert ("checked" in heard) == trusted
    if trusted:
        assert found["certificates"][1] == f"1 authorities of {running.ca_file} (LEXER_CA_FILE)"
    else:
        assert "LEXER_CA_FILE" in found["answer"][1]
        assert "certificate" in found["answer"][1].rpartition(":")[2]


def test_a_file_of_certificates_that_holds_none_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")

    found = look(tmp_path, {"LEXER_CA_FILE": str(tmp_path / "empty.pem"), "LEXER_UPLOAD_API_TOKEN": SECRET})

    assert found["certificates"][0] == "wrong"


@pytest.mark.parametrize(
    ("text", "environ", "name", "verdict", "words"),
    [
        ("[upload]\n\nparallel = 2\n", {}, "upload.parallel", "ok", "2, from pipeline.toml line 3"),
        ("", {}, "upload.parallel", "ok", "4, by default"),
        ("", {"LEXER_DATASET_ID": "a1b2"}, "upload.dataset", "ok", "a1b2, from LEXER_DATASET_ID"),
        ('[upload]\ndataset = "c3d4"\n', {"LEXER_DATASET_ID": "a1b2"}, "upload.dataset", "look", "pipeline.toml line 2 says otherwise"),
        ('[datasets]\npurchase = "a1b2"\n', {}, "datasets.purchase", "ok", "a1b2, from pipeline.toml line 2"),
        ('[upload]\nproxy = "http://mira:holt@proxy.example.com:3128"\n', {}, "upload.proxy", "ok", "proxy.example.com:3128, from"),
        ("", {"LEXER_API_TOKEN": SECRET}, "LEXER_API_TOKEN", "look", "no setting of this program"),
    ],
)  # fmt: skip
def test_each_setting_is_said_with_the_place_that_it_comes_from(
    tmp_path: Path, text: str, environ: dict[str, str], name: str, verdict: str, words: str
) -> None:
    (tmp_path / "pipeline.toml").write_text(text)

    found = look(tmp_path, environ)

    assert found[name][0] == verdict
    assert words in found[name][1]
    assert "holt" not in repr(found)
    assert SECRET not in repr(found)


def test_settings_of_a_folder_above_are_named_since_nobody_reads_them(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text("")
    (tmp_path / "deep").mkdir()

    verdict, _, remedy = look(tmp_path / "deep", {})["pipeline.toml"]

    assert (verdict, remedy) == ("look", f"cd {tmp_path}")


def test_settings_that_are_wrong_are_said_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "pipeline.toml").write_text("[upload]\nparalel = 2\n")

    done = doctor(tmp_path, "--json")

    found = {one["what"]: one for one in json.loads(done.stdout)["checks"]}
    assert (done.returncode, found["settings"]["verdict"]) == (2, "wrong")
    assert "parallel" in found["settings"]["remedy"]
    assert {"kernels", "file", "time"} <= set(found)


@pytest.mark.parametrize(
    ("held", "environ", "verdict", "words"),
    [
        (SECRET, {}, "ok", "from the key ring (test ring) (not shown)"),
        (
            SECRET,
            {"LEXER_UPLOAD_API_TOKEN": "another"},
            "look",
            "the key ring holds another one, which loses",
        ),
        (SECRET, {"LEXER_UPLOAD_API_TOKEN": SECRET}, "ok", "from LEXER_UPLOAD_API_TOKEN (not shown)"),
        ("", {"KEYRING_FILE": "locked"}, "wrong", "the key ring is locked"),
    ],
)
def test_the_place_of_the_token_is_said_and_not_the_token(
    tmp_path: Path, held: str, environ: dict[str, str], verdict: str, words: str
) -> None:
    ring = tmp_path / "ring.json"
    ring.write_text(json.dumps({"lexer-pipeline/LEXER_UPLOAD_API_TOKEN": held}))
    place = {"PYTHON_KEYRING_BACKEND": BACKEND, "KEYRING_FILE": str(ring), **environ}

    done = doctor(tmp_path, "--offline", "--json", **place)

    found = {one["what"]: one for one in json.loads(done.stdout)["checks"]}["token"]
    assert (found["verdict"], words in found["found"]) == (verdict, True), found
    assert "s3cr3t" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(0, Verdict.OK), (-90, Verdict.LOOK), (90, Verdict.LOOK), (-3600, Verdict.WRONG), (3600, Verdict.WRONG)],
)
def test_the_clock_is_compared_with_that_of_the_service(
    sandbox: Sandbox, token: str, tmp_path: Path, ahead: float, verdict: Verdict
) -> None:
    real = Runtime().clock
    runtime = Runtime(clock=lambda: real() + ahead)

    found = look(tmp_path, asked(sandbox, token), offline=False, runtime=runtime)

    assert found["beside the service"][0] == verdict


@pytest.mark.parametrize("now", [0.0, 5e9])
def test_a_clock_that_cannot_be_right_is_wrong(tmp_path: Path, now: float) -> None:
    assert look(tmp_path, {}, runtime=Runtime(clock=lambda: now))["time"][0] == "wrong"


def test_a_folder_that_is_none_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "batches").write_text("")

    verdict, found, remedy = look(tmp_path, {})["the folder of batches"]

    assert (verdict, found) == ("wrong", f"{tmp_path / 'batches'} is no folder")
    assert "--out" in remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is refused to root")
def test_a_folder_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir(mode=0o500)

    assert look(tmp_path, {})["the folder of batches"][0] == "wrong"


@pytest.mark.skipif(not hasattr(os, "O_DIRECTORY"), reason="this system knows no modes")
def test_batches_that_others_can_read_are_worth_a_look(tmp_path: Path) -> None:
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches").chmod(0o755)

    assert look(tmp_path, {})["rights of the folder of batches"][2] == f"chmod 700 {tmp_path / 'batches'}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "batches"
    prepare([ORDERS], None, out)
    return out


@pytest.fixture
def batches(made: Path, tmp_path: Path) -> Path:
    """A folder with one batch of customers and one of orders."""
    return shutil.copytree(made, tmp_path / "batches")


def upload_in(state: str, out: Path) -> None:
    with closing(sqlite3.connect(out / FILE, isolation_level=None)) as ledger:
        ledger.execute(
            "INSERT INTO uploads (batch, service, dataset, sha256, state, created_at, updated_at)"
            " VALUES (1, 'https://api.example.com', '', 'x', ?, 1, 1)", [state],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "what", "remedy"),
    [("in_doubt", "in doubt", "lexer-pipeline settle"), ("refused", "refused", "lexer-pipeline status"),
     ("sending", "on their way", "lexer-pipeline upload"), ("sent", "uploads", "")],
)  # fmt: skip
def test_what_of_the_ledger_waits_is_said_with_the_command_that_goes_on(
    batches: Path, state: str, what: str, remedy: str
) -> None:
    upload_in(state, batches)
    before = tree(batches)

    found = look(batches.parent, {})

    assert found["file"][0] == found["schema"][0] == "ok"
    assert remedy in found[what][2]
    assert found["uploads"][1] == f"1 {state}"
    assert tree(batches) == before


def test_a_ledger_that_is_damaged_is_wrong(batches: Path) -> None:
    (batches / FILE).write_bytes(b"this is no ledger at all" * 1000)

    verdict, found, remedy = look(batches.parent, {})["file"]

    assert (verdict, "damaged" in found, "restore" in remedy) == ("wrong", True, True)


def test_a_ledger_that_another_process_writes_is_worth_another_look(batches: Path) -> None:
    with closing(sqlite3.connect(batches / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        found = look(batches.parent, {})

    assert found["file"][0] == "look"


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="this system does not say who holds a lock")
def test_who_is_at_work_in_the_folder_is_named(batches: Path) -> None:
    folder = next(path for path in batches.iterdir() if path.is_dir())
    handle = os.open(folder, os.O_RDONLY)
    try:
        lock_descriptor(handle)
        held = any(
            f":{folder.stat().st_ino} " in line for line in Path("/proc/locks").read_text().splitlines()
        )
        if not held:
            pytest.skip("locks are not listed in this container")
        found = look(batches.parent, {})
    finally:
        os.close(handle)

    assert f"process {os.getpid()} (" in found["locked"][1]


def test_a_change_that_was_cut_off_is_left_for_the_next_command(batches: Path) -> None:
    (batches / f"{FILE}-journal").write_bytes(b"half a change")
    before = tree(batches)

    found = look(batches.parent, {})

    assert (found["file"][0], "lexer-pipeline status" in found["file"][2]) == ("look", True)
    assert tree(batches) == before


def test_a_ledger_beside_the_one_that_is_named_is_worth_a_look(batches: Path) -> None:
    found = look(batches.parent, {"LEXER_LEDGER": str(batches.parent / "shared.sqlite3")})

    assert found["a second one"][0] == "look"
