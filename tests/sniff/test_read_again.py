"""A source whose rows are to be brought together is read twice, from where it lies if that can be."""

import gzip
import os
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.chunks.group import Key
from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.byte_stream import BLOCK, ByteSource
from lexer_pipeline.loading.encodings import Decoded
from lexer_pipeline.loading.format import Readable, ReadOptions
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.loading.records import load_rows
from lexer_pipeline.loading.spool import spooled
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.system.scratch import Scratch

ORDERS = b"purchase_id,products[].price_paid\n" + b"".join(
    b"P%d,1.50\n" % (row // 2) for row in range(40_000)
)


def of_file(path: Path) -> ByteSource:
    return ByteSource(str(path), origin_of(path, None).open())


def all_of(source: Readable, size: int = BLOCK) -> bytes:
    pieces = []
    while data := source.read(size):
        pieces.append(data)
    return b"".join(pieces)


def both_times(source: Decoded, start: bytes, size: int) -> tuple[bytes, bytes, int]:
    """What is read the first time and the second, and how much was copied for that."""
    with spooled(source, start, Scratch()) as spool:
        first = all_of(spool, size)
        again = spool.again()
        copied = again._copied[1]
        assert again.size == len(first)
        assert all_of(spool.again(), 1000) == first
        second = all_of(again, size)
    source.close()
    return first, second, copied


@pytest.mark.parametrize("size", [1, 7, 4096, BLOCK])
def test_a_plain_file_is_read_again_where_it_lies(tmp_path: Path, size: int) -> None:
    data = ORDERS[: 100 * size]
    (tmp_path / "orders.csv").write_bytes(data)
    source = Decoded(of_file(tmp_path / "orders.csv"))

    assert both_times(source, source.read(size), size) == (data, data, 0)


def test_a_file_that_begins_with_a_mark_is_read_again_behind_what_was_taken_off(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(b"\xef\xbb\xbf" + ORDERS)
    source = Decoded(of_file(tmp_path / "orders.csv"))
    start = source.read(64)[3:]

    assert both_times(source, start, 4096) == (ORDERS, ORDERS, 0)


@pytest.mark.parametrize("lines", [0, 10, 30_000])
def test_only_what_was_decoded_is_copied(tmp_path: Path, lines: int) -> None:
    plain, odd = b"P1,Anna\n" * lines, "P2,Zoë\n".encode("cp1252") * 600_000
    (tmp_path / "orders.csv").write_bytes(plain + odd)
    source = Decoded(of_file(tmp_path / "orders.csv"), ReadOptions("cp1252" if lines == 10 else None))
    text = plain + "P2,Zoë\n".encode() * 600_000

    first, again, copied = both_times(source, b"", 1 << 16)

    assert first == again == text
    assert 0 < copied <= len(text)


def test_what_is_packed_or_comes_through_a_pipe_is_copied(tmp_path: Path) -> None:
    (tmp_path / "orders.csv.gz").write_bytes(gzip.compress(ORDERS))
    packed = Decoded(of_file(tmp_path / "orders.csv.gz"))
    piped = Decoded(ByteSource("-", BytesIO(ORDERS)))

    assert both_times(packed, packed.read(10), 4096) == (ORDERS, ORDERS, len(ORDERS))
    assert both_times(piped, piped.read(10), 4096) == (ORDERS, ORDERS, len(ORDERS))


@pytest.mark.parametrize("change", ["grown", "touched", "cut short"])
def test_a_file_that_changes_between_the_two_times_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(ORDERS)
    with (
        pytest.raises(SourceError, match="was changed while it was read"),
        unchanged(path, None) as loaded,
    ):
        rows = load_rows(loaded, Key(0), (0,))
        next(rows)
        if change == "grown":
            with path.open("ab") as file:
                file.write(b"P9,2\n")
        elif change == "touched":
            os.utime(path, ns=(1, 1))
        else:
            os.truncate(path, 100)
        list(rows)
