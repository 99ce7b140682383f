"""Rows that a mapping leaves out, and fields that it leaves empty, make no record and no work."""

from pathlib import Path

import pytest
from lexer_pipeline.validating import validate

from tests.presets.exports import convert, fixed, write
from tests.presets.headers import HEADERS

MAP = """
[[records]]
specification = "commerce_purchases"
[[records.skip]]
column = "Status"
is = ["void"]
reason = "a void receipt is no purchase"
[records.fields]
purchase_id = "Receipt"
"link.email" = "Email"
action_at = "At"
type = { constant = "ecommerce" }
"products[0].quantity" = { constant = "1" }
"products[0].price_paid" = "Paid"
"adjustments[0].price_adjustment" = { column = "Discount", convert = [{ absent = "0" }] }
"adjustments[0].reason" = { constant = "Discount" }
"adjustments[1].price_adjustment" = "Shipping"
"adjustments[1].reason" = { constant = "Shipping" }
"""
HEADER = ("Receipt", "Status", "Email", "At", "Paid", "Discount", "Shipping")
ROW = {
    "Receipt": "1", "Email": "mira@example.com", "At": "2024-03-06T10:15:00Z", "Paid": "5", "Discount": "0",
    "Shipping": "4.90",
}  # fmt: skip


@pytest.mark.parametrize(
    "order", ["void, blank", "good, void, blank, good", "void, good, blank", "blank, void, blank"]
)
def test_a_blank_row_behind_one_that_is_left_out_makes_no_record(folder: Path, order: str) -> None:
    rows = {"void": {**ROW, "Status": "VOID"}, "good": ROW, "blank": {}}
    Path("till.toml").write_text(MAP)
    source = write("till.csv", HEADER, ROW, *(rows[word] for word in order.split(", ")))

    made = convert(source, "till.toml").batches["commerce_purchases"].manifest

    assert made.records == order.count("good") + 1
    assert (made.rejected, made.blank) == (0, order.count("blank"))
    assert made.skipped == {"a void receipt is no purchase": 1}


SUMS = MAP.replace("products[0]", "products[]").replace(
    'reason = "a void receipt is no purchase"', 'own = true\nwhole = true\nreason = "the sum of an order"'
)


@pytest.mark.parametrize("differs", ["", 'differ = "first"\n'])
def test_the_sum_of_an_order_goes_before_what_its_lines_say_of_it(folder: Path, differs: str) -> None:
    named = 'specification = "commerce_purchases"\n'
    Path("till.toml").write_text(SUMS.replace(named, named + differs))
    total = {**ROW, "Status": "void", "Paid": "9", "Shipping": "4.90"}
    rows = [
        total,
        {**ROW, "Shipping": "1.20" if differs else ""},
        {**ROW, "Paid": "4", "Shipping": ""},
        {**ROW, "Receipt": "2"},
    ]
    first, second = convert(write("till.csv", HEADER, *rows), "till.toml").records("commerce_purchases")

    assert first["adjustments"] == [{"price_adjustment": 4.9, "reason": "Shipping"}]
    assert [line["price_paid"] for line in first["products"]] == [5, 4]
    assert second["purchase_id"] == "2"


def test_a_row_that_took_the_sum_of_its_order_is_mended_with_it(folder: Path) -> None:
    named = 'specification = "commerce_purchases"\n'
    Path("till.toml").write_text(SUMS.replace(named, named + 'differ = "first"\n'))
    total = {**ROW, "Status": "void", "Paid": "9", "Shipping": "4.90"}
    made = convert(write("till.csv", HEADER, total, {**ROW, "Paid": "five", "Shipping": "1.20"}), "till.toml")

    rejects = made.batches["commerce_purchases"].path / "rejects.csv"
    rejects.write_text(rejects.read_text().replace("five", "5"))

    (record,) = fixed(made.batches["commerce_purchases"].path).records("commerce_purchases")
    assert record["adjustments"] == [{"price_adjustment": 4.9, "reason": "Shipping"}]


@pytest.mark.parametrize(("optional", "records"), [("optional = true\n", 1), ("", 0)])
def test_a_skip_may_ask_only_exports_that_have_its_column(folder: Path, optional: str, records: int) -> None:
    asked = 'column = "Paid on"\nempty = true\n' + optional
    Path("till.toml").write_text(
        "columns_vary = true\n" + MAP.replace('column = "Status"\nis = ["void"]\n', asked)
    )

    made = convert(write("till.csv", HEADER, ROW), "till.toml")

    assert [batch.manifest.records for batch in made.batches.values()] == [1] * records


def test_a_first_row_that_is_left_out_leaves_the_record_to_the_next(folder: Path) -> None:
    Path("till.toml").write_text(MAP.replace("products[0]", "products[]"))
    rows = ({**ROW, "Status": "void"}, {}, {**ROW, "Status": "paid"}, {**ROW, "Receipt": "2"})
    made = convert(write("till.csv", HEADER, *rows), "till.toml")

    assert [record["purchase_id"] for record in made.records("commerce_purchases")] == ["1", "2"]
    assert made.batches["commerce_purchases"].manifest.conversions == {"made_absent": 2}


