"""The vendor's File Upload API: one POST for each permit, no redirects, no retries, nothing from the environment.

The only module that knows how the vendor is asked; permit.py says what it owes to the others. An answer has
`answer_timeout` as a whole, however slowly it drips.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import requests
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError, Timeout
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError

from lexer_pipeline.errors import UsageError
from lexer_pipeline.uploading.in_time import Asking, InTime
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.presigned import expiry
from lexer_pipeline.uploading.settings import VARIABLE, Settings
from lexer_pipeline.uploading.words import address, points_to, words_of

ANSWER_LIMIT = 1 << 16
CHECK_TOKEN = f"check the token (type Activity, not revoked) in {VARIABLE} and the IP allow-list in the Hub"


@dataclass(frozen=True, slots=True)
class LexerApi:
    """The `UploadService` that the vendor runs at the address of the settings, for the account of their token."""

    settings: Settings

    @property
    def name(self) -> str:
        """Scheme, host, port and path of the API, and the account where the settings name one."""
        return self.settings.service

    @property
    def former_name(self) -> str:
        """The host, as 0.1.0 kept it; on this machine it says nothing, since any service may have been there."""
        return self.settings.former_service

    def check(self) -> None:
        """Without a token nothing can be asked for."""
        self._secret()

    def ask(self, file_name: str, record_type: str | None, dataset: str) -> Grant | Refusal:
        """One POST; with a dataset, the vendor starts a load once the file is there."""
        settings = self.settings
        headers = {
            "Auth-Api-Token": self._secret(),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        with Asking() as session:
            session.trust_env = False
            session.mount("http://", InTime())
            session.mount("https://", InTime())
            session.verify = str(settings.ca_file) if settings.ca_file else True
            session.proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
            try:
                with session.post(
                    settings.url,
                    data=json.dumps(_request(file_name, record_type, dataset)).encode(),
                    headers=headers,
                    timeout=(settings.connect_timeout, settings.answer_timeout),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return _read(response, self._secret())
            except (RequestException, OSError) as error:
                return Refusal(0, _trouble(error, address(settings.url, settings.proxy)))

    def _secret(self) -> str:
        if self.settings.token is None:
            raise UsageError(
                "there is no upload token",
                f"put it into {VARIABLE} (Hub > Manage > Integrations > API Tokens, type Activity)",
            )
        return self.settings.token.secret


def _request(file_name: str, record_type: str | None, dataset: str) -> dict[str, object]:
    if not dataset:
        return {"filename": file_name}
    load = {"destination_type": "dataset_load", "dataset_id": dataset, "record_type": record_type}
    return {"filename": file_name, "destination": load}


def _trouble(error: Exception, where: str) -> str:
    """What broke the exchange; the error's own text may hold the address of a proxy, so it is not repeated."""
    cause = error.args[0] if error.args else None
    cause = cause.reason if isinstance(cause, MaxRetryError) else cause
    if isinstance(error, SSLError):
        return f"the TLS certificate or handshake of {where} was not accepted (see LEXER_CA_FILE, or ca_file in pipeline.toml)"
    if isinstance(error, ConnectTimeout | ProxyError) or isinstance(
        cause, NewConnectionError | ConnectTimeoutError
    ):
        return f"{where} could not be reached"
    # A body that is late comes as a ConnectionError.
    if isinstance(error, Timeout) or isinstance(cause, ReadTimeoutError):
        return f"{where} did not answer in time"
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return f"{where} broke the connection"
    return f"the exchange with {where} failed"


def _read(response: requests.Response, token: str) -> Grant | Refusal:
    status = response.status_code
    if status not in (200, 201):
        pointed = points_to(response.headers.get("Location", "")) if 300 <= status < 400 else ""
        words = "; ".join(filter(None, (_their_words(response, token), pointed)))
        retry_after = response.headers.get("Retry-After", "")[:64]
        return Refusal(status, words, CHECK_TOKEN if status in (401, 403) else "", retry_after)
    data = _shortened(response.iter_content(4096))
    if len(data) > ANSWER_LIMIT:
        return Refusal(status, "the answer is too long")
    if grant := read_grant(data):
        return grant
    words = words_of(data, (token,))
    return Refusal(status, f"the answer holds no usable id and url{f': {words}' if words else ''}")


def _their_words(response: requests.Response, token: str) -> str:
    """What a refusal says; one whose text breaks off or never ends is a refusal all the same."""
    try:
        return words_of(_shortened(response.iter_content(4096)), (token,))
    except (RequestException, OSError):
        return ""


def _shortened(pieces: Iterable[bytes]) -> bytes:
    """What came, up to the piece that makes it too long."""
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > ANSWER_LIMIT:
            break
    return data


def read_grant(data: bytes) -> Grant | None:
    r"""The permit in an answer, or None; the vendor writes `&` as `\u0026`, which JSON undoes."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    upload_id, url = answer.get("id"), answer.get("url")
    if isinstance(upload_id, bool) or not isinstance(upload_id, int | str) or not isinstance(url, str):
        return None
    try:
        return Grant(str(upload_id), url, expiry(url))
    except ValueError:
        return None
