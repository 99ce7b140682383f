"""The counterpart's own words: what an answer says, fit for screens, the ledger and receipts.

What an answer says is not ours, so it is taken for hostile: it may repeat the token or the url that it was asked with.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

LONGEST = 200
LOOKED_AT = 4000  # characters, since looking for secrets takes the square of it
SECRET = 12  # characters that a secret of a url has at least
ALGORITHM = "AWS4-HMAC-SHA256"
GONE = "…"
# Where services put their words, the most telling first.
NAMES = (
    "message", "error_description", "error_message", "errormessage", "detail", "details", "msg", "description", "reason",
    "title", "errors", "error", "code",
)  # fmt: skip
PLACES = ("field", "param", "loc")
DEEPEST = 5
MOST = 3
HTML = re.compile(r"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
TITLE = re.compile(r"<title[^<>]{0,200}>([^<]{1,1000})<", re.IGNORECASE)
XML = tuple(
    re.compile(rf"<(?:\w{{1,40}}:)?{name}>(?:<!\[CDATA\[)?([^<]{{1,4000}})", re.IGNORECASE)
    for name in ("Message", "Code")
)
URL = re.compile(
    r"(https?)(?::|%3a)(?:\\?/|%2f){2}(?:[^\s/?#%\\\"'<>@]*@)?([a-z0-9.\-:\[\]]*)([^\s\"'<>]*)", re.IGNORECASE
)
# Secrets of every service, by their form; the order matters, since the later ones would cut up the earlier.
SECRETS = (
    re.compile(r"\?[^\s\"'<>]*=[^\s\"'<>]*"),  # a query
    re.compile(r"\bx-amz-[a-z0-9-]*(?:\"?\s*[=:]\s*\"?[^\s,;&\"]+)?", re.IGNORECASE),
    re.compile(r"\b(?:bearer|basic)\s+(?=\S*[0-9=])[a-z0-9._~+/=-]{8,}", re.IGNORECASE),
    re.compile(  # a value that is called a secret: with a digit, or longer than a word
        r"(?<![a-z])(?:token|secret|signature|credential|password|passwd|authorization|key|keyid)s?[\"']?\s*[=:]\s*[\"']?"
        r"(?:(?=[^\s,;&\"']*[0-9])[^\s,;&\"']{4,}|[^\s,;&\"']{10,})",
        re.IGNORECASE,
    ),
    re.compile(r"(?=[a-z0-9+/=_-]*[0-9])(?=[a-z0-9+/=_-]*[A-Z])(?-i:(?=[A-Z0-9+/=_-]*[a-z]))[A-Za-z0-9+/=_-]{40,}"),
    re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}"),  # hex, base 62
)  # fmt: skip


def words_of(answer: bytes, secrets: Iterable[str] = ()) -> str:
    """What an answer says in JSON, XML, plain text or the title of a page: one short line without a secret, or nothing.

    `secrets` are those that are known; what has the form of a url, a query, a signature or a credential goes as well.
    """
    said = _said(answer.decode("utf-8", "replace").strip("\ufeff \t\r\n"))
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
    if len(line) > LOOKED_AT:  # the last word may be half a secret
        line = line[:LOOKED_AT].rpartition(" ")[0]
    return _shortened(_without(line, secrets))


def secrets_of(url: str) -> list[str]:
    """What is secret of a presigned url: every value of its query that is longer than a word, and the id of its key."""
    values = [value for _, value in parse_qsl(urlsplit(url).query) if len(value) >= SECRET]
    return [form for value in values for form in (value, value.partition("/")[0]) if form != ALGORITHM]


def address(url: str, proxy: str | None = None) -> str:
    """Whom a url speaks of, and by way of which proxy, without path, query or password."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    where = f"{host}:{parts.port}" if parts.port else host
    return f"{where} (through the proxy {address(proxy)})" if proxy else where


def points_to(location: str) -> str:
    """Where an answer that is not followed points, as far as it may be told."""
    try:
        where = address(location)
    except ValueError:
        return ""
    return (
        f"it points to {where}"
        if location.startswith("http") and re.fullmatch(r"[\w.:\[\]-]+", where)
        else ""
    )


def _said(text: str) -> str:
    if text.startswith(("{", "[", '"')):
        try:
            return _of_json(json.loads(text), 0)
        except (ValueError, RecursionError):
            return ""
    if HTML.search(text[:4096]):
        found = TITLE.search(text)
        return html.unescape(found[1]) if found else ""
    if text.startswith("<"):
        return next((html.unescape(found[1]) for tag in XML if (found := tag.search(text))), "")
    return "" if "\ufffd" in text else text


def _of_json(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return value.strip()
    if depth >= DEEPEST:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_of_json(one, depth + 1) for one in value[:MOST])))
    return _of_object(value, depth) if isinstance(value, dict) else ""


def _of_object(value: Mapping[str, Any], depth: int) -> str:
    """The words of the first field that has some; of an object of errors by field, each with its field."""
    lower = {name.lower(): item for name, item in value.items()}
    for name in NAMES:
        if words := _of_json(lower.get(name), depth + 1):
            places = lower.get(next((place for place in PLACES if place in lower), ""))
            place = ".".join(map(str, places)) if isinstance(places, list) else places
            return f"{place}: {words}" if isinstance(place, str) and place else words
    if not depth:
        return ""
    told = ((name, _of_json(item, depth + 1)) for name, item in value.items())
    return "; ".join([f"{name}: {words}" for name, words in told if words][:MOST])


def _without(line: str, secrets: Iterable[str]) -> str:
    known = {form for one in secrets for form in (one, quote(one, safe=""), unquote(one)) if len(form) >= 4}
    for secret in sorted(known, key=len, reverse=True):
        line = re.sub(re.escape(secret), GONE, line, flags=re.IGNORECASE)
    line = URL.sub(lambda found: f"{found[1]}://{found[2]}{f'/{GONE}' if found[3] else ''}", line)
    for form in SECRETS:
        line = form.sub(GONE, line)
    return line


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
