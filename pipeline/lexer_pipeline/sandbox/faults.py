r"""Faults on order: what goes wrong next, how often, and for which file.

A fault is `{"on": "ask" | "put" | "users", "do": ..., "times": 1, "skip": 0, "match": "*", ...}`; `POST /sandbox/faults`
takes one or a list, `GET` shows what is still to come, `DELETE` forgets it, and `Sandbox.inject` does the same
from Python. It hits the next `times` requests whose file name matches the shell pattern `match`, after letting
`skip` of them pass. Faults with the same `on` queue up: the oldest that matches is used.

On a request for permission (`"on": "ask"`):

    status        answer `status` (429, 401, 403, 500, 503, ...); `retry_after`: seconds, or "date:SECONDS" for
                  an HTTP date; no permission is made
    redirect      answer `status` (302, 307, ...) to `location`; no permission is made
    html          a page of HTML with `status` 200 (no permission is made) or 201 (made, but not told)
    reset_before  reset the connection before the permission is made
    hang_before   never answer, before it is made; gives up after `seconds`
    reset_after   reset the connection after it is made
    hang_after    never answer, after it is made
    no_url        201 without a url, after it is made
    slow          wait `seconds`, then answer as ever
    expired_url   the url's time is over already
    bad_signature the url's signature is wrong
    closed_port   the url leads to a port where nobody listens (on a PUT: connection refused)
    mangled_url   the url still says \u0026 after JSON is parsed, as a copy by hand does

On a PUT (`"on": "put"`); "stored" means that the object lies in the store afterwards:

    early         answer `status` with XML `code` before the 100-continue and before the body; `retry_after`
    late          read the whole body, then answer `status` with `code`; stored only with `"stored": true`
    redirect      answer `status` (307) to `location`, before the body
    expired       403 "Request has expired", before the body
    reset         reset the connection after `percent` of the body; not stored, even at 100
    stored_reset  stored, then reset instead of an answer
    stored_hang   stored, then no answer for `seconds`
    hang          neither a 100-continue nor an answer, and nothing is read
    stall         stop reading after `percent`, for `seconds`, then reset
    pause         stop reading after `percent`, for `seconds`, then go on
    throttle      read no faster than `bytes_per_second`
    slow          stored, then wait `seconds` before the answer
    corrupt       stored with one byte changed; the ETag is that of what is stored
    wrong_etag    stored whole, but the ETag is another MD5
    kms_etag      stored whole, with an ETag that is no MD5, as buckets with KMS give
    no_etag       stored whole, without an ETag

On the question whether a token is good (`"on": "users"`): `status`, `redirect`, `html`, `reset_before`, `hang_before`
and `slow`, as on a request for permission.

On all, after the work is done (stored, or the permission made): `huge_headers` (an answer with `size` bytes of
headers), `huge_body` (`size` bytes of body), `truncated` (the body ends early), `garbage` (no HTTP at all).
"""

import threading
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

from msgspec import Struct, to_builtins
from msgspec.structs import fields, replace

from lexer_pipeline.model import Json

HOSTILE = frozenset({"huge_headers", "huge_body", "truncated", "garbage"})
ASK = HOSTILE | {
    *(
        "status",
        "redirect",
        "html",
        "reset_before",
        "hang_before",
        "reset_after",
        "hang_after",
        "no_url",
        "slow",
    ),
    *("expired_url", "bad_signature", "closed_port", "mangled_url"),
}
USERS = HOSTILE | {"status", "redirect", "html", "reset_before", "hang_before", "slow"}
PUT = HOSTILE | {
    *(
        "early",
        "late",
        "redirect",
        "expired",
        "reset",
        "stored_reset",
        "stored_hang",
        "hang",
        "stall",
        "pause",
    ),
    *("throttle", "slow", "corrupt", "wrong_etag", "kms_etag", "no_etag"),
}
KINDS: Mapping[str, Collection[str]] = MappingProxyType({"ask": ASK, "put": PUT, "users": USERS})
STATUSES = {"status": 503, "redirect": 307, "html": 200, "early": 503, "late": 503}
WHOLE = ("times", "skip", "status", "bytes_per_second", "size")
NUMBERS = (*WHOLE, "seconds", "percent")


class Fault(Struct, frozen=True):
    """One order: what goes wrong, on which requests, how often."""

    on: str
    do: str
    times: int = 1
    skip: int = 0
    match: str = "*"
    status: int = 0
    code: str = ""
    retry_after: int | str = ""
    seconds: float = 600.0
    percent: float = 50.0
    bytes_per_second: int = 1 << 20
    location: str = "http://127.0.0.1:9/"
    stored: bool = False
    size: int = 1 << 20


def read(order: object) -> Fault:
    """The fault that a JSON object orders; ValueError or TypeError with words for its author."""
    if not isinstance(order, Mapping):
        raise TypeError("a fault is a JSON object")
    if strange := set(order) - {field.name for field in fields(Fault)}:
        raise ValueError(f"a fault has no {', '.join(sorted(map(str, strange)))}")
    if order.get("on") not in KINDS:
        raise ValueError('"on" is "ask", "put" or "users"')
    words = KINDS[order["on"]]
    if order.get("do") not in words:
        raise ValueError(f'"do" on {order["on"]} is one of {", ".join(sorted(words))}')
    return _checked(Fault(**{**order, "status": order.get("status") or STATUSES.get(order["do"], 0)}))


def _checked(fault: Fault) -> Fault:
    for name in NUMBERS:
        value = getattr(fault, name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f'"{name}" is a number from 0')
        if name in WHOLE and not isinstance(value, int):
            raise ValueError(f'"{name}" is a whole number')
    if fault.percent > 100 or not fault.times or not fault.bytes_per_second:
        raise ValueError('"percent" is at most 100, "times" and "bytes_per_second" at least 1')
    if (
        not isinstance(fault.match, str)
        or not isinstance(fault.location, str)
        or not isinstance(fault.code, str)
    ):
        raise TypeError('"match", "location" and "code" are text')
    return fault


class FaultBook:
    """The orders still to be carried out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put an order at the end."""
        with self._lock:
            self._orders.append(fault)

    def clear(self) -> None:
        """Forget every order."""
        with self._lock:
            self._orders.clear()

    def waiting(self) -> list[dict[str, Json]]:
        """The orders as JSON, with what is left of `times` and `skip`."""
        with self._lock:
            return [to_builtins(fault) for fault in self._orders]

    def take(self, on: str, filename: str) -> Fault | None:
        """The fault for this request, if one is due; it is used up by that."""
        with self._lock:
            for at, fault in enumerate(self._orders):
                if fault.on != on or not fnmatchcase(filename, fault.match):
                    continue
                if fault.skip:
                    self._orders[at] = replace(fault, skip=fault.skip - 1)
                    return None
                self._orders[at : at + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None
