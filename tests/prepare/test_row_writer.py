"""Rows that are written as they are read are the rows that the slow way would write, wherever the bytes are cut."""

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.kernels import dispatch, row_writer
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.loading import byte_stream, table_rows
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.specs.catalog import find
from lexer_pipeline.validating.compile_rows import compile_writer
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.layout import Layout, compile_layout
from lexer_pipeline.validating.reference import ReferenceChecker
from msgspec.structs import replace

from tests import plain
from tests.running import ROOT, environment
from tests.thoroughness import with_examples

from .helpers import KEEP_ALL, Prepared, in_plain_python, of_bytes
from .test_fast_against_slow import COMMA, DIALECTS, NASTY_FILE, nasty

thorough = with_examples(30, drill=400)
BLOCKS = (1, 9, 64, 1 << 20)
# The most bytes of a file of records: one for all of them, or several.
SIZES = (KEEP_ALL.max_bytes, 1300)
BUYER = (
    b"link.customer_id,first_name,email,link.email,employee_flag,date_of_birth,custom_fields.points,gender"
)
ORDER = (
    b"purchase_id,link.customer_id,action_at,type,currency,products[].product_reference.id,"
    b"products[].product_reference.id_type,products[].price_paid,products[].quantity"
)


def _read(data: bytes, spec: str, out: Path, options: Options) -> Prepared | str:
    """What was prepared, or in words why the whole file is refused: any bytes may look like a header of their own."""
    try:
        return of_bytes(data, spec, out, options)
    except (SourceError, UsageError) as refused:
        return str(refused)


def same(data: bytes, spec: str, block: int, most: int = KEEP_ALL.max_bytes) -> None:
    """The files and the report do not depend on kernels, nor on the size of a block."""
    options = replace(KEEP_ALL, max_bytes=most)
    with TemporaryDirectory() as folder:
        with patch.object(table_rows, "BLOCK", block), patch.object(byte_stream, "BLOCK", max(block, 16)):
            fast = _read(data, spec, Path(folder, "fast"), options)
        with in_plain_python():
            slow = _read(data, spec, Path(folder, "slow"), options)
    if isinstance(fast, str) or isinstance(slow, str):
        assert fast == slow
        return
    assert fast.files == slow.files
    assert fast.report.sources == slow.report.sources


# Mostly what is right, so that most rows are good but for one cell.
NAMES = (
    b"Mira",
    b"Zo\xc3\xab",
    b'"a ""b"" c"',
    b'"two\nlines"',
    b'"swallowed' + (b"\n" + b"," * 7 + b"x") * 2 + b'"',
    b'"prose' + (b"\n" + b"a, " * 7 + b"x") * 2 + b'"',
    b"\xff",
    b"x\0y",
    b'5" pipe',
    b'"open',
    b'"a"b',
    b"\\",
    b"\r",
    b"",
)
EMAILS = (
    b"mira@example.com", b"Mira@Example.COM", b" mira@example.com ", b"\tmira@example.com", b"mira@example",
    b"m\xc3\xadra@example.com", b"\xe2\x84\xaaira@example.com", b'"mira@example.com"', b'"Mira""@example.com"', b" ", b"",
)  # fmt: skip
FLAGS = (b"true", b"false", b"yes", b"maybe", b"TRUE", b'"true"', b" true", b"")
DAYS = (b"1990-02-28", b"1990-02-30", b"0000-01-01", b"28/02/1990", b"1990-2-8", b'"1990-02-28"', b"")


@st.composite
def buyers(draw: st.DrawFn) -> bytes:
    rows = []
    for number in range(draw(st.integers(1, 8))):
        cells = [b"C%d" % number, b"Mira", b"mira@example.com", b"", b"true", b"1990-02-28", b"7", b"female"]
        for place, values in (
            (1, NAMES),
            (2, EMAILS),
            (3, EMAILS),
            (4, FLAGS),
            (5, DAYS),
            (0, (b"", b"C 1")),
        ):
            if draw(st.integers(0, 5)) == 0:
                cells[place] = draw(st.sampled_from(values))
        end = draw(
            st.sampled_from(
                (b"\n", b"\n", b"\r\n", b"\r", b"\n\n", b",extra\n", b",,\n", b"\n" + BUYER + b"\n")
            )
        )
        rows.append(b",".join(cells[: draw(st.sampled_from((8, 8, 8, 5)))]) + end)
    return b"".join(rows)


