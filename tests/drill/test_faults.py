"""Every fault of the API, the store and the wire, one at a time; the sandbox's event log says what came of it."""

import json
import random
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.settings import Settings, Token

from tests.drill.rig import Rig, content
from tests.upload.helpers import md5_of, prepared, upload_by
from tests.waiting import PATIENCE

LARGE, SMALL = 900_000, 2_000
LATER = 3_700  # seconds until a url has expired
SILENT = ("hang_before", "hang_after", "stored_hang", "hang", "stall")


def ask(do: str, **more: Any) -> dict[str, Any]:
    return {"on": "ask", "do": do, **more}


def put(do: str, **more: Any) -> dict[str, Any]:
    return {"on": "put", "do": do, **more}


# What the fault is, how the upload ends, its exit code, the permissions given, the permissions that stored something.
ASKING = [
    (ask("status", status=429), "sent", 0, 1, 1),
    (ask("status", status=429, retry_after=1), "sent", 0, 1, 1),
    (ask("status", status=429, retry_after="date:1"), "sent", 0, 1, 1),
    (ask("status", status=500), "sent", 0, 1, 1),
    (ask("status", status=503), "sent", 0, 1, 1),
    (ask("reset_before"), "sent", 0, 1, 1),
    (ask("reset_after"), "sent", 0, 2, 1),
    (ask("hang_before", seconds=3), "sent", 0, 1, 1),
    (ask("hang_after", seconds=3), "sent", 0, 2, 1),
    (ask("html"), "sent", 0, 1, 1),
    (ask("html", status=201), "sent", 0, 2, 1),
    (ask("no_url"), "sent", 0, 2, 1),
    (ask("garbage"), "sent", 0, 2, 1),
    (ask("truncated"), "sent", 0, 2, 1),
    (ask("huge_headers"), "sent", 0, 2, 1),
    (ask("huge_body"), "sent", 0, 2, 1),
    (ask("expired_url"), "sent", 0, 2, 1),
    (ask("slow", seconds=0.3), "sent", 0, 1, 1),
    (ask("status", status=401), "prepared", 4, 0, 0),
    (ask("status", status=403), "prepared", 4, 0, 0),
    (ask("status", status=422), "refused", 4, 0, 0),
    (ask("redirect", status=302), "refused", 4, 0, 0),
    (ask("redirect", status=307), "refused", 4, 0, 0),
    (ask("bad_signature"), "refused", 4, 1, 0),
    (ask("mangled_url"), "refused", 4, 1, 0),
    (ask("closed_port"), "granted", 5, 1, 0),
]
PUTTING = [
    *[(put("reset", percent=percent), "sent", 0, 1, 1) for percent in (0, 50, 100)],
    (put("stored_reset"), "sent", 0, 1, 1),
    (put("stored_hang", seconds=3), "sent", 0, 1, 1),
    (put("hang", seconds=9), "sent", 0, 1, 1),
    (put("stall", seconds=3), "sent", 0, 1, 1),
    (put("pause", seconds=0.6), "sent", 0, 1, 1),
    (put("slow", seconds=0.6), "sent", 0, 1, 1),
    (put("throttle", bytes_per_second=2_000_000), "sent", 0, 1, 1),
    *[(put("early", status=status), "sent", 0, 1, 1) for status in (429, 503)],
    *[(put("late", status=status), "sent", 0, 1, 1) for status in (500, 503)],
    (put("late", status=500, stored=True), "sent", 0, 1, 1),
    (put("late", status=400, code="RequestTimeout"), "sent", 0, 1, 1),
    (put("expired"), "sent", 0, 2, 1),
    (put("corrupt"), "sent", 0, 1, 1),
    (put("wrong_etag"), "sent", 0, 1, 1),
    (put("kms_etag"), "sent", 0, 1, 1),
    (put("no_etag"), "sent", 0, 1, 1),
    (put("garbage"), "sent", 0, 1, 1),
    (put("truncated"), "sent", 0, 1, 1),
    (put("huge_headers"), "sent", 0, 1, 1),
    (put("huge_body"), "sent", 0, 1, 1),
    (put("redirect"), "refused", 4, 1, 0),
    (put("early", status=403, code="SignatureDoesNotMatch"), "refused", 4, 1, 0),
    (put("early", status=400, code="EntityTooLarge"), "refused", 4, 1, 0),
    (put("early", status=501, code="NotImplemented"), "refused", 4, 1, 0),
    (put("early", status=403, code="AccessDenied"), "sent", 0, 2, 1),
]
MORE = [
    *[(put("early", status=status), "sent", 0, 1, 1) for status in (408, 500, 502, 504)],
    *[(put("late", status=status), "sent", 0, 1, 1) for status in (502, 504)],
    *[(put("late", status=status, stored=True), "sent", 0, 1, 1) for status in (502, 503, 504)],
    *[(put("late", status=400, code=code), "sent", 0, 1, 1) for code in ("IncompleteBody", "BadDigest")],
]


