"""Each line of NDJSON is traced to the lines of its sources that made it, and back; what a line is made of says itself."""

import json
import random
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.cli import show_traced
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import trace_file
from lexer_pipeline.outbox.line_packing import BrokenTraceError
from lexer_pipeline.outbox.trace import Trace, trace
from lexer_pipeline.outbox.trace_file import TraceFile, TraceWriter
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from msgspec.structs import replace
from rich.console import Console

from tests.prepare.helpers import KEEP_ALL, in_plain_python
from tests.running import command
from tests.thoroughness import with_examples

SHA256 = "5f" * 32
# So many bytes a part hold a few records.
SMALL = 1200
HEADER = (
    "purchase_id,link.email,action_at,type,currency,store.type,store.name,products[].product_reference.id,"
    "products[].product_reference.id_type,products[].price_paid,products[].quantity\n"
)
ONCE = "{},mira@example.com,2024-03-06T10:15:00Z,ecommerce,AUD,physical,Harbour"
NOT_BEGUN = "nothing begins on it that was taken: it goes on with what stands above it, is blank, beyond the end, or left out"
# A row: its key (none goes on with the record before it), and whether it is bad, has a line break, is blank.
ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C", "D", ""]), *([st.sampled_from([False, False, False, True])] * 3)),
    min_size=1, max_size=14,
)  # fmt: skip


def table(number: int, rows: Iterable[tuple[str, bool, bool, bool]]) -> tuple[str, dict[str, int]]:
    """A table of order lines, and by product the line on which its row begins."""
    text, begins, line = HEADER, dict[str, int](), 2
    for key, is_bad, is_split, is_blank in rows:
        if is_blank:
            text, line = text + "\n", line + 1
            continue
        product = f"P{number}.{line}"
        begins[product] = line
        cell = f'"{product}\n"' if is_split else product
        once = ONCE.format(key) if key else "," * 6
        text += f"{once},{cell},sku,{'x' if is_bad else '5.00'},1\n"
        line += 1 + is_split
    return text, begins


def products_of(line: bytes) -> list[str]:
    return [one["product_reference"]["id"].strip() for one in json.loads(line)["products"]]


def check(
    report: Report, begins: Sequence[dict[str, int]], ends: Sequence[int], names: Sequence[str]
) -> None:
    """Every line of the batches and every line of the sources, against what the records themselves say."""
    home: dict[str, tuple[str, int]] = {}
    for batch in report.batches:
        lines = batch.file.read_bytes().splitlines() if batch.manifest.file else []
        found = trace(batch.path, range(1, len(lines) + 1))
        for number, line in enumerate(lines, 1):
            made_of = defaultdict[str, list[int]](list)
            for product in products_of(line):
                home[product] = (str(batch.path), number)
                source = int(product[1])
                made_of[names[source]].append(begins[source][product])
            told = {one.source: list(one.lines) for one in found.lines[number - 1].origins}
            assert told == {source: sorted(some) for source, some in made_of.items()}
    (batch, *_) = report.batches
    for source, (name, end) in enumerate(zip(names, ends, strict=True)):
        of_line = {line: product for product, line in begins[source].items()}
        back = trace(batch.path, [], [f"{name}:{line}" for line in range(1, end + 1)])
        last = 0
        for one in back.source_lines:
            product = of_line.get(one.line, "")
            last = one.line if product else last
            assert one.begins == last
            if not product:
                assert one.became == "nothing"
            elif product in home:
                assert (one.became, one.batch, one.lines) == ("record", home[product][0], (home[product][1],))
            else:
                assert (one.became, bool(one.words)) == ("rejected", True)


