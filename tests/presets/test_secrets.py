"""What a preset calls secret is in no file, no message and no output, whether its row is good or bad."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.specs.names import normalised

from tests.presets.exports import TABLES, convert, write
from tests.presets.headers import HEADERS

MARK = "Zq7Secret"
WITH_SECRETS = [name for name in TABLES if mapping.find(name).secret]
GOOD = {
    "square_items": {
        "Date": "2024-03-06", "Time": "10:15:00", "Time Zone": "UTC", "Qty": "1.0", "Net Sales": "$1.00",
        "Event Type": "Payment", "Transaction ID": "T1", "Customer ID": "C1",
    },
    "stripe_payments": {
        "id": "ch_1", "Created date (UTC)": "2024-03-06 10:15:00", "Amount": "1.00", "Status": "Paid",
        "Customer Email": "mira.holt@example.com",
    },
    "stripe_customers": {"id": "cus_1", "Email": "mira.holt@example.com"},
    "magento_customers": {"email": "mira.holt@example.com"},
    "matrixify_orders": {
        "Name": "#1", "Email": "mira.holt@example.com", "Created At": "2024-03-06 10:15:00 +0000", "Line: Type": "Line Item",
        "Line: Quantity": "1", "Line: Total": "1.00", "Price: Total": "1.00", "Payment: Status": "paid",
    },
}  # fmt: skip
BAD = {
    "square_items": {"Net Sales": "free", "Transaction ID": "T2"},
    "stripe_payments": {"id": "ch_2", "Amount": "free"},
    "stripe_customers": {"id": "cus_2", "Email": "nobody"},
    "magento_customers": {"email": "nobody"},
    "matrixify_orders": {"Name": "#2", "Line: Total": "free"},
}


def header_of(preset: str) -> tuple[str, ...]:
    """The header of a preset that has most of its secrets."""
    return max(HEADERS[preset], key=lambda header: len(secrets_in(preset, header)))


def secrets_in(preset: str, header: Sequence[str]) -> list[str]:
    secret = {normalised(name) for name in mapping.find(preset).secret}
    return [name for name in header if normalised(name) in secret]


def secrets_of(preset: str) -> dict[str, str]:
    found = secrets_in(preset, header_of(preset))
    return {name: f'{MARK}{number}, "of\ntwo lines"' for number, name in enumerate(found)}


def test_every_preset_with_secrets_is_tried_here() -> None:
    assert set(GOOD) == set(WITH_SECRETS)
    assert all(secrets_of(preset) for preset in WITH_SECRETS)


@pytest.mark.parametrize("preset", WITH_SECRETS)
def test_a_secret_is_in_no_file_that_is_left_behind(
    preset: str, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good, secrets = GOOD[preset], secrets_of(preset)
    rows = [{**good, **secrets}, {**good, **BAD[preset], **secrets}]
    source = write("export.csv", header_of(preset), *rows)
    with Path(source).open("a", encoding="utf-8") as file:
        # Too short, and with a quote that is never closed: its cells cannot be told apart.
        file.write(f'{MARK}8,{MARK}9\n"{MARK}10')

    made = convert(source)

    assert any(batch.manifest.records for batch in made.batches.values())
    assert any(batch.manifest.rejected >= 2 for batch in made.batches.values())
    left = [path for path in Path("batches").rglob("*") if path.is_file()]
    assert [] == [path for path in left if MARK.encode() in path.read_bytes()]
    assert MARK not in repr(made.report)
    assert MARK not in "".join(capfd.readouterr())


def test_the_row_of_a_reject_keeps_all_but_its_secrets(folder: Path) -> None:
    good, bad, secrets = GOOD["magento_customers"], BAD["magento_customers"], secrets_of("magento_customers")
    header = HEADERS["magento_customers"][0]

    made = convert(write("export.csv", header, good, {**good, **bad, **secrets, "lastname": "Holt"}))

    (batch,) = made.batches.values()
    (reject,) = (batch.path / "rejects.csv").read_text("utf-8").splitlines()[1:]
    cells = reject.rsplit(",", len(header))[1:]
    assert {"email": "nobody", "lastname": "Holt"} == {
        name: cell for name, cell in zip(header, cells, strict=True) if cell.strip('"')
    }
