"""What lies between this machine and a database: it passes on what is said, and breaks the connection at a chosen word."""

import socket
import threading
from typing import Self


class Proxy:
    """Listens on `port` for a server on another; `cut_at` is the word of a client at which it cuts, once; 0 is never.

    A word is what a client hands over at once: a query, or the answer to one for a password. It is cut off before it reached the
    server, or `after` it did, so that nobody hears what became of it.
    """

    def __init__(self, server: int, cut_at: int = 0, after: bool = False) -> None:
        self.server, self.cut_at, self.after = server, cut_at, after
        self.words = 0
        self._turn = threading.Lock()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def cut(self) -> None:
        """Break all connections."""
        for one in self._open:
            _end(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.server))
            except OSError:
                return
            self._open += [client, server]
            for one, other, is_client in ((client, server, True), (server, client, False)):
                thread = threading.Thread(target=self._pass_on, args=(one, other, is_client))
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, one: socket.socket, other: socket.socket, is_client: bool) -> None:
        try:
            while said := one.recv(1 << 16):
                is_cut = is_client and self._is_cut()
                if is_cut and self.after:
                    _end(one)  # what the server answers finds nobody
                if not is_cut or self.after:
                    other.sendall(said)
                if is_cut:
                    break
        except OSError:
            pass
        if is_client and self.after:
            self._let_end(other)
        _end(one)
        _end(other)

    def _is_cut(self) -> bool:
        with self._turn:
            self.words += 1
            return self.words == self.cut_at

    def _let_end(self, server: socket.socket) -> None:
        """The server sees that its client is gone once it has done what was asked last."""
        try:
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def _end(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
