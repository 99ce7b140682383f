"""An answer whose time is limited as a whole: requests limits the wait for each piece, and a piece may be a byte."""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, cast

from requests import Session
from requests.adapters import HTTPAdapter


class Asking(Session):
    """A session that follows nothing: requests would read where an answer points, and fail where that is no address."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Any:
        return iter(())


class InTime(HTTPAdapter):
    """Connections of `requests` on which the time for reading is that of the whole answer, its headers included."""

    def get_connection_with_tls_context(self, *args: Any, **more: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **more)
        kind = pool.ConnectionCls
        pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": _AnswerInTime})
        return pool


class _AnswerInTime(HTTPResponse):
    """An answer that ends, from now on, within the time that its socket has for one read."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        if (seconds := sock.gettimeout()) is not None:
            self.fp = io.BufferedReader(_Until(self.fp.detach(), sock, seconds))


class _Until(io.RawIOBase):
    """The stream of a socket, each read of which has what is left of the time."""

    def __init__(self, stream: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        self._stream, self._sock, self._end = stream, sock, time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return cast("int | None", self._stream.readinto(into))

    def close(self) -> None:
        self._stream.close()
        super().close()
