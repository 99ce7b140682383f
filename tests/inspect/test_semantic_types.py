"""What single values look like."""

import pytest
from lexer_pipeline.inspecting import semantic_types
from lexer_pipeline.inspecting.semantic_types import look_at


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mira.holt@example.com", semantic_types.EMAIL),
        ("https://example.com/a?b=1", semantic_types.URL),
        ("5d41402abc4b2a76b9719d911017c592", semantic_types.HASH),
        ("yes", semantic_types.BOOLEAN),
        ("FALSE", semantic_types.BOOLEAN),
        ("12.50", semantic_types.NUMBER),
        ("-3", semantic_types.NUMBER),
        ("1", semantic_types.NUMBER),
        ("0800", semantic_types.ZEROS),
        ("'3182", semantic_types.APOSTROPHE),
        ("6.14E+10", semantic_types.SCIENTIFIC),
        ("6,14E+10", semantic_types.SCIENTIFIC),
        ("#N/A", semantic_types.ERROR),
        ("NULL", semantic_types.NOTHING),
        ("-", semantic_types.NOTHING),
        ("2024-03-06T10:15:00Z", semantic_types.ISO_DATE_TIME),
        ("2025-10-07 09:50:26 +0200", semantic_types.ISO_DATE_TIME),
        ("2024-03-06", semantic_types.ISO_DATE),
        ("31/12/2024", semantic_types.DATE),
        ("\u200b2024-03-06", semantic_types.ISO_DATE),
        ("3/12/24 2:05\u202fPM", semantic_types.DATE_TIME),
        ("Mon, 23 Sep 2024 14:21:24 +0000", semantic_types.DATE_TIME),
        ("+61 491 570 006", semantic_types.PHONE),
        ("0491 570 006", semantic_types.PHONE),
        ("(02) 5550 1234", semantic_types.PHONE),
        ("555-123-4567", semantic_types.PHONE),
        ("$9.95", semantic_types.MONEY),
        ("1.234,50", semantic_types.MONEY),
        ("(12.50)", semantic_types.MONEY),
        ("-$12.00", semantic_types.MONEY),
        ("1,23,456.78", semantic_types.MONEY),
        ("Mira Holt", semantic_types.TEXT),
        ("12 Example Street", semantic_types.TEXT),
        ("SKU-0012", semantic_types.TEXT),
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
