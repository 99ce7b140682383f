"""Columns that a mapping does not name are kept where that was asked for, or where they say what a person declined."""

from pathlib import Path

import pytest
from lexer_pipeline.mapping import file
from lexer_pipeline.mapping.rest import CONSENT, snake_case
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.specs.names import normalised
from msgspec.structs import replace

from tests.presets.exports import KEEP_ALL, Converted, convert, fixed, write
from tests.presets.headers import HEADERS

PERSON = """
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = "Email"
"custom_fields.shoe_size" = "Size"
"""
ROW = {
    "Email": "mira.holt@example.com", "Size": "41", "Shoe Size": "42", "MailingCity": "Perth", "Till": "3", "Card": "4242",
    "Api Token": "t", "": "x", "Empty": "",
}  # fmt: skip


def kept(source: str, spec: str | None, mapping: str | None = None) -> Converted:
    report = prepare([source], spec, "batches", replace(KEEP_ALL, mapping=mapping, keep_rest=True))
    return Converted(report, {one.manifest.specification: one for one in report.batches})


def own(text: str) -> str:
    Path("own.toml").write_text(f'drop = "Till"\nsecret = "Card"\n{text}\n{PERSON}', "utf-8")
    return "own.toml"


@pytest.mark.parametrize("says", ["the mapping", "the flag"])
def test_the_rest_is_kept_as_custom_fields_but_for_drop_and_secrets(says: str, folder: Path) -> None:
    source = write("people.csv", list(ROW), ROW)

    made = (
        convert(source, own('rest = "custom_fields"\ncolumns_vary = true'))
        if says == "the mapping"
        else kept(source, None, own("columns_vary = true"))
    )

    (one,) = made.records("profile_customer")
    assert one["custom_fields"] == {"shoe_size": "41", "shoe_size_2": "42", "mailing_city": "Perth"}
    (source_report,) = made.report.sources
    (left,) = [note for note in source_report.notes if note.startswith("columns left out")]
    assert "Api Token" in left
    assert not any(name in left for name in ("Shoe Size", "MailingCity", "Till", "Card"))


def test_with_the_rest_kept_no_column_stops_the_run(folder: Path) -> None:
    row = {"Email": "mira.holt@example.com", "Size": "41", "Tier": "Gold"}

    (one,) = kept(write("people.csv", list(row), row), None, own("")).records("profile_customer")

    assert one["custom_fields"] == {"shoe_size": "41", "tier": "Gold"}


def test_columns_that_are_no_field_are_kept_beside_those_that_are(folder: Path) -> None:
    row = {"link.email": "mira.holt@example.com", "custom_fields.tier": "Gold", "Shoe Size": "41"}

    (one,) = kept(write("people.csv", list(row), row), "profile_customer").records("profile_customer")

    assert one == {
        "link": {"email": "mira.holt@example.com"},
        "custom_fields": {"tier": "Gold", "shoe_size": "41"},
    }


def test_a_mended_reject_keeps_the_rest_as_its_batch_did(folder: Path) -> None:
    rows = [{"link.email": mail, "Tier": "Gold"} for mail in ("mira.holt@example.com", "nobody")]
    rejects = (
        kept(write("people.csv", list(rows[0]), *rows), "profile_customer").batches["profile_customer"].path
        / "rejects.csv"
    )

    rejects.write_text(rejects.read_text("utf-8").replace("nobody", "teo@example.com"), "utf-8")

    (one,) = fixed(rejects.parent).records("profile_customer")
    assert one["custom_fields"] == {"tier": "Gold"}


def test_what_has_no_custom_fields_leaves_the_rest_out_and_names_it(folder: Path) -> None:
    header = HEADERS["lightspeed_items"][0]

    made = kept(write("items.csv", [*header, "Shelf"], {"System ID": "1", "Item": "Mug", "Shelf": "B"}), None)

    assert "custom_fields" not in made.records("commerce_products")[0]
    assert any(note == "columns left out: Shelf" for note in made.report.sources[0].notes)


