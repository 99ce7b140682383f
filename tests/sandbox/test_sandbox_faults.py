"""Each fault does what its words say, once, and to the file it is meant for."""

import hashlib
import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.server import Sandbox
from sandbox_wire import GOOD, PRODUCTS, Reply, Wire, admin, ask, asking, is_noted, kinds, put

BODY = GOOD * 50_000
ETAG = f'"{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}"'


def order(sandbox: Sandbox, on: str, do: str, **more: Any) -> None:
    assert admin(sandbox, "POST", "faults", {"on": on, "do": do, **more}).status == 201


def permissions(sandbox: Sandbox) -> int:
    return kinds(sandbox).count("granted")


@pytest.mark.parametrize("status", [429, 401, 403, 408, 500, 502, 503, 504])
def test_ask_status_answers_that_status_once(sandbox: Sandbox, token: str, status: int) -> None:
    order(sandbox, "ask", "status", status=status)

    assert ask(sandbox, token).status == status
    assert permissions(sandbox) == 0
    assert ask(sandbox, token).status == 201


def test_ask_status_can_say_when_to_come_back(sandbox: Sandbox, token: str) -> None:
    order(sandbox, "ask", "status", status=429)
    order(sandbox, "ask", "status", status=429, retry_after=7)
    order(sandbox, "ask", "status", status=429, retry_after="date:60")
    before = time.time()
    told = [ask(sandbox, token).headers.get("Retry-After") for _ in range(3)]

    assert told[:2] == [None, "7"]
    assert told[2] and before + 59 <= parsedate_to_datetime(told[2]).timestamp() <= time.time() + 60


