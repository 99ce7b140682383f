"""PUT to the presigned url."""

import hashlib
from pathlib import Path

import pytest
from lexer_pipeline.sandbox.server import Sandbox
from sandbox_wire import GOOD, PRODUCTS, Reply, Wire, ask, is_noted, kinds, put


def url(sandbox: Sandbox, token: str) -> str:
    return str(ask(sandbox, token).json["url"])


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def object_file(folder: Path, upload: int = 1) -> Path:
    return folder / "sandbox" / "objects" / "lexer-client-upload-local" / "uploads" / str(upload) / PRODUCTS


@pytest.mark.parametrize("expect", [True, False])
@pytest.mark.parametrize("size", [1, 8191, 1 << 20, 5_000_001])
def test_an_object_is_stored_byte_for_byte(
    sandbox: Sandbox, tmp_path: Path, token: str, size: int, expect: bool
) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    reply = put(url(sandbox, token), body, expect=expect)

    assert (reply.status, reply.body, reply.headers["ETag"]) == (200, b"", f'"{md5(body)}"')
    assert object_file(tmp_path).read_bytes() == body
    assert kinds(sandbox)[:6] == ["asked", "granted", "begun", "received", "stored", "answered"]
    stored = next(event for event in sandbox.events() if event["kind"] == "stored")
    assert (stored["upload"], stored["md5"], stored["size"]) == (1, md5(body), size)


def test_an_empty_object_with_a_length_is_stored(sandbox: Sandbox, token: str) -> None:
    assert put(url(sandbox, token), b"", expect=False).headers["ETag"] == f'"{md5(b"")}"'


def test_a_second_put_replaces_the_object(sandbox: Sandbox, tmp_path: Path, token: str) -> None:
    target = url(sandbox, token)
    assert [put(target, body).status for body in (b"{}\n", GOOD)] == [200, 200]

    assert object_file(tmp_path).read_bytes() == GOOD
    assert (sandbox.uploads()[0]["puts"], sandbox.uploads()[0]["md5"]) == (2, md5(GOOD))


def refused(reply: Reply, status: int, code: str) -> None:
    assert (reply.status, reply.code, reply.continued) == (status, code, False)
    assert reply.headers["Content-Type"] == "application/xml"


@pytest.mark.parametrize(
    "spoil", [lambda one: one[:-1] + ("0" if one[-1] != "0" else "1"), lambda one: one + "0"]
)
def test_the_store_itself_refuses_a_wrong_signature_before_the_body(
    sandbox: Sandbox, token: str, spoil: object
) -> None:
    refused(put(spoil(url(sandbox, token))), 403, "SignatureDoesNotMatch")  # type: ignore[operator]
    assert "stored" not in kinds(sandbox)


def test_a_signature_covers_key_host_and_lifetime(sandbox: Sandbox, token: str) -> None:
    target = url(sandbox, token)
    for changed in (
        target.replace("/uploads/1/", "/uploads/2/"),
        target.replace("-a.json", "-b.json"),
        target.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200"),
        target.replace("127.0.0.1", "localhost"),
    ):
        refused(put(changed), 403, "SignatureDoesNotMatch")


def test_only_put_is_signed(sandbox: Sandbox, token: str) -> None:
    with Wire(url(sandbox, token)) as wire:
        wire.head("GET", {})
        assert wire.reply().status == 403


def test_an_expired_url_is_refused(sandbox: Sandbox, token: str) -> None:
    target = url(sandbox, token)
    sandbox.set(clock_offset=3601)
    reply = put(target)

    refused(reply, 403, "AccessDenied")
    assert b"<Message>Request has expired</Message>" in reply.body


def test_a_put_that_began_in_time_may_end_late(sandbox: Sandbox, token: str) -> None:
    with Wire(url(sandbox, token)) as wire:
        wire.head("PUT", {"Content-Length": str(len(GOOD)), "Expect": "100-continue"})
        assert wire.is_asked()
        sandbox.set(clock_offset=3601)
        wire.socket.sendall(GOOD)

        assert wire.reply().status == 200