def test_of_an_order_and_its_customer_the_order_keeps_the_rest(folder: Path) -> None:
    row = {
        "Name": "#1", "Email": "mira.holt@example.com", "Created at": "2024-03-06 10:15:00 +1100", "Lineitem quantity": "1",
        "Lineitem price": "5.00", "Lineitem name": "Mug", "Lineitem sku": "A", "Currency": "AUD", "Total": "5.00", "Gift Message": "Hi",
    }  # fmt: skip

    made = kept(write("orders.csv", [*HEADERS["shopify_orders"][0], "Gift Message"], row), None)

    assert made.records("commerce_purchases")[0]["custom_fields"]["gift_message"] == "Hi"
    assert "gift_message" not in made.records("profile_customer")[0].get("custom_fields", {})


@pytest.mark.parametrize(
    ("preset", "name", "field"),
    [
        (
            "hubspot_contacts",
            "Opted out of email: Marketing Information",
            "opted_out_of_email_marketing_information",
        ),
        ("shopify_customers", "Accepts WhatsApp Marketing", "accepts_whats_app_marketing"),
        ("klaviyo_profiles", "$consent", "consent"),
        ("klaviyo_profiles", "Suppressed", "suppressed"),
        ("salesforce_contacts", "Newsletter_Opt_In__c", "newsletter_opt_in_c"),
        ("stripe_customers", "GDPR accepted (metadata)", "gdpr_accepted_metadata"),
        ("dynamics_contacts", "Do not allow Faxes", "do_not_allow_faxes"),
        ("dynamics_contacts", "Allow Emails?", "allow_emails"),
        ("pipedrive_people", "Person - Newsletter", "person_newsletter"),
        (
            "eventbrite_attendees",
            "Keep me updated on more events and news from this event organizer.",
            "keep_me_updated_on_more_events_and_news_from_this_event_organizer",
        ),
    ],
)
def test_a_preset_keeps_what_a_person_declined_whatever_it_is_called(
    preset: str, name: str, field: str, folder: Path
) -> None:
    assert not file.find(preset).rest
    header = [*HEADERS[preset][0], name]

    email = next(column for column in header if column in ("Email", "Email 1", "Person - Email"))

    (one,) = convert(write("export.csv", header, {email: "mira.holt@example.com", name: "no"})).records(
        "profile_customer"
    )

    assert one["custom_fields"][field] == "no"


def test_what_was_ticked_at_an_order_goes_with_it(folder: Path) -> None:
    row = {
        "Name": "#1", "Email": "mira.holt@example.com", "Created at": "2024-03-06 10:15:00 +1100", "Lineitem quantity": "1",
        "Lineitem price": "5.00", "Lineitem name": "Mug", "Lineitem sku": "A", "Total": "5.00", "Accepts Marketing": "no",
    }  # fmt: skip

    (one,) = convert(write("orders.csv", HEADERS["shopify_orders"][0], row)).records("commerce_purchases")

    assert one["custom_fields"]["accepts_marketing"] == "no"


def test_what_was_ticked_at_a_checkout_goes_with_the_payment(folder: Path) -> None:
    row = {
        "id": "ch_1", "Created date (UTC)": "2026-06-05 20:38:34", "Amount": "59.90", "Currency": "aud", "Status": "Paid",
        "Customer Email": "mira.holt@example.com", "Checkout Promotional Consent": "opt_in",
    }  # fmt: skip

    (one,) = convert(write("payments.csv", HEADERS["stripe_payments"][-1], row)).records("commerce_purchases")

    assert one["custom_fields"]["checkout_promotional_consent"] == "opt_in"


def test_no_preset_drops_a_column_that_says_what_a_person_declined() -> None:
    # Where the person seemed to be when they agreed.
    # Where the person seemed to be when they agreed; to which list of old newsletters a message went.
    allowed = {"optinip", "newsletternewsletteruserlistid", "newsletternewslettersendid"}

    for preset in file.presets():
        dropped = {normalised(name) for name in preset.drop} - allowed
        assert not [name for name in dropped if CONSENT.search(name)], preset.name


@pytest.mark.parametrize(
    ("name", "field"),
    [("Shoe Size", "shoe_size"), ("MailingCity", "mailing_city"), ("Größe (cm)", "grösse_cm"), ("a__b", "a_b"), ("  ", "")],
)  # fmt: skip
def test_a_custom_field_is_called_as_its_column_in_small_letters(name: str, field: str) -> None:
    assert snake_case(name) == field