def each_spoiled(cells: tuple[bytes, ...], spoiled: Sequence[tuple[int, Sequence[bytes]]]) -> bytes:
    """A row for each way that one of its cells is spoiled, but for those that take in the rows behind them."""
    rows = [
        (*cells[:place], value, *cells[place + 1 :])
        for place, values in spoiled
        for value in values
        if value != b'"open'
    ]
    return b"".join(b"%d" % number + b",".join(row) + b"\n" for number, row in enumerate(rows))


SPOILED_BUYERS = each_spoiled(
    (b"C", b"Mira", b"mira@example.com", b"", b"true", b"1990-02-28", b"7", b"female"),
    ((1, NAMES), (2, EMAILS), (4, FLAGS), (5, DAYS)),
)


# What examples at random may miss stands in the first ones for certain.
@thorough
@given(buyers(), st.sampled_from(BLOCKS), st.sampled_from(SIZES))
@example(SPOILED_BUYERS, 64, KEEP_ALL.max_bytes)
@example(SPOILED_BUYERS, 1 << 20, 1300)
@example(b"C1,Mira,mira@example.com,,true,1990-02-28,7,female", 1, KEEP_ALL.max_bytes)
def test_a_table_of_customers_with_spoiled_cells_is_written_as_the_slow_way_writes_it(
    rows: bytes, block: int, most: int
) -> None:
    same(BUYER + b"\n" + rows, "customer_record", block, most)


KEYS = (b"P1", b"P1", b"P1", b"P2", b"P3", b'"P1"', b"", b'"P""4"', b'P""4', b'"open', b'"P1"x')
ONCE = (b"", b"", b"C1", b'"C1"', b"C2", b'"a""b"', b'a""b', b"\xff")
PRICES = (b"1.50", b"1.5", b"-2", b"1e3", b"12345678901234567890", b".5", b"01", b"1,5", b'"1.50"', b"")
# The header once more, totals, and a cell that took rows in.
NO_ROWS = (
    ORDER, ORDER.upper(), b"\xef\xbb\xbf" + ORDER, b"Total,,,,,,,12.50,2", b"Subtotal P1,,,,,,,,", b"Grand Total",
    b'P1,"C1' + (b"\n" + b"," * 8 + b"x") * 2 + b'",,,,,,,',
)  # fmt: skip


@st.composite
def orders(draw: st.DrawFn, is_sorted: bool) -> bytes:
    rows = []
    for _ in range(draw(st.integers(1, 9))):
        key, buyer = draw(st.sampled_from(KEYS)), draw(st.sampled_from(ONCE))
        price = draw(st.sampled_from(PRICES)) if draw(st.integers(0, 3)) == 0 else b"9.95"
        day = draw(st.sampled_from((b"2024-03-06T10:00:00Z", b"", b"2024-03-06 10:00:00")))
        cells = [
            key,
            buyer,
            day,
            b"ecommerce",
            b"AUD",
            b"SKU",
            b"sku",
            price,
            draw(st.sampled_from((b"1", b"", b"0.5"))),
        ]
        rows.append(b",".join(cells[: draw(st.sampled_from((9, 9, 9, 1)))]))
        if draw(st.integers(0, 9)) == 0:
            rows.append(draw(st.sampled_from((b"", b",,,,,,,,", b'""', b"   ", *NO_ROWS))))
    if is_sorted:
        rows.sort(key=lambda row: row.split(b",")[0])
    return b"".join(row + b"\n" for row in rows)


LINE = (b"P", b"C1", b"2024-03-06T10:00:00Z", b"ecommerce", b"AUD", b"SKU", b"sku", b"9.95", b"1")
SPOILED_LINES = each_spoiled(LINE, ((1, ONCE), (2, (b"", b"2024-03-06")), (7, PRICES), (8, (b"", b"0.5"))))


