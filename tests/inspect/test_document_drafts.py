"""Drafts of documents: converted as they are, or with their question answered, they make the orders to the cent."""

import json
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import Proposal, propose, propose_from
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.inspect.helpers import MARK, says_a_value

Document = dict[str, Any]
OFF = (3, 8)


@dataclass(frozen=True)
class Line:
    sku: str
    name: str
    quantity: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True)
class Order:
    """An order of an invented shop, from which each API writes its document."""

    number: int
    lines: tuple[Line, ...]

    @property
    def email(self) -> str:
        return f"{MARK}{self.number}@example.com"

    @property
    def at(self) -> str:
        return f"2026-03-{self.number % 28 + 1:02}T10:15:00+11:00"

    @property
    def is_off(self) -> bool:
        return self.number % 10 in OFF

    @property
    def total(self) -> Decimal:
        return sum((line.total for line in self.lines), Decimal())


def _lines(number: int) -> tuple[Line, ...]:
    return tuple(
        Line(f"00{number}{n}", f"Mug {n}", (number + n) % 3 + 1, Decimal(1995 + 310 * n + number) / 100)
        for n in range(number % 3 + 1)
    )


ORDERS = [Order(number, _lines(number)) for number in range(100, 130)]


def cents(amount: Decimal) -> int:
    return int(amount * 100)


def graphql(orders: Sequence[Order]) -> str:
    def money(amount: Decimal) -> Document:
        return {"shopMoney": {"amount": str(amount), "currencyCode": "AUD"}}

    return json.dumps({"data": {"orders": {"edges": [{"cursor": "x", "node": {
        "id": f"gid://shopify/Order/{one.number}", "createdAt": one.at, "cancelledAt": one.at if one.is_off else None,
        "customer": {"id": f"gid://shopify/Customer/{one.number}", "email": one.email},
        "totalPriceSet": money(one.total),
        "lineItems": {"edges": [{"node": {
            "sku": line.sku, "title": line.name, "quantity": line.quantity, "originalUnitPriceSet": money(line.price),
        }} for line in one.lines]},
    }} for one in orders], "pageInfo": {"hasNextPage": False}}}})  # fmt: skip


def bulk(orders: Sequence[Order]) -> str:
    lines: list[Document] = []
    for one in orders:
        own = f"gid://shopify/Order/{one.number}"
        off = one.at if one.is_off else None
        lines.append(
            {
                "id": own,
                "email": one.email,
                "createdAt": one.at,
                "cancelledAt": off,
                "totalPrice": str(one.total),
            }
        )
        lines += [
            {"id": f"gid://shopify/LineItem/{line.sku}", "sku": line.sku, "quantity": line.quantity, "price": str(line.price), "__parentId": own}
            for line in one.lines
        ]  # fmt: skip
    return "".join(json.dumps(one) + "\n" for one in lines)


def unload(orders: Sequence[Order]) -> str:
    """A line of a warehouse for each line of an order."""
    return "".join(json.dumps({
        "order_id": one.number, "order_ts": one.at, "customer_email": one.email, "order_status": "cancelled" if one.is_off else "paid",
        "sku": line.sku, "qty": line.quantity, "unit_price": float(line.price), "line_total": float(line.total),
        "order_total": float(one.total),
    }) + "\n" for one in orders for line in one.lines)  # fmt: skip


def in_cents(orders: Sequence[Order]) -> str:
    return json.dumps({"results": [{
        "id": f"{one.number}", "created": 1767225600 + one.number, "state": "CANCELED" if one.is_off else "COMPLETED",
        "currency": "aud", "buyer": {"email": one.email},
        "items": [{
            "product_code": line.sku, "quantity": str(line.quantity), "unit_amount": cents(line.price), "amount": cents(line.total),
        } for line in one.lines], "amount_total": cents(one.total),
    } for one in orders], "has_more": False})  # fmt: skip


def own_products(orders: Sequence[Order]) -> str:
    """A list of products that could be one of records in a wrapper, beside the addresses of two people."""
    return "".join(json.dumps({
        "order_number": f"#{one.number}", "placed_at": one.at, "status": "cancelled" if one.is_off else "shipped",
        "shipping_address": {"email": "gift@example.com", "city": "Perth"},
        "billing_address": {"email": one.email, "city": "Darwin"},
        "products": [{
            "sku": line.sku, "quantity": line.quantity, "unit_price": str(line.price), "discount": "1.00",
            "line_total": str(line.total - 1),
        } for line in one.lines], "grand_total": str(one.total - len(one.lines)),
    }) + "\n" for one in orders)  # fmt: skip


