"""`map` drafts a mapping that runs as it is."""

import csv
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import Proposal, propose
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.inspect.helpers import MARK, answer, says_a_value, table
from tests.running import command

ALL = Options(date="20240306", max_invalid=1.0)
CONTACTS = {
    "Contact e-mail": [f"{MARK}.mira@example.com", f"{MARK}.teo@example.com"],
    "Given name": [f"{MARK}", "Teo"],
    "Surname": ["Holt", "Marsh"],
    "DOB": ["25/01/1990", "01/02/1991"],
    "Code postal": ["'0800", "'3182"],
    "Mobile phone": ["0491 570 156", "0491 570 157"],
    "Staff": ["yes", "no"],
    "Shoe size": ["42", "43"],
    "password_hash": ["x", "y"],
}
ORDERS = {
    "Bestellnummer": ["A-1", "A-1", "A-2"],
    "E-Mail": ["mira@example.com", "", "teo@example.com"],
    "Bestelldatum": ["25.01.2024 10:15", "", "26.01.2024 11:00"],
    "Artikelnummer": ["0012", "0013", "0012"],
    "Menge": ["1", "2", "1"],
    "Einzelpreis": ["1.234,50", "9,95", "10,00"],
    "Währung": ["EUR", "", "EUR"],
}
# Header rows as platforms write them.
HEADERS = {
    "shopify_orders": ("purchase", "Name,Email,Financial Status,Paid at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
        "Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
        "Lineitem sku,Lineitem discount,Billing Name,Billing Zip,Payment Method,Vendor,Location,Id,Tags,Phone"),
    "shopify_customers": ("customer_record", "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
        "Default Address Address1,Default Address City,Default Address Zip,Default Address Phone,Phone,Total Spent,Tags"),
    "woo_products": ("product", "ID,Type,SKU,Name,Published,Is featured?,Short description,Description,In stock?,Stock,"
        "Weight (kg),Sale price,Regular price,Categories,Images,Attribute 1 name,Attribute 1 value(s)"),
    "magento": ("customer_record", "email,_website,created_at,dob,firstname,gender,lastname,password_hash,rp_token,_address_city"),
    "square": ("return", "Date,Time,Time Zone,Category,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,"
        "Event Type,Location,Customer ID,Card Brand,PAN Suffix"),
    "klaviyo": ("email_subscribe", "Email,Klaviyo ID,First Name,Email Marketing Consent,Email Marketing Consent Timestamp,Date Added"),
    "mailchimp": ("customer_record", "Email Address,First Name,Last Name,Birthday,Birthday,OPTIN_TIME,CC,REGION,UNSUB_CAMPAIGN_ID,UNSUB_CAMPAIGN_ID"),
    "salesforce": ("customer_record", "Id,FirstName,LastName,MailingStreet,MailingCity,MailingState,MailingPostalCode,"
        "MailingCountry,MobilePhone,Email,Birthdate"),
    "stripe": ("purchase", "id,Description,Created (UTC),Amount,Currency,Status,Customer ID,Customer Email,Card ID,Card Last4,Card Fingerprint"),
    "hubspot": ("compliance_forget", "Record ID,First Name,Last Name,Email,Phone Number,Create Date"),
}  # fmt: skip


def drafted(folder: Path, columns: dict[str, list[str]], spec: str) -> tuple[Proposal, dict[str, Any]]:
    source = table(folder / "export.csv", columns)
    done = propose(source, spec, folder / "draft.toml", out=folder / "batches")
    return done, tomllib.loads((folder / "draft.toml").read_text("utf-8"))


def by_field(done: Proposal) -> dict[str, str]:
    return {one["field"]: one["column"] for one in done.fields}


def test_columns_are_matched_by_words_in_several_languages_and_by_values(tmp_path: Path) -> None:
    done, _ = drafted(tmp_path, CONTACTS, "customer_record")

    assert by_field(done) == {
        "link.email": "Contact e-mail", "email": "Contact e-mail", "first_name": "Given name", "last_name": "Surname",
        "date_of_birth": "DOB", "postcode": "Code postal", "mobile": "Mobile phone", "employee_flag": "Staff",
    }  # fmt: skip
    assert set(done.unmatched) == {"Shoe size", "password_hash"}


def test_values_decide_where_names_say_nothing_or_lie(tmp_path: Path) -> None:
    done, _ = drafted(tmp_path, {"Kontakt": ["mira@example.com"], "Email": ["none yet"]}, "customer_record")

    assert by_field(done) == {"link.email": "Kontakt", "email": "Kontakt"}


