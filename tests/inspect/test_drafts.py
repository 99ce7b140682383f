"""What a draft says was tested on the rows: keys, links, amounts, dates, rows that are no sale, consent."""

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.inspecting.propose import Proposal, propose, propose_from
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.preparing.report import Report

from tests.inspect.helpers import MARK, answer, says_a_value

ORDER = "Order ID,Date,Email,SKU,Qty,Line total\n"


class Tried:
    """A draft of an export, and what it makes of it."""

    def __init__(self, folder: Path, text: str, spec: str) -> None:
        self.source = folder / "export.csv"
        self.source.write_text(text, "utf-8")
        self.done: Proposal = propose(self.source, spec, folder / "draft.toml", out=folder / "batches")
        self.text = self.done.path.read_text("utf-8")
        self.record: dict[str, Any] = tomllib.loads(self.text)["records"][0]

    @property
    def columns(self) -> dict[str, str]:
        """The column of each field."""
        return {one["field"]: one["column"] for one in self.done.fields}  # type: ignore[misc]

    @property
    def fields(self) -> dict[str, Any]:
        """What the draft says of each field."""
        return self.record["fields"]  # type: ignore[no-any-return]

    @property
    def report(self) -> Report:
        """What validate says with the draft as it is."""
        return validate([self.source], None, Options(mapping=str(self.done.path)))


def lines(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


# ------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    ("text", "key"),
    [
        # A name is no number of an order, though Shopify calls its numbers so.
        (lines("Name,Transaction ID,Date,Email,Amount", "Ann Lee,T1,2026-01-01,a@example.com,1", "Ann Lee,T2,2026-01-02,b@example.com,2"), "Transaction ID"),
        (lines("Name,Id,Date,Email,Amount", "#1001,77,2026-01-01,a@example.com,1", "#1001,,,,2"), "Name"),
        # An invoice that nobody has yet.
        (lines("Invoice ID,id,Created (UTC),Email,Amount", ",ch_1,2026-01-01,a@example.com,1", ",ch_2,2026-01-02,b@example.com,2"), "id"),
        (lines("product-name,amazon-order-id,purchase-date,Email,item-price", "Mug,112-1,2026-01-01,a@example.com,1", "Cup,112-2,2026-01-02,b@example.com,2"), "amazon-order-id"),
    ],
)  # fmt: skip
def test_a_key_is_filled_and_of_one_person_and_time(tmp_path: Path, text: str, key: str) -> None:
    tried = Tried(tmp_path, text, "purchase")

    assert tried.columns["purchase_id"] == key
    assert tried.report.valid > 0


def test_numbers_that_begin_anew_each_day_are_no_key_and_the_question_says_why(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Receipt No,Date,Email,SKU,Qty,Line total",
        "1,2026-01-02,a@example.com,A,1,5.00", "2,2026-01-02,b@example.com,A,1,5.00",
        "1,2026-01-03,c@example.com,A,1,5.00", "2,2026-01-03,d@example.com,A,1,5.00",
    ), "purchase")  # fmt: skip

    assert "purchase_id" not in tried.columns
    assert tried.done.missing == ("purchase_id",)
    (question,) = tried.done.questions
    assert "not Receipt No: rows that share it differ in Email (2 of 2 times)" in question
    assert question in tried.text


def test_rows_without_a_key_that_say_nothing_of_the_order_are_further_lines(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Order,Order date,Email,SKU,Count,Each",
        "1001,2026-01-25,a@example.com,A,2,5.00", ",,,B,1,6.00", "1002,2026-01-26,b@example.com,A,1,5.00",
    ), "purchase")  # fmt: skip

    assert tried.record["differ"] == "first"
    assert (tried.report.valid, tried.report.invalid, tried.report.sources[0].continuations) == (2, 0, 1)


def test_a_key_that_some_orders_lack_is_none(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Invoice No,Date,Email,Amount", "1,2026-01-25,a@example.com,5", ",2026-01-25,b@example.com,6"
    ), "purchase")  # fmt: skip

    assert "purchase_id" not in tried.columns
    assert "it is filled in 1 of 2 rows only" in tried.done.questions[0]


