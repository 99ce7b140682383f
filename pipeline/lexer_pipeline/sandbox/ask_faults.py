"""The faults of a request for permission, carried out; faults.py says what they are."""

from datetime import timedelta

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import hostile
from lexer_pipeline.sandbox.faults import Fault
from lexer_pipeline.sandbox.refused import MESSAGES, OrderedError, RefusedError
from lexer_pipeline.sandbox.service import BUCKET, Service
from lexer_pipeline.sandbox.web import Answer, Exchange

NOBODY_LISTENS = "http://127.0.0.1:1"  # tcpmux: a reserved port, and below those that programs get by chance


def before(exchange: Exchange, fault: Fault) -> None:
    """Carry out a fault that comes before the permission is made; RefusedError with the answer that it orders."""
    if fault.do == "reset_before":
        exchange.reset()
    elif fault.do == "hang_before":
        exchange.wait(fault.seconds)
        exchange.drop()
    elif fault.do == "slow":
        exchange.wait(fault.seconds)
    elif fault.do == "redirect":
        raise OrderedError(hostile.elsewhere(fault), "The request was sent elsewhere.")
    elif fault.do == "html" and fault.status != 201:
        raise OrderedError(_html(fault), "A page of HTML was the answer.")
    elif fault.do == "status":
        message = MESSAGES.get(fault.status, "The sandbox was told to answer so.")
        raise RefusedError(fault.status, "fault", message, hostile.retry_after(fault.retry_after))


def after(exchange: Exchange, fault: Fault, told: dict[str, Json]) -> Answer | None:
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


def url(service: Service, number: int, filename: str, fault: Fault | None) -> str:
    """The address that a permission gives, which a fault may spoil."""
    do = fault.do if fault else ""
    seconds = service.settings.url_seconds
    start = service.clock() - timedelta(seconds=seconds + 60 if do == "expired_url" else 0)
    target = service.presign(f"/{BUCKET}/uploads/{number}/{filename}", start, seconds)
    if do == "bad_signature":
        target = target[:-1] + ("0" if target[-1] != "0" else "1")
    if do == "mangled_url":
        target = target.replace("&", "\\u0026")
    return (NOBODY_LISTENS if do == "closed_port" else service.origin) + target
