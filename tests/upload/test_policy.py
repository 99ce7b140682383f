"""The decision table, row by row."""

from typing import Any

import pytest
from lexer_pipeline.outbox.entry import State
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.policy import TABLE, Do, Event, backoff, may_have_landed, name_permit, name_put
from lexer_pipeline.uploading.transfer import PutResult

MD5 = "0123456789abcdef0123456789abcdef"
GRANT = Grant("7", "https://s3.example.com/k", None)


def answer(**told: Any) -> PutResult:
    """What a PUT told; otherwise a whole body that was stored."""
    stored = {
        "connected": True,
        "status": 200,
        "etag": MD5,
        "md5": MD5,
        "bytes_sent": 10,
        "whole_body_sent": True,
    }
    return PutResult(**{**stored, **told})


def refusal(status: int, code: str = "", sent: int = 0) -> PutResult:
    return answer(status=status, code=code, etag="", bytes_sent=sent, whole_body_sent=sent == 10)


def silence(sent: int, connected: bool = True) -> PutResult:
    return answer(connected=connected, status=0, etag="", bytes_sent=sent, whole_body_sent=sent == 10)


def expired(status: int = 403) -> PutResult:
    return answer(
        status=status, code="AccessDenied", expired=True, etag="", bytes_sent=0, whole_body_sent=False
    )


@pytest.mark.parametrize(
    ("status", "granted", "do", "state"),
    [
        (201, True, Do.GO_ON, State.GRANTED),
        (200, True, Do.GO_ON, State.GRANTED),
        (0, False, Do.NEW, State.PREPARED),
        (500, False, Do.NEW, State.PREPARED),
        (503, False, Do.NEW, State.PREPARED),
        (201, False, Do.NEW, State.PREPARED),
        (200, False, Do.NEW, State.PREPARED),
        (429, False, Do.NEW, State.PREPARED),
        (401, False, Do.STOP_RUN, State.PREPARED),
        (403, False, Do.STOP_RUN, State.PREPARED),
        (400, False, Do.END, State.REFUSED),
        (404, False, Do.END, State.REFUSED),
        (422, False, Do.END, State.REFUSED),
        (302, False, Do.END, State.REFUSED),
    ],
)
def test_each_answer_to_a_request_for_permission(status: int, granted: bool, do: Do, state: State) -> None:
    step = TABLE[name_permit(GRANT if granted else Refusal(status))]

    assert (do, state) == (step.do, step.state)
    assert step.wait == (do is Do.NEW)


@pytest.mark.parametrize(
    ("told", "event", "do", "state"),
    [
        (silence(0, connected=False), Event.PUT_UNCONNECTED, Do.SAME, State.GRANTED),
        (silence(0), Event.PUT_BROKEN, Do.SAME, State.SENDING),
        (silence(5), Event.PUT_BROKEN, Do.SAME, State.SENDING),
        (silence(10), Event.PUT_UNANSWERED, Do.SAME, State.SENDING),
        *[(refusal(s, sent=n), Event.PUT_LATER, Do.SAME, State.SENDING)
          for s in (500, 502, 503, 504, 408, 429, 507) for n in (0, 10)],
        *[(refusal(400, c, 10), Event.PUT_LATER, Do.SAME, State.SENDING)
          for c in ("RequestTimeout", "IncompleteBody", "BadDigest")],
        (answer(etag="f" * 32), Event.PUT_WRONG_ETAG, Do.SAME, State.SENDING),
        (answer(bytes_sent=5, whole_body_sent=False), Event.PUT_BROKEN, Do.SAME, State.SENDING),
        (answer(etag=MD5.upper()), Event.PUT_STORED, Do.END, State.SENT),
        (answer(etag="abc-2"), Event.PUT_UNVERIFIED, Do.END, State.SENT),
        (answer(etag=""), Event.PUT_UNVERIFIED, Do.END, State.SENT),
        (answer(etag="f" * 32, encrypted=True), Event.PUT_UNVERIFIED, Do.END, State.SENT),
        (expired(), Event.PUT_EXPIRED, Do.NEW, State.PREPARED),
        (expired(400), Event.PUT_EXPIRED, Do.NEW, State.PREPARED),
        (expired(502), Event.PUT_LATER, Do.SAME, State.SENDING),
        (refusal(403, "SignatureDoesNotMatch"), Event.PUT_REFUSED, Do.END, State.REFUSED),
        (refusal(400, "AuthorizationQueryParametersError"), Event.PUT_REFUSED, Do.END, State.REFUSED),
        (refusal(501, "NotImplemented"), Event.PUT_REFUSED, Do.END, State.REFUSED),
        (refusal(400, "EntityTooLarge"), Event.PUT_REFUSED, Do.END, State.REFUSED),
        (refusal(307), Event.PUT_REFUSED, Do.END, State.REFUSED),
        (refusal(403, "AccessDenied"), Event.PUT_DENIED, Do.NEW, State.PREPARED),
        (refusal(403, "AccessDenied", 5), Event.PUT_DENIED_AGAIN, Do.END, State.REFUSED),
        (answer(status=0, file_changed=True), Event.FILE_CHANGED, Do.END, State.CHANGED),
        (answer(etag="f" * 32, file_changed=True), Event.FILE_CHANGED, Do.END, State.CHANGED),
        (answer(file_changed=True), Event.PUT_STORED, Do.END, State.SENT),
    ],
)  # fmt: skip
def test_each_answer_to_a_first_put(told: PutResult, event: Event, do: Do, state: State) -> None:
    named = name_put(told, unanswered=False, ever_sent=False, denied=False, overdue=False)

    assert event is named
    assert (do, state) == (TABLE[named].do, TABLE[named].state)


