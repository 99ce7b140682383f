"""A phone number is read as of the country of its row, of the run or of the mapping; nothing is guessed or glued."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import Converted, phone_of
from lexer_pipeline.mapping.conversions.countries import country_of
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report

from tests.presets.exports import fixed, write

MAPPING = """\
{settings}
[[records]]
specification = "profile_customer"
[records.fields]
"link.email" = "Mail"
mobile = {{ column = "Phone", convert = [{{ phone = {{ country = {country} }} }}] }}
"""
LINKED = """\
{settings}
[[records]]
specification = "profile_customer"
[records.fields]
"link.mobile" = {{ column = "Phone", convert = ["phone"] }}
"""
HEADER = ["Mail", "Phone", "Country", "Home"]


def made(mapping: str, *rows: tuple[str, str, str], asked: str | None = None, **words: str) -> Report:
    """The report and the records of rows of a phone, a country and a second country."""
    Path("m.toml").write_text(mapping.format(**{"settings": "", "country": '"Country"', **words}), "utf-8")
    cells = [
        {"Mail": f"a{number}@example.com", "Phone": phone, "Country": country, "Home": home}
        for number, (phone, country, home) in enumerate(rows)
    ]
    options = Options(date="20240306", max_invalid=1, mapping="m.toml", country=asked, ignore_unknown=True)
    return prepare([write("export.csv", HEADER, *cells)], None, "batches", options)


def mobiles(report: Report) -> list[str | None]:
    (batch,) = report.batches
    return [json.loads(line).get("mobile") for line in batch.file.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("AU", "AU"), ("aus", "AU"), (" Australia ", "AU"), ("USA", "US"), ("U.S.A.", "US"), ("United States", "US"),
        ("United States of America", "US"), ("UK", "GB"), ("England", "GB"), ("Korea, Republic of", "KR"),
        ("Viet Nam", "VN"), ("Russia", "RU"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Cote d'Ivoire", "CI"),
        ("The Netherlands", "NL"), ("NA", "NA"), ("Namibia", "NA"), ("Congo, the Democratic Republic of the", "CD"),
        ("St. Lucia", "LC"), ("Bosnia and Herzegovina", "BA"), ("Hong Kong", "HK"), ("Kosovo", "XK"),
        ("Narnia", None), ("EU", None), ("XX", None), ("", None), ("-", None), ("036", None), ("Victoria", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_its_codes_and_english_names(text: str, country: str | None) -> None:
    assert country_of(text) == country


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("+44 (0)20 7946 0958", "", "442079460958"),
        ("0044 (0)20 7946 0958", "", "442079460958"),
        ("0061 412 345 678", "AU", "61412345678"),
        ("++61 412 345 678", "", "61412345678"),
        ("+0061 412 345 678", "", "61412345678"),
        ("0011 61 412 345 678", "AU", "61412345678"),
        ("(+61) 412 345 678", "US", "61412345678"),
        ("(415) 555-2671 x12", "United States", "14155552671"),
        ("0412 345 678 ext. 4", "AUS", "61412345678"),
        ("tel:+61-412-345-678;ext=3", "", "61412345678"),
        ("030/12345678", "Germany", "493012345678"),
        ("0412\u2011345\u2011678", "AU", "61412345678"),
        ("0412345678/9", "AU", None),
        ("0412 345 678 / 0413 222 333", "AU", None),
        ("030 1234 / 030 5678", "DE", None),
        ("0412345678; 0413222333", "AU", None),
        ("0412 345 678 or 0413 222 333", "AU", None),
        ("+61 412 345 678, +61 413 222 333", "", None),
        ("0412 345 678 home", "AU", None),
        ("1-800-FLOWERS", "US", None),
        ("12345678901234567", "DE", None),
        ("0412 345 678", "US", None),
        ("0412 345 678", "Narnia", None),
    ],
)
def test_nothing_is_glued_to_a_number(text: str, country: str, digits: str | None) -> None:
    found = phone_of(None, None, stops=True).of(text, country)

    assert (found.text if isinstance(found, Converted) else None) == digits


def test_the_country_of_the_row_goes_before_that_of_the_run_and_of_the_mapping(folder: Path) -> None:
    rows = ("0412 345 678", "Australia", ""), ("020 7946 0958", "", ""), ("(415) 555-2671", "", "US")

    report = made(MAPPING, *rows, country='["Country", "Home"]', settings='country = "NZ"', asked="GBR")

    assert mobiles(report) == ["61412345678", "442079460958", "14155552671"]


def test_what_cannot_be_read_leaves_the_record_alone_and_is_a_warning(folder: Path) -> None:
    rows = ("0412 345 678", "", ""), ("0412 345 678 / 0413 222 333", "AU", ""), ("+61 412 345 678", "", "")

    report = made(MAPPING, *rows)

    (source,) = report.sources
    assert mobiles(report) == [None, None, "61412345678"]
    assert {one.code: (one.count, tuple(one.lines)) for one in source.suspicions} == {
        "phone_unreadable": (1, (3,)), "phone_without_country": (1, (2,)),
    }  # fmt: skip


def test_a_link_without_a_country_is_an_issue_that_says_what_to_type(folder: Path) -> None:
    report = made(LINKED, ("0412 345 678", "AU", ""), ("+61 412 345 678", "", ""), ("one / two", "", ""))

    (batch,) = report.batches
    issues = (batch.path / "issues.ndjson").read_text("utf-8")
    assert (report.sources[0].valid, report.sources[0].invalid) == (1, 2)
    assert "type --country AU" in issues


def test_a_fix_reads_phone_numbers_as_of_the_country_of_its_batch(folder: Path) -> None:
    report = made(LINKED, ("0412 345 678", "", ""), ("nobody", "", ""), asked="AU")
    rejects = report.batches[0].path / "rejects.csv"
    rejects.write_text(rejects.read_text("utf-8").replace("nobody", "0413 222 333"), "utf-8")

    (record,) = fixed(report.batches[0].path).records("profile_customer")

    assert record["link"] == {"mobile": "61413222333"}


@pytest.mark.parametrize(("asked", "settings"), [("Narnia", ""), (None, 'country = "Narnia"')])
def test_a_country_that_does_not_exist_stops_the_run(asked: str | None, settings: str, folder: Path) -> None:
    with pytest.raises(UsageError, match="no country called Narnia"):
        made(MAPPING, ("0412 345 678", "", ""), asked=asked, settings=settings)
