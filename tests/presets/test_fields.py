"""The settings of a mapping that presets are made of, each tried by a mapping of its own."""

from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file

from tests.presets.exports import Converted, convert, fixed, write

PURCHASE = """
specification = "commerce_purchases"
[records.fields]
purchase_id = "Order"
"link.email" = "Mail"
action_at = "When"
type = { constant = "ecommerce" }
"products[0].quantity" = { constant = 1 }
"products[0].price_paid" = "Paid"
"""
ROW = {"Order": "1", "Mail": "mira.holt@example.com", "When": "2024-03-06T10:15:00Z", "Paid": "5.00"}


def made_by(
    fields: str, *rows: dict[str, str], record: str = PURCHASE, header: tuple[str, ...] = ()
) -> Converted:
    Path("own.toml").write_text(f"columns_vary = true\n[[records]]\n{record}{fields}\n", "utf-8")
    columns = list(dict.fromkeys([*(name for row in rows for name in row), *header]))
    return convert(write("export.csv", columns, *rows), "own.toml")


def purchases(
    fields: str, *rows: dict[str, str], record: str = PURCHASE, header: tuple[str, ...] = ()
) -> Any:
    return made_by(fields, *rows, record=record, header=header).records("commerce_purchases")


def test_a_field_with_another_stands_only_where_that_does(folder: Path) -> None:
    fields = """
    "adjustments[0].price_adjustment" = { column = "Off", convert = [{ absent = "0" }] }
    "adjustments[0].reason" = { column = "Code", with = "adjustments[0].price_adjustment" }
    """

    first, second = purchases(
        fields, {**ROW, "Off": "-2", "Code": "A"}, {**ROW, "Order": "2", "Off": "0", "Code": "B"}
    )

    assert [{"price_adjustment": -2, "reason": "A"}] == first["adjustments"]
    assert "adjustments" not in second


def test_a_field_unless_others_stand_is_not_even_converted_where_they_do(folder: Path) -> None:
    fields = '"link.mobile" = { column = "Phone", convert = ["phone"], unless = "link.email" }'
    rows = {**ROW, "Phone": "no phone"}, {**ROW, "Order": "2", "Mail": "", "Phone": "+61 491 570 156"}

    links = [one["link"] for one in purchases(fields, *rows)]

    assert [{"email": "mira.holt@example.com"}, {"mobile": "61491570156"}] == links


@pytest.mark.parametrize("header", [(), ("Way",)])
def test_a_default_stands_where_the_column_is_empty_or_missing(header: tuple[str, ...], folder: Path) -> None:
    record = PURCHASE.replace('{ constant = "ecommerce" }', '{ column = "Way", default = "physical" }')

    (one,) = purchases("", ROW, record=record, header=header)

    assert "physical" == one["type"]


def test_a_default_does_not_contradict_what_another_row_of_the_record_says(folder: Path) -> None:
    record = PURCHASE.replace('{ constant = "ecommerce" }', '{ column = "Way", default = "physical" }')
    record = record.replace("products[0]", "products[]").replace(
        "[records.fields]", 'key = "Order"\n[records.fields]'
    )

    (one,) = purchases("", {**ROW, "Way": "ecommerce"}, {"Order": "1", "Paid": "6"}, record=record)

    assert ("ecommerce", 2) == (one["type"], len(one["products"]))


def test_the_first_filled_of_several_columns_is_taken(folder: Path) -> None:
    fields = '"custom_fields.at" = { first = ["Left", "Missing", "Came"] }'
    rows = {**ROW, "Came": "c", "Left": "l"}, {**ROW, "Order": "2", "Came": "c"}, {**ROW, "Order": "3"}

    found = [one.get("custom_fields") for one in purchases(fields, *rows)]

    assert [{"at": "l"}, {"at": "c"}, None] == found


def test_a_field_made_of_fields_sees_them_converted(folder: Path) -> None:
    record = PURCHASE.replace(
        '"products[0].quantity" = { constant = 1 }', '"products[0].quantity" = "Pieces"'
    )
    record = record.replace(
        '"products[0].price_paid" = "Paid"',
        '"products[0].full_price" = { column = "Paid", convert = ["money"] }\n'
        '"products[0].price_paid" = { fields = ["products[0].quantity", "products[0].full_price"], '
        'convert = ["line-total"] }',
    )

    (one,) = purchases("", {**ROW, "Pieces": "3", "Paid": "€ 1.234,50"}, record=record)

    assert {"quantity": 3, "full_price": 1234.50, "price_paid": 3703.50} == one["products"][0]


def test_a_constant_goes_with_the_other_fields_of_its_object(folder: Path) -> None:
    fields = '"store.name" = "Shop"\n"store.type" = { constant = "outlet" }'

    first, second = purchases(fields, {**ROW, "Shop": "Harbour"}, {**ROW, "Order": "2"})
    (third,) = purchases(fields, ROW)

    assert {"name": "Harbour", "type": "outlet"} == first["store"]
    assert "store" not in second
    assert "store" not in third


