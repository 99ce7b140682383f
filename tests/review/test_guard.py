"""The page answers the one browser that came first with its address, and nobody else."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
from lexer_pipeline.reviewing.guard import Guard

PORT, KEY, SECRET = 8765, "the-key", "the-secret"
HOST = f"127.0.0.1:{PORT}"
COOKIE = f"lexer_pipeline_review_{PORT}={SECRET}"


async def _app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - as servers call it
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"values"})


def asked(guard: Guard, kind: str = "http", query: str = "", **headers: str) -> tuple[int, dict[str, str]]:
    """The status and headers of an answer; 1008 where a socket is closed."""
    said: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    given = {"host": HOST, **headers}
    scope = {
        "type": kind, "path": "/", "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    asyncio.run(guard(scope, receive, send))
    first = said[0]
    found = {name.decode(): value.decode() for name, value in first.get("headers", ())}
    return first.get("status", first.get("code")), found


@pytest.fixture
def guard() -> Guard:
    return Guard(_app, PORT, KEY, SECRET)


def test_the_first_visit_gets_a_cookie_and_an_address_without_the_key(guard: Guard) -> None:
    status, headers = asked(guard, query=f"key={KEY}")
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"] == f"{COOKIE}; Path=/; HttpOnly; SameSite=Strict"
    assert asked(guard, cookie=COOKIE)[0] == 200


def test_a_second_browser_with_the_same_address_is_refused(guard: Guard) -> None:
    asked(guard, query=f"key={KEY}")
    assert asked(guard, query=f"key={KEY}")[0] == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"cookie": f"{COOKIE}x"}, 403),
        ({"cookie": "lexer_pipeline_review=;;;"}, 403),
        ({"cookie": COOKIE, "host": f"example.com:{PORT}"}, 400),
        ({"cookie": COOKIE, "host": "127.0.0.1:1"}, 400),
        ({"cookie": COOKIE, "origin": "http://example.com"}, 400),
        ({"cookie": COOKIE, "origin": "http://127.0.0.1:1"}, 400),
    ],
)
def test_without_the_cookie_or_from_elsewhere_nothing_is_answered(
    guard: Guard, kind: str, headers: dict[str, str], status: int
) -> None:
    assert asked(guard, kind, **headers)[0] == (status if kind == "http" else 1008)


def test_a_wrong_key_does_not_use_up_the_right_one(guard: Guard) -> None:
    assert asked(guard, query="key=guessed")[0] == 403
    assert asked(guard, query=f"key={KEY}")[0] == 303


def test_no_socket_is_opened_with_the_key_alone(guard: Guard) -> None:
    assert asked(guard, "websocket", query=f"key={KEY}")[0] == 1008


def test_the_page_may_load_nothing_from_elsewhere_and_stand_in_no_frame(guard: Guard) -> None:
    headers = asked(guard, cookie=COOKIE)[1]
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")