@pytest.mark.parametrize(("do", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_ask_reset_breaks_the_connection(sandbox: Sandbox, token: str, do: str, made: int) -> None:
    order(sandbox, "ask", do)

    with pytest.raises(ConnectionResetError):
        ask(sandbox, token)
    assert permissions(sandbox) == made


@pytest.mark.parametrize(("do", "made"), [("hang_before", 0), ("hang_after", 1)])
def test_ask_hang_never_answers(sandbox: Sandbox, token: str, do: str, made: int) -> None:
    order(sandbox, "ask", do)

    with asking(sandbox, token) as wire:
        assert is_noted(sandbox, "granted" if made else "fault")
        assert wire.is_silent()
    assert permissions(sandbox) == made


@pytest.mark.parametrize(("status", "made"), [(200, 0), (201, 1)])
def test_ask_html_is_no_json(sandbox: Sandbox, token: str, status: int, made: int) -> None:
    order(sandbox, "ask", "html", status=status)
    reply = ask(sandbox, token)

    assert (reply.status, reply.headers["Content-Type"], b"<html>" in reply.body) == (
        status,
        "text/html",
        True,
    )
    assert permissions(sandbox) == made


def test_ask_no_url_tells_only_the_id(sandbox: Sandbox, token: str) -> None:
    order(sandbox, "ask", "no_url")

    assert ask(sandbox, token).json == {"id": 1}


@pytest.mark.parametrize("status", [302, 307])
def test_redirects_lead_elsewhere(sandbox: Sandbox, token: str, status: int) -> None:
    url = ask(sandbox, token).json["url"]
    for on in ("ask", "put"):
        order(sandbox, on, "redirect", status=status, location="http://127.0.0.1:9/there")
    replies = [ask(sandbox, token), put(url)]

    assert [(reply.status, reply.headers["Location"]) for reply in replies] == [
        (status, "http://127.0.0.1:9/there")
    ] * 2
    assert permissions(sandbox) == 1
    assert "stored" not in kinds(sandbox)


@pytest.mark.parametrize("on", ["ask", "put"])
def test_slow_answers_late(sandbox: Sandbox, token: str, on: str) -> None:
    order(sandbox, on, "slow", seconds=0.4)
    start = time.monotonic()

    assert put(ask(sandbox, token).json["url"]).status == 200
    assert time.monotonic() - start >= 0.4


@pytest.mark.parametrize(
    ("do", "status", "code"),
    [
        ("expired_url", 403, "AccessDenied"),
        ("bad_signature", 403, "SignatureDoesNotMatch"),
        ("mangled_url", 400, "AuthorizationQueryParametersError"),
    ],
)
def test_ask_can_give_a_url_that_is_no_good(
    sandbox: Sandbox, token: str, do: str, status: int, code: str
) -> None:
    order(sandbox, "ask", do)
    reply = put(ask(sandbox, token).json["url"])

    assert (reply.status, reply.code) == (status, code)


def test_ask_closed_port_leads_to_a_refused_connection(sandbox: Sandbox, token: str) -> None:
    order(sandbox, "ask", "closed_port")

    with pytest.raises(ConnectionRefusedError):
        put(ask(sandbox, token).json["url"])


def spoilt_put(sandbox: Sandbox, token: str, do: str, **more: Any) -> Reply:
    url = ask(sandbox, token).json["url"]
    order(sandbox, "put", do, **more)
    return put(url, BODY)


@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "SlowDown"), (500, "InternalError"), (403, "SignatureDoesNotMatch"), (429, "TooManyRequests")],
)
def test_put_early_answers_before_the_body(sandbox: Sandbox, token: str, status: int, code: str) -> None:
    reply = spoilt_put(sandbox, token, "early", status=status, retry_after=3)

    assert (reply.status, reply.code, reply.continued) == (status, code, False)
    assert reply.headers["Retry-After"] == "3"
    assert "received" not in kinds(sandbox)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((503, ""), (500, ""), (408, ""), (429, "")),
        *((400, "RequestTimeout"), (400, "IncompleteBody"), (400, "BadDigest")),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_put_late_answers_after_the_body(
    sandbox: Sandbox, token: str, status: int, code: str, stored: bool
) -> None:
    reply = spoilt_put(sandbox, token, "late", status=status, code=code, stored=stored)

    assert (reply.status, reply.continued) == (status, True)
    assert reply.code == code or not code
    received = next(event for event in sandbox.events() if event["kind"] == "received")
    assert (received["bytes"], received["complete"]) == (len(BODY), True)
    assert ("stored" in kinds(sandbox), sandbox.uploads()[0]["md5"] is not None) == (stored, stored)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_put_reset_stores_nothing(sandbox: Sandbox, token: str, percent: int) -> None:
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        spoilt_put(sandbox, token, "reset", percent=percent)

    received = next(event for event in sandbox.events() if event["kind"] == "received")
    assert received["bytes"] == len(BODY) * percent // 100
    assert "stored" not in kinds(sandbox)


def test_put_stored_reset_stores_and_says_nothing(sandbox: Sandbox, token: str) -> None:
    with pytest.raises(ConnectionResetError):
        spoilt_put(sandbox, token, "stored_reset")

    assert "stored" in kinds(sandbox)
    assert "answered" not in kinds(sandbox)


def test_put_stored_hang_stores_and_says_nothing(sandbox: Sandbox, token: str) -> None:
    url = ask(sandbox, token).json["url"]
    order(sandbox, "put", "stored_hang")
    with Wire(url) as wire:
        wire.head("PUT", {"Content-Length": str(len(BODY))})
        wire.socket.sendall(BODY)

        assert is_noted(sandbox, "stored")
        assert wire.is_silent()


def test_put_hang_does_not_even_ask_for_the_body(sandbox: Sandbox, token: str) -> None:
    url = ask(sandbox, token).json["url"]
    order(sandbox, "put", "hang")
    with Wire(url) as wire:
        wire.head("PUT", {"Content-Length": str(len(BODY)), "Expect": "100-continue"})

        assert is_noted(sandbox, "fault")
        assert wire.is_silent()
    assert "received" not in kinds(sandbox)


def test_put_stall_stops_reading(sandbox: Sandbox, token: str) -> None:
    with pytest.raises(ConnectionError):
        spoilt_put(sandbox, token, "stall", percent=10, seconds=0.3)

    received = next(event for event in sandbox.events() if event["kind"] == "received")
    assert received["bytes"] == len(BODY) // 10
    assert "stored" not in kinds(sandbox)


