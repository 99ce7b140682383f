"""Presigned PUT urls as AWS makes and reads them (Signature Version 4 in the query string), and S3's errors."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from msgspec import Struct

ALGORITHM = "AWS4-HMAC-SHA256"
REGION = "ap-southeast-2"
LONGEST_SECONDS = 7 * 24 * 3600
QUERY_ERROR = "AuthorizationQueryParametersError"
NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")
CREDENTIAL = re.compile(r"[^/]+/\d{8}/[^/]+/s3/aws4_request")


class Keys(Struct, frozen=True):
    """The key pair that front and store share; neither part is ever shown."""

    access: str
    secret: str


class Refusal(Struct, frozen=True):
    """An S3 error: status, code, words, and extra elements of the XML."""

    status: int
    code: str
    message: str
    extra: tuple[tuple[str, str], ...] = ()

    def xml(self, request_id: str) -> bytes:
        """The body as S3 writes it."""
        parts = (("Code", self.code), ("Message", self.message), *self.extra, ("RequestId", request_id))
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parts)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


class Presigned(Struct, frozen=True):
    """What the query of a presigned url says; the signature itself is left to whoever verifies it."""

    signed_headers: frozenset[str]
    expires_at: datetime


def presign(host: str, path: str, keys: Keys, at: datetime, seconds: int) -> str:
    """The path and query of a PUT to `path` on `host` that is allowed for `seconds` from `at`.

    Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
    """
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    values = (ALGORITHM, f"{keys.access}/{scope}", stamp, str(seconds), "host")
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in zip(NAMES, values, strict=True))
    request = "\n".join(("PUT", path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"))
    text = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return f"{path}?{query}&X-Amz-Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"


def genuine(host: str, target: str, keys: Keys) -> bool:
    """Whether `presign` made exactly this target for this host."""
    path, _, query = target.partition("?")
    found = dict(parse_qsl(query, keep_blank_values=True))
    try:
        at = datetime.strptime(found["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        made = presign(host, path, keys, at, int(found["X-Amz-Expires"]))
    except (KeyError, ValueError):
        return False
    return hmac.compare_digest(made.encode(), target.encode())


def read_query(query: str) -> Presigned | Refusal:
    """What a presigned query allows, or S3's refusal of its parameters."""
    found = dict(parse_qsl(query, keep_blank_values=True))
    if not any(name.lower().startswith("x-amz-") for name in found):
        return Refusal(403, "AccessDenied", "Access Denied")
    if found.get("X-Amz-Algorithm") != ALGORITHM:
        return Refusal(400, QUERY_ERROR, f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    if any(not found.get(name) for name in (*NAMES, "X-Amz-Signature")):
        words = f"Query-string authentication version 4 requires the {', '.join(NAMES)} and X-Amz-Signature parameters."
        return Refusal(400, QUERY_ERROR, words)
    if not CREDENTIAL.fullmatch(found["X-Amz-Credential"]):
        return Refusal(400, QUERY_ERROR, "Error parsing the X-Amz-Credential parameter")
    return _lifetime(found)


def _lifetime(found: dict[str, str]) -> Presigned | Refusal:
    expires = found["X-Amz-Expires"]
    if not (expires.isascii() and expires.isdigit() and 1 <= int(expires[:9]) <= LONGEST_SECONDS):
        words = "X-Amz-Expires must be a number of seconds, at least 1 and less than a week"
        return Refusal(400, QUERY_ERROR, words)
    try:
        start = datetime.strptime(found["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return Refusal(
            400, QUERY_ERROR, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        )
    signed = frozenset(found["X-Amz-SignedHeaders"].lower().split(";"))
    if "host" not in signed:
        return Refusal(400, QUERY_ERROR, "The host header must be signed")
    return Presigned(signed, start + timedelta(seconds=int(expires)))


def mismatch() -> Refusal:
    """S3's answer to a signature that is not the request's own."""
    words = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
    return Refusal(403, "SignatureDoesNotMatch", words)


def expired(at: datetime, now: datetime) -> Refusal:
    """S3's answer to a url whose time is over."""
    iso = "%Y-%m-%dT%H:%M:%SZ"
    times = (("Expires", at.strftime(iso)), ("ServerTime", now.strftime(iso)))
    return Refusal(403, "AccessDenied", "Request has expired", times)