# -------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("header", "row", "link"),
    [
        ("Seller Email,Buyer Email", "shop@example.com,{0}", "Buyer Email"),
        ("Recipient Email,Billing Email", "r{0},{0}", "Billing Email"),
        ("Ship Email,Email", "r{0},{0}", "Email"),
        ("Account Owner,Customer", "jo{0},{0}", "Customer"),
        ("Store Email,From Email Address", "shop@example.com,{0}", "From Email Address"),
    ],
)
def test_the_buyer_is_linked_and_not_the_seller_or_the_recipient(
    tmp_path: Path, header: str, row: str, link: str
) -> None:
    people = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
    rows = [f"{n},2026-01-0{n},A{n},1,5.00,{row.format(one)}" for n, one in enumerate(people, 1)]

    tried = Tried(tmp_path, lines(f"Order ID,Date,SKU,Qty,Line total,{header}", *rows), "purchase")

    assert tried.columns["link.email"] == link
    assert tried.report.valid == 4


@pytest.mark.parametrize("name", ["Email", "Contact email", "From", "Recipient Email", "Seller Email"])
def test_one_address_in_all_orders_is_no_link(tmp_path: Path, name: str) -> None:
    rows = [f"{n},2026-01-0{n},shop@example.com,A,1,5.00" for n in range(1, 5)]

    tried = Tried(tmp_path, lines(f"Order ID,Date,{name},SKU,Qty,Line total", *rows), "purchase")

    assert not [field for field in tried.columns if field.startswith("link")]
    assert tried.done.missing == ("link",)
    assert len(tried.done.questions) == 1


def test_one_person_with_one_order_is_still_linked(tmp_path: Path) -> None:
    rows = [f"1,2026-01-01,a@example.com,A{n},1,5.00" for n in range(1, 5)]

    assert Tried(tmp_path, ORDER + lines(*rows), "purchase").columns["link.email"] == "Email"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Ref", ["0412555001", "0412555002", "0412555003"]),
        ("amazon-order-id", ["112-9739103-000001", "112-9739103-000002", "112-9739103-000003"]),
        ("OPTIN_IP", ["198.51.100.10", "198.51.100.11", "198.51.100.12"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("spec", ["purchase", "customer_record"])
def test_a_number_that_looks_like_a_phone_is_none(
    tmp_path: Path, name: str, values: list[str], spec: str
) -> None:
    rows = [f"{n},2026-01-0{n + 1},{value},5.00" for n, value in enumerate(values)]

    tried = Tried(tmp_path, lines(f"Row,Date,{name},Amount", *rows), spec)

    assert not [field for field, column in tried.columns.items() if column == name and "mobile" in field]


def test_a_second_column_names_people_where_the_first_is_empty(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Customer ID,Email,First Name", "1001,a@example.com,Ann", "1002,,Bob", "1003,c@example.com,Cat"
    ), "customer_record")  # fmt: skip

    assert tried.fields["link.customer_id"] == {"column": "Customer ID", "unless": "link.email"}
    assert tried.report.valid == 3


def test_a_message_belongs_to_whom_it_went_to(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "From,To,Body,Status,SentDate,Sid,Direction",
        "+61400000000,+61412555001,Sale,delivered,2026-03-06T10:15:00Z,SM1,outbound-api",
        "+61412555001,+61400000000,STOP,received,2026-03-06T10:16:00Z,SM2,inbound",
    ), "sms_send")  # fmt: skip

    assert tried.columns | {"body": ""} == {
        "sms_id": "Sid", "link.mobile": "To", "action_at": "SentDate", "from.number": "From", "to.number": "To", "body": "",
    }  # fmt: skip
    assert (tried.report.valid, sum(tried.report.sources[0].skipped.values())) == (1, 1)


def test_addresses_are_not_mixed(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Email,Billing Street,Billing City,Billing Zip,Delivery address,Delivery state,Delivery zip",
        "a@example.com,1 Bay St,Hobart,7000,9 Low Rd,VIC,3000",
    ), "customer_record")  # fmt: skip

    address = {field: column for field, column in tried.columns.items() if "email" not in field}
    assert set(address.values()) == {"Billing Street", "Billing City", "Billing Zip"}


def test_a_street_belongs_to_the_address_of_which_its_name_is(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Email,Mailing Street,Mailing City,Mailing Zip", "a@example.com,1 Bay St,Hobart,7000",
    ), "customer_record")  # fmt: skip

    assert (tried.columns["address_1"], tried.columns["city"]) == ("Mailing Street", "Mailing City")


def test_where_to_object_is_no_consent(tmp_path: Path) -> None:
    tried = Tried(
        tmp_path, lines("Email,Unsubscribe link", "a@example.com,https://example.com/u/1"), "customer_record"
    )

    assert "Unsubscribe link" in tried.done.unmatched