@pytest.mark.parametrize("offset", [7200, -7200])
def test_a_service_whose_clock_is_wrong_makes_urls_that_it_takes(
    sandbox: Sandbox, token: str, offset: float
) -> None:
    sandbox.set(clock_offset=offset)
    target = url(sandbox, token)

    assert put(target).status == 200
    refused(put(target + "0"), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": "Basic bWlyYTpob2x0"}, 400, "InvalidArgument"),
        ({"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}, 403, "AccessDenied"),
        ({"x-amz-acl": "private"}, 403, "AccessDenied"),
        ({"Content-Length": str((5 << 30) + 1)}, 400, "EntityTooLarge"),
        ({"Content-Length": "-1"}, 400, "InvalidArgument"),
    ],
)
def test_aws_refuses_these_headers_before_the_body(
    sandbox: Sandbox, token: str, headers: dict[str, str], status: int, code: str
) -> None:
    refused(put(url(sandbox, token), headers=headers), status, code)


def test_unsigned_headers_are_named(sandbox: Sandbox, token: str) -> None:
    reply = put(url(sandbox, token), headers={"X-Amz-Acl": "private", "Content-MD5": "x"})

    assert b"<HeadersNotSigned>content-md5, x-amz-acl</HeadersNotSigned>" in reply.body


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({"Transfer-Encoding": "chunked"}, 501, "NotImplemented"), ({}, 411, "MissingContentLength")],
)
def test_a_body_without_a_length_is_refused(
    sandbox: Sandbox, token: str, headers: dict[str, str], status: int, code: str
) -> None:
    with Wire(url(sandbox, token)) as wire:
        wire.head("PUT", headers)
        refused(wire.reply(), status, code)


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("&", "\\u0026", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=x", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=604801", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-Date=2", "X-Amz-Date=x", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=date", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-Signature=", "Signature=", 400, "AuthorizationQueryParametersError"),
        ("%2Faws4_request", "", 400, "AuthorizationQueryParametersError"),
        ("X-Amz-", "Q-", 403, "AccessDenied"),
    ],
)
def test_a_broken_query_is_refused(
    sandbox: Sandbox, token: str, old: str, new: str, status: int, code: str
) -> None:
    refused(put(url(sandbox, token).replace(old, new)), status, code)


def test_a_body_that_stands_still_ends_in_a_request_timeout(sandbox: Sandbox, token: str) -> None:
    sandbox.set(stall_seconds=0.2)
    with Wire(url(sandbox, token)) as wire:
        wire.head("PUT", {"Content-Length": "10"})
        wire.socket.sendall(b"12345")
        reply = wire.reply()

    assert (reply.status, reply.code) == (400, "RequestTimeout")
    received = next(event for event in sandbox.events() if event["kind"] == "received")
    assert (received["bytes"], received["complete"], received["ended"]) == (5, False, "stalled")
    assert "stored" not in kinds(sandbox)


def test_a_body_that_breaks_off_is_not_stored(sandbox: Sandbox, tmp_path: Path, token: str) -> None:
    with Wire(url(sandbox, token)) as wire:
        wire.head("PUT", {"Content-Length": "3000000"})
        wire.socket.sendall(b"x" * 2_000_000)

    assert is_noted(sandbox, "received")
    assert sandbox.events()[-1]["ended"] == "client closed"
    assert sandbox.events()[-1]["bytes"] == 2_000_000
    assert not object_file(tmp_path).exists()


def test_a_connection_serves_several_requests(sandbox: Sandbox, token: str) -> None:
    with Wire(url(sandbox, token)) as wire:
        for body in (b"{}\n", GOOD):
            wire.head("PUT", {"Content-Length": str(len(body))})
            wire.socket.sendall(body)
            assert wire.reply().headers["ETag"] == f'"{md5(body)}"'


def test_over_tls_an_early_refusal_is_heard(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", tls=True) as sandbox:
        target = url(sandbox, sandbox.new_token("tests"))
        assert target.startswith("https://127.0.0.1:")

        assert put(target, GOOD, ca_file=sandbox.ca_file).status == 200
        refused(put(target + "0", b"x" * 3_000_000, ca_file=sandbox.ca_file), 403, "SignatureDoesNotMatch")


def test_the_certificate_outlives_a_restart(tmp_path: Path) -> None:
    texts = []
    for _ in range(2):
        with Sandbox(tmp_path / "sandbox", tls=True) as sandbox:
            assert sandbox.ca_file
            texts.append(sandbox.ca_file.read_bytes())

    assert texts[0] == texts[1]


def test_a_sink_checks_signatures_and_keeps_nothing(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox", store="sink") as sandbox:
        target = url(sandbox, sandbox.new_token("tests"))

        assert put(target).headers["ETag"] == f'"{md5(GOOD)}"'
        refused(put(target + "0"), 403, "SignatureDoesNotMatch")
        assert not object_file(tmp_path).exists()
        assert sandbox.wait_loaded(0)