def dump(orders: Sequence[Order]) -> str:
    """Orders and customers in one file, so that nothing tells which are the records."""
    return json.dumps({"shop": "Harbour", "id": 5, "customers": [{"id": 1, "email": "a@example.com"}], "orders": [{
        "id": one.number, "created_at": one.at, "email": one.email, "test": one.is_off, "total_price": str(one.total),
        "line_items": [{"sku": line.sku, "quantity": line.quantity, "price": str(line.price)} for line in one.lines],
    } for one in orders]})  # fmt: skip


class Tried:
    """A draft of documents, and what it makes of them; lines with `answer` in them lose their `#`."""

    def __init__(self, folder: Path, text: str, spec: str, answer: str = "") -> None:
        self.source = folder / "export.json"
        self.source.write_text(text, "utf-8")
        self.done: Proposal = propose(
            self.source, spec, folder / "draft.toml", out=folder / "none", force=True
        )
        self.text = self.done.path.read_text("utf-8")
        lines = self.text.splitlines(keepends=True)
        answered = [line.removeprefix("# ") if answer and answer in line else line for line in lines]
        self.done.path.write_text("".join(answered), "utf-8")
        self.mapping: Document = tomllib.loads("".join(answered))
        self._folder = folder

    @property
    def columns(self) -> dict[str, str]:
        return {one["field"]: one["column"] for one in self.done.fields}  # type: ignore[misc]

    def records(self) -> list[Document]:
        options = Options(mapping=str(self.done.path), country="AU")
        (made,) = prepare([self.source], None, self._folder / "batches", options).batches
        lines = made.file.read_text("utf-8").splitlines()
        return [json.loads(line, parse_float=Decimal) for line in lines]


@pytest.mark.parametrize(
    ("write", "answer", "less", "prefix"),
    [
        (graphql, "", 0, ""), (bulk, "", 0, ""), (unload, "", 0, ""), (in_cents, "cents = ", 0, ""),
        (own_products, "", 1, "#"), (dump, "", 0, ""),
    ],
)  # fmt: skip
def test_a_draft_of_orders_makes_them_to_the_cent(
    tmp_path: Path, write: Callable[[Sequence[Order]], str], answer: str, less: int, prefix: str
) -> None:
    tried = Tried(tmp_path, write(ORDERS), "purchase", answer)
    made = {one["purchase_id"]: one for one in tried.records()}

    kept = [one for one in ORDERS if not one.is_off]
    assert made.keys() == {f"{prefix}{one.number}" for one in kept}
    for one in kept:
        record = made[f"{prefix}{one.number}"]
        said = [
            (line["product_reference"]["id"], line["quantity"], Decimal(line["price_paid"])) for line in record["products"]
        ]  # fmt: skip
        assert said == [(line.sku, line.quantity, line.total - less) for line in one.lines]
        assert record["link"] == {"email": one.email}
    assert not says_a_value(tried.text, json.dumps(tried.done.as_json()))


def test_cents_or_units_is_asked_and_either_answer_runs(tmp_path: Path) -> None:
    text = in_cents(ORDERS[:4])
    tried = Tried(tmp_path, text, "purchase")
    (question,) = tried.done.questions

    assert "items[].amount is a whole number beside a currency: cents, or units?" in question
    assert "products[].price_paid" not in tried.columns
    units = Tried(tmp_path, text, "purchase", '"products[].price_paid" = "items')
    paid = [line["price_paid"] for record in units.records() for line in record["products"]]
    assert max(paid) > 1000


def test_a_price_of_one_in_cents_or_units_leaves_what_the_line_costs_open(tmp_path: Path) -> None:
    rows = json.loads(in_cents(ORDERS))
    for order in rows["results"]:
        for line in order["items"]:
            del line["amount"]
        order["amount_total"] += 250
        order["amount_shipping"] = 250

    open_one = Tried(tmp_path, json.dumps(rows), "purchase")
    (question,) = open_one.done.questions
    answered = open_one.text.replace(
        '# "products[].full_price" = { column', '"products[].full_price" = { column'
    )
    open_one.done.path.write_text(
        answered.replace('# "products[].price_paid" = { fields', '"products[].price_paid" = { fields')
    )

    assert "items[].unit_amount is a whole number beside a currency" in question
    paid = [Decimal(line["price_paid"]) for one in open_one.records() for line in one["products"]]
    assert paid == [line.total for one in ORDERS if not one.is_off for line in one.lines]