# ------------------------------------------------------------------------------------------------------- money


def order(columns: str, *rows: str) -> str:
    """Orders 1, 2, 2 with some columns of amounts."""
    heads = ("1,2026-01-01,a@example.com,A", "2,2026-01-02,b@example.com,B", "2,2026-01-02,b@example.com,C")
    return lines(
        f"Order ID,Date,Email,SKU,{columns}",
        *(f"{head},{row}" for head, row in zip(heads, rows, strict=True)),
    )


@pytest.mark.parametrize(
    ("text", "quantity", "unit", "paid"),
    [
        (order("Qty,Price,Item Total", "2,34.00,68.00", "1,9.00,9.00", "3,2.00,6.00"), "Qty", "Price", "Item Total"),
        (order("Total,Price,Pieces", "68.00,34.00,2", "9.00,9.00,1", "6.00,2.00,3"), "Pieces", "Price", "Total"),
        (order("Stk,EP,GP", "2,34.00,68.00", "4,9.00,36.00", "3,2.50,7.50"), "Stk", "EP", "GP"),
        # The discount of the line, not that of the order.
        (order("Order discount,Qty,Price,Discount,Total", "5.00,2,50.00,10.00,90.00", "0,1,9.00,0,9.00", "0,3,2.00,0,6.00"), "Qty", "Price", "Total"),
        (order("Qty,Unit Original Price,Subtotal Before Discount,Platform Discount,Seller Discount,Subtotal After Discount,Order Amount",
               "2,19.99,39.98,2.00,3.00,34.98,35.98", "1,9.00,9.00,0,0,9.00,16.00", "3,2.00,6.00,0,0,6.00,16.00"),
         "Qty", "Unit Original Price", "Subtotal After Discount"),
        # No column says what the line costs.
        (order("Qty,Unit price", "2,34.00", "1,9.00", "3,2.00"), "Qty", "Unit price", ""),
        # The orders add up with the price of one, or with that of the line.
        (order("Qty,Price,Shipping,Total", "2,34.00,5.00,73.00", "1,9.00,0,15.00", "3,2.00,0,15.00"), "Qty", "Price", ""),
        (order("Quantity,Sold For,Shipping,Total Price", "2,34.00,5.00,73.00", "1,9.00,0,15.00", "3,2.00,0,15.00"), "Quantity", "Sold For", ""),
        (order("Qty,Price,Shipping,Total", "2,68.00,5.00,73.00", "1,9.00,0,15.00", "3,6.00,0,15.00"), "Qty", "", "Price"),
    ],
)  # fmt: skip
def test_quantity_and_prices_are_told_apart_by_multiplying(
    tmp_path: Path, text: str, quantity: str, unit: str, paid: str
) -> None:
    tried = Tried(tmp_path, text, "purchase")
    columns = tried.columns

    assert columns["products[].quantity"] == quantity
    assert columns.get("products[].full_price", "") == unit
    assert columns.get("products[].price_paid", "") == paid
    if not paid:
        assert tried.fields["products[].price_paid"]["convert"] == ["line-total"]
    assert tried.done.questions == ()
    assert (tried.report.valid, tried.report.invalid) == (2, 0)


def test_the_price_of_one_article_in_several_numbers_tells_what_it_is_of(tmp_path: Path) -> None:
    rows = ("1,2026-01-01,a@example.com,A,1,{0}", "2,2026-01-02,b@example.com,A,3,{1}")

    of_line = Tried(
        tmp_path,
        lines("Order ID,Date,Email,SKU,Qty,Price", *(row.format("9.90", "29.70") for row in rows)),
        "purchase",
    )
    assert of_line.columns["products[].price_paid"] == "Price"
    of_line.done.path.unlink()

    of_one = Tried(
        tmp_path,
        lines("Order ID,Date,Email,SKU,Qty,Price", *(row.format("9.90", "9.90") for row in rows)),
        "purchase",
    )
    assert of_one.columns["products[].full_price"] == "Price"


def test_a_price_of_which_nothing_tells_what_it_is_of_is_the_question(tmp_path: Path) -> None:
    tried = Tried(tmp_path, order("Qty,item-price", "2,34.00", "1,9.00", "3,2.00"), "purchase")

    assert tried.done.missing == ("products[].price_paid",)
    assert len(tried.done.questions) == 1
    assert "whether item-price is of one piece or of the whole line" in tried.done.questions[0]

    answered = tried.text.replace(
        '# "products[].price_paid" = { column', '"products[].price_paid" = { column'
    )
    tried.done.path.write_text(answered, "utf-8")
    assert (tried.report.valid, tried.report.invalid) == (2, 0)


