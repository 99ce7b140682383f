"""What a manifest keeps of a run comes back as it was, and a manifest that is broken says where."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.encoding_guess import READINGS, known
from lexer_pipeline.loading.format import FORMS, ReadOptions
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.preparing import decisions, options
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import Options
from msgspec.structs import fields, replace

from .helpers import PEOPLE

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
readings = st.builds(
    ReadOptions, form=st.sampled_from(FORMS), encoding=st.sampled_from([None, "UTF-8", "cp1252", "UTF-16 LE"]),
    header_row=st.none() | st.integers(1, 99), sheet=st.none() | texts, delimiter=st.sampled_from([None, ";", "\t"]),
    alphabet=st.none() | texts, footer=st.none() | st.booleans(), quotes=st.none() | st.booleans(),
)  # fmt: skip
told = st.dictionaries(
    texts,
    st.dictionaries(st.sampled_from(decisions.READINGS), st.lists(texts, min_size=1, max_size=2).map(tuple)),
)
asked = st.builds(
    Options, mapping=st.none() | st.from_regex(r"[a-z]{1,5}", fullmatch=True), date_format=st.none() | texts,
    zone=st.none() | texts, reject_unknown=st.booleans(), ignore_unknown=st.booleans(), keep_rest=st.booleans(), max_invalid=st.floats(0, 1),
    max_bytes=st.integers(1, 10**12),
    reading=st.builds(ReadOptions, encoding=st.none() | texts, header_row=st.none() | st.integers(1, 9), sheet=st.none() | texts,
                      delimiter=st.sampled_from([None, "|"])),
)  # fmt: skip


@given(st.lists(st.builds(Decisions, readings, told, st.none() | st.integers(0, 9)), max_size=3))
def test_decisions_come_back_from_json(made: list[Decisions]) -> None:
    text = json.dumps([one.as_json() for one in made])

    assert decisions.from_json(json.loads(text), "manifest.json") == tuple(made)


@given(asked)
def test_options_come_back_from_json(made: Options) -> None:
    back = options.from_json(json.loads(json.dumps(made.as_json())), "manifest.json")

    assert replace(back, timings=made.timings) == made


def test_only_what_is_not_the_default_is_kept_and_no_folder(tmp_path: Path) -> None:
    made = Options(mapping=str(tmp_path / "till.toml"), date="20240306", max_invalid=0.1, show_values=True)

    assert Options().as_json() == {}
    assert made.as_json() == {"mapping": "till", "max_invalid": 0.1}


def test_of_every_option_it_is_said_whether_it_is_kept() -> None:
    assert {one.name for one in fields(Options)} == set(options.MEANING) | options.OF_ONE_RUN
    assert {one.name for one in fields(ReadOptions)} == set(decisions.READING_TYPES)
    assert set(options.READING) < set(decisions.READING_TYPES)


BROKEN: list[tuple[Any, str]] = [
    ({}, "must be a list"), ("reading", "must be a list"), ([3], "decisions[0]: must be an object"),
    ([{"colour": {}}], "decisions[0]: must be an object of reading and fields"), ([{"reading": 3}], "reading must be an object"),
    ([{"reading": {}}], "reading.form must be one of"), ([{"reading": {"form": "poem"}}], "reading.form must be one of"),
    ([{"reading": {"form": "table", "header_row": "1"}}], "reading.header_row is not"),
    ([{"reading": {"form": "table", "header_row": True}}], "reading.header_row is not"),
    ([{"reading": {"form": "table", "header_row": 0}}], "must be a line from 1"),
    ([{"reading": {"form": "table", "delimiter": "::"}}], "must be one sign"),
    ([{"reading": {"form": "table", "delimiter": "§"}}], "must be one sign"),
    ([{"reading": {"form": "table", "delimiter": '"'}}], "must be one sign"), ([{"reading": {"mood": 1}}], "reading has no mood"),
    ([{"reading": {"form": "table", "encoding": "klingon"}}], "reading.encoding is the name of no encoding"),
    ([{"reading": {"form": "table"}, "record": "1"}], "record must be a number from 0"),
    ([{"reading": {"form": "table"}, "fields": []}], "fields must be an object"),
    ([{"reading": {"form": "table"}, "fields": {"a": {"smell": ["x"]}}}], "decisions[0].fields.a: has smell"),
    ([{"reading": {"form": "table"}, "fields": {"a": {"date": "dd/mm/yyyy"}}}], "date must be a list of texts"),
    ([{"reading": {"form": "table"}, "fields": {"a": {"date": []}}}], "date must be a list of texts"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "words"), BROKEN)
def test_broken_decisions_are_told_where_they_stand(said: Any, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        decisions.from_json(said, "batches/x/manifest.json")

    assert words in refused.value.message


@pytest.mark.parametrize(("said", "words"), [
    ([], "must be an object"), ({"colour": 1}, "has colour, which is no option"), ({"zone": 3}, "zone must be a text"),
    ({"max_invalid": "5%"}, "max_invalid must be a number"), ({"max_bytes": 1.5}, "max_bytes must be a whole number"),
    ({"max_bytes": True}, "max_bytes must be a whole number"), ({"max_bytes": -1}, "must not be below zero"),
    ({"ignore_unknown": 1}, "ignore_unknown must be true or false"),
])  # fmt: skip
def test_broken_options_are_told_by_name(said: Any, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        options.from_json(said, "batches/x/manifest.json")

    assert refused.value.message.startswith("batches/x/manifest.json: options: ")
    assert words in refused.value.message


@pytest.mark.parametrize("preset", [one.name for one in mapping.presets()])
def test_the_text_of_a_preset_makes_the_same_mapping(preset: str) -> None:
    made = mapping.find(preset)

    back = mapping.parse(made.text, made.name, "manifest.json")

    assert replace(back, path=made.path, is_kept=False) == made
    assert back.name == made.name
    assert not mapping.is_users_own(back)
    assert not mapping.is_users_own(made)


def test_the_text_of_a_mapping_outlives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text(PEOPLE, "utf-8")
    made = mapping.read(file)
    file.unlink()

    assert mapping.is_users_own(made)
    assert mapping.parse(made.text, made.name, "manifest.json").records == made.records


@pytest.mark.parametrize(("text", "words"), [
    ("title = ", "manifest.json: line 1: is not TOML"), ("title = 3", "manifest.json: line 1: the setting records is missing"),
    (PEOPLE.replace('["money"]', '["mony"]'), "manifest.json: line 10: .*is not the name of a conversion"),
])  # fmt: skip
def test_a_kept_text_is_checked_as_a_file_is(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        mapping.parse(text, "people", "manifest.json")


def test_each_way_to_tell_an_encoding_has_a_name_of_its_own() -> None:
    assert [known(one.encoding, one.alphabet) for one in READINGS] == list(READINGS)
    with pytest.raises(UsageError, match="alphabet called elvish"):
        known("cp1252", "elvish")
