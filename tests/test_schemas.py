"""The schemas: well-formed, documented, and exactly as strict as the vendor's schema and models together."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any

import jsonschema_rs
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lexer_pipeline.specs import catalog

RECORD_TYPES = {
    "commerce_products": "product",
    "commerce_purchases": "purchase",
    "commerce_returns": "return",
    "compliance_forget": None,
    "marketing_email_bounce": "email_bounce",
    "marketing_email_click": "email_click",
    "marketing_email_open": "email_open",
    "marketing_email_send": "email_send",
    "marketing_email_subscribe": "email_subscribe",
    "marketing_sms_click": "sms_click",
    "marketing_sms_send": "sms_send",
    "marketing_sms_subscribe": "sms_subscribe",
    "profile_customer": "customer_record",
    "profile_unify": None,
}
SCHEMAS = {name: json.loads((catalog.SCHEMAS / f"{name}.json").read_text()) for name in RECORD_TYPES}
LINK = {"email": "mira.holt@example.com"}
PURCHASE = {
    "purchase_id": "A-1",
    "link": LINK,
    "action_at": "2024-03-06T10:15:00Z",
    "type": "ecommerce",
    "products": [{"price_paid": 59.9, "quantity": 2}],
}
RETURN = {
    "return_id": "R-1",
    "link": LINK,
    "action_at": "2024-03-06T10:15:00Z",
    "type": "physical",
    "products": [{"price_paid": -29.95, "quantity": -1}],
}
EMAIL = {"email_id": "E-1", "link": LINK, "action_at": "2024-03-06T10:15:00Z"}
SMS = {"sms_id": "S-1", "link": LINK, "action_at": "2024-03-06T10:15:00Z"}


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def accepts(name: str, record: object) -> bool:
    return bool(validator(SCHEMAS[name]).is_valid(record))


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object, array or value inside `node`, with the place where it stands."""
    if "type" in node:
        yield path, node
    for name, child in node.get("properties", {}).items():
        yield from objects(child, f"{path}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), dict):
            yield from objects(node[keyword], f"{path}/{keyword}")
    for place, child in enumerate(node.get("anyOf", ())):
        yield from objects(child, f"{path}/{place}")
    for name, child in node.get("$defs", {}).items():
        yield from objects(child, f"{path}/${name}")


def values(name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(at, node) for at, node in objects(SCHEMAS[name]) if node["type"] not in ("object", "array")]


def leaf(name: str, end: str) -> dict[str, Any]:
    (found,) = [node for at, node in values(name) if at.endswith(end)]
    return found


every_schema = pytest.mark.parametrize("name", SCHEMAS)


def test_the_folder_holds_these_specifications_and_no_others() -> None:
    found = {spec.name: spec.record_type for spec in catalog.every()}

    assert found == RECORD_TYPES


@every_schema
def test_a_schema_is_a_valid_2020_12_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])

    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@every_schema
def test_a_schema_needs_no_other_file(name: str) -> None:
    references = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(SCHEMAS[name])))

    assert references <= {"#/$defs/link"}


@every_schema
def test_a_schema_says_its_title_its_area_and_what_its_name_rests_on(name: str) -> None:
    schema = SCHEMAS[name]

    assert all(schema[key] for key in ("title", "description", "x-area"))
    assert schema["x-evidence"].startswith(("Certain: ", "Inferred: "))


@every_schema
def test_every_leaf_is_described_and_has_an_example_that_it_accepts(name: str) -> None:
    for at, node in values(name):
        assert node.get("description"), at
        assert len(node.get("examples", ())) == 1, at
        assert validator(node).is_valid(node["examples"][0]), at


@every_schema
def test_every_e_mail_address_and_hash_says_how_it_is_cleaned(name: str) -> None:
    for at, node in values(name):
        expected = {"email": "email", "email_sha256": "hash", "email_md5": "hash"}.get(at.rsplit("/", 1)[1])
        assert node.get("x-normalise") == expected, at


@every_schema
def test_every_mobile_says_that_it_holds_a_phone_number(name: str) -> None:
    for at, node in values(name):
        assert node.get("x-holds") == ("mobile" if at.endswith("/mobile") else None), at