@pytest.mark.parametrize(
    "text",
    [
        order("Qty,Order total", "1,34.00", "1,11.00", "1,11.00"),
        order("Qty,Total", "1,34.00", "1,11.00", "1,11.00"),
        order("Qty,Betrag", "1,34.00", "1,11.00", "1,11.00").replace(
            "\n1,", "\n1,2026-01-01,a@example.com,D,1,34.00\n1,", 1
        ),
        order("Qty,Total", "1,34.00", "1,11.00", "1,"),
    ],
)
def test_a_total_of_the_order_is_no_price_of_a_line(tmp_path: Path, text: str) -> None:
    tried = Tried(tmp_path, text, "purchase")

    assert "products[].price_paid" not in tried.fields
    assert "of the whole order" in tried.done.questions[0]


def test_two_tickets_of_one_price_are_not_a_total(tmp_path: Path) -> None:
    rows = [f"{n // 2},2026-01-01,u{n // 2}@example.com,Adult,1,50.00" for n in range(2, 14)]

    tried = Tried(tmp_path, lines("Order ID,Date,Email,Ticket Type,Quantity,Ticket Price", *rows), "purchase")

    assert tried.columns["products[].price_paid"] == "Ticket Price"
    assert tried.report.valid == 6


def test_an_order_without_lines_costs_its_total(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Order ID,Order Date,Customer Email,Order Total (inc tax)", "1,2026-01-01,a@example.com,119.85", "2,2026-01-02,b@example.com,40.00"
    ), "purchase")  # fmt: skip

    assert tried.columns["products[].price_paid"] == "Order Total (inc tax)"
    assert tried.fields["products[].quantity"] == {"constant": 1}
    assert tried.report.valid == 2


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("line_items", "name:Mug|sku:0012|quantity:2|total:49.99"),
        ("Product Details", "Product ID: 77, Product Qty: 2, Product SKU: 0012, Product Total Price: 69.90"),
        ("Items", "2 x Mug; 1 x Cup"),
        ("products", '[{""id"": 7, ""price"": 5}]'),
        ("line_item_1", "name:Mug|quantity:2"),
    ],
)
def test_lines_packed_in_one_cell_are_the_single_question(tmp_path: Path, name: str, cell: str) -> None:
    tried = Tried(tmp_path, lines(
        f"order_id,date,email,order_discount,order_total,{name}",
        f'1,2026-01-01,a@example.com,0.00,58.14,"{cell}"', f'2,2026-01-02,b@example.com,5.00,51.00,"{cell}"',
    ), "purchase")  # fmt: skip

    assert not any(field.startswith("products") for field in tried.fields)
    assert len(tried.done.questions) == 1
    assert f"{name} holds all lines of an order in one cell" in tried.done.questions[0]


def test_a_word_for_articles_with_lines_of_their_own_is_no_packed_column(tmp_path: Path) -> None:
    rows = ("1,34.00,Mug; blue", "1,9.00,Cup; red", "1,2.00,Lid; red")

    tried = Tried(tmp_path, order("Qty,Item Total,Items", *rows), "purchase")

    assert tried.columns["products[].price_paid"] == "Item Total"
    assert tried.done.questions == ()


