"""Who may see the page: one browser, which came with an address that is good once.

The page shows values of records, and any program or page on the machine can ask 127.0.0.1. So the address holds a secret; the first
visit with it is given another one as a cookie, and nothing else is answered, no socket opened either. A request for another host than
this address (which a name that was bound to 127.0.0.1 would be), or one that a page of another origin makes, is refused.
"""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import parse_qs

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE, KEY = "lexer_pipeline_review", "key"
# Everything comes from here; the library's scripts are in the page, and make functions of texts.
POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
WORDS = b"This page is open in the browser that came first with its address. Start lexer-pipeline review again for a new one."
HEADERS = (
    (b"content-security-policy", POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Lets requests to `app` pass that come from the one browser; `key` is good for one visit, `secret` is the cookie for it."""

    def __init__(self, app: App, port: int, key: str, secret: str) -> None:
        self._app = app
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._key: str | None = key
        self._secret = secret
        # Cookies are for all ports of a host; each review has its own.
        self._cookie = f"{COOKIE}_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or open a socket, where it may be."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._is_here(headers):
            await _refuse(scope, send, 400, b"This address is not the one of the page.")
        elif self._is_known(headers.get("cookie", "")):
            await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)
        elif scope["type"] == "http" and self._takes(scope):
            await _welcome(send, f"{self._cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict")
        else:
            await _refuse(scope, send, 403, WORDS)

    def _is_here(self, headers: dict[str, str]) -> bool:
        origin = headers.get("origin")
        own = origin is None or origin.removeprefix("http://") in self._hosts
        return headers.get("host") in self._hosts and own

    def _is_known(self, cookie: str) -> bool:
        try:
            found = SimpleCookie(cookie).get(self._cookie)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._secret.encode())

    def _takes(self, scope: Scope) -> bool:
        """Whether this is the first visit with the key, which is then good no more."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get(KEY, [""])[0]
        if self._key is None or not hmac.compare_digest(given.encode(), self._key.encode()):
            return False
        self._key = None
        return True


async def _welcome(send: Send, cookie: str) -> None:
    """On to the page itself, whose address holds no secret."""
    headers = [(b"location", b"/"), (b"set-cookie", cookie.encode()), *HEADERS]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(scope: Scope, send: Send, status: int, words: bytes) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": words})


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            known = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(one for one in HEADERS if one[0] not in known)]
        await send(message)

    return sending
