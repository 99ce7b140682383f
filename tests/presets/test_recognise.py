"""Each known header, in each variant, is recognised as one preset, and no other header as that."""

from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.file import normalised

from tests.presets.exports import convert, write
from tests.presets.headers import HEADERS

VARIANTS = [(preset, number) for preset, headers in HEADERS.items() for number in range(len(headers))]


@pytest.mark.parametrize(("preset", "number"), VARIANTS)
def test_a_known_header_is_recognised_as_one_preset(preset: str, number: int) -> None:
    header = HEADERS[preset][number]

    assert [preset] == [one.name for one in file.recognise(header)]


@pytest.mark.parametrize(("preset", "number"), VARIANTS)
def test_order_case_spaces_and_punctuation_of_a_header_make_no_difference(preset: str, number: int) -> None:
    header = [name.upper().replace(" ", "_") + " " for name in reversed(HEADERS[preset][number])]

    assert [preset] == [one.name for one in file.recognise(header)]


@pytest.mark.parametrize("preset", HEADERS)
def test_no_header_of_another_platform_has_the_telling_columns(preset: str) -> None:
    telling = {normalised(name) for name in file.find(preset).recognise}
    # The export of orders may hold both layouts; the fuller one then wins.
    others = {
        name for name in HEADERS if {name, preset} != {"woocommerce_orders", "woocommerce_orders_packed"}
    }

    for other in others - {preset}:
        for header in HEADERS[other]:
            assert telling - {normalised(name) for name in header}, other


def test_every_preset_has_a_header_here() -> None:
    assert {one.name for one in file.presets()} == set(HEADERS)


def test_a_header_that_no_preset_knows_lists_all_of_them(folder: Path) -> None:
    source = write("export.csv", ["When", "What"], {"When": "now"})

    with pytest.raises(UsageError) as caught:
        convert(source)

    assert "looks like none of the presets" in caught.value.message
    assert all(preset in caught.value.message for preset in HEADERS)


def test_a_header_that_two_presets_fit_alike_lists_the_two(folder: Path) -> None:
    header = ["Record ID", "Klaviyo ID", "First Name", "Last Name", "Email"]

    with pytest.raises(UsageError) as caught:
        convert(write("export.csv", header, {"Email": "mira.holt@example.com"}))

    assert "fits more than one preset: hubspot_contacts, klaviyo_profiles" in caught.value.message


def test_a_campaign_report_is_refused_with_the_reason(folder: Path) -> None:
    source = write("campaigns.csv", HEADERS["klaviyo_campaigns"][0], {"Campaign Name": "Spring"})

    with pytest.raises(UsageError, match="totals of each campaign.*one event a person") as caught:
        convert(source)

    assert 2 == caught.value.exit_code
    assert not list(Path("batches").glob("*/*"))