@pytest.mark.parametrize(
    ("columns", "rows", "paid"),
    [
        ("amount,paid_amount,discount,qty", ("20.00,18.00,2.00,1", "21.00,21.00,0.00,1", "9.50,8.00,1.50,1"), "paid_amount"),
        ("Amount,Rabatt,Net Amount", ("20.00,-2.00,18.00", "21.00,0,21.00", "9.50,-1.50,8.00"), "Net Amount"),
        ("Amount,Coupon discount,Member discount,Sum,Qty", ("20.00,2.00,1.00,17.00,1", "21.00,0,0,21.00,1", "9.50,1.50,1.00,7.00,1"), "Sum"),
        # No row has a discount, or it makes no difference between the two.
        ("amount,paid_amount,discount,qty", ("20.00,18.00,0,1", "21.00,21.00,0.00,1", "9.50,8.00,0,1"), "amount"),
        ("amount,paid_amount,discount,qty", ("20.00,11.00,2.00,1", "21.00,21.00,0.00,1", "9.50,8.00,1.00,1"), "amount"),
    ],
)  # fmt: skip
def test_the_price_paid_is_the_one_after_discounts(
    tmp_path: Path, columns: str, rows: tuple[str, ...], paid: str
) -> None:
    heads = [f"{n},2026-01-0{n},u{n}@example.com,A" for n in (1, 2, 3)]
    text = lines(
        f"Order ID,Date,Email,SKU,{columns}",
        *(f"{head},{row}" for head, row in zip(heads, rows, strict=True)),
    )

    tried = Tried(tmp_path, text, "purchase")

    assert tried.columns["products[].price_paid"] == paid
    assert (tried.report.valid, tried.report.invalid) == (3, 0)
    if paid not in ("amount", "Amount"):
        assert f"{paid} is after them" in tried.text


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_discount_of_the_order_is_an_adjustment_below_zero(tmp_path: Path, sign: str) -> None:
    tried = Tried(tmp_path, lines(
        "Order ID,Date,Email,Number of Items,Order Value,Discount,Shipping,Order Total",
        f"1,2026-01-01,a@example.com,2,40.00,{sign}5.00,8.00,43.00",
        "2,2026-01-02,b@example.com,1,60.00,0.00,8.00,68.00",
        f"3,2026-01-03,c@example.com,1,60.00,{sign}10.00,0.00,50.00",
    ), "purchase")  # fmt: skip

    assert tried.columns["products[].price_paid"] == "Order Value"
    assert "products[].discount" not in tried.columns
    assert tried.columns["adjustments[0].price_adjustment"] == "Discount"
    assert tried.fields["adjustments[0].price_adjustment"]["convert"][-2:] == ["absolute", "negate"]
    assert (tried.report.valid, tried.report.invalid) == (3, 0)


def test_a_discount_of_the_order_is_taken_off_lines_that_are_worked_out(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Order ID,Created at,Email,Shipping,Total,Discount Amount,Lineitem quantity,Lineitem price,Lineitem sku",
        "1,2026-01-01,a@example.com,10.00,35.00,5.00,2,10.00,A", "1,2026-01-01,a@example.com,,,,1,10.00,B",
        "2,2026-01-02,b@example.com,0.00,10.00,0.00,1,10.00,A",
    ), "purchase")  # fmt: skip

    assert tried.fields["products[].price_paid"]["convert"] == ["line-total"]
    assert tried.columns["adjustments[0].price_adjustment"] == "Discount Amount"
    assert (tried.report.valid, tried.report.invalid) == (2, 0)


def test_a_discount_that_the_lines_have_already_is_no_adjustment(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Order ID,Date,Email,SKU,Qty,Price,Discount,Line Total,Order Total",
        "1,2026-01-01,a@example.com,A,2,20.00,5.00,35.00,35.00", "2,2026-01-02,b@example.com,A,3,20.00,0.00,60.00,60.00",
    ), "purchase")  # fmt: skip

    assert tried.columns["products[].discount"] == "Discount"
    assert not any(field.startswith("adjustments") for field in tried.fields)


def test_several_codes_in_one_cell_are_no_one_article(tmp_path: Path) -> None:
    head = "Order ID,Date,Email,Order Total,SKU"

    tried = Tried(tmp_path, lines(
        head, "1,2026-01-01,a@example.com,9.00,FOX-01", '2,2026-01-02,b@example.com,8.00,"FOX-01, BEAR-2"',
    ), "purchase")  # fmt: skip

    assert not any("product_reference" in field for field in tried.fields)
    assert "several codes" in tried.text


def test_what_was_given_back_is_no_price_of_a_purchase(tmp_path: Path) -> None:
    text = lines(
        "Order ID,Date,Email,Refund Amount,Refund date", "1,2026-01-01,a@example.com,5.00,2026-02-01"
    )

    assert "products[].price_paid" not in Tried(tmp_path, text, "purchase").columns


def test_the_same_columns_are_those_of_a_return(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Refund ID,Refund Date,Customer Email,SKU,Qty,Refund Amount", "RF-1,2026-01-25,a@example.com,A,2,9.95"
    ), "return")  # fmt: skip

    assert tried.columns["action_at"] == "Refund Date"
    assert tried.fields["products[].price_paid"]["convert"][-1] == "negate"
    assert tried.report.valid == 1