def test_the_draft_proposes_conversions_and_makes_whole_records(tmp_path: Path) -> None:
    _, toml = drafted(tmp_path, ORDERS, "purchase")
    fields = toml["records"][0]["fields"]

    assert fields["action_at"]["convert"] == [{"date": "dd.mm.yyyy"}]
    assert fields["products[].full_price"] == {"column": "Einzelpreis", "convert": [{"money": ","}]}
    assert fields["products[].price_paid"]["convert"] == ["line-total"]
    assert fields["type"] == {"constant": "ecommerce"}
    assert fields["products[].product_reference.id_type"] == {"constant": "sku"}

    report = prepare(
        [tmp_path / "export.csv"],
        None,
        tmp_path / "out",
        Options(mapping=str(tmp_path / "draft.toml"), date="20240306"),
    )
    (made,) = report.batches
    records = [json.loads(line) for line in made.file.read_text("utf-8").splitlines()]

    assert [len(one["products"]) for one in records] == [2, 1]
    assert records[0]["products"][0] == {
        "product_reference": {"id": "0012", "id_type": "sku"}, "price_paid": 1234.50, "quantity": 1, "full_price": 1234.50,
    }  # fmt: skip
    assert records[0]["action_at"] == "2024-01-25T10:15:00Z"


def test_a_draft_begins_with_what_a_person_should_do(tmp_path: Path) -> None:
    proposal, _ = drafted(tmp_path, CONTACTS, "customer_record")

    assert "Look at each line" in proposal.path.read_text("utf-8").splitlines()[0]


def test_a_column_called_as_the_field_of_any_item_is_read_by_its_name(tmp_path: Path) -> None:
    columns = {
        "link.email": ["mira@example.com", "teo@example.com"],
        "products[].price_paid": ["9.95", "8.00"],
    }
    drafted(tmp_path, columns, "purchase")

    assert '"products[0].price_paid" = "products[].price_paid"' in (tmp_path / "draft.toml").read_text(
        "utf-8"
    )


def test_a_draft_keeps_ids_and_zips_as_they_are(tmp_path: Path) -> None:
    drafted(tmp_path, CONTACTS, "customer_record")

    report = prepare(
        [tmp_path / "export.csv"],
        None,
        tmp_path / "out",
        Options(mapping=str(tmp_path / "draft.toml"), date="20240306"),
    )

    record = json.loads(report.batches[0].file.read_text("utf-8").splitlines()[0])
    assert (record["postcode"], record["date_of_birth"], record["employee_flag"]) == (
        "0800",
        "1990-01-25",
        True,
    )


def test_ambiguous_dates_are_left_to_a_person_and_the_draft_still_runs(tmp_path: Path) -> None:
    done, toml = drafted(
        tmp_path, {"Email": ["mira@example.com"] * 2, "DOB": ["01/02/1990", "03/04/1991"]}, "customer_record"
    )
    text = (tmp_path / "draft.toml").read_text("utf-8")

    assert "date_of_birth" not in toml["records"][0]["fields"]
    assert "DOB" in toml["drop"]
    assert "2 cells can be read as dd/mm/yyyy and as mm/dd/yyyy" in text
    assert "date_of_birth" not in by_field(done)
    assert (
        prepare(
            [tmp_path / "export.csv"], None, tmp_path / "out", Options(mapping=str(tmp_path / "draft.toml"))
        ).valid
        == 2
    )


@pytest.mark.parametrize(
    ("cells", "convert"),
    [
        (["45384.34789", "45385.5"], [{"date": "excel"}]),
        (["1709720100", "1709720200"], ["epoch"]),
        (["1709720100123", "1709720200.5"], ["epoch"]),
        (["01/25/2024 10:00", "01/02/2024 10:00"], [{"date": "mm/dd/yyyy"}]),
        (["2024-03-12 09:14", "2024-03-13 09:14"], [{"date": "yyyy-mm-dd"}]),
    ],
)
def test_the_form_of_dates_is_worked_out(tmp_path: Path, cells: list[str], convert: list[Any]) -> None:
    _, toml = drafted(tmp_path, {"Order ID": ["1", "2"], "Order date": cells}, "purchase")

    assert toml["records"][0]["fields"]["action_at"]["convert"] == convert


def test_numbers_of_a_return_are_turned_below_zero(tmp_path: Path) -> None:
    _, toml = drafted(tmp_path, {"Return ID": ["1"], "Price": ["9.95"], "Qty": ["1"]}, "return")

    assert toml["records"][0]["fields"]["products[].price_paid"]["convert"] == [{"money": "."}, "negate"]


def test_an_object_that_would_stay_incomplete_is_left_out(tmp_path: Path) -> None:
    _, toml = drafted(tmp_path, {"Order ID": ["1"], "Latitude": ["-37.8"]}, "purchase")

    assert "store.location.coordinate.latitude" not in toml["records"][0]["fields"]
    assert "store needs store.name too" in (tmp_path / "draft.toml").read_text("utf-8")


