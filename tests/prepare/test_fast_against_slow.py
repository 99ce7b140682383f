"""The compiled kernels only ever vouch: with them and without them prepare gives the same bytes."""

import csv
import io
import json
import math
from collections.abc import Container, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.chunks.cells import Cells
from lexer_pipeline.kernels import cells as compiled_cells
from lexer_pipeline.kernels import codes
from lexer_pipeline.kernels import documents as compiled_documents
from lexer_pipeline.kernels.dialect import Dialect, Doubtful
from lexer_pipeline.loading import delimited, table_rows
from lexer_pipeline.loading import json_documents as documents
from lexer_pipeline.loading.passed_over import PassedOver
from lexer_pipeline.specs import catalog, values
from lexer_pipeline.validating.program import Program
from oracle import RECORD_TYPES, accepts, examples, flat, normalised, oddities, spoiled, spoiled_cell

from tests import plain
from tests.plain.rows import NEEDS_ESCAPE
from tests.thoroughness import also_drilled, with_examples

from .helpers import in_plain_python, of_bytes

quick = with_examples(5, drill=60)
thorough = with_examples(50, drill=600)


# ------------------------------------------------------------------------------------ whole records


def table_of(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@st.composite
def tables_of(draw: st.DrawFn, record_type: str) -> bytes:
    """Several records of one type, good and with one cell spoiled, under one header in any order."""
    rows = draw(st.lists(spoiled_cell(record_type) | flat(record_type), min_size=1, max_size=6))
    columns = draw(st.permutations(list(dict.fromkeys(name for row in rows for name in row))))
    return table_of(rows, columns)


@also_drilled
@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_a_table_gives_the_same_files_with_kernels_and_without(record_type: str) -> None:
    @quick
    @given(tables_of(record_type))
    def same(data: bytes) -> None:
        with TemporaryDirectory() as folder:
            fast = of_bytes(data, record_type, Path(folder, "fast"))
            with in_plain_python():
                slow = of_bytes(data, record_type, Path(folder, "slow"))
        assert fast.files == slow.files
        assert fast.report.sources == slow.report.sources

    same()


def test_a_cell_of_blanks_in_a_trimmed_column_is_an_absent_field_either_way(tmp_path: Path) -> None:
    data = b"link.customer_id,email_sha256,email\n3, , \n1,\t,\xc2\xa0\n2,,a@example.com\n"
    fast = of_bytes(data, "customer_record", tmp_path / "fast")
    with in_plain_python():
        slow = of_bytes(data, "customer_record", tmp_path / "slow")

    assert fast.files == slow.files
    assert fast.records[:2] == [{"link": {"customer_id": "3"}}, {"link": {"customer_id": "1"}}]
    assert fast.manifest.conversions == {"email_cleaned": 2, "hash_cleaned": 2}


@also_drilled
@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_documents_are_accepted_exactly_as_the_vendor_would(record_type: str) -> None:
    hand_made = st.sampled_from(examples(record_type))
    fields = catalog.find(record_type).schema["properties"]

    @quick
    @given(st.lists(spoiled(record_type) | hand_made, min_size=1, max_size=6), st.booleans())
    def same(documents: list[Any], ascii_only: bool) -> None:
        documents = [one for one in documents if isinstance(one, dict) and not _wraps(one, fields)]
        ascii_only = ascii_only or not all(map(_is_text, documents))
        data = b"".join(json.dumps(one, ensure_ascii=ascii_only).encode() + b"\n" for one in documents)
        if not data:
            return
        with TemporaryDirectory() as folder:
            done = of_bytes(data, record_type, Path(folder))
            records, rejected = done.records, {issue["row"] for issue in done.issues}
        accepted = [one for one in documents if accepts(record_type, one)]
        expected = {number for number, one in enumerate(documents, 1) if not accepts(record_type, one)}
        assert rejected == expected
        assert records == [normalised(record_type, one) for one in accepted]

    same()


def _wraps(document: dict[str, Any], fields: Container[str]) -> bool:
    """Whether a document may be a page of an API, of which the list under another key is read."""
    return any(
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
        for key, value in document.items()
        if key not in fields
    )


def _is_text(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


# ------------------------------------------------------------------------------------ rows and cells

PIECES = (
    b",", b";", b'"', b'""', b'"""', b"\n", b"\r", b"\r\n", b"\0", b" ", b"a", b"Zo\xc3\xab", b"\xf0\x9f\x98\x80",
    b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\\", b'5" pipe', b'"a"b', b"\t", b"\x0b", b"",
    b'"two\nlines"', b'"\r\n"', b'x"y"', b"\x85", b"\xe2\x80\xa8", b"\r\r\n", b'"a,b\nc,d"', b'"a,,\n\r,b\r\n"', b"Total", b"12",
    b"A,ZO\xc3\xab", b"\xef\xbb\xbfa", b"subtotal a,",
)  # fmt: skip
nasty = st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join)
NASTY_FILE = (
    b'a,b\r\n"two\nlines",x\r\n\r\n,\n5" pipe,"dou""bled"\r"cr\rin",y\r\n"text"behind,z\nshort\nlong,er,row\n'
    b'a,b\nSubtotal a,12\n"x,y\nz,a\nb,c",1\nmac\rcr,lf\r\r\n'
    b'n\0ul,1\n\xff,1\nZo\xc3\xab,"\xf0\x9f\x98\x80"\n" ",""\n"open,1\nnext,2\n"last\r\n'
)
WHOLE = 1 << 30
COMMA = Dialect(",")
DIALECTS = st.builds(
    Dialect, st.sampled_from(",;\t|"), st.booleans(), st.booleans(), st.integers(0, 2)
) | st.builds(Dialect, st.just(","), st.just(True), st.booleans(), st.integers(0, 2))
# Columns of which the pieces below are the names, and words that begin as totals do.
ASKED = PassedOver(["a", "Zoë", '5" pipe', ""]).doubtful


def same_scan(
    data: bytes, dialect: Dialect, columns: int, final: bool, most: int, longest: int,
    doubtful: Doubtful | None = ASKED,
) -> Any:  # fmt: skip
    fast = compiled_cells.scan_csv(data, dialect, columns, final, most, longest, doubtful)
    slow: Any = plain.scan_csv(data, dialect, columns, final, most, longest, doubtful)
    faults = np.asarray(fast[9])
    assert fast[:2] == slow[:2]
    for name, a, b in zip(("starts", "ends", "flags"), fast[2:5], slow[2:5], strict=True):
        broken = np.repeat(np.isin(faults, codes.BROKEN_ROWS), columns)
        assert np.array_equal(np.where(broken, 0, a), np.where(broken, 0, b)), name
    for name, a, b in zip(("from", "to", "lines"), fast[5:8], slow[5:8], strict=True):
        assert np.array_equal(a, b), name
    whole = ~np.isin(faults, codes.BROKEN_ROWS)
    assert np.array_equal(fast[8][whole], slow[8][whole])
    assert np.array_equal(faults, slow[9])
    return fast


@thorough
@given(nasty, DIALECTS, st.integers(1, 4), st.booleans(), st.integers(1, 9), st.integers(0, 30))
def test_both_scanners_find_the_same_rows(
    data: bytes, dialect: Dialect, columns: int, final: bool, most: int, longest: int
) -> None:
    same_scan(data, dialect, columns, final, most, longest)


def test_both_scanners_agree_wherever_a_nasty_file_is_cut() -> None:
    for cut in range(len(NASTY_FILE) + 1):
        for final in (False, True):
            for longest in (3, 20, WHOLE):
                for dialect in (COMMA, Dialect(",", True, False, 1), Dialect(",", False, False, 1)):
                    same_scan(NASTY_FILE[:cut], dialect, 2, final, WHOLE, longest)
                    same_scan(NASTY_FILE[cut:], dialect, 2, final, WHOLE, longest)


class Drops:
    """A source that gives a few bytes at a time."""

    name = "drops"

    def __init__(self, data: bytes, sizes: Sequence[int]) -> None:
        self._data, self._sizes, self._turn = data, sizes, 0

    def read(self, size: int) -> bytes:
        size = min(size, self._sizes[self._turn % len(self._sizes)])
        self._turn += 1
        piece, self._data = self._data[:size], self._data[size:]
        return piece


def rows_of(data: bytes, sizes: Sequence[int]) -> tuple[Any, ...]:
    source = Drops(data, sizes)
    head, rest = delimited.read_head(source, source.read(7))
    found = [
        (int(rows.lines[row]), int(rows.numbers[row]), int(rows.faults[row]), rows.raw(row))
        for rows in table_rows.read_rows(source, head, rest)
        for row in range(len(rows.faults))
    ]
    return head, found


@pytest.mark.parametrize("block", [1, 8])
@pytest.mark.parametrize("ending", [b"", b"\n", b"\r", b'"'])
def test_rows_do_not_depend_on_how_the_bytes_arrive(
    monkeypatch: pytest.MonkeyPatch, block: int, ending: bytes
) -> None:
    data = NASTY_FILE + ending
    whole = rows_of(data, [len(data)])
    monkeypatch.setattr(table_rows, "BLOCK", block)

    for sizes in ([1], [2], [3], [5], [7], [1, 7, 2], [3, 1]):
        assert rows_of(data, sizes) == whole
    with in_plain_python():
        assert rows_of(data, [3, 1, 4]) == whole


@thorough
@given(nasty, st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_any_rows_do_not_depend_on_how_the_bytes_arrive(data: bytes, sizes: list[int]) -> None:
    data = b"a,b\n" + data
    assert rows_of(data, sizes) == rows_of(data, [len(data)])


# ------------------------------------------------------------------------------------ JSON

BITS = (b"{", b"}", b"[", b"]", b",", b":", b'"', b'\\"', b"\\", b'"a"', b"1", b"null", b" ", b"\n", b"\r", b"\x0b",
        b'"]"', b'"\\\\"', b"\xff", b"\0")  # fmt: skip
bits = st.lists(st.sampled_from(BITS), max_size=20).map(b"".join)


@with_examples(100, drill=2000)
@given(bits, st.booleans(), st.integers(1, 4))
def test_both_splitters_find_the_same_values(data: bytes, final: bool, most: int) -> None:
    for at in (0, len(data) // 2, len(data)):
        assert compiled_documents.value_end(data, at) == plain.value_end(data, at)
        fast, slow = (one.split_array(data, at, final, most) for one in (compiled_documents, plain))
        assert fast[0].tolist() == slow[0].tolist()
        assert fast[1:] == slow[1:]


@with_examples(100, drill=2000)
@given(
    bits | st.lists(st.sampled_from((*BITS, b"\n", b'{"records"', b"\f", b"\t")), max_size=20).map(b"".join)
)
def test_both_finders_find_the_same_lines(data: bytes) -> None:
    for end in range(len(data) + 1):
        fast, slow = (one.find_lines(data, end) for one in (compiled_documents, plain))
        assert [one.tolist() for one in fast[:3]] == [one.tolist() for one in slow[:3]]
        assert fast[3:] == slow[3:]


ITEM = b'{"link":{"mobile":"1 \\" 2"},"x":[1,"]"]}'
LINES = b"\n".join(
    (b"", ITEM, b" \t\r", b"  " + ITEM + b" \r", b"", b"\f\v", b"nonsense", b"{", b'{"records":[' + ITEM + b",1]}",
     b'\v{ "records" : []}', b'{"records":[1', b'{"recordsx":[2]}', ITEM)
)  # fmt: skip
LISTS = (b"[" + ITEM + b",\n" + ITEM + b" ,\r\n1\n,null]\n", b'{"records": [\n' + ITEM + b",\n\n" + ITEM + b'\n], "a": 1}\n' + ITEM,
         b"\n\n[\n" + ITEM + b"]\n" + ITEM + b"\n")  # fmt: skip


def documents_of(data: bytes, sizes: Sequence[int]) -> tuple[list[Any], int]:
    source = Drops(data, sizes)
    batches = list(documents.read_documents(source, source.read(5)))
    found = [
        (int(one.lines[row]), int(one.numbers[row]), one.raw(row))
        for one in batches
        for row in range(one.records)
    ]
    return found, sum(one.blank for one in batches)


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b" \n \n"])
@pytest.mark.parametrize("data", [ITEM + b"\n" + LINES, *LISTS])
def test_documents_do_not_depend_on_how_the_bytes_arrive(data: bytes, ending: bytes) -> None:
    data += ending
    whole = documents_of(data, [len(data)])
    assert len(whole[0]) >= 2

    for cut in range(1, len(data)):
        assert documents_of(data, [5, cut, len(data)]) == whole
    for sizes in ([1], [2], [3], [7], [16], [3, 1, 17]):
        assert documents_of(data, sizes) == whole
    with in_plain_python():
        assert documents_of(data, [3, 1, 4]) == whole


def test_lines_keep_their_numbers_behind_blank_ones() -> None:
    found, blank = documents_of(ITEM + b"\r\n\n \t\r\n" + ITEM + b"\n" + ITEM, [100])

    assert [one[:2] for one in found] == [(1, 1), (4, 2), (5, 3)]
    assert blank == 2


@with_examples(100, drill=2000)
@given(bits)
def test_a_value_ends_where_a_plain_loop_says(data: bytes) -> None:
    assert plain.value_end(data, 0) == plain_value_end(data)


def plain_value_end(data: bytes) -> int:
    """value_end, a byte at a time: strings, brackets, and what ends a bare word."""
    depth = at = 0
    while at < len(data):
        sign = data[at : at + 1]
        at += 1
        if sign == b'"':
            while data[at : at + 1] not in (b'"', b""):
                at += 2 if data[at : at + 1] == b"\\" else 1
            if at >= len(data):
                return -1
            at += 1
        elif sign in b"{[":
            depth += 1
        elif sign in b"}]":
            if depth == 0:
                return at - 1
            depth -= 1
        else:
            if depth == 0 and sign in b", \t\n\r\v\f":
                return at - 1
            continue
        if depth == 0 and sign in b'"}]':
            return at
    return -1


# ------------------------------------------------------------------------------------ cells

KINDS = {
    codes.KIND_EMAIL: ("email", oddities.EMAILS),
    codes.KIND_HASH: ("hash", oddities.EMAILS),
    codes.KIND_NUMBER: ("number", oddities.NUMBER_TEXTS),
    codes.KIND_INTEGER: ("integer", oddities.NUMBER_TEXTS),
    codes.KIND_BOOLEAN: ("boolean", oddities.BOOLEAN_TEXTS),
    codes.KIND_DATE: ("date", oddities.DATES),
    codes.KIND_DATE_TIME: ("date_time", oddities.DATE_TIMES),
}
ALPHABETS = {
    codes.KIND_EMAIL: "aZ0._+-@ ",
    codes.KIND_HASH: "aF0 \x7f~",
    codes.KIND_NUMBER: "0123.-+eE9",
    codes.KIND_INTEGER: "0129-+.e",
    codes.KIND_BOOLEAN: "trufalseTYNo01 ",
    codes.KIND_DATE: "0123-9",
    codes.KIND_DATE_TIME: "0123T:Z+-. 9",
}


def status_of(text: str, kind: int, low: float = -math.inf, high: float = math.inf, words: Any = ()) -> int:
    data = b"," + text.encode() + b","
    starts, ends = np.array([1], np.int32), np.array([len(data) - 1], np.int32)
    raw = data[1:-1]
    flags = np.array([(1 if NEEDS_ESCAPE.search(raw) else 0) | (0 if raw.isascii() else 2)], np.uint8)
    read = Cells(data, 1, starts, ends, flags)
    return int(compiled_cells.check_column(read, 0, kind, low, high, words)[0])


def is_as_it_should_be(text: str, kind: int) -> bool:
    """Whether the reference takes the text as it stands, without a conversion."""
    if kind == codes.KIND_DATE:
        return values.is_date(text)
    if kind == codes.KIND_DATE_TIME:
        return values.is_date_time(text) and values.date_time(text, None) == values.Converted(text)
    name = {codes.KIND_HASH: "hash_text"}.get(kind, KINDS[kind][0])
    return bool(getattr(values, name)(text) == values.Converted(text))


def mutants(kind: int) -> st.SearchStrategy[str]:
    """Texts that broke readers before, the same with one sign changed, and noise in the kind's own alphabet."""
    known = st.sampled_from(KINDS[kind][1] + oddities.CELLS[:80]).filter(bool)
    sign = st.sampled_from(ALPHABETS[kind])
    changed = st.builds(
        lambda text, at, sign: text[:at] + sign + text[at + 1 :], known, st.integers(0, 25), sign
    )
    return (
        known | changed | st.text(ALPHABETS[kind], min_size=1, max_size=26) | st.text(min_size=1, max_size=5)
    )


@also_drilled
@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_that_is_vouched_for_needs_no_change(kind: int) -> None:
    @with_examples(100, drill=2000)
    @given(mutants(kind))
    def holds(text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        if status_of(text, kind) == codes.CELL_GOOD:
            assert is_as_it_should_be(text, kind)

    holds()
    for text in filter(None, KINDS[kind][1]):
        if status_of(text, kind) == codes.CELL_GOOD:
            assert is_as_it_should_be(text, kind), text


def test_every_day_of_the_calendar_and_no_other_is_vouched_for() -> None:
    for year in (1, 4, 100, 400, 1900, 2000, 2023, 2024, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04}-{month:02}-{day:02}"
                assert (status_of(text, codes.KIND_DATE) == codes.CELL_GOOD) == values.is_date(text)


@thorough
@given(
    st.floats(-1e6, 1e6) | st.integers(-200, 200).map(float),
    st.floats(-1e6, 1e6) | st.integers(-200, 200).map(float),
    st.decimals(-200, 200, places=3).map(str)
    | st.integers(-(10**16), 10**16).map(str)
    | st.floats(-200, 200).map(repr),
)
def test_a_number_that_is_vouched_for_lies_within_its_bounds(low: float, high: float, text: str) -> None:
    for kind in (codes.KIND_NUMBER, codes.KIND_INTEGER):
        if status_of(text, kind, low, high) == codes.CELL_GOOD:
            assert low <= float(text) <= high


def test_a_number_next_to_a_bound_is_never_taken_for_one_inside() -> None:
    inside = math.nextafter(90.0, -math.inf)
    for text in (
        "90",
        "90.0",
        "90.00000000000001",
        "89.99999999999999",
        "89.999999999999999",
        "90.000000000000000",
    ):
        good = status_of(text, codes.KIND_NUMBER, -90.0, inside) == codes.CELL_GOOD
        assert not good or float(text) < 90


@thorough
@given(st.lists(st.text("abc_-0é", min_size=1, max_size=4), max_size=64), st.text("abc_-0é", max_size=5))
def test_a_word_is_vouched_for_only_if_it_is_in_the_list(words: list[str], text: str) -> None:
    status = status_of(text, codes.KIND_ENUM, words=tuple(word.encode() for word in words))
    assert status == codes.CELL_EMPTY if not text else status != codes.CELL_GOOD or text in words


# ------------------------------------------------------------------------------------ writing


def written(cells: Sequence[bytes], doubled: bool = False) -> bytes:
    """The cells as the fields a, b, ... of one record a cell, by the kernel."""
    data = b"".join(cells)
    ends = np.cumsum([len(cell) for cell in cells]).astype(np.int32)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int32)
    flags = np.array(
        [(1 if NEEDS_ESCAPE.search(cell) else 0) | (4 if doubled else 0) for cell in cells], np.uint8
    )
    first, take = np.arange(len(cells), dtype=np.int32), np.ones(len(cells), np.uint8)
    program = Program(np.array([codes.TEXT_LEAF], np.int32), np.array([0], np.int32), [b'"a":'])
    read = Cells(data, 1, starts, ends, flags)
    return bytes(compiled_cells.encode(read, first, first + np.int32(1), take, program)[0])


def test_every_ascii_byte_is_written_as_a_json_writer_does() -> None:
    for byte in range(128):
        for text in (bytes([byte]), b"a" + bytes([byte]) * 3 + b"z"):
            assert written([text]) == orjson.dumps({"a": text.decode()}) + b"\n"


@thorough
@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=6))
def test_text_is_written_as_a_json_writer_does(texts: list[str]) -> None:
    texts = [
        text for text in texts if text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)
    ]
    if texts:
        expected = b"".join(orjson.dumps({"a": text}) + b"\n" for text in texts)
        assert written([text.encode() for text in texts]) == expected


