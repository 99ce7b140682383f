"""A pipe by its path is read like standard input: from its first byte on, once, and by every command."""

import gzip
import json
import os
import shlex
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline import Options, inspect, prepare, validate
from lexer_pipeline.errors import SourceError, UsageError
from msgspec.structs import replace

from tests.running import ROOT, environment

from .helpers import HEADER, SPEC, orders, sheet
from .pipes import WAYS, through_a_descriptor, through_a_fifo, write_all, written

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
OPTIONS = Options(date="20240306", max_invalid=1.0)
# More than a pipe holds, so that it is read while it is written.
TABLE = f"{HEADER}\n".encode() + b"".join(b"6141%07d,Mira,Holt\n" % row for row in range(9000))
ORDERS = orders(2000, 1000)
DOCUMENTS = b"".join(b'{"link": {"mobile": "6141%07d"}}\n' % row for row in range(4000))
SHOPIFY = (ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv").read_bytes()


def packed(**members: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.csv", data)
    return file.getvalue()


# name: the bytes, the specification, the mapping
INPUTS: dict[str, tuple[bytes, str | None, str | None]] = {
    "a table": (TABLE, SPEC, None),
    "rows of one key": (ORDERS, "purchase", None),
    "documents": (DOCUMENTS, SPEC, None),
    "gzip": (gzip.compress(TABLE), SPEC, None),
    "a workbook": (sheet(), SPEC, None),
    "a zip": (packed(a=TABLE, b=TABLE.replace(b"Mira", b"Ida")), SPEC, None),
    "a preset that is told": (SHOPIFY, None, None),
    "a preset that is named": (SHOPIFY, None, "shopify_orders"),
    "a zip that a preset knows": (packed(orders=SHOPIFY), None, None),
}


def lines_of(report: Any) -> list[tuple[str, bytes]]:
    return [(one.manifest.specification, one.file.read_bytes()) for one in report.batches]


@pytest.mark.parametrize("name", INPUTS)
def test_every_form_comes_through_a_pipe_as_it_comes_from_a_file(tmp_path: Path, name: str) -> None:
    data, spec, mapping = INPUTS[name]
    options = replace(OPTIONS, mapping=mapping)
    (tmp_path / "export.bin").write_bytes(data)
    plain = lines_of(prepare([tmp_path / "export.bin"], spec, tmp_path / "plain", options))
    with through_a_descriptor(data, tmp_path) as path:
        piped = lines_of(prepare([path], spec, tmp_path / "piped", options))
    with through_a_descriptor(data, tmp_path) as path:
        checked = validate([path], spec, options)

    assert plain
    assert piped == plain
    assert checked.valid == sum(text.count(b"\n") for _, text in plain)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mapping", [None, "shopify_orders"])
def test_every_way_to_hand_a_source_over_is_read_from_its_first_byte(
    tmp_path: Path, way: Any, mapping: str | None
) -> None:
    data, spec = (SHOPIFY, None) if mapping else (TABLE, SPEC)
    options = replace(OPTIONS, mapping=mapping)
    stdin = lines_of(prepare(["-"], spec, tmp_path / "stdin", replace(options, stdin=BytesIO(data))))
    with way(data, tmp_path) as path:
        report = prepare([path], spec, tmp_path / "out", options)

    assert report.sources[0].path == path
    assert lines_of(report) == stdin


def test_a_descriptor_that_was_handed_over_stays_open(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with written(lambda: write_all(writing, TABLE)):
        assert validate([f"/dev/fd/{reading}"], SPEC).valid == 9000
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_standard_input_is_read_from_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a title\n" + TABLE)
    with (tmp_path / "a.txt").open("rb") as file:
        file.readline()
        assert validate(["-"], SPEC, Options(stdin=file)).valid == 9000
        assert not file.closed


def test_fifos_that_one_program_writes_one_after_another_are_read_in_their_order(tmp_path: Path) -> None:
    fifos = [tmp_path / f"{number}.csv" for number in range(3)]
    for fifo in fifos:
        os.mkfifo(fifo)

    def write() -> None:
        for fifo, name in zip(fifos, (b"Mira", b"Ida", b"Teo"), strict=True):
            fifo.write_bytes(TABLE.replace(b"Mira", name))

    with written(write):
        report = prepare(fifos, SPEC, tmp_path / "out", OPTIONS)

    assert [one.rows for one in report.sources] == [9000] * 3


def test_records_that_two_pipes_share_are_made_one(tmp_path: Path) -> None:
    orders = b"".join(ORDERS.splitlines(keepends=True)[:200])
    half = orders.replace(b",S", b",T")
    (tmp_path / "a.csv").write_bytes(orders)
    (tmp_path / "b.csv").write_bytes(half)
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    plain = lines_of(prepare(files, "purchase", tmp_path / "plain", OPTIONS))
    with through_a_descriptor(orders, tmp_path) as one, through_a_descriptor(half, tmp_path) as other:
        assert lines_of(prepare([one, other], "purchase", tmp_path / "out", OPTIONS)) == plain


def test_a_copy_that_comes_through_a_pipe_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TABLE)
    with (
        through_a_descriptor(gzip.compress(TABLE), tmp_path) as path,
        pytest.raises(UsageError, match="byte for byte"),
    ):
        validate([tmp_path / "a.csv", path], SPEC)


def test_rejects_that_were_mended_come_through_a_pipe(tmp_path: Path) -> None:
    bad = b"link.mobile,employee_flag\n61411111111,no\n61411111112,maybe\n"
    (tmp_path / "a.csv").write_bytes(bad)
    (batch,) = prepare([tmp_path / "a.csv"], SPEC, tmp_path / "out", OPTIONS).batches
    mended = (batch.path / "rejects.csv").read_bytes().replace(b"maybe", b"yes")
    with through_a_fifo(mended, tmp_path) as path:
        report = prepare([path], None, tmp_path / "out", replace(OPTIONS, fix=str(batch.path)))

    assert [json.loads(text) for _, text in lines_of(report)] == [
        {"link": {"mobile": "61411111112"}, "employee_flag": True}
    ]


def test_a_pipe_is_inspected(tmp_path: Path) -> None:
    with through_a_fifo(TABLE, tmp_path) as path:
        found = inspect(path)

    assert (found.rows, [one.name for one in found.columns]) == (9000, HEADER.split(","))


@pytest.mark.parametrize("form", ["twice", "another way", "another name", "as standard input"])
def test_what_can_be_read_once_is_named_once(tmp_path: Path, form: str) -> None:
    fifo = tmp_path / "a.csv"
    os.mkfifo(fifo)
    os.link(fifo, tmp_path / "b.csv")
    reading, writing = os.pipe()
    with open(reading, "rb") as stdin, open(writing, "wb"):
        sources = {
            "twice": [fifo, fifo],
            "another way": [fifo, str(tmp_path / "." / "a.csv")],
            "another name": [tmp_path / "b.csv", fifo],
            "as standard input": ["-", f"/dev/fd/{reading}"],
        }[form]
        with pytest.raises(UsageError, match="named twice|are one") as problem:
            validate(sources, SPEC, Options(stdin=stdin))
    assert problem.value.hint.startswith("Name ")


def test_a_descriptor_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for path in (f"/dev/fd/{writing}", f"/dev/fd/{reading}"):
        with pytest.raises(SourceError, match=r"cannot be (read|opened)"):
            validate([path], SPEC)
    os.close(writing)


def test_an_empty_pipe_is_told_as_an_empty_file_is() -> None:
    with pytest.raises(SourceError, match="is empty"):
        validate([os.devnull], SPEC)


PEOPLE = b"link.mobile,first_name\n61411111111,Mira\n61411111112,Ida\n"
# words of the shell: exit code, and what is said
SAID = {
    "validate --spec customer_record <(cat a.csv)": (0, "2 of 2 records are ready to send."),
    "convert --spec customer_record <(gzip -c a.csv) <(cat b.csv)": (0, "3 records"),
    "convert --date 20240306 <(cat shopify.csv)": (0, "commerce_purchases-20240306-a"),
    "inspect <(cat a.csv)": (0, "2 rows"),
    "map --spec customer_record <(cat a.csv)": (0, "mapping.toml: look at each line"),
    "validate --spec customer_record - -": (2, "-: standard input is named twice"),
    "inspect - /dev/stdin": (2, "- and /dev/stdin are one, which can be read once"),
    "validate --spec customer_record a.csv <&-": (0, "2 of 2 records are ready to send."),
    "convert --spec customer_record - <&-": (3, "-: standard input is closed"),
    "map --spec customer_record - <&-": (3, "-: standard input is closed"),
    "validate --spec customer_record /dev/stdin <&-": (3, "/dev/stdin: standard input is closed"),
    "validate --spec customer_record /dev/fd/0 <&-": (3, "/dev/fd/0: standard input is closed"),
    "validate --spec customer_record /dev/stdin </dev/null": (3, "/dev/stdin: is empty"),
}


@pytest.mark.parametrize("words", SAID)
def test_the_commands_read_what_the_shell_hands_over(tmp_path: Path, words: str) -> None:
    if not Path("/bin/bash").exists():
        pytest.skip("this system has no bash")
    code, said = SAID[words]
    (tmp_path / "a.csv").write_bytes(PEOPLE)
    (tmp_path / "b.csv").write_bytes(b"link.mobile,first_name\n61411111113,Teo\n")
    (tmp_path / "shopify.csv").write_bytes(SHOPIFY)
    done = subprocess.run(
        ["/bin/bash", "-c", f"{shlex.quote(sys.executable)} -m lexer_pipeline {words}"],
        cwd=tmp_path, env=environment(), input=PEOPLE, capture_output=True, timeout=300, check=False,
    )  # fmt: skip

    text = (done.stdout + done.stderr).decode()
    assert done.returncode == code, text
    assert said in text
    assert "Traceback" not in text
