"""Texts that hold a list: what is packed comes out again, and what cannot be told is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions.lists import as_cell
from lexer_pipeline.mapping.packed_text import Item, Unpacker
from lexer_pipeline.mapping.rules import Packing

BIGCOMMERCE = Packing(
    "Product Details", ("|",), (", ", "; "), ": ", "",
    ("Product ID", "Product Qty", "Product Name", "Product Variation Details", "Product Unit Price"),
)  # fmt: skip
ESCAPED = Packing("line_items", escape="\\")
SIGNS = (":", "|", ";")

names = st.text(st.sampled_from("abcdefghij_"), min_size=1, max_size=8)
# A backslash at its end would take the meaning from the sign behind it; blanks at the ends are not kept.
values = st.text(st.sampled_from("ab 1.:|;,-é\u20ac"), max_size=12).map(str.strip)
items = st.lists(st.dictionaries(names, values, min_size=1, max_size=4), min_size=1, max_size=4)


def read(packing: Packing, text: str) -> list[Item] | None:
    return Unpacker(packing).items(text)


def escaped(text: str) -> str:
    for sign in SIGNS:
        text = text.replace(sign, "\\" + sign)
    return text


@given(items)
def test_what_was_packed_with_escapes_comes_out_as_it_was(listed: list[dict[str, str]]) -> None:
    packed = ";".join("|".join(f"{name}:{escaped(value)}" for name, value in item.items()) for item in listed)

    assert read(ESCAPED, packed) == listed


@given(st.lists(st.tuples(*[values] * len(BIGCOMMERCE.names)), min_size=1, max_size=4))
def test_values_keep_the_signs_between_parts_where_names_are_told(listed: list[tuple[str, ...]]) -> None:
    packed = "|".join(
        ", ".join(f"{name}: {value}" for name, value in zip(BIGCOMMERCE.names, item, strict=True))
        for item in listed
    )

    found = read(BIGCOMMERCE, packed)

    # Signs at the end of a value next to the one between parts are the one thing that nobody can tell apart.
    keys = [name.casefold() for name in BIGCOMMERCE.names]
    assert found is not None
    assert [[str(item[key]).rstrip(", |;") for key in keys] for item in found] == [
        [value.rstrip(", |;") for value in item] for item in listed
    ]


@given(st.text(max_size=60))
def test_any_text_is_a_list_of_items_or_none(text: str) -> None:
    for packing in (BIGCOMMERCE, ESCAPED):
        found = read(packing, text)
        assert found is None or all(item for item in found) or text.strip()[:1] in ("[", "{")


@given(items)
def test_json_is_read_as_it_is_whatever_the_settings_say(listed: list[dict[str, str]]) -> None:
    assert read(BIGCOMMERCE, json.dumps(listed)) == listed


@pytest.mark.parametrize(
    ("packing", "text", "found"),
    [
        (BIGCOMMERCE, 'Product ID: 7, Product Name: Knife | 6", Pro: sharp', [{"product id": "7", "product name": 'Knife | 6", Pro: sharp'}]),
        (BIGCOMMERCE, "Product ID: 7, Product Variation Details: , Product Unit Price: $1,234.50|Product ID: 8",
         [{"product id": "7", "product variation details": "", "product unit price": "$1,234.50"}, {"product id": "8"}]),
        (BIGCOMMERCE, "product id: 7; PRODUCT QTY: 2", [{"product id": "7", "product qty": "2"}]),
        (BIGCOMMERCE, "Product ID: 0012, Product Name:", [{"product id": "0012", "product name": ""}]),
        (BIGCOMMERCE, "1 x Mug", None),
        (BIGCOMMERCE, "Product ID: 7, Product ID: 8", None),
        (ESCAPED, "name:Tea; green|product_id:7", [{"name": "Tea; green", "product_id": "7"}]),
        (ESCAPED, "name:Tea|product_id:7;", [{"name": "Tea", "product_id": "7"}]),
        (ESCAPED, "name:Tea|total:5|total:6", None),
        (ESCAPED, '[{"id": 0012}]', None),
        (ESCAPED, "[1, 2]", None),
        (ESCAPED, '{"id": 7}', [{"id": "7"}]),
        (ESCAPED, "[" * 100_000, None),
        (ESCAPED, "   ", []),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_its_mapping_describes(
    packing: Packing, text: str, found: list[Item] | None
) -> None:
    items = read(packing, text)

    said = (
        None if items is None else [{name: as_cell(value) for name, value in item.items()} for item in items]
    )
    assert said == found
