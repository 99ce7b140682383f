"""People are told how a job ended; what goes wrong with that is a warning, and no address and no value is repeated."""

import email
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from lexer_pipeline.preparing import prepare as preparing
from lexer_pipeline.unattended import notify
from lexer_pipeline.unattended.summary import MOST, summary

from tests.keyring_file import FileRing
from tests.running import environment
from tests.unattended.conftest import BAD, NAME, Place
from tests.unattended.sinks import mail_server, webhook
from tests.upload.store import TOKEN
from tests.waiting import happens

JOB = '[job.nightly]\nsources = ["in.csv"]\nspec = "customer_record"\ndataset = "a1b2c3d4"\n'
ALL = '[notify]\non = ["failure", "held", "success"]\n'
SECRET = "s3cr3t"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a webhook is told."""
    told: list[dict[str, Any]] = []
    with webhook(told) as port:
        monkeypatch.setenv("LEXER_NOTIFY_URLS", f"json://127.0.0.1:{port}/{SECRET}")
        yield told


def test_a_job_that_sent_tells_what_it_sent(place: Place, told: list[dict[str, Any]]) -> None:
    place.job(JOB + ALL)
    place.export("in.csv")
    ended = place.run("run", "nightly")
    (one,) = told

    assert (ended.code, ended.error, one["type"], one["title"]) == (
        0,
        "",
        "success",
        "lexer-pipeline: nightly done",
    )
    assert f"{place.folder}: lexer-pipeline run nightly ended with exit code 0." in one["message"]
    assert "sent: profile_customer-" in one["message"]
    assert ".json, 1 record, dataset a1b2c3d4" in one["message"]
    assert NAME not in json.dumps(told)


@pytest.mark.parametrize(
    ("name", "words", "code", "kind", "said"),
    [
        ("held", (), 1, "warning", "held: profile_customer: 50.00% of the records were rejected"),
        ("held", (), 1, "warning", "lexer-pipeline convert --fix batches/profile_customer-"),
        ("missing", (), 3, "failure", "error: pipeline.toml: line 2: no file is there for in.csv"),
        ("settings", (), 2, "failure", "error: pipeline.toml: line 2: there is no setting sorces in job.nightly"),
        ("ambiguous", (), 2, "failure", "Type lexer-pipeline run --job nightly for the job"),
        ("unknown", ("--job", "nigtly"), 2, "failure", "Did you mean lexer-pipeline run nightly?"),
        ("token", (), 2, "failure", "error: there is no upload token"),
        ("refused", (), 4, "failure", "refused: profile_customer-"),
        ("service", (), 5, "failure", "prepared: profile_customer-"),
        ("defect", (), 70, "failure", "error: this is a defect of lexer-pipeline, not of the data (ZeroDivisionError"),
        ("interrupted", (), 130, "failure", "ended with exit code 130"),
    ],
)  # fmt: skip
def test_whatever_a_job_ends_with_is_told_in_words_that_lead_on(
    place: Place, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
    name: str, words: tuple[str, ...], code: int, kind: str, said: str,
) -> None:  # fmt: skip
    place.job(JOB.replace("\n", "\nsorces = 1\n", 1) if name == "settings" else JOB)
    if name != "missing":
        place.export("in.csv", *([BAD] if name == "held" else []))
    if name == "ambiguous":
        place.export("nightly")
    if name == "token":
        monkeypatch.delenv("LEXER_UPLOAD_API_TOKEN")
    if name == "refused":
        place.store.post_faults.append("status:400")
    if name == "service":
        monkeypatch.setenv("LEXER_UPLOAD_API_URL", "http://127.0.0.1:1/v1/uploads")
        place.job(JOB + "[upload]\ntries = 1\n")
    broken = {"defect": ZeroDivisionError(NAME), "interrupted": KeyboardInterrupt()}
    if name in broken:

        def fail(*_: object) -> None:
            raise broken[name]

        monkeypatch.setattr(preparing, "planned", fail)
    ended = place.run("run", *(words or ("nightly",)))

    assert ended.code == code, ended.error
    assert [one["type"] for one in told] == [kind]
    assert said in told[0]["message"]
    assert f"lexer-pipeline explain {code}" in told[0]["message"]
    for secret in (NAME, SECRET, TOKEN):
        assert secret not in ended.output + ended.error + json.dumps(told)


@pytest.mark.parametrize(
    ("on", "ends"), [('["success"]', ["success"]), ('["held"]', ["warning"]), ("[]", [])]
)
def test_only_the_ends_that_were_asked_for_are_told(
    place: Place, told: list[dict[str, Any]], on: str, ends: list[str]
) -> None:
    place.job(f"{JOB}[notify]\non = {on}\n")
    for text in ((), (BAD,)):
        place.export("in.csv", *text)
        place.run("run", "nightly")
    place.run("run", "nightly", "--dry-run")
    place.run("run", "in.csv", "--spec", "customer_record")
    Path("in.csv").unlink()
    place.run("run", "nightly")

    assert [one["type"] for one in told] == ends


def test_a_mail_says_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    mails: list[str] = []
    place.job(JOB)
    with mail_server(mails) as port:
        address = f"mailto://127.0.0.1:{port}?from=robot@example.com&to=mira.holt@example.com&mode=insecure&format=text"
        monkeypatch.setenv("LEXER_NOTIFY_URLS", address)
        ended = place.run("run", "nightly")

    assert (ended.code, len(mails)) == (3, 1), ended.error
    assert "Subject: lexer-pipeline: nightly failed" in mails[0]
    assert "To: mira.holt@example.com" in mails[0]


def test_the_report_of_a_batch_goes_with_a_mail(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    mails: list[str] = []
    place.job(f"{JOB}[notify]\nattach_report = true\n")
    place.export("in.csv", BAD)
    with mail_server(mails) as port:
        address = f"mailto://127.0.0.1:{port}?from=robot@example.com&to=mira.holt@example.com&mode=insecure"
        monkeypatch.setenv("LEXER_NOTIFY_URLS", address)
        ended = place.run("run", "nightly")
    (batch,) = Path("batches").glob("profile_customer-*")

    assert (ended.code, len(mails)) == (1, 1), ended.error
    assert f"A page to look at: {batch}/report.html" in mails[0]
    (page,) = [part for part in email.message_from_string(mails[0]).walk() if part.get_filename()]
    assert page.get_filename() == f"{batch.name}.html"
    assert page.get_payload(decode=True) == (batch / "report.html").read_bytes()


@pytest.mark.parametrize("typed", [(), ("--json",), ("--quiet",), ("--log-format", "json")])
def test_an_address_that_takes_no_message_is_a_warning_and_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...]
) -> None:
    told: list[dict[str, Any]] = []
    place.job(JOB + ALL)
    place.export("in.csv")
    with webhook(told) as good, webhook([], 500) as bad:
        urls = [f"json://127.0.0.1:{port}/{SECRET}" for port in (1, bad, good)]
        monkeypatch.setenv("LEXER_NOTIFY_URLS", f"{SECRET}://x/{SECRET} {SECRET} " + "\n".join(urls))
        ended = place.run("run", "nightly", "--log-file", "run.log", *typed)
    events = [json.loads(line) for line in Path("run.log").read_text().splitlines()]

    assert (ended.code, place.states, len(told)) == (0, ["sent"], 1)
    reasons = [one["reason"] for one in events if one["event"] == "not_notified"]
    assert [reason.partition(" of LEXER_NOTIFY_URLS ")[0] for reason in reasons] == [
        f"address {n}" for n in (1, 2, 3, 4)
    ]
    assert reasons[1].endswith("(none) is none that apprise knows")
    assert reasons[3].endswith("(json) did not take the message")
    assert [one["by"] for one in events if one["event"] == "notified"] == [["json"]]
    said = ended.error if typed != ("--log-format", "json") else ""
    assert said.count("warning: a notification was not sent: address ") == (4 if said else 0)
    spoken = ended.output + ended.error + Path("run.log").read_text()
    assert SECRET not in spoken.replace(f"({SECRET})", "")  # what stands before :// is shown


def test_without_the_library_a_warning_says_how_to_add_it(
    place: Place, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    place.job(JOB)
    ended = place.run("run", "nightly")

    assert (ended.code, told) == (3, [])
    assert "the library apprise is not installed; type: pip install 'lexer-pipeline[notify]'" in ended.error


def test_doctor_says_who_is_told_and_shows_no_address(
    place: Place, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def jobs() -> list[tuple[str, str]]:
        checks = place.run("doctor", "--offline", "--json").json["checks"]
        return [(one["verdict"], one["found"]) for one in checks if one["area"] == "jobs"]

    assert [one for one in jobs() if "nightly" in one[1]] == []
    place.job(JOB)
    (listed, notified) = jobs()
    assert "nightly; lexer-pipeline run --list shows their files" in listed
    assert notified == ("ok", "json on failure, held, from LEXER_NOTIFY_URLS")
    monkeypatch.setenv("LEXER_NOTIFY_URLS", SECRET)
    assert "holds what is no address" in jobs()[1][1]
    monkeypatch.delenv("LEXER_NOTIFY_URLS")
    assert jobs()[1][1] == "nobody is told how a job ends"
    assert SECRET not in place.run("doctor", "--offline").output


def test_a_run_that_the_machine_ends_is_told(place: Place, told: list[dict[str, Any]]) -> None:
    place.job(JOB)
    os.mkfifo("in.csv")  # whoever reads it waits
    more = {name: value for name, value in os.environ.items() if name.startswith("LEXER_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", "run", "nightly", "--log-file", "run.log"], env=environment(**more),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert happens(lambda: Path("run.log").exists() and "files" in Path("run.log").read_text())
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)

    assert (process.returncode, len(told)) == (130, 1), error
    assert "ended with exit code 130" in told[0]["message"]


def test_each_file_that_is_held_is_told_with_its_own_batch(place: Place, told: list[dict[str, Any]]) -> None:
    place.job(JOB.replace("in.csv", "in/*.csv"))
    place.export("in/a.csv", BAD)
    place.export("in/b.csv", BAD.replace("jon", "kit"))
    place.run("run", "nightly")
    fixes = [line for line in told[0]["message"].splitlines() if "--fix" in line]

    assert [("customer-" in line, "customer_02-" in line) for line in fixes] == [(True, False), (False, True)]


def test_a_message_is_bounded_however_much_happened() -> None:
    events = [{"event": "error", "message": f"file {number}", "hint": ""} for number in range(1000)]
    said = summary("nightly", 3, events, "here")

    assert len(said.text.splitlines()) == MOST + 3
    assert "... and 985 more lines of this kind" in said.text


def test_addresses_show_themselves_to_nobody() -> None:
    found = notify.addresses({"LEXER_NOTIFY_URLS": f" json://x/{SECRET}\n"})

    assert (found.urls, found.source) == ((f"json://x/{SECRET}",), "LEXER_NOTIFY_URLS")
    assert SECRET not in repr(found)


def test_addresses_come_from_the_key_ring_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEYRING_FILE", str(tmp_path / "ring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileRing())
    try:
        keyring.set_password("lexer-pipeline", "LEXER_NOTIFY_URLS", "json://x/a json://x/b")
        found = notify.addresses({})
    finally:
        keyring.set_keyring(before)

    assert (found.urls, found.source) == (("json://x/a", "json://x/b"), "LEXER_NOTIFY_URLS in the key ring")
