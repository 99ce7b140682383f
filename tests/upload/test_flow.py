"""Whole uploads: what the receipts, the ledger and the store say afterwards."""

import hashlib
import json
import threading
import time
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.options import Progress
from lexer_pipeline.uploading.receipts import exit_code

from tests.upload.helpers import HASTY, LINE, after, entry, md5_of, prepared, send
from tests.upload.store import TOKEN, Store

LONG = (
    LINE * 1_000_000
)  # more than the buffers on the way hold, so that a line can break before the last block


def test_a_prepared_batch_ends_with_a_receipt(store: Store, out: Path) -> None:
    batch = prepared(out)

    (receipt,) = send(store, out, batch)

    assert ("sent", "101", True, "") == (receipt.state, receipt.upload_id, receipt.verified, receipt.reason)
    assert receipt.as_json() == json.loads((batch.path / "receipt.json").read_bytes())
    assert store.stored == [("101", md5_of(batch))]
    assert exit_code([receipt]) == 0
    assert store.posts[0].headers["auth-api-token"] == TOKEN
    assert json.loads(store.posts[0].body) == {"filename": "customers-20240306-a.json"}
    assert entry(out).url is None


def test_a_known_dataset_is_named_as_the_destination(store: Store, out: Path) -> None:
    send(store, out, prepared(out), settings={"datasets": {"customer_record": "a1b2c3d4"}})

    destination = {
        "destination_type": "dataset_load",
        "dataset_id": "a1b2c3d4",
        "record_type": "customer_record",
    }
    assert json.loads(store.posts[0].body)["destination"] == destination


def test_a_sent_batch_is_not_sent_again(store: Store, out: Path) -> None:
    batch = prepared(out)
    first = send(store, out, batch)

    assert send(store, out, batch) == first
    assert len(store.posts) == len(store.puts) == 1


def test_a_receipt_that_was_not_written_in_time_is_written_by_the_next_run(store: Store, out: Path) -> None:
    batch = prepared(out)
    first = send(store, out, batch)
    (batch.path / "receipt.json").unlink()

    assert send(store, out, batch) == first
    assert (batch.path / "receipt.json").exists()


def test_the_same_content_under_another_name_is_refused_and_says_who_has_it(store: Store, out: Path) -> None:
    send(store, out, prepared(out))

    (receipt,) = send(store, out, prepared(out, "members-20240306-a"))

    assert receipt.state == "refused"
    assert "upload 101" in receipt.reason
    assert "--resend" in receipt.hint
    assert exit_code([receipt]) == 4
    assert len(store.posts) == 1


def test_the_same_content_in_one_run_is_sent_once(store: Store, out: Path) -> None:
    receipts = send(store, out, *(prepared(out, f"{name}-20240306-a") for name in ("ada", "mira", "noor")))

    assert len(store.posts) == 1
    assert sorted(receipt.state for receipt in receipts).count("sent") == 1


def test_the_same_content_may_go_to_another_dataset(store: Store, out: Path) -> None:
    for dataset in ("first", "second"):
        (receipt,) = send(store, out, prepared(out, f"{dataset}-20240306-a", destination=dataset))
        assert (receipt.state, receipt.dataset) == ("sent", dataset)

    assert len(store.stored) == 2


def test_a_batch_that_was_sent_to_one_dataset_goes_to_no_other(store: Store, out: Path) -> None:
    batch = prepared(out)
    send(store, out, batch, settings={"datasets": {"*": "first"}})

    (receipt,) = send(store, out, batch, settings={"datasets": {"*": "second"}})

    assert (receipt.state, receipt.dataset, len(store.posts)) == ("sent", "first", 1)


@pytest.mark.parametrize("name", ["customers-20240306-a", "members-20240306-a"])
def test_resend_sends_the_same_content_anew(store: Store, out: Path, name: str) -> None:
    send(store, out, prepared(out))

    (receipt,) = send(store, out, prepared(out, name), resend=True)

    assert (receipt.state, receipt.upload_id) == ("sent", "102")


