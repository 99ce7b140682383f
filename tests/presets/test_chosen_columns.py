"""Of an export whose columns somebody chose the preset is sure by what only that platform has; else the nearest are named, and never another."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.recognition import recognise

from tests.presets.exports import convert, write
from tests.presets.headers import HEADERS

# Exports whose columns are chosen by whoever makes them.
CHOSEN = (
    "activecampaign_contacts", "brevo_contacts", "campaign_monitor", "constant_contact", "dynamics_contacts", "eventbrite_attendees",
    "hubspot_contacts", "klaviyo_profiles", "mailchimp_audience", "pipedrive_people", "salesforce_contacts", "shopify_customers",
    "zoho_contacts",
)  # fmt: skip
SOME = [(preset, header) for preset in CHOSEN for header in HEADERS[preset]]


@pytest.mark.parametrize(
    ("preset", "columns"),
    [
        ("brevo_contacts", "EMAIL,FIRSTNAME,SMS_BLACKLISTED"),
        ("brevo_contacts", "EMAIL,LASTNAME,FIRSTNAME,SMS,ADDED_TIME"),
        ("constant_contact", "Email address,First name,Email permission status"),
        ("constant_contact", "Email address,Confirmed Opt-Out Date"),
        ("dynamics_contacts", "(Do Not Modify) Contact,Email,Full Name"),
        ("hubspot_contacts", "Email,First Name,Marketing contact status"),
        ("hubspot_contacts", "Email,Last Name,Associated Company,Unsubscribed from all email"),
        ("hubspot_contacts", "Record ID,Email,Lifecycle Stage"),
        ("hubspot_contacts", "Record ID - Contact,Email,First Name"),
        ("klaviyo_profiles", "Email,Klaviyo ID,Shoe Size"),
        ("klaviyo_profiles", "Email,Email Marketing Consent,Email Marketing Consent Timestamp"),
        ("mailchimp_audience", "Email Address,OPTIN_TIME,LAST_CHANGED"),
        ("mailchimp_audience", "Email Address,Status,MEMBER_RATING,LAST_CHANGED,TAGS"),
        ("pipedrive_people", "Person - Name,Person - Email"),
        ("pipedrive_people", "Person - First name,Person - Email - Work,Person - Marketing status"),
        ("salesforce_contacts", "Email,First Name,Mailing State/Province"),
        ("salesforce_contacts", "Contact ID,Last Name,Email,Mailing City"),
        ("zoho_contacts", "Email,Last Name,Contact Owner.id"),
        ("zoho_contacts", "Record Id,Email,Email Opt Out"),
        ("zoho_contacts", "Email,Unsubscribed Mode,Unsubscribed Time"),
    ],
)
def test_three_columns_are_enough_where_one_of_them_tells_the_platform(preset: str, columns: str) -> None:
    found = recognise(columns.split(",")).sure

    assert found is not None
    assert found.name == preset


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            "Email,First Name,Last Name,Phone,Account Name",
            "nearest: salesforce_contacts; lacks Mailing City, Id; or zoho_contacts; lacks Record Id; "
            "if it is one of these, say --map salesforce_contacts or --map zoho_contacts.",
        ),
        (
            "Email,First Name,Last Name,Phone Number,Lifecycle Stage",
            "nearest: hubspot_contacts; lacks Record ID; try --map hubspot_contacts.",
        ),
        (
            "Email,Lifecycle Stage,Lead Status",
            "nearest: hubspot_contacts; lacks Record ID; try --map hubspot_contacts.",
        ),
        (
            "Email Address,First Name,Last Name,MEMBER_RATING,TAGS",
            "nearest: mailchimp_audience; lacks LAST_CHANGED; try --map mailchimp_audience.",
        ),
        # What Zoho's API calls its fields, as Salesforce's does.
        (
            "Id,Owner,First_Name,Last_Name,Email,Phone,Mobile,Created_Time,Email_Opt_Out",
            "if it is one of these, say --map salesforce_contacts or --map zoho_contacts.",
        ),
    ],
)
def test_of_columns_that_tell_nothing_the_nearest_are_named_with_the_flag_to_type(
    columns: str, said: str, folder: Path
) -> None:
    with pytest.raises(UsageError) as caught:
        convert(write("export.csv", columns.split(","), {}))

    assert said in caught.value.hint


@pytest.mark.parametrize("preset", ["salesforce_contacts", "zoho_contacts"])
def test_a_preset_that_is_named_so_makes_customers_of_what_was_chosen(preset: str, folder: Path) -> None:
    row = {
        "Email": "mira.holt@example.com",
        "First Name": "Mira",
        "Last Name": "Holt",
        "Account Name": "Acme",
    }
    source = write("export.csv", [*row, "Phone"], {**row, "Phone": "+61 412 555 001"})

    (one,) = convert(source, preset).records("profile_customer")

    assert one == {
        "link": {"email": "mira.holt@example.com"},
        "email": "mira.holt@example.com",
        "mobile": "61412555001",
        "first_name": "Mira",
        "last_name": "Holt",
        "custom_fields": {"account_name": "Acme"},
    }


@pytest.mark.parametrize(
    "columns",
    [
        # Leads, companies, deals and activities of the platforms whose contacts are known.
        "(Do Not Modify) Lead,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Subject,First Name,Last Name,Email,Business Phone",
        "(Do Not Modify) Account,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Account Name,Main Phone,Address 1: City",
        "Record ID,Company name,Company owner,Create Date,Phone Number,Last Activity Date,City,Country/Region,Industry",
        "Record ID,Deal Name,Deal Stage,Close Date,Deal owner,Amount,Associated Company,Associated Contact IDs",
        "Deal - ID,Deal - Title,Deal - Value,Deal - Stage,Person - Name,Person - Email - Work,Organization - Name",
        "Activity - ID,Activity - Subject,Person - ID,Person - Name,Person - Email - Work,Activity - Due date",
        "Lead ID,First Name,Last Name,Email,Phone,Company,Lead Source,Lead Status,Lead Owner",
        "Record Id,Deal Owner.id,Deal Owner,Amount,Deal Name,Closing Date,Account Name.id,Account Name,Contact Name.id,Contact Name",
        # Who opened and clicked a message of Constant Contact.
        "Email address,First name,Last name,Email status,Email permission status,Email update source,Source Name,Opened At",
        "Email address,First name,Last name,Email status,Email permission status,Clicked Link Address,Clicked At",
        # Others that have a few of the columns.
        "Email,First name,Surname,Phone number,Country,Tags,Date registered",
        "Contact Id,First Name,Last Name,Phone,Email,Created,Last Activity,Tags",
        "Name,Given Name,Family Name,E-mail 1 - Value,Phone 1 - Value,Organization 1 - Name",
        "Client Name,First Name,Last Name,Email,Phone Number,Company Name,City,State,Zip",
        "email,first_name,last_name,status,subscribed_at,tags",
        "Email,Added Time,Modified Time,First Name,Last Name",
        "Email,Name,Subscribed Time,Unsubscribed Time",
        "Record ID,Email,Phone Number,Notes",
        "Order ID,First Name,Last Name,Email,Ticket Type,Order Type",
        "Email,Name,Associated Company,Predicted Customer Lifetime Value",
        "Order ID,Buyer Name,Buyer Email,Quantity,Ticket Type,Total,Fees,Currency,Purchase Date",
    ],
)
def test_other_exports_with_columns_of_a_person_are_taken_for_none(columns: str) -> None:
    assert recognise(columns.split(",")).fitting == ()


@pytest.mark.parametrize("columns", ["Email,First Name,Last Name", "Email,Name,Phone", "Email,Status,Tags"])
def test_columns_that_everybody_has_name_no_preset(columns: str) -> None:
    found = recognise(columns.split(","))

    assert (found.sure, found.nearest) == (None, ())


@settings(max_examples=40)
@given(st.data())
def test_whatever_columns_were_chosen_it_is_never_taken_for_another_platform(data: st.DataObject) -> None:
    preset, header = data.draw(st.sampled_from(SOME))
    columns = data.draw(st.lists(st.sampled_from(header), min_size=2, max_size=8, unique=True))

    found = recognise(columns)

    assert {fit.mapping.name for fit in found.fitting} <= {preset}