@thorough
@given(st.lists(st.text('a"\\\n', min_size=1, max_size=20), min_size=1, max_size=6))
def test_doubled_quotes_are_undone_in_writing(texts: list[str]) -> None:
    expected = b"".join(orjson.dumps({"a": text}) + b"\n" for text in texts)
    assert written([text.replace('"', '""').encode() for text in texts], doubled=True) == expected


def trees() -> st.SearchStrategy[Any]:
    """Objects and lists of columns, nested; a list may be one that repeats its part a row of the record."""
    leaf: st.SearchStrategy[Any] = st.tuples(st.just("leaf"), st.integers(0, 3), st.booleans())
    return st.recursive(
        leaf,
        lambda below: st.tuples(
            st.sampled_from(["object", "list", "rows"]), st.lists(below, min_size=1, max_size=3)
        ),
        max_leaves=8,
    )


def steps_of(tree: Any, key: bytes, inside_rows: bool = False) -> list[tuple[int, int, bytes]]:
    if tree[0] == "leaf":
        return [(codes.RAW_LEAF if tree[2] else codes.TEXT_LEAF, tree[1], key)]
    is_list = tree[0] != "object"
    repeats = tree[0] == "rows" and not inside_rows
    inner: list[tuple[int, int, bytes]] = []
    for number, below in enumerate(tree[1]):
        inner += steps_of(below, b"" if is_list else b'"%d":' % number, inside_rows or repeats)
    if repeats:
        inner = [(codes.REPEAT, 0, b""), *inner, (codes.REPEAT_END, 0, b"")]
    return [
        (codes.OPEN_ARRAY if is_list else codes.OPEN_OBJECT, 0, key), *inner,
        (codes.CLOSE_ARRAY if is_list else codes.CLOSE_OBJECT, 0, b""),
    ]  # fmt: skip