def test_a_lost_ledger_does_not_send_what_has_a_receipt(store: Store, out: Path) -> None:
    batch = prepared(out)
    send(store, out, batch)
    (out / "ledger.sqlite3").unlink()

    (receipt,) = send(store, out, batch)

    assert receipt.state == "refused"
    assert "101" in receipt.reason
    assert len(store.posts) == 1
    assert send(store, out, batch, resend=True)[0].state == "sent"


@pytest.mark.parametrize("more", [{}, {"resend": True}, {"older": True}])
def test_a_held_batch_is_named_with_what_releases_it_and_never_sent(
    store: Store, out: Path, more: dict[str, bool]
) -> None:
    (receipt,) = send(store, out, prepared(out, state="held"), **more)

    assert (receipt.state, exit_code([receipt])) == ("held", 4)
    assert "convert" in receipt.hint
    assert not store.posts


def test_without_a_token_nothing_is_asked(store: Store, out: Path) -> None:
    with pytest.raises(UsageError, match="no upload token"):
        send(store, out, prepared(out), settings={"token": None})
    assert not store.posts


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_stops_the_whole_run(store: Store, out: Path, status: int) -> None:
    store.post_faults = [f"status:{status}"]
    batches = [prepared(out, f"customers_{n}-20240306-a", LINE * n) for n in range(1, 5)]

    receipts = send(store, out, *batches, settings={"parallel": 1})

    assert len(store.posts) == 1
    assert {receipt.state for receipt in receipts} == {"prepared"}
    assert "allow-list" in receipts[0].reason
    assert exit_code(receipts) == 4
    assert all(receipt.state == "sent" for receipt in send(store, out, *batches))


def test_others_finish_what_they_send_when_the_token_is_refused(store: Store, out: Path) -> None:
    store.put_faults = ["slow:0.5"]
    store.post_faults = ["", "status:401"]
    batches = [prepared(out, f"customers_{n}-20240306-a", LINE * n) for n in (1, 2)]

    receipts = send(store, out, *batches, settings={"parallel": 2})

    assert sorted(receipt.state for receipt in receipts) == ["prepared", "sent"]


@pytest.mark.parametrize(
    "fault",
    ["reset", "hang:3600", "status:500", "status:503", "say:<html>hello</html>", 'say:{"id": 7}', "say:[]",
     'say:{"id": true, "url": "https://s3.example.com/x"}', 'say:{"id": 5, "url": "http://s3.example.com/x"}',
     "status:429", "status:429:Retry-After: 2"],
)  # fmt: skip
def test_permission_is_asked_for_again(store: Store, out: Path, fault: str) -> None:
    store.post_faults = [fault]
    is_silent = fault.startswith("hang")

    (receipt,) = send(store, out, prepared(out), settings=HASTY if is_silent else {})

    asked = len(store.posts)
    assert (receipt.state, receipt.upload_id) == ("sent", str(100 + asked))
    assert asked == 2 or (is_silent and asked > 2)


def test_the_words_of_the_api_stand_in_receipt_and_ledger(store: Store, out: Path) -> None:
    store.post_faults = ['words:400:{"message": "filename must end with .ndjson"}']

    (receipt,) = send(store, out, prepared(out))

    assert receipt.reason == "the permission was refused (400: filename must end with .ndjson)"
    assert "--resend" in receipt.hint
    assert entry(out).reason == receipt.reason


def test_the_words_of_the_store_stand_in_receipt_and_ledger(store: Store, out: Path) -> None:
    store.put_faults = ["refuse:400:EntityTooLarge:Your proposed upload exceeds the maximum allowed size"]

    (receipt,) = send(store, out, prepared(out))

    words = "the store refused the file (400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size …)"
    assert receipt.reason.startswith(words)
    assert entry(out).reason == receipt.reason


