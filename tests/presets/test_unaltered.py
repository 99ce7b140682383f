"""An identifier or postcode leaves as it came, or the record does not leave; a phone number has one form or is left out."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.golden import source_of
from tests.presets.exports import CASES, convert, name_of, write

IDENTIFIERS = {
    "zip", "postcode", "customer_id", "purchase_id", "return_id", "product_id", "sku", "upc", "id", "order_id",
    "klaviyo_id", "leid", "euid", "braze_id", "ean", "payment_intent_id", "invoice_id",
}  # fmt: skip
CONSTANT = {
    "klaviyo-email-marketing", "klaviyo-sms-marketing", "mailchimp-audience", "braze-email", "zoho-email", "constant-contact-email",
    "shopify-email-marketing", "shopify-sms-marketing",
}  # fmt: skip
HEADER = ["First Name", "Last Name", "Email", "Total Spent", "Total Orders", "Tax Exempt", "Note"]
HEADER += ["Customer ID", "Default Address Zip", "Default Address Country Code", "Phone"]
CODES = st.from_regex(r"[0-9A-Z][0-9A-Z.\- ]{0,14}[0-9A-Z]", fullmatch=True)
NUMBERS = st.from_regex(
    r"\+?\(?[0-9]{2,4}\)?[ \-][0-9]{3}[ \-/.][0-9]{3,4}( (ext\. ?|x)[0-9]{1,3})?", fullmatch=True
)


def texts_of(value: object, name: str = "") -> list[tuple[str, str]]:
    """Every text of a record with the name under which it stands."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in texts_of(inner, key)]
    if isinstance(value, list):
        return [pair for inner in value for pair in texts_of(inner, name)]
    return [(name, value)] if isinstance(value, str) else []


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.name.startswith(("good", "dirty"))], ids=name_of
)
def test_every_identifier_and_postcode_stands_in_the_export(case: Path) -> None:
    said = source_of(case).read_bytes().decode("utf-8", "replace")
    paths = [path for path in case.glob("expected_*.ndjson") if not re.search("issues|rejects", path.name)]
    lines = [line for path in paths for line in path.read_text("utf-8").splitlines()]
    cells = {cell.strip() for cell in re.split(r"[,;\r\n\"':|{}/]+", said)}

    assert lines
    for line in lines:
        for name, text in texts_of(json.loads(line)):
            assert name not in IDENTIFIERS or text in CONSTANT or text in cells


@given(code=CODES, zip_code=CODES, marks=st.tuples(st.booleans(), st.booleans()))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_identifier_leaves_as_it_came_or_not_at_all(
    code: str, zip_code: str, marks: tuple[bool, bool], folder: Path
) -> None:
    row = {"Email": "mira.holt@example.com", "Customer ID": "'" * marks[0] + code}
    row["Default Address Zip"] = "'" * marks[1] + zip_code
    beside = {"Email": "teo.brandt@example.com"}

    made = convert(write("export.csv", HEADER, row, beside), "shopify_customers")

    records = made.records("profile_customer")
    if len(records) == 2:
        assert (code, zip_code) == (records[0]["customer_id"], records[0]["postcode"])
    else:
        assert {"pattern"} == {issue["code"] for issue in made.issues("profile_customer")}
        assert re.search(r"E\+?[0-9]|\.0+$", f"{code}\n{zip_code}", re.MULTILINE)


@given(number=NUMBERS)
@example(number="+49-030/000")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_phone_number_ends_as_its_digits_end_without_the_extension_or_is_left_out(
    number: str, folder: Path
) -> None:
    row = {"Email": "mira.holt@example.com", "Phone": number, "Default Address Country Code": "US"}

    made = convert(write("export.csv", HEADER, row), "shopify_customers")

    (record,) = made.records("profile_customer")
    digits = re.sub("[^0-9]", "", re.split("e|x", number)[0])
    mobile = record.get("mobile", digits)
    # A zero behind the code of the country, as in +49 030, is dialled at home alone.
    at_home = {
        digits[:place] + digits[place + 1 :] for place in (1, 2, 3) if digits[place : place + 1] == "0"
    }
    assert mobile.endswith(digits.lstrip("0")) or mobile in at_home


@pytest.mark.parametrize("column", ["Customer ID", "Default Address Zip"])
def test_digits_that_a_spreadsheet_lost_are_left_out_and_never_guessed(column: str, folder: Path) -> None:
    rows = ({"Email": "mira.holt@example.com", column: "6.14E+10"}, {"Email": "teo.brandt@example.com"})

    made = convert(write("export.csv", HEADER, *rows), "shopify_customers")

    first, _ = made.records("profile_customer")
    assert first == {"link": {"email": "mira.holt@example.com"}, "email": "mira.holt@example.com"}
    assert made.batches["profile_customer"].manifest.suspicions["digits_lost_in_field"]["lines"] == [2]


def test_digits_that_a_spreadsheet_lost_are_an_issue_where_they_name_the_person(folder: Path) -> None:
    made = convert(write("export.csv", HEADER, {"Customer ID": "6.14E+10"}), "shopify_customers")

    (issue,) = made.issues("profile_customer")
    assert (issue["column"], issue["code"]) == ("Customer ID", "digits_lost")
    assert "export it again as text" in issue["message"]
