"""Whether the API answers and takes the token, without sending anything.

The upload API has no such question. `GET /v1/users` beside it belongs to the vendor's Activity API and answers 200 for a
token that is good and 401 for one that is not; whether it does so for every token is not known, so any other answer
says nothing about the token.
"""

import ssl
from email.utils import parsedate_to_datetime

from msgspec import Struct
from msgspec.structs import replace
from requests import Response

from lexer_pipeline.uploading import session
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.words import points_to

UPLOADS, USERS = "/uploads", "/users"
PATIENCE = 15.0  # seconds at the most: somebody looks on


class Answer(Struct, frozen=True):
    """What came back; `trouble` where nothing did, and then `status` is 0.

    `asked` says whether the question was about the token. `date` is the service's clock in Unix seconds, to the second.
    """

    status: int = 0
    asked: bool = False
    is_json: bool = False
    date: float | None = None
    words: str = ""
    trouble: str = ""


def probe(settings: Settings) -> Answer:
    """Ask once, with the token where there is one and the address is one that has the question."""
    is_known = settings.url.endswith(UPLOADS)
    url = settings.url.removesuffix(UPLOADS) + USERS if is_known else settings.url
    secret = settings.token.secret if settings.token and is_known else ""
    patient = replace(
        settings,
        connect_timeout=min(settings.connect_timeout, PATIENCE),
        answer_timeout=min(settings.answer_timeout, PATIENCE),
    )
    with session.opened(patient) as opened:
        try:
            with opened.get(
                url,
                headers={"Accept": "application/json", **({"Auth-Api-Token": secret} if secret else {})},
                timeout=(patient.connect_timeout, patient.answer_timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response, secret)
        except session.BROKEN as error:
            certificate = _of_certificate(error)
            why = session.trouble(error, settings)
            return Answer(trouble=f"{why}: {certificate}" if certificate else why)


def _read(response: Response, secret: str) -> Answer:
    location = response.headers.get("Location", "") if 300 <= response.status_code < 400 else ""
    words = "; ".join(filter(None, (session.their_words(response, secret), points_to(location))))
    kind = response.headers.get("Content-Type", "")
    return Answer(
        response.status_code, bool(secret), "json" in kind.lower(), _date(response.headers.get("Date", "")), words
    )  # fmt: skip


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _of_certificate(error: BaseException) -> str:
    """What OpenSSL says of a certificate that it refused; it names hosts, and nothing that is secret."""
    seen: list[object] = [error]
    for one in seen:
        if isinstance(one, ssl.SSLCertVerificationError):
            return one.verify_message
        if isinstance(one, BaseException) and len(seen) < 20:
            seen += [*one.args, getattr(one, "reason", None)]
    return ""
