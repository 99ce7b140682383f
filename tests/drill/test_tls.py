"""TLS that is not to be trusted, or breaks: neither the token nor a byte of a batch leaves, and once it is mended all is sent once."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from lexer_pipeline.model import Receipt
from lexer_pipeline.uploading.receipts import exit_code

from tests.drill.authority import DAY, ELSEWHERE, Authority
from tests.upload.helpers import LINE, md5_of, prepared, send
from tests.upload.store import TOKEN, Store, reset


@pytest.fixture(autouse=True)
def calm() -> None:
    """These tests need no sandbox."""


class Cut:
    """A handshake that is cut off, so many times; then a good one. `answer` comes instead of it."""

    def __init__(self, good: ssl.SSLContext, times: int = 1_000, answer: bytes = b"") -> None:
        self.good, self.times, self.answer = good, times, answer

    def wrap_socket(self, connection: socket.socket, server_side: bool) -> socket.socket:
        self.times -= 1
        if self.times < 0:
            return self.good.wrap_socket(connection, server_side=server_side)
        hello = connection.recv(65536)
        assert TOKEN.encode() not in hello
        if self.answer:
            connection.sendall(self.answer)
            connection.close()
        else:
            reset(connection)
        raise OSError("cut off")


Bad = Callable[[Authority, Path], object]
BAD: dict[str, Bad] = {
    "expired": lambda authority, _: authority.server(begins=-3 * DAY, ends=-DAY),
    "not valid yet": lambda authority, _: authority.server(begins=DAY, ends=3 * DAY),
    "for another host": lambda authority, _: authority.server(place=ELSEWHERE),
    "signed by itself": lambda authority, _: authority.server(signed=False),
    "of another authority": lambda _, folder: Authority(folder / "other").server(),
    "cut off": lambda authority, _: Cut(authority.server()),
    "answered in plain HTTP": lambda authority, _: Cut(
        authority.server(), answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    ),
    "answered with rubbish": lambda authority, _: Cut(
        authority.server(), answer=b"\x16\x03\x03\x00\x02\xff\xff" * 99
    ),
}


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


def store_of(authority: Authority) -> Store:
    """A store that serves over TLS once it has begun."""
    authority.server()
    return Store(authority.folder / "server.pem")


def sent(receipt: Receipt, objects: Store) -> bool:
    return receipt.state == "sent" and len(objects.objects) == 1


@pytest.mark.parametrize("kind", BAD)
def test_a_service_that_cannot_be_trusted_learns_nothing_and_loses_nothing(
    authority: Authority, tmp_path: Path, out: Path, kind: str
) -> None:
    batch = prepared(out)
    with store_of(authority) as store:
        good = store.context
        store.context = BAD[kind](authority, tmp_path)
        (receipt,) = send(store, out, batch, settings={"ca_file": authority.file, "tries": 2})
        assert (receipt.state, exit_code([receipt])) == ("prepared", 5), receipt
        assert "TLS" in receipt.reason or "broke" in receipt.reason or "reach" in receipt.reason, (
            receipt.reason
        )
        assert store.posts == store.puts == []

        store.context = good
        (receipt,) = send(store, out, batch, settings={"ca_file": authority.file})

        assert sent(receipt, store)
        assert store.stored[0][1] == md5_of(batch)


@pytest.mark.parametrize("kind", BAD)
def test_a_store_that_cannot_be_trusted_gets_no_byte_and_the_same_permission_goes_on(
    authority: Authority, tmp_path: Path, out: Path, kind: str
) -> None:
    batch = prepared(out)
    with store_of(authority) as service, store_of(authority) as objects:
        service.base = objects.base
        good = objects.context
        objects.context = BAD[kind](authority, tmp_path)
        (receipt,) = send(service, out, batch, settings={"ca_file": authority.file, "tries": 2})
        assert (receipt.state, exit_code([receipt])) == ("granted", 5), receipt
        assert objects.puts == []

        objects.context = good
        (receipt,) = send(service, out, batch, settings={"ca_file": authority.file})

        assert sent(receipt, objects)
        assert len(service.posts) == 1


def test_a_handshake_that_is_cut_off_once_is_tried_again(authority: Authority, out: Path) -> None:
    batch = prepared(out)
    with store_of(authority) as store:
        assert isinstance(store.context, ssl.SSLContext)
        store.context = Cut(store.context, times=1)

        (receipt,) = send(store, out, batch, settings={"ca_file": authority.file})

        assert sent(receipt, store)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99, 1.0])
def test_a_connection_that_is_reset_in_the_midst_of_the_body_goes_on_under_the_same_permission(
    authority: Authority, out: Path, share: float
) -> None:
    batch = prepared(out, data=LINE * 100_000)
    with store_of(authority) as store:
        store.put_faults = [f"cut:{share}", f"cut:{share}"]

        (receipt,) = send(store, out, batch, settings={"ca_file": authority.file})

        assert sent(receipt, store)
        assert (len(store.posts), store.stored[0][1]) == (1, md5_of(batch))
