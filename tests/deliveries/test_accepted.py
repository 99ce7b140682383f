"""A suspicion that holds a batch, and a person who says that it is meant."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.model import Manifest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, validate
from lexer_pipeline.preparing.report import Report

ORDER = {
    "purchase_id": "A-1", "link": {"email": "mira@example.com"}, "action_at": "2024-03-06T10:15:00Z", "type": "ecommerce",
    "products": [{"quantity": 1, "price_paid": 9.5}],
}  # fmt: skip
TWICE = "".join(json.dumps({**ORDER, "currency": code}) + "\n" for code in ("AUD", "NZD"))


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("orders.ndjson").write_text(TWICE, "utf-8")
    return "orders.ndjson"


def converted(source: str, *accepted: str) -> tuple[Report, Manifest]:
    report = prepare([source], "purchase", "batches", Options(date="20240306", accept=accepted))
    (batch,) = report.batches
    return report, batch.manifest


def test_a_suspicion_holds_until_its_code_is_accepted(source: str) -> None:
    report, manifest = converted(source)
    assert (manifest.state, manifest.accepted) == ("held", ())
    assert manifest.suspicions == {"key_repeated": {"weight": "hold", "count": 1, "lines": [2]}}
    assert "key_repeated (1, first on line 2)" in manifest.held_for[0]
    assert [one.codes for one in report.verdicts] == [("key_repeated",)]

    report, manifest = converted(source, "key_repeated")
    assert (manifest.state, manifest.accepted, manifest.held_for) == ("prepared", ("key_repeated",), ())
    assert len(list(Path("batches").glob("commerce*"))) == 1
    assert [one.is_good for one in report.verdicts] == [True]


def test_what_was_released_stays_released_when_the_same_is_typed_without_the_code(source: str) -> None:
    converted(source)
    converted(source, "key_repeated")

    report, manifest = converted(source)
    assert (manifest.state, [one.state for one in report.verdicts]) == ("prepared", ["prepared"])
    assert run_command(["convert", source, "--spec", "purchase", "--date", "20240306"]) == 0


def test_validate_ends_with_1_and_says_what_to_type(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["validate", source, "--spec", "purchase"]) == 1
    said = capsys.readouterr().out
    assert "hold: key_repeated (purchase_id): 1, first on line 2" in said
    assert f"type: lexer-pipeline validate {source} --spec purchase --accept key_repeated" in said

    assert run_command(["validate", source, "--spec", "purchase", "--accept", "key_repeated"]) == 0
    assert "(holds nothing: accepted, or below its share)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "hint"),
    [("key_repeatd", "Did you mean key_repeated?"), ("placeholder", "rejected"), ("html_entity", "is sent"), ("*", "These")],
)  # fmt: skip
def test_only_a_code_that_holds_can_be_accepted(source: str, code: str, hint: str) -> None:
    for asked in (prepare, validate):
        with pytest.raises(UsageError, match="no batch is held for") as problem:
            asked([source], "purchase", options=Options(accept=(code,)))
        assert hint in problem.value.hint


def test_a_code_in_a_mapping_that_holds_nothing_is_told_with_its_line(tmp_path: Path) -> None:
    mapping = tmp_path / "own.toml"
    mapping.write_text(
        'title = "Own"\naccept = ["nonsense"]\n[[records]]\nspecification = "profile_customer"\n[records.fields]\nemail = "A"\n'
    )
    with pytest.raises(UsageError, match=r"own\.toml: line 2") as problem:
        file.read(mapping)
    assert "nonsense" in problem.value.message


def test_a_fix_of_a_held_batch_stays_held_until_the_code_is_accepted(source: str) -> None:
    with Path(source).open("a") as more:
        more.write('{"purchase_id": "A-2"}\n')
    _, manifest = converted(source)
    assert (manifest.state, manifest.rejected) == ("held", 1)
    rejects = Path("batches") / "commerce_purchases-20240306-a" / "rejects.ndjson"
    rejects.write_text(json.dumps({**ORDER, "purchase_id": "A-2"}) + "\n")

    held = prepare([], None, "batches", Options(date="20240306", fix="commerce_purchases-20240306-a"))
    assert [(one.manifest.state, one.manifest.records) for one in held.batches] == [("held", 3)]
    options = Options(date="20240306", fix="commerce_purchases-20240306-b", accept=("key_repeated",))
    done = prepare([], None, "batches", options)
    assert [one.manifest.state for one in done.batches] == ["prepared"]
