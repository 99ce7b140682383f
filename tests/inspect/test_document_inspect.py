"""`inspect` of documents: where they lie, what repeats, what their values look like, what they could become, what stands in the way."""

import json
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from lexer_pipeline.inspecting.document_names import called
from lexer_pipeline.inspecting.inspect import Inspection, inspect
from lexer_pipeline.inspecting.level_table import LevelTable
from lexer_pipeline.inspecting.row_sample import RowSample
from lexer_pipeline.loading.json_documents import read_documents
from lexer_pipeline.mapping.document_paths import steps_of

from tests.inspect.helpers import MARK, says_a_value

LINE = {"sku": "0012", "quantity": 2, "unit_price": "9.95"}
ORDER = {
    "id": 7210448301122, "email": f"{MARK}@example.com", "created_at": "2026-03-06T10:15:00+11:00", "currency": "AUD",
    "customer": {"id": 5, "email": f"{MARK}@example.com"}, "tags": "", "refunds": [], "line_items": [LINE, LINE],
}  # fmt: skip


@dataclass(slots=True)
class BytesSource:
    """A source whose bytes are given."""

    data: bytes
    name: str = "x"

    def read(self, size: int) -> bytes:
        found, self.data = self.data[:size], self.data[size:]
        return found


def of(value: Any, *more: str) -> Inspection:
    text = value if isinstance(value, str) else json.dumps(value)
    return inspect("-", stdin=BytesIO("\n".join([text, *more]).encode()))


def kinds(found: Inspection) -> list[str]:
    return [one.specification for one in found.specifications]


def test_the_list_around_documents_what_repeats_in_them_and_the_looks_of_values_are_shown() -> None:
    found = of({"data": {"orders": [ORDER, {**ORDER, "line_items": [LINE]}]}, "total": 2})
    keys = {one.path: one for one in found.keys}

    assert (found.form, found.rows, found.wrapper) == ("JSON", 2, "data.orders")
    assert [(one.path, one.lists, one.items) for one in found.repeats] == [("line_items[]", 2, 3)]
    email, price = keys["customer.email"].column, keys["line_items[].unit_price"].column
    assert email is not None and email.kinds == {"e-mail": 2}
    assert price is not None and (price.filled, dict(price.shapes)) == (3, {"9.99": 3})
    assert (keys["line_items[].unit_price"].filled, keys["tags"].filled, keys["refunds"].filled) == (2, 0, 0)
    assert not says_a_value(json.dumps(found.as_json()))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # An order is no request to forget somebody, nor an e-mail that was sent.
        (ORDER, ["commerce_purchases", "commerce_returns"]),
        ({"results": [{"id": "1", "properties": {"email": "a@example.com", "firstname": "Ann", "lastname": "Lee"}}]}, ["profile_customer"]),
        ([{"email": "a@example.com", "timestamp": 1560968476, "event": "open", "message_id": "m", "x": 1, "y": 2},
          {"email": "a@example.com", "timestamp": 1560968476, "event": "bounce", "message_id": "m", "x": 1, "y": 2}],
         ["marketing_email_bounce", "marketing_email_open"]),
        # Already as a specification wants it.
        ({"customers": [{"link": {"email": "a@example.com"}}]}, ["profile_customer"]),
    ],
)  # fmt: skip
def test_documents_could_become_what_their_values_say(value: object, expected: list[str]) -> None:
    assert kinds(of(value)) == expected


