"""A source that is not what it was when it was first looked at makes no batch, and its reader is told."""

import gzip
import os
import random
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline import Options, inspect, prepare, validate
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.inspecting.propose import propose
from lexer_pipeline.outbox import outbox
from lexer_pipeline.outbox.batch import folders
from msgspec.structs import replace

from tests.running import ROOT

from .helpers import HEADER, SPEC, orders, sheet

OPTIONS = Options(date="20240306", max_invalid=1.0)
LONG_AGO = 1_700_000_000_000_000_000
SHOPIFY = (ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv").read_bytes()


def table(rows: int) -> bytes:
    """Rows that hardly pack."""
    some = random.Random(7)
    return f"{HEADER}\n".encode() + b"".join(
        b"6141%07d,%x,Holt\n" % (row, some.getrandbits(160)) for row in range(rows)
    )


LONG = table(60_000)
ORDERS = orders(200, 100)


def packed(data: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", data)
    return file.getvalue()


# name: the bytes, the specification, the mapping
INPUTS: Mapping[str, tuple[bytes, str | None, str | None]] = {
    "a table of several blocks": (LONG, SPEC, None),
    "rows of one key": (ORDERS, "purchase", None),
    "documents": (b'{"link": {"mobile": "61411111111"}}\n' * 40_000, SPEC, None),
    "one array": (b"[" + b'{"link": {"mobile": "61411111111"}},\n' * 40_000 + b"{}]", SPEC, None),
    "gzip of several blocks": (gzip.compress(LONG, 1), SPEC, None),
    "a workbook": (sheet(), SPEC, None),
    "a zip": (packed(LONG), SPEC, None),
    "a preset that is told": (SHOPIFY, None, None),
    "a preset that is named": (SHOPIFY, None, "shopify_orders"),
}


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n61419999999,Ida,Holt\n")


def write_over(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b" " * 20)


def put_another_there(path: Path) -> None:
    """A whole file of the same size and time: what was read is whole, but nobody knows which of the two was meant."""
    other, before = path.with_suffix(".new"), path.stat()
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_mtime_ns, before.st_mtime_ns))
    other.replace(path)


CHANGES = (cut, grow, write_over, put_another_there, os.remove)