@every_schema
def test_only_links_forbid_other_keys_and_only_custom_fields_and_options_invite_them(name: str) -> None:
    for at, node in objects(SCHEMAS[name]):
        if re.search(r"/\$link/\d$", at):
            assert node["additionalProperties"] is False, at
        elif at.endswith("/custom_fields"):
            assert node["additionalProperties"] is True, at
        else:
            assert ("additionalProperties" in node) == at.endswith("/options"), at


@every_schema
def test_patterns_mean_the_same_in_python_re2_and_rust(name: str) -> None:
    samples = [
        "mira@example.com",
        "a'b@example.com",
        "2024-03-06T10:15:00Z",
        "2024-03-06t10:15:00z",
        "0000-01-01",
        "https://cdn.example.com:443/mug.jpg",
        "http://localhost/mug.jpg",
        "",
    ]
    for at, node in values(name):
        if "pattern" in node:
            python = [re.search(node["pattern"], sample) is not None for sample in samples]
            rust = jsonschema_rs.validator_for({"pattern": node["pattern"]})
            assert pc.match_substring_regex(pa.array(samples), node["pattern"]).to_pylist() == python, at
            assert [rust.is_valid(sample) for sample in samples] == python, at


def test_rows_fold_by_the_identifier_of_purchases_and_returns_alone() -> None:
    keys = {name: schema["x-key"] for name, schema in SCHEMAS.items() if "x-key" in schema}

    assert keys == {"commerce_purchases": "purchase_id", "commerce_returns": "return_id"}


def test_what_the_vendor_is_giving_up_is_marked() -> None:
    assert leaf("commerce_purchases", "/store/type")["x-deprecated-values"] == {"online": "use ecommerce"}
    shapes = SCHEMAS["commerce_purchases"]["$defs"]["link"]["anyOf"]
    assert [shape["title"] for shape in shapes if shape.get("deprecated")] == ["CustomerLink"]


@pytest.mark.parametrize(
    "link",
    [
        {"email": "Mira.Holt+shop@example.com"},
        {"email_sha256": "any text"},
        {"email_md5": ""},
        {"customer_id": "C-1"},
        {"customer_id": "C-1", "system_name": "till"},
        {"mobile": "+61 491 570 156"},
        {"external_id": "8", "system_name": "crm"},
        {"link_type": "engage.id", "link_value": "8"},
        {"link_type": "email", "link_value": "not an address", "id_type": "other"},
    ],
)
def test_each_link_shape_is_accepted(link: dict[str, str]) -> None:
    assert accepts("profile_customer", {"link": link})
    assert accepts("compliance_forget", link)
    assert accepts("profile_unify", {"records": [link, LINK]})


@pytest.mark.parametrize(
    "link",
    [
        {},
        [],
        "mira@example.com",
        {"email": "mira@example"},
        {"email": " mira@example.com "},
        {"email": "m'ra@example.com"},
        {"email": "mira@example.com", "mobile": "61491570156"},
        {"email": "mira@example.com", "nickname": "M"},
        {"customer_id": 5},
        {"system_name": "till"},
        {"external_id": "8"},
        {"link_type": "fax", "link_value": "8"},
        {"link_type": "email", "link_value": ""},
        {"link_type": "email"},
    ],
)
def test_a_link_that_is_no_single_shape_is_refused(link: object) -> None:
    assert not accepts("profile_customer", {"link": link})
    assert not accepts("compliance_forget", link)
    assert not accepts("profile_unify", {"records": [link, LINK]})


def test_a_unification_joins_two_links_or_more() -> None:
    assert not accepts("profile_unify", {"records": [LINK]})
    assert accepts("profile_unify", {"records": [LINK, LINK, LINK]})


