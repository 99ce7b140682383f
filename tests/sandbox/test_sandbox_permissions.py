"""POST /v1/uploads."""

from pathlib import Path

import pytest
from lexer_pipeline.sandbox.permissions import RateLimit
from lexer_pipeline.sandbox.server import Sandbox
from lexer_pipeline.sandbox.state import TooManyTokensError
from sandbox_wire import PRODUCTS, Reply, Wire, admin, ask, call, kinds, put

from tests.waiting import PATIENCE

LOAD = {"destination_type": "dataset_load", "dataset_id": "a1b2c3d4", "record_type": "product"}


def test_a_permission_is_a_number_and_a_url_with_escaped_ampersands(sandbox: Sandbox, token: str) -> None:
    reply = ask(sandbox, token)

    assert reply.status == 201
    assert b"&" not in reply.body
    assert reply.body.count(b"\\u0026") == 5
    assert reply.json["id"] == 1
    assert reply.json["url"].startswith(sandbox.page)


def test_every_permission_has_an_id_and_a_key_of_its_own(sandbox: Sandbox, token: str) -> None:
    first, second = ask(sandbox, token).json, ask(sandbox, token).json

    assert first["id"] != second["id"]
    assert first["url"].partition("?")[0] != second["url"].partition("?")[0]


def test_a_refused_request_makes_no_permission(sandbox: Sandbox) -> None:
    assert ask(sandbox, None).status == 401
    assert ask(sandbox, "").status == 401
    assert ask(sandbox, "guessed").status == 401

    assert sandbox.uploads() == []
    assert kinds(sandbox) == ["asked", "refused"] * 3


def test_a_revoked_token_is_refused(sandbox: Sandbox, token: str) -> None:
    assert ask(sandbox, token).status == 201
    assert admin(sandbox, "DELETE", "tokens/1").status == 200
    assert ask(sandbox, token).status == 401
    assert admin(sandbox, "DELETE", "tokens/1").status == 404


def test_at_most_five_tokens_are_active(sandbox: Sandbox) -> None:
    for number in range(5):
        assert admin(sandbox, "POST", "tokens", {"name": f"till {number}"}).status == 201

    assert admin(sandbox, "POST", "tokens", {"name": "one more"}).status == 409
    with pytest.raises(TooManyTokensError):
        sandbox.new_token("one more")
    admin(sandbox, "DELETE", "tokens/3")
    assert ask(sandbox, sandbox.new_token("instead")).status == 201


def test_tokens_and_signatures_are_kept_nowhere(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox") as sandbox:
        token = sandbox.new_token("tests")
        url = ask(sandbox, token).json["url"]
        put(url)
        call(sandbox, "GET", "/", headers={"Auth-Api-Token": token})
        secrets = [token.encode(), url.rpartition("=")[2].encode()]
        assert sandbox.wait_loaded(PATIENCE)
        seen = [admin(sandbox, "GET", word).body for word in ("events", "tokens", "uploads", "settings")]
        seen += [file.read_bytes() for file in (tmp_path / "sandbox").rglob("*") if file.is_file()]

    assert [secret for secret in secrets for text in seen if secret in text] == []


def test_the_eleventh_request_of_a_second_is_refused_for_that_token_only() -> None:
    now = [100.0]
    limit = RateLimit(lambda: now[0])

    assert [limit.admits(1, 10) for _ in range(11)] == [True] * 10 + [False]
    assert limit.admits(2, 10)
    now[0] = 100.9
    assert not limit.admits(1, 10)
    now[0] = 101.0
    assert [limit.admits(1, 10) for _ in range(11)] == [True] * 10 + [False]


def refused_for_the_rate(sandbox: Sandbox, token: str) -> Reply:
    """The first refusal: two requests come within a second sooner or later, however slow the machine is."""
    return next(reply for reply in (ask(sandbox, token) for _ in range(200)) if reply.status == 429)


def test_too_many_requests_are_refused_and_retry_after_can_be_switched_on(
    sandbox: Sandbox, token: str
) -> None:
    admin(sandbox, "POST", "settings", {"rate": 1})
    assert "Retry-After" not in refused_for_the_rate(sandbox, token).headers
    admin(sandbox, "POST", "settings", {"retry_after": True})
    assert refused_for_the_rate(sandbox, token).headers["Retry-After"] == "1"


def test_an_address_off_the_allow_list_is_refused(sandbox: Sandbox, token: str) -> None:
    sandbox.set(allow_list=["203.0.113.0/24"])
    assert ask(sandbox, token).status == 403
    sandbox.set(allow_list=["203.0.113.0/24", "127.0.0.1"])
    assert ask(sandbox, token).status == 201


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b"", 400),
        (b"{}", 422),
        (b'{"filename": 5}', 422),
        (b'{"filename": ""}', 422),
        (b" " * 70_000, 413),
    ],
)
def test_a_bad_body_is_refused(sandbox: Sandbox, token: str, raw: bytes, status: int) -> None:
    assert ask(sandbox, token, raw=raw).status == status
    assert sandbox.uploads() == []


@pytest.mark.parametrize(
    "name",
    [
        "commerce_purchases-20220829.json",
        PRODUCTS,
        "till_export-20240306-za.csv",
        "returns_part_02-20240306-a.json",
    ],
)
def test_a_name_that_keeps_the_rules_is_taken(sandbox: Sandbox, token: str, name: str) -> None:
    assert ask(sandbox, token, name).status == 201


@pytest.mark.parametrize(
    "name",
    [
        "../x-20240306.json",
        "commerce products-20240306.json",
        "commerce_products.json",
        "commerce_products-2024-03-06.json",
        "commerce_products-20241306.json",
        "commerce_products-20240306-a.ndjson",
        "commerce_products-20240306-a.json.gz",
        "commerce_products-20240306-a-b.json",
        "-20240306.json",
        "größe-20240306.csv",
        "commerce_products-20240306-a.json\n",
    ],
)
def test_a_name_that_breaks_the_rules_is_refused(sandbox: Sandbox, token: str, name: str) -> None:
    assert ask(sandbox, token, name).status == 422


def test_the_name_rules_can_be_switched_off_but_not_the_safe_characters(sandbox: Sandbox, token: str) -> None:
    sandbox.set(name_rules=False)

    assert ask(sandbox, token, "a1b2c3d4_product_1709683200.ndjson").status == 201
    assert ask(sandbox, token, "../a.ndjson").status == 422


def test_a_destination_is_kept_with_the_upload(sandbox: Sandbox, token: str) -> None:
    assert ask(sandbox, token, {"filename": PRODUCTS, "destination": LOAD}).status == 201

    assert (sandbox.uploads()[0]["dataset"], sandbox.uploads()[0]["record_type"]) == ("a1b2c3d4", "product")


@pytest.mark.parametrize(
    "destination",
    [
        "a1b2c3d4",
        {},
        {**LOAD, "destination_type": "x"},
        {**LOAD, "dataset_id": None},
        {**LOAD, "record_type": "x"},
    ],
)
def test_a_bad_destination_is_refused(sandbox: Sandbox, token: str, destination: object) -> None:
    assert ask(sandbox, token, {"filename": PRODUCTS, "destination": destination}).status == 422


def test_a_chunked_request_for_permission_is_refused(sandbox: Sandbox, token: str) -> None:
    with Wire(sandbox.url) as wire:
        wire.head("POST", {"Auth-Api-Token": token, "Transfer-Encoding": "chunked"})
        assert wire.reply().status == 400