def test_the_items_of_a_numbered_list_close_up_over_empty_and_missing_columns(folder: Path) -> None:
    fields = "\n".join(
        f'"adjustments[{at}].price_adjustment" = "{name}"'
        for at, name in enumerate(("Missing", "Off", "Post"))
    )

    (one,) = purchases(fields, {**ROW, "Off": "", "Post": "9"})

    assert [{"price_adjustment": 9}] == one["adjustments"]


def test_a_skip_whose_column_is_missing_takes_it_for_empty(folder: Path) -> None:
    record = PURCHASE.replace(
        "[records.fields]",
        '[[records.skip]]\ncolumn = "Missing"\nis = ["void"]\nreason = "why"\n[records.fields]',
    )

    kept = made_by("", ROW, record=record)
    left = made_by("", ROW, record=record.replace("is =", "is_not ="))

    assert 1 == kept.batches["commerce_purchases"].manifest.records
    assert not left.batches


CHANNEL = """
[[records.skip]]
column = "Way"
starts = ["whatsapp:", "sip:"]
reason = "another channel"
[records.fields]"""


def test_a_skip_may_ask_for_what_a_cell_begins_with_in_any_case(folder: Path) -> None:
    ways = [
        "+61491570156",
        "whatsapp:+61491570156",
        "WhatsApp:1",
        " sip:2 ",
        "Whatsapp",
        "sip",
        "\u017fip:3",
        "",
    ]
    rows = [{**ROW, "Order": str(number), "Way": way} for number, way in enumerate(ways, 1)]

    made = made_by("", *rows, record=PURCHASE.replace("[records.fields]", CHANNEL))

    assert ["1", "5", "6", "8"] == [one["purchase_id"] for one in made.records("commerce_purchases")]
    assert {"another channel": 4} == dict(made.batches["commerce_purchases"].manifest.skipped)


def test_of_several_skips_of_one_column_each_asks_for_its_own(folder: Path) -> None:
    further = CHANNEL.replace(
        "[records.fields]",
        '[[records.skip]]\ncolumn = "Way"\nis = ["sip:", "none"]\nreason = "none"\n[records.fields]',
    )
    ways = ["none", "nonesuch", "sip:", "x", "whatsapp:"]
    rows = [{**ROW, "Order": str(number), "Way": way} for number, way in enumerate(ways, 1)]

    made = made_by("", *rows, record=PURCHASE.replace("[records.fields]", further))

    assert ["2", "4"] == [one["purchase_id"] for one in made.records("commerce_purchases")]
    assert {"another channel": 2, "none": 1} == dict(made.batches["commerce_purchases"].manifest.skipped)


CUSTOMER = """
specification = "profile_customer"
key = "Mail"
differ = "first"
together = ["address_1", "address_2", "city"]
[[records.skip]]
column = "Mail"
empty = true
reason = "nobody"
[records.fields]
"link.email" = "Mail"
first_name = "First"
address_1 = "Street"
address_2 = "Flat"
city = "City"
"""
M, T = "mira.holt@example.com", "teo.brandt@example.com"


def test_rows_of_one_key_make_one_record_with_the_first_that_says_something(folder: Path) -> None:
    rows = {"Mail": M}, {"Mail": T, "First": "Teo"}, {"Mail": M, "First": "Mira"}, {"Mail": M, "First": "M."}

    made = made_by("", *rows, record=CUSTOMER)

    assert [(M, "Mira"), (T, "Teo")] == [
        (one["link"]["email"], one["first_name"]) for one in made.records("profile_customer")
    ]
    assert 2 == made.batches["profile_customer"].manifest.continuations


def test_fields_that_go_together_come_from_one_row(folder: Path) -> None:
    rows = (
        {"Mail": M},
        {"Mail": M, "Street": "1 Elm Street", "City": "Perth"},
        {"Mail": M, "Flat": "4", "City": "Hobart"},
    )

    (one,) = made_by("", *rows, record=CUSTOMER).records("profile_customer")

    assert {"link": {"email": M}, "address_1": "1 Elm Street", "city": "Perth"} == one


def test_a_row_left_out_for_its_key_says_nothing_of_the_record_before_it(folder: Path) -> None:
    rows = {"Mail": M}, {"Mail": "", "First": "Someone else"}, {"Mail": M, "City": "Perth"}

    made = made_by("", *rows, record=CUSTOMER)

    assert [{"link": {"email": M}, "city": "Perth"}] == made.records("profile_customer")
    assert {"nobody": 1} == made.batches["profile_customer"].manifest.skipped