ACCEPTED = [
    ("commerce_purchases", PURCHASE),
    ("commerce_purchases", PURCHASE | {"products": []}),
    ("commerce_purchases", PURCHASE | {"purchase_id": "", "currency": "", "payment_types": []}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": 0, "quantity": 2.0}]}),
    ("commerce_purchases", PURCHASE | {"store": {"type": "online", "name": "Web", "floor": 3}}),
    ("commerce_purchases", PURCHASE | {"custom_fields": {"a": [1, {"b": True}]}}),
    ("commerce_purchases", PURCHASE | {"unknown": 1}),
    ("commerce_returns", RETURN),
    ("commerce_returns", RETURN | {"products": [{"price_paid": 0, "quantity": -1}]}),
    ("profile_customer", {"link": LINK, "date_of_birth": "2024-02-29", "gender": "any"}),
    ("marketing_email_send", EMAIL | {"from": {"email": "a@example.com"}, "to": {"email": "A@B.CO"}}),
    ("marketing_email_click", EMAIL | {"clicked_link": {}}),
    ("marketing_email_subscribe", EMAIL | {"status": "undeliverable"}),
    ("marketing_sms_send", SMS | {"from": {}, "to": {"number": "any"}}),
    ("marketing_sms_subscribe", SMS | {"status": "list_unsubscribed"}),
]
REFUSED = [
    ("commerce_purchases", PURCHASE | {"type": "online"}),
    ("commerce_purchases", PURCHASE | {"type": "Ecommerce"}),
    ("commerce_purchases", PURCHASE | {"purchase_id": 5}),
    ("commerce_purchases", PURCHASE | {"currency": None}),
    ("commerce_purchases", PURCHASE | {"custom_fields": []}),
    ("commerce_purchases", PURCHASE | {"store": {"type": "outlet"}}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": -0.01, "quantity": 1}]}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": 1, "quantity": 0}]}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": 1, "quantity": 2.7}]}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": "1", "quantity": 1}]}),
    ("commerce_purchases", PURCHASE | {"products": [{"price_paid": True, "quantity": 1}]}),
    ("commerce_purchases", PURCHASE | {"payment_types": [{"total": 5}]}),
    ("commerce_purchases", PURCHASE | {"adjustments": [{"reason": "voucher"}]}),
    ("commerce_returns", RETURN | {"products": [{"price_paid": 0.01, "quantity": -1}]}),
    ("commerce_returns", RETURN | {"products": [{"price_paid": -1, "quantity": 0}]}),
    ("profile_customer", {"link": LINK, "email": ""}),
    ("profile_customer", {"link": LINK, "employee_flag": "true"}),
    ("marketing_email_send", EMAIL | {"from": {"name": "Mira"}}),
    ("marketing_email_send", EMAIL | {"list": {"id": "1"}}),
    ("marketing_email_click", EMAIL | {"clicked_link": "https://example.com"}),
    ("marketing_email_subscribe", EMAIL | {"status": "list_subscribed"}),
    ("marketing_email_subscribe", EMAIL),
    ("marketing_sms_subscribe", SMS | {"status": "Subscribed"}),
]


@pytest.mark.parametrize(("name", "record"), ACCEPTED)
def test_what_the_vendor_takes_is_accepted(name: str, record: object) -> None:
    assert accepts(name, record)


@pytest.mark.parametrize(("name", "record"), REFUSED)
def test_what_the_vendor_refuses_is_refused(name: str, record: object) -> None:
    assert not accepts(name, record)


REQUIRED = [
    (name, key, record)
    for name, record in [ACCEPTED[0], ACCEPTED[7], *ACCEPTED[9:]]
    for key in SCHEMAS[name]["required"]
]


@pytest.mark.parametrize(("name", "key", "record"), REQUIRED)
def test_a_record_without_a_required_field_is_refused(name: str, key: str, record: dict[str, Any]) -> None:
    assert key in record
    assert not accepts(name, {field: value for field, value in record.items() if field != key})


@pytest.mark.parametrize(
    ("latitude", "longitude", "expected"),
    [(-90, -180, True), (89.999, 179.999, True), (90, 0, False), (0, 180, False), (-90.001, 0, False)],
)
def test_a_coordinate_stays_below_its_upper_bound(latitude: float, longitude: float, expected: bool) -> None:
    place = {"coordinate": {"latitude": latitude, "longitude": longitude}}
    record = PURCHASE | {"store": {"type": "physical", "name": "Harbour Street", "location": place}}

    assert accepts("commerce_purchases", record) is expected