def test_a_gap_in_a_numbered_list_needs_no_twin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def judged(*_: object) -> None:
        raise AssertionError("a record was judged by the reference")

    monkeypatch.setattr(validate, "_judge", judged)
    Path("till.toml").write_text(MAP)
    (record,) = convert(write("till.csv", HEADER, ROW), "till.toml").records("commerce_purchases")

    assert record["adjustments"] == [{"price_adjustment": 4.90, "reason": "Shipping"}]


PAYMENT = {
    "id": "ch_3AAA", "Created (UTC)": "2024-03-01 10:10", "Amount": "10.00", "Currency": "aud", "Captured": "true", "Status": "Paid",
    "Customer Email": "mira.holt@example.com",
}  # fmt: skip
CALLED_OFF, UNFINISHED, NO_MONEY, FAILED = (
    "a canceled payment is no purchase", "a payment that is not finished is no purchase; export it again when it is",
    "a payment that was authorized but not captured took no money", "a payment that failed or was blocked is no purchase",
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        *(
            ({"Status": word}, "")
            for word in ("Paid", "Refunded", "Partially refunded", "Partial Refund", "Refund pending", "Disputed", "Lost", "Early fraud warning")
        ),
        ({"Status": "Failed"}, FAILED), ({"Status": "Blocked"}, FAILED), ({"Status": "canceled"}, CALLED_OFF),
        ({"Status": "Pending"}, UNFINISHED), ({"Status": "requires_payment_method"}, UNFINISHED), ({"Status": "Uncaptured"}, UNFINISHED),
        ({"Captured": "false"}, NO_MONEY), ({"Captured": ""}, ""),
    ],
)  # fmt: skip
def test_a_payment_of_stripe_is_left_out_for_a_reason_that_is_true_of_it(
    folder: Path, said: dict[str, str], reason: str
) -> None:
    header = (*HEADERS["stripe_payments"][0], "Customer Phone")
    made = convert(write("pay.csv", header, {**PAYMENT, "id": "ch_0"}, {**PAYMENT, **said}))

    manifest = made.batches["commerce_purchases"].manifest
    assert manifest.skipped == ({reason: 1} if reason else {})
    assert (manifest.records, manifest.rejected) == (1 if reason else 2, 0)


@pytest.mark.parametrize("status", ["", "Wonky"])
def test_a_payment_of_stripe_whose_status_says_nothing_is_an_issue(folder: Path, status: str) -> None:
    made = convert(
        write(
            "pay.csv", HEADERS["stripe_payments"][0], {**PAYMENT, "id": "ch_0"}, {**PAYMENT, "Status": status}
        )
    )

    (issue,) = made.issues("commerce_purchases")
    assert (issue["column"], issue["line"]) == ("Status", 3)
    assert made.batches["commerce_purchases"].manifest.skipped == {}


def test_who_paid_with_stripe_is_known_by_phone_where_nothing_else_is_said(folder: Path) -> None:
    header, phone = (*HEADERS["stripe_payments"][0], "Customer Phone"), {"Customer Phone": "+61 412 555 001"}
    rows = ({**phone, "Customer Email": ""}, phone, {**phone, "Customer Email": "", "Customer ID": "cus_1"})
    made = convert(
        write("pay.csv", header, *({**PAYMENT, "id": f"ch_{at}", **row} for at, row in enumerate(rows)))
    )

    assert [one["link"] for one in made.records("commerce_purchases")] == [
        {"mobile": "61412555001"}, {"email": "mira.holt@example.com"}, {"customer_id": "cus_1"},
    ]  # fmt: skip


ORDER = {
    "Name": "#1001", "Email": "mira.holt@example.com", "Financial Status": "paid", "Currency": "AUD", "Subtotal": "25.00", "Total": "25.00",
    "Created at": "2024-03-06 10:15:00 +1100", "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "25.00", "Lineitem sku": "M1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kept"),
    [
        ("Paid", "paid"), ("partially_paid", "partially_paid"), ("Partially paid", "partially_paid"), ("refunded", "refunded"),
        ("partially refunded", "partially_refunded"), ("authorized", "authorized"), ("cancelled", None), ("unpaid", None),
    ],
)  # fmt: skip
def test_an_order_of_shopify_of_a_status_that_nobody_knows_is_an_issue(
    folder: Path, status: str, kept: str | None
) -> None:
    rows = (ORDER, {**ORDER, "Name": "#1002", "Financial Status": status})
    made = convert(write("orders.csv", HEADERS["shopify_orders"][0], *rows))

    found = [one["custom_fields"]["financial_status"] for one in made.records("commerce_purchases")]
    assert found == ["paid", *([kept] if kept else [])]
    columns = [] if kept else [issue["column"] for issue in made.issues("commerce_purchases")]
    assert columns == ([] if kept else ["Financial Status"])
