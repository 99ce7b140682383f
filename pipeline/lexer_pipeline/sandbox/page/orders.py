"""The faults that the page offers, in the words of someone who wants to see what happens then."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.model import Json
from lexer_pipeline.sandbox import faults
from lexer_pipeline.sandbox.faults import Fault

ORDERS: Mapping[str, tuple[str, str, Mapping[str, object]]] = MappingProxyType({
    "too many": ("Permission", "429, too many requests", {"on": "ask", "do": "status", "status": 429}),
    "broken": ("Permission", "500, the service is broken", {"on": "ask", "do": "status", "status": 500}),
    "away": ("Permission", "503, the service is away", {"on": "ask", "do": "status", "status": 503}),
    "no token": ("Permission", "401, the token is refused", {"on": "ask", "do": "status", "status": 401}),
    "silence": ("Permission", "no answer", {"on": "ask", "do": "hang_before"}),
    "lost answer": ("Permission", "made, but the line breaks before the answer", {"on": "ask", "do": "reset_after"}),
    "expired": ("Permission", "its address has expired already", {"on": "ask", "do": "expired_url"}),
    "half": ("File", "the line breaks in the middle", {"on": "put", "do": "reset", "percent": 50}),
    "unsaid": ("File", "stored, but the line breaks before the answer", {"on": "put", "do": "stored_reset"}),
    "early": ("File", "503 before the first byte", {"on": "put", "do": "early", "status": 503}),
    "late": ("File", "503 after the last byte, not stored", {"on": "put", "do": "late", "status": 503}),
    "changed": ("File", "stored with one byte changed", {"on": "put", "do": "corrupt"}),
    "slow": ("File", "read at 100 kB a second", {"on": "put", "do": "throttle", "bytes_per_second": 100_000}),
})  # fmt: skip


def order(name: str, times: str) -> Fault:
    """The fault of the page that has this name; ValueError with words if there is none."""
    if name not in ORDERS:
        raise ValueError("choose one of the faults")
    if not (times.isascii() and times.isdigit() and 1 <= int(times[:4]) <= 100):
        raise ValueError("a fault happens from 1 to 100 times")
    return faults.read({**ORDERS[name][2], "times": int(times)})


def words(waiting: Mapping[str, Json]) -> str:
    """A fault that is still to come, as the page tells it."""
    for part, said, ordered in ORDERS.values():
        if all(waiting[key] == value for key, value in ordered.items()):
            return f"{part}: {said}"
    return f"{'Permission' if waiting['on'] == 'ask' else 'File'}: {str(waiting['do']).replace('_', ' ')}"
