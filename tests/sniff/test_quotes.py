"""In a table divided by tabs a quote is a letter, unless the cells that begin with one show that it is not."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.loading import quotes, table_rows
from msgspec.structs import replace
from prepare.helpers import KEEP_ALL, Prepared, in_plain_python, of_bytes, prepared

from .helpers import SPEC, convert, counts, notes, opened, where

HEADER = ("link.customer_id", "first_name", "address_1", "last_name")
LETTERS = [
    ("C-1", "A", '5 "Hill" St', "x"), ("C-2", "B", '36" lane', ""), ("C-3", '"Cy" Lee', "X", ""), ("C-4", "D", '"Rose Cottage', ""),
    ("C-5", "E", 'End"', "y"), ("C-6", "F", '"Rose" Cottage', ""), ("C-7", "G", "Z", '"Ann"'),
]  # fmt: skip
WORDS = "quotes at the start of cells are letters"


def bare(rows: list[tuple[str, ...]], line_break: str = "\n") -> bytes:
    """Rows as programs write them that know no quotes."""
    return "".join("\t".join(row) + line_break for row in [HEADER, *rows]).encode()


def quoted(rows: list[tuple[str, ...]], line_break: str = "\r\n", quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    """Rows as Excel writes them, which puts also cells with a comma in quotes."""
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator=line_break, quoting=quoting).writerows([HEADER, *rows])
    return text.getvalue().encode()


def rows_of(done: Prepared) -> list[tuple[str, ...]]:
    return [(one["link"]["customer_id"], *(one.get(name, "") for name in HEADER[1:])) for one in done.records]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_quotes_that_are_letters_swallow_no_one(tmp_path: Path, line_break: str) -> None:
    done = convert(bare(LETTERS, line_break), tmp_path)

    assert rows_of(done) == LETTERS
    assert WORDS in notes(done)


@pytest.mark.parametrize("number", range(len(LETTERS) - 1))
def test_one_cell_is_enough_to_tell_that_quotes_are_letters(tmp_path: Path, number: int) -> None:
    plain = [("P-1", "Mira", "1 Hill St", "Holt")] * 3
    done = convert(bare([*plain, LETTERS[number], *plain]), tmp_path)

    assert rows_of(done) == [*plain, LETTERS[number], *plain]


IN_QUOTES = [
    [("C-1", "Mi\nra", "12 Wattle St", "Holt")], [("C-1", "Mira", "12\tWattle St", "Holt")],
    [("C-1", "Mira", '12 "Wattle" St', "Holt"), ("C-2", '"', '""', "x")], [("C-1", "Mi\n\n\nra", "a\nb\nc\nd\ne\tf", "Holt")],
    [("C-1", "Mira", '"Rose Cottage\nin the lane', "x")], [("C-1", "Mira", "Rose Cottage", "x\ny")],
]  # fmt: skip


@pytest.mark.parametrize("rows", IN_QUOTES)
@pytest.mark.parametrize(
    ("line_break", "quoting"), [("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL), ("\r", csv.QUOTE_ALL)]
)
@pytest.mark.parametrize("plain", [0, 1, 20])
def test_cells_that_a_spreadsheet_put_in_quotes_are_read(
    tmp_path: Path, rows: list[tuple[str, ...]], line_break: str, quoting: Any, plain: int
) -> None:
    more = [("P-1", "Mira", "1 Hill St", "Holt")] * plain
    done = convert(quoted([*more, *rows, *more], line_break, quoting), tmp_path)

    assert rows_of(done) == [*more, *rows, *more]
    assert notes(done) == ""


def test_cells_in_quotes_that_need_none_are_read(tmp_path: Path) -> None:
    rows = [("C-1", "Mira", "12 Wattle St, Perth", "Holt"), ("C-2", "Teo", "", "")]

    assert rows_of(convert(quoted(rows, quoting=csv.QUOTE_ALL), tmp_path / "all")) == rows
    comma = b"\t".join([b"C-1", b"Mira", b'"12 Wattle St, Perth"', b"Holt"])
    assert rows_of(convert(bare([]) + comma + b"\n", tmp_path / "comma")) == rows[:1]


def test_one_stray_quote_among_many_cells_in_quotes_costs_its_row_alone(tmp_path: Path) -> None:
    rows = [(f"C-{number}", "Mira", f'{number} "Hill" St\nPerth', "Holt") for number in range(20)]
    data = quoted(rows, "\n") + b'C-20\tMira\t"Rose Cottage\tHolt\n' + quoted(rows, "\n").split(b"\n", 1)[1]
    done = convert(data, tmp_path)

    assert rows_of(done) == [*rows, *rows]
    assert where(done) == [(42, "quote")]


@pytest.mark.parametrize("packed", [False, True])
def test_the_first_quote_may_stand_far_behind_the_header(tmp_path: Path, packed: bool) -> None:
    plain = [("P-1", "Mira", "1 Hill St", "Holt")] * 100_000
    for name, rows, write in (("letters", LETTERS, bare), ("quoted", IN_QUOTES[3], quoted)):
        data = write([*plain, *rows])
        done = convert(gzip.compress(data) if packed else data, tmp_path / name)

        assert rows_of(done)[len(plain) :] == rows
        assert (WORDS in notes(done)) == (name == "letters")


texts = st.text(st.sampled_from('ab "\n\t,é'), max_size=6)
people = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=6).map(
    lambda rows: [(f"C-{number}", *row) for number, row in enumerate(rows)]
)


def read(data: bytes) -> tuple[Any, ...]:
    """The rows as they stand in a table, and what quotes were told to be."""
    loaded = opened(data)
    found = list(table_rows.read_rows(loaded.stream, loaded.head, loaded.rest))
    return [raw for one in found for raw in map(one.raw, range(len(one.faults)))], loaded.head.quotes.said


@settings(max_examples=150)
@given(people)
def test_the_answer_does_not_depend_on_blocks_or_kernels(rows: list[tuple[str, ...]]) -> None:
    for data in (
        quoted(rows),
        bare([tuple(cell.replace("\n", " ").replace("\t", " ") for cell in row) for row in rows]),
    ):
        whole = read(data)
        with patch.object(table_rows, "BLOCK", 80):
            assert read(data) == whole
        with in_plain_python():
            assert read(data) == whole


def test_a_quote_that_is_a_letter_stays_one_in_a_fix(tmp_path: Path) -> None:
    bad = [("", "D", '"Rose Cottage', "x"), ("", '"Cy" Lee', 'End"', '"a""b"'), ("", "E", '"', "")]
    done = of_bytes(bare([*LETTERS, *bad]), SPEC, tmp_path / "0", KEEP_ALL)
    (batch,) = done.report.batches
    rejects = batch.path / "rejects.csv"
    lines = rejects.read_bytes().splitlines()
    assert [line.split(b"\t")[3:] for line in lines[1:]] == [
        [cell.encode() for cell in row[1:]] for row in bad
    ]
    assert batch.manifest.decisions[0]["reading"]["quotes"] is False
    mended = [line.replace(b'"\t\t', b'"\tM-%d\t' % at) for at, line in enumerate(lines)]
    rejects.write_bytes(b"\n".join(mended) + b"\n")

    again = prepared([], None, done.out, replace(KEEP_ALL, fix=str(batch.path)))

    assert rows_of(again) == [(f"M-{at}", *row[1:]) for at, row in enumerate(bad, 1)]


def test_rejects_that_a_spreadsheet_saved_anew_are_read_in_its_quotes(tmp_path: Path) -> None:
    bad = [("", "D", '"Rose Cottage', "x"), ("", '"Cy" Lee', 'End"', "y")]
    done = of_bytes(bare([*LETTERS, *bad]), SPEC, tmp_path / "0", KEEP_ALL)
    (batch,) = done.report.batches
    rejects = batch.path / "rejects.csv"
    header, *lines = [line.split("\t") for line in rejects.read_text("utf-8").splitlines()]
    text = io.StringIO()
    mended = [[line[0], "seen", f"M-{at}", *line[3:]] for at, line in enumerate(lines)]
    csv.writer(text, delimiter="\t").writerows([header, *mended])
    rejects.write_text(text.getvalue(), "utf-8", newline="")

    again = prepared([], None, done.out, replace(KEEP_ALL, fix=str(batch.path)))

    assert rows_of(again) == [(f"M-{at}", *row[1:]) for at, row in enumerate(bad)]


def test_other_delimiters_always_know_quotes(tmp_path: Path) -> None:
    for delimiter in (b",", b";", b"|"):
        done = convert(bare(LETTERS).replace(b"\t", delimiter), tmp_path / delimiter.hex())

        assert WORDS not in notes(done)
        assert counts(done)[1] > 0
    assert quotes.Quotes().said is True
