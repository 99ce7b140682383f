"""Field paths: one notation, read and written by one class."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.paths import ANY, EACH, FieldPath
from lexer_pipeline.specs.schema_tree import SchemaTree

NAMES = st.text(st.characters(exclude_characters=".[]"), min_size=1, max_size=8)
INDEXES = st.integers(-1, 999_999)
PATHS = st.lists(st.tuples(NAMES, st.lists(INDEXES, max_size=3)), min_size=1, max_size=5).map(
    lambda named: FieldPath(part for name, indexes in named for part in (name, *indexes))
)
EVERY_FIELD = [(one.name, field.path) for one in catalog.every() for field in one.fields]


def path(text: str) -> FieldPath:
    found = FieldPath.parse(text)
    assert found is not None
    return found


@given(PATHS)
def test_what_is_written_is_read_as_the_same_path(written: FieldPath) -> None:
    assert FieldPath.parse(str(written)) == written


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".a", "a..b", "[0]", "a[x]", "a[0", "a]0[", "a[0]b", "a[-1]", "a[1234567]"]
)
def test_a_text_that_is_no_path_is_at_most_a_name(text: str) -> None:
    assert FieldPath.parse(text) is None
    assert FieldPath.named(text) == (text,)


@given(PATHS)
def test_a_path_is_compared_and_looked_up_as_a_tuple_is(one: FieldPath) -> None:
    assert one == tuple(one)
    assert {tuple(one): 1}[one] == 1


def test_items_are_told_from_each_other_or_taken_together() -> None:
    one = path("products[3].tags[]")

    assert str(one.general) == "products[].tags[]"
    assert str(one.first) == "products[3].tags[0]"
    assert (one.is_repeated, path("products[3].sku").is_repeated) == (True, False)
    assert [str(found) for found in (one.outer_list, one.repeated_list)] == ["products", "products[3].tags"]
    assert (path("link.email").outer_list, path("products[3].sku").repeated_list) == (None, None)
    assert [str(path(text).item(2)) for text in ("images[]", "images")] == ["images[2]", "images[2]"]


def test_a_field_knows_its_name_and_the_object_that_holds_it() -> None:
    assert [(path(text).name, str(path(text).parent)) for text in ("email", "link.email", "products[].sku")] == [
        ("email", ""), ("email", "link"), ("sku", "products[]"),
    ]  # fmt: skip
    assert (path("images[]").name, str(path("images[]").parent)) == ("images", "")
    assert str(path("link") / "email") == "link.email"


def test_a_field_lies_within_an_object_and_not_within_a_namesake() -> None:
    assert path("store.location.city").is_within(path("store"))
    assert not path("store").is_within(path("store"))
    assert not path("storefront.city").is_within(path("store"))
    assert not path("store[0].city").is_within(path("store"))


def test_any_name_stands_for_one_part_or_more() -> None:
    open_fields = FieldPath(("custom_fields", ANY))

    assert open_fields.covers(path("custom_fields.tier"))
    assert open_fields.covers(path("custom_fields.tags[].name"))
    assert not open_fields.covers(path("custom_fields"))
    assert not open_fields.covers(path("fields.tier"))
    assert FieldPath(("a", ANY, "b")).covers(path("a.x.y.b"))
    assert not FieldPath(("a", ANY, "b")).covers(path("a.b"))
    assert path("a.b").covers(path("a.b"))


@pytest.mark.parametrize(("specification", "text"), EVERY_FIELD)
def test_every_field_of_a_specification_is_found_by_its_path(specification: str, text: str) -> None:
    tree = SchemaTree(catalog.find(specification).schema)

    found = tree.find(path(text))

    assert found is not None
    assert found[0] == path(text)
    assert tree.at(found[0]) is found[1]


def test_a_list_without_an_index_is_an_item_a_row() -> None:
    tree = SchemaTree(catalog.find("purchase").schema)

    found = tree.find(path("products.price_paid"))

    assert found is not None
    assert found[0] == ("products", EACH, "price_paid")
    assert tree.find(path("products.colour")) is None
