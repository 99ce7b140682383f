"""Rows that a mapping leaves out, and fields that it leaves empty, make no record and no work."""

from pathlib import Path

import pytest
from lexer_pipeline.validating import validate

from tests.presets.exports import convert, write

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
