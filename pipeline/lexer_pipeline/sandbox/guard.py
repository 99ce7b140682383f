"""Who may speak to the sandbox: programs on this machine, and its own page; never another site's page.

A site elsewhere can make a browser send requests here, and can point its own name at 127.0.0.1. Its requests
then carry its name as Host or Origin, and are refused.
"""

from urllib.parse import urlsplit

from lexer_pipeline.sandbox.web import Exchange

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})


def is_local(exchange: Exchange) -> bool:
    """Whether the request is addressed to this machine by its loopback name, and by no other site."""
    host, origin = exchange.headers.get("Host", ""), exchange.headers.get("Origin")
    hosts = exchange.headers.get_all("Host", [])
    if len(hosts) != 1 or _name(f"//{host}") not in LOOPBACK_NAMES:
        return False
    if exchange.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return exchange.command == "GET" and exchange.headers.get("Sec-Fetch-Mode") == "navigate"
    return origin is None or urlsplit(origin).netloc == host


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