@pytest.mark.parametrize(
    ("asked", "sent", "words"),
    [
        ('words:401:{"error": "token is revoked"}', "", "(401: token is revoked)"),
        ('say:{"message": "try tomorrow"}', "", "the answer holds no usable id and url: try tomorrow"),
        ("words:502:<html><title>Bad Gateway</title></html>", "", "(502: Bad Gateway)"),
        ("words:503:", "", "(503)"),
        ("", "refuse:503:SlowDown:Please slow down", "(503 SlowDown: Please slow down …)"),
    ],
)
def test_what_goes_on_later_says_why_in_the_services_words(
    store: Store, out: Path, asked: str, sent: str, words: str
) -> None:
    store.post_faults, store.put_faults = [asked], [sent]

    (receipt,) = send(store, out, prepared(out), settings={"tries": 1})

    assert words in receipt.reason
    assert words in entry(out).reason


def test_waiting_says_how_long_and_for_what(store: Store, out: Path) -> None:
    store.post_faults = ["status:429:Retry-After: 7"]
    store.put_faults = ["refuse:503:SlowDown:Please slow down"]
    told: list[Progress] = []

    send(store, out, prepared(out), progress=told.append, random=lambda: 0.5)

    waits = [(one.waits, one.sent, one.reason.partition(" (")[0]) for one in told if one.waits is not None]
    assert waits == [
        (7.5, 0, "too many requests for permission"),
        (2.5, 0, "the store asked to try again"),
    ]
    assert told[-1].sent == told[-1].total


@pytest.mark.parametrize("status", [400, 404, 422, 302, 307])
def test_a_refused_permission_is_final(store: Store, out: Path, status: int) -> None:
    store.post_faults = [f"status:{status}:Location: http://127.0.0.1:9/"]
    batch = prepared(out)

    (receipt,) = send(store, out, batch)

    assert receipt.state == "refused"
    assert exit_code([receipt]) == 4
    assert send(store, out, batch)[0].state == "refused"
    assert len(store.posts) == 1
    assert send(store, out, batch, resend=True)[0].state == "sent"


@pytest.mark.parametrize(
    "fault",
    ["reset-at-once", "cut:0", "cut:0.5", "unstored-reset", "stored-reset", "stored-hang", "stall:0.5",
     "refuse:503:SlowDown", "late:503:SlowDown", "late:500:InternalError", "stored-late:500:InternalError",
     "late:400:RequestTimeout", "late:400:IncompleteBody", "late:400:BadDigest", "late:502", "late:504",
     "refuse:408", "refuse:429", "etag:00000000000000000000000000000000"],
)  # fmt: skip
def test_after_trouble_the_same_url_is_tried_again(store: Store, out: Path, fault: str) -> None:
    store.put_faults = [fault]
    batch = prepared(out, data=LINE * 100_000)
    is_silent = fault in ("stored-hang", "stall:0.5")

    (receipt,) = send(store, out, batch, settings=HASTY if is_silent else {})

    assert (receipt.state, receipt.upload_id, receipt.verified) == ("sent", "101", True)
    assert len(store.posts) == 1
    assert {put.upload_id for put in store.puts} == {"101"}
    assert len(store.puts) == 2 or (is_silent and len(store.puts) > 2)
    assert hashlib.md5(store.objects["101"]).hexdigest() == md5_of(batch)


@pytest.mark.parametrize(
    "fault",
    ["refuse:403:SignatureDoesNotMatch", "refuse:400:AuthorizationQueryParametersError", "refuse:501:NotImplemented",
     "refuse:400:EntityTooLarge", "refuse:307:Location:http://127.0.0.1:9/", "refuse:301", "refuse:404:NoSuchBucket"],
)  # fmt: skip
def test_a_refusal_by_the_store_is_final(store: Store, out: Path, fault: str) -> None:
    store.put_faults = [fault]

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, len(store.posts), len(store.puts)) == ("refused", 1, 1)
    assert exit_code([receipt]) == 4