# ------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("Order Date,Order Time", "14/03/2026,16:03:11", {"template": "{Order Date} {Order Time}", "convert": [{"date": "dd/mm/yyyy"}]}),
        ("Date created,Time", '"Dec 8, 2024",9:15:51 AM', {"template": "{Date created} {Time}", "convert": [{"date": "mmm d, yyyy"}]}),
        ("Date,Time,Time Zone", "2026-07-18,12:59:30,Eastern Time (US & Canada)",
         {"template": "{Date}\x1f{Time}\x1f{Time Zone}", "convert": [{"date-time-zone": "yyyy-mm-dd"}]}),
        ("Datum,Uhrzeit", "25.01.2026,10:15", {"template": "{Datum} {Uhrzeit}", "convert": [{"date": "dd.mm.yyyy"}]}),
        ("Created (UTC)", "2026-06-05 20:38:34", {"column": "Created (UTC)", "convert": [{"date": {"format": "yyyy-mm-dd", "zone": "UTC"}}]}),
        # A time that no conversion reads, and one that stands there already.
        ("Date,Heure", "25/01/2026,10h15", {"column": "Date", "convert": [{"date": "dd/mm/yyyy"}]}),
        ("Date,Time", "2026-01-25 10:15,10:15", {"column": "Date", "convert": [{"date": "yyyy-mm-dd"}]}),
        ("Date,Prep time", "2026-01-25,00:15", {"column": "Date", "convert": [{"date": "yyyy-mm-dd"}]}),
    ],
)  # fmt: skip
def test_a_time_and_a_zone_beside_a_day_join_it(tmp_path: Path, header: str, cells: str, said: Any) -> None:
    tried = Tried(
        tmp_path, lines(f"Order ID,Email,Amount,Row,{header}", f"1,a@example.com,5,1,{cells}"), "purchase"
    )

    assert tried.fields["action_at"] == said
    assert tried.report.valid == 1


def test_dates_that_can_be_read_in_two_ways_are_the_one_question(tmp_path: Path) -> None:
    tried = Tried(
        tmp_path,
        ORDER + lines("1,01/02/2026,a@example.com,A,1,11.00", "2,03/04/2026,b@example.com,A,1,11.00"),
        "purchase",
    )

    assert tried.done.missing == ("action_at",)
    (question,) = tried.done.questions
    assert "2 cells can be read as dd/mm/yyyy and as mm/dd/yyyy" in question
    assert '"Date",  # until you take away the # before action_at below' in tried.text

    answered = tried.text.replace(
        '# action_at = { column = "Date", convert = [{ date = "dd',
        'action_at = { column = "Date", convert = [{ date = "dd',
    )
    tried.done.path.write_text(answered, "utf-8")
    assert tried.report.valid == 2


def test_a_date_that_some_orders_lack_makes_way_for_one_that_all_have(tmp_path: Path) -> None:
    tried = Tried(tmp_path, lines(
        "Order ID,Paid at,Created at,Email,Amount", "1,2026-01-02,2026-01-01,a@example.com,5", "2,,2026-01-01,b@example.com,5"
    ), "purchase")  # fmt: skip

    assert tried.columns["action_at"] == "Created at"


# ------------------------------------------------------------------------------------------ phones, names, nobody


@pytest.mark.parametrize(
    ("header", "row", "phone", "asks"),
    [
        (
            "Billing Phone,Billing Country,Shipping Country",
            "0412 555 001,Australia,NZ",
            {"phone": {"country": "Billing Country"}},
            False,
        ),
        ("Phone,Country", "0412 555 001,AU", {"phone": {"country": "Country"}}, False),
        ("Phone,Country", "0412 555 001,somewhere", "phone", True),
        ("Phone", "+61 412 555 001", "phone", False),
        ("Phone", "0412 555 001", "phone", True),
    ],
)
def test_a_phone_number_is_read_as_of_its_country(
    tmp_path: Path, header: str, row: str, phone: Any, asks: bool
) -> None:
    tried = Tried(tmp_path, lines(f"Email,{header}", f"a@example.com,{row}"), "customer_record")

    assert tried.fields["mobile"]["convert"] == [phone]
    assert ('# country = "AU"' in tried.text) == asks
    assert tried.report.valid == 1


def test_people_known_by_national_numbers_alone_leave_the_country_as_the_one_question(tmp_path: Path) -> None:
    tried = Tried(
        tmp_path, lines("Phone,First Name", "0412 555 001,Ann", "0412 555 002,Bob"), "customer_record"
    )

    (question,) = tried.done.questions
    assert "of which country are the numbers of Phone" in question

    tried.done.path.write_text(tried.text.replace('# country = "AU"', 'country = "AU"'), "utf-8")
    assert (tried.report.valid, tried.report.invalid) == (2, 0)


