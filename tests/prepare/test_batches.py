"""A prepared batch: the same bytes for the same input, whole files, right counts, names that do not collide."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading import byte_stream, delimited, document_chunks, json_reader
from msgspec.structs import replace

from tests.fuzz.files import in_blocks
from tests.running import environment
from tests.thoroughness import with_examples

from .helpers import KEEP_ALL, Prepared, of_bytes, prepared, whole_batches

HEADER = b"link.mobile,first_name,employee_flag\n"
SPEC = "customer_record"
# Of the mobiles: 0 alone would be nobody's.
FIRST = 1000


def rows(numbers: Sequence[int], bad: Sequence[int] = (), blank: Sequence[int] = ()) -> bytes:
    lines = []
    for number in numbers:
        lines.append(
            b"%d,%s,%s\n" % (number + FIRST, b"x" * (number % 7), b"maybe" if number in bad else b"yes")
        )
        lines += [b"\n"] if number in blank else []
    return HEADER + b"".join(lines)


MIXED = rows(range(500), bad=range(0, 500, 9), blank=range(0, 500, 25))


def mobiles(done: Prepared) -> list[int]:
    return [int(record["link"]["mobile"]) - FIRST for record in done.records]


# ------------------------------------------------------------------------------------ determinism


def test_the_same_input_gives_the_same_bytes_of_every_file(tmp_path: Path) -> None:
    one, two = (of_bytes(MIXED, SPEC, tmp_path / name) for name in ("one", "two"))

    assert one.files == two.files
    assert set(one.files) == {f"profile_customer-20240306-a/{name}" for name in (
        "issues.ndjson", "lines.trace", "manifest.json", "profile_customer-20240306-a.json", "rejects.csv", "report.html", "report.json")}  # fmt: skip


@pytest.mark.parametrize("block", [64, 1000, 65_536])
def test_the_same_input_gives_the_same_bytes_however_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    array = (
        b"["
        + b",".join(b'{"link":{"mobile":"%d"},"employee_flag":%d}' % (n, n % 5) for n in range(300))
        + b"]"
    )
    array = array.replace(b":1}", b":true}")
    sources = (MIXED, MIXED.replace(b"\n", b"\r\n"), array, array[1:-1].replace(b"},{", b"}\n{"))
    whole = [of_bytes(data, SPEC, tmp_path / f"whole{n}").files for n, data in enumerate(sources)]
    for module in (delimited, json_reader, document_chunks, byte_stream):
        monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr("lexer_pipeline.loading.source.HEAD", 100)
    cut = [of_bytes(data, SPEC, tmp_path / f"cut{n}").files for n, data in enumerate(sources)]

    assert cut == whole


# ------------------------------------------------------------------------------------ counts and states


def test_a_manifest_speaks_of_the_files_as_they_are(tmp_path: Path) -> None:
    done = of_bytes(MIXED, SPEC, tmp_path)
    (batch,) = done.report.batches
    data = batch.file.read_bytes()
    plain = json.loads((batch.path / "manifest.json").read_text())

    assert plain["bytes"] == len(data)
    assert plain["sha256"] == hashlib.sha256(data).hexdigest()
    assert "md5" not in plain
    assert plain["sources"] == [
        {"path": "-", "bytes": len(MIXED), "sha256": hashlib.sha256(MIXED).hexdigest(), "rows": 520}
    ]
    assert (plain["records"], plain["rejected"], plain["blank"], plain["rows"]) == (444, 56, 20, 520)
    assert plain["issues"] == {"type": 56} and plain["conversions"] == {"boolean_word": 444}
    assert data.endswith(b"}\n") and b"\n\n" not in data and data.count(b"\n") == 444


@pytest.mark.parametrize(
    ("share", "state"), [(0.0, "held"), (0.0999, "held"), (0.1, "prepared"), (1.0, "prepared")]
)
def test_a_batch_is_held_above_the_share_of_rejects_that_is_allowed(
    tmp_path: Path, share: float, state: str
) -> None:
    done = of_bytes(
        rows(range(100), bad=range(10), blank=range(30)), SPEC, tmp_path, replace(KEEP_ALL, max_invalid=share)
    )

    assert done.manifest.state == state


def test_where_all_is_rejected_there_are_rejects_alone(tmp_path: Path) -> None:
    done = of_bytes(rows(range(50), bad=range(50)), SPEC, tmp_path)

    assert (done.report.invalid, [batch.manifest.state for batch in done.report.batches]) == (
        50,
        ["rejected"],
    )
    assert {Path(name).name for name in done.files} == {
        "issues.ndjson", "lines.trace", "manifest.json", "rejects.csv", "report.html", "report.json",
    }  # fmt: skip


def test_folders_and_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    os.umask(0o022)
    out = tmp_path / "deep" / "out"
    (tmp_path / "in.csv").write_bytes(MIXED)
    prepared([tmp_path / "in.csv"], SPEC, out)

    for path in [out, *out.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


# ------------------------------------------------------------------------------------ parts


def check_parts(done: Prepared, most: int) -> None:
    """What must hold of the parts of one delivery; the rest is in `helpers.check`."""
    width, before = max(2, len(str(len(done.report.batches)))), b""
    for number, batch in enumerate(done.report.batches, 1):
        data = batch.file.read_bytes() if batch.manifest.file else b""
        part = f"_part_{number:0{width}}" if len(done.report.batches) > 1 else ""
        assert batch.path.name == f"profile_customer{part}-20240306-a"
        assert batch.manifest.file == (f"{batch.path.name}.json" if data else "")
        assert len(data) == batch.manifest.bytes <= most
        if number > 1:
            assert len(before) + data.index(b"\n") + 1 > most, "the part before had room"
        before = data
        assert batch.manifest.sha256 == (hashlib.sha256(data).hexdigest() if data else "")
        assert data.count(b"\n") == batch.manifest.records
        assert (batch.manifest.state == "rejected") == (not data)
        issues = (batch.path / "issues.ndjson").read_bytes().splitlines()
        assert len(issues) == sum(batch.manifest.issues.values())
        assert {"rejects.csv", "rejects.ndjson"} >= set(batch.manifest.rejects)
        assert bool(batch.manifest.rejects) == bool(batch.manifest.rejected)


# A part for each record or two: of few rows, since each part takes its time.
@pytest.mark.parametrize(
    ("most", "count"), [(150, 100), (1000, 500), (5000, 500), (12_345, 500), (10**9, 500)]
)
def test_parts_lose_no_record_and_keep_the_order(tmp_path: Path, most: int, count: int) -> None:
    mixed = rows(range(count), bad=range(0, count, 9), blank=range(0, count, 25))
    whole = of_bytes(mixed, SPEC, tmp_path / "whole")
    most = max(most, max(len(line) for line in whole.lines))
    done = of_bytes(mixed, SPEC, tmp_path / "parts", replace(KEEP_ALL, max_bytes=most))

    check_parts(done, most)
    assert done.lines == whole.lines
    assert sorted(map(json.dumps, done.issues)) == sorted(map(json.dumps, whole.issues))
    rejects = b"".join(
        data.split(b"\n", 1)[1] for path, data in sorted(done.files.items()) if path.endswith("rejects.csv")
    )
    assert sorted(rejects.splitlines()) == sorted(whole.file("rejects.csv").splitlines()[1:])


@with_examples(10, drill=100)
@given(st.lists(st.sampled_from("gbn"), min_size=1, max_size=40), st.integers(80, 400), st.booleans())
def test_any_mixture_is_split_without_a_loss(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], most: int, as_json: bool
) -> None:
    if as_json:
        kinds_of = {"g": '{"link":{"mobile":"%d"}}', "b": '{"link":%d}', "n": "%.0s"}
        data = (
            "\n".join(kinds_of[kind] % number for number, kind in enumerate(kinds, FIRST)).encode()
            + b"\n{}\n"
        )
    else:
        kinds_of = {"g": "%d,x,yes", "b": "%d,x,oui", "n": "%.0s"}
        data = (
            HEADER
            + "\n".join(kinds_of[kind] % number for number, kind in enumerate(kinds, FIRST)).encode()
            + b"\n"
        )
    done = of_bytes(data, SPEC, tmp_path_factory.mktemp("out"), replace(KEEP_ALL, max_bytes=most))

    check_parts(done, most)
    assert mobiles(done) == [number for number, kind in enumerate(kinds) if kind == "g"]


def test_a_record_larger_than_a_part_is_a_usage_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--max-bytes"):
        of_bytes(rows(range(9)), SPEC, tmp_path, replace(KEEP_ALL, max_bytes=40))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "ledger.sqlite3"]


# ------------------------------------------------------------------------------------ names


def test_another_day_and_another_specification_begin_at_a(tmp_path: Path) -> None:
    of_bytes(HEADER + b"1,a,\n", SPEC, tmp_path)
    next_day = of_bytes(HEADER + b"2,b,\n", SPEC, tmp_path, replace(KEEP_ALL, date="20240307"))
    product = of_bytes(b"product_id\nP\n", "product", tmp_path)

    assert next_day.report.batches[0].path.name == "profile_customer-20240307-a"
    assert product.report.batches[0].path.name == "commerce_products-20240306-a"


def test_a_name_of_ones_own_replaces_the_specifications(tmp_path: Path) -> None:
    done = of_bytes(HEADER + b"1,a,\n", SPEC, tmp_path, replace(KEEP_ALL, names={"profile_customer": "vip"}))

    assert done.manifest.file == "vip-20240306-a.json"


@pytest.mark.parametrize("date", ["2024-03-06", "20241301", "today", "20240230"])
def test_a_date_that_a_name_cannot_hold_is_refused(tmp_path: Path, date: str) -> None:
    with pytest.raises(UsageError):
        of_bytes(HEADER + b"1,a,\n", SPEC, tmp_path, replace(KEEP_ALL, date=date))


def test_processes_that_convert_into_one_folder_at_once_get_different_names(tmp_path: Path) -> None:
    running = []
    for number in range(6):
        name = f"{'abcdef'[number]}.csv"
        (tmp_path / name).write_bytes(MIXED + b"%d,z,\n" % (900 + number))
        words = [
            "convert",
            name,
            "--spec",
            SPEC,
            "--out",
            "out",
            "--date",
            "20240306",
            "--max-invalid",
            "1",
            "--quiet",
        ]
        line = [sys.executable, "-m", "lexer_pipeline", *words]
        running.append(subprocess.Popen(line, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE))
    answers = [process.communicate(timeout=60)[1] for process in running]

    assert [process.returncode for process in running] == [0] * 6, answers
    found = whole_batches(tmp_path / "out")
    first = "profile_customer"
    assert {batch.path.name for batch in found} == {
        f"{first}-20240306-a", *(f"{first}_{number:02}-20240306-a" for number in range(2, 7)),
    }  # fmt: skip
    assert len({batch.manifest.sha256 for batch in found}) == 6
    assert not list((tmp_path / "out").glob(".preparing*"))


def test_processes_that_convert_the_same_at_once_make_one_batch(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(MIXED)
    words = [
        "convert",
        "in.csv",
        "--spec",
        SPEC,
        "--out",
        "out",
        "--date",
        "20240306",
        "--max-invalid",
        "1",
        "--json",
    ]
    line = [sys.executable, "-m", "lexer_pipeline", *words]
    running = [
        subprocess.Popen(
            line, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(6)
    ]
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in running]

    assert len(whole_batches(tmp_path / "out")) == 1
    assert sorted(batch["made"] for answer in answers for batch in answer["batches"]) == [False] * 5 + [True]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_blank_line_goes_with_the_record_before_it_in_whatever_blocks_a_source_is_read(
    form: str, tmp_path: Path
) -> None:
    lines = [f"{number},mira{number}@example.com" for number in range(12)]
    if form == "ndjson":
        lines = [
            f'{{"customer_id":"{number}","link":{{"email":"mira{number}@example.com"}}}}'
            for number in range(12)
        ]
    text = "\n".join(line + "\n" * (place % 3) for place, line in enumerate(lines)) + "\n"
    data = (text if form == "ndjson" else f"customer_id,link.email\n{text}").encode()
    told = set()
    for size in (7, 50, 1 << 20):
        out = tmp_path / str(size)
        with in_blocks(size):
            done = of_bytes(data, "customer_record", out, replace(KEEP_ALL, max_bytes=200))
        told.add(tuple((one.manifest.rows, one.manifest.blank) for one in done.report.batches))

    assert len(told) == 1
