"""`POST /v1/uploads`: permission to send one file; and `GET /v1/users`, which says whether a token is good."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from msgspec import Struct

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import ask_faults, hostile, names
from lexer_pipeline.sandbox.entries import Token
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.refused import JSON, RefusedError
from lexer_pipeline.sandbox.service import Service
from lexer_pipeline.sandbox.web import Answer, Exchange, TooLargeError

LONGEST_SHOWN = 300


class Wanted(Struct, frozen=True):
    """What a request asks for; of one that makes no sense, as much of it as can be shown."""

    filename: str
    dataset: str | None
    record_type: str | None


class RateLimit:
    """Counts the requests of each token in the last second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[int, deque[float]] = {}

    def admits(self, token: int, rate: int) -> bool:
        """Whether one more request now stays within `rate` a second."""
        with self._lock:
            times, moment = self._times.setdefault(token, deque()), self._clock()
            while times and times[0] <= moment - 1:
                times.popleft()
            if len(times) >= rate:
                return False
            times.append(moment)
            return True


class Permissions:
    """The address that gives permissions."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._limit = RateLimit()

    def answer(self, exchange: Exchange) -> None:
        """Answer one request for permission, or do what a fault orders instead."""
        body = _body(exchange)
        shown = _shown(body)
        self._service.state.log("asked", filename=shown.filename, client=exchange.client_address[1])
        fault = self._service.fault("ask", shown.filename)
        token = self._service.state.token(exchange.headers.get("Auth-Api-Token", ""))
        try:
            if fault:
                ask_faults.before(exchange, fault)
            known = self._known(exchange, token)
            wanted = self._wanted(body)
        except RefusedError as refused:
            told = {"dataset": shown.dataset, "record_type": shown.record_type}
            self._refuse(exchange, refused, token, on="ask", filename=shown.filename, **told)
            return
        self._grant(exchange, known, wanted, fault)

    def check(self, exchange: Exchange) -> None:
        """Answer whether the token is good, as the vendor's Activity API does on its list of users."""
        token = self._service.state.token(exchange.headers.get("Auth-Api-Token", ""))
        fault = self._service.fault("users", "")
        try:
            if fault:
                ask_faults.before(exchange, fault)
            known = self._known(exchange, token)
        except RefusedError as refused:
            self._refuse(exchange, refused, token, on="users", filename="")
            return
        self._service.state.log("checked", token=known.name)
        hostile.send(exchange, Answer(200, b'{"users": []}', (JSON,)), fault)

    def _refuse(
        self, exchange: Exchange, refused: RefusedError, token: Token | None, **told: str | None
    ) -> None:
        about = {"status": refused.answer.status, "code": refused.code, "message": refused.message}
        self._service.state.log("refused", None, **told, **about, token=token.name if token else None)
        exchange.send(refused.answer)

    def _grant(self, exchange: Exchange, token: Token, wanted: Wanted, fault: Fault | None) -> None:
        service = self._service
        place = (wanted.filename, wanted.dataset, wanted.record_type)
        number = service.state.new_upload(*place, token, service.address)
        seconds = service.settings.url_seconds
        service.state.log("granted", number, filename=wanted.filename, token=token.name, seconds=seconds)
        told: dict[str, Json] = {"id": number, "url": ask_faults.url(service, number, wanted.filename, fault)}
        if fault and (spoilt := ask_faults.after(exchange, fault, told)):
            exchange.send(spoilt)
            return
        # The vendor's API spells & as \u0026 in the body; a JSON parser undoes it, a copy by hand does not.
        text = json.dumps(told).replace("&", "\\u0026")
        hostile.send(exchange, Answer(201, text.encode(), (JSON,)), fault)

    def _known(self, exchange: Exchange, token: Token | None) -> Token:
        settings = self._service.settings
        if token is None:
            given = "is not an active token" if exchange.headers.get("Auth-Api-Token") else "is missing"
            raise RefusedError(401, "unauthorized", f"The token in the header Auth-Api-Token {given}.")
        client = exchange.client_address[0]
        if not settings.allows(client):
            # The vendor's list of codes has no 403, and from this address the token is as good as wrong.
            message = f"The token may not be used from {client}, which is not on the IP allow-list."
            raise RefusedError(401, "ip_not_allowed", message)
        if not self._limit.admits(token.id, settings.rate):
            headers = (("Retry-After", "1"),) if settings.retry_after else ()
            message = f"More than {settings.rate} requests in a second came with this token. Slow down."
            raise RefusedError(429, "rate_limited", message, headers)
        return token

    def _wanted(self, body: object) -> Wanted:
        if isinstance(body, RefusedError):
            raise body
        if not isinstance(body, dict):
            raise RefusedError(400, "bad_json", "The body is not a JSON object.")
        filename = body.get("filename")
        if not isinstance(filename, str) or not filename:
            raise RefusedError(400, "filename_missing", "The body has no filename.")
        if fault := self._name_fault(filename):
            raise RefusedError(400, "filename_invalid", fault)
        return Wanted(filename, *self._destination(body.get("destination")))

    def _name_fault(self, filename: str) -> str:
        """What is wrong with a file name, in words; empty if it is taken."""
        settings, types = self._service.settings, self._service.kinds.record_types
        if not names.is_safe(filename):
            return f"The filename may hold {names.CHARACTERS}, and at most 200 of them."
        if names.read(filename) or not settings.name_rules:
            return ""
        if names.read_script(filename, types) and not settings.strict_names:
            return ""
        return f"The filename breaks the rules: it is {names.RULES}."

    def _destination(self, destination: object) -> tuple[str | None, str | None]:
        if destination is None:
            return None, None
        if not isinstance(destination, Mapping) or destination.get("destination_type") != "dataset_load":
            raise RefusedError(400, "destination_invalid", "The destination_type is not dataset_load.")
        dataset, record_type = destination.get("dataset_id"), destination.get("record_type")
        if not isinstance(dataset, str) or not names.is_safe(dataset):
            raise RefusedError(400, "destination_invalid", "The dataset_id is missing or is not an id.")
        types = self._service.kinds.record_types
        if record_type not in types:
            known = ", ".join(sorted(types))
            raise RefusedError(400, "destination_invalid", f"The record_type is not one of {known}.")
        return dataset, str(record_type)


def _body(exchange: Exchange) -> Json | RefusedError:
    """The JSON of the request, or the refusal that it earns once the token is known."""
    try:
        body: Json = json.loads(exchange.form())
    except TooLargeError:
        exchange.close_connection = True  # its body is still on the way
        return RefusedError(400, "too_large", "The body is larger than any request for permission.")
    except ValueError:
        exchange.close_connection = exchange.close_connection or "Transfer-Encoding" in exchange.headers
        return RefusedError(400, "bad_json", "The body is not JSON.")
    return body


def _shown(body: object) -> Wanted:
    """What the event log says of a request before it is judged."""
    asked = body if isinstance(body, dict) else {}
    place = asked.get("destination")
    place = place if isinstance(place, dict) else {}
    words = (asked.get("filename"), place.get("dataset_id"), place.get("record_type"))
    filename, dataset, record_type = (one[:LONGEST_SHOWN] if isinstance(one, str) else None for one in words)
    return Wanted(filename or "", dataset, record_type)