@pytest.mark.parametrize(
    ("product", "expected"),
    [
        ({"product_id": "P-1"}, True),
        ({"product_id": "P-1", "product_reference_type": "product_id"}, True),
        ({"sku": "S-1", "product_reference_type": "sku"}, True),
        ({"upc": "", "product_reference_type": "upc"}, True),
        ({}, False),
        ({"sku": "S-1"}, False),
        ({"sku": "S-1", "product_reference_type": "product_id"}, False),
        ({"product_id": "P-1", "product_reference_type": "sku"}, False),
        ({"product_id": "P-1", "product_reference_type": "upc"}, False),
        ({"product_id": "P-1", "product_reference_type": "SKU"}, False),
        ({"product_id": "P-1", "product_reference_type": None}, False),
    ],
)
def test_a_product_carries_the_identifier_that_its_reference_type_names(
    product: dict[str, Any], expected: bool
) -> None:
    assert accepts("commerce_products", product) is expected


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("options", {"colour": ["blue", ""], "": []}, True),
        ("options", {"colour": "blue"}, False),
        ("options", {"colour": [1]}, False),
        ("price", -1, True),
        ("url", "anything", True),
        ("images", [], True),
        ("images", [""], False),
        ("inventory", {"quantity": -3}, True),
        ("inventory", {"cost": -0.01}, False),
        ("availability", {}, False),
        ("availability", {"available": True, "channels_availability": [{"type": "online"}]}, False),
    ],
)
def test_the_other_fields_of_a_product(field: str, value: object, expected: bool) -> None:
    assert accepts("commerce_products", {"product_id": "P-1", field: value}) is expected


@cache
def pydantic() -> Any:
    """The vendor's pydantic; a test that asks it is skipped where that cannot be installed."""
    return pytest.importorskip("pydantic", reason="pydantic 1.10 does not work on this Python")


@cache
def model() -> Any:
    url = pydantic().HttpUrl
    return pydantic().create_model("Model", image=(url, None), at=(datetime, None), born=(date, None))


def model_accepts(**field: str) -> bool:
    try:
        model().parse_obj(field)
    except pydantic().ValidationError:
        return False
    return True


AT = leaf("commerce_purchases", "/action_at")
BORN = leaf("profile_customer", "/date_of_birth")
IMAGE = leaf("commerce_products", "/images/items")


@pytest.mark.parametrize(
    "at",
    [
        "2024-01-01",
        "2024-01-01 10:00:00Z",
        "2024-01-01T10:00Z",
        "2024-01-01T10:00:00",
        "2024-01-01T10:00:00z",
        "2024-01-01t10:00:00Z",
        "2024-1-1T10:00:00Z",
        "2024-02-30T10:00:00Z",
        "2024-01-01T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-01-01T10:00:00+24:00",
        "2024-01-01T10:00:00+1000",
        "0000-01-01T10:00:00Z",
        "2024-01-01T10:00:00.1234567890123Z",
        "20240101T100000Z",
        "1709719200",
        "",
    ],
)
def test_a_date_time_that_is_not_rfc_3339_or_that_the_model_refuses_is_refused(at: str) -> None:
    assert not validator(AT).is_valid(at)


@given(
    st.datetimes(),
    st.integers(0, 14),
    st.sampled_from(["Z", "+00:00", "-00:00", "+23:59", "-23:59", "+10:30", "z", "", "+24:00", "+0930"]),
)
def test_a_date_time_is_accepted_exactly_when_the_model_takes_it(
    at: datetime, digits: int, zone: str
) -> None:
    text = at.strftime("%m-%dT%H:%M:%S") + (f".{'123456789012345'[:digits]}" if digits else "")
    text = f"{at.year:04}-{text}{zone}"
    rfc_3339 = zone in ("Z", "+00:00", "-00:00", "+23:59", "-23:59", "+10:30")

    assert validator(AT).is_valid(text) is (rfc_3339 and model_accepts(at=text))


@given(
    st.from_regex(r"[0-9]{4}-[0-3][0-9]-[0-3][0-9]", fullmatch=True, alphabet=st.characters(codec="ascii"))
)
@example("0000-01-01")
@example("0001-01-01")
@example("2023-02-29")
def test_a_date_is_accepted_exactly_when_the_model_takes_it(text: str) -> None:
    assert validator(BORN).is_valid(text) is model_accepts(born=text)