def test_names_of_articles_are_a_list_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = order("Item,Qty,Line total", "Mug,1,5.00", "Big cup,1,5.00", "Plate,1,6.00")

    tried = Tried(tmp_path, text, "purchase")

    assert tried.fields["custom_fields.products[]"] == "Item"
    assert (tried.report.valid, tried.report.invalid) == (2, 0)


def test_sales_to_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    tried = Tried(
        tmp_path, ORDER + lines("1,2026-01-01,a@example.com,A,1,5.00", "2,2026-01-02,,A,1,5.00"), "purchase"
    )

    assert tried.record["unlinked"] == "skip"
    assert (tried.report.valid, tried.report.invalid, sum(tried.report.sources[0].skipped.values())) == (
        1,
        0,
        1,
    )


# ---------------------------------------------------------------------------------------- rows, words, constants


@pytest.mark.parametrize(
    ("name", "words", "skipped", "is_sure"),
    [
        ("Status", ["paid", "Cancelled", f"{MARK}"], ["cancelled"], True),
        ("Order Status", ["complete", "FAILED", "void"], ["failed", "void"], True),
        ("Bestellstatus", ["bezahlt", "storniert", "bezahlt"], ["storniert"], True),
        ("Statut", ["payée", "annulée", "payée"], ["annulée"], True),
        ("Payment status", ["paid", "pending", "paid"], ["pending"], True),
        ("Financial Status", ["paid", "refunded", "paid"], ["refunded"], False),
        ("Event Type", ["Payment", "Refund", "Payment"], ["refund"], True),
        ("Void?", ["false", "true", "false"], ["true"], True),
        ("Line: Type", ["Line Item", "Shipping Line", "Line Item"], ["shipping line"], True),
        # Of parcels, people and taxes; and words that all orders say.
        ("Fulfillment Status", ["pending", "fulfilled", "pending"], None, False),
        ("Address Status", ["pending", "confirmed", "pending"], None, False),
        ("Status", ["pending", "pending", "pending"], ["pending"], False),
        ("Type", [f"{MARK}", "other", f"{MARK}"], None, False),
    ],
)  # fmt: skip
def test_words_of_a_closed_list_leave_rows_out(
    tmp_path: Path, name: str, words: list[str], skipped: list[str] | None, is_sure: bool
) -> None:
    rows = [f"{n},2026-01-0{n},u{n}@example.com,A,1,5.00,{word}" for n, word in enumerate(words, 1)]

    tried = Tried(tmp_path, lines(f"Order ID,Date,Email,SKU,Qty,Line total,{name}", *rows), "purchase")

    said = [word for skip in tried.record.get("skip", ()) for word in skip["is"]]
    assert said == (skipped if skipped and is_sure else [])
    assert ("# [[records.skip]]" in tried.text) == (skipped is not None and not is_sure)
    assert tried.report.invalid == 0
    assert not says_a_value(tried.text, str(tried.done.as_json()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["subscribed", "unsubscribed"], "Status"),
        (["Subscribed", "Opted out"], {"column": "Status", "convert": [{"enum": {"opted out": "unsubscribed", "subscribed": "subscribed"}}]}),
        (["active", "unsubscribed"], None),
        (["yes", "no"], None),
        ([f"{MARK}", "subscribed"], None),
    ],
)  # fmt: skip
def test_consent_is_never_guessed(tmp_path: Path, words: list[str], said: Any) -> None:
    rows = [f"u{n}@example.com,2026-01-01T10:00:00Z,{word}" for n, word in enumerate(words)]

    tried = Tried(tmp_path, lines("Email,Created at,Status", *rows), "email_subscribe")

    assert tried.fields.get("status") == said
    assert tried.done.missing == (() if said else ("status",))
    assert len(tried.done.questions) == (0 if said else 1)
    assert (tried.report.valid, tried.report.invalid) == ((2, 0) if said else (0, 2))
    assert not says_a_value(tried.text)


