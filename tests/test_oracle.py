"""The oracle says what the vendor's published rules say, so that the other tests may lean on it."""

import inspect
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import RECORD_TYPES, accepts, cells_of, examples, flat, good, normalised, spoiled, spoiled_cell
from oracle.cases import COERCIONS, LINKS, SPECIFICATION_QUIRKS, changed
from oracle.links import Link
from oracle.models import MODELS, parses
from oracle.records import kinds_of
from oracle.rules import LINK_SHAPES, RECORDS, Node, holds
from pydantic import BaseModel
from pydantic.fields import SHAPE_LIST

FEW = settings(max_examples=12)
NEITHER = (False, False)
EVERY_TYPE = pytest.mark.parametrize("record_type", RECORD_TYPES)


def both(record_type: str, document: object) -> tuple[bool, bool]:
    """The two halves' verdicts on a document as it stands: the strict schema's and the model's."""
    return holds(RECORDS[record_type], document), parses(record_type, document)


@pytest.mark.parametrize(("record_type", "path", "values", "halves", "accepted"), COERCIONS)
def test_coercions_of_the_model_are_not_copied(
    record_type: str, path: str, values: tuple[Any, ...], halves: tuple[bool, bool], accepted: bool
) -> None:
    for value in values:
        document = changed(record_type, path, value)

        assert (both(record_type, document), accepts(record_type, document)) == (halves, accepted), value


@pytest.mark.parametrize(
    ("record_type", "path", "values", "halves", "accepted"), SPECIFICATION_QUIRKS + LINKS
)
def test_quirks_of_the_specifications_are_kept(
    record_type: str, path: str, values: tuple[Any, ...], halves: tuple[bool, bool], accepted: bool
) -> None:
    for value in values:
        document = changed(record_type, path, value)

        assert (both(record_type, document), accepts(record_type, document)) == (halves, accepted), value


@pytest.mark.parametrize("document", [None, [], "", 1, True, [{"product_id": "P-1"}]])
def test_only_an_object_is_a_record(document: object) -> None:
    assert both("product", document) == NEITHER
    assert not accepts("product", document)


def test_the_last_of_two_equal_keys_wins() -> None:
    assert accepts("product", json.loads('{"product_id": 1, "product_id": "P-1"}'))
    assert not accepts("product", json.loads('{"product_id": "P-1", "product_id": 1}'))


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400, "\ud800", {"\udfff": 1}, [[math.nan]]]
)
def test_what_is_not_json_in_utf8_is_rejected_even_where_anything_goes(value: object) -> None:
    for key in ("custom_fields", "unknown"):
        assert not accepts("purchase", changed("purchase", key, {"a": value}))


def test_a_null_member_is_absent_but_in_custom_fields() -> None:
    custom = {"a": None, "b": [None, {"c": None, "d": 1}], "e": {"f": {"g": None}}}
    document = changed("purchase", "custom_fields", custom) | {"currency": None}

    assert accepts("purchase", document)
    assert normalised("purchase", document)["custom_fields"] == custom
    assert "currency" not in normalised("purchase", document)


@pytest.mark.parametrize(
    ("record_type", "path", "value"),
    [
        ("purchase", "store.location.coordinates", {"latitude": 1, "longitude": 2}),
        ("return", "products.0.full_price", 10),
        ("return", "payment_types", "anything"),
        ("product", "custom_fields", {"a": 1}),
        ("email_bounce", "campaign_id", "C-1"),
        ("email_send", "from_", {"email": "mira@example.com"}),
        ("email_send", "to.extra", []),
        ("sms_click", "clicked_link", {"url": "https://example.com"}),
        ("sms_subscribe", "campaign_id", 1),
    ],
)
def test_a_key_that_the_model_does_not_know_is_left_out(record_type: str, path: str, value: object) -> None:
    document = changed(record_type, path, value)

    assert accepts(record_type, document)
    assert normalised(record_type, document) == normalised(record_type, examples(record_type)[1])


