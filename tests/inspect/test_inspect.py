"""`inspect` says what a source is, and never a value."""

import gzip
import json
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.inspecting.inspect import Inspection, inspect
from lexer_pipeline.inspecting.nearest import nearest
from lexer_pipeline.specs.paths import FieldPath

from tests.inspect.helpers import MARK, answer, says_a_value, table
from tests.running import command

CONTACTS = {
    "E-mail Address": [f"{MARK}.mira@example.com", f"{MARK}.teo@example.com", ""],
    "Vorname": [f"{MARK.title()}", "Teo", "Ana"],
    "Geburtstag": ["25/01/1990", "01/02/1991", ""],
    "PLZ": ["0800", "3182", "NULL"],
    "Loyalty": ["6.14E+10", "61491570156", "61491570157"],
    "Shoe size": ["42", "43", "44"],
}


def of(text: str) -> Inspection:
    return inspect("-", stdin=BytesIO(text.encode()))


def codes(found: Inspection) -> set[tuple[str, str]]:
    return {(one.code, one.column) for one in found.obstacles}


def test_a_table_is_described(tmp_path: Path) -> None:
    found = inspect(table(tmp_path / "contacts.csv", CONTACTS, ";"))

    assert (found.form, found.encoding, found.delimiter, found.header_line) == ("CSV", "UTF-8", ";", 1)
    assert (found.rows, found.blank, len(found.columns)) == (3, 0, 6)
    assert found.specifications[0].specification == "profile_customer"
    assert found.specifications[0].fields["postcode"] == "PLZ"
    assert found.specifications[0].fields["link.email"] == "E-mail Address"


def test_what_stands_in_the_way_is_named(tmp_path: Path) -> None:
    found = inspect(table(tmp_path / "contacts.csv", CONTACTS))

    assert {("scientific", "Loyalty"), ("nothing", "PLZ"), ("no_field", "Shoe size")} <= codes(found)
    assert ("dates", "Geburtstag") not in codes(found)


def test_required_fields_without_a_column_stand_in_the_way() -> None:
    found = of(
        "Order ID,Email,Order date,SKU,Qty,Price paid\nA-1,mira@example.com,2024-03-06T10:00:00Z,S1,1,9.50\n"
    )

    assert found.specifications[0].specification == "commerce_purchases"
    assert found.specifications[0].missing == ("type",)
    assert ("missing", "") in codes(found)


def test_ambiguous_dates_ragged_rows_and_bad_bytes_stand_in_the_way() -> None:
    data = b"Order date,Email\n01/02/2024,a@example.com\n01/02/2024\n01/02/2024,\xff\xfe@example.com\n"

    found = inspect("-", stdin=BytesIO(data))

    assert {("dates", "Order date"), ("ragged_row", "")} <= codes(found)
    assert "line 3" in next(one.message for one in found.obstacles if one.code == "ragged_row")
    assert found.encoding != "UTF-8" or ("encoding", "") in codes(found)


def test_columns_with_secrets_no_names_or_the_same_name_stand_in_the_way() -> None:
    found = of("email,password_hash,Birthday,birthday,,city\na@example.com,x,1,2,3,Perth\n")

    assert {("secret", "password_hash"), ("header", "birthday"), ("header", "column 5")} <= codes(found)


def test_a_first_row_of_data_is_no_header_and_is_not_shown() -> None:
    found = of(f"{MARK}@example.com,0491570156,12.50\nteo@example.com,0491570157,9.50\n")

    assert ("header", "") in codes(found)
    assert [one.name for one in found.columns] == ["column 1", "column 2", "column 3"]
    assert not says_a_value(json.dumps(found.as_json()))


