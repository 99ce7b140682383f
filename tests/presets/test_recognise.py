"""Each known header, in each variant, is recognised as one preset, and no other header as that."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.header import is_named, named_columns
from lexer_pipeline.mapping.recognition import recognise
from lexer_pipeline.mapping.rules import Mapping
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.specs.names import normalised

from tests.presets.exports import DOCUMENTS, TABLES, convert, write
from tests.presets.headers import HEADERS
from tests.presets.other_headers import UNKNOWN

HUBSPOT = ("Record ID", "First Name", "Last Name", "Email", "Create Date")
VARIANTS = [(preset, number) for preset, headers in HEADERS.items() for number in range(len(headers))]


def called(preset: Mapping | None) -> str | None:
    return preset.name if preset is not None else None


@pytest.mark.parametrize(("preset", "number"), VARIANTS)
def test_a_known_header_is_recognised_as_one_preset(preset: str, number: int) -> None:
    header = HEADERS[preset][number]

    assert called(recognise(header).sure) == preset


@pytest.mark.parametrize(("preset", "number"), VARIANTS)
def test_order_case_spaces_and_punctuation_of_a_header_make_no_difference(preset: str, number: int) -> None:
    header = [name.upper().replace(" ", "_") + " " for name in reversed(HEADERS[preset][number])]

    assert called(recognise(header).sure) == preset


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_header_of_a_platform_without_a_preset_is_none(name: str) -> None:
    assert recognise(UNKNOWN[name]).fitting == ()


@pytest.mark.parametrize(("preset", "number"), VARIANTS)
def test_a_header_without_one_telling_column_is_not_taken_for_another_preset(
    preset: str, number: int
) -> None:
    header = HEADERS[preset][number]
    for names in file.find(preset).recognise.required:
        telling = {normalised(name) for name in names}
        fewer = [name for name in header if normalised(name) not in telling]

        # The export of orders may hold both layouts.
        assert called(recognise(fewer).sure) in (None, preset, "woocommerce_orders_packed")


ORDER = ["Order Number", "Currency", "Quantity", "Item Price"]


@pytest.mark.parametrize("preset", [name for name in TABLES if not file.find(name).refuse])
def test_telling_columns_beside_foreign_money_are_a_doubt(preset: str) -> None:
    one = file.find(preset)
    named = named_columns(one)
    header = [names[0] for names in one.recognise.required]
    foreign = [
        name
        for name in [*ORDER, "Total", "Grand Total", "Invoice Number", "Net Sales"]
        if not is_named(name, named)
    ]

    found = recognise([*header, *foreign])

    assert found.sure is None
    assert preset in [fit.mapping.name for fit in found.fitting]


def test_a_doubt_is_told_with_the_columns_and_the_flag_that_ends_it(folder: Path) -> None:
    source = write("contacts.csv", [*HUBSPOT, *ORDER], {"Email": "mira.holt@example.com"})

    with pytest.raises(UsageError) as caught:
        convert(source)

    assert caught.value.exit_code == 2
    assert (
        f"may be hubspot_contacts, but that does not know the columns {', '.join(ORDER)}"
        in caught.value.message
    )
    assert "--map hubspot_contacts" in caught.value.hint
    assert convert(source, "hubspot_contacts").batches


@pytest.mark.parametrize(
    "extra",
    [("Shoe Size", "Newsletter", "NPS"), ("Gender", "Total"), ("Currency", "Billing City", "Language")],
)
def test_own_columns_beside_those_that_a_preset_knows_are_no_doubt(extra: tuple[str, ...]) -> None:
    assert called(recognise([*HEADERS["klaviyo_profiles"][0], *extra]).sure) == "klaviyo_profiles"


ZOHO = ("Record Id", "First Name", "Last Name", "Email")


@pytest.mark.parametrize(
    "chosen",
    [
        ("Email Opt Out",),
        ("Account Name", "Mailing City"),
        ("Mailing Street", "Mailing City", "Mailing Country"),
        ("Contact Owner.id",),
    ],
)
def test_contacts_of_zoho_are_known_by_any_columns_that_were_chosen(chosen: tuple[str, ...]) -> None:
    assert called(recognise([*ZOHO, "Contact Owner", "Phone", *chosen]).sure) == "zoho_contacts"


def test_columns_that_zoho_and_hubspot_have_alike_are_taken_for_neither() -> None:
    assert recognise([*ZOHO, "Contact Owner", "Mobile"]).fitting == ()


def test_leads_of_zoho_are_no_contacts() -> None:
    leads = [
        *ZOHO,
        "Lead Owner",
        "Company",
        "Lead Status",
        "Street",
        "City",
        "State",
        "Zip Code",
        "Country",
        "Email Opt Out",
    ]

    assert recognise(leads).fitting == ()


@pytest.mark.parametrize("preset", [*TABLES, *DOCUMENTS])
def test_the_comment_of_a_preset_says_where_its_header_was_seen(preset: str) -> None:
    comment = file.find(preset).text.partition("title =")[0]

    assert re.search(r"\b(seen|pages?|documentation|reference|manual|guide|description|code)\b", comment)


def test_every_preset_for_tables_has_a_header_here() -> None:
    assert set(TABLES) == set(HEADERS)


def test_a_header_that_no_preset_knows_is_told_with_the_commands_that_go_on(folder: Path) -> None:
    source = write("my export.csv", ["When", "What"], {"When": "now"})

    with pytest.raises(UsageError) as caught:
        convert(source)

    assert "looks like none of the presets" in caught.value.message
    assert "lexer-pipeline inspect 'my export.csv'" in caught.value.hint
    assert "lexer-pipeline map 'my export.csv' --spec SPEC" in caught.value.hint
    assert not [preset for preset in HEADERS if preset in caught.value.hint]


def test_the_nearest_preset_is_named_with_what_it_lacks_and_works_if_it_is_asked_for(folder: Path) -> None:
    row = {
        "id": "ch_1",
        "Created date (UTC)": "2026-06-05 20:38:34",
        "Amount": "25.00",
        "Status": "Paid",
        "Customer Email": "mira.holt@example.com",
    }
    source = write("unified_payments.csv", [*row, "Captured", "Fee", "Invoice ID", "Transfer"], row)

    with pytest.raises(UsageError) as caught:
        convert(source)

    assert "nearest: stripe_payments; lacks Currency; try --map stripe_payments." in caught.value.hint
    assert len(convert(source, "stripe_payments").records("commerce_purchases")) == 1


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            [name for name in HEADERS["shopify_orders"][0] if name != "Name"],
            "nearest: shopify_orders; lacks Name.",
        ),
        (
            [*HEADERS["hubspot_contacts"][1], "Lead Owner"],
            "nearest: hubspot_contacts; has Lead Owner, which such an export never has.",
        ),
    ],
)
def test_a_nearest_preset_that_would_not_do_is_not_advised(
    header: Sequence[str], said: str, folder: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        convert(write("export.csv", header, {}))

    assert said in caught.value.hint
    assert "--map" not in caught.value.hint


@pytest.mark.parametrize("name", ["book_loans"])
def test_an_export_with_hardly_a_column_of_a_preset_has_no_nearest(name: str) -> None:
    assert recognise(UNKNOWN[name]).nearest == ()


def test_spec_beside_an_export_that_a_preset_knows_says_so(folder: Path) -> None:
    source = write("orders_export.csv", HEADERS["shopify_orders"][0], {"Name": "#1"})

    with pytest.raises(UsageError) as caught:
        prepare([source], "commerce_purchases", "batches")

    assert "those of an export that is known: Shopify orders" in caught.value.message
    assert "Leave out --spec, or say --map shopify_orders beside it" in caught.value.hint


def test_a_header_that_two_presets_fit_alike_lists_the_two(folder: Path) -> None:
    header = [*HUBSPOT, "Klaviyo ID", "Date Added"]

    with pytest.raises(UsageError) as caught:
        convert(write("export.csv", header, {"Email": "mira.holt@example.com"}))

    assert "fits more than one preset: hubspot_contacts, klaviyo_profiles" in caught.value.message


def test_a_campaign_report_is_refused_with_the_reason(folder: Path) -> None:
    source = write("campaigns.csv", HEADERS["klaviyo_campaigns"][0], {"Campaign Name": "Spring"})

    with pytest.raises(UsageError, match="totals of each campaign.*one event a person") as caught:
        convert(source)

    assert 2 == caught.value.exit_code
    assert not list(Path("batches").glob("*/*"))
