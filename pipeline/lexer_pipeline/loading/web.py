"""Files of a web server: read in ranges where it knows them, else once, as they come."""

import re
from collections.abc import Mapping
from contextlib import closing
from io import RawIOBase
from types import MappingProxyType
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from requests.exceptions import RequestException, SSLError, Timeout
from urllib3.exceptions import HTTPError, NameResolutionError

from lexer_pipeline.errors import PipelineError, ServiceUnavailable, SourceError, UsageError
from lexer_pipeline.loading.file_state import changed
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.remote import NothingThere, Passing, RemoteFile, State
from lexer_pipeline.loading.streams import Stream
from lexer_pipeline.system.addresses import Address, address_of
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.system.scratch import Scratch

CONNECT, ANSWER = 10.0, 30.0  # seconds
PIECE = 1 << 16
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WHOLE, PART, TAKES_NO_CONDITION, PAST_THE_END = 200, 206, 412, 416
# What a server says that has too much to do, or has broken for now.
FOR_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})
BROKEN = (RequestException, HTTPError, OSError)
REFUSED: Mapping[int, str] = MappingProxyType({
    401: "asks for a user name and a password", 403: "may not be read", 407: "is behind a proxy that asks for a password",
})  # fmt: skip


def opened(address: Address, network: Network, scratch: Scratch) -> RemoteFile | Stream:
    """A file of a web server, looked at; SourceError where it cannot be."""
    refuse_unsafe(address)
    place = _File(address, network)
    try:
        return RemoteFile(address, place, network)
    except _NoRanges as found:
        return Stream(str(address), found.body, scratch, is_own=True)  # type: ignore[arg-type]


def refuse_unsafe(address: Address) -> None:
    """Raise UsageError where an address holds a password, SourceError where it would be read over a line that others can listen on."""
    if address.user:
        raise UsageError(
            f"{address}: a user name or a password stands in the address, where others can see it",
            f"Leave it out, and write into ~/.netrc: machine {_name(address)} login USER password PASSWORD",
        )
    if not address.host:
        raise SourceError(f"{address}: names no host", "Write the whole address: https://HOST/PATH")
    if address.scheme != "https" and not is_loopback(_name(address)):
        raise SourceError(
            f"{address}: would come over a line on which others can read and change it",
            "Write https:// in place of http://.",
        )


def _name(address: Address) -> str:
    """The host of an address, without its port."""
    return urlsplit(f"//{address.host}").hostname or ""


class _NoRanges(Exception):
    """The file can only be read as a whole; `body` is what comes."""

    def __init__(self, body: "_Body") -> None:
        super().__init__()
        self.body = body