def test_documents_are_described_by_their_keys() -> None:
    documents = [
        {
            "purchase_id": f"{MARK}1",
            "link": {"email": f"{MARK}@example.com"},
            "products": [{"sku": "x", "price": 1}],
        },
        {
            "purchase_id": f"{MARK}2",
            "link": {"email": None},
            "products": [{"sku": "y"}, {"sku": 4}],
            "gift": True,
        },
    ]
    found = of("".join(json.dumps(one) + "\n" for one in documents) + "{broken\n")

    assert (found.form, found.rows) == ("JSON", 3)
    assert {one.path: (one.filled, one.types) for one in found.keys} == {
        "purchase_id": (2, {"string": 2}), "link.email": (1, {"string": 1, "null": 1}),
        "products[].sku": (2, {"string": 2, "number": 1}), "products[].price": (1, {"number": 1}), "gift": (1, {"boolean": 1}),
    }  # fmt: skip
    best = found.specifications[0]
    assert best.specification == "commerce_purchases"
    assert set(best.unmatched) == {"products[].sku", "products[].price", "gift"}
    assert "line 3" in next(one.message for one in found.obstacles if one.code == "json")


def test_keys_that_are_data_are_not_shown() -> None:
    found = of(json.dumps({"by_address": {f"{MARK}@example.com": {"total": 1}, "0491570156": {"total": 2}}}))

    assert [one.path for one in found.keys] == ["by_address.*.total"]


def test_an_object_with_more_keys_than_names_ends_in_a_star() -> None:
    found = of(json.dumps({"names": {f"k{'abcdefghij'[n % 10]}{n}": n for n in range(999)}}))

    assert found.keys[-1].path == "names.*"


def test_keys_that_are_data_are_one_path_however_many_there_are() -> None:
    found = of(
        json.dumps({"by_address": {f"m{n}@example.com": {"total": 1} for n in range(6_000)}, "after": 1})
    )

    assert [(one.path, one.types) for one in found.keys] == [
        ("by_address.*.total", {"number": 6_000}),
        ("after", {"number": 1}),
    ]


def test_paths_beyond_the_most_that_are_counted_are_one() -> None:
    wide = {
        f"k{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{n % 450}": {f"x{i}": 1 for i in range(20)}
        for n in range(450)
    }
    found = of(json.dumps(wide) + "\n" + json.dumps({"late": 1, **wide}) + "\n")

    assert len(found.keys) == 5_001
    assert (found.keys[-1].path, found.keys[-1].filled) == ("*", 2)
    assert sum(sum(one.types.values()) for one in found.keys) == 2 * 450 * 20 + 1


@pytest.mark.parametrize("packed", [False, True])
def test_the_answer_of_the_command_holds_all_facts_and_no_value(tmp_path: Path, packed: bool) -> None:
    path = table(tmp_path / "contacts.csv", CONTACTS)
    if packed:
        path = tmp_path / "contacts.csv.gz"
        path.write_bytes(gzip.compress((tmp_path / "contacts.csv").read_bytes()))

    (found,) = answer("inspect", path, cwd=tmp_path)["sources"]
    words = command("inspect", path, cwd=tmp_path)

    assert {"path", "form", "encoding", "delimiter", "header_line", "rows", "blank", "columns", "keys", "presets",
            "specifications", "obstacles", "notes", "suspicions", "wrapper", "repeats", "nearest"} == set(found)  # fmt: skip
    first = found["columns"][0]
    assert (first["name"], first["filled"], first["fill_rate"], first["distinct"]) == (
        "E-mail Address",
        2,
        0.6667,
        2,
    )
    assert first["kinds"] == {"e-mail": 2}
    assert not says_a_value(json.dumps(found), words.stdout.decode(), words.stderr.decode())
    assert b"It could become profile_customer" in words.stdout


def test_a_source_that_cannot_be_read_ends_with_exit_code_3(tmp_path: Path) -> None:
    assert command("inspect", "nowhere.csv", cwd=tmp_path).returncode == 3


def test_a_preset_is_recognised_by_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lexer_pipeline.mapping import file

    (tmp_path / "till.toml").write_text(
        'recognise = ["Shoe size"]\n[[records]]\nspecification = "profile_customer"\n[records.fields]\nemail = "E-mail Address"\n'
    )
    monkeypatch.setattr(file, "PRESETS", tmp_path)

    found = inspect(table(tmp_path / "contacts.csv", CONTACTS))

    assert found.presets == ("till",)
    assert ("no_field", "Shoe size") not in codes(found)


HUBSPOT = "Record ID,First Name,Last Name,Email,Phone Number,Lifecycle Stage\n"


