"""A record that is larger as NDJSON than one may be is rejected, whether the kernels or the reference would have written it."""

from pathlib import Path

import pytest
from lexer_pipeline import limits
from lexer_pipeline.preparing.options import Options
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, Prepared, in_plain_python, prepared

SPEC = "profile_customer"
# In JSON each of these bytes is \u0001.
SIGN = "\x01"
FITS, TOO_LARGE = limits.RECORD_BYTES // 6 - 10_000, limits.RECORD_BYTES // 6


def both_ways(path: Path, spec: str | None, options: Options = KEEP_ALL) -> Prepared:
    """What is prepared with the kernels, and is without them."""
    folder = path.parent
    fast = prepared([path], spec, folder / "fast", options)
    with in_plain_python():
        slow = prepared([path], spec, folder / "slow", options)
    assert fast.files == slow.files
    return fast


@pytest.mark.parametrize("around", ["", "MIRA2@example.com,x,\n"])
def test_a_row_that_grows_too_large_by_its_escapes_is_rejected(around: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"mira{size}@example.com,x,{SIGN * size}\n" for size in (1, FITS, TOO_LARGE, 2)]
    path.write_text("link.email,first_name,custom_fields.note\n" + "".join(row + around for row in rows))
    done = both_ways(path, SPEC)

    assert done.report.sources[0].issues == {"too_large": 1}
    assert [issue["line"] for issue in done.issues] == [6 if around else 4]
    assert max(map(len, done.lines)) <= limits.RECORD_BYTES + 1


def test_a_document_as_large_as_may_be_is_written_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    record = '{{"link":{{"email":"mira@example.com"}},"custom_fields":{{"note":"{}"}}}}'
    path.write_text(record.format("x" * (limits.RECORD_BYTES - len(record.format("")))))

    assert [len(line) for line in both_ways(path, SPEC).lines] == [limits.RECORD_BYTES + 1]


@pytest.mark.parametrize("mapped", [False, True])
def test_an_order_whose_lines_grow_too_large_together_is_rejected_whole(mapped: bool, tmp_path: Path) -> None:
    lines = 200
    names = {
        "purchase_id": "Order", "link.email": "Email", "action_at": "At", "type": "Type", "products[].price_paid": "Price",
        "products[].quantity": "Quantity", "custom_fields.note[]": "Name",
    }  # fmt: skip
    own = tmp_path / "own.toml"
    fields = "".join(f'"{field}" = "{column}"\n' for field, column in names.items())
    own.write_text(
        f'[[records]]\nspecification = "commerce_purchases"\nkey = "Order"\n[records.fields]\n{fields}'
    )
    path = tmp_path / "orders.csv"
    with path.open("w") as file:
        file.write(",".join(names.values() if mapped else names) + "\n")
        for order, size in (("A-1", FITS // lines), ("A-2", TOO_LARGE // lines), ("A-3", 1)):
            for line in range(lines):
                once = f"{order},mira@example.com,2024-03-06T10:15:00Z,ecommerce"
                file.write(f"{once},{line}.50,1,{SIGN * size}x\n")
    options = replace(KEEP_ALL, mapping=str(own)) if mapped else KEEP_ALL
    done = both_ways(path, None if mapped else "commerce_purchases", options)

    assert done.report.sources[0].issues == {"too_large": 1}
    assert (done.report.valid, done.report.sources[0].invalid) == (2, lines)
    assert [record["purchase_id"] for record in done.records] == ["A-1", "A-3"]
