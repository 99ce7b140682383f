"""The package imports where fcntl and the like are absent, and does the same by other calls."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.system import files
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, prepared
from tests.running import environment
from tests.windows import MODULES, NAMES

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pipeline" / "lexer_pipeline"
# Two places do without these calls where they are missing; the sandbox says that it needs its own.
HOMES = {"system/files.py", "system/process.py", "sandbox/store.py", "sandbox/web.py"}
ORDERS = ROOT / "samples" / "commerce_purchases" / "good_csv_rows_of_one_record" / "input.csv"


@pytest.fixture
def as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pread", "fdatasync"):
        monkeypatch.delattr(os, name)
    monkeypatch.setattr(files, "OPENS_FOLDERS", False)


def test_every_module_is_imported_without_what_windows_lacks() -> None:
    call = [sys.executable, "-W", "error", "-m", "tests.windows"]
    done = subprocess.run(
        call, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )

    assert done.stderr == ""
    names = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in PACKAGE.rglob("*.py")
    }
    assert {name.removesuffix(".__init__") for name in names} <= {*done.stdout.split(), "lexer_pipeline"}


def used(path: Path) -> Iterator[str]:
    """What a module takes from its system that Windows lacks."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NAMES.get(node.value.id, ()):
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in MODULES:
            yield node.module


def test_only_few_homes_call_what_windows_lacks() -> None:
    users = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if set(used(path))}

    assert users == HOMES


@pytest.mark.usefixtures("as_on_windows")
def test_bytes_are_read_at_any_place_and_the_descriptor_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    handle = files.open_to_read(tmp_path / "file")
    try:
        assert os.read(handle, 2) == b"01"
        assert files.read_at(handle, 3, 5) == b"567"
        assert files.read_at(handle, 3, 9) == b"9"
        assert files.read_at(handle, 3, 10) == b""
        assert os.read(handle, 2) == b"23"
    finally:
        os.close(handle)


@pytest.mark.usefixtures("as_on_windows")
def test_a_claim_is_for_one_at_a_time_by_a_file_too(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path)) as ledger:
        with ledger.claim(".") as first, ledger.claim(".") as second:
            assert (first, second) == (True, False)
        with ledger.claim(".") as again:
            assert again


@pytest.mark.parametrize("source", [ORDERS, "-"])
def test_the_same_files_are_written(
    tmp_path: Path, source: Path | str, request: pytest.FixtureRequest
) -> None:
    options = replace(KEEP_ALL, stdin=BytesIO(ORDERS.read_bytes()))
    plain = prepared([source], "purchase", tmp_path / "plain", options).files
    request.getfixturevalue("as_on_windows")
    options = replace(KEEP_ALL, stdin=BytesIO(ORDERS.read_bytes()))

    assert prepared([source], "purchase", tmp_path / "windows", options).files == plain