class _File:
    """A file of a web server by its address; each exchange begins there anew, whatever it is passed on to."""

    def __init__(self, address: Address, network: Network) -> None:
        self._address = address
        self._network = network
        self._session: requests.Session = network.opened.setdefault("https", requests.Session())
        self._match = ""
        self._known: State | None = None

    def look(self, size: int) -> tuple[State, bytes]:
        """What it is now, and its first bytes; raises _NoRanges where it can only be read as a whole."""
        response = self._asked(0, size or 1)
        if response.status_code == WHOLE and self._known is None:
            raise _NoRanges(_Body(str(self._address), response))
        with closing(response):
            if response.status_code not in (PART, PAST_THE_END):
                raise changed(str(self._address))
            state = _state(response)
            if self._known is None and (state is None or (state.size and _begin(response) != 0)):
                raise _NoRanges(_Body(str(self._address), self._asked(None, 0)))
            if state is None:
                raise changed(str(self._address))
            head = bytearray()
            if response.status_code == PART:
                self._take(response, min(size, state.size), head)
            if len(head) < min(size, state.size):
                raise Passing(self._broke())
            self._known = state
            self._match = state.mark[0] if state.mark[0].startswith('"') else ""
            return state, bytes(head)

    def read(self, begin: int, size: int, into: bytearray) -> None:
        """Add a range to what came before."""
        with closing(self._asked(begin, size)) as response:
            if response.status_code != PART or _state(response) != self._known or _begin(response) != begin:
                raise changed(str(self._address))
            self._take(response, size, into)

    def _take(self, response: requests.Response, size: int, into: bytearray) -> None:
        before = len(into)
        try:
            while len(into) - before < size and (
                piece := response.raw.read(min(PIECE, size - len(into) + before), decode_content=False)
            ):
                into += piece
        except BROKEN:
            raise Passing(self._broke()) from None

    def _broke(self) -> SourceError:
        return SourceError(f"{self._address}: the connection breaks again and again", "Try again later.")

    def _asked(self, begin: int | None, size: int) -> requests.Response:
        """The answer to a request for a range, or for the whole; where it is elsewhere, that of the place that is named there."""
        headers = {"Accept-Encoding": "identity"}
        if begin is not None:
            headers["Range"] = f"bytes={begin}-{begin + size - 1}"
        if self._match:
            headers["If-Match"] = self._match
        url = urldefrag(self._address.text).url
        for _ in range(MOST_REDIRECTS):
            response = self._answer(url, headers)
            location = response.headers.get("Location", "")
            if response.status_code not in REDIRECTS or not location:
                return self._good(response)
            response.close()
            url = urldefrag(urljoin(url, location)).url
            self._refuse_unsafe(url)
        raise SourceError(
            f"{self._address}: is passed on from one address to another without end", "Check the address."
        )

    def _answer(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        network = self._network
        proxies = {"http": network.proxy, "https": network.proxy} if network.proxy else None
        try:
            # Of a redirect each step is a request of its own, so that ~/.netrc is asked for the host at hand.
            return self._session.get(
                url, headers=headers, timeout=(CONNECT, ANSWER), allow_redirects=False, stream=True, proxies=proxies,
                verify=str(network.ca_file) if network.ca_file else None,
            )  # fmt: skip
        except (*BROKEN, ValueError) as error:
            raise _unreachable(str(self._address), address_of(url), error) from None

    def _refuse_unsafe(self, url: str) -> None:
        address = address_of(url)
        if address is None or address.scheme not in ("https", "http"):
            raise SourceError(
                f"{self._address}: is passed on to what is no web address", "Check the address."
            )
        try:
            refuse_unsafe(address)
        except PipelineError:
            raise SourceError(
                f"{self._address}: is passed on to {address.host} without protection",
                "Ask whoever serves it for https.",
            ) from None

    def _good(self, response: requests.Response) -> requests.Response:
        """The answer, where it holds what was asked for."""
        status = response.status_code
        if status in (WHOLE, PART) or (status == PAST_THE_END and not _total(response)):
            return response
        response.close()
        raise self._refusal(status)

    def _refusal(self, status: int) -> Exception:
        name = str(self._address)
        if status in (404, 410):
            return NothingThere(f"{name}: there is no such file there ({status})", "Check the address.")
        if status in (TAKES_NO_CONDITION, PAST_THE_END):
            return changed(name)
        if status in FOR_NOW:
            return Passing(
                ServiceUnavailable(
                    f"{name}: the server answers {status}, again and again", "Try again later."
                )
            )
        what = REFUSED.get(status, f"the server answers {status}")
        if self._address.query:
            return SourceError(
                f"{name}: {what} ({status})",
                "An address that is good for a while may have ended: ask for a new one.",
            )
        return SourceError(
            f"{name}: {what} ({status})",
            f"Put the user name and the password into ~/.netrc: machine {_name(self._address)} login USER password PASSWORD",
        )


class _Body(RawIOBase):
    """All of a file as it comes."""

    def __init__(self, name: str, response: requests.Response) -> None:
        self._name = name
        self._response = response

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        try:
            data: bytes = self._response.raw.read(size if size >= 0 else None, decode_content=False)
            return data
        except BROKEN:
            raise SourceError(
                f"{self._name}: the connection broke, and this server cannot go on in the middle of a file",
                "Try again; or fetch the file first, and name that.",
            ) from None

    def close(self) -> None:
        self._response.close()
        super().close()


def _total(response: requests.Response) -> int | None:
    """How many bytes the whole has, which an answer with a range says; None where it does not."""
    _, slash, total = response.headers.get("Content-Range", "").rpartition("/")
    return int(total) if slash and total.isascii() and total.isdigit() else None


def _begin(response: requests.Response) -> int | None:
    """Where the range of an answer begins."""
    found = re.match(r"bytes ([0-9]+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _state(response: requests.Response) -> State | None:
    """What the file is, as an answer with a range tells; None where it tells nothing by which a change is seen."""
    total = _total(response)
    mark = (response.headers.get("ETag", ""), response.headers.get("Last-Modified", ""))
    return None if total is None or not any(mark) else State(total, mark)


def _unreachable(name: str, asked: Address | None, error: Exception) -> Exception:
    """What to say of a server that gives no answer; the error's own text may hold the address."""
    host = asked.host if asked is not None else ""
    if isinstance(error, ValueError) and not isinstance(error, OSError | HTTPError):
        return SourceError(f"{name}: is no address of a web server", "Write it as https://HOST/PATH.")
    if isinstance(error, SSLError):
        return SourceError(
            f"{name}: the certificate of {host} was not accepted",
            "Where it is your own, name the file of its authority in LEXER_CA_FILE.",
        )
    if _comes_of(error, NameResolutionError):
        return SourceError(f"{name}: there is no host {host}, or no network", "Check the address.")
    late = isinstance(error, Timeout)
    what = "did not answer in time" if late else "could not be reached"
    return Passing(_later(name, f"{host} {what}"))


def _later(name: str, what: str) -> PipelineError:
    return SourceError(f"{name}: {what}", "Check the address and the network, and try again.")


def _comes_of(error: BaseException, kind: type[BaseException]) -> bool:
    """Whether an error was one of a kind to begin with."""
    seen: list[object] = [error]
    for one in seen:
        if isinstance(one, kind):
            return True
        if isinstance(one, BaseException) and len(seen) < 20:
            seen += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
    return False
