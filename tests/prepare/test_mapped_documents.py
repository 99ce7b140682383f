"""Documents that go through a mapping: the same files with the kernels and without, and refusals in words."""

import shutil
from pathlib import Path

from tests.fuzz.command import typed
from tests.fuzz.corpus import NASTY
from tests.fuzz.files import compare

WORDS = ("convert", "api_orders.ndjson", "--map", "api_orders.toml", "--date", "20240306", "--quiet")


def folder_of(place: Path) -> Path:
    place.mkdir()
    for path in NASTY.glob("api_orders.*"):
        shutil.copy(path, place)
    return place


def test_documents_give_the_same_files_with_kernels_and_without(tmp_path: Path) -> None:
    fast, slow = folder_of(tmp_path / "fast"), folder_of(tmp_path / "slow")

    compare([*WORDS, "--max-invalid", "100%"], fast, slow, False)
    assert len(list((fast / "batches").glob("*/*.json"))) == 9


def test_a_path_that_no_document_has_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "it")
    (folder / "api_orders.ndjson").write_text('{"a":true}\n')

    said = typed(WORDS, folder)
    assert said.code == 2
    assert "there is no column id, which api_orders.toml names" in said.all