def send(rig: Rig, out: Path, batch: PreparedBatch, *, hasty: bool = False, **more: Any) -> Receipt:
    """Sent as patiently as any machine asks for; `hasty` where the service falls silent, with tries enough."""
    wait, tries = (0.5, 50) if hasty else (PATIENCE, 3)
    settings = Settings(
        token=Token(rig.token), url=rig.sandbox.url, ca_file=rig.sandbox.ca_file, connect_timeout=wait,
        stall_timeout=wait, answer_timeout=wait, tries=tries,
    )  # fmt: skip
    more = {"sleep": lambda _: None, **more}
    (receipt,) = upload_by([batch], out, settings, **more)
    return receipt


def new_batch(out: Path, number: int, size: int, **more: Any) -> PreparedBatch:
    """`more` stands in its manifest."""
    data = content(random.Random(number), size)
    return prepared(out, f"commerce_products_{number}-20240306-a", data, **more)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 100-continue that does not come is waited for less long."""
    monkeypatch.setattr("lexer_pipeline.uploading.s3_put.EXPECT_SECONDS", 1.0)


@pytest.mark.parametrize(
    ("fault", "state", "code", "given", "stored"),
    [*ASKING, *PUTTING, *(pytest.param(*row, marks=pytest.mark.drill) for row in MORE)],
    ids=lambda value: str(value).replace("'", ""),
)
def test_a_fault_neither_loses_nor_doubles(
    rig: Rig, out: Path, fault: Mapping[str, Any], state: str, code: int, given: int, stored: int
) -> None:
    batch = new_batch(out, 1, LARGE)
    before = len(rig.sandbox.events())
    rig.sandbox.inject(fault)

    hasty = fault["do"] in SILENT

    receipt = send(rig, out, batch, hasty=hasty)

    events = rig.sandbox.events()[before:]
    assert (state, code) == (receipt.state, exit_code([receipt]))
    permissions = sum(event["kind"] == "granted" for event in events)
    assert permissions == given or (hasty and fault["on"] == "ask" and permissions > given)
    kept = [event for event in events if event["kind"] == "stored"]
    assert len({event["upload"] for event in kept}) == stored
    assert not kept or kept[-1]["md5"] == md5_of(batch)


@pytest.mark.parametrize(
    "unheard",
    [
        put("stored_reset"),
        pytest.param(put("reset"), marks=pytest.mark.drill),
        pytest.param(put("late", status=500, stored=True), marks=pytest.mark.drill),
    ],
)
def test_a_url_that_expires_between_two_tries_leaves_a_doubt_and_asks_no_more(
    rig: Rig, out: Path, unheard: Mapping[str, Any]
) -> None:
    batch = new_batch(out, 2, LARGE)
    before = len(rig.sandbox.events())
    rig.sandbox.inject(unheard)

    def expire(_: float) -> None:
        if any(event["kind"] == "fault" for event in rig.sandbox.events()[before:]):
            rig.sandbox.set(clock_offset=LATER)

    receipt = send(rig, out, batch, sleep=expire)
    again = send(rig, out, batch)

    events = rig.sandbox.events()[before:]
    assert (receipt.state, again.state, exit_code([receipt])) == ("in_doubt", "in_doubt", 4)
    assert sum(event["kind"] == "granted" for event in events) == 1


def test_a_url_that_expires_while_the_body_is_under_way_is_no_trouble(rig: Rig, out: Path) -> None:
    rig.sandbox.inject(put("pause", percent=50, seconds=0.3))
    expired = threading.Event()

    def expire(_: object) -> None:
        rig.sandbox.set(clock_offset=LATER)
        expired.set()

    assert send(rig, out, new_batch(out, 3, LARGE), progress=expire).state == "sent"
    assert expired.is_set()


def test_a_url_that_leads_nowhere_is_replaced_when_its_time_is_over(rig: Rig, out: Path) -> None:
    rig.sandbox.inject(ask("closed_port"))
    before, passed = len(rig.sandbox.events()), [0]

    def wait(_: float) -> None:
        if any(event["kind"] == "granted" for event in rig.sandbox.events()[before:]):
            passed[0] = LATER
            rig.sandbox.set(clock_offset=LATER)

    receipt = send(rig, out, new_batch(out, 8, SMALL), sleep=wait, clock=lambda: time.time() + passed[0])

    events = rig.sandbox.events()[before:]
    assert receipt.state == "sent"
    assert len({event["upload"] for event in events if event["kind"] == "stored"}) == 1


@pytest.mark.parametrize("offset", [-86_400.0, -400.0, 400.0, 86_400.0])
@pytest.mark.parametrize("whose", ["the service's", "ours"])
def test_clocks_that_disagree_are_no_trouble(rig: Rig, out: Path, offset: float, whose: str) -> None:
    before = len(rig.sandbox.events())
    rig.sandbox.inject(put("stored_reset"))
    if whose == "ours":
        receipt = send(rig, out, new_batch(out, 4, SMALL), clock=lambda: time.time() + offset)
    else:
        rig.sandbox.set(clock_offset=offset)
        receipt = send(rig, out, new_batch(out, 4, SMALL))

    events = rig.sandbox.events()[before:]
    assert receipt.state == "sent"
    assert [event["kind"] for event in events].count("granted") == 1


def test_what_cannot_be_sent_is_turned_down_before_anything_is_asked(rig: Rig, out: Path) -> None:
    before = len(rig.sandbox.events())
    for name in ("..", "../x.json", "a b.json", "ä.json", "a/b.json", "x" * 300 + ".json"):
        with pytest.raises(UsageError, match="is not a prepared batch"):
            send(rig, out, new_batch(out, 5, SMALL, file=name))
    for number, size in enumerate((0, 5_000_000_001), 6):
        assert send(rig, out, new_batch(out, number, SMALL, bytes=size)).state == "refused"

    assert len(rig.sandbox.events()) == before


@pytest.mark.parametrize("how", ["grows", "shrinks", "is replaced", "goes"])
def test_a_file_that_moves_while_it_is_sent_is_stored_as_prepared_or_not_at_all(
    rig: Rig, out: Path, how: str
) -> None:
    batch = new_batch(out, 6, LARGE)
    before, prepared_as = len(rig.sandbox.events()), md5_of(batch)
    rig.sandbox.inject(put("throttle", bytes_per_second=2_000_000))

    def move(_: object) -> None:
        if how == "grows":
            batch.file.write_bytes(batch.file.read_bytes() + b"{}\n")
        elif how == "shrinks":
            batch.file.write_bytes(b"{}\n")
        elif how == "is replaced":
            batch.file.with_suffix(".new").write_bytes(b"x" * batch.manifest.bytes)
            batch.file.with_suffix(".new").rename(batch.file)
        else:
            batch.file.unlink(missing_ok=True)

    receipt = send(rig, out, batch, progress=move)

    stored = [event["md5"] for event in rig.sandbox.events()[before:] if event["kind"] == "stored"]
    assert set(stored) <= {prepared_as}
    assert (receipt.state == "sent") == bool(stored)
    assert receipt.state in ("sent", "changed")


def test_the_receipt_is_what_the_store_has(rig: Rig, out: Path) -> None:
    batch = new_batch(out, 7, LARGE)

    receipt = send(rig, out, batch)

    (there,) = [one for one in rig.sandbox.uploads() if str(one["id"]) == receipt.upload_id]
    assert (receipt.name, receipt.bytes, receipt.etag) == (there["filename"], there["size"], there["md5"])
    assert json.loads((batch.path / "receipt.json").read_bytes()) == receipt.as_json()
