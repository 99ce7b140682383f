"""Documents that the kernel vouches for: it lets nothing by that the reference would write otherwise or reject."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.preparing import options, routes
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.specs import catalog
from lexer_pipeline.validating.compile_documents import compile_automaton
from lexer_pipeline.validating.reference import ReferenceChecker
from oracle import RECORD_TYPES, examples, good, normalised, oddities, spoiled

from tests.thoroughness import also_drilled, with_examples

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
    "cleaned": {"type": "object", "additionalProperties": {"type": "string", "x-normalise": "email"}, "properties": {
                "a": {"type": "array", "items": {"type": "string", "x-normalise": "email"}}, "b": {"x-normalise": "hash"},
                "c": {"type": "string", "x-normalise": "hash"}}},
    "cleaned in one shape": {"type": "object", "anyOf": [
        {"type": "object", "additionalProperties": False, "required": ["a"], "properties": {"a": {"type": "string"}}},
        {"type": "object", "additionalProperties": False, "required": ["a", "b"],
         "properties": {"a": {"type": "string", "x-normalise": "email"}, "b": {"type": "string", "x-normalise": "hash"}}}]},
    "quoted": {"type": "object", "properties": {'a"': {"type": "string"}, "b\\": {"type": "number"},
               "a": {"enum": ['x"', "x", "e\u0301"]}}},
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
    st.dictionaries(st.sampled_from(["a", "b", "ab", "c", 'a"', "b\\"]), VALUES, max_size=3),
    min_size=1,
    max_size=8,
)


@contextmanager
def nothing_vouched_for() -> Iterator[None]:
    with patch.object(routes, "compile_automaton", lambda schema: None):
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


@also_drilled
@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_documents_give_the_same_files_with_the_kernel_and_without(record_type: str) -> None:
    @with_examples(4, drill=40)
    @given(st.lists(good(record_type) | spoiled(record_type), min_size=1, max_size=6))
    def same(documents: list[Any]) -> None:
        same_both_ways(documents, record_type)

    same()


@also_drilled
@pytest.mark.parametrize("name", OWN)
def test_a_schema_of_ones_own_gives_the_same_files_with_the_kernel_and_without(
    name: str, tmp_path: Path
) -> None:
    schema = tmp_path / "own.json"
    schema.write_text(json.dumps(OWN[name]))

    @with_examples(6, drill=60)
    @given(DOCUMENTS)
    def same(documents: list[Any]) -> None:
        same_both_ways(documents, str(schema))

    same()


# ------------------------------------------------------------------------------------ e-mails and hashes

# The Kelvin sign and the dotted capital have other small letters than capitals of ASCII; the blanks are all trimmed.
PIECES = (*"aZ09@@..-_+ ", "A@B.CO", "a@b.co", "  ", "\u212a", "\u0130", "\u00c9", "\u00e9", "\u00a0", "\u2003", "\t", "\n",
          "\v", "\f", "\r", "\x1c", "\x1f", "\x7f", '"', "\\", "/", "\ud800")  # fmt: skip
LISTED = {"type": "object", "required": ["a"], "additionalProperties": {"type": "string", "x-normalise": "hash"},
          "properties": {"a": {"type": "array", "items": {"type": "string", "x-normalise": "email"}},
                         "b": {"type": "object", "properties": {"c": {"type": "string", "x-normalise": "hash"}}}}}  # fmt: skip


def lines_of(documents: list[Any]) -> list[bytes]:
    """The documents with their signs as they are (where they are text) and escaped."""
    plain = (json.dumps(one, ensure_ascii=False).encode("utf-8", "surrogatepass") for one in documents)
    return [*plain, *(json.dumps(one, separators=(",", ":")).encode() for one in documents)]


@with_examples(15, drill=200)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=7).map("".join), min_size=1, max_size=12))
def test_emails_and_hashes_are_cleaned_the_same_with_the_kernel_and_without(texts: list[str]) -> None:
    fields = ("email", "email_sha256")
    documents: list[Any] = [
        {"link": {one: text}, two: text} for text in texts for one in fields for two in fields
    ]
    documents += [
        {"link": {"email": f"{text}@b.co"}, "gender": None, "email": f" {text}.de"} for text in texts
    ]
    same_lines(lines_of(documents), "customer_record")


@with_examples(10, drill=100)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=6))
def test_texts_in_lists_and_under_any_key_are_cleaned_the_same(
    tmp_path_factory: Any, texts: list[str]
) -> None:
    schema = tmp_path_factory.mktemp("own") / "own.json"
    schema.write_text(json.dumps(LISTED))
    documents: list[Any] = [
        {"a": texts},
        {"a": ["A@b.co", *texts]},
        {"b": {"c": "".join(texts)}, "a": ["A@B.de"]},
    ]
    documents += [{"a": [" A@b.co"], "other": text} for text in texts]
    same_lines(lines_of(documents), str(schema))


def test_a_conversion_is_counted_for_each_text_of_an_accepted_document_alone(tmp_path: Path) -> None:
    lines = [
        b'{"link":{"email":" A@B.CO "},"email":"C@D.CO"}',
        b'{"link":{"email":"A@B.CO"},"email":"C@D.CO","date_of_birth":"2023-02-30"}',
        b'{"link":{"email_sha256":"ABC"},"email":null}',
        b'{"link":{"email":"A@B.CO"},"email":"C@D"}',
        b'{"link":{"email":"a@b.co"},"email":"\xe2\x84\xaa@b.co"}',
    ]
    found = of_bytes(b"\n".join(lines), "customer_record", tmp_path)

    assert found.report.sources[0].conversions == {
        ("email_cleaned", "link.email"): 1,
        ("email_cleaned", "email"): 2,
        ("hash_cleaned", "link.email_sha256"): 1,
    }
    assert found.lines[0] == b'{"link":{"email":"a@b.co"},"email":"c@d.co"}\n'


@pytest.mark.parametrize("count", [63, 64, 65, 66, 200])
def test_any_number_of_texts_is_cleaned(count: int, tmp_path: Path) -> None:
    schema = tmp_path / "own.json"
    schema.write_text(json.dumps(LISTED))
    found = of_bytes(json.dumps({"a": ["A@B.CO"] * count}).encode(), str(schema), tmp_path / "out")

    assert found.report.sources[0].conversions == {("email_cleaned", "a[]"): count}
    assert found.records == [{"a": ["a@b.co"] * count}]


# ------------------------------------------------------------------------------------ kinds

WRONG: tuple[Any, ...] = ("", "x", " A@B.CO", "2023-02-30", "2024-01-01", 0, -1, 2.5, 91, True, None, "caf\u00e9", 'a"', [], {}, ["x"],
                          "y" * 300, 10**30)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a document has values, the lists and objects among them."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    at = copy
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return copy


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_documents_judged_by_their_kind_have_the_issues_that_each_would_have(record_type: str) -> None:
    texts: list[bytes] = []
    for document in examples(record_type)[:3]:
        tidy = normalised(record_type, document)
        once = [replaced(tidy, path, wrong) for path in places(tidy) for wrong in WRONG]
        twice = [replaced(one, ("link",), {"email": "NOT ONE"}) for one in once if "link" in one]
        thrice = [
            replaced(one, path, wrong)
            for number, one in enumerate(once[::5])
            for path, wrong in zip(list(places(one))[number % 3 :: 4], WRONG[number % 7 :], strict=False)
        ]
        mixed = once[1::2] + twice + thrice + once[::2]
        texts += [json.dumps(one, ensure_ascii=bool(number % 2)).encode() for number, one in enumerate(mixed)]
    same_lines(texts[:6000], record_type)


def test_a_kind_is_judged_once_whatever_its_values(tmp_path: Path) -> None:
    lines = [b'{"link":{"email":"bad %d"},"first_name":"%d"}' % (number, number) for number in range(50)]
    lines.append(b'{"link":{"mobile":"1"}}')
    with patch.object(ReferenceChecker, "text", autospec=True, side_effect=ReferenceChecker.text) as asked:
        found = of_bytes(b"\n".join(lines), "customer_record", tmp_path)

    assert found.codes == ["pattern"] * 50
    # Two batches may meet a new kind at the same time.
    assert 1 <= asked.call_count <= 3


def test_who_asks_for_values_sees_those_of_each_document(tmp_path: Path) -> None:
    lines = [b'{"link":{"email":"bad %d"}}' % number for number in range(9)]
    report = validate(
        ["-"], "customer_record", options.Options(stdin=BytesIO(b"\n".join(lines)), show_values=True)
    )

    assert [one.value for one in report.sources[0].examples] == [f"bad {number}" for number in range(9)]


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
        "date_of_birth": ("customer_record", oddities.DATES, lambda text: {"link": {"mobile": "1"}, "date_of_birth": text}),
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

    assert dispatch.vouch_documents(automaton, data, starts, ends)[0] == data + b"\n"
