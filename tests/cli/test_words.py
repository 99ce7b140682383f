"""What a person reads leads on: to the field that is meant, to the command that goes on, in lines that can be copied."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from lexer_pipeline.cli.console import table
from lexer_pipeline.cli.main import run_command
from rich.console import Console


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        return run_command(words), out.getvalue()


@pytest.mark.parametrize(
    ("header", "spec", "means"),
    [
        ("Email Address", "customer_record", "link.email"), ("Kundennummer", "customer_record", "link.customer_id"),
        ("Prénom", "customer_record", "first_name"), ("Billing City", "customer_record", "city"),
        ("Phone Number", "customer_record", "link.mobile"), ("Order Number", "purchase", "purchase_id"),
        ("Preis €", "purchase", "products[].price_paid"), ("Qty", "purchase", "products[].quantity"),
        ("Refund ID", "return", "return_id"),
    ],
)  # fmt: skip
def test_a_column_called_by_a_word_for_a_field_is_answered_with_that_field(
    header: str, spec: str, means: str
) -> None:
    Path("in.csv").write_text(f"{header}\nx\n")
    code, said = told("validate", "in.csv", "--spec", spec)

    assert code == 2
    assert f"{header} is a word for {means}" in said
    assert re.search(r"lexer-pipeline map in\.csv --spec \w+ drafts a mapping", said)


@pytest.mark.parametrize(
    "header", ["Shoe Size", "shoe_size", "Loyalty Tier", "Favourite Colour", "Email Opt Reason"]
)
def test_a_column_that_means_no_field_is_not_said_to_be_one_that_is_spelt_a_little_like_it(
    header: str,
) -> None:
    Path("in.csv").write_text(f"link.email,{header}\nmira@example.com,x\n")
    said = told("validate", "in.csv", "--spec", "customer_record")[1]

    assert f"{header}: no field is near" in said
    assert "did you mean" not in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("frist_name", "first_name"), ("First_Nam", "first_name"), ("link.emial", "link.email")],
)
def test_a_column_that_is_misspelt_is_answered_with_the_field(typed: str, meant: str) -> None:
    Path("in.csv").write_text(f"link.customer_id,{typed}\n1,x\n")

    assert f"{typed}: did you mean {meant}?" in told("validate", "in.csv", "--spec", "customer_record")[1]


@pytest.mark.parametrize("sign", "€$£¥°™®«»|=")
def test_a_column_with_an_unusual_sign_is_named(sign: str) -> None:
    Path("in.csv").write_text(f"link.customer_id;Wert {sign}\n1;x\n")

    assert f"Wert {sign}" in told("validate", "in.csv", "--spec", "customer_record")[1]


@pytest.mark.parametrize(
    "rows", [["", "a@example.com"], ["", "", "a@example.com"], ["", *(f"p{n}@example.com" for n in range(6))]]
)
def test_the_command_that_takes_as_many_rejects_can_be_copied_and_releases_the_batch(rows: list[str]) -> None:
    Path("in.csv").write_text("link.email,city\n" + "".join(f"{one},Perth\n" for one in rows))
    code, said = told("convert", "in.csv", "--spec", "customer_record", "--date", "20240306")
    (line,) = re.findall(r"^Where that is meant, type: lexer-pipeline (.*)$", said, re.M)

    assert code == 1
    assert told(*shlex.split(line))[0] == 0
    assert "prepared" in told("status")[1]


def test_a_table_in_a_pipe_has_a_line_for_each_row_and_cuts_no_word() -> None:
    cells = [("a/long/path/" * 20, 12_000, "word " * 60), ("名前", 3, "é")]
    out = io.StringIO()
    table(Console(file=out, width=40), ("path", "count", "what"), cells, (1,))

    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].split() == [cells[0][0], "12,000", *cells[0][2].split()]
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_table_on_a_terminal_keeps_the_first_column_whole_where_half_of_it_holds_it() -> None:
    out = io.StringIO()
    path = "products[].product_reference.id"
    table(
        Console(file=out, width=80, force_terminal=True, color_system=None),
        ("field", "what"),
        [(path, "word " * 40)],
    )

    assert path in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= 80


@pytest.mark.parametrize(
    "address", ["ftp://example.com/a.csv", "sftp://example.com/a.csv", "hdfs://b/c.json"]
)
def test_an_address_of_a_kind_that_is_not_read_is_named_as_it_was_typed(address: str) -> None:
    code, said = told("validate", address, "--spec", "purchase")

    assert code == 3
    assert f"{address}: is an address of a kind that is not read" in said
    assert "| lexer-pipeline validate - --spec SPEC" in said


def test_a_file_that_is_not_there_is_answered_with_the_one_that_is_called_nearly_so() -> None:
    Path("orders_march.csv").write_text("a\n1\n")

    assert told("validate", "orders_marhc.csv", "--spec", "purchase") == (
        3, "error: orders_marhc.csv: there is no such file\n  Did you mean orders_march.csv?\n"
        "  Type: lexer-pipeline validate orders_march.csv --spec purchase\n",
    )  # fmt: skip
