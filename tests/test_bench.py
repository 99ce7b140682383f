"""The benchmark: its data, its peers, its comparison, its measuring."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from bench import report, run
from bench.case import Case, Outcome
from bench.compare import Comparison, compare, parsed
from bench.contenders import KEYS, LIBRARIES, PARTS, PEERS, Peer
from bench.generate import FILES, SHAPES, Recipe, generate
from bench.made import Made
from bench.measure import Measurement, measure, usable_cores

TINY = Recipe(scale=0.0005, invalid=0.1)
ALL_FILES = (*FILES, *SHAPES)
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One tiny set of files."""
    folder = tmp_path_factory.mktemp("data")
    generate(folder, TINY, ALL_FILES)
    return folder


def peer_named(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)


def run_peer(peer: Peer, data: Path, folder: Path) -> Path:
    """The peer's output; skipped where its library is not installed."""
    library = LIBRARIES[peer.module]
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed (extra: bench)")
    if library == "pydantic" and not version("pydantic").startswith("1."):
        pytest.skip("the vendor's way needs pydantic 1")
    target = folder / f"{peer.name}.ndjson"
    source = data / next(part.file for part in PARTS if part.name == peer.part)
    getattr(import_module(f"bench.peers.{peer.module}"), peer.function)(str(source), str(target))
    return target


def without_nulls(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}


def valid_orders(lines: Path) -> Iterator[dict[str, Any]]:
    """The slow way from lines to purchases, invalid ones left out."""
    records: dict[str, dict[str, Any]] = {}
    with lines.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells = {name: cell for name, cell in row.items() if cell}
            record = records.setdefault(cells["purchase_id"], {"products": []})
            place(record, cells)
    for record in records.values():
        bad_line = any(line["quantity"] == 0 or line["price_paid"] < 0 for line in record["products"])
        head_is_good = (
            "link" in record and record["type"] != "telephone" and record["action_at"] != "yesterday"
        )
        if head_is_good and not bad_line:
            yield record


def place(record: dict[str, Any], cells: dict[str, str]) -> None:
    """Put the cells of one row where they belong in the record."""
    product: dict[str, Any] = {}
    for header, cell in cells.items():
        name = header.removeprefix("products[].")
        into = record if name == header else product
        *parents, leaf = name.split(".")
        for parent in parents:
            into = into.setdefault(parent, {})
        into.setdefault(
            leaf, json.loads(cell) if leaf in {"price_paid", "quantity", "full_price", "discount"} else cell
        )
    record["products"].append(product)


def write_lines(path: Path, records: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(data: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", TINY, ALL_FILES)
    generate(tmp_path / "other", Recipe(TINY.scale, TINY.seed + 1, TINY.invalid), ALL_FILES)

    for name in ALL_FILES:
        assert (tmp_path / "again" / name).read_bytes() == (data / name).read_bytes()
        assert (tmp_path / "other" / name).read_bytes() != (data / name).read_bytes()


def test_the_shuffled_lines_are_the_ordered_ones(data: Path) -> None:
    ordered = (data / "order_lines.csv").read_bytes().splitlines()
    shuffled = (data / "order_lines_shuffled.csv").read_bytes().splitlines()

    assert shuffled[0] == ordered[0]
    assert shuffled != ordered
    assert sorted(shuffled) == sorted(ordered)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.1, 20, 90), (1.0, 500, 500)])
def test_the_invalid_share_is_what_was_asked_for(tmp_path: Path, share: float, least: int, most: int) -> None:
    made = generate(tmp_path, Recipe(TINY.scale, invalid=share), ["customers.csv"])["customers.csv"]

    assert made.records == 500
    assert least <= made.invalid <= most