@with_examples(15, drill=150)
@given(
    tables=st.lists(ROWS, min_size=1, max_size=3), most=st.sampled_from([10**9, SMALL]), plain=st.booleans(), block=st.sampled_from([1, 5, 1 << 16]),
)  # fmt: skip
def test_lines_are_traced_forth_and_back_as_the_records_say_themselves(
    tables: list[list[tuple[str, bool, bool, bool]]], most: int, plain: bool, block: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace_file, "BLOCK_ROWS", block)
        names, begins, ends = [], [], []
        for number, rows in enumerate(tables):
            text, starts = table(number, rows)
            path = Path(folder, f"{number}.csv")
            path.write_text(text)
            names.append(str(path))
            begins.append(starts)
            ends.append(text.count("\n"))
        options = replace(KEEP_ALL, max_bytes=most)
        try:
            with in_plain_python() if plain else nullcontext():
                report = prepare(names, "purchase", Path(folder, "out"), options)
        except UsageError:
            assert most == SMALL, "one record alone is larger"
            return
        if report.batches:
            check(report, begins, ends, names)


# ------------------------------------------------------------------------------------------------- the file


@settings(max_examples=60)
@given(
    records=st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(1, 2**40), min_size=1, max_size=4)), max_size=30),
    more=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 99)), max_size=5), block=st.sampled_from([1, 3, 1 << 16]),
)  # fmt: skip
def test_what_is_written_is_read_again_whatever_the_numbers(
    records: list[tuple[int, list[int]]], more: list[tuple[int, int]], block: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace_file, "BLOCK_ROWS", block)
        writer = TraceWriter(Path(folder, "a"))
        for source, lines in records:
            writer.add(source, np.array(lines), np.array([len(lines)]))
        more = [(record, line) for record, line in more if record <= len(records)]
        for record, line in more:
            writer.add_more(record, 3, np.array([line]))
        writer.close(SHA256)
        again = TraceWriter(Path(folder, "b"))
        again.add_unknown(2)
        again.take_over(TraceFile(Path(folder, "a")), len(records))
        again.close(SHA256)

        for shift, name in ((0, "a"), (2, "b")):
            found = TraceFile(Path(folder, name))
            assert (found.records, found.sha256) == (len(records) + shift, SHA256)
            for number, (source, lines) in enumerate(records, 1):
                first, *others = found.origins(number + shift)
                assert (first.source, list(first.lines)) == (source, lines)
                told = sorted(line for one in others for line in one.lines)
                assert told == sorted(line for record, line in more if record == number)
            assert shift == 0 or found.origins(1) == found.origins(2) == ()


def test_a_file_that_was_cut_or_changed_anywhere_is_not_believed(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "a")
    writer.add(0, np.arange(1, 400) * 7, np.ones(399, np.int64))
    writer.close(SHA256)
    data = (tmp_path / "a").read_bytes()
    right = [(0, (7 * number,), 0) for number in range(1, 400)]

    for at in range(len(data)):
        for spoiled in (data[:at], data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]):
            (tmp_path / "a").write_bytes(spoiled)
            try:
                found = TraceFile(tmp_path / "a")
                told = [found.origins(number)[0] for number in range(1, 400)]
            except BrokenTraceError:
                continue
            assert told == right, at


@pytest.mark.parametrize(("shuffled", "most"), [(False, 2.0), (True, 3.0)])
def test_a_line_takes_two_bytes_at_most_and_a_row_out_of_order_three(
    tmp_path: Path, shuffled: bool, most: float
) -> None:
    dice = random.Random(7)
    sizes = np.array([dice.choice((1, 2, 2, 3, 4, 6)) for _ in range(60_000)])
    lines = np.arange(2, 2 + int(sizes.sum()))
    if shuffled:
        keys = np.repeat(np.arange(len(sizes)), sizes)
        dice.shuffle(keys)
        lines = lines[np.argsort(keys, kind="stable")]
        firsts = np.cumsum(sizes) - sizes
        turn = np.argsort(lines[firsts])
        lines, sizes = _in_turn(lines, sizes, turn), sizes[turn]
    writer = TraceWriter(tmp_path / "a")
    writer.add(0, lines, sizes)
    writer.close(SHA256)

    units = len(lines) if shuffled else len(sizes)
    assert (tmp_path / "a").stat().st_size < most * units