def test_columns_with_secrets_are_never_passed_on(tmp_path: Path) -> None:
    done, toml = drafted(tmp_path, CONTACTS, "customer_record")

    assert toml["secret"] == ["password_hash"]
    assert "password_hash" not in by_field(done).values()


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("filled", [True, False])
def test_the_draft_of_any_header_runs_as_it_is(tmp_path: Path, name: str, filled: bool) -> None:
    spec, line = HEADERS[name]
    header = next(csv.reader([line]))
    source = tmp_path / "export.csv"
    cells = [
        f"{MARK}{n}@example.com" if "mail" in one.lower() else str(n + 1) for n, one in enumerate(header)
    ]
    source.write_text(f"{line}\n" + (",".join(cells) + "\n") * filled, "utf-8")

    done = propose(source, spec, tmp_path / "draft.toml", out=tmp_path / "batches")
    report = prepare(
        [source], None, tmp_path / "out", Options(mapping=str(done.path), date="20240306", max_invalid=1.0)
    )

    assert sum(one.rows for one in report.sources) == filled
    assert not says_a_value(done.path.read_text("utf-8"), json.dumps(done.as_json()))


def test_a_table_without_any_known_column_gets_a_frame_that_says_so(tmp_path: Path) -> None:
    done, toml = drafted(
        tmp_path, {"Foo": ["1"], "{odd}": ["2"], "a.b[0]": ["3"], "#": ["4"]}, "profile_unify"
    )

    assert (done.fields, done.missing) == ((), ("records[]",))
    assert toml["drop"] == ["Foo", "{odd}", "a.b[0]", "#"]
    assert mapping.read(done.path).records[0].specification == "profile_unify"
    with pytest.raises(UsageError, match="no column of the mapping"):
        prepare([tmp_path / "export.csv"], None, tmp_path / "out", Options(mapping=str(done.path)))


def test_the_command_writes_beside_the_working_folder_and_never_over_a_file(tmp_path: Path) -> None:
    table(tmp_path / "contacts.csv", CONTACTS)

    said = answer("map", "contacts.csv", "--spec", "customer_record", cwd=tmp_path)
    again = command("map", "contacts.csv", "--spec", "customer_record", cwd=tmp_path)
    forced = command("map", "contacts.csv", "--spec", "customer_record", "--force", cwd=tmp_path)

    assert said["mapping"] == "contacts.toml"
    assert {"field", "column", "confidence", "reason"} == set(said["fields"][0])
    assert said["unmatched"] == ["Shoe size", "password_hash"]
    assert mapping.read(tmp_path / "contacts.toml").records[0].specification == "profile_customer"
    assert (again.returncode, forced.returncode) == (2, 0)
    assert not says_a_value(json.dumps(said), forced.stdout.decode(), forced.stderr.decode())
    assert not says_a_value((tmp_path / "contacts.toml").read_text("utf-8"))


def test_a_table_without_names_cannot_be_mapped(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("mira@example.com,0491570156\nteo@example.com,0491570157\n")

    with pytest.raises(UsageError):
        propose(tmp_path / "b.csv", "customer_record", tmp_path / "draft.toml", out=tmp_path / "batches")
    assert not (tmp_path / "draft.toml").exists()


def test_a_header_with_quotes_line_breaks_and_signs_is_written_so_that_it_is_found_again(
    tmp_path: Path,
) -> None:
    odd = {
        'He said "Email"': ["mira@example.com"],
        "First\nname": ["Mira"],
        "back\\slash": ["x"],
        "Slip #": ["1"],
        "tab\tand \x7f": ["y"],
    }

    done, toml = drafted(tmp_path, odd, "customer_record")

    assert by_field(done)["first_name"] == "First\nname"
    assert (
        prepare([tmp_path / "export.csv"], None, tmp_path / "out", Options(mapping=str(done.path))).valid == 1
    )
    assert set(toml["drop"]) == {"back\\slash", "Slip #", "tab\tand \x7f"}


def test_columns_called_by_paths_are_matched_as_they_are(tmp_path: Path) -> None:
    done, _ = drafted(
        tmp_path,
        {
            "purchase_id": ["1"],
            "products[0].price_paid": ["1.5"],
            "sku": ["S"],
            "custom_fields.tier": ["gold"],
        },
        "purchase",
    )

    assert by_field(done) == {
        name: name for name in ("purchase_id", "products[0].price_paid", "custom_fields.tier")
    }
    assert done.unmatched == {"sku": ""}

    (tmp_path / "draft.toml").unlink()
    done, _ = drafted(
        tmp_path, {"images[0]": ["a"], "images[1]": ["b"], "options.size[0]": ["S"], "sku": ["1"]}, "product"
    )

    assert by_field(done) == {name: name for name in ("images[0]", "images[1]", "options.size[0]", "sku")}


@pytest.mark.parametrize("name", ["people.csv", "people.ndjson"])
def test_a_schema_without_fields_is_nothing_to_map_to(name: str, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,mail\n1,mira@example.com\n")
    (tmp_path / "people.ndjson").write_text('{"id":1,"mail":"mira@example.com"}\n')
    (tmp_path / "own.json").write_text('{"type":"object"}')

    with pytest.raises(UsageError, match="has no fields"):
        propose(
            tmp_path / name, str(tmp_path / "own.json"), tmp_path / "drafted.toml", out=tmp_path / "batches"
        )
