"""Documents that the kernel vouches for: it lets nothing by that the exact twin would write otherwise or reject."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import RECORD_TYPES, examples, good, normalised, oddities, spoiled

from pipeline import catalog, compiled, run
from pipeline.automaton import compile_automaton

from .helpers import of_bytes

OWN: dict[str, dict[str, Any]] = {
    "nullable": {"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"enum": [None, 1, "x"]}}},
    "anything": {"type": "object", "properties": {"a": {}, "b": True}},
    "open": {"type": "object", "additionalProperties": True, "properties": {"a": {"type": "string"}}},
    "list of anything": {"type": "object", "properties": {"a": {"type": "array"}, "b": {"items": {}}}},
    "patterns": {"type": "object", "patternProperties": {"^a": {"type": ["object", "null"]}}, "properties": {"b": {}}},
    "closed": {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "number"}, "b": {}}},
    "choice": {"type": "object", "oneOf": [{"required": ["a"], "properties": {"a": {"format": "date-time"}}},
                                           {"required": ["b"], "properties": {"b": {"x-normalise": "email"}}}]},
    "negation": {"type": "object", "properties": {"a": {"not": {"type": "string"}}, "b": {"format": "date-time"}}},
    "referring": {"type": "object", "$defs": {"t": {"type": ["object", "string", "null"], "x-normalise": "email",
                  "properties": {"a": {"$ref": "#/$defs/t"}}}}, "properties": {"a": {"$ref": "#/$defs/t"}, "b": {}}},
    "unevaluated": {"type": "object", "allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False,
                    "properties": {"b": {"prefixItems": [{"type": "string", "x-normalise": "hash"}]}}},
    "dependent": {"type": "object", "properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]},
                  "dependentSchemas": {"b": {"properties": {"a": {"type": "null"}}}}},
    "conditional": {"type": "object", "properties": {"a": {}, "b": {}}, "if": {"properties": {"a": {"type": "null"}}},
                    "then": {"required": ["b"]}},
    "contains": {"type": "object", "properties": {"a": {"contains": {"type": "null"}}, "b": {"maxProperties": 1}}},
    "counted": {"type": "object", "minProperties": 1, "properties": {"a": {"minProperties": 1}, "b": {}}},
}  # fmt: skip
SCALARS = st.sampled_from([None, None, "", "x", " A@B.co", "a@b.co", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00", 1,
                           0.5, -0.0, True, 1e20, "null", "e\u0301"])  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "ab", "c"]), VALUES, max_size=3), min_size=1, max_size=8
)


@contextmanager
def nothing_vouched_for() -> Iterator[None]:
    with patch.object(run, "compile_automaton", lambda schema: None):
        yield


def same_both_ways(documents: list[Any], spec: Any) -> None:
    texts = [json.dumps(one, separators=(",", ":")) for one in documents if isinstance(one, dict)]
    texts += [json.dumps(one, ensure_ascii=True) for one in documents if isinstance(one, dict)]
    if not texts:
        return
    data = "\n".join(texts).encode()
    with TemporaryDirectory() as folder:
        fast = of_bytes(data, spec, Path(folder, "fast"))
        with nothing_vouched_for():
            slow = of_bytes(data, spec, Path(folder, "slow"))
    assert fast.files == slow.files
    assert fast.report.sources == slow.report.sources


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_documents_give_the_same_files_with_the_kernel_and_without(record_type: str) -> None:
    @settings(deadline=None, max_examples=10)
    @given(st.lists(good(record_type) | spoiled(record_type), min_size=1, max_size=6))
    def same(documents: list[Any]) -> None:
        same_both_ways(documents, record_type)

    same()


@pytest.mark.parametrize("name", OWN)
def test_a_schema_of_ones_own_gives_the_same_files_with_the_kernel_and_without(
    name: str, tmp_path: Path
) -> None:
    schema = tmp_path / "own.json"
    schema.write_text(json.dumps(OWN[name]))

    @settings(deadline=None, max_examples=15)
    @given(DOCUMENTS)
    def same(documents: list[Any]) -> None:
        same_both_ways(documents, str(schema))

    same()


# ------------------------------------------------------------------------------------ a text that is nearly right

ODD = (b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"\r", b"\v", b"\0", b"\x1f", b"\x7f", b"0", b"-", b".", b"e", b"A",
       b"\xff", b"\xc3", b"\x80", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\\u0041", b"\\ud800", b"\\/", b"null", b"1e999")  # fmt: skip


def variants(text: bytes) -> list[bytes]:
    """The text with each of its signs left out, replaced and followed by something odd, and cut everywhere."""
    found = [text]
    for at in range(len(text)):
        found += [text[:at] + text[at + 1 :], text[:at]]
        odd = ODD[at % 3 :: 3]
        found += [text[:at] + sign + text[at:] for sign in odd]
        found += [text[:at] + sign + text[at + 1 :] for sign in odd]
    return [one for one in found if one.strip()]


def same_lines(lines: list[bytes], spec: str, between: bytes = b"\n") -> None:
    with TemporaryDirectory() as folder:
        fast = of_bytes(between.join(lines), spec, Path(folder, "fast"))
        with nothing_vouched_for():
            slow = of_bytes(between.join(lines), spec, Path(folder, "slow"))
    # One difference says more than two whole files.
    for name in fast.files.keys() | slow.files.keys():
        pairs = zip(
            fast.files.get(name, b"").split(b"\n"), slow.files.get(name, b"").split(b"\n"), strict=False
        )
        if not name.endswith("manifest.json"):
            assert next((pair for pair in pairs if pair[0] != pair[1]), None) is None, name
    assert fast.files == slow.files


@pytest.mark.parametrize("record_type", RECORD_TYPES)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_document_with_any_sign_spoiled_fares_the_same_with_the_kernel_and_without(
    record_type: str, number: int
) -> None:
    found = examples(record_type)
    if number < len(found):
        text = json.dumps(normalised(record_type, found[number]), separators=(",", ":")).encode()[:900]
        same_lines(variants(text)[:: 1 if len(text) < 200 else 7], record_type)


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_a_document_spaced_or_escaped_in_any_way_fares_the_same_with_the_kernel_and_without(
    record_type: str,
) -> None:
    texts: list[bytes] = []
    for document in examples(record_type):
        texts += [json.dumps(document, ensure_ascii=ascii_only).encode() for ascii_only in (True, False)]
        texts += [json.dumps(document, separators=(" ,  ", "\t:\r "), sort_keys=True).encode()]
        plain = json.dumps(document).encode()
        texts += [plain.replace(b"e", b"\\u0065"), plain.replace(b"/", b"\\/"), plain[:-1] + b"," + plain[1:]]
        texts += [
            json.dumps({key: value for key, value in document.items() if key != gone}).encode()
            for gone in document
        ]
        odds: list[Any] = [None, [], {}, "", 0, [None]]
        texts += [json.dumps(document | {key: odd}).encode() for key in document for odd in odds]
    same_lines(texts, record_type)
    pretty = [json.dumps(document, indent=3).encode() for document in examples(record_type)]
    same_lines([b"[", *[one + b"," for one in pretty * 2], pretty[0], b"]"], record_type, b"\n")


NUMBERS = ("0", "-0", "1", "-1", "01", "1.", ".5", "1.0", "1.50", "1e2", "1E+2", "1e-2", "1e", "1e+", "-", "+1", "2.0", "2.5",
           "90", "89.99999999999999", "89.999999999999999999", "-90.0", "-90.00000000000001", "180", "1e400", "-1e400", "1e-400",
           "9007199254740993", "123456789012345678901234567890", "0.1e1", "10e-1", "0e0", "00", "0x1", "1_0", "NaN", "true",
           "0.99999999999999999999", "1.00000000000000000001", "-0.0", "0.0", "1" * 400, '"1"', "null")  # fmt: skip


@pytest.mark.parametrize(
    ("record_type", "text"),
    [
        ("purchase", ('{"link":{"mobile":"1"},"action_at":"2024-01-01T00:00:00Z","type":"ecommerce","purchase_id":"P",'
                     '"products":[{"price_paid":%s,"quantity":%s,"full_price":%s}]}')),
        ("return", ('{"link":{"mobile":"1"},"action_at":"2024-01-01T00:00:00Z","type":"ecommerce","return_id":"P",'
                   '"products":[{"price_paid":%s,"quantity":%s}],"custom_fields":{"a":%s}}')),
        ("purchase", ('{"link":{"mobile":"1"},"action_at":"2024-01-01T00:00:00Z","type":"physical","purchase_id":"P","products":[],'
                     '"store":{"type":"outlet","name":"x","location":{"coordinate":{"latitude":%s,"longitude":%s}}},"x":%s}')),
        ("product", '{"product_id":"P","price":%s,"inventory":{"quantity":%s,"cost":%s}}'),
    ],
)  # fmt: skip
def test_numbers_in_documents_fare_the_same_with_the_kernel_and_without(record_type: str, text: str) -> None:
    for plain in ("1", "-1", "2.0"):
        triples = [(one, plain, plain) for one in NUMBERS] + [(plain, one, plain) for one in NUMBERS]
        triples += [(plain, plain, one) for one in NUMBERS]
        same_lines([(text % triple).encode() for triple in triples], record_type)


@pytest.mark.parametrize("path", ["action_at", "email", "date_of_birth", "hash", "enum", "url"])
def test_texts_in_documents_fare_the_same_with_the_kernel_and_without(path: str) -> None:
    documents: dict[str, tuple[str, tuple[str, ...], Any]] = {
        "action_at": ("sms_subscribe", oddities.DATE_TIMES, lambda text: {
            "link": {"mobile": "1"}, "action_at": text, "sms_id": "S", "status": "subscribed"}),
        "email": ("customer_record", oddities.EMAILS, lambda text: {"link": {"email": text}, "email": text}),
        "date_of_birth": ("customer_record", oddities.DATES, lambda text: {"link": {"mobile": ""}, "date_of_birth": text}),
        "hash": ("customer_record", oddities.EMAILS, lambda text: {"link": {"email_sha256": text}, "email_sha256": text}),
        "enum": ("product", oddities.ENUM_TEXTS, lambda text: {
            "sku": "1", "upc": "1", "product_reference_type": text, "availability": {"available": True}}),
        "url": ("product", oddities.URLS, lambda text: {"product_id": "1", "images": [text]}),
    }  # fmt: skip
    record_type, texts, document = documents[path]
    every = [*texts, *oddities.CELLS]
    same_lines([json.dumps(document(text), ensure_ascii=False).encode() for text in every], record_type)
    same_lines([json.dumps(document(text)).encode() for text in every], record_type)


@pytest.mark.parametrize(
    "size", [0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097, 70_000]
)
def test_a_text_of_any_length_fares_the_same_with_the_kernel_and_without(size: int) -> None:
    ends = ("", '\\"', "\\\\", "\\u00e9", "é", "😀", "\\n", "\x01", "\\x")
    texts = [fill * size + end + "z" for fill in ("a", "é", "\\\\") for end in ends]
    lines = [f'{{"link":{{"mobile":"{text}"}},"first_name":"{text}"}}'.encode() for text in texts]
    same_lines(lines, "customer_record")


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_the_kernel_does_vouch_for_a_tidy_document(record_type: str) -> None:
    data = json.dumps(normalised(record_type, examples(record_type)[0]), separators=(",", ":")).encode()
    automaton = compile_automaton(catalog.find(record_type).schema)
    starts, ends = np.array([0], np.int64), np.array([len(data)], np.int64)

    assert compiled.vouch_documents(automaton, data, starts, ends)[0] == data + b"\n"