def _in_turn(lines: np.ndarray, sizes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    begins = (np.cumsum(sizes) - sizes)[turn]
    sizes = sizes[turn]
    return lines[np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(len(lines))]


# --------------------------------------------------------------------------------------------- other ways


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def people(*names: str) -> str:
    rows = (f"{name.strip('?')}@example.com,{name},{'maybe' if '?' in name else 'no'}\n" for name in names)
    return "link.email,first_name,employee_flag\n" + "".join(rows)


def documents(*names: str) -> str:
    return "".join(
        json.dumps({"link": {"email": f"{name}@example.com"} if "?" not in name else {}, "first_name": name})
        + "\n"
        for name in names
    )


def converted(source: str, text: str, **asked: object) -> Path:
    Path(source).write_text(text)
    (batch,) = prepare(
        [source], "customer_record", "batches", Options(date="20240306", max_invalid=1.0, **asked)
    ).batches
    return batch.path


def fixed(batch: Path, **asked: object) -> Path:
    (made,) = prepare([], None, "batches", Options(date="20240306", fix=str(batch), **asked)).batches
    return made.path


def origins(found: Trace) -> list[tuple[str, tuple[int, ...], str, tuple[int, ...]]]:
    return [
        (one.source, one.lines, one.rejects, one.rejects_lines)
        for line in found.lines
        for one in line.origins
    ]


def test_mended_rows_are_traced_to_the_rejects_and_to_their_source(here: Path) -> None:
    batch = converted("people.csv", people("Ida", "Ole?", "Eva", "Per?"))
    rejects = batch / "rejects.csv"
    rejects.write_text(rejects.read_text().replace("maybe", "no"))

    made = fixed(batch)

    assert origins(trace(made, [1, 2])) == [
        ("people.csv", (3,), str(rejects), (2,)),
        ("people.csv", (5,), str(rejects), (3,)),
    ]
    assert trace(made, [], ["5"]).source_lines[0].lines == (2,)


def test_of_a_mended_document_the_line_among_the_rejects_is_known(here: Path) -> None:
    batch = converted("people.ndjson", documents("Ida", "Ole?", "Eva"))
    rejects = batch / "rejects.ndjson"
    rejects.write_text(rejects.read_text().replace("{}", '{"email": "ole@example.com"}'))

    assert origins(trace(fixed(batch), [1])) == [("people.ndjson", (), str(rejects), (1,))]


@pytest.mark.parametrize("has_trace", [True, False])
def test_what_takes_the_place_of_a_held_batch_knows_its_lines_if_that_did(
    here: Path, has_trace: bool
) -> None:
    Path("people.csv").write_text(people("Ida", "Ole?", "Eva"))
    (held,) = prepare(
        ["people.csv"], "customer_record", "batches", Options(date="20240306", max_invalid=0.0)
    ).batches
    rejects = held.path / "rejects.csv"
    rejects.write_text(rejects.read_text().replace("maybe", "no"))
    if not has_trace:
        (held.path / "lines.trace").unlink()

    made = fixed(held.path)

    known = [("people.csv", (2,)), ("people.csv", (4,))] if has_trace else []
    assert [one[:2] for one in origins(trace(made, [1, 2, 3]))] == [*known, ("people.csv", (3,))]


def test_where_a_batch_does_not_say_it_the_same_content_converted_again_brings_it(here: Path) -> None:
    batch = converted("people.csv", people("Ida", "Ole?"))
    before = (batch / "lines.trace").read_bytes()
    for spoil in (
        lambda: (batch / "lines.trace").unlink(),
        lambda: (batch / "lines.trace").write_bytes(before[:-1]),
    ):
        spoil()
        with pytest.raises(UsageError) as caught:
            trace(batch, [1])
        assert "Convert its sources again" in caught.value.hint
        (batch / "lines.trace").unlink(missing_ok=True)
        converted("people.csv", people("Ida", "Ole?"))
        assert (batch / "lines.trace").read_bytes() == before
    shutil.copy(converted("other.csv", people("Eva")) / "lines.trace", batch)
    with pytest.raises(UsageError, match="belongs to another file"):
        trace(batch, [1])


@pytest.mark.parametrize(
    ("lines", "source_lines", "words"),
    [
        ([3], [], "has 2 lines, and no line 3"),
        ([0], [], "no line 0"),
        ([], ["x"], "is no line of a source"),
        ([], ["0"], "is no line of a source"),
        ([], ["people.csv:"], "is no line of a source"),
        ([], ["others.csv:2"], "others.csv is no source of this batch"),
    ],
)
def test_what_cannot_be_looked_up_is_said(
    here: Path, lines: list[int], source_lines: list[str], words: str
) -> None:
    batch = converted("people.csv", people("Ida", "Ole?", "Eva"))

    with pytest.raises(UsageError) as caught:
        trace(batch, lines, source_lines)

    assert words in caught.value.message
    assert caught.value.hint


def test_of_several_sources_one_must_be_named(here: Path) -> None:
    for name in ("a.csv", "b.csv"):
        Path(name).write_text(people(f"Ida{name[0]}"))
    (batch,) = prepare(["a.csv", "b.csv"], "customer_record", "batches", KEEP_ALL).batches

    with pytest.raises(UsageError, match="several sources"):
        trace(batch.path, [], ["2"])
    assert trace(batch.path.name, [], ["b.csv:2"], out="batches").source_lines[0].lines == (2,)


# ------------------------------------------------------------------------------------------------- the command


def said(found: Trace) -> list[str]:
    console = Console(file=StringIO(), width=300)
    show_traced.traced(console, found)
    return console.file.getvalue().splitlines()


def test_the_command_says_where_lines_come_from_and_what_became_of_others(here: Path) -> None:
    text = (
        HEADER + f"{ONCE.format('A')},P1,sku,5.00,1\n,,,,,,,P2,sku,5.00,1\n\n{ONCE.format('B')},P3,sku,x,1\n"
    )
    text += f"{ONCE.format('C')},P4,sku,5.00,1\n{ONCE.format('A')},P5,sku,5.00,1\n"
    Path("orders.csv").write_text(text)
    (batch,) = prepare(["orders.csv"], "purchase", "batches", KEEP_ALL).batches
    name = batch.path.name

    done = command(
        "trace", name, "1", "2", "--source-line", "7", "--source-line", "orders.csv:5", "--json", cwd=here
    )

    found = trace(batch.path, [1, 2], ["7", "orders.csv:5"])
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(found.as_json()))
    assert done.stderr.decode().splitlines() == said(found)
    issue = json.loads((batch.path / "issues.ndjson").read_text())
    assert said(trace(batch.path, [1, 2], ["1", "2", "4", "5", "7"])) == [
        f"{name}.json line 1: orders.csv lines 2, 3 and 7",
        f"{name}.json line 2: orders.csv line 6",
        f"orders.csv line 1: {NOT_BEGUN}",
        f"orders.csv line 2: line 1 of {name}.json",
        f"orders.csv line 4: {NOT_BEGUN}; what begins before it, on line 3, made line 1 of {name}.json",
        f"orders.csv line 5: rejected: {issue['message']}",
        f"orders.csv line 7: line 1 of {name}.json",
        f"What {issue['code']} means, or any other code: lexer-pipeline explain {issue['code']}",
    ]
    batch.file.unlink()
    assert f"{name}.json was purged" in said(trace(batch.path, [1]))[-1]


@pytest.mark.parametrize("words", [("1x",), ("0",), ("-3",), (), ("3",), ("--source-line", "x")])
def test_a_line_that_cannot_be_one_ends_with_exit_code_2(
    here: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    batch = converted("people.csv", people("Ida", "Ole?", "Eva"))

    assert run_command(["trace", str(batch), *words]) == 2
    assert run_command(["trace", str(here), "1"]) == 2
    assert "is not a prepared batch" in capsys.readouterr().err
