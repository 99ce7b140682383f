"""Records that are wrong in the same way are judged once: with that memory and without it, the same files."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.validating.signatures import RowSignatures
from oracle import RECORD_TYPES

from .helpers import of_bytes
from .test_fast_against_slow import tables_of

FOLDED = (
    b"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity,products[].product_reference.id,"
    b"products[].product_reference.id_type\n"
)
LINES = st.tuples(
    st.sampled_from([b"a@example.com", b"NOT ONE", b"", b"B@EXAMPLE.COM"]),
    st.sampled_from([b"2024-03-06T10:15:00Z", b"2024-03-06", b"2024-02-30T00:00:00Z", b""]),
    st.sampled_from([b"ecommerce", b"Ecommerce", b""]),
    st.lists(
        st.tuples(
            st.sampled_from([b"1.50", b"-1", b"x", b""]),
            st.sampled_from([b"1", b"0", b"2.7", b""]),
            st.sampled_from([b"S-1", b""]),
            st.sampled_from([b"sku", b"SKU", b""]),
        ),
        min_size=1,
        max_size=3,
    ),
)


def same_with_and_without(data: bytes, spec: str) -> None:
    with TemporaryDirectory() as folder:
        fast = of_bytes(data, spec, Path(folder, "with"))
        with patch.object(RowSignatures, "of_chunk", lambda *_: None):
            slow = of_bytes(data, spec, Path(folder, "without"))
    assert fast.files == slow.files
    assert fast.report.sources == slow.report.sources


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_rows_judged_by_their_signature_have_the_issues_that_each_would_have(record_type: str) -> None:
    @settings(deadline=None, max_examples=12)
    @given(st.lists(tables_of(record_type), min_size=1, max_size=1))
    def same(tables: list[bytes]) -> None:
        header, _, rows = tables[0].partition(b"\n")
        same_with_and_without(header + b"\n" + (rows.rstrip(b"\n") + b"\n") * 6, record_type)

    same()


@settings(deadline=None, max_examples=40)
@given(st.lists(LINES, min_size=10, max_size=25))
def test_folded_records_judged_by_their_signature_have_the_issues_that_each_would_have(
    orders: list[object],
) -> None:
    rows = []
    for number, (email, moment, kind, lines) in enumerate(orders):  # type: ignore[misc]
        for line in lines:
            rows.append(b",".join([b"P-%d" % number, email, moment, kind, *line]))

    same_with_and_without(FOLDED + b"\n".join(rows) + b"\n", "purchase")


SPOILED = st.sampled_from(
    (
        {},
        {"date_of_birth": "1990-02-30"},
        {"employee_flag": "maybe"},
        {"link.customer_id": ""},
        {"email": "no e-mail"},
    )
)
OPTIONAL = ("first_name", "gender", "email", "date_of_birth", "custom_fields.tier", "mobile")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sets(st.sampled_from(OPTIONAL)), SPOILED), min_size=10, max_size=30))
def test_which_optional_fields_are_filled_changes_no_issue(
    rows: list[tuple[set[str], dict[str, str]]],
) -> None:
    good = {"first_name": "Mira", "gender": "female", "email": "mira@example.com", "date_of_birth": "1990-02-28",
            "custom_fields.tier": "gold", "mobile": "61491570156"}  # fmt: skip
    columns = ("link.customer_id", "employee_flag", *OPTIONAL)
    data = ",".join(columns) + "\n"
    for filled, spoiled in rows:
        cells = {
            "link.customer_id": "C1",
            "employee_flag": "true",
            **{name: good[name] for name in filled},
            **spoiled,
        }
        data += ",".join(cells.get(name, "") for name in columns) + "\n"
    same_with_and_without(data.encode(), "customer_record")