def program_of(members: list[Any]) -> tuple[Any, Any, list[bytes]]:
    steps = [step for number, tree in enumerate(members) for step in steps_of(tree, b'"%d":' % number)]
    operations, arguments, keys = (list(part) for part in zip(*steps, strict=True))
    begin = 0
    for at, operation in enumerate(operations):
        if operation == codes.REPEAT:
            begin = at
        elif operation == codes.REPEAT_END:
            arguments[at] = begin
    return np.array(operations, np.int32), np.array(arguments, np.int32), keys


CELLS = st.sampled_from((b"", b"", b"1", b"22", b"true", b'a""b', b"\n", "Zo\u00eb".encode(), b"\\"))


@with_examples(100, drill=2000)
@given(
    st.lists(trees(), min_size=1, max_size=4),
    st.lists(st.lists(CELLS, min_size=4, max_size=4), min_size=1, max_size=6),
    st.data(),
)
def test_both_writers_write_the_same_records(
    members: list[Any], rows: list[list[bytes]], data: st.DataObject
) -> None:
    cells = [cell for row in rows for cell in row]
    ends = np.cumsum([len(cell) for cell in cells]).astype(np.int32)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int32)
    flags = np.array(
        [5 if b'"' in cell else 1 if NEEDS_ESCAPE.search(cell) else 0 for cell in cells], np.uint8
    )
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1)))) if len(rows) > 1 else []
    first, last = np.array([0, *cuts], np.int32), np.array([*cuts, len(rows)], np.int32)
    take = np.array(
        data.draw(st.lists(st.integers(0, 1), min_size=len(first), max_size=len(first))), np.uint8
    )
    read, program = Cells(b"".join(cells), 4, starts, ends, flags), Program(*program_of(members))

    fast, slow = (kind.encode(read, first, last, take, program) for kind in (compiled_cells, plain))

    assert fast[0] == slow[0]
    assert fast[1].tolist() == slow[1].tolist()


