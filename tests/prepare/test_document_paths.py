"""Paths into documents, as mappings write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.mapping.document_paths import spelled, steps_of

ITEMS = -1


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("email", ("email",)), ("customer.email", ("customer", "email")), ("lines[].sku", ("lines", ITEMS, "sku")),
        ("a[].b[].c", ("a", ITEMS, "b", ITEMS, "c")), ("tags[]", ("tags", ITEMS)), ("$message", ("$message",)),
        ("properties.Campaign Name", ("properties", "Campaign Name")),
        ('properties["Campaign Name"].x', ("properties", "Campaign Name", "x")), ('["a.b"]', ("a.b",)),
        ('["a\\"b\\u00e9"]', ('a"bé',)), (".a", (".a",)), ("a..b", ("a..b",)), ("a.", ("a.",)), ("a[0]", ("a[0]",)),
        ('a["\\q"]', ('a["\\q"]',)), ('a["b', ('a["b',)), ("", ("",)),
    ],
)  # fmt: skip
def test_a_path_is_its_keys_and_lists_and_what_is_none_a_key_of_that_name(text: str, steps: object) -> None:
    assert steps_of(text) == steps


@given(st.lists(st.one_of(st.just(ITEMS), st.text(st.characters(codec="utf-8"), min_size=1)), min_size=1))
def test_a_path_that_is_spelled_out_is_read_as_it_was(steps: list[str | int]) -> None:
    assert steps_of(spelled(steps)) == tuple(steps)


@pytest.mark.parametrize("text", ['a["\\q"]', "a..b", "a[0]", 'a["b'])
def test_the_path_of_the_records_is_refused_where_it_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="is no path to a list"):
        _ = DocumentForm(text).keys