def laid(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


def on_call(number: int, change: Callable[[], None]) -> Callable[[int, int], None]:
    """A word on progress that changes something the first few times it is given."""
    calls: list[int] = []

    def tell(rows: int, _: int) -> None:
        calls.append(rows)
        if len(calls) == number:
            change()

    return tell


def refused(work: Callable[[], object], out: Path) -> None:
    """The work ends with the sentence, and leaves nothing."""
    with pytest.raises(SourceError, match="was changed while it was read") as problem:
        work()
    assert problem.value.hint
    with outbox.opened(out):
        assert folders(out) == []
    assert not list(out.glob(".preparing*"))


@pytest.mark.parametrize("name", INPUTS)
def test_a_source_that_changes_while_it_is_read_makes_no_batch(tmp_path: Path, name: str) -> None:
    data, spec, mapping = INPUTS[name]
    for change in CHANGES:
        path = laid(tmp_path / "export.bin", data)
        options = replace(OPTIONS, mapping=mapping, progress=on_call(1, lambda: change(path)))  # noqa: B023
        refused(lambda: prepare([path], spec, tmp_path / "out", options), tmp_path / "out")  # noqa: B023
    assert prepare([laid(path, data)], spec, tmp_path / "out", replace(OPTIONS, mapping=mapping)).batches


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a table of several blocks", "a preset that is told"])
def test_validate_says_so_as_well(tmp_path: Path, name: str, change: Callable[[Path], None]) -> None:
    data, spec, _ = INPUTS[name]
    path = laid(tmp_path / "export.bin", data)
    options = replace(OPTIONS, progress=on_call(1, lambda: change(path)))
    refused(lambda: validate([path], spec, options), tmp_path / "out")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("which", [0, 1])
def test_a_file_of_a_run_may_not_change_before_it_is_read_nor_behind_that(
    tmp_path: Path, which: int, change: Callable[[Path], None]
) -> None:
    data = [table(3), table(3).replace(b"Holt", b"Hill")]
    paths = [laid(tmp_path / f"{number}.csv", one) for number, one in enumerate(data)]
    for work in (prepare, validate):
        options = replace(OPTIONS, progress=on_call(2 - which, lambda: change(paths[which])))
        words = (tmp_path / "out", options) if work is prepare else (options,)
        refused(lambda: work(paths, SPEC, *words), tmp_path / "out")  # noqa: B023
        laid(paths[which], data[which])


@pytest.mark.parametrize("change", CHANGES)
def test_no_specification_of_a_run_is_prepared_from_a_file_that_changes_for_another(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = laid(tmp_path / "orders.csv", SHOPIFY)
    passes: list[int] = []
    prepare([path], None, tmp_path / "whole", replace(OPTIONS, progress=lambda rows, _: passes.append(rows)))
    assert len(passes) > 1

    options = replace(OPTIONS, progress=on_call(len(passes), lambda: change(path)))
    refused(lambda: prepare([path], None, tmp_path / "out", options), tmp_path / "out")


@pytest.mark.parametrize("change", CHANGES)
def test_rejects_that_change_while_they_are_fixed_make_no_batch(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    out = tmp_path / "out"
    path = laid(tmp_path / "a.csv", b"link.mobile,employee_flag\n61411111111,no\n61411111112,maybe\n")
    (batch,) = prepare([path], SPEC, out, OPTIONS).batches
    rejects = batch.path / "rejects.csv"
    laid(rejects, rejects.read_bytes().replace(b"maybe", b"yes"))
    options = replace(OPTIONS, fix=str(batch.path), progress=on_call(1, lambda: change(rejects)))
    with pytest.raises(SourceError, match="was changed while it was read"):
        prepare([], None, out, options)

    assert folders(out) == [batch.path]


def test_a_file_behind_standard_input_or_a_descriptor_may_not_change_either(tmp_path: Path) -> None:
    for change in (cut, grow, write_over):
        path = laid(tmp_path / "a.csv", LONG)
        with path.open("rb") as file:
            for source in ("-", f"/dev/fd/{file.fileno()}"):
                options = replace(OPTIONS, stdin=file, progress=on_call(1, lambda: change(path)))  # noqa: B023
                refused(lambda: prepare([source], SPEC, tmp_path / "out", options), tmp_path / "out")  # noqa: B023
                laid(path, LONG)
                file.seek(0)


@pytest.mark.parametrize("change", CHANGES)
def test_inspect_and_map_say_so_as_well(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = laid(tmp_path / "a.csv", LONG)
    refused(lambda: inspect(path, progress=on_call(1, lambda: change(path))), tmp_path / "out")
    laid(path, LONG)
    refused(
        lambda: propose(
            path, SPEC, tmp_path / "a.toml", out=tmp_path / "out", progress=on_call(1, lambda: change(path))
        ),
        tmp_path / "out",
    )
    assert not (tmp_path / "a.toml").exists()


def test_a_file_that_a_link_names_may_not_be_another_one(tmp_path: Path) -> None:
    one, other = (laid(tmp_path / name, LONG) for name in ("a.csv", "b.csv"))
    link = tmp_path / "link.csv"
    link.symlink_to(one)

    def change() -> None:
        link.unlink()
        link.symlink_to(other)

    options = replace(OPTIONS, progress=on_call(1, change))
    refused(lambda: prepare([link], SPEC, tmp_path / "out", options), tmp_path / "out")


def test_what_is_wrong_with_a_file_that_stays_as_it_is_is_said_as_before(tmp_path: Path) -> None:
    path = laid(tmp_path / "a.csv", b"link.mobile,frist_name\n61411111111,Mira\n")
    with pytest.raises(UsageError, match="not in the specification"):
        prepare([path], SPEC, tmp_path / "out", OPTIONS)