@pytest.mark.parametrize("sign", [b"a", b"\1", b'"', b"\xc3\xab"])
def test_a_cell_of_any_size_around_a_growing_buffer_is_written_whole(sign: bytes) -> None:
    for size in [
        *range(1, 40),
        *range(670, 700),
        *range(2030, 2060),
        *range(4080, 4110),
        8191,
        8192,
        100_000,
    ]:
        cell = sign * size
        assert written([cell]) == orjson.dumps({"a": cell.decode()}) + b"\n"


def test_many_small_records_outgrow_the_first_buffer_by_their_keys() -> None:
    cells = [b"x"] * 3000

    assert written(cells) == b'{"a":"x"}\n' * 3000


@pytest.mark.parametrize(
    ("record_type", "columns"), [("product", {"product_id": "P"}), ("customer_record", {"link.mobile": "1"})]
)
def test_long_cells_give_the_same_bytes_with_kernels_and_without(
    record_type: str, columns: dict[str, str], tmp_path: Path
) -> None:
    rows = [
        columns | {key: f"a{sign * size}"}
        for key in columns
        for sign in ('"', "\n", "é", "\\")
        for size in (1, 4095, 9000)
    ]
    data = table_of(rows, list(columns))
    fast = of_bytes(data, record_type, tmp_path / "fast")
    with in_plain_python():
        slow = of_bytes(data, record_type, tmp_path / "slow")

    assert fast.files == slow.files
    assert fast.manifest.records == len(rows)
