"""The vendor's File Upload API: one POST for each permit, no redirects, no retries, nothing from the environment.

The only module that knows how the vendor is asked for one; permit.py says what it owes to the others. An answer has
`answer_timeout` as a whole, however slowly it drips.
"""

import json

import requests
from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.uploading import session
from lexer_pipeline.uploading.permit import Grant, Refusal
from lexer_pipeline.uploading.presigned import expiry
from lexer_pipeline.uploading.settings import VARIABLE, Settings
from lexer_pipeline.uploading.words import points_to, words_of

CHECK_TOKEN = f"check the token (type Activity, not revoked) in {VARIABLE} and the IP allow-list in the Hub"


class LexerApi(Struct, frozen=True):
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
        with session.opened(settings) as opened:
            try:
                with opened.post(
                    settings.url,
                    data=json.dumps(_request(file_name, record_type, dataset)).encode(),
                    headers=headers,
                    timeout=(settings.connect_timeout, settings.answer_timeout),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return _read(response, self._secret())
            except session.BROKEN as error:
                return Refusal(0, session.trouble(error, settings))

    def _secret(self) -> str:
        if self.settings.token is None:
            raise UsageError(
                "there is no upload token",
                f"Type lexer-pipeline login, or put it into {VARIABLE} (Hub > Manage > Integrations > API Tokens, type Activity)",
            )
        return self.settings.token.secret


def _request(file_name: str, record_type: str | None, dataset: str) -> dict[str, object]:
    if not dataset:
        return {"filename": file_name}
    load = {"destination_type": "dataset_load", "dataset_id": dataset, "record_type": record_type}
    return {"filename": file_name, "destination": load}


def _read(response: requests.Response, token: str) -> Grant | Refusal:
    status = response.status_code
    if status not in (200, 201):
        pointed = points_to(response.headers.get("Location", "")) if 300 <= status < 400 else ""
        words = "; ".join(filter(None, (session.their_words(response, token), pointed)))
        retry_after = response.headers.get("Retry-After", "")[:64]
        return Refusal(status, words, CHECK_TOKEN if status in (401, 403) else "", retry_after)
    data = session.shortened(response.iter_content(4096))
    if len(data) > session.ANSWER_LIMIT:
        return Refusal(status, "the answer is too long")
    if grant := read_grant(data):
        return grant
    words = words_of(data, (token,))
    return Refusal(status, f"the answer holds no usable id and url{f': {words}' if words else ''}")


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
