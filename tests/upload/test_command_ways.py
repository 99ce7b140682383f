"""What a person decides and looks at, through the command itself: `settle`, `drop`, `status`, `--dry-run` and `run`."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT, environment
from tests.upload.helpers import LINE, prepared
from tests.upload.store import TOKEN, Store

ROUNDED = Path(__file__).with_name("data") / "orders_with_rounded_ids.csv"
DOUBT = ["stored-reset", "refuse:403:AccessDenied:Request has expired"]
# Every name that docs/json.md shows for a command.
SHOWN = {
    name: json.loads(block)
    for name, block in re.findall(
        r"^## `(\w+)`\n\n```json\n(.*?)^```", (ROOT / "docs" / "json.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
}  # fmt: skip
UPLOAD, STATUS = set(SHOWN["upload"]["uploads"][0]), set(SHOWN["status"]["batches"][0])


def say(store: Store, out: Path, *words: str, **more: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `lexer-pipeline WORDS...`, in the folder above `out`."""
    settings = {"LEXER_UPLOAD_API_URL": store.url, "LEXER_UPLOAD_API_TOKEN": TOKEN, "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *words], cwd=out.parent, capture_output=True, text=True, timeout=300,
        env=environment(**{**settings, **more}), check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def told(store: Store, out: Path, *words: str, **more: str) -> tuple[int, Any]:
    """Exit code and the one JSON object on standard output."""
    code, said, _ = say(store, out, *words, "--json", **more)
    return code, json.loads(said)


def state(store: Store, out: Path) -> list[tuple[str, str]]:
    """(folder, state) of all that `status` shows."""
    code, said = told(store, out, "status")
    assert code == 0
    assert all(set(one) == STATUS for one in said["batches"])
    return [(Path(one["path"]).name, one["state"]) for one in said["batches"]]


# ------------------------------------------------------------------------------------------------------ settle


@pytest.mark.parametrize(
    ("flag", "then", "posts"), [("--arrived", "sent", 1), ("--not-arrived", "prepared", 2)]
)
def test_settle_ends_a_doubt(store: Store, out: Path, flag: str, then: str, posts: int) -> None:
    batch = prepared(out)
    store.put_faults = list(DOUBT)
    code, said = told(store, out, "upload")
    assert (code, said["uploads"][0]["state"]) == (4, "in_doubt")
    assert "settle batches/customers-20240306-a --arrived" in said["uploads"][0]["hint"]

    code, said = told(store, out, "settle", f"batches/{batch.path.name}", flag)

    (receipt,) = said["uploads"]
    assert (code, receipt["state"], set(receipt)) == (0, then, UPLOAD)
    assert state(store, out) == [(batch.path.name, then)]
    assert (batch.path / "receipt.json").exists() == (then == "sent")
    assert say(store, out, "upload")[0] == 0
    assert len(store.posts) == posts


@pytest.mark.parametrize(
    "words", [("settle", "customers-20240306-a"), ("settle", "customers-20240306-a", "--arrived", "--not-arrived"),
              ("settle", "--arrived"), ("settle", "customers-20240306-a", "--arrived"), ("settle", "absent", "--arrived"),
              ("drop",), ("drop", "absent")],
)  # fmt: skip
def test_what_there_is_no_deciding_on_ends_with_2(store: Store, out: Path, words: tuple[str, ...]) -> None:
    prepared(out)

    code, said = told(store, out, *words)

    assert (code, said["error"]["code"]) == (2, "usage")
    assert state(store, out) == [("customers-20240306-a", "prepared")]


# -------------------------------------------------------------------------------------------------------- drop


def test_drop_takes_a_batch_out_of_the_way(store: Store, out: Path) -> None:
    batch = prepared(out)

    code, said = told(store, out, "drop", f"batches/{batch.path.name}")

    assert (code, said) == (0, {"dropped": [f"batches/{batch.path.name}"], "restored": []})
    assert state(store, out) == [(batch.path.name, "dropped")]
    assert told(store, out, "upload") == (0, {"uploads": []})
    assert told(store, out, "drop", batch.path.name) == (0, {"dropped": [], "restored": []})
    assert store.posts == []


def test_what_may_have_arrived_is_not_dropped(store: Store, out: Path) -> None:
    batch = prepared(out)
    store.put_faults = list(DOUBT)
    say(store, out, "upload")

    code, said = told(store, out, "drop", batch.path.name)

    assert (code, said["error"]["code"]) == (4, "person_needed")
    assert "settle" in said["error"]["hint"]
    assert state(store, out) == [(batch.path.name, "in_doubt")]


def test_what_was_sent_is_not_dropped(store: Store, out: Path) -> None:
    batch = prepared(out)
    say(store, out, "upload")

    code, said = told(store, out, "drop", batch.path.name)

    assert (code, said["error"]["code"]) == (2, "usage")
    assert "was sent" in said["error"]["message"]


# ------------------------------------------------------------------------------------------------------ status


def test_status_shows_a_line_for_each_service(store: Store, out: Path) -> None:
    prepared(out, destination="a1b2c3d4")
    before = told(store, out, "status")[1]["batches"]
    assert [(one["service"], one["dataset"], one["upload_id"]) for one in before] == [
        (None, "a1b2c3d4", None)
    ]
    with Store() as other:
        for service in (store, other):
            assert say(service, out, "upload")[0] == 0

        found = told(store, out, "status")[1]["batches"]
        assert [(one["state"], one["service"], one["dataset"]) for one in found] == [
            ("sent", service.url, "a1b2c3d4") for service in (store, other)
        ]
        said = say(store, out, "status")[1]
    for service in (store, other):
        assert f"dataset a1b2c3d4 at {service.url}, upload 101" in said


def test_a_broken_folder_stops_only_itself(store: Store, out: Path) -> None:
    good, bad = prepared(out), prepared(out, "members-20240306-a", LINE * 3)
    (bad.path / "manifest.json").write_text("{")

    assert state(store, out) == [(good.path.name, "prepared"), (bad.path.name, "broken")]
    code, said = told(store, out, "upload", f"batches/{bad.path.name}", f"batches/{good.path.name}")
    assert (code, [(one["batch"], one["state"]) for one in said["uploads"]]) == (
        4, [(good.path.name, "sent"), (bad.path.name, "broken")],
    )  # fmt: skip
    code, said = told(store, out, "upload")
    assert (code, [one["state"] for one in said["uploads"]]) == (4, ["broken"])


# ----------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_needs_no_token_and_changes_nothing(store: Store, out: Path) -> None:
    batch = prepared(out)
    prepared(out, "members-20240306-a", LINE * 3, "held")

    code, said = told(store, out, "upload", "--dry-run", "--dataset", "a1b2c3d4", LEXER_UPLOAD_API_TOKEN="")

    assert (code, [one["state"] for one in said["uploads"]]) == (4, ["would_send", "held"])
    assert all(set(one) == UPLOAD for one in said["uploads"])
    would = said["uploads"][0]
    assert (would["name"], would["bytes"], would["dataset"]) == (
        batch.manifest.file,
        batch.manifest.bytes,
        "a1b2c3d4",
    )
    assert (would["service"], would["reason"]) == (store.url, "a delivery")
    assert told(store, out, "status")[1]["batches"][0]["dataset"] is None
    assert (
        f"would send {batch.manifest.file}: a delivery, no dataset"
        in say(store, out, "upload", "--dry-run")[1]
    )
    assert store.posts == []


def test_a_dry_run_promises_nothing_that_an_upload_would_not_do(store: Store, out: Path) -> None:
    sent = prepared(out, "sent-20240306-a")
    say(store, out, "upload")
    store.post_faults = ["status:400"]
    refused = prepared(out, "refused-20240306-a", LINE * 2)
    say(store, out, "upload")
    twin = prepared(out, "twin-20240306-a")
    spoilt = prepared(out, "spoilt-20240306-a", LINE * 3)
    spoilt.file.write_bytes(LINE)
    first, second = (prepared(out, f"{name}-20240306-a", LINE * 4) for name in ("first", "second"))
    batches = [f"batches/{one.path.name}" for one in (sent, refused, twin, spoilt, first, second)]

    def states(*words: str) -> list[str]:
        return [one["state"] for one in told(store, out, "upload", *batches, *words)[1]["uploads"]]

    expected = ["sent", "refused", "refused", "changed", "would_send", "refused"]
    assert states("--dry-run") == expected
    assert len(store.posts) == 2
    assert states() == [state.replace("would_send", "sent") for state in expected]
    assert states("--dry-run", "--resend") == [
        "changed" if state == "changed" else "would_send" for state in expected
    ]


def test_a_dry_run_knows_the_order_of_a_series(store: Store, out: Path) -> None:
    folders = []
    for number, word in enumerate(("mira", "noor"), 1):
        source = out.parent / "people.csv"
        source.write_text(f"link.email,first_name\n{word}@example.com,{word}\n")
        code, said = told(
            store, out, "convert", "people.csv", "--spec", "customer_record", "--date", "20240306"
        )
        assert (code, len(said["batches"])) == (0, 1), number
        folders.append(said["batches"][0]["path"])

    code, said = told(store, out, "upload", folders[1], "--dry-run")
    assert (code, said["uploads"][0]["state"], said["uploads"][0]["needs"]) == (4, "prepared", "person")
    assert folders[0] in said["uploads"][0]["hint"]
    code, said = told(store, out, "upload", *folders, "--dry-run")
    assert (code, [one["state"] for one in said["uploads"]]) == (0, ["would_send"] * 2)


# --------------------------------------------------------------------------------------------------------- run


def test_a_run_that_sends_one_specification_and_rejects_another_ends_with_1(store: Store, out: Path) -> None:
    code, said = told(store, out, "run", str(ROUNDED), "--date", "20240306")

    assert code == 1
    assert {one["specification"]: (one["state"], one["made"]) for one in said["batches"]} == {
        "commerce_purchases": ("rejected", True),
        "profile_customer": ("prepared", True),
    }
    assert [(one["name"], one["state"]) for one in said["uploads"]] == [
        ("profile_customer-20240306-a.json", "sent")
    ]
    rejected = out / "commerce_purchases-20240306-a"
    assert sorted(path.name for path in rejected.iterdir()) == [
        "issues.ndjson",
        "lines.trace",
        "manifest.json",
        "rejects.csv",
        "report.html",
        "report.json",
    ]
    assert state(store, out) == [(rejected.name, "rejected"), ("profile_customer-20240306-a", "sent")]

    code, said = told(store, out, "run", str(ROUNDED), "--date", "20240306")

    assert (code, [one["made"] for one in said["batches"]], len(store.posts)) == (1, [False, False], 1)
    assert told(store, out, "upload") == (0, {"uploads": []})
    code, words, _ = say(store, out, "run", str(ROUNDED), "--date", "20240306")
    assert code == 1
    assert "no record is valid" in words
