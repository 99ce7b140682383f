"""Lists in a cell keep the text of their items, and what is no list is never read as one."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import (
    COMPILERS,
    Converted,
    Unconvertible,
    each_of,
    lists,
)
from lexer_pipeline.mapping.rules import LIST_CONVERSIONS
from lexer_pipeline.specs.paths import EACH

from tests.conversions.helpers import failure, names, refusal, result

VAT = {"where": "key", "is": "_vat"}
PAID = {"where": "status", "is": "success", "take": "amount"}
BACK = """[{"status": "SUCCESS", "amount": "7.50"}, {"status": "pending", "amount": 5.0}, null, {"status": "failure", "amount": "9"},
{"status": "success", "amount": null}]"""
META = '[{"key": "other", "value": "x"}, {"key": "_vat", "value": "DE1"}, {"key": "_VAT", "value": "DE2"}]'


@pytest.mark.parametrize(
    ("name", "argument", "text", "made"),
    [
        ("first", None, '["a", "b"]', "a"),
        ("first", None, '[null, "", [], {}, "b"]', "b"),
        ("first", None, "[7210448301122123456789]", "7210448301122123456789"),
        ("first", None, "[10.50]", "10.50"),
        ("first", None, "[false, true]", "false"),
        ("first", None, "[0]", "0"),
        ("first", None, "[1E5]", "1E5"),
        ("first", None, ' [ "a" ]\n', "a"),
        ("first", None, '["Jos\\u00e9 \\ud83d\\ude00"]', "José 😀"),
        ("first", None, '[{"a": 10.50, "b": ["x"]}]', '{"a":10.50,"b":["x"]}'),
        ("first", None, "[]", ""),
        ("first", None, "[null]", ""),
        ("first", None, "null", ""),
        ("first", None, "cat facts", "cat facts"),
        ("first", None, " 7", " 7"),
        ("join", None, '["a", null, "", 10.50, true, ["b", 1.0]]', 'a, 10.50, true, ["b",1.0]'),
        ("join", "; ", '["a", "b"]', "a; b"),
        ("join", None, "[]", ""),
        ("join", None, "cat facts", "cat facts"),
        ("count", None, "[]", "0"),
        ("count", None, '[null, "", "a"]', "3"),
        ("count", None, "null", ""),
        ("pick", VAT, META, "DE1"),
        ("pick", {**VAT, "is": " _VAT "}, META, "DE1"),
        ("pick", {**VAT, "is": "none"}, META, ""),
        ("pick", {**VAT, "take": "id"}, META, ""),
        ("pick", VAT, '[{"key": "_vat", "value": ""}, {"key": "_vat", "value": "DE1"}]', ""),
        ("pick", VAT, '[null, {"key": "_vat", "value": 10.50}]', "10.50"),
        ("pick", VAT, '[{"key": "_vat", "value": [1.50, {"a": 7210448301122123456789}]}]', '[1.50,{"a":7210448301122123456789}]'),
        ("pick", {"where": "id", "is": 7}, '[{"id": "7", "value": "text"}]', "text"),
        ("pick", {"where": "id", "is": "7"}, '[{"id": 7, "value": "number"}]', "number"),
        ("pick", {"where": "main", "is": True}, '[{"main": false}, {"main": true, "value": "x"}]', "x"),
        ("sum", None, '["9.95", "5.00"]', "14.95"),
        ("sum", None, "[9.95, 5, null, 0.005]", "14.955"),
        ("sum", None, '["5.00", "-5.00"]', "0.00"),
        ("sum", None, '["-5.00"]', "-5.00"),
        ("sum", None, "[12345678901234567890.12, 1]", "12345678901234567891.12"),
        ("sum", None, "[]", ""),
        ("sum", None, "[null]", ""),
        ("sum", None, "9.95", "9.95"),
        ("sum", PAID, BACK, "7.50"),
        ("sum", {**PAID, "is": ["success", "Pending"]}, BACK, "12.50"),
        ("sum", {**PAID, "is": "void"}, BACK, ""),
        ("pick", {"where": "a.b", "is": "x", "take": "c.d"}, '[{"a": "x"}, {"a": {"b": "x"}, "c": {"d": 1.0}}]', "1.0"),
    ],
)  # fmt: skip
def test_a_list_becomes_what_is_asked_of_it(name: str, argument: object, text: str, made: str) -> None:
    assert result(name, argument, text) == made


@pytest.mark.parametrize("name", sorted(LIST_CONVERSIONS))
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1}', "type"),
        ('["a"', "json"),
        ('["a"] ["b"]', "json"),
        ("[a]", "json"),
        ("['a']", "json"),
        ("[NaN]", "json"),
        ("[1,]", "json"),
        ('["a\nb"]', "json"),
        ("[draft] a text", "json"),
        ("[" * 100_000, "json"),
    ],
)
def test_what_is_no_list_is_refused(name: str, text: str, code: str) -> None:
    assert failure(name, VAT if name == "pick" else None, text).code == code


@pytest.mark.parametrize(("name", "argument"), [("count", None), ("pick", VAT)])
@pytest.mark.parametrize(("text", "code"), [("a", "json"), ('"a"', "type"), ("7", "type"), ("true", "type")])
def test_one_value_is_no_list_to_be_counted_or_picked_from(
    name: str, argument: object, text: str, code: str
) -> None:
    assert failure(name, argument, text).code == code


@pytest.mark.parametrize("text", ['["\\ud83d"]', '[["\\ud83d"]]', "[" * 300 + "1" + "]" * 300])
def test_what_no_json_can_say_again_is_refused(text: str) -> None:
    assert "half of a sign" in failure("first", None, text).message


def test_an_item_that_is_no_object_is_no_silent_nothing() -> None:
    assert failure("pick", VAT, '["_vat"]').rule == "list of objects"


@pytest.mark.parametrize(
    "argument",
    [
        None, "key", {}, {"where": "key"}, {"is": "x"}, {"where": "", "is": "x"}, {"where": "key", "is": ""},
        {"where": "key", "is": ["x"]}, {"where": "a[].b", "is": "x"}, {"where": "a..b", "is": "x"}, {**VAT, "take": 7},
        {**VAT, "default": "x"},
    ],
)  # fmt: skip
def test_an_argument_that_pick_does_not_know_is_refused(argument: object) -> None:
    assert refusal("pick", argument).message.startswith("the conversion pick ")


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (None, '["9.95", "free"]'), (None, "[[1]]"), (None, "[true]"), (None, '["1,50"]'), (None, '["1e-99999"]'),
        (PAID, '[{"status": "success", "amount": "free"}]'),
    ],
)  # fmt: skip
def test_what_is_no_number_is_not_added_up(argument: object, text: str) -> None:
    assert failure("sum", argument, text).rule == "list of amounts"


@pytest.mark.parametrize(
    "argument", ["amount", {"where": "a", "is": "b"}, {"is": "b", "take": "c"}, {"where": "a", "is": [], "take": "c"}, {**PAID, "x": 1}]
)  # fmt: skip
def test_an_argument_that_sum_does_not_know_is_refused(argument: object) -> None:
    assert refusal("sum", argument).message.startswith("the conversion sum ")


def test_the_separator_of_join_is_a_text() -> None:
    assert refusal("join", 7).message.startswith("the conversion join wants the separator")


def test_what_was_done_to_a_list_is_named() -> None:
    assert names("join", None, "[1]") == ("items_joined",)
    assert names("count", None, "[1]") == ("items_counted",)
    assert names("first", None, "[1]") == ("part_taken",)
    assert names("pick", VAT, META) == ("part_taken",)
    assert names("join", None, "a") == ()


def test_the_list_conversions_are_those_that_read_lists() -> None:
    assert {name for name, one in COMPILERS.items() if one.__module__ == lists.__name__} == LIST_CONVERSIONS


# ------------------------------------------------------------------------------------------------ values at a path


@pytest.mark.parametrize(
    ("path", "text", "made"),
    [
        (("name",), '[{"name": "a"}, {"name": null}, {}, null, {"name": ""}]', '["a",""]'),
        (("name",), '[{"name": 10.50}, {"name": 7210448301122123456789}]', "[10.50,7210448301122123456789]"),
        (("b", EACH, "c"), '[{"b": [{"c": 1.0}, {"c": true}]}, {"b": null}, {"b": [{"c": "x"}]}]', '[1.0,true,"x"]'),
        (("a", "b"), '[{"a": {"b": ["x"]}}, {"a": null}]', '[["x"]]'),
        ((EACH,), '[["a"], [], ["b"]]', '["a","b"]'),
        ((), '["a", null]', '["a"]'),
        (("name",), "[]", ""),
        (("name",), "[{}]", ""),
    ],
)  # fmt: skip
def test_a_path_through_lists_gives_all_values_in_one(
    path: Sequence[str | int], text: str, made: str
) -> None:
    assert each_of(path)(text) == Converted(made, ("part_taken",))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("name",), '["a"]'),
        (("name",), '[{"name": 1}, ["a"]]'),
        (("b", EACH), '[{"b": "a"}]'),
        (("b", EACH), '[{"b": {}}]'),
    ],
)
def test_an_item_in_which_a_path_cannot_be_followed_is_refused(path: Sequence[str | int], text: str) -> None:
    found = each_of(path)(text)

    assert isinstance(found, Unconvertible)
    assert found.rule == "list of objects"


# ------------------------------------------------------------------------------------------------ any list

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=5)
LEAVES = st.sampled_from(["null", "true", "false", "[]", "{}", '""']) | NUMBERS | TEXTS.map(json.dumps)
SPACES = st.sampled_from(["", " ", "\n\t"])


@st.composite
def nested(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """The JSON of a list or an object, written with blanks in any place."""
    items = draw(st.lists(inner, max_size=4))
    if draw(st.booleans()):
        items = [
            f'"{chr(97 + place)}"{draw(SPACES)}:{draw(SPACES)}{item}' for place, item in enumerate(items)
        ]
        return "{" + ",".join(draw(SPACES) + item + draw(SPACES) for item in items) + "}"
    return "[" + ",".join(draw(SPACES) + item + draw(SPACES) for item in items) + "]"


VALUES = st.recursive(LEAVES, nested, max_leaves=10)


class Number(str):
    """A number as it is written."""

    __slots__ = ()


def parsed(text: str) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number)


def said(value: Any) -> Any:
    """A value as a cell has it; a list or an object as it is, if there is something in it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value not in (None, [], {}) else ""


def told(text: str | None, value: Any) -> bool:
    """Whether a text says a value."""
    assert text is not None
    return parsed(text) == value if isinstance(value, list | dict) and value else text == said(value)


@given(st.lists(VALUES, max_size=5))
def test_no_item_loses_a_digit_or_a_sign(items: list[str]) -> None:
    text = "[" + " , ".join(items) + "]"
    values = parsed(text)
    filled = [value for value in values if said(value) != ""]

    assert told(result("first", None, text), filled[0] if filled else "")
    assert result("count", None, text) == str(len(items))
    objects = "[" + ",".join(f'{{"a": {place}, "b": {item}}}' for place, item in enumerate(items)) + "]"
    for place, value in enumerate(values):
        assert told(result("pick", {"where": "a", "is": place, "take": "b"}, objects), value)
    found = each_of(("b",))(objects)
    assert isinstance(found, Converted)
    assert (parsed(found.text) if found.text else []) == [value for value in values if value is not None]
    if not any(isinstance(value, list | dict) for value in values):
        assert result("join", "|", text) == "|".join(filter(None, map(said, values)))
