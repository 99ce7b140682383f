"""`POST /v1/uploads`: permission to send one file.

The vendor documents 201 and 429 (and S3 the 200 of the PUT); every other status and every error body here is
invented, and a client should rely on none of them.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import hostile, names
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.service import BUCKET, Service
from lexer_pipeline.sandbox.state import Token
from lexer_pipeline.sandbox.web import Answer, Exchange, TooLargeError

JSON = ("Content-Type", "application/json; charset=utf-8")
NOBODY_LISTENS = "http://127.0.0.1:1"  # tcpmux: a reserved port, and below those that programs get by chance


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(
        self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(code)
        self.code = code
        body = {"error": {"code": code, "message": message}}
        self.answer = Answer(status, json.dumps(body).encode(), (JSON, *headers))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for."""

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
        filename = body.get("filename") if isinstance(body, dict) else None
        shown = filename if isinstance(filename, str) else ""
        self._service.state.log("asked", filename=shown, client=exchange.client_address[1])
        fault = self._service.fault("ask", shown)
        if fault and (spoilt := _before(exchange, fault)):
            self._service.state.log("refused", filename=shown, status=spoilt.status, code="fault")
            exchange.send(spoilt)
            return
        try:
            token = self._known(exchange)
            wanted = self._wanted(body)
        except RefusedError as refused:
            self._service.state.log(
                "refused", filename=shown, status=refused.answer.status, code=refused.code
            )
            exchange.send(refused.answer)
            return
        self._grant(exchange, token, wanted, fault)

    def _grant(self, exchange: Exchange, token: Token, wanted: Wanted, fault: Fault | None) -> None:
        service = self._service
        number = service.state.new_upload(wanted.filename, wanted.dataset, wanted.record_type, token.name)
        seconds = service.settings.url_seconds
        service.state.log("granted", number, filename=wanted.filename, token=token.name, seconds=seconds)
        told: dict[str, Json] = {"id": number, "url": _url(service, number, wanted.filename, fault)}
        if fault and (spoilt := _after(exchange, fault, told)):
            exchange.send(spoilt)
            return
        # The vendor's API spells & as \u0026 in the body; a JSON parser undoes it, a copy by hand does not.
        text = json.dumps(told).replace("&", "\\u0026")
        hostile.send(exchange, Answer(201, text.encode(), (JSON,)), fault)

    def _known(self, exchange: Exchange) -> Token:
        settings = self._service.settings
        secret = exchange.headers.get("Auth-Api-Token")
        token = self._service.state.token(secret) if secret else None
        if token is None:
            raise RefusedError(401, "unauthorized", "Auth-Api-Token is missing or not an active token.")
        if not settings.allows(exchange.client_address[0]):
            raise RefusedError(403, "ip_not_allowed", "This address is not on the IP allow-list.")
        if not self._limit.admits(token.id, settings.rate):
            headers = (("Retry-After", "1"),) if settings.retry_after else ()
            raise RefusedError(429, "rate_limited", f"More than {settings.rate} requests a second.", headers)
        return token

    def _wanted(self, body: object) -> Wanted:
        if isinstance(body, RefusedError):
            raise body
        if not isinstance(body, dict):
            raise RefusedError(400, "bad_json", "The body is not a JSON object.")
        filename = body.get("filename")
        if not isinstance(filename, str) or not filename:
            raise RefusedError(422, "filename_missing", "The body has no filename.")
        if not names.is_safe(filename) or (self._service.settings.name_rules and not names.read(filename)):
            raise RefusedError(422, "filename_invalid", f"The name breaks the rules: {names.RULES}.")
        return Wanted(filename, *self._destination(body.get("destination")))

    def _destination(self, destination: object) -> tuple[str | None, str | None]:
        if destination is None:
            return None, None
        if not isinstance(destination, Mapping) or destination.get("destination_type") != "dataset_load":
            raise RefusedError(422, "destination_invalid", "destination_type is dataset_load.")
        dataset, record_type = destination.get("dataset_id"), destination.get("record_type")
        if not isinstance(dataset, str) or not names.is_safe(dataset):
            raise RefusedError(422, "destination_invalid", "dataset_id is missing or not an id.")
        if record_type not in self._service.loader.record_types:
            raise RefusedError(422, "destination_invalid", "record_type is missing or not known.")
        return dataset, str(record_type)


def _body(exchange: Exchange) -> Json | RefusedError:
    """The JSON of the request, or the refusal that it earns once the token is known."""
    try:
        body: Json = json.loads(exchange.form())
    except TooLargeError:
        exchange.close_connection = True  # its body is still on the way
        return RefusedError(413, "too_large", "The body is larger than any request for permission.")
    except ValueError:
        exchange.close_connection = exchange.close_connection or "Transfer-Encoding" in exchange.headers
        return RefusedError(400, "bad_json", "The body is not JSON.")
    return body


def _before(exchange: Exchange, fault: Fault) -> Answer | None:
    """Carry out a fault that comes before the permission is made."""
    if fault.do == "reset_before":
        exchange.reset()
    elif fault.do == "hang_before":
        exchange.wait(fault.seconds)
        exchange.drop()
    elif fault.do == "slow":
        exchange.wait(fault.seconds)
    elif fault.do == "redirect":
        return hostile.elsewhere(fault)
    elif fault.do == "html" and fault.status != 201:
        return _html(fault)
    elif fault.do == "status":
        return RefusedError(fault.status, "fault", "Ordered.", hostile.retry_after(fault.retry_after)).answer
    return None


def _after(exchange: Exchange, fault: Fault, told: dict[str, Json]) -> Answer | None:
    """Carry out a fault that comes after the permission is made."""
    if fault.do == "reset_after":
        exchange.reset()
    elif fault.do == "hang_after":
        exchange.wait(fault.seconds)
        exchange.drop()
    elif fault.do == "no_url":
        del told["url"]
    elif fault.do == "html":
        return _html(fault)
    return None


def _html(fault: Fault) -> Answer:
    return Answer(fault.status, hostile.HTML, (("Content-Type", "text/html"),))


def _url(service: Service, number: int, filename: str, fault: Fault | None) -> str:
    do = fault.do if fault else ""
    seconds = service.settings.url_seconds
    start = service.clock() - timedelta(seconds=seconds + 60 if do == "expired_url" else 0)
    target = service.presign(f"/{BUCKET}/uploads/{number}/{filename}", start, seconds)
    if do == "bad_signature":
        target = target[:-1] + ("0" if target[-1] != "0" else "1")
    if do == "mangled_url":
        target = target.replace("&", "\\u0026")
    return (NOBODY_LISTENS if do == "closed_port" else service.origin) + target