def test_the_customers_hold_what_trips_careless_readers(data: Path) -> None:
    text = (data / "customers.csv").read_text()
    with (data / "customers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 500
    assert len(rows[0]) == 17
    assert any(row["postcode"].startswith("0") for row in rows)
    assert any("\n" in row["address_2"] for row in rows)
    assert any("," in row["address_1"] for row in rows)
    assert any('"' in row["address_2"] for row in rows)
    assert any(row["mobile"] == "" for row in rows)
    assert any(row["link.email"] != row["link.email"].lower() for row in rows)
    assert not text.isascii()


def test_the_export_of_a_shop_is_known_and_becomes_purchases_and_customers(
    data: Path, tmp_path: Path
) -> None:
    made = Made(**json.loads((data / "shop_orders.csv.facts").read_text()))
    with (data / "shop_orders.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    report = prepare(
        [str(data / "shop_orders.csv")], None, tmp_path / "out", Options(date="20240306", max_invalid=1)
    )

    assert {len(row) for row in rows} == {79}
    assert made.rows == len(rows)
    assert made.records == len({row["Name"] for row in rows})
    counted = {batch.manifest.specification: batch.manifest for batch in report.batches}
    assert set(counted) == {"commerce_purchases", "profile_customer"}
    assert 0 < counted["commerce_purchases"].rejected


@pytest.mark.parametrize("name", ["customers.xlsx", "customers.parquet"])
def test_a_workbook_and_parquet_hold_customers_of_which_as_many_are_rejected_as_their_facts_count(
    name: str, data: Path, tmp_path: Path
) -> None:
    made = Made(**json.loads((data / f"{name}.facts").read_text()))

    report = prepare(
        [str(data / name)], "profile_customer", tmp_path / "out", Options(date="20240306", max_invalid=1)
    )

    (batch,) = report.batches
    assert 0 < batch.manifest.rejected == made.invalid
    assert batch.manifest.rows == made.rows
    record = json.loads(batch.file.read_text().splitlines()[0])
    assert set(record["custom_fields"]) >= {"points"}


def test_the_other_shapes_are_short_long_quoted_and_wide(data: Path) -> None:
    tables = {}
    for name in SHAPES:
        with (data / name).open(newline="", encoding="utf-8") as file:
            tables[name] = list(csv.reader(file))[1:]
            assert len(tables[name]) == Made(**json.loads((data / f"{name}.facts").read_text())).rows

    assert {len(row) for row in tables["short_rows.csv"]} == {3}
    assert min(len(cell) for row in tables["long_rows.csv"] for cell in row[3:]) > 3_000
    quoted = [cell for row in tables["quoted_text.csv"] for cell in row[3:]]
    assert sum('"' in cell or "\n" in cell or "," in cell for cell in quoted) > len(quoted) / 2
    assert any('"' in cell and "\n" in cell for cell in quoted)
    assert {len(row) for row in tables["wide_table.csv"]} == {300}


def test_shapes_are_run_when_they_are_asked_for_and_by_their_names() -> None:
    usual, shapes = run.wanted([]), run.wanted([], shapes=True)

    assert {part.file for part in shapes} == set(SHAPES)
    assert not any(part in shapes or part.optional for part in usual)
    assert run.wanted(["long_rows", "memory"]) == [
        part for part in PARTS if part.name in ("long_rows", "memory")
    ]


def test_the_json_files_hold_the_records_that_their_facts_count(data: Path) -> None:
    lines = (data / "customers.ndjson").read_text().splitlines()

    assert [json.loads(line) for line in lines] == json.loads((data / "customers.json").read_text())
    assert len(lines) == 500
    assert all(json.loads(line)["products"] for line in (data / "purchases.ndjson").read_text().splitlines())


def test_each_kind_of_record_is_compared_with_its_own_and_none_may_be_missing(tmp_path: Path) -> None:
    part = next(part for part in PARTS if not part.spec)
    case = Case(part, 0, 1.0, 0.0, tmp_path / "any", Made(2, 2, 0, 100))
    kinds = ("marketing_email_click", "marketing_email_open")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    ours = {kind: write_lines(tmp_path / kind, [{"email_id": "a", "url": kind}]) for kind in kinds}
    for kind in kinds:
        write_lines(theirs / f"{kind}.ndjson", [{"url": kind, "email_id": "a"}])

    assert run.compared(case, ours, theirs, blind=False) == Comparison(2, 0)
    write_lines(theirs / f"{kinds[1]}.ndjson", [{"url": "other", "email_id": "a"}])
    assert "url" in run.compared(case, ours, theirs, blind=False).difference
    (theirs / f"{kinds[1]}.ndjson").unlink()
    assert run.compared(case, ours, theirs, blind=False).difference


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_writes_a_line_of_json_for_every_record(peer: Peer, data: Path, tmp_path: Path) -> None:
    run_peer(peer, data, tmp_path)

    source = next(part.file for part in PARTS if part.name == peer.part)
    made = Made(**json.loads((data / f"{source}.facts").read_text()))
    written = sorted(tmp_path.glob("*.ndjson"))
    records = [parsed(line) for file in written for line in file.read_bytes().splitlines()]
    if peer.name == "calamine":
        assert records == [{"rows": ("number", str(made.rows))}]
        return
    expected = {"with_vendor": made.records - made.invalid}.get(peer.module, made.records)
    assert len(records) == (made.rows if peer.name == "polars-shop-orders" else expected)


@pytest.mark.parametrize("name", ["polars-exact", "duckdb-exact"])
def test_the_exact_customers_are_what_the_vendors_models_accept(
    name: str, data: Path, tmp_path: Path
) -> None:
    accepted = run_peer(peer_named("vendor-csv"), data, tmp_path)
    records = [without_nulls(json.loads(line)) for line in accepted.read_text().splitlines()]
    ours = write_lines(tmp_path / "ours.ndjson", records)
    theirs = run_peer(peer_named(name), data, tmp_path)

    assert compare(ours, theirs, "customer_id", 500 - len(records)).difference == ""


def test_the_exact_purchases_are_the_folded_lines(data: Path, tmp_path: Path) -> None:
    made = Made(**json.loads((data / "order_lines.csv.facts").read_text()))
    theirs = run_peer(peer_named("duckdb-lines-exact"), data, tmp_path)
    records = {json.loads(line)["purchase_id"]: json.loads(line) for line in theirs.read_text().splitlines()}
    valid = list(valid_orders(data / "order_lines.csv"))

    assert len(valid) == made.records - made.invalid
    assert [records[order["purchase_id"]] for order in valid] == valid
    assert ".00" in theirs.read_text()


def test_a_peer_is_a_command_of_its_own(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed (extra: bench)")
    command = [
        sys.executable,
        "-m",
        "bench.peers",
        "duckdb-csv",
        str(data / "customers.csv"),
        str(tmp_path / "out"),
    ]
    subprocess.run(command, check=True, cwd=ROOT)

    assert len((tmp_path / "out").read_bytes().splitlines()) == 500


RECORD = {
    "customer_id": "C1",
    "n": 1.5,
    "link": {"email": "mira@example.com"},
    "list": [{"a": "x"}, {"a": "y"}],
}


@pytest.mark.parametrize(
    ("theirs", "place"),
    [
        (RECORD | {"n": 1.25}, "n:"),
        (RECORD | {"n": "1.5"}, "n:"),
        (RECORD | {"link": {"email": "owen@example.com"}}, "link.email:"),
        (RECORD | {"link": {}}, "link.email: missing"),
        (RECORD | {"extra": None}, "extra: missing"),
        (RECORD | {"list": [{"a": "x"}, {"a": "z"}]}, "list[1].a:"),
        (RECORD | {"list": [{"a": "x"}]}, "list:"),
    ],
)  # fmt: skip
def test_a_planted_difference_is_found_and_its_value_not_told(
    theirs: dict[str, Any], place: str, tmp_path: Path
) -> None:
    first = {"customer_id": "C0"}
    ours = write_lines(tmp_path / "ours", [first, RECORD])
    other = write_lines(tmp_path / "theirs", [first, {"customer_id": "rejected"}, theirs])

    difference = compare(ours, other, "customer_id", 1).difference

    assert difference.startswith(f"line 2 (other: line 3): {place}")
    assert "example.com" not in difference
    assert "1.25" not in difference


def test_numbers_are_compared_by_their_text_and_members_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "ours").write_text('{"customer_id":"C1","n":10.50}\n')
    (tmp_path / "same").write_text('{"n": 10.50, "customer_id": "C1"}\n')
    (tmp_path / "rounded").write_text('{"customer_id":"C1","n":10.5}\n')

    assert compare(tmp_path / "ours", tmp_path / "same", "customer_id", 0).difference == ""
    assert compare(tmp_path / "ours", tmp_path / "rounded", "customer_id", 0).difference != ""


@pytest.mark.parametrize(
    ("ours", "theirs", "invalid"),
    [
        (["a", "b"], ["b", "a"], 0),  # another order
        (["a", "b"], ["a"], 0),  # one too many
        (["a"], ["a", "b"], 0),  # a good record lost
        (["a", "b"], ["a", "b"], 1),  # a bad record accepted
        (["a", "a"], ["a"], 0),  # one record twice
    ],
)
def test_lost_doubled_and_moved_records_are_differences(
    ours: list[str], theirs: list[str], invalid: int, tmp_path: Path
) -> None:
    one = write_lines(tmp_path / "ours", [{"customer_id": name} for name in ours])
    other = write_lines(tmp_path / "theirs", [{"customer_id": name} for name in theirs])

    assert compare(one, other, "customer_id", invalid).difference


def test_what_was_written_blindly_is_compared_without_nulls_and_with_dots_as_paths(tmp_path: Path) -> None:
    ours = write_lines(tmp_path / "ours", [{"customer_id": "C1", "link": {"email": "mira@example.com"}}])
    flat = {"customer_id": "C1", "link.email": "mira@example.com", "city": None, "store": {"name": None}}
    theirs = write_lines(tmp_path / "theirs", [flat])

    assert compare(ours, theirs, "customer_id", 0, blind=True).difference == ""
    assert compare(ours, theirs, "customer_id", 0).difference


@pytest.mark.parametrize("line", ['{"customer_id":"C1","customer_id":"C1"}', "not json", "[]", ""])
def test_what_is_not_one_object_with_different_keys_is_a_difference(line: str, tmp_path: Path) -> None:
    (tmp_path / "ours").write_text(f"{line}\n")
    write_lines(tmp_path / "theirs", [{"customer_id": "C1"}])

    assert compare(tmp_path / "ours", tmp_path / "theirs", "customer_id", 0).difference


BUSY = """
import subprocess, sys, time
held = bytearray(60_000_000)
if len(sys.argv) == 1:
    subprocess.run([sys.executable, __file__, "child"], check=True)
else:
    time.sleep(1)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory of a tree is read from /proc")
def test_the_memory_of_the_whole_process_tree_is_measured(tmp_path: Path) -> None:
    script = tmp_path / "busy.py"
    script.write_text(BUSY)
    took = measure([sys.executable, str(script)], os.environ, tmp_path / "out", tmp_path / "errors")

    assert took.code == 0
    assert 120 < took.own_mb < took.peak_mb < 200
    assert took.wall > 1


def test_processor_time_of_a_child_counts_and_a_failure_is_told(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.2: pass"
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); sys.exit(3)"
    took = measure([sys.executable, "-c", script], os.environ, tmp_path / "out", tmp_path / "errors")

    assert took.code == 3
    assert took.cpu > 0.19


@pytest.mark.skipif(len(usable_cores()) < 2, reason="there are no two cores to choose from")
def test_a_command_has_the_cores_that_it_is_to_have_and_the_benchmark_keeps_its_own(tmp_path: Path) -> None:
    before, said = usable_cores(), tmp_path / "out"
    command = [sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"]

    for cores in (1, 2):
        assert measure(command, os.environ, said, tmp_path / "errors", cores).code == 0
        assert said.read_text() == f"{cores}\n"
    assert usable_cores() == before


def test_a_time_stands_beside_that_of_the_first_case_or_of_the_part_that_is_named(tmp_path: Path) -> None:
    parts = {part.name: part for part in PARTS}
    tables = []
    for name, number, wall in (
        ("customers_ndjson", 0, 4.0), ("customers_json", 0, 6.0), ("dirty", 0, 2.0), ("dirty", 1, 3.0),
    ):  # fmt: skip
        case = Case(parts[name], number, 1.0, 0.01, tmp_path / "any", Made(1000, 1000, 10, 5_000_000))
        tables.append(report.table(case, [], Outcome({"ours": [Measurement(wall, 1.0, 100.0, 90.0, 0)]})))

    shown = report.text(report.whole(tables, datetime(2024, 3, 6, tzinfo=UTC), 1))

    assert "times_first 1.50 <= 1.25: NO" in shown
    assert "times_first 1.50 <= 1.7: yes" in shown
    assert shown.count("times_first") == 2


def test_the_report_shows_medians_ratios_and_targets_and_who_failed(tmp_path: Path) -> None:
    peers = [peer for peer in PEERS if peer.part == "customers"][:2]
    runs = [Measurement(wall, 1.0, 100.0, 90.0, 0) for wall in (1.0, 9.0, 2.0)]
    outcome = Outcome({"ours": runs, peers[0].name: [Measurement(4.0, 1.0, 400.0, 390.0, 0)]})
    outcome.failures[peers[1].name] = "exit 1: no memory"
    case = Case(PARTS[0], 0, 1.0, 0.01, tmp_path / "customers.csv", Made(1000, 1000, 10, 5_000_000))

    table = report.table(case, peers, outcome)

    assert table["results"][0]["wall"] == 2.0
    assert table["results"][0]["rows_per_second"] == 500
    assert table["results"][1]["ratio"] == 0.5
    assert table["results"][2]["failed"] == "exit 1: no memory"
    shown = report.text(report.whole([table], datetime(2024, 3, 6, tzinfo=UTC), 3))
    assert "ratio 0.50 <= 0.6: yes" in shown
    assert "peak_mb 100.00 <= 150: yes" in shown
    assert "failed: exit 1: no memory" in shown


def test_every_part_and_every_peer_fit_together() -> None:
    assert {peer.part for peer in PEERS} <= {part.name for part in PARTS}
    assert {part.file for part in PARTS} == set(ALL_FILES)
    assert {part.file for part in PARTS if part.shape} == set(SHAPES)
    assert {part.spec for part in PARTS} <= {*KEYS, ""}
    assert {part.beside for part in PARTS} <= {"", *(part.name for part in PARTS)}
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    assert all(
        len(part.times) in (0, len(part.sizes) * len(part.invalid) * len(part.cores)) for part in PARTS
    )


@pytest.mark.parametrize("part", ["customers", "mapped", "api_orders", "api_events", "quoted_text"])
def test_a_whole_benchmark_compares_every_exact_output_with_ours_and_leaves_only_its_data(
    part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--scale", "0.0005", "--rounds", "1", "--only", part, "--json", "--cache", str(tmp_path)]
    code = run.main(words)

    whole = json.loads(capsys.readouterr().out)
    (table,) = whole["cases"]
    assert [row["name"] for row in table["results"] if row["failed"]] == []
    assert table["results"][0]["name"] == "ours"
    exact = {peer.name for peer in PEERS if peer.exact}
    assert all(row["equal"] for row in table["results"] if row["name"] in exact)
    assert code == 0
    assert not list(tmp_path.glob("work-*"))