def test_an_expired_url_is_replaced_while_nothing_can_have_landed(store: Store, out: Path) -> None:
    store.expired = {"101"}

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, receipt.upload_id) == ("sent", "102")


@pytest.mark.parametrize("fault", ["stored-reset", "unstored-reset", "stored-late:500:InternalError"])
def test_an_expired_url_after_a_try_without_an_answer_is_in_doubt(
    store: Store, out: Path, fault: str
) -> None:
    store.put_faults = [fault, "refuse:403:AccessDenied:Request has expired"]
    batch = prepared(out, data=LINE * 100_000)

    (receipt,) = send(store, out, batch)

    assert (receipt.state, receipt.upload_id, len(store.posts)) == ("in_doubt", "101", 1)
    assert "--resend" in receipt.reason
    assert "settle" in receipt.hint
    assert exit_code([receipt]) == 4
    assert send(store, out, batch)[0].state == "in_doubt"
    assert send(store, out, prepared(out, "members-20240306-a", LINE * 100_000))[0].state == "refused"
    assert len(store.posts) == 1
    assert send(store, out, batch, resend=True)[0].upload_id == "102"


@pytest.mark.parametrize(
    "fault",
    ["refuse:403:AccessDenied:Request has expired", "refuse:400:AccessDenied", "refuse:403:AccessDenied"],
)
def test_a_line_that_broke_before_the_last_block_leaves_no_doubt_when_the_url_expires(
    store: Store, out: Path, fault: str
) -> None:
    store.put_faults = ["cut:0.1", fault]
    clock = [time.time()]

    def later(_: float) -> None:
        clock[0] += 7200 if store.puts else 0

    (receipt,) = send(store, out, prepared(out, data=LONG), sleep=later, clock=lambda: clock[0])

    assert (receipt.state, receipt.upload_id, len(store.stored)) == ("sent", "102", 1)


@pytest.mark.parametrize("fault", ["refuse:400:AccessDenied", "refuse:403:AccessDenied"])
def test_a_store_that_denies_what_has_expired_by_our_clock_leaves_a_doubt_after_the_last_block(
    store: Store, out: Path, fault: str
) -> None:
    store.put_faults = ["stored-reset", fault]
    clock = [time.time()]

    def later(_: float) -> None:
        clock[0] += 7200 if store.puts else 0

    (receipt,) = send(store, out, prepared(out), sleep=later, clock=lambda: clock[0])

    assert (receipt.state, len(store.posts)) == ("in_doubt", 1)


def test_a_url_that_is_over_by_our_clock_when_it_comes_says_that_our_clock_is_wrong(
    store: Store, out: Path
) -> None:
    store.put_faults = ["refuse:403:AccessDenied"] * 10

    (receipt,) = send(store, out, prepared(out), clock=lambda: time.time() + 86_400)

    assert (receipt.state, len(store.posts), entry(out).expires_at) == ("refused", 2, None)


@pytest.mark.parametrize(
    ("fault", "md5"), [("cut:0.1", ""), ("unstored-reset", "known"), ("refuse:503", ""), ("", "known")]
)
def test_the_ledger_knows_the_md5_once_a_whole_body_was_sent(
    store: Store, out: Path, fault: str, md5: str
) -> None:
    store.put_faults = [fault]
    batch = prepared(out, data=LONG)

    send(store, out, batch, settings={"tries": 1})

    assert entry(out).md5 == (md5_of(batch) if md5 else "")


def test_an_answered_refusal_leaves_no_doubt_when_the_url_expires(store: Store, out: Path) -> None:
    store.put_faults = ["refuse:503:SlowDown", "refuse:403:AccessDenied:Request has expired"]

    assert send(store, out, prepared(out))[0].upload_id == "102"


def test_an_unexplained_denial_gets_one_new_permission(store: Store, out: Path) -> None:
    store.put_faults = ["refuse:403:AccessDenied", "refuse:403:AccessDenied", ""]

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, len(store.posts)) == ("refused", 2)