@pytest.mark.parametrize(
    ("key", "has_currency", "field"),
    [
        ("amount_cents", True, {"column": "amount_cents", "convert": [{"cents": {"currency": "currency"}}]}),
        ("amount", False, "amount"),
        # Prices are not called so by those who count cents.
        ("price", True, "price"),
    ],
)
def test_an_amount_is_in_cents_only_where_something_says_so(
    tmp_path: Path, key: str, has_currency: bool, field: object
) -> None:
    currency = {"currency": "AUD"} if has_currency else {}
    rows = [
        {
            "id": f"ch_{n}",
            "created_at": "2026-01-01T00:00:00Z",
            "email": f"p{n}@example.com",
            key: 1000 + n,
            **currency,
        }
        for n in range(5)
    ]

    tried = Tried(tmp_path, json.dumps(rows), "purchase")

    assert tried.mapping["records"][0]["fields"]["products[].price_paid"] == field


def test_each_refund_in_an_order_is_a_return(tmp_path: Path) -> None:
    text = json.dumps({"orders": [{
        "id": one.number, "email": one.email, "created_at": one.at, "currency": "AUD", "total_price": str(one.total),
        "line_items": [{"sku": line.sku, "quantity": line.quantity, "price": str(line.price)} for line in one.lines],
        "refunds": [{
            "id": 7000 + one.number, "created_at": "2026-04-01T00:00:00Z",
            "refund_line_items": [{"quantity": 1, "subtotal": str(one.lines[0].price), "line_item": {"sku": one.lines[0].sku}}],
        }] if one.number % 2 else [],
    } for one in ORDERS]})  # fmt: skip

    made = Tried(tmp_path, text, "return").records()

    assert [(one["return_id"], one["action_at"], one["products"]) for one in made] == [
        (f"{7000 + one.number}", "2026-04-01T00:00:00Z", [{
            "product_reference": {"id": one.lines[0].sku, "id_type": "sku"}, "price_paid": -one.lines[0].price, "quantity": -1,
        }]) for one in ORDERS if one.number % 2
    ]  # fmt: skip
    assert 'each = "refunds"' in Tried(tmp_path, text, "purchase").text