def test_documents_in_the_form_of_a_specification_need_no_mapping() -> None:
    purchase = {
        "purchase_id": "1", "link": {"email": "a@example.com"}, "action_at": "2026-01-01T00:00:00Z", "type": "physical",
        "products": [{"price_paid": 1.5, "quantity": 1, "product_reference": {"id": "0012", "id_type": "sku"}}],
    }  # fmt: skip

    found = of(purchase, json.dumps({**purchase, "purchase_id": "2"}))

    assert (found.surely, kinds(found), found.is_as_it_is) == (
        "commerce_purchases",
        ["commerce_purchases"],
        True,
    )
    assert not found.obstacles
    assert not of(ORDER).is_as_it_is


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"id": 1, "id": 2}', ("duplicate_key", "")),
        ('{"a": [{"b": 1, "b": 2}]}', ("duplicate_key", "")),
        ('{"a": 1}\n{"a": "x"}', ("mixed", "a")),
        ('{"a": "x"}\n{"a": {"b": 1}}', ("mixed", "a")),
        ('{"a": [1]}\n{"a": "x"}', ("mixed", "a")),
        ('{"a": [[1]]}', ("nested", "a[][]")),
        ('{"a": 1}\n{"a": ', ("json", "")),
        ('{"card": {"last4": "4242"}}', ("secret", "card.last4")),
        ('{"a": "01/02/2024"}', ("dates", "a")),
        ('{"id": 1, "a": [{"code": "6.14E+10"}, {"code": "x"}]}', ("scientific", "a[].code")),
        ('{"a": "NULL"}\n{"a": "x"}', ("nothing", "a")),
        ("[]", ("empty", "")),
    ],
)
def test_what_stands_in_the_way_of_documents_is_named(text: str, expected: tuple[str, str]) -> None:
    assert expected in {(one.code, one.column) for one in of(text).obstacles}


def test_a_preset_for_documents_is_known_by_their_paths() -> None:
    event = {
        "email": "a@example.com",
        "timestamp": 1560968476,
        "event": "open",
        "sg_message_id": "m",
        "sg_event_id": "e",
    }

    found = of([event])

    assert (found.presets, found.surely) == (("sendgrid_events",), "sendgrid_events")


def test_lines_are_put_into_the_lines_that_they_belong_to() -> None:
    lines = [
        json.dumps({"id": "gid://shopify/LineItem/2", "sku": "0012", "__parentId": "gid://shopify/Order/1"})
    ] * 2

    found = of({"id": "gid://shopify/Order/1", "email": "a@example.com"}, *lines)

    assert found.rows == 1
    assert [(one.path, one.items) for one in found.repeats] == [("LineItem[]", 2)]


def test_keys_that_come_late_and_keys_of_signs_are_paths() -> None:
    rows = [{"id": n, "padding": "x" * 400} for n in range(3_000)]
    rows[-1] |= {"$message": "m", "attributes": {"Campaign Name": "v", "a.b": 1}}

    paths = {one.path: one for one in of(rows).keys}

    assert {"$message", "attributes.Campaign Name", 'attributes["a.b"]'} <= paths.keys()
    late = paths["$message"].column
    assert late is not None and (late.filled, paths["id"].filled) == (1, 3_000)


def test_some_whole_documents_are_kept_however_many_there_are() -> None:
    sample = RowSample()
    level = LevelTable(steps_of("lines[]"), sample=sample)
    level.learn(steps_of("id"))
    level.learn(steps_of("lines[].sku"))
    rows = [{"id": n, "lines": [{"sku": "x" * 30}] * (n % 3 + 1)} for n in range(40_000)]
    text = "\n".join(map(json.dumps, rows)).encode()

    for chunk in read_documents(BytesSource(text), b""):
        level.add(chunk)
    sample.settle(2)

    assert level.rows > 60_000
    assert 2_000 < len(sample.rows) < 10_000
    sizes = Counter(row[-1] for row in sample.rows)
    assert all(sizes[row[-1]] == int(row[0]) % 3 + 1 for row in sample.rows)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("line_items[].sku", "line item sku"), ("line_items[].id", "line id"), ("billing_address.phone", "billing phone"),
        ("customer.default_address.zip", "default_address zip"), ("total_money.amount", "total"), ("total_money.currency", "currency"),
        ("line_items[].base_price_money.amount", "line item base_price"), ("data.object.receipt_email", "receipt_email"),
        ("data.object.billing_details.address.postal_code", "billing postal_code"), ("message.headers.message-id", "message-id"),
        ("relationships.profile.data.id", "profile id"), ("properties.email", "email"), ("shipping_address.city", "shipping city"),
        ("id", "order id"), ("store.name", "store name"), ("refunds[].amount", "refund amount"), ("amount_cents", "amount"),
    ],
)  # fmt: skip
def test_a_path_says_what_a_column_of_a_table_would(path: str, words: str) -> None:
    assert called(steps_of(path), steps_of("line_items[]"), "orders") == words
