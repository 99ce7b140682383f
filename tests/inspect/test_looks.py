"""What single values look like."""

import pytest

from pipeline import looks
from pipeline.looks import look_at


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mira.holt@example.com", looks.EMAIL),
        ("https://example.com/a?b=1", looks.URL),
        ("5d41402abc4b2a76b9719d911017c592", looks.HASH),
        ("yes", looks.BOOLEAN),
        ("FALSE", looks.BOOLEAN),
        ("12.50", looks.NUMBER),
        ("-3", looks.NUMBER),
        ("1", looks.NUMBER),
        ("0800", looks.ZEROS),
        ("'3182", looks.APOSTROPHE),
        ("6.14E+10", looks.SCIENTIFIC),
        ("6,14E+10", looks.SCIENTIFIC),
        ("#N/A", looks.ERROR),
        ("NULL", looks.NOTHING),
        ("-", looks.NOTHING),
        ("2024-03-06T10:15:00Z", looks.ISO_DATE_TIME),
        ("2025-10-07 09:50:26 +0200", looks.ISO_DATE_TIME),
        ("2024-03-06", looks.ISO_DATE),
        ("31/12/2024", looks.DATE),
        ("3/12/24 2:05\u202fPM", looks.DATE_TIME),
        ("Mon, 23 Sep 2024 14:21:24 +0000", looks.DATE_TIME),
        ("+61 491 570 006", looks.PHONE),
        ("0491 570 006", looks.PHONE),
        ("(02) 5550 1234", looks.PHONE),
        ("555-123-4567", looks.PHONE),
        ("$9.95", looks.MONEY),
        ("1.234,50", looks.MONEY),
        ("(12.50)", looks.MONEY),
        ("-$12.00", looks.MONEY),
        ("1,23,456.78", looks.MONEY),
        ("Mira Holt", looks.TEXT),
        ("12 Example Street", looks.TEXT),
        ("SKU-0012", looks.TEXT),
    ],
)
def test_a_value_looks_like_what_it_is(text: str, kind: str) -> None:
    assert look_at(text).kind == kind


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("05/06/2024", ("dd/mm/yyyy", "mm/dd/yyyy")),
        ("25/06/2024", ("dd/mm/yyyy",)),
        ("06/25/2024 10:00", ("mm/dd/yyyy",)),
        ("1,234", (".", ",")),
        ("1.234", (".", ",")),
        ("12.50", (".",)),
        ("12,50 €", (",",)),
        ("$50", ()),
    ],
)
def test_a_value_says_how_it_can_be_read(text: str, readings: tuple[str, ...]) -> None:
    assert look_at(text).readings == readings