@pytest.mark.parametrize(
    ("told", "event", "state"),
    [
        (expired(), Event.PUT_EXPIRED_IN_DOUBT, State.IN_DOUBT),
        (refusal(403, "SignatureDoesNotMatch"), Event.PUT_REFUSED_IN_DOUBT, State.IN_DOUBT),
        (refusal(403, "AccessDenied"), Event.PUT_REFUSED_IN_DOUBT, State.IN_DOUBT),
        (silence(0, connected=False), Event.PUT_UNCONNECTED_AGAIN, State.SENDING),
        (refusal(503), Event.PUT_LATER, State.SENDING),
        (answer(), Event.PUT_STORED, State.SENT),
    ],
)
def test_after_a_put_without_an_answer_no_row_asks_for_a_new_permission(
    told: PutResult, event: Event, state: State
) -> None:
    named = name_put(told, unanswered=True, ever_sent=True, denied=False, overdue=True)

    assert event is named
    assert TABLE[named].state is state
    assert TABLE[named].do is not Do.NEW


@pytest.mark.parametrize(("ever_sent", "denied"), [(True, False), (False, True)])
def test_an_unexplained_denial_is_only_forgiven_once_and_only_while_nothing_was_sent(
    ever_sent: bool, denied: bool
) -> None:
    named = name_put(refusal(403, "AccessDenied"), False, ever_sent, denied, overdue=False)

    assert named is Event.PUT_DENIED_AGAIN


@pytest.mark.parametrize(
    ("overdue", "unanswered", "do"), [(False, False, Do.SAME), (True, False, Do.NEW), (True, True, Do.SAME)]
)
@pytest.mark.parametrize("ever_sent", [True, False])
def test_an_unreachable_store_gets_a_new_url_only_after_its_time_and_while_nothing_can_have_landed(
    overdue: bool, unanswered: bool, ever_sent: bool, do: Do
) -> None:
    answer = silence(0, connected=False)
    named = name_put(answer, unanswered, ever_sent or unanswered, denied=False, overdue=overdue)

    assert do is TABLE[named].do


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize(
    ("overdue", "unanswered", "ever_sent", "event"),
    [
        (True, False, False, Event.PUT_EXPIRED),
        (True, False, True, Event.PUT_EXPIRED),
        (True, True, True, Event.PUT_REFUSED_IN_DOUBT),
        (False, True, True, Event.PUT_REFUSED_IN_DOUBT),
        (False, False, False, Event.PUT_DENIED),
        (False, False, True, Event.PUT_DENIED_AGAIN),
    ],
)
def test_access_denied_means_expired_where_our_clock_says_so_and_nothing_can_have_landed(
    status: int, overdue: bool, unanswered: bool, ever_sent: bool, event: Event
) -> None:
    named = name_put(refusal(status, "AccessDenied"), unanswered, ever_sent, denied=False, overdue=overdue)

    assert event is named


@pytest.mark.parametrize(
    "code", ["SignatureDoesNotMatch", "AuthorizationQueryParametersError", "EntityTooLarge", ""]
)
def test_another_refusal_with_400_is_none_of_a_url_that_expired(code: str) -> None:
    assert name_put(refusal(400, code), False, False, denied=False, overdue=True) is Event.PUT_REFUSED


def test_every_event_has_its_row() -> None:
    assert set(Event) == set(TABLE)


@pytest.mark.parametrize(
    ("told", "may"),
    [
        (silence(0), False), (silence(5), False), (silence(10), True), (refusal(503), False), (refusal(503, "", 5), False),
        (refusal(500, "", 10), True), (refusal(400, "RequestTimeout", 10), False), (refusal(501, "", 10), False),
        (answer(etag="f" * 32), True),
        (answer(status=0, bytes_sent=5, whole_body_sent=False, file_changed=True), False),
        (answer(status=0, file_changed=True), True),
        (answer(bytes_sent=5, whole_body_sent=False, file_changed=True), True),
    ],
)  # fmt: skip
def test_what_leaves_doubt(told: PutResult, may: bool) -> None:
    assert may is may_have_landed(told)


def test_waits_are_between_one_second_and_one_minute_and_follow_retry_after() -> None:
    assert [backoff(n, None, lambda: 0.0) for n in (1, 2, 3, 9)] == [1, 2, 4, 40]
    assert backoff(9, None, lambda: 1.0) == 60
    assert backoff(1, 12.0, lambda: 0.5) == 12.5
    assert backoff(1, 86_400.0, lambda: 0.5) == 300.5
