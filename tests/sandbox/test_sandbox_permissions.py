"""POST /v1/uploads."""

from pathlib import Path

import pytest
from lexer_pipeline.sandbox import names
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
    reply = ask(sandbox, token)
    assert reply.status == 401
    assert reply.json["message"] == (
        "The token may not be used from 127.0.0.1, which is not on the IP allow-list."
    )
    sandbox.set(allow_list=["203.0.113.0/24", "127.0.0.1"])
    assert ask(sandbox, token).status == 201


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b"\xff", b"", b"{}", b'{"filename": 5}', b'{"filename": ""}', b" " * 70_000]
)
def test_a_bad_body_is_refused(sandbox: Sandbox, token: str, raw: bytes) -> None:
    assert ask(sandbox, token, raw=raw).status == 400
    assert sandbox.uploads() == []


@pytest.mark.parametrize(
    "name",
    [
        "commerce_purchases-20220829.json",
        PRODUCTS,
        "till_export-20240306-za.csv",
        "returns_part_02-20240306-a.json",
        "profile_customer_02-20261126-a.json",
        "profile_customer_sydney-20261126-a.json",
        "profile_customer_sydney_02_part_01-20261126-b.json",
        "stock_list-20261126-a.json",
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
    assert ask(sandbox, token, name).status == 400


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("a1b2c3d4_product_1709683200.ndjson", True),
        ("a1b2c3d4_customer_record_1709683200.ndjson", True),
        ("my_shop_email_send_1709683200.ndjson", True),
        ("a1b2c3d4_products_1709683200.ndjson", False),
        ("a1b2c3d4_product_17096.ndjson", False),
        ("_product_1709683200.ndjson", False),
        ("product_1709683200.ndjson", False),
        ("a1b2c3d4_product_1709683200.json", False),
    ],
)
def test_only_names_of_the_vendors_script_are_taken_beside_the_rules(
    sandbox: Sandbox, token: str, name: str, is_taken: bool
) -> None:
    assert ask(sandbox, token, name).status == (201 if is_taken else 400)
    sandbox.set(strict_names=True)
    assert ask(sandbox, token, name).status == 400
    assert ask(sandbox, token).status == 201


def test_the_name_rules_can_be_switched_off_but_not_the_safe_characters(sandbox: Sandbox, token: str) -> None:
    sandbox.set(name_rules=False)

    assert ask(sandbox, token, "export.ndjson").status == 201
    assert ask(sandbox, token, "../a.ndjson").status == 400


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
    assert ask(sandbox, token, {"filename": PRODUCTS, "destination": destination}).status == 400


def test_a_chunked_request_for_permission_is_refused(sandbox: Sandbox, token: str) -> None:
    with Wire(sandbox.url) as wire:
        wire.head("POST", {"Auth-Api-Token": token, "Transfer-Encoding": "chunked"})
        assert wire.reply().status == 400


REFUSED = {
    "no token": (None, PRODUCTS, 401, "The token in the header Auth-Api-Token is missing."),
    "a wrong token": (
        "guessed",
        PRODUCTS,
        401,
        "The token in the header Auth-Api-Token is not an active token.",
    ),
    "no object": ("", [], 400, "The body is not a JSON object."),
    "no file name": ("", {}, 400, "The body has no filename."),
    "a bad name": ("", "export.json", 400, f"The filename breaks the rules: it is {names.RULES}."),
    "unsafe letters": (
        "",
        "my export.json",
        400,
        f"The filename may hold {names.CHARACTERS}, and at most 200 of them.",
    ),
    "no destination": (
        "",
        {"filename": PRODUCTS, "destination": 5},
        400,
        "The destination_type is not dataset_load.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_says_why_in_a_message_and_nothing_else(sandbox: Sandbox, token: str, case: str) -> None:
    given, body, status, message = REFUSED[case]
    reply = ask(sandbox, token if given == "" else given, body)

    assert (reply.status, reply.json) == (status, {"message": message})


def users(sandbox: Sandbox, token: str | None) -> Reply:
    return call(sandbox, "GET", "/v1/users", headers={"Auth-Api-Token": token} if token else {})


def test_the_list_of_users_answers_whether_a_token_is_good(sandbox: Sandbox, token: str) -> None:
    assert [users(sandbox, one).status for one in (token, "guessed", None)] == [200, 401, 401]
    assert kinds(sandbox) == ["checked", "refused", "refused"]
    sandbox.set(allow_list=["203.0.113.0/24"])
    assert users(sandbox, token).status == 401
    assert sandbox.uploads() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/uploads"), ("POST", "/v1/users"), ("GET", "/v1/nowhere"), ("DELETE", "/v1/uploads/1")],
)
def test_the_api_has_no_other_address(sandbox: Sandbox, method: str, path: str) -> None:
    reply = call(sandbox, method, path)

    assert (reply.status, reply.json) == (404, {"message": "There is no such address."})


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_a_status_on_order_has_a_message_too(sandbox: Sandbox, token: str, status: int) -> None:
    sandbox.inject({"on": "ask", "do": "status", "status": status})
    reply = ask(sandbox, token)

    assert (reply.status, list(reply.json)) == (status, ["message"])
    assert reply.json["message"].endswith(".")
    assert sandbox.refusals()[0]["message"] == reply.json["message"]