def pairs(quantities: tuple[int, int]) -> bytes:
    """Orders of two lines: one buyer, or two that are written with the same signs."""
    return b"".join(
        b"P%d%d," % pair + b",".join((ONCE[side], *LINE[2:-1], b"%d" % number)) + b"\n"
        for pair in product(range(len(ONCE)), repeat=2)
        for number, side in zip(quantities, pair, strict=True)
    )


@thorough
@given(st.booleans().flatmap(orders), st.sampled_from(BLOCKS), st.sampled_from(SIZES))
@example(SPOILED_LINES, 64, KEEP_ALL.max_bytes)
@example(pairs((1, 2)), 1 << 20, KEEP_ALL.max_bytes)
@example(pairs((1, 1)), 1 << 20, KEEP_ALL.max_bytes)
def test_order_lines_with_spoiled_cells_are_folded_as_the_slow_way_folds_them(
    rows: bytes, block: int, most: int
) -> None:
    same(ORDER + b"\n" + rows, "purchase", block, most)


@thorough
@given(nasty, st.sampled_from(BLOCKS))
@example(b"\n\0;\xff\n;\0\r\r\n", 1)
@example(b"\n\0;a\n;\0\r\r\n", 1)
def test_any_bytes_are_read_as_the_slow_way_reads_them(data: bytes, block: int) -> None:
    same(b"link.customer_id,first_name\n" + data, "customer_record", block)
    same(b"purchase_id,products[].price_paid\n" + data, "purchase", block)


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 1 << 20])
def test_a_nasty_file_is_read_the_same_wherever_it_is_cut(block: int) -> None:
    for spec, head in (
        ("customer_record", b"link.customer_id,first_name"),
        ("purchase", b"purchase_id,products[].price_paid"),
    ):
        same(head + b"\n" + NASTY_FILE, spec, block)


def layout_of(names: Sequence[str], specification: Specification) -> Layout:
    exact = ReferenceChecker(specification, None, False)
    return compile_layout(names, exact.tree, specification.key, "a table", False)


def writer_of(header: bytes, spec: str) -> tuple[row_writer.Writer, int]:
    specification = find(spec)
    names = header.decode().split(",")
    layout = layout_of(names, specification)
    return compile_writer(specification.schema, layout, Identities(specification, layout).columns), len(names)


