"""How the API is spoken with: no redirects, nothing from the environment, in time; and words for what breaks an exchange."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import requests
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError, Timeout
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ReadTimeoutError

from lexer_pipeline.uploading.in_time import Asking, InTime
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.words import address, words_of

BROKEN = (RequestException, OSError)
ANSWER_LIMIT = 1 << 16


@contextmanager
def opened(settings: Settings) -> Iterator[requests.Session]:
    """A session with the certificates and the proxy of the settings, and none of the environment's."""
    with Asking() as session:
        session.trust_env = False
        session.mount("http://", InTime())
        session.mount("https://", InTime())
        session.verify = str(settings.ca_file) if settings.ca_file else True
        session.proxies = {"http": settings.proxy, "https": settings.proxy} if settings.proxy else {}
        yield session


def trouble(error: Exception, settings: Settings) -> str:
    """What broke the exchange; the error's own text may hold the address of a proxy, so it is not repeated."""
    where = address(settings.url, settings.proxy)
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


def their_words(response: requests.Response, token: str) -> str:
    """What a refusal says; one whose text breaks off or never ends is a refusal all the same."""
    try:
        return words_of(shortened(response.iter_content(4096)), (token,))
    except BROKEN:
        return ""


def shortened(pieces: Iterable[bytes]) -> bytes:
    """What came, up to the piece that makes it too long."""
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > ANSWER_LIMIT:
            break
    return data
