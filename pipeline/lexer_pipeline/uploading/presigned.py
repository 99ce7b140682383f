"""What a presigned S3 url says of itself, and what may be sent to it."""

import base64
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from lexer_pipeline.uploading.settings import is_loopback


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


def expiry(url: str) -> float | None:
    """When a presigned url stops being valid, in Unix seconds; None where it does not say."""
    query = parse_qs(urlsplit(url).query)
    try:
        start = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return start.timestamp() + int(query["X-Amz-Expires"][0])
    except (KeyError, ValueError, OverflowError):
        return None


def headers(url: str, md5: str) -> list[str]:
    """Only what AWS permits beside the signed ones: an unsigned Content-MD5 or x-amz-* is refused.

    `Name:` without a value takes libcurl's own header away. Of the signed ones, those are sent whose value
    can be known here.
    """
    lines = ["Expect: 100-continue", "Connection: close", "Accept:", "User-Agent:"]
    signed = parse_qs(urlsplit(url).query).get("X-Amz-SignedHeaders", [""])[0].split(";")
    if "content-type" in signed:
        lines.append("Content-Type: application/octet-stream")
    if "content-md5" in signed:
        lines.append(f"Content-MD5: {base64.b64encode(bytes.fromhex(md5)).decode()}")
    if "x-amz-content-sha256" in signed:
        lines.append("x-amz-content-sha256: UNSIGNED-PAYLOAD")
    return lines
