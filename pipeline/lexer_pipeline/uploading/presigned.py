"""What a presigned S3 url says of itself, and what may be sent to it."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qs, unquote, urljoin, urlsplit

from lexer_pipeline.system.hosts import is_loopback

# The hosts of Amazon S3, with the bucket in front or not (Amazon S3 user guide, virtual hosting of buckets).
AMAZON = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?:-accelerate|-fips|-external-1)?(?:\.dualstack)?"
    r"(?:[.-][a-z]{2}(?:-[a-z]+)+-\d+)?\.(?P<domain>amazonaws\.com(?:\.cn)?)"
)


def may_receive(url: str) -> bool:
    """Whether data may be sent to `url`: https, or http on this machine."""
    if not re.fullmatch(r"[\x21-\x7e]{1,16384}", url):
        return False
    try:
        parts = urlsplit(url)
        host, user = parts.hostname or "", parts.username
        parts.port  # noqa: B018 - reading it is the check; a bad port raises here
    except ValueError:
        return False
    if user is not None or not host:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def redirected(url: str, location: str) -> str | None:
    """Where a 307 of the store leads, if that is the same object at the same provider; nothing else is followed.

    From https to https, or from this machine to this machine. Amazon answers so for a new bucket, whose region its
    names do not know yet. Of other providers only the same host counts as theirs.
    """
    try:
        to = urljoin(url, location)
    except ValueError:
        return None
    if not location or not may_receive(to):
        return None
    return to if _place(urlsplit(to)) == _place(urlsplit(url)) else None


def _place(parts: SplitResult) -> tuple[str, str, str]:
    """(provider, bucket, key) of the object that a url speaks of."""
    host, path = parts.hostname or "", unquote(parts.path).removeprefix("/")
    if is_loopback(host):
        provider = "this machine"
    elif parts.port not in (None, 443):
        provider = f"{host}:{parts.port}"
    elif amazon := AMAZON.fullmatch(host):
        provider = amazon["domain"]
        if amazon["bucket"]:
            return provider, amazon["bucket"], path
    else:
        provider = host
    bucket, _, key = path.partition("/")
    return provider, bucket, key


def expiry(url: str) -> float | None:
    """When a presigned url stops being valid, in Unix seconds; None where it does not say."""
    query = parse_qs(urlsplit(url).query)
    try:
        start = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return start.timestamp() + int(query["X-Amz-Expires"][0])
    except (KeyError, ValueError, OverflowError):
        return None


def signs(url: str, header: str) -> bool:
    """Whether the signature of `url` holds only with this header, named in lower case."""
    return header in parse_qs(urlsplit(url).query).get("X-Amz-SignedHeaders", [""])[0].split(";")


def headers(url: str, md5: str, *, expect: bool) -> list[str]:
    """Only what AWS permits beside the signed ones: an unsigned Content-MD5 or x-amz-* is refused.

    `Name:` without a value takes libcurl's own header away. Of the signed ones, those are sent whose value
    can be known here; `md5` is asked for only where it is signed.
    """
    lines = ["Expect: 100-continue" if expect else "Expect:", "Connection: close", "Accept:", "User-Agent:"]
    if signs(url, "content-type"):
        lines.append("Content-Type: application/octet-stream")
    if signs(url, "content-md5"):
        lines.append(f"Content-MD5: {base64.b64encode(bytes.fromhex(md5)).decode()}")
    if signs(url, "x-amz-content-sha256"):
        lines.append("x-amz-content-sha256: UNSIGNED-PAYLOAD")
    return lines