@pytest.mark.parametrize(
    ("record_type", "path", "value", "expected"),
    [
        ("email_send", "link", {"email": " Mira@Example.COM\n"}, {"email": "mira@example.com"}),
        ("email_send", "link", {"email_sha256": " ABC "}, {"email_sha256": "abc"}),
        ("email_send", "link", {"email_md5": " ABC "}, {"email_md5": "abc"}),
        ("email_send", "link", {"mobile": " +61 4 "}, {"mobile": " +61 4 "}),
        ("customer_record", "email_sha256", " ABC ", "abc"),
        ("customer_record", "first_name", " Mira ", " Mira "),
        ("customer_record", "first_name", "Mira\u200b", "Mira\u200b"),
        ("customer_record", "customer_id", '\ufeff="0012"\t', "0012"),
        ("email_send", "link", {"customer_id": "'0012"}, {"customer_id": "0012"}),
        ("email_send", "action_at", "2024-01-01 10:00:00", "2024-01-01T10:00:00Z"),
        ("email_send", "action_at", "2024-01-01 10:00:00.50+1000", "2024-01-01T10:00:00.50+10:00"),
        ("email_send", "action_at", "2024-01-01T10:00:00+00:00", "2024-01-01T10:00:00+00:00"),
    ],
)
def test_the_output_is_tidied_and_nothing_else(
    record_type: str, path: str, value: object, expected: object
) -> None:
    document = changed(record_type, path, value)

    assert accepts(record_type, document)
    assert normalised(record_type, document)[path] == expected


def node_outline(members: Mapping[str, Node], at: str = "") -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    for name, node in members.items():
        yield at + name, node.required, tuple(sorted(node.one_of))
        below = node.item or node
        yield from node_outline(below.members, f"{at}{name}{'[]' if node.item else ''}.")


def model_outline(model: type[BaseModel], at: str = "") -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    for known in model.__fields__.values():
        path, kind = at + known.alias, known.type_
        yield path, bool(known.required), tuple(sorted(get_args(kind))) if get_origin(kind) is Literal else ()
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            yield from model_outline(kind, f"{path}{'[]' if known.shape == SHAPE_LIST else ''}.")


@EVERY_TYPE
def test_the_tables_and_the_models_know_the_same_fields(record_type: str) -> None:
    assert sorted(node_outline(RECORDS[record_type].members)) == sorted(model_outline(MODELS[record_type]))


def test_the_tables_and_the_models_know_the_same_links() -> None:
    shapes = [sorted(node_outline(shape)) for shape in LINK_SHAPES]

    assert shapes == [sorted(model_outline(shape)) for shape in get_args(Link)]


@EVERY_TYPE
def test_every_example_is_accepted(record_type: str) -> None:
    assert all(accepts(record_type, document) for document in examples(record_type))


@EVERY_TYPE
@FEW
@given(data=st.data())
def test_a_good_document_is_accepted_and_so_is_its_output(record_type: str, data: st.DataObject) -> None:
    document = data.draw(good(record_type))
    output = normalised(record_type, document)

    assert accepts(record_type, document)
    assert accepts(record_type, output)
    assert normalised(record_type, output) == output


def rebuilt(record_type: str, cells: Mapping[str, str]) -> Any:
    """The document that the cells of a valid record stand for."""
    tree: dict[str, Any] = {}
    for header, kind in kinds_of(RECORDS[record_type], cells):
        *above, last = header.replace("[", ".[").split(".")
        holder = tree
        for key in above:
            holder = holder.setdefault(key, {})
        holder[last] = read(cells[header], kind)
    return with_arrays(tree)


def read(text: str, kind: str) -> Any:
    if kind == "boolean":
        return text.lower() in ("true", "yes", "1")
    return json.loads(text) if kind in ("number", "integer") else text


def with_arrays(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    below = {key: with_arrays(member) for key, member in value.items()}
    return list(below.values()) if any(key.startswith("[") for key in below) else below


@EVERY_TYPE
@FEW
@given(data=st.data())
def test_the_cells_of_a_valid_record_make_a_valid_record(record_type: str, data: st.DataObject) -> None:
    cells = data.draw(flat(record_type))

    assert all(text.strip() for text in cells.values())
    assert accepts(record_type, rebuilt(record_type, cells))


def test_cells_have_dotted_headers_and_no_cell_for_what_is_absent() -> None:
    document = {
        "link": {"email": "a@b.co"},
        "images": ["x", None],
        "price": 1.5,
        "on": True,
        "none": {},
        "no": [],
    }

    assert cells_of(document) == {"link.email": "a@b.co", "images[0]": "x", "price": "1.5", "on": "true"}


@EVERY_TYPE
def test_spoiling_leaves_some_documents_acceptable_and_some_not(record_type: str) -> None:
    seen: list[bool] = []

    @settings(max_examples=60, database=None, derandomize=True)
    @given(spoiled(record_type))
    def judge(document: Any) -> None:
        seen.append(accepts(record_type, document))

    judge()

    assert set(seen) == {True, False}


@EVERY_TYPE
@FEW
@given(data=st.data())
def test_a_spoiled_cell_is_text_under_a_header_of_the_type(record_type: str, data: st.DataObject) -> None:
    cells = data.draw(spoiled_cell(record_type))
    node = RECORDS[record_type]

    assert all(isinstance(text, str) for text in cells.values())
    assert {header.split(".")[0].split("[")[0] for header in cells} <= node.members.keys()
