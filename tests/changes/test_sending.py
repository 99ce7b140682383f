"""What was compared with one destination goes nowhere else; what waits goes though nothing is new; and a job reads no old export after a newer one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.sandbox.server import Sandbox

from tests.changes.month import Service
from tests.drill.keyboard import Nursery
from tests.running import NO_KEY_RING

HEAD = "purchase_id,link.email,action_at,type,products[].price_paid,products.quantity\n"
MAKING = ("--spec", "purchase", "--changed", "--json", "--no-report")


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path_factory.mktemp("nursery"))
    yield nursery
    nursery.close()


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox", rate=100_000) as sandbox:
        yield sandbox


class Keys:
    """Commands typed in one folder."""

    def __init__(self, nursery: Nursery, sandbox: Sandbox, root: Path) -> None:
        self.nursery, self.root, self.service = nursery, root, Service(sandbox, root / "sandbox")
        self.env = {
            "LEXER_UPLOAD_API_URL": sandbox.url, "LEXER_UPLOAD_API_TOKEN": sandbox.new_token("keys"), "LEXER_DATASET_ID": "first",
            "PYTHON_KEYRING_BACKEND": NO_KEY_RING, "NO_COLOR": "1",
        }  # fmt: skip

    def type(self, *words: str, **env: str) -> tuple[int, dict[str, Any], str]:
        order = {"cwd": str(self.root), "env": {**self.env, **env}, "words": list(words)}
        (found,) = self.nursery.ask([order])
        return found["code"], json.loads(found["out"] or "{}"), found["err"]

    def export(self, name: str, **prices: int) -> str:
        rows = "".join(
            f"{number},mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,{price},1\n"
            for number, price in prices.items()
        )
        (self.root / name).write_text(HEAD + rows)
        return name


@pytest.fixture
def keys(nursery: Nursery, sandbox: Sandbox, tmp_path: Path) -> Keys:
    return Keys(nursery, sandbox, tmp_path)


@pytest.mark.parametrize(
    "elsewhere", [{"LEXER_UPLOAD_API_URL": "http://127.0.0.1:9/v1"}, {"LEXER_DATASET_ID": "second"}]
)
def test_what_was_compared_with_one_destination_is_left_at_another(
    keys: Keys, elsewhere: dict[str, str]
) -> None:
    keys.type("convert", keys.export("orders.csv", A=1), *MAKING)
    code, answer, _ = keys.type("upload", "--json", **elsewhere)
    (left,) = answer["uploads"]

    assert (code, left["state"], left["needs"]) == (4, "prepared", "person")
    assert "convert SOURCE --changed" in left["hint"]
    dry, would, _ = keys.type("upload", "--json", "--dry-run", **elsewhere)
    assert (dry, [one["reason"] for one in would["uploads"]]) == (4, [left["reason"]])
    assert keys.type("upload", "--json")[0] == 0
    # Once it is where it belongs, no other service hears of it again.
    code, answer, _ = keys.type("upload", "--json", LEXER_UPLOAD_API_URL="http://127.0.0.1:9/v1")
    assert (code, answer) == (0, {"uploads": []})


def test_what_was_compared_with_no_dataset_gets_none(keys: Keys) -> None:
    keys.type("convert", keys.export("orders.csv", A=1), *MAKING, LEXER_DATASET_ID="")
    code, answer, _ = keys.type("upload", "--json")

    assert (code, [one["dataset"] for one in answer["uploads"]]) == (4, [None])
    assert keys.type("upload", "--json", LEXER_DATASET_ID="")[0] == 0


def test_a_night_without_a_change_sends_what_waits(keys: Keys) -> None:
    export = keys.export("orders.csv", A=1, B=2)
    keys.type("convert", export, *MAKING)
    code, answer, words = keys.type("run", export, *MAKING)

    assert (code, answer["batches"]) == (0, [])
    assert [one["state"] for one in answer["uploads"]] == ["sent"]
    assert "nothing is new or changed, so no batch was made" in words
    code, answer, _ = keys.type("run", export, *MAKING)
    assert (code, answer) == (0, {"batches": [], "uploads": []})


def test_a_job_reads_no_old_export_after_a_newer_one(keys: Keys) -> None:
    (keys.root / "pipeline.toml").write_text(
        '[job.nightly]\nsources = ["orders-*.csv"]\nspec = "purchase"\nchanged = true\nno_report = true\n'
    )
    keys.export("orders-1.csv", A=1, B=2)
    assert keys.type("run", "nightly", "--json")[0] == 0
    keys.export("orders-2.csv", B=2, A=1)
    keys.export("orders-3.csv", A=5, B=2)
    assert keys.type("run", "nightly", "--json")[0] == 0
    code, answer, _ = keys.type("run", "nightly", "--json")

    assert (code, answer["batches"], answer["job"]["new"]) == (0, [], [])
    assert keys.service.state("first") == {"A": (5,), "B": (2,)}
    assert [len(file) for file in keys.service.files("first")] == [2, 1]