@pytest.mark.parametrize(
    "name",
    [
        "Email Opt Out",
        "EMAIL_BLACKLISTED",
        "Accepts Marketing",
        "Unsubscribed from all email",
        "Newsletter",
        "Opted In",
        "Unsubscribed Mode",
        "Unsubscribed Time",
        "UNSUB_REASON",
    ],
)
def test_what_customers_agreed_or_objected_to_is_kept(tmp_path: Path, name: str) -> None:
    tried = Tried(
        tmp_path, lines(f"Email,{name},OPTIN_TIME", "a@example.com,true,2026-01-01"), "customer_record"
    )

    assert [column for field, column in tried.columns.items() if field.startswith("custom_fields.")] == [name]
    assert tried.report.valid == 1


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        ("Shipping method", "post", {"constant": "ecommerce"}),
        ("Till,Cashier", "3,Jo", {"constant": "physical"}),
        ("Order Type", "online", {"column": "Order Type", "convert": [{"enum": {"online": "ecommerce"}}]}),
        ("Channel,Register", "POS,1", {"column": "Channel", "convert": [{"enum": {"pos": "physical"}}]}),
        ("Channel", "somewhere", {"constant": "ecommerce"}),
    ],
)
def test_what_an_export_cannot_say_is_a_constant_with_a_comment(
    tmp_path: Path, header: str, cells: str, said: Any
) -> None:
    tried = Tried(
        tmp_path,
        lines(f"Order ID,Date,Email,Amount,{header}", f"1,2026-01-01,a@example.com,5,{cells}"),
        "purchase",
    )

    assert tried.fields["type"] == said
    assert "constant" not in said or "; write " in tried.text
    assert tried.report.valid == 1


def test_a_store_has_the_type_of_the_sale(tmp_path: Path) -> None:
    tried = Tried(
        tmp_path, lines("Order ID,Date,Email,Amount,Store", "1,2026-01-01,a@example.com,5,Hobart"), "purchase"
    )

    assert tried.fields["store.type"] == tried.fields["type"]
    assert tried.report.valid == 1


def test_names_of_articles_are_no_numbers_of_articles(tmp_path: Path) -> None:
    text = order("Item,Qty,Line total", "Mug,1,5.00", "Big cup,1,5.00", "Plate,1,6.00").replace(
        ",SKU,", ",Row,"
    )

    assert "products[].product_reference.id" not in Tried(tmp_path, text, "purchase").columns


def test_an_empty_table_still_makes_a_draft(tmp_path: Path) -> None:
    assert Tried(tmp_path, ORDER, "purchase").columns["purchase_id"] == "Order ID"


# ------------------------------------------------------------------------------------------------------ presets


@pytest.mark.parametrize(
    "preset", [one.name for one in mapping.presets() if not one.refuse and one.documents is None]
)
@pytest.mark.parametrize("has_all", [True, False])
def test_a_mapping_that_starts_from_a_preset_names_what_the_header_has(
    tmp_path: Path, preset: str, has_all: bool
) -> None:
    found = mapping.find(preset)
    known = list(
        dict.fromkeys(name.replace("#", "1") for record in found.records for name in record.columns())
    )
    names = [
        *(known if has_all else [one[0] for one in found.recognise.required] or known[:5]),
        "Shoe size",
        "Email Opt Out (own)",
    ]
    source = tmp_path / "export.csv"
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(names)
    source.write_text(line.getvalue(), "utf-8")

    done = propose_from(source, preset, tmp_path / "mine.toml")
    made = mapping.read(done.path)

    assert "Shoe size" in made.drop
    assert ("Email Opt Out (own)" in made.drop) != any(
        "Email Opt Out (own)" in record.columns() for record in made.records
    )
    assert not made.recognise.required
    if has_all:
        assert [
            len(record.fields) for record in made.records if record.specification != "profile_customer"
        ] == [len(record.fields) for record in found.records if record.specification != "profile_customer"]
        assert done.questions == ()
    assert "reads columns that this export has not" in done.path.read_text("utf-8").splitlines()[0]


def test_what_starts_from_a_preset_makes_the_same_records(tmp_path: Path) -> None:
    source = Path("samples/exports/shopify_orders/good_orders/orders_export_1.csv")

    done = propose_from(source, "shopify_orders", tmp_path / "mine.toml")

    mine = validate([source], None, Options(mapping=str(done.path)))
    preset = validate([source], None, Options(mapping="shopify_orders"))
    assert [(one.specification, one.valid, one.invalid) for one in mine.sources] == [
        (one.specification, one.valid, one.invalid) for one in preset.sources
    ]


def test_the_command_starts_from_a_preset(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,Amount,Amount Refunded,Currency,Status,Customer Email,Own\n", "utf-8")

    said = answer("map", "a.csv", "--from", "stripe_payments", cwd=tmp_path)

    assert (said["specification"], said["unmatched"]) == ("commerce_purchases", ["Own"])
    assert any("action_at" in question for question in said["questions"])
