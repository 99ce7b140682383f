"""The sandbox's own API: `/sandbox/...`, JSON in and out, for tests, drills and scripts on this machine.

    POST   /sandbox/tokens          {"name": ...} -> {"token": ...}, shown this once; 409 when five are active
    DELETE /sandbox/tokens/ID       revoke
    GET    /sandbox/tokens | uploads | refusals | datasets | settings
    GET    /sandbox/events?since=N  the event log after event N
    POST   /sandbox/settings        some of the settings (settings.py)
    POST   /sandbox/faults          one fault or a list (faults.py); GET shows, DELETE forgets them

An event has `id`, `at`, `kind`, `upload` (the upload id or null) and, by kind: `asked` (filename), `granted`
(filename, token's name, seconds), `refused` (on, filename, dataset, record_type, token's name, status, code,
message), `checked` (token's name), `begun` (filename, method, headers), `received` (bytes, complete, ended),
`stored` (md5, size), `answered` (status, code, and of a refusal filename and message), `fault` (on, do,
filename), `loaded` (dataset, state, accepted, rejected), `defect` (the sandbox itself went wrong). A PUT's events
are written before its answer leaves.
"""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from msgspec import to_builtins

from lexer_pipeline.sandbox import faults, uploads
from lexer_pipeline.sandbox.datasets import datasets
from lexer_pipeline.sandbox.service import Service
from lexer_pipeline.sandbox.state import TooManyTokensError
from lexer_pipeline.sandbox.web import Answer, Exchange, TooLargeError

MOST_REFUSALS = 1000
HEADERS = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))


def answer(service: Service, exchange: Exchange) -> Answer:
    """The answer to a request below /sandbox/."""
    try:
        return _answer(service, exchange)
    except TooManyTokensError:
        return _error(409, "five tokens are active; revoke one first")
    except TooLargeError:
        return _error(413, "the body is too large")
    except (ValueError, TypeError) as wrong:
        return _error(400, str(wrong))


def _answer(service: Service, exchange: Exchange) -> Answer:
    path, _, query = exchange.path.partition("?")
    word = path.removeprefix("/sandbox/")
    if exchange.command == "GET":
        return _get(service, word, query)
    if exchange.command == "DELETE":
        return _delete(service, word)
    if exchange.command == "POST":
        return _post(service, word, _order(exchange))
    return _error(405, "GET, POST or DELETE")


def _get(service: Service, word: str, query: str) -> Answer:
    state = service.state
    readers: dict[str, Callable[[], object]] = {
        "events": lambda: state.events(int(parse_qs(query).get("since", ["0"])[0])),
        "tokens": lambda: [to_builtins(token) for token in state.tokens()],
        "uploads": lambda: [one.as_json() for one in uploads.every(service)],
        "refusals": lambda: [to_builtins(one) for one in state.refusals(MOST_REFUSALS)],
        "datasets": lambda: [to_builtins(one) for one in datasets(state.loads(), state.uploads())],
        "settings": lambda: to_builtins(service.settings),
        "faults": service.faults.waiting,
    }
    return _json(200, readers[word]()) if word in readers else _error(404, "there is no such address")


def _delete(service: Service, word: str) -> Answer:
    if word == "faults":
        service.faults.clear()
        return _json(200, [])
    kind, _, number = word.partition("/")
    if kind == "tokens" and number.isdigit() and service.state.revoke_token(int(number)):
        return _json(200, {"revoked": int(number)})
    return _error(404, "there is no such active token")


def _post(service: Service, word: str, order: object) -> Answer:
    if word == "tokens":
        name = order.get("name") if isinstance(order, dict) else None
        if not isinstance(name, str) or not name.strip():
            raise ValueError("a token needs a name")
        return _json(201, {"token": service.state.new_token(name.strip())})
    if word == "settings":
        service.settings = service.settings.changed(order)
        return _json(200, to_builtins(service.settings))
    if word == "faults":
        for fault in [faults.read(one) for one in (order if isinstance(order, list) else [order])]:
            service.faults.add(fault)
        return _json(201, service.faults.waiting())
    return _error(404, "there is no such address")


def _order(exchange: Exchange) -> object:
    # A page of another site can send a form, but no JSON without asking first, and nobody here says yes.
    if exchange.headers.get_content_type() != "application/json":
        raise ValueError("the Content-Type is application/json")
    order: object = json.loads(exchange.form())
    return order


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), HEADERS)


def _error(status: int, words: str) -> Answer:
    # The body of a refused request may be unread, so the connection ends.
    return Answer(status, json.dumps({"error": words}).encode(), HEADERS, close=True)
