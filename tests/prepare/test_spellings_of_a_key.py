"""Rows whose keys are sent as one make one record, however the key is spelt in each."""

from pathlib import Path

import numpy as np
import pytest
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.clean_key import clean_key
from lexer_pipeline.kernels.codes import KEY_ADDRESS, KEY_EXACT, KEY_TRIMMED
from lexer_pipeline.mapping.conversions.identifiers import identifier
from lexer_pipeline.specs.values import Converted, email

from tests.plain.rows import Found

from .helpers import of_bytes

HEADER = (
    "purchase_id,link.email,action_at,type,products[].product_reference.id,products[].product_reference.id_type,"
    "products[].quantity,products[].price_paid\n"
)
SPELLINGS = ("\u200eA-1", "A\u200b-1", "'A-1", "A-1\u00a0", "\tA-1", '"=""A-1"""')


def _first(order: str) -> str:
    return f"{order},p@example.com,2024-03-06T10:15:00Z,ecommerce,P,sku,1,10\n"


def _next(order: str) -> str:
    return f"{order},,,,Q,sku,1,20\n"


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("apart", [False, True])
def test_a_row_goes_to_the_order_that_its_id_is_sent_as(tmp_path: Path, spelling: str, apart: bool) -> None:
    other = _first("B-2") + _next("B-2")
    rows = _first("A-1") + other + _next(spelling) if apart else _first("A-1") + _next(spelling) + other
    done = of_bytes((HEADER + rows).encode(), "commerce_purchases", tmp_path / "out")
    orders = {one["purchase_id"]: len(one["products"]) for one in done.records}
    assert orders == {"A-1": 2, "B-2": 2}


@pytest.mark.parametrize(
    "text",
    ["\u200eann@example.com", "Ann Lee <ann@example.com>", "ann@example.com.", "'ann@example.com", "mailto:ann@example.com",
     "Ann@Example.com \u00a0", "ann@example.com"],
)  # fmt: skip
def test_a_key_that_is_an_address_is_compared_as_it_is_sent(text: str) -> None:
    sent = email(text.replace("\u200e", ""))
    assert isinstance(sent, Converted) and clean_key(KEY_ADDRESS, text.encode()) == sent.text.encode()


def test_blanks_around_an_id_are_its_own_unless_a_mapping_reads_it_as_an_id() -> None:
    assert clean_key(KEY_EXACT, b" A-1") == b" A-1"
    assert clean_key(KEY_TRIMMED, b" A-1 ") == b"A-1"
    done = identifier(None)(" A-1 ")
    assert isinstance(done, Converted) and (done.text, done.conversions) == ("A-1", ("trimmed",))


@pytest.mark.parametrize("kind", [KEY_EXACT, KEY_TRIMMED, KEY_ADDRESS])
@pytest.mark.parametrize(
    "text",
    ["'A-1", "' A", '="A"', '=""A""', '=""', "\u00a0", "\u200b", " A ", "A\u200b\u00ad\u2060\ufeff\u202e1", "\u00e9t\u00e9",
     "Ann <a@b.co>", "<a@b.co>", "=mailto:a@b.co", '"a@b.co".,;', ">", "<>", "x" * 321 + "'"],
)  # fmt: skip
def test_kernel_and_plain_python_clean_a_key_alike(kind: int, text: str) -> None:
    raw = text.encode()
    clean = clean_key(kind, raw)
    data = raw + b"\n" + clean + b"\n"
    assert _marks(data, len(raw), len(clean), kind) == [1, 2 if clean_key(kind, clean) == clean else 1]


def _marks(data: bytes, first: int, second: int, kind: int) -> list[int]:
    starts = np.array([0, first + 1], np.int32)
    ends = np.array([first, first + 1 + second], np.int32)
    faults, cells = np.zeros(2, np.uint8), np.ones(2, np.int32)
    found = Found(data, 1, starts, ends, np.zeros(2, np.uint8), faults, cells)
    return dispatch.mark_keys(found, 0, kind)[0].tolist()