def written(
    writer: row_writer.Writer, data: bytes, cuts: Sequence[int], most: int
) -> tuple[bytes, list[int]]:
    """What a writer makes of data that comes in pieces: the lines, and what it counted."""
    out, counts, rest = b"", [0] * 5, b""
    pieces = [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    for number, piece in enumerate(pieces):
        rest += piece
        final, tries = number == len(pieces) - 1, most
        while rest:
            done = writer.write(rest, Dialect(","), final, 1 << 20, tries)
            out += done.data
            counts = [a + b for a, b in zip(counts, done[2:7], strict=True)]
            rest = rest[done.consumed :]
            if not done.consumed:
                tries *= 2
                if not final and tries > len(rest) + 1:
                    break
    return out, counts


def test_good_rows_are_all_written_wherever_they_are_cut() -> None:
    """That the fast way is taken at all: nothing of a good file is left to the slow one."""
    buyer, _ = writer_of(BUYER, "customer_record")
    order, _ = writer_of(ORDER, "purchase")
    buyers = (
        b'C1,Mira,MIRA@example.com,,true,1990-02-28,7,female\r\n\nC2,"Zo\xc3\xab\n""X""",a@example.org,,,,,\n'
    )
    lines = (
        b"P1,C1,2024-03-06T10:00:00Z,ecommerce,AUD,S1,sku,9.95,1\nP1,,,,,S2,sku,1,2\n"
        b"P2,C1,2024-03-06T10:00:00Z,ecommerce,AUD,S3,sku,5,1\n"
    )
    for writer, data, records in ((buyer, buyers, 2), (order, lines, 2)):
        whole = written(writer, data, [], 1000)
        assert whole[1][4] == records
        assert whole[0].count(b"\n") == records
        for cut in range(len(data)):
            assert written(writer, data, [cut], 1000) == whole
            assert written(writer, data, [cut], 1) == whole


CELLS = st.sampled_from(
    [b"Mira", b" Mira", b"MIRA", b'"Mira ""Mimi"" Holt"', b'Mira ""Mimi"" Holt', b"M\\n", b'"a\nb"', b"Bj\xc3\xb6rn", b"", b'""""']
)  # fmt: skip


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, st.booleans()), min_size=1, max_size=8))
def test_the_hashes_of_what_is_written_are_those_of_what_its_lines_say(
    rows: Sequence[tuple[bytes, bytes, bytes, bool]],
) -> None:
    specification, names = (
        find("customer_record"),
        ("link.email", "link.customer_id", "first_name", "last_name"),
    )
    writer, _ = writer_of(",".join(names).encode(), "customer_record")
    emails = (b"Ann@Example.com " if clean else b"b@example.com" for *_, clean in rows)
    data = b"".join(b"%b,%b,%b,%b\n" % (email, *row[:3]) for email, row in zip(emails, rows, strict=True))

    done = writer.write(data, Dialect(","), True, 1 << 20, len(data))

    fields = Identities(specification, layout_of(names, specification)).fields
    lines = [json.loads(line) for line in done.data.splitlines()]
    said = [
        [
            (line["link"] if one.startswith("link.") else line).get(one.removeprefix("link."), "")
            for one in fields
        ]
        for line in lines
    ]
    folded = ["_name" in one for one in fields]
    assert done.hashes.tolist() == [
        [dispatch.hash_text(text.encode(), is_folded) for text, is_folded in zip(one, folded, strict=True)]
        for one in said
    ]


def test_no_kernel_reads_beyond_its_bytes() -> None:
    """The bytes end where the next page may not be read: a kernel that looks further does not come back."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.prepare.at_the_edge"],
        cwd=ROOT, capture_output=True, timeout=300, env=environment(),
    )  # fmt: skip

    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == b"came back\n"


def same_keys(data: bytes, column: int, final: bool, longest: int, dialect: Dialect = COMMA) -> None:
    fast, slow = (kind.scan_keys(data, dialect, column, final, longest) for kind in (row_writer, plain))
    assert fast[:2] == slow[:2]
    assert fast[2][:, :4].tolist() == slow[2][:, :4].tolist()
    keyed = [(a, b) for a, b in zip(fast[2][:, 4].tolist(), slow[2][:, 4].tolist(), strict=True)]
    assert len(set(keyed)) == len({a for a, _ in keyed}) == len({b for _, b in keyed})


@with_examples(100, drill=1000)
@given(
    st.lists(nasty | st.sampled_from((b"A,1\n", b"A,1\r\n", b"B,2\n", b" ,x\n", b"a key of more than sixteen bytes,\n")))
    .map(b"".join), st.integers(0, 2), st.booleans(), st.integers(0, 30), DIALECTS,
)  # fmt: skip
def test_both_find_the_same_keys(
    data: bytes, column: int, final: bool, longest: int, dialect: Dialect
) -> None:
    same_keys(data, column, final, longest, dialect)


def test_both_find_the_same_keys_wherever_a_nasty_file_is_cut() -> None:
    for cut in range(len(NASTY_FILE) + 1):
        for final in (False, True):
            same_keys(NASTY_FILE[:cut], cut % 2, final, 1 << 20)
            same_keys(NASTY_FILE[cut:], cut % 2, final, 1 << 20)


@pytest.mark.parametrize("levels", [5, 29, 30, 31, 60])
def test_a_deep_field_is_written_as_the_slow_way_writes_it(tmp_path: Path, levels: int) -> None:
    schema = tmp_path / "deep.json"
    schema.write_text('{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {"id": '
                      '{"type": "string"}}, "required": ["id"], "additionalProperties": true}')  # fmt: skip
    name = ".".join(["a"] * levels)
    same(f"id,{name}\n1,x\n2,\n,y\n".encode(), str(schema), 64)