def test_what_validate_would_find_suspicious_is_shown_where_a_preset_fits(tmp_path: Path) -> None:
    text = HUBSPOT + "1001,Mira,Holt,mira@example.com,0491 570 156,lead\n"
    (tmp_path / "contacts.csv").write_text(text, "utf-8")

    (found,) = answer("inspect", "contacts.csv", cwd=tmp_path)["sources"]
    (checked,) = answer("validate", "contacts.csv", cwd=tmp_path)["sources"]
    words = command("inspect", "contacts.csv", cwd=tmp_path).stdout.decode()

    assert found["presets"] == ["hubspot_contacts"]
    assert found["suspicions"] == checked["suspicions"] != {}
    assert "warning: " in words
    assert "Read as hubspot_contacts: this is suspicious." in words
    assert "Next: lexer-pipeline validate contacts.csv" in words
    # What a preset makes, it makes whatever the columns are called.
    assert "it lacks" not in words


def test_a_table_of_fields_is_looked_at_as_its_specification(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("link.email,mobile\nmira@example.com,0491570156\n", "utf-8")

    (found,) = answer("inspect", "a.csv", cwd=tmp_path)["sources"]
    done = command(
        "inspect", "-", cwd=tmp_path, stdin=b"link.email,city\nmira@example.com,Perth\n"
    ).stdout.decode()

    assert found["suspicions"] is not None
    assert "Read as profile_customer: nothing is suspicious." in done
    assert "--spec profile_customer" in done


@pytest.mark.parametrize(
    "text",
    [
        "link.email,first_name\n<mira@example.com>,Mira\n" + '"a@example.com, b@example.com",Teo\n' * 3,
        "link.customer_id,date_of_birth\nC-1,1980-01-02\u200b\nC-\u20602,\u200b1980-01-03\n",
        "email,city\nmira,Perth\nteo@,K\u00c3\u00b6ln\n",
    ],
)
def test_a_column_with_the_name_of_a_field_is_that_field_whatever_its_values(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.csv").write_text(text, "utf-8")

    (found,) = answer("inspect", "a.csv", cwd=tmp_path)["sources"]

    assert found["specifications"][0]["matched"] == 2
    assert not {one["code"] for one in found["obstacles"]} & {"no_field"}


def test_suspicions_that_reject_records_are_shown_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('link.email\n"a@example.com, b@example.com"\n', "utf-8")

    words = command("inspect", "a.csv", cwd=tmp_path).stdout.decode()

    assert "Read as profile_customer: this is suspicious." in words
    assert "issue: several_addresses (link.email): 1, first on line 2" in words


def test_nothing_is_looked_for_where_nobody_knows_what_a_source_becomes(tmp_path: Path) -> None:
    table(tmp_path / "contacts.csv", CONTACTS)

    (found,) = answer("inspect", "contacts.csv", cwd=tmp_path)["sources"]
    words = command("inspect", "contacts.csv", cwd=tmp_path).stdout.decode()

    assert found["suspicions"] is None
    assert "suspicious" not in words
    assert "Next: lexer-pipeline map contacts.csv --spec profile_customer" in words


def test_a_column_called_like_a_field_is_not_said_to_be_none() -> None:
    found = of("Email,Mobile,Shoe size\nmira@example.com,ask me,42\nteo@example.com,by mail,43\n")

    said = {one.column: one.message for one in found.obstacles if one.code == "no_field"}
    assert said["Mobile"].startswith(
        "is called like the field mobile, but its values look like something else"
    )
    assert said["Shoe size"].startswith("is no field of profile_customer; a mapping can leave it out")


def test_names_that_share_but_an_ending_are_not_near() -> None:
    paths = [
        FieldPath.named(name)
        for name in ("email_id", "link.mobile", "mobile", "link.customer_id", "first_name")
    ]

    assert [str(nearest(name, paths)) for name in ("campaign_id", "mobil", "firstname", "custmer_id")] == [
        "None", "mobile", "first_name", "link.customer_id",
    ]  # fmt: skip


def test_orders_are_no_requests_to_forget_somebody() -> None:
    found = of("Order ID,Email,Order date,SKU,Qty,Price paid\nA-1,mira@example.com,2024-03-06,S1,1,9.50\n")

    assert "compliance_forget" not in {one.specification for one in found.specifications}