@pytest.mark.parametrize(
    "born", ["20230306", "06/03/2023", "1989-09", "1989-09-14T00:00:00Z", "1989-9-14", ""]
)
def test_a_date_in_another_form_is_refused(born: str) -> None:
    assert not validator(BORN).is_valid(born)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("https://cdn.example.com/mug.jpg", True),
        ("HTTPS://user:pass@cdn.example.com:65535/mug.jpg?v=2#top", True),
        ("http://192.0.2.7/mug.jpg", True),
        ("http://[2001:db8::1]:8080/mug.jpg", True),
        ("http://example.xn--p1ai./", True),
        ("https://cdn.example.com/" + "a" * 2059, True),
        ("https://cdn.example.com/" + "a" * 2060, False),
        ("https://cdn.example.com:65536/mug.jpg", False),
        ("https://cdn.example.com:/mug.jpg", False),
        ("https://localhost/mug.jpg", False),
        ("https://" + "a" * 64 + ".com/", False),
        ("https://cdn.example.com/blue mug.jpg", False),
        ("https://cdn.example.com/müg.jpg", False),
        ("ftp://cdn.example.com/mug.jpg", False),
        ("cdn.example.com/mug.jpg", False),
        ("//cdn.example.com/mug.jpg", False),
    ],
)
def test_an_image_is_an_http_address_with_a_full_host_name(image: str, expected: bool) -> None:
    assert validator(IMAGE).is_valid(image) is expected


LABELS = ["a", "example", "com", "co", "xn--p1ai", "xn--a-", "xn--a", "XN--ab", "x" * 63, "x" * 64]
LABELS += [
    "xn--" + "a" * 59,
    "xn--" + "a" * 60,
    "_dmarc",
    "a-b",
    "-a",
    "a-",
    "a~b",
    "~",
    "1",
    "255",
    "c1",
    "a!b",
]
HOSTS = st.lists(st.sampled_from([*LABELS, "%41", ""]), min_size=1, max_size=5).map(
    ".".join
) | st.sampled_from(
    [
        "example.com",
        "1.2.3.4",
        "999.1.1.1",
        "1.2.3.4.",
        "example.com.",
        "[::1]",
        "[::]",
        "[::ffff:1.2.3.4]",
        "[v1.a]",
    ]
)
USERS = ["", "", "u@", "u:p@", "u:@", ":@", "@", "%41@", "a.com?@", "a.com#@", "localhost?x=", "a.com:80?x@"]
PORTS = [
    "",
    "",
    ":",
    ":80",
    ":0",
    ":65535",
    ":65536",
    ":065535",
    ":00000000080",
    ":655355",
    ":70000",
    ":6554",
]
TAILS = [
    "",
    "/",
    "/a?b",
    "?",
    "?a",
    "#",
    "?a@b.com",
    "?a/b@c",
    "#a@b.com:80",
    "?a@b.com#c@d.com",
    "/a@b:c",
    "/%41",
]
TAILS += [
    "?x=a@2x.png",
    "?x@1.2.3.4",
    "?x@[::1]",
    "?q=http://x@y.z/",
    "#a?b@c.co",
    "?a?b",
    "#?",
    "/~a",
    "/a#b",
]
URLS = st.tuples(
    st.sampled_from(["http", "https", "HTTP", "hTtPs", "ftp", "httpss"]),
    st.just("://"),
    st.sampled_from([*USERS, "a@b@", "u?x@", "[@", "a/b@", "[::1]?@"]),
    HOSTS,
    st.sampled_from([*PORTS, ":80a", ":-1"]),
    st.sampled_from([*TAILS, "/a b", "/%4", "/[a]", "?[]", "/a#b#c", "/a|b", "/é", "/a\\b"]),
).map("".join)


def is_rfc_3986(url: str) -> bool:
    return url.isascii() and bool(validator({"format": "uri"}).is_valid(url))


@given(URLS)
def test_an_image_is_accepted_exactly_when_it_is_rfc_3986_and_the_model_takes_it(url: str) -> None:
    assert validator(IMAGE).is_valid(url) is (is_rfc_3986(url) and model_accepts(image=url))


@given(URLS, st.integers(0), st.sampled_from(list("@:/?#[].-_~%aZ09!&+ é")), st.booleans())
def test_a_character_put_into_an_image_changes_nothing_of_that(
    url: str, place: int, character: str, over: bool
) -> None:
    at = place % (len(url) + 1)
    spoiled = url[:at] + character + url[at + over :]

    assert validator(IMAGE).is_valid(spoiled) is (is_rfc_3986(spoiled) and model_accepts(image=spoiled))
