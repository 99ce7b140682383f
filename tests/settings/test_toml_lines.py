"""Each key and value of a TOML text is found on the line where it stands, by whatever words it is surrounded."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.file import PRESETS
from lexer_pipeline.system.toml_lines import KeyPath, line_of, places

from tests.settings.texts import SCALARS, Text, documents


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The way to each table, list and value of what tomllib returns."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from paths(item, (*path, key))


@given(documents())
def test_every_key_and_value_is_found_where_it_was_written(text: Text) -> None:
    table = tomllib.loads(text.text)

    assert {place.path for place in places(text.text)} == set(paths(table)) == set(text.lines)
    assert {path: line_of(text.text, path) for path in text.lines} == text.lines


@pytest.mark.parametrize("preset", sorted(PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_places_in_a_preset_are_those_that_the_parser_reads(preset: Any) -> None:
    text = preset.read_text("utf-8")

    assert {place.path for place in places(text)} == set(paths(tomllib.loads(text)))


@given(st.text(alphabet="ab.=[]{}\"'#,\n \\1"))
def test_any_text_is_walked_to_an_end(text: str) -> None:
    lines = [place.line for place in places(text)]

    assert lines == sorted(lines)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert {place.path for place in places(text)} == set(paths(table))


@pytest.mark.parametrize("scalar", SCALARS)
def test_what_follows_a_value_is_on_its_own_line(scalar: str) -> None:
    text = f"a = [{scalar}, # a = 1\n  {scalar}]\nb = {scalar}\nc = {scalar} # b = 2\nlast = 1\n"

    assert line_of(text, ("last",)) == text.count("\n")


def test_what_does_not_stand_there_is_looked_for_around_it() -> None:
    text = "# a\n[a]\n[a.b]\nc = 1\n"

    assert line_of(text, ("a", "b", "d", "e")) == 3
    assert line_of(text, ("a", "x")) == 2
    assert line_of(text, ("z",)) == line_of("", ()) == 1


def test_brackets_without_end_are_walked_without_end_of_the_stack() -> None:
    deep = next(place for place in places("a = " + "[" * 5000) if len(place.path) > 4000)

    assert deep.line == 1
