"""What was confirmed once is used for the next export with the same header."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import propose
from lexer_pipeline.mapping import remembered
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.inspect.helpers import MARK, says_a_value, table

MAPPING = """
drop = ["Shoe size"]
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = "Kontakt"
first_name = "Rufname"
"""
ROWS = {"Kontakt": [f"{MARK}.mira@example.com"], "Rufname": [MARK], "Shoe size": ["42"]}


def confirmed(folder: Path, rows: dict[str, list[str]] = ROWS) -> Path:
    """A folder in which a mapping served once."""
    (folder / "mine.toml").write_text(MAPPING)
    first = table(folder / "first.csv", rows)
    prepare([first], None, folder / "batches", Options(mapping=str(folder / "mine.toml"), date="20240306"))
    return folder / "batches"


def test_the_next_export_with_the_same_header_needs_no_mapping(tmp_path: Path) -> None:
    out = confirmed(tmp_path)
    second = table(
        tmp_path / "second.csv", {"SHOE_SIZE": ["43"], "kontakt": ["teo@example.com"], "Rufname": ["Teo"]}
    )

    report = prepare([second], None, out, Options(date="20240307"))

    assert report.valid == 1
    assert (
        f"{tmp_path / 'mine.toml'} was used for this header before, and is used again"
        in report.sources[0].notes
    )


def test_another_header_is_not_known(tmp_path: Path) -> None:
    out = confirmed(tmp_path)
    other = table(tmp_path / "other.csv", {**ROWS, "More": ["1"]})

    with pytest.raises(UsageError, match="looks like none of the presets"):
        prepare([other], None, out, Options(date="20240307"))


@pytest.mark.parametrize("change", ["gone", "changed"])
def test_a_mapping_that_has_gone_or_changed_is_named_and_not_used(tmp_path: Path, change: str) -> None:
    out = confirmed(tmp_path)
    if change == "gone":
        (tmp_path / "mine.toml").unlink()
    else:
        (tmp_path / "mine.toml").write_text(MAPPING + "# touched\n")

    with pytest.raises(UsageError) as caught:
        prepare([tmp_path / "first.csv"], None, out, Options(date="20240307"))
    drafted = propose(tmp_path / "first.csv", "customer_record", tmp_path / "new.toml", out=out)

    assert f"it has {change}" in caught.value.hint
    assert any(f"it has {change}" in note for note in drafted.notes)
    assert "Started from" not in (tmp_path / "new.toml").read_text("utf-8")


def test_map_starts_from_what_was_confirmed(tmp_path: Path) -> None:
    out = confirmed(tmp_path)

    done = propose(tmp_path / "first.csv", "customer_record", tmp_path / "next.toml", out=out)

    assert "was used for this header before" in done.notes[0]
    assert {one["field"]: one["column"] for one in done.fields} == {
        "link.email": "Kontakt",
        "first_name": "Rufname",
    }
    assert (tmp_path / "next.toml").read_text("utf-8").endswith(MAPPING)


def test_map_drafts_anew_for_another_specification(tmp_path: Path) -> None:
    out = confirmed(tmp_path)

    done = propose(tmp_path / "first.csv", "compliance_forget", tmp_path / "next.toml", out=out)

    assert [(one["field"], one["column"]) for one in done.fields] == [("email", "Kontakt")]


def test_a_batch_that_was_held_confirms_nothing(tmp_path: Path) -> None:
    out = confirmed(
        tmp_path,
        {"Kontakt": ["mira@example.com", "no address"], "Rufname": ["a", "b"], "Shoe size": ["1", "2"]},
    )

    assert not (out / remembered.FILE).exists()


def test_a_preset_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lexer_pipeline.mapping import file as mapping

    (tmp_path / "presets").mkdir()
    monkeypatch.setattr(mapping, "PRESETS", tmp_path / "presets")
    (tmp_path / "presets" / "till.toml").write_text(MAPPING)

    prepare(
        [table(tmp_path / "a.csv", ROWS)],
        None,
        tmp_path / "batches",
        Options(mapping="till", date="20240306"),
    )

    assert not (tmp_path / "batches" / remembered.FILE).exists()


def test_what_is_remembered_holds_no_value_and_no_name_of_a_column(tmp_path: Path) -> None:
    out = confirmed(tmp_path)
    text = (out / remembered.FILE).read_text("utf-8")

    assert not says_a_value(text)
    assert "Rufname" not in text
    assert (out / remembered.FILE).stat().st_mode & 0o777 == 0o600
    assert len(json.loads(text)) == 1


def test_a_broken_memory_remembers_nothing(tmp_path: Path) -> None:
    (tmp_path / remembered.FILE).write_text("{broken")

    assert remembered.recall(tmp_path, ["a"]) is None
    remembered.remember(tmp_path, ["a"], table(tmp_path / "x.toml", {"a": []}))
    assert remembered.recall(tmp_path, ["A"]) == remembered.Remembered(tmp_path / "x.toml")


def test_standard_input_is_recognised_and_read_once_for_each_record(tmp_path: Path) -> None:
    two = MAPPING + '[[records]]\nspecification = "compliance_forget"\n[records.fields]\nemail = "Kontakt"\n'
    (tmp_path / "mine.toml").write_text(two)
    source = table(tmp_path / "first.csv", ROWS)
    prepare([source], None, tmp_path / "out", Options(mapping=str(tmp_path / "mine.toml"), date="20240306"))

    with source.open("rb") as stdin:
        report = prepare(["-"], None, tmp_path / "out", Options(date="20240307", stdin=stdin))

    assert [(one.specification, one.valid) for one in report.sources] == [
        ("profile_customer", 1),
        ("compliance_forget", 1),
    ]