def test_carried_cells_are_told_by_the_row_before_of_the_same_key_alone(folder: Path) -> None:
    record = """
    specification = "commerce_products"
    key = "Handle"
    carry = ["Title"]
    [records.fields]
    product_id = "Number"
    name = "Title"
    """
    rows = (
        {"Handle": "a", "Number": "1", "Title": "Mug"}, {"Handle": "a", "Number": "2"},
        {"Handle": "b", "Number": "3"}, {"Handle": "c", "Number": "4", "Title": "Jug"}, {"Handle": "a", "Number": "5"},
    )  # fmt: skip

    made = made_by("", *rows, record=record)

    names = {one["product_id"]: one.get("name") for one in made.records("commerce_products")}
    assert {"1": "Mug", "2": "Mug", "3": None, "4": "Jug", "5": "Mug"} == names
    assert 0 == made.batches["commerce_products"].manifest.continuations


@pytest.mark.parametrize("kept", ['carry = ["Title"]', 'differ = "first"'])
def test_a_row_that_goes_on_with_one_that_cannot_be_read_is_rejected_with_it(kept: str, folder: Path) -> None:
    Path("own.toml").write_text(
        f"""[[records]]
    specification = "commerce_products"
    key = "Handle"
    {kept}
    [[records.skip]]
    column = "Number"
    is = ["0"]
    own = true
    reason = "none"
    [records.fields]
    product_id = "Number"
    name = {{ column = "Title", convert = ["lower"] }}
    """,
        "utf-8",
    )
    file = Path("export.csv")
    file.write_bytes(b"Handle,Number,Title\na,0,\xff\na,2,\nb,3,Jug\n")

    made = convert(file, "own.toml")

    assert [one["product_id"] for one in made.records("commerce_products")] == ["3"]
    assert made.batches["commerce_products"].manifest.issues == {"encoding": 2 if "carry" in kept else 1}


def test_columns_that_another_record_of_the_mapping_uses_are_not_called_left_out(folder: Path) -> None:
    text = PURCHASE + f"[[records]]{CUSTOMER}"
    Path("own.toml").write_text(f"[[records]]{text}", "utf-8")
    row = {**ROW, "First": "Mira", "Street": "", "Flat": "", "City": ""}

    made = convert(write("export.csv", list(row), row), "own.toml")

    assert {"commerce_purchases", "profile_customer"} == set(made.batches)


@pytest.mark.parametrize(
    ("setting", "header", "is_made"),
    [
        ('needs = "Left At"', ["left_at"], True), ('needs = ["Gone", "Left"]', ["Left"], True), ('needs = "Left"', [], False),
        ('lacks = "Left"', ["LEFT"], False), ('lacks = "Left"', [], True),
    ],
)  # fmt: skip
def test_a_record_depends_on_columns_that_it_needs_or_lacks(
    setting: str, header: list[str], is_made: bool, folder: Path
) -> None:
    text = PURCHASE.replace("[records.fields]", f"{setting}\n[records.fields]")
    Path("own.toml").write_text(f"columns_vary = true\n[[records]]{text}[[records]]{CUSTOMER}", "utf-8")

    made = convert(write("export.csv", [*ROW, *header], ROW), "own.toml")

    assert ("commerce_purchases" in made.batches) == is_made
    assert "profile_customer" in made.batches


def test_an_export_of_which_no_record_is_made_is_refused_with_the_column(folder: Path) -> None:
    text = PURCHASE.replace("[records.fields]", 'needs = "Left At"\n[records.fields]')
    Path("own.toml").write_text(f"[[records]]{text}", "utf-8")

    with pytest.raises(
        UsageError, match="no commerce_purchases is made of such an export, since it has no column Left At"
    ):
        convert(write("export.csv", list(ROW), ROW), "own.toml")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('"link.mobile" = { column = "P", unless = "link.emali" }', "link.mobile names link.emali"),
        ('a = { column = "A", with = "b" }\nb = { column = "B", with = "a" }', "leans on itself"),
        ('a = { column = "A", wiht = "b" }', "there is no setting wiht"),
        ('a = { column = "A", first = ["B"] }', "needs exactly one of"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_told_with_its_line(fields: str, message: str, folder: Path) -> None:
    Path("own.toml").write_text(f"[[records]]{PURCHASE}{fields}\n", "utf-8")

    with pytest.raises(UsageError) as caught:
        file.read(Path("own.toml"))

    assert message in caught.value.message
    assert "own.toml: line " in caught.value.message


def test_the_rejects_of_a_mapping_that_names_every_column_are_fixed(folder: Path) -> None:
    Path("own.toml").write_text(f"[[records]]{PURCHASE}", "utf-8")
    made = convert(write("export.csv", list(ROW), {**ROW, "Paid": "free"}, {**ROW, "Order": "2"}), "own.toml")
    rejects = made.batches["commerce_purchases"].path / "rejects.csv"

    rejects.write_text(rejects.read_text("utf-8").replace("free", "5.00"), "utf-8")
    (one,) = fixed(rejects.parent).records("commerce_purchases")

    assert "1" == one["purchase_id"]
