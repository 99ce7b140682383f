"""A frame of Spark comes to what its rows come to on one machine."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from msgspec.structs import replace

from tests.prepare.test_left_out_elsewhere import PARTED
from tests.running import ROOT
from tests.spark.compared import NOON, outcome

pytestmark = pytest.mark.spark


@pytest.fixture(autouse=True)
def _few_rows_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("lexer_pipeline.spark.frames"), "EACH", 90)


def frame_of(session: Any, names: Sequence[str], rows: Sequence[Sequence[Any]], parts: int = 5) -> Any:
    """Rows of texts, in so many parts."""
    kinds = ", ".join(f"`{name}` string" for name in names)
    return session.createDataFrame(session.sparkContext.parallelize(rows, parts), kinds)


def both(frame: Any, folder: Path, options: Options, spec: str | None = None) -> Report | None:
    """Prepare a frame here and there, and compare all but the order of the records; None where it was refused."""
    on_spark = import_module("lexer_pipeline.spark").prepare
    try:
        alone = prepare([frame.toArrow()], spec, folder / "alone", options, NOON)
    except PipelineError as expected:
        with pytest.raises(type(expected)) as refused:
            on_spark(frame, spec, folder / "spark", options, NOON)
        assert (refused.value.message, refused.value.hint) == (expected.message, expected.hint)
        return None
    found: Report = on_spark(frame, spec, folder / "spark", options, NOON)
    assert in_any_order(found) == in_any_order(alone)
    return found


def in_any_order(report: Report) -> dict[str, Any]:
    """What a run came to, with lines in the order of their texts; a frame has no checksum that does not depend on its parts."""
    said = outcome(report)
    for delivery in said["deliveries"].values():
        lines = delivery["ndjson"].splitlines()
        origins = delivery.pop("origins")
        assert len(origins) == len(lines)
        delivery["ndjson"] = sorted(zip(lines, origins, strict=True))
        delivery["issues"] = sorted(delivery["issues"].splitlines())
        delivery["rejects"] = {name: sorted(one.splitlines()) for name, one in delivery["rejects"].items()}
        delivery["sources"] = [replace(one, sha256="", bytes=0) for one in delivery["sources"]]
    said["sources"] = [
        replace(one, examples=sorted(one.examples, key=lambda issue: (issue.line, issue.path)))
        for one in said["sources"]
    ]
    return said


HEAD = (
    "purchase_id",
    "link.email",
    "action_at",
    "type",
    "products[].price_paid",
    "products.quantity",
    "custom_fields.note",
)


def test_order_lines_all_over_a_frame(session: Any, tmp_path: Path) -> None:
    rows: list[tuple[str | None, ...]] = []
    for number in range(400):
        order = number * 7 % 150
        mail = f"mira{order}@example.com" if order % 9 else "nobody"
        note = "two\nlines" if number % 6 == 0 else None
        rows.append((f"A-{order}", mail, "2024-03-06T10:15:00Z", "ecommerce", str(number % 5), "1", note))
        rows += [(None, None, None, None, "3", "1", None)] * (number % 10 == 0)
        rows += [(None,) * 7] * (number % 50 == 0)

    report = both(frame_of(session, HEAD, rows), tmp_path, Options(max_invalid=1.0), "purchase")

    assert report is not None
    assert report.invalid > 10


def test_rows_without_a_key_at_the_beginning_of_a_part_go_on_with_the_part_before(
    session: Any, tmp_path: Path
) -> None:
    first = ("A-1", "mira@example.com", "2024-03-06T10:15:00Z", "ecommerce", "1", "1", None)
    further = (None, None, None, None, "3", "1", None)

    report = both(frame_of(session, HEAD, [first, *[further] * 5], 3), tmp_path, Options(), "purchase")

    assert report is not None
    assert report.valid == 1


def test_customers_of_a_frame_and_links_that_several_share(session: Any, tmp_path: Path) -> None:
    rows = [
        (
            f"C-{number % 90 if number % 11 else 0}", f"Mira{number}", "Lind", f"m{number}@example.com" if number % 13 else "none"
        )
        for number in range(300)
    ]  # fmt: skip
    names = ("link.customer_id", "first_name", "last_name", "email")

    report = both(frame_of(session, names, rows), tmp_path, Options(max_invalid=1.0), "customer_record")

    assert report is not None
    assert "shared_link" in report.verdicts[0].codes


TILL = """title = "Till"
[[records]]
specification = "commerce_purchases"
key = "No"
[[records.skip]]
column = "State"
is = ["voided"]
reason = "a voided order is no purchase"
[records.fields]
purchase_id = { column = "No", convert = ["trim", "id"] }
"link.email" = { column = "Mail", convert = ["email"] }
action_at = { column = "When", convert = ["date"] }
type = { constant = "physical" }
"products[].product_reference.id" = "Sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = { constant = "1" }
"products[].price_paid" = { column = "Price", convert = ["money"] }
"""


@pytest.mark.parametrize("day", ["13/04/2024", "04/13/2024", "05/04/2024"])
def test_what_the_rows_of_one_part_tell_of_a_column_holds_for_all_parts(
    session: Any, tmp_path: Path, day: str
) -> None:
    (tmp_path / "till.toml").write_text(TILL)
    rows = [
        (
            f" A-{number * 7 % 80}", f"m{number * 7 % 80}@example.com", day if number == 150 else f"0{number * 7 % 80 % 9 + 1}/03/2024", f"P-{number}", "1.234,50",
            "voided" if number % 17 == 0 else "paid",
        )
        for number in range(240)
    ]  # fmt: skip
    options = Options(mapping=str(tmp_path / "till.toml"), max_invalid=1.0)

    report = both(frame_of(session, ("No", "Mail", "When", "Sku", "Price", "State"), rows), tmp_path, options)

    assert (report is None) is (day == "05/04/2024")


def test_prices_that_are_something_else_are_told_of_the_whole_frame(session: Any, tmp_path: Path) -> None:
    rows = [
        (f"A-{number // 2}", f"m{number // 2}@example.com", "2024-03-06T10:15:00Z", "ecommerce", str(20 + number // 2 % 7), "1", f"n{number}")
        for number in range(200)
    ]  # fmt: skip
    names = (*HEAD[:-1], "products[].product_reference.id")

    report = both(frame_of(session, names, rows), tmp_path, Options(max_invalid=1.0), "purchase")

    assert report is not None


def test_two_kinds_of_records_of_one_frame(session: Any, tmp_path: Path) -> None:
    (tmp_path / "till.toml").write_text(PARTED)
    rows = [
        (f"A-{number % 9}", f"m{number % 9}@example.com", f"P-{number}", "5", "voided" if number % 4 == 0 else "paid", ("shop", "till")[number % 2])
        for number in range(40)
    ]  # fmt: skip
    options = Options(mapping=str(tmp_path / "till.toml"), max_invalid=1.0)

    both(frame_of(session, ("No", "Mail", "Sku", "Price", "State", "Where"), rows), tmp_path, options)


def test_a_preset_that_makes_two_specifications(session: Any, tmp_path: Path) -> None:
    frame = session.read.csv(
        str(ROOT / "samples/exports/shopify_orders/good_orders/orders_export_1.csv"), header=True, multiLine=True, escape='"'
    )  # fmt: skip

    report = both(frame.repartition(3), tmp_path, Options())

    assert report is not None
    assert len(report.batches) > 1


def test_rows_with_nested_columns_are_documents(session: Any, tmp_path: Path) -> None:
    rows = [
        (f"A-{number % 30}", {"email": f"m{number}@example.com"}, "2024-03-06T10:15:00Z", "ecommerce", [{"price_paid": float(number), "quantity": 1}])
        for number in range(40)
    ]  # fmt: skip
    kinds = "purchase_id string, link struct<email: string>, action_at string, type string, products array<struct<price_paid: double, quantity: int>>"
    frame = session.createDataFrame(session.sparkContext.parallelize(rows, 4), kinds)

    report = both(frame, tmp_path, Options(), "purchase")

    assert report is not None
    assert report.verdicts[0].codes == ("key_repeated",)


def test_a_frame_without_rows(session: Any, tmp_path: Path) -> None:
    both(frame_of(session, HEAD, [], 2), tmp_path, Options(), "purchase")
