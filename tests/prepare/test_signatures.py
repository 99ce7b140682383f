"""Records that are wrong in the same way are judged once: with that memory and without it, the same files."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lexer_pipeline.validating import signatures
from lexer_pipeline.validating.document_signatures import DocumentSignatures
from lexer_pipeline.validating.reference import ReferenceChecker
from lexer_pipeline.validating.signatures import RowSignatures
from msgspec.structs import replace
from oracle import RECORD_TYPES

from tests.thoroughness import also_drilled, with_examples

from .helpers import KEEP_ALL, of_bytes
from .test_fast_against_slow import tables_of

FOLDED = (
    b"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity,products[].product_reference.id,"
    b"products[].product_reference.id_type\n"
)
# What stands in each cell of an order and of its lines, first what is right.
OF_ORDER = (
    (b"a@example.com", b"NOT ONE", b"", b"B@EXAMPLE.COM"),
    (b"2024-03-06T10:15:00Z", b"2024-03-06", b"2024-02-30T00:00:00Z", b""),
    (b"ecommerce", b"Ecommerce", b""),
)
OF_LINE = ((b"1.50", b"-1", b"x", b""), (b"1", b"0", b"2.7", b""), (b"S-1", b""), (b"sku", b"SKU", b""))
LINES = st.tuples(
    *map(st.sampled_from, OF_ORDER),
    st.lists(st.tuples(*map(st.sampled_from, OF_LINE)), min_size=1, max_size=3),
)


def each_wrong() -> list[object]:
    """Orders that are wrong in one cell each, in every way; with a line, and with another that is right."""
    kinds = (*OF_ORDER, *OF_LINE)
    right = [values[0] for values in kinds]
    found: list[object] = []
    for place, values in enumerate(kinds):
        for value in values:
            cells = [*right[:place], value, *right[place + 1 :]]
            found.append((*cells[:3], [tuple(cells[3:])]))
            found.append((*cells[:3], [tuple(cells[3:]), tuple(right[3:])]))
    return found


def same_with_and_without(data: bytes, spec: str) -> None:
    with TemporaryDirectory() as folder:
        fast = of_bytes(data, spec, Path(folder, "with"))
        with patch.object(RowSignatures, "of_chunk", lambda *_: None):
            slow = of_bytes(data, spec, Path(folder, "without"))
        with patch.object(signatures, "MOST_COMBINED", 8):
            renumbered = of_bytes(data, spec, Path(folder, "renumbered"))
    assert fast.files == slow.files == renumbered.files
    assert fast.report.sources == slow.report.sources == renumbered.report.sources


@also_drilled
@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_rows_judged_by_their_signature_have_the_issues_that_each_would_have(record_type: str) -> None:
    @with_examples(4, drill=40)
    @given(st.lists(tables_of(record_type), min_size=1, max_size=1))
    def same(tables: list[bytes]) -> None:
        header, _, rows = tables[0].partition(b"\n")
        same_with_and_without(header + b"\n" + (rows.rstrip(b"\n") + b"\n") * 6, record_type)

    same()


@with_examples(12, drill=150)
@given(st.lists(LINES, min_size=10, max_size=25))
@example(each_wrong())
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


@with_examples(15, drill=200)
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


# Keys that neither a customer nor its link may have, near to a field or not, by number; and what stands under them.
NAMES = ("frist_name", "a", "genders", "città", "links", "EMAIL", "a b")
UNDER = st.sampled_from(("text", "", 1, -0.5, True, [], [1, "x", None], {"a": {"a": [1], "b": {}}}))
ODD = st.sampled_from((None, "\u200b", "é", 10**400, "\ud800", {"a": "\ud800"}, {"NaN": float("nan")}))
UNKNOWN = st.one_of(st.lists(UNDER, max_size=3), st.lists(UNDER | ODD, max_size=3))


@with_examples(15, drill=200)
@given(
    st.lists(
        st.tuples(UNKNOWN, st.just([]) | UNKNOWN, SPOILED, st.just(False) | st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_documents_with_unknown_keys_judged_by_their_sketch_have_the_issues_that_each_would_have(
    kinds: list[tuple[list[object], list[object], dict[str, str], bool]], rejects: bool
) -> None:
    lines = []
    for names, (unknown, in_link, spoiled, doubled) in product(range(len(NAMES)), kinds):
        keys = [NAMES[(names + number) % len(NAMES)] for number in range(len(unknown) + len(in_link))]
        link = {"email": spoiled.get("email", "mira@example.com"), **dict(zip(keys, in_link, strict=False))}
        birth = {key: text for key, text in spoiled.items() if key == "date_of_birth"}
        others = dict(zip(keys[len(in_link) :], unknown, strict=True))
        document = {**others, "link": link, **birth, "custom_fields": {"a": [1]}}
        again = f', "{keys[0]}": 1' if doubled and keys else ""
        lines.append(json.dumps(document, ensure_ascii=False)[:-1] + again + "}")
    data, options = "\n".join(lines).encode(errors="surrogatepass"), replace(KEEP_ALL, reject_unknown=rejects)
    with TemporaryDirectory() as folder:
        fast = of_bytes(data, "customer_record", Path(folder, "with"), options)
        with patch.object(DocumentSignatures, "of", lambda *_: None):
            slow = of_bytes(data, "customer_record", Path(folder, "without"), options)
    assert fast.files == slow.files
    assert fast.report.sources == slow.report.sources


def test_documents_with_an_unknown_key_of_another_name_each_are_judged_once(tmp_path: Path) -> None:
    judged: list[bytes] = []
    judge: Callable[[ReferenceChecker, bytes], object] = ReferenceChecker.text
    data = b"\n".join(
        b'{"link": {"email": "a%d@example.com"}, "key_%d": {"a": [1, "x"]}}' % (i, i) for i in range(1000)
    )

    with patch.object(ReferenceChecker, "text", lambda self, text: judged.append(text) or judge(self, text)):
        done = of_bytes(data, "customer_record", tmp_path, replace(KEEP_ALL, reject_unknown=True))

    assert done.manifest.rejected == 1000
    assert len(judged) == 1
