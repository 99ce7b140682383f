"""The request for permission to upload: one POST, no redirects, no retries, nothing from the environment."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from lexer_pipeline.uploading.presigned import expiry, may_receive

ANSWER_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission: the upload id, and a url that is as good as a password until it expires.

    `expires_at` is in Unix seconds, from X-Amz-Date and X-Amz-Expires; None where the url does not say.
    """

    upload_id: str
    url: str = field(repr=False)
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class PostResult:
    """What one request for permission tells; `status` 0 means that no answer came."""

    status: int
    grant: Grant | None = None
    retry_after: str = ""
    detail: str = ""


def body(filename: str, dataset: str | None, record_type: str | None) -> dict[str, object]:
    """What the request says; with a dataset, the vendor starts a load once the file is there."""
    if dataset is None or record_type is None:
        return {"filename": filename}
    load = {"destination_type": "dataset_load", "dataset_id": dataset, "record_type": record_type}
    return {"filename": filename, "destination": load}


def ask(
    url: str,
    secret: str,
    content: Mapping[str, object],
    *,
    connect_timeout: float,
    answer_timeout: float,
    proxy: str | None = None,
    ca_file: Path | None = None,
) -> PostResult:
    """Ask once for permission; network events come back as a value without token or url."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(ca_file) if ca_file else True
        session.proxies = {"http": proxy, "https": proxy} if proxy else {}
        try:
            with session.post(
                url,
                data=json.dumps(content).encode(),
                headers={
                    "Auth-Api-Token": secret,
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
                timeout=(connect_timeout, answer_timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _result(response)
        except requests.exceptions.SSLError:
            return PostResult(
                0, detail="the TLS certificate or handshake was not accepted (see LEXER_CA_FILE)"
            )
        except requests.exceptions.ConnectionError:
            return PostResult(0, detail="the service could not be reached or broke the connection")
        except requests.exceptions.Timeout:
            return PostResult(0, detail="the service did not answer in time")
        except (requests.exceptions.RequestException, OSError):
            return PostResult(0, detail="the exchange with the service failed")


def _result(response: requests.Response) -> PostResult:
    retry_after = response.headers.get("Retry-After", "")[:64]
    if response.status_code not in (200, 201):
        return PostResult(response.status_code, None, retry_after)
    data = b""
    for piece in response.iter_content(4096):
        data += piece
        if len(data) > ANSWER_LIMIT:
            return PostResult(response.status_code, detail="the answer is too long")
    grant = read_grant(data)
    return PostResult(
        response.status_code, grant, detail="" if grant else "the answer holds no usable id and url"
    )


def read_grant(data: bytes) -> Grant | None:
    r"""The permission in an answer, or None; the vendor writes `&` as `\u0026`, which JSON undoes."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    upload_id, url = answer.get("id"), answer.get("url")
    if isinstance(upload_id, bool) or not isinstance(upload_id, int | str) or not isinstance(url, str):
        return None
    name = str(upload_id)
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", name) or not may_receive(url):
        return None
    return Grant(name, url, expiry(url))


def seconds_of(retry_after: str, now: float) -> float | None:
    """A Retry-After value as seconds from `now`: a number, or an HTTP date (RFC 9110, 10.2.3)."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", retry_after):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)