def test_put_pause_goes_on(sandbox: Sandbox, token: str) -> None:
    start = time.monotonic()

    assert spoilt_put(sandbox, token, "pause", percent=50, seconds=0.4).headers["ETag"] == ETAG
    assert time.monotonic() - start >= 0.4


def test_put_throttle_reads_slowly(sandbox: Sandbox, token: str) -> None:
    start = time.monotonic()

    assert spoilt_put(sandbox, token, "throttle", bytes_per_second=len(BODY) * 2).headers["ETag"] == ETAG
    assert time.monotonic() - start >= 0.4


def test_put_corrupt_stores_other_bytes_and_tells_their_etag(sandbox: Sandbox, token: str) -> None:
    reply = spoilt_put(sandbox, token, "corrupt")

    assert reply.headers["ETag"] != ETAG
    assert reply.headers["ETag"] == f'"{sandbox.uploads()[0]["md5"]}"'


@pytest.mark.parametrize(("do", "length"), [("wrong_etag", 34), ("kms_etag", 36), ("no_etag", 0)])
def test_put_can_tell_another_etag_for_the_right_object(
    sandbox: Sandbox, token: str, do: str, length: int
) -> None:
    reply = spoilt_put(sandbox, token, do)

    assert reply.status == 200
    assert len(reply.headers.get("ETag", "")) == length
    assert reply.headers.get("ETag") != ETAG
    assert f'"{sandbox.uploads()[0]["md5"]}"' == ETAG


def test_put_expired_says_so_whatever_the_time(sandbox: Sandbox, token: str) -> None:
    reply = spoilt_put(sandbox, token, "expired")

    assert (reply.status, reply.code, b"Request has expired" in reply.body) == (403, "AccessDenied", True)


@pytest.mark.parametrize("on", ["ask", "put"])
@pytest.mark.parametrize("do", ["huge_headers", "huge_body", "truncated", "garbage"])
def test_hostile_answers_come_after_the_work_is_done(sandbox: Sandbox, token: str, on: str, do: str) -> None:
    url = ask(sandbox, token).json["url"]
    order(sandbox, on, do, size=2 << 20)
    try:
        reply = ask(sandbox, token) if on == "ask" else put(url)
    except Exception as error:  # noqa: BLE001 - http.client names each kind of nonsense differently
        assert do != "huge_body", error
    else:
        assert (do, len(reply.body) >= 2 << 20) == ("huge_body", True)
    assert permissions(sandbox) == (2 if on == "ask" else 1)
    assert ("stored" in kinds(sandbox)) == (on == "put")


def test_a_fault_waits_for_its_file_and_lets_some_pass(sandbox: Sandbox, token: str) -> None:
    sandbox.inject(Fault("ask", "status", times=2, skip=1, match="commerce_*", status=503))
    names = ["till-20240306.csv", PRODUCTS, PRODUCTS, PRODUCTS, "till-20240306.csv", PRODUCTS]

    assert [ask(sandbox, token, name).status for name in names] == [201, 201, 503, 503, 201, 201]
    assert kinds(sandbox).count("fault") == 2


def test_faults_are_shown_and_forgotten(sandbox: Sandbox, token: str) -> None:
    order(sandbox, "ask", "status", times=9)
    assert admin(sandbox, "GET", "faults").json[0]["times"] == 9
    assert admin(sandbox, "DELETE", "faults").json == []

    assert ask(sandbox, token).status == 201


@pytest.mark.parametrize(
    "fault",
    [
        {},
        [1],
        {"on": "ask"},
        {"on": "get", "do": "status"},
        {"on": "ask", "do": "early"},
        {"on": "put", "do": "reset", "percent": 101},
        {"on": "put", "do": "reset", "times": 0},
        {"on": "put", "do": "reset", "seconds": "long"},
        {"on": "put", "do": "reset", "when": 3},
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_words(sandbox: Sandbox, fault: object) -> None:
    reply = admin(sandbox, "POST", "faults", fault)

    assert reply.status == 400
    assert reply.json["error"]
    assert admin(sandbox, "GET", "faults").json == []
