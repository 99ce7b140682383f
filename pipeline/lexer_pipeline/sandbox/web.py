"""HTTP on a loopback socket, with the rudeness that the drills need: resets, silence, broken answers."""

import select
import socket
import ssl
import struct
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import cast

from msgspec import Struct

LOOPBACK = "127.0.0.1"
IDLE_SECONDS = 60.0
LARGEST_FORM = 1 << 16
WORDS = {status.value: status.phrase for status in HTTPStatus}


class GoneError(Exception):
    """The connection is over; there is nobody to answer."""


class TooLargeError(Exception):
    """The body is larger than a request to this address ever needs."""


class Answer(Struct, frozen=True):
    """What goes back; `close` ends the connection after it."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False


class Exchange(BaseHTTPRequestHandler):
    """One connection; each request on it is put to the server's `answer`."""

    protocol_version = "HTTP/1.1"
    server_version = "lexer-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    connection: socket.socket

    @property
    def front(self) -> "Front":
        """The server that took the connection."""
        return cast("Front", self.server)

    @property
    def expects(self) -> bool:
        """Whether the client waits for a 100 before it sends the body."""
        return self.headers.get("Expect", "").lower() == "100-continue"

    def setup(self) -> None:
        """Shake hands here and not in the accepting thread, so that one slow client stops nobody."""
        self.request.settimeout(IDLE_SECONDS)
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def handle_one_request(self) -> None:
        """Read a request and answer it; an idle or broken connection just ends."""
        try:
            super().handle_one_request()
        except (GoneError, ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        """Send nothing yet: whether the body is wanted is decided later (`go_on`)."""
        return True

    def do_GET(self) -> None:
        """Answer a request of any method."""
        self.connection.settimeout(IDLE_SECONDS)
        self.front.answer(self)

    # The names are those that http.server looks for.
    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *values: object) -> None:
        """Print nothing: a request line can hold a signature, and the event log has the rest."""

    def go_on(self) -> None:
        """Ask for the body if the client waits to be asked."""
        if self.expects:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def form(self) -> bytes:
        """A small body, read whole; TooLargeError, or ValueError without a usable Content-Length."""
        length = int(self.headers.get("Content-Length", "0"))
        if length > LARGEST_FORM:
            raise TooLargeError
        if length < 0 or "Transfer-Encoding" in self.headers:
            raise ValueError("Content-Length")
        self.go_on()
        body = self.rfile.read(length)
        if len(body) < length:
            raise GoneError
        return body

    def send(self, answer: Answer) -> None:
        """Send the answer whole."""
        self.wfile.write(self.head(answer) + (b"" if self.command == "HEAD" else answer.body))

    def head(self, answer: Answer, length: int | None = None) -> bytes:
        """The answer's head, with the Content-Length of its body or the one given."""
        self.close_connection = self.close_connection or answer.close
        lines = [f"HTTP/1.1 {answer.status} {WORDS.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        lines += [f"Date: {self.date_time_string()}", f"Server: {self.server_version}"]
        lines += [f"Content-Length: {len(answer.body) if length is None else length}"]
        lines += ["Connection: close"] if self.close_connection else []
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.drop()

    def drop(self) -> None:
        """Close the connection without another word."""
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()
        raise GoneError

    def wait(self, seconds: float) -> None:
        """Be silent for a time; GoneError as soon as the client leaves or the server closes."""
        watch = select.poll()
        gone = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
        watch.register(self.connection.fileno(), gone)
        for _ in range(int(seconds * 20)):
            if self.front.closing.wait(0.05) or watch.poll(0):
                raise GoneError
        self.front.closing.wait(seconds % 0.05)


class Front(TCPServer):
    """A listening socket on 127.0.0.1 and one thread for each connection."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        answer: Callable[[Exchange], None],
        defect: Callable[[str], None],
        tls: ssl.SSLContext | None,
    ) -> None:
        self.answer = answer
        self.closing = threading.Event()
        self._defect = defect
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[threading.Thread, socket.socket] = {}
        super().__init__((LOOPBACK, port), Exchange)
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port that was asked for, or the free one that was found for port 0."""
        return int(self.socket.getsockname()[1])

    def start(self) -> None:
        """Take connections from now on."""
        self._accepting.start()

    def stop(self) -> None:
        """Break every connection and wait until their threads have ended."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            waiting = dict(self._open)
        for connection in waiting.values():
            _break(connection)
        for thread in waiting:
            thread.join(10)
        self._accepting.join()

    def server_bind(self) -> None:
        """Bind without a look-up of the host's name, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Serve the connection in a thread of its own."""
        assert isinstance(request, socket.socket)  # a TCP server has no datagrams
        if self._tls:
            request = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[thread] = request
        thread.start()

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.finish_request(request, client_address)
        except (GoneError, OSError):  # the client left, or never spoke TLS
            pass
        except Exception as error:  # noqa: BLE001 - a defect belongs in the event log, where tests look
            place = traceback.extract_tb(error.__traceback__)[-1]
            self._defect(f"{type(error).__name__} in {place.name}, line {place.lineno}")
        finally:
            self.shutdown_request(request)
            with self._lock:
                self._open.pop(threading.current_thread(), None)


def _break(connection: socket.socket) -> None:
    with suppress(OSError):  # it may have ended by itself
        # Not SSLSocket.shutdown: that takes the TLS layer away under the thread which still reads.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