PERSON = {
    "id": 7, "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-02-01T00:00:00Z", "archived": False,
    "properties": {"email": "ann@example.com", "firstname": "Ann", "phone": "+61412555001", "zip": "0800"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("document", "columns"),
    [
        (PERSON, {"link.email": "properties.email", "first_name": "properties.firstname", "mobile": "properties.phone", "zip": None, "postcode": "properties.zip"}),
        ({"attributes": {"email": "ann@example.com", "location": {"city": "Darwin", "country": "AU"}}, "type": "profile"},
         {"link.email": "attributes.email", "city": "attributes.location.city"}),
        # Parts of one address, and not of two; a recipient is somebody else.
        ({"id": 1, "billing": {"email": "a@example.com", "city": "Darwin", "postcode": "0800"}, "shipping": {"city": "Perth", "phone": "+61412555009"}},
         {"link.email": "billing.email", "city": "billing.city", "postcode": "billing.postcode", "mobile": None}),
        ({"customer": {"id": 5, "email": "a@example.com", "default_address": {"zip": "0800"}}},
         {"customer_id": "customer.id", "link.email": "customer.email", "postcode": "customer.default_address.zip"}),
    ],
)  # fmt: skip
def test_people_are_found_by_the_last_keys_of_paths(
    tmp_path: Path, document: Document, columns: dict[str, str | None]
) -> None:
    tried = Tried(tmp_path, json.dumps(document), "customer_record")

    assert {field: tried.columns.get(field) for field in columns} == columns


@pytest.mark.parametrize(
    ("document", "spec", "columns", "words"),
    [
        ({"event": "open", "email": "a@example.com", "timestamp": 1772752500, "sg_message_id": "m1"},
         "email_open", {"email_id": "sg_message_id", "link.email": "email", "action_at": "timestamp"}, ["open"]),
        ({"event": "clicked", "recipient": "a@example.com", "timestamp": 1377047343.042277, "message": {"headers": {"message-id": "1@example.net"}}},
         "email_click", {"email_id": "message.headers.message-id", "link.email": "recipient"}, ["clicked"]),
        ({"event": "email_opened", "user": {"id": 1, "email": "a@example.com"}, "message_id": "m", "occurred_at": 1772752500123},
         "email_open", {"link.email": "user.email", "action_at": "occurred_at"}, ["email_opened"]),
        # All that happened is of another kind.
        ({"event": "click", "email": "a@example.com", "timestamp": 1772752500, "message_id": "m"}, "email_open", {}, ["open"]),
        ({"data": {"object": {"id": "ch_1", "amount": 2000, "currency": "aud", "receipt_email": "a@example.com"}}, "id": "evt_1", "created": 1767225600, "type": "charge.succeeded"},
         "purchase", {"purchase_id": "data.object.id", "action_at": "created"}, None),
    ],
)  # fmt: skip
def test_events_are_of_one_kind_and_read_as_apis_write_them(
    tmp_path: Path, document: Document, spec: str, columns: dict[str, str], words: list[str] | None
) -> None:
    tried = Tried(tmp_path, json.dumps(document), spec)
    skips = tried.mapping["records"][0].get("skip", [])

    assert {field: tried.columns.get(field) for field in columns} == columns
    assert [one["is_not"] for one in skips] == ([words] if words else [])
    if "action_at" in columns:
        assert tried.mapping["records"][0]["fields"]["action_at"]["convert"] == ["epoch"]


def test_consent_has_its_own_time_and_is_never_dropped(tmp_path: Path) -> None:
    text = json.dumps([
        {"id": n, "email": f"p{n}@example.com", "created_at": "2020-01-01T00:00:00Z", "accepts_marketing": True,
         "email_marketing_consent": {"state": state, "consent_updated_at": "2026-01-01T00:00:00Z"}}
        for n, state in enumerate(["subscribed", "unsubscribed"])
    ])  # fmt: skip

    made = Tried(tmp_path, text, "email_subscribe").records()
    kept = Tried(tmp_path, text, "customer_record").columns

    assert [(one["status"], one["action_at"]) for one in made] == [
        ("subscribed", "2026-01-01T00:00:00Z"),
        ("unsubscribed", "2026-01-01T00:00:00Z"),
    ]
    assert {"custom_fields.accepts_marketing", "custom_fields.email_marketing_consent_state"} <= kept.keys()


def test_what_is_left_out_stands_under_its_object_and_lists_with_a_way_to_keep_them(tmp_path: Path) -> None:
    document = {"id": 1, "email": "a@example.com", "browser": {"name": "x", "size": {"w": 1}}, "card": {"last4": "4242", "brand": "visa"},
                "tags": ["a", "b"], "meta": [{"key": "k", "value": "v"}]}  # fmt: skip

    tried = Tried(tmp_path, json.dumps(document), "customer_record")

    assert set(tried.mapping["drop"]) == {"id", "browser", "card.brand", "tags", "meta"}
    assert tried.mapping["secret"] == ["card.last4"]
    assert "join" in next(line for line in tried.text.splitlines() if '"tags"' in line)


def test_a_key_that_comes_late_is_a_column_too(tmp_path: Path) -> None:
    rows = [{"id": n, "email": f"p{n}@example.com", "padding": "x" * 500} for n in range(3_000)]
    rows[-1]["phone"] = "+61412555001"

    assert Tried(tmp_path, json.dumps(rows), "customer_record").columns["mobile"] == "phone"


def test_a_preset_for_documents_starts_a_mapping_of_documents_alone(tmp_path: Path) -> None:
    event = {
        "email": "a@example.com",
        "timestamp": 1560968476,
        "event": "open",
        "sg_message_id": "m",
        "sg_event_id": "e",
        "shoe": "42",
    }
    (tmp_path / "events.json").write_text(json.dumps([event]))
    (tmp_path / "events.csv").write_text(
        "email,timestamp,event,sg_message_id,sg_event_id\na@example.com,1,open,m,e\n"
    )

    done = propose_from(tmp_path / "events.json", "sendgrid_events", tmp_path / "mine.toml")
    drop = tomllib.loads(done.path.read_text("utf-8"))["drop"]

    assert "shoe" in drop and "email" not in drop
    for source, preset in (("events.csv", "sendgrid_events"), ("events.json", "shopify_orders")):
        with pytest.raises(UsageError, match="is for"):
            propose_from(tmp_path / source, preset, tmp_path / "other.toml")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"a": [[1, 2], [3]]}',
        '{"a": 1}\n{broken\n',
        '{"a": {}, "b": [], "c": null}',
        '{"a": 1, "a": 2}',
        '{"a": [1, {"b": 2}]}',
    ],
)
@pytest.mark.parametrize("spec", ["purchase", "customer_record", "email_open"])
def test_a_draft_of_any_documents_can_be_read(tmp_path: Path, text: str, spec: str) -> None:
    assert Tried(tmp_path, text, spec).mapping["records"]