def test_an_etag_that_is_no_md5_counts_as_sent_but_unverified(store: Store, out: Path) -> None:
    store.put_faults = ["etag:0123-4"]

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, receipt.verified, receipt.etag) == ("sent", False, "0123-4")


def test_an_encrypted_bucket_whose_etag_looks_like_an_md5_counts_as_sent(store: Store, out: Path) -> None:
    store.put_faults = ["kms"]

    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, receipt.verified) == ("sent", False)


def test_tries_are_bounded_and_the_next_run_goes_on(store: Store, out: Path) -> None:
    store.put_faults = ["late:503:SlowDown"] * 3
    batch = prepared(out)

    (receipt,) = send(store, out, batch, settings={"tries": 3})

    assert receipt.state == "sending"
    assert exit_code([receipt]) == 5
    assert send(store, out, batch)[0].upload_id == "101"


def test_a_service_that_is_down_is_tried_later(out: Path) -> None:
    with Store() as store:
        pass
    (receipt,) = send(store, out, prepared(out))

    assert (receipt.state, exit_code([receipt])) == ("prepared", 5)


@pytest.mark.parametrize(
    ("needs", "code"),
    [
        ((), 0),
        (("", ""), 0),
        (("", "person"), 4),
        (("time", ""), 5),
        (("person", "time", ""), 5),
        (("time", "person"), 5),
    ],
)
def test_later_comes_before_a_person_in_the_exit_code(needs: tuple[str, ...], code: int) -> None:
    receipts = [Receipt("b", "n", "s", "x", None, "", 1, 1, "", "", False, 0.0, needs=one) for one in needs]

    assert exit_code(receipts) == code


def test_waits_grow_and_a_retry_after_is_heard(store: Store, out: Path) -> None:
    store.post_faults = ["status:500", "status:500", "status:429:Retry-After: 7"]
    waits: list[float] = []

    send(store, out, prepared(out), sleep=waits.append, random=lambda: 0.5)

    assert sum(waits) == pytest.approx(1.25 + 2.5 + 7.5, abs=1.0)  # and the pace of requests


def test_a_stop_leaves_the_upload_to_the_next_run(store: Store, out: Path) -> None:
    batch = prepared(out, data=LINE * 200_000)
    stop = threading.Event()
    rate = {"limit_rate": 1_000_000}

    (receipt,) = send(store, out, batch, stop=stop.is_set, progress=after(2, stop), settings=rate)

    assert (receipt.state, exit_code([receipt])) == ("sending", 5)
    assert send(store, out, batch)[0].upload_id == "101"
    assert len(store.posts) == 1


def test_a_callback_that_fails_does_not_lose_the_upload(store: Store, out: Path) -> None:
    batch = prepared(out)

    def fail(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(store, out, batch, progress=fail)
    assert send(store, out, batch)[0].upload_id == "101"


def test_a_file_over_the_limit_is_refused_before_asking(store: Store, out: Path) -> None:
    batch = prepared(out, bytes=5_000_000_001)
    with batch.file.open("r+b") as file:
        file.truncate(5_000_000_001)  # sparse

    (receipt,) = send(store, out, batch)

    assert (receipt.state, store.posts) == ("refused", [])


@pytest.mark.parametrize(("asked_for", "state"), [("first", "sent"), ("second", "sending")])
def test_a_batch_cannot_change_its_dataset_while_it_is_under_way(
    store: Store, out: Path, asked_for: str, state: str
) -> None:
    batch = prepared(out)
    store.put_faults = ["stored-reset"] * 2
    send(store, out, batch, settings={"tries": 2, "datasets": {"*": "first"}})

    (receipt,) = send(store, out, batch, settings={"datasets": {"*": asked_for}})

    assert (receipt.state, receipt.dataset, len(store.posts)) == (state, "first", 1)
    assert (entry(out).upload_id, entry(out).dataset) == ("101", "first")
