"""What holds for every conversion, whatever it does."""

import ast
import inspect
import json
import pickle
import re
from importlib import import_module
from pkgutil import iter_modules

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.codes.changes import CHANGES
from lexer_pipeline.codes.issues import ISSUES
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import conversions, outcomes, reconcile
from lexer_pipeline.mapping.conversions import (
    COMPILERS,
    DESCRIPTIONS,
    Converted,
    NeedsColumn,
    Unconvertible,
    compile_conversion,
)
from lexer_pipeline.specs import signs, values
from lexer_pipeline.suspicions import SUSPICIONS

from tests.conversions.helpers import refusal
from tests.thoroughness import with_examples

ARGUMENTS: dict[str, tuple[object, ...]] = {
    "absent": (["-", "NULL"], {"is": ["-"], "holds": ["*"], "ends": ["@example.com"]}),
    "after": ("@",),
    "before": ("@",),
    "between": ("()",),
    "cents": ("AUD", {"currency": "Currency"}, {"default": "usdc", "decimals": {"USDC": 6}}),
    "currency": (None, {"$": "AUD"}),
    "date": (
        None, "%d/%m/%Y %H:%M", ["iso", "dd/mm/yyyy"], "excel", "unix", "unix-ms",
        {"zone": "Australia/Melbourne"}, {"zone": "Sydney", "to": "date", "format": ["iso", "unix-ms"]},
    ),
    "date-time-zone": (None, {"zone": "UTC", "format": "mm/dd/yyyy"}),
    "enum": ({"paid": "purchase"}, {"paid": "purchase", "*": "other"}),
    "epoch": (None, {"to": "date"}, {"to": "date", "zone": "Australia/Melbourne"}),
    "id": (None, "strip-fraction", "keep-fraction"),
    "join": (None, "; "),
    "money": (None, ".", ",", {"usual": "."}),
    "part": ({"key": "quantity"},),
    "phone": (None, "AU"),
    "pick": ({"where": "a", "is": "b"}, {"where": "a.b", "is": 1, "take": "c"}),
    "sum": (None, {"where": "a", "is": ["b", "c"], "take": "c"}),
}  # fmt: skip
CASES = [(name, argument) for name in COMPILERS for argument in ARGUMENTS.get(name, (None,))]
# Texts close to what the conversions look for, besides any text at all.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
).map(json.dumps)
NEAR = st.text(alphabet="0123456789.,:/-+ TZapmE'()$€@|'#\u00a0\u202f\x1f", max_size=24)
SECRET = "Zyqxholt"


@pytest.mark.parametrize(("name", "argument"), CASES)
@with_examples(25, drill=500)
@given(
    text=st.one_of(
        st.text(min_size=1),
        NEAR,
        JSON,
        st.from_regex(r"\A[0-9]{1,9}[-/.][0-9]{1,4}([-/.][0-9]{1,6})?.{0,12}\Z"),
    )
)
def test_any_text_is_converted_or_refused_and_every_change_has_a_known_name(
    name: str, argument: object, text: str
) -> None:
    found = compile_conversion(name, argument)
    if isinstance(found, NeedsColumn):
        found.look([text, text])
        try:
            found = found.decide()
        except UsageError:
            return

    done = found(text)

    if isinstance(done, Unconvertible):
        assert done.code in {*ISSUES, *SUSPICIONS}
        assert re.match(r"(is|has|names|fits|ends|cannot) ", done.message)
    else:
        assert bool(done.conversions) == (done.text != text)
        assert set(done.conversions) <= set(CHANGES)


@pytest.mark.parametrize(("name", "argument"), CASES)
@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f'[{{"a": "{SECRET}"}}',
        f'["{SECRET}"]',
        f"{SECRET} 1,234",
        f"{SECRET}@",
        f"01/02/2024 {SECRET}",
        f"2024-01-01\x1f10:15\x1f{SECRET}",
    ],
)
def test_no_message_holds_the_value(name: str, argument: object, text: str) -> None:
    found = compile_conversion(name, argument)
    if isinstance(found, NeedsColumn):
        found.look([text, "1,234", "01/02/2024"])
        try:
            found = found.decide()
        except UsageError as error:
            assert SECRET not in error.message + error.hint
            return

    done = found(text)

    assert isinstance(done, Converted) or SECRET not in f"{done.code} {done.rule} {done.message}"


@pytest.mark.parametrize(("name", "argument"), CASES)
def test_a_conversion_can_be_sent_to_another_process(name: str, argument: object) -> None:
    found = compile_conversion(name, argument)
    if isinstance(found, NeedsColumn):
        found = pickle.loads(pickle.dumps(found)).decide()
    again = pickle.loads(pickle.dumps(found))

    assert again("2024-03-06") == found("2024-03-06")


def test_every_conversion_is_described_in_one_sentence() -> None:
    assert set(DESCRIPTIONS) == set(COMPILERS)
    for sentence in DESCRIPTIONS.values():
        assert sentence.endswith(".")
        assert len(sentence) < 120


def test_every_name_of_a_change_is_given_by_some_conversion() -> None:
    modules = [
        import_module(f"{conversions.__name__}.{one.name}") for one in iter_modules(conversions.__path__)
    ]
    giving = [
        values,
        signs,
        reconcile,
        outcomes,
        *(module for module in modules if not module.__name__.endswith("outcome")),
    ]
    trees = [ast.parse(inspect.getsource(module)) for module in giving]
    said = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}

    assert set(CHANGES) - said == set()


def test_a_name_that_does_not_exist_is_answered_with_the_nearest() -> None:
    assert refusal("monney", None).hint == "Did you mean money?"
    assert refusal("xyz", None).hint.startswith("Known are: absent, ")


def test_underscores_and_hyphens_in_a_name_are_the_same() -> None:
    assert compile_conversion("strip_apostrophe", None)("'3182") == Converted(
        "3182", ("apostrophe_stripped",)
    )


@pytest.mark.parametrize("name", sorted(set(COMPILERS) - set(ARGUMENTS)))
def test_a_conversion_without_argument_refuses_one(name: str) -> None:
    assert "no argument" in refusal(name, "x").message
    assert callable(compile_conversion(name, True))
