"""The traps of sending a file over HTTP to S3, each named after what goes wrong."""

import json
import os
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.uploading.body import Identity
from lexer_pipeline.uploading.lexer_api import LexerApi, read_grant
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.policy import seconds_of
from lexer_pipeline.uploading.s3_put import put
from lexer_pipeline.uploading.transfer import PutResult, Wire
from msgspec.structs import replace

from tests.upload.helpers import LINE, body_of, entry, md5_of, prepared, send, settings, watch
from tests.upload.store import SIGNATURE, Store
from tests.waiting import PATIENCE

PATIENT = Wire(connect_timeout=PATIENCE, stall_timeout=PATIENCE, answer_timeout=PATIENCE)


def put_to(store: Store, file: Path, wire: Wire = PATIENT, **who: Any) -> PutResult:
    url = f"{store.base}/bucket/7?X-Amz-SignedHeaders={store.signed}&X-Amz-Signature={SIGNATURE}"
    return put(url, body_of(file), wire, watch(**who))


def ask(store: Store, **changes: object) -> Grant | Refusal:
    return LexerApi(settings(store, **changes)).ask("customers.json", None, "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.json"
    path.write_bytes(LINE * 100_000)
    return path


def test_empty_file(store: Store, out: Path) -> None:
    (receipt,) = send(store, out, prepared(out, data=b""))

    assert (receipt.state, receipt.reason, store.posts) == ("refused", "the file is empty", [])


def test_always_an_explicit_content_length_and_never_chunked(store: Store, file: Path) -> None:
    put_to(store, file)

    (request,) = store.puts
    assert request.headers["content-length"] == str(len(LINE) * 100_000)
    assert "transfer-encoding" not in request.headers
    assert request.raw.lower().count("content-length") == 1


def test_bytes_only_line_ends_survive(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "crlf.json"
    path.write_bytes(b"\xef\xbb\xbf{}\r\n\x00\x1a\xff" * 1000)
    put_to(store, path)

    assert store.objects["7"] == path.read_bytes()


def test_a_retry_reads_from_byte_0(store: Store, out: Path) -> None:
    store.put_faults = ["cut:0.3", "cut:0.9", "unstored-reset"]
    batch = prepared(out, data=os.urandom(3_000_000))
    send(store, out, batch)

    assert store.objects["101"] == batch.file.read_bytes()


def test_file_grows_while_it_is_sent(store: Store, file: Path) -> None:
    whole = file.read_bytes()

    def grow(sent: int, total: int) -> None:
        with file.open("ab") as more:
            more.write(b"surplus")

    result = put_to(store, file, progress=grow)

    assert store.objects["7"] == whole
    assert store.puts[0].headers["connection"] == "close"
    assert result.file_changed


def test_file_shrinks_while_it_is_sent(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    path.write_bytes(LINE * 1_000_000)

    def shrink(sent: int, total: int) -> None:
        os.truncate(path, 1000)

    result = put_to(store, path, progress=shrink)

    assert (result.status, result.file_changed, result.whole_body_sent) == (0, True, False)
    assert not store.objects


@pytest.mark.parametrize("spoil", ["rewritten", "shorter", "gone"])
def test_a_file_that_is_not_the_prepared_one_is_never_asked_for(store: Store, out: Path, spoil: str) -> None:
    batch = prepared(out)
    if spoil == "gone":
        batch.file.unlink()
    else:
        data = batch.file.read_bytes()
        batch.file.write_bytes(data[:-1] if spoil == "shorter" else data[:-2] + b" \n")

    (receipt,) = send(store, out, batch)

    assert (receipt.state, store.posts) == ("changed", [])


def test_a_file_that_is_mended_can_be_sent(store: Store, out: Path) -> None:
    batch = prepared(out)
    data = batch.file.read_bytes()
    batch.file.write_bytes(b"x" * len(data))
    send(store, out, batch)
    batch.file.write_bytes(data)

    assert send(store, out, batch)[0].state == "sent"


def test_a_file_replaced_between_tries_is_not_sent_under_the_same_id(store: Store, out: Path) -> None:
    store.put_faults = ["late:503"]
    batch = prepared(out)

    def exchange(_: float) -> None:
        if store.puts:
            batch.file.write_bytes(b"y" * batch.manifest.bytes)

    (receipt,) = send(store, out, batch, sleep=exchange)

    assert (receipt.state, len(store.puts)) == ("changed", 1)
    assert "upload 101" in receipt.reason  # the 503 came after the whole body


@pytest.mark.parametrize("place", [0, 1_500_000, 2_999_999])
def test_the_last_block_is_kept_back_until_all_that_left_is_what_was_prepared(
    store: Store, tmp_path: Path, place: int
) -> None:
    path = tmp_path / "big.json"
    path.write_bytes(os.urandom(3_000_000))
    body = body_of(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([path.read_bytes()[place] ^ 1]))
    before = int(body.identity.marks[-1])
    os.utime(path, ns=(before, before))
    assert body.identity == Identity.of(path)

    url = f"{store.base}/bucket/7?X-Amz-SignedHeaders=host"
    result = put(url, body, PATIENT, watch())

    assert (result.status, result.file_changed, result.whole_body_sent) == (0, True, False)
    assert store.objects == {}


def test_a_large_file_that_changed_is_not_stored_and_may_be_sent_once_mended(
    store: Store, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexer_pipeline.uploading.outgoing.READ_FIRST", 1000)
    batch = prepared(out, data=LINE * 100_000)
    data = batch.file.read_bytes()
    batch.file.write_bytes(data[:-2] + b" \n")

    (receipt,) = send(store, out, batch)
    assert (receipt.state, len(store.puts), store.objects) == ("changed", 1, {})
    assert "may have arrived" not in receipt.reason
    batch.file.write_bytes(data)

    assert send(store, out, batch)[0].state == "sent"
    assert store.stored == [("102", md5_of(batch))]


def test_a_touched_file_with_the_same_content_is_sent(store: Store, out: Path) -> None:
    store.put_faults = ["refuse:503"]
    batch = prepared(out)

    (receipt,) = send(store, out, batch, sleep=lambda _: batch.file.touch())

    assert receipt.state == "sent"


def test_no_automatic_retries(store: Store, file: Path) -> None:
    store.put_faults = ["stored-hang"]
    result = put_to(store, file, replace(PATIENT, answer_timeout=0.3))

    assert (result.status, result.whole_body_sent, len(store.puts)) == (0, True, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 308])
def test_redirects_are_not_followed(store: Store, file: Path, status: int) -> None:
    with Store() as other:
        store.post_faults = [f"status:{status}:Location: {other.url}"]
        store.put_faults = [f"refuse:{status}:Location:{other.base}/bucket/7"]
        asked = ask(store)
        result = put_to(store, file)

    assert (asked, result.status) == (Refusal(status, f"it points to 127.0.0.1:{other.port}"), status)
    assert other.posts == other.puts == []


@pytest.mark.parametrize("place", ["http://[", "http://[::1", "//", "http://a:b/", "\\xff"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_answer_that_points_nowhere_is_a_refusal(store: Store, place: str, status: int) -> None:
    store.post_faults = [f"status:{status}:Location: {place}"]

    asked = ask(store)

    assert isinstance(asked, Refusal)
    assert asked.status == status


def test_the_token_is_never_sent_on(store: Store) -> None:
    with Store() as other:
        store.post_faults = [f"status:307:Location: {other.url}"]
        asked = ask(store)

    assert (asked, other.posts) == (Refusal(307, f"it points to 127.0.0.1:{other.port}"), [])


def test_netrc_is_ignored(store: Store, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("default login mira password holt\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    ask(store)
    put_to(store, file)

    assert "authorization" not in store.posts[0].headers
    assert "authorization" not in store.puts[0].headers


def test_proxy_variables_are_ignored(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    assert isinstance(ask(store), Grant)
    assert put_to(store, file).status == 200


def test_a_proxy_is_used_when_it_is_a_setting(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with Store() as proxy:
        put_to(store, file, replace(PATIENT, proxy=proxy.base))
        ask(store, proxy=proxy.base)

    assert proxy.puts[0].path.startswith("http://")
    assert len(proxy.posts) == 1
    assert store.puts == store.posts == []


def test_a_proxy_that_refuses_is_named(store: Store, file: Path) -> None:
    store.put_faults, store.post_faults = ["refuse:407"] * 2, []
    wire = replace(PATIENT, proxy=store.base)

    result = put("https://s3.example.com/k?X-Amz-Signature=1", body_of(file), wire, watch())
    asked = ask(store, url="https://api.example.com/v1/uploads", proxy=store.base)

    proxy = f"(through the proxy 127.0.0.1:{store.port})"
    assert (result.connected, result.status) == (False, 0)
    assert result.detail == f"the proxy refused the way to s3.example.com {proxy}"
    assert asked == Refusal(0, f"api.example.com {proxy} could not be reached")


def test_a_pause_longer_than_the_connect_timeout_is_no_timeout(store: Store, file: Path) -> None:
    store.put_faults = ["slow:1.5"]

    assert put_to(store, file, replace(PATIENT, connect_timeout=1.0)).status == 200


def test_a_stall_ends_the_try(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    path.write_bytes(LINE * 1_000_000)
    store.put_faults = ["stall:0.1"]

    result = put_to(store, path, replace(PATIENT, stall_timeout=0.5))

    assert (result.status, result.whole_body_sent) == (0, False)
    assert result.detail == f"the transfer to 127.0.0.1:{store.port} stalled"


def test_only_what_the_signature_permits_is_sent(store: Store, file: Path) -> None:
    put_to(store, file)

    assert set(store.puts[0].headers) == {"host", "content-length", "expect", "connection"}


def test_a_signed_checksum_and_type_are_sent(store: Store, file: Path) -> None:
    store.signed = "content-md5;content-type;host"
    put_to(store, file)

    headers = store.puts[0].headers
    assert {"content-md5", "content-type"} < set(headers)


def test_expect_is_sent_for_a_small_file_too(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "small.json"
    path.write_bytes(LINE)
    store.put_faults = ["refuse:403:SignatureDoesNotMatch"]

    result = put_to(store, path)

    assert store.puts[0].headers["expect"] == "100-continue"
    assert (result.status, result.code, result.bytes_sent) == (403, "SignatureDoesNotMatch", 0)


def test_a_server_that_never_says_continue_gets_the_body(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexer_pipeline.uploading.s3_put.EXPECT_SECONDS", 0.3)
    store.blind = True

    assert put_to(store, file).status == 200


def test_dot_segments_never_become_a_name(store: Store, out: Path) -> None:
    for name in ("..", ".", "../x.json", "a b.json", "ä.json", "a/b.json"):
        with pytest.raises(UsageError, match="is not a prepared batch"):
            send(store, out, prepared(out, file=name))
    assert store.posts == []


def test_a_timeout_of_s3_is_a_400_and_not_final(store: Store, out: Path) -> None:
    store.put_faults = ["late:400:RequestTimeout"]

    assert send(store, out, prepared(out))[0].state == "sent"


def test_permission_is_asked_for_just_before_sending(store: Store, out: Path) -> None:
    batches = [prepared(out, f"customers-20240306-{v}", LINE * n) for n, v in enumerate("abc", 1)]
    store.put_faults = ["slow:0.2"] * 3
    send(store, out, *batches, settings={"parallel": 1}, sleep=time.sleep)

    times = sorted([(r.at, "post") for r in store.posts] + [(r.at, "put") for r in store.puts])
    assert [kind for _, kind in times] == ["post", "put"] * 3


def test_an_early_refusal_is_heard_over_tls(tls_store: Store, tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    tls_store.put_faults = ["refuse:403:SignatureDoesNotMatch"] * 8
    wire = replace(PATIENT, ca_file=tls_store.certificate)
    url = f"{tls_store.base}/bucket/7?X-Amz-SignedHeaders=host"
    body = body_of(path)

    results = [put(url, body, wire, watch()) for _ in range(8)]

    assert [(r.status, r.code, r.bytes_sent) for r in results] == [(403, "SignatureDoesNotMatch", 0)] * 8


def test_a_whole_upload_works_over_tls(tls_store: Store, out: Path) -> None:
    tls_store.put_faults = ["cut:0.5", "stored-reset"]

    assert send(tls_store, out, prepared(out, data=LINE * 100_000))[0].verified


def test_an_unknown_certificate_is_not_trusted(tls_store: Store, file: Path) -> None:
    asked = ask(tls_store, ca_file=None)
    result = put_to(tls_store, file)

    assert isinstance(asked, Refusal)
    assert (asked.status, result.status, result.connected) == (0, 0, False)
    assert "certificate" in asked.words
    assert "certificate" in result.detail
    assert tls_store.posts == tls_store.puts == []


def test_a_long_answer_is_cut(store: Store, file: Path) -> None:
    store.put_faults = ["refuse:403:SignatureDoesNotMatch:" + "x" * 300_000]
    store.post_faults = ["say:" + " " * 300_000]

    assert put_to(store, file).code == "SignatureDoesNotMatch"
    assert isinstance(ask(store), Refusal)


def test_the_escaped_ampersand_is_undone_by_json() -> None:
    text = b'{"id": 5, "url": "https://s3.example.com/k?X-Amz-Date=20240306T000000Z\\u0026X-Amz-Expires=900"}'

    grant = read_grant(text)

    assert grant is not None
    assert urlsplit(grant.url).query == "X-Amz-Date=20240306T000000Z&X-Amz-Expires=900"
    assert grant.expires_at == 1709683200 + 900


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b'{"id": 5}', b'{"url": "https://s3.example.com/"}', b'{"id": true, "url": "https://a/"}',
     b'{"id": "", "url": "https://a.example.com/"}', b'{"id": 5, "url": "http://s3.example.com/"}',
     b'{"id": 5, "url": "ftp://127.0.0.1/"}', b'{"id": 5, "url": "https://u:p@s3.example.com/"}', b"[" * 100_000,
     b'{"id": 5, "url": "https://s3.example.com/a b"}', b'{"id": 5, "url": "https://[/"}', b'{"id": 5, "url": "file:///etc/passwd"}'],
)  # fmt: skip
def test_an_unusable_grant_is_none(answer: bytes) -> None:
    assert read_grant(answer) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0", 0.0), ("", None), ("soon", None), ("-1", None), ("Wed, 06 Mar 2024 00:00:30 GMT", 30.0),
     ("Wed, 06 Mar 2024 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert seconds_of(text, 1709683200.0) == seconds


def test_the_rate_limit_holds(store: Store, file: Path) -> None:
    start = time.monotonic()
    put_to(store, file, replace(PATIENT, limit_rate=2_000_000))

    assert time.monotonic() - start > 1.0


def test_the_ledger_keeps_the_expiry_of_the_grant(store: Store, out: Path) -> None:
    store.put_faults = ["stored-reset"]
    before = int(time.time())
    send(store, out, prepared(out), settings={"tries": 1})

    assert before + 3600 <= (entry(out).expires_at or 0) <= time.time() + 3600
    assert json.loads(store.posts[0].body)["filename"] == entry(out).name


def test_a_handshake_that_never_ends_meets_the_connect_timeout(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/bucket/7"
        wire = replace(PATIENT, connect_timeout=0.3)
        result = put(url, body_of(file), wire, watch())

    assert (result.connected, result.status, result.detail) == (
        False,
        0,
        f"the connection to {urlsplit(url).netloc} timed out",
    )


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("head", 0, "did not answer in time"),
        ("201", 0, "did not answer in time"),
        ("400", 400, ""),
        ("401", 401, ""),
    ],
)
def test_an_answer_that_drips_is_ended_by_the_answer_timeout_as_a_whole(
    store: Store, what: str, status: int, words: str
) -> None:
    store.post_faults = [f"drip:{what}"]

    asked = ask(store, answer_timeout=0.3)

    assert isinstance(asked, Refusal)
    assert asked.status == status
    assert asked.words == (f"127.0.0.1:{store.port} {words}" if words else "")


def test_an_answer_that_drips_is_ended_over_tls_too(tls_store: Store) -> None:
    tls_store.post_faults = ["drip:head"]

    assert ask(tls_store, answer_timeout=0.3) == Refusal(
        0, f"127.0.0.1:{tls_store.port} did not answer in time"
    )


@pytest.mark.parametrize("kind", ["refused", "unknown", "proxy", "broken"])
def test_whoever_cannot_be_reached_is_named(store: Store, file: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = f"127.0.0.1:{closed.getsockname()[1]}"
    base = {"refused": f"http://{gone}", "unknown": "http://nobody.localhost:9"}.get(kind, store.base)
    proxy = f"http://mira:holt@{gone}" if kind == "proxy" else None
    store.post_faults, store.put_faults = ["reset"], ["reset-at-once"]

    asked = ask(store, url=f"{base}/v1/uploads", proxy=proxy)
    wire = replace(PATIENT, proxy=proxy)
    sent = put(f"{base}/bucket/7?X-Amz-Signature={SIGNATURE}", body_of(file), wire, watch())

    assert isinstance(asked, Refusal)
    where = urlsplit(base).netloc + (f" (through the proxy {gone})" if proxy else "")
    for words in (asked.words, sent.detail):
        assert where in words
        assert not [secret for secret in ("uploads", "bucket", "holt", SIGNATURE) if secret in words]
    assert ("broke" if kind == "broken" else "could not be reached") in asked.words
