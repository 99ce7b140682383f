"""Answers that no decent server gives, and waiting that no decent server asks for."""

import time
from email.utils import formatdate

from lexer_pipeline.sandbox.faults import HOSTILE, Fault
from lexer_pipeline.sandbox.web import Answer, Exchange

HTML = b"<!doctype html><html><body><h1>Scheduled maintenance</h1><p>Back soon.</p></body></html>"
BLOCK = b" " * 65536


def retry_after(wanted: int | str) -> tuple[tuple[str, str], ...]:
    """The Retry-After header of a fault: seconds, "date:SECONDS" for a date that far ahead, or none."""
    text = str(wanted)
    if text.startswith("date:"):
        text = formatdate(time.time() + float(text[5:]), usegmt=True)
    return (("Retry-After", text),) if text else ()


def elsewhere(fault: Fault) -> Answer:
    """A redirect to another place."""
    return Answer(fault.status, headers=(("Location", fault.location),), close=True)


def send(exchange: Exchange, answer: Answer, fault: Fault | None) -> None:
    """Send the answer, spoilt if a hostile fault says so."""
    if not fault or fault.do not in HOSTILE:
        exchange.send(answer)
    elif fault.do == "huge_headers":
        wide = tuple((f"X-Filler-{at}", "a" * 4000) for at in range(max(1, fault.size // 4000)))
        exchange.send(Answer(answer.status, answer.body, (*answer.headers, *wide), close=True))
    elif fault.do == "huge_body":
        _send_huge(exchange, answer, fault.size)
    elif fault.do == "truncated":
        exchange.wfile.write(exchange.head(answer, len(answer.body) + 100) + answer.body[:-1])
        exchange.drop()
    else:
        exchange.wfile.write(b"\x00\x01this is no HTTP\r\n\r\n" * 10)
        exchange.drop()


def _send_huge(exchange: Exchange, answer: Answer, size: int) -> None:
    exchange.wfile.write(exchange.head(answer, len(answer.body) + size) + answer.body)
    for start in range(0, size, len(BLOCK)):
        exchange.wfile.write(BLOCK[: size - start])
