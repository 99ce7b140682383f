"""Keyed hashes of records: the same for what is worth the same, another for all else, with the kernel and without."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.plain.fingerprints import siphash
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.identity import REFERENCE, REFERENCES, identity_of

from tests import plain

KEY = bytes(range(16))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', "\\", "\n\u0001", "é", "x" * 40]
)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(TEXTS | st.sampled_from(["link", "sku"]), VALUES, max_size=5)
WRITERS = (
    lambda record: json.dumps(record, ensure_ascii=False, separators=(",", ":")),
    lambda record: json.dumps(record, separators=(",", ":")),
)


def hashes(
    *lines: str | bytes, names: tuple[bytes, ...] = (), is_reference: bool = False, key: bytes = KEY
) -> list[Any]:
    texts = [(one.encode() if isinstance(one, str) else one) + b"\n" for one in lines]
    ends = np.cumsum([len(one) for one in texts], dtype=np.int64)
    given = b"".join(texts), ends, names, is_reference, key
    fast, slow = dispatch.record_hashes(*given), plain.record_hashes(*given)
    assert [one.tolist() for one in fast] == [one.tolist() for one in slow]
    return list(zip(*(one.tolist() for one in fast), strict=True))


def test_the_hash_is_siphash() -> None:
    """The vector of its authors' paper, which has two rounds and four."""
    assert siphash(KEY, bytes(range(15)), 2, 4) == 0xA129CA6149BE45E5


@given(st.lists(st.tuples(RECORDS, st.sampled_from(WRITERS)), min_size=1, max_size=4), st.booleans())
def test_the_kernel_and_plain_python_give_the_same(records: list[Any], is_reference: bool) -> None:
    lines = [write(record) for record, write in records]

    found = hashes(*lines, names=(b"sku", b"link"), is_reference=is_reference)

    assert all(identity and content for identity, content in found)


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_members_and_how_signs_are_escaped_make_no_difference(
    record: dict[str, Any], rng: Any
) -> None:
    members = list(record.items())
    rng.shuffle(members)
    plain, escaped = (write(one) for write, one in zip(WRITERS, (record, dict(members)), strict=True))

    one, two = hashes(plain, escaped, names=(b"link",))

    assert one == two


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ('{"a":10.50}', '{"a":10.5}', True),
        ('{"a":10.00}', '{"a":10}', True),
        ('{"a":1e2}', '{"a":100}', True),
        ('{"a":-0.0}', '{"a":0}', True),
        ('{"a":100}', '{"a":10}', False),
        ('{"a":1.5e400}', '{"a":15e399}', True),
        ('{"a":1234567890123456789012345678901e0}', '{"a":1234567890123456789012345678901}', True),
        ('{"a":1234567890123456789012345678901e0}', '{"a":1234567890123456789012345678902}', False),
        ('{"a":1e-999999999}', '{"a":0}', False),
        ('{"a":1e99999999999999999999}', '{"a":1e99999999999999999998}', False),
        ('{"a":1}', '{"a":"1"}', False),
        ('{"a":1}', '{"a":true}', False),
        ('{"a":12345678901234567890.1}', '{"a":12345678901234567890.2}', False),
        ('{"a":[1,2]}', '{"a":[2,1]}', False),
        ('{"a":[]}', '{"a":{}}', False),
        ('{"a":[[1],2]}', '{"a":[[1,2]]}', False),
        ('{"a":{"b":1},"c":2}', '{"a":{"b":1,"c":2}}', False),
        ('{"a":"b","c":"d"}', '{"a":"d","c":"b"}', False),
        ('{"a":"b","c":"d"}', '{"a":"b\\",\\"c\\":\\"d"}', False),
        ('{"a":null}', "{}", False),
        ('{"a":"\\u00e9"}', '{"a":"é"}', True),
    ],
)
def test_what_is_worth_the_same_is_the_same(one: str, two: str, same: bool) -> None:
    first, second = hashes(one, two)

    assert (first == second) is same


@given(st.lists(st.fixed_dictionaries({}, optional={
    REFERENCE: st.sampled_from([*REFERENCES, "other"]), **{name: st.sampled_from("ab") for name in REFERENCES}, "name": st.sampled_from("xy"),
}), min_size=2, max_size=5))  # fmt: skip
def test_a_product_is_known_by_its_reference(products: list[dict[str, str]]) -> None:
    known_by = identity_of(catalog.find("product"))
    names = tuple(name.encode() for name in (REFERENCE, *REFERENCES))

    found = hashes(*map(WRITERS[0], products), names=names, is_reference=True)

    by_hash = [identity for identity, _ in found]
    by_rule = [json.dumps(known_by(one), sort_keys=True) for one in products]
    assert [[a == b for b in by_hash] for a in by_hash] == [[a == b for b in by_rule] for a in by_rule]


@pytest.mark.parametrize(
    "spec", ["customer_record", "purchase", "email_open", "sms_subscribe", "profile_unify"]
)
@given(data=st.data())
def test_a_record_is_known_by_its_identity(spec: str, data: st.DataObject) -> None:
    specification = catalog.find(spec)
    names = specification.identity or ((specification.key,) if specification.key else ())
    values = st.sampled_from(["a", "b"])
    record = st.fixed_dictionaries({}, optional=dict.fromkeys([*names, "action_at", "city"], values))
    records = data.draw(st.lists(record, min_size=2, max_size=4))
    known_by = identity_of(specification)

    found = hashes(*map(WRITERS[0], records), names=tuple(name.encode() for name in names))

    by_hash, by_rule = [identity for identity, _ in found], [known_by(one) for one in records]
    assert [[a == b for b in by_hash] for a in by_hash] == [[a == b for b in by_rule] for a in by_rule]


def test_without_the_key_nobody_can_work_out_a_hash() -> None:
    line = '{"link":{"email":"mira@example.com"}}'

    one, two = hashes(line, names=(b"link",)), hashes(line, names=(b"link",), key=bytes(16))

    assert not set(one[0]) & set(two[0])


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)), st.integers(1, 6))
def test_hashes_are_found_among_others_by_their_beginnings(
    some: list[int], known: list[int], bits: int
) -> None:
    there = np.sort(np.array(known, np.uint64))
    begins = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
    starts = np.append(np.searchsorted(there, begins), len(there)).astype(np.int64)
    asked = np.array([*some, *known], np.uint64)
    found = [module.among(asked, there, starts).tolist() for module in (dispatch, plain)]

    assert found[0] == found[1] == [one in known for one in asked.tolist()]
