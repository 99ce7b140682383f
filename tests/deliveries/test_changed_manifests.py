"""A manifest that says what no manifest says is none: its batch is not sent, and no command ends with a defect."""

import json
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.batch import MANIFEST, read
from lexer_pipeline.uploading.status import status

from tests.prepare.helpers import of_bytes

TABLE = b"product_id,name,price\nA-1,Kettle,1\nA-2,Tray,2\n"


def batch(tmp_path: Path) -> Path:
    return of_bytes(TABLE, "product", tmp_path).report.batches[0].path


def change(folder: Path, **changed: Any) -> None:
    plain = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps({**plain, **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "hold"}, {"state": None}, {"bytes": "96"}, {"bytes": -1}, {"bytes": True}, {"records": 10**30}, {"rows": 1.5}, {"issues": []},
        {"issues": {"format": "2"}}, {"warnings": "none"}, {"conversions": {"a": None}}, {"skipped": {"a": []}}, {"sources": {}},
        {"sources": [{"path": "a.csv"}]}, {"sources": [["a.csv", 1, "", 2]]}, {"rejects": ["../../elsewhere.csv"]}, {"rejects": "rejects.csv"},
        {"rejects": ["/etc/hosts"]}, {"rejects": [5]}, {"sha256": None}, {"specification": 7}, {"record_type": []}, {"destination": 5},
        {"replaces": "../other-20240306-a"}, {"fixes": {}}, {"options": []}, {"decisions": [None]}, {"decisions": {}}, {"suspicions": {"a": 1}},
        {"accepted": [1]}, {"held_for": "x"}, {"mapping": {"a": 1}}, {"mapping": [1]}, {"file": 5}, {"destination": "\ud800"}, {"label": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_with_something_of_another_kind_is_none(tmp_path: Path, changed: dict[str, Any]) -> None:
    folder = batch(tmp_path)
    change(folder, **changed)

    with pytest.raises(UsageError, match="is not a prepared batch"):
        read(folder)


@pytest.mark.parametrize("text", ["[]", "null", "5", '"x"', "{}", "[" * 100_000, "{"])
def test_what_is_no_object_is_no_manifest(tmp_path: Path, text: str) -> None:
    folder = batch(tmp_path)
    (folder / MANIFEST).write_text(text)

    with pytest.raises(UsageError, match="is not a prepared batch"):
        read(folder)


def test_a_batch_in_a_state_that_does_not_exist_is_not_adopted_as_one_that_may_be_sent(
    tmp_path: Path,
) -> None:
    folder = batch(tmp_path)
    change(folder, state="hold")
    (tmp_path / "ledger.sqlite3").unlink()

    assert [one.reason for one in status(tmp_path)] == ["its manifest.json is broken"]
