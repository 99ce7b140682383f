"""What a mapping repeats in each row makes no record and no part of a source larger than fits."""

from pathlib import Path

import pytest
from lexer_pipeline import limits
from lexer_pipeline.errors import UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate

MAPPING = """
[[records]]
specification = "commerce_purchases"
key = "Order"
[records.fields]
purchase_id = "Order"
"link.email" = {{ constant = "mira@example.com" }}
action_at = {{ constant = "2024-03-06T10:15:00Z" }}
type = {{ constant = "physical" }}
"products[].quantity" = {{ constant = 1 }}
"products[].price_paid" = "Price"
"custom_fields.note[]" = {{ {note} }}
"""


def orders(folder: Path, note: str, *sizes: int) -> Path:
    """Orders of so many lines, each with a note."""
    (folder / "own.toml").write_text(MAPPING.format(note=note))
    lines = [f"A-{order},{line}\n" for order, size in enumerate(sizes) for line in range(size)]
    (folder / "orders.csv").write_text("Order,Price\n" + "".join(lines))
    return folder / "orders.csv"


def test_a_record_that_a_constant_makes_too_large_is_rejected_alone(tmp_path: Path) -> None:
    source = orders(tmp_path, f'constant = "{"x" * 40_000}"', 500, 2, 400)

    (report,) = validate([source], None, Options(mapping=str(tmp_path / "own.toml"))).sources

    assert (report.valid, report.invalid, report.issues) == (2, 500, {"too_large": 1})
    assert report.examples[0].line == 2


@pytest.mark.parametrize("note", ['constant = "{}"', 'template = "{} {{Price}}"'])
def test_a_mapping_that_makes_more_than_fits_is_refused(note: str, tmp_path: Path) -> None:
    source = orders(
        tmp_path, note.replace("{}", "x" * 60_000).replace("{{", "{").replace("}}", "}"), *[1] * 9000
    )

    with pytest.raises(UsageError, match=f"more than {limits.MADE_BYTES >> 20} MiB"):
        validate([source], None, Options(mapping=str(tmp_path / "own.toml")))
