"""Documents one step away from a valid one, with the verdict of each half of the oracle and of both.

The first table follows the vendor's model where it coerces and the schema does not; the others are quirks of
single fields. Verdicts of the halves are on the document as it stands, the last one is after the clean-up.
"""

import math
from typing import Any

from .examples import examples
from .verdict import normalised

Case = tuple[str, str, tuple[Any, ...], tuple[bool, bool], bool]

GONE = object()


def changed(record_type: str, path: str, value: object) -> Any:
    """The richest example, tidied, with another value at the path, or without it."""
    document = holder = normalised(record_type, examples(record_type)[1])
    *above, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in above:
        holder = holder[key]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    return document


STRICT_ONLY, MODEL_ONLY, BOTH, NEITHER = (True, False), (False, True), (True, True), (False, False)
PRICE, COUNT, FLAG, TIME = "products.0.price_paid", "products.0.quantity", "employee_flag", "action_at"

# record type, path, values that share a fate, (schema, model) as they stand, accepted after the clean-up
COERCIONS: tuple[Case, ...] = (
    ("purchase", "currency", (None,), MODEL_ONLY, True),
    ("purchase", "purchase_id", (None, GONE, [], {}), NEITHER, False),
    ("purchase", "purchase_id", (5, 5.0, True), MODEL_ONLY, False),
    ("customer_record", "postcode", (3182,), MODEL_ONLY, False),
    ("purchase", PRICE, ("9.95", " 9.95 ", "1_000", True, "inf", math.inf), MODEL_ONLY, False),
    ("purchase", PRICE, ("$9.95", "1,000.50", "", -1, math.nan), NEITHER, False),
    ("purchase", PRICE, (10**400,), STRICT_ONLY, False),
    ("purchase", PRICE, (0, -0.0, 1e308, 5e-324, 2**64), BOTH, True),
    ("product", "price", (math.nan, math.inf, -math.inf), MODEL_ONLY, False),
    ("purchase", COUNT, (True, 2.7, "2", "1_000"), MODEL_ONLY, False),
    ("purchase", COUNT, (2.0, 1, 1e308, 2**64), BOTH, True),
    ("purchase", COUNT, ("2.0", "1e1", 0, 0.5, -1), NEITHER, False),
    ("customer_record", FLAG, ("true", "TRUE", "t", "yes", "Y", "on", 1, "1"), MODEL_ONLY, False),
    ("customer_record", FLAG, ("false", "F", "no", "n", "off", 0, "0", 1.0), MODEL_ONLY, False),
    ("customer_record", FLAG, (" true", "", 2), NEITHER, False),
    ("customer_record", FLAG, (True, False), BOTH, True),
    ("purchase", "custom_fields", ([],), MODEL_ONLY, False),
    ("purchase", "custom_fields", ({},), BOTH, True),
    ("purchase", "link", ([], {}, None, "mira@example.com"), NEITHER, False),
    ("purchase", TIME, ("2024-01-01T10:00Z", "2024-01-01T10:00", "2024-1-1T10:00:00Z"), MODEL_ONLY, False),
    ("purchase", TIME, ("2024-01-01T10:00:00", "2024-01-01 10:00:00Z"), MODEL_ONLY, True),
    ("purchase", TIME, ("2024-01-01T10:00:00+1000", "2024-01-01 10:00:00.5-0330"), MODEL_ONLY, True),
    ("purchase", TIME, ("2024-01-01", "", "01/02/2024", "20240101T100000Z"), NEITHER, False),
    ("purchase", TIME, ("2024-01-01t10:00:00Z", "2024-01-01T10:00:00z"), NEITHER, False),
    ("purchase", TIME, ("2024-01-01T10:00:00 Z", "2024-01-01  10:00:00Z"), NEITHER, False),
    ("purchase", TIME, (1704103200, 1704103200000, "1704103200", True), MODEL_ONLY, False),
    ("purchase", TIME, ("2024-01-01T10:00:00.123456789Z", "2024-02-29T10:00:00-00:00"), BOTH, True),
    ("purchase", TIME, ("2024-01-01T10:00:00." + "1" * 12 + "Z",), BOTH, True),
    ("purchase", TIME, ("2024-01-01T10:00:00." + "1" * 13 + "Z",), NEITHER, False),
    (
        "purchase",
        TIME,
        ("2024-02-30T10:00:00Z", "2023-02-29T10:00:00Z", "0000-01-01T00:00:00Z"),
        NEITHER,
        False,
    ),
    ("purchase", TIME, ("2024-01-01T24:00:00Z", "2024-01-01T23:59:60Z"), NEITHER, False),
    ("purchase", TIME, ("2024-01-01T10:00:00+24:00", "2024-01-01T10:00:00+2400"), NEITHER, False),
    ("purchase", TIME, ("2024-01-01T10:00:00+10", "2024-01-01T10:00:00+10:60"), MODEL_ONLY, False),
    ("purchase", TIME, ("2024-01-01T10:00:00Z\n", "\u0662024-01-01T10:00:00Z"), MODEL_ONLY, False),
    ("purchase", "type", ("Ecommerce", "online", "physical "), NEITHER, False),
    ("purchase", "products.0.product_reference.id_type", ("SKU", ""), NEITHER, False),
    ("email_subscribe", "status", ("Subscribed", "list_subscribed"), NEITHER, False),
    ("purchase", "store.location.coordinate.latitude", (90, -90.1, -91), NEITHER, False),
    ("purchase", "store.location.coordinate.latitude", (-90, -90.0, 89.999), BOTH, True),
    ("purchase", "store.location.coordinate.longitude", (180, -180.1), NEITHER, False),
    ("purchase", "store.location.coordinate.longitude", (-180, 179.999), BOTH, True),
)
SPECIFICATION_QUIRKS: tuple[Case, ...] = (
    ("customer_record", "email", ("",), MODEL_ONLY, False),
    (
        "customer_record",
        "email",
        (" Mira@Example.COM ", "mira@example.com\n", "\u212a@b.co"),
        MODEL_ONLY,
        True,
    ),
    ("customer_record", "email_sha256", ("", "ABC ", "not a hash"), BOTH, True),
    (
        "customer_record",
        "date_of_birth",
        ("20230306", 19890306, "1989-1-2", "1989-09-01\n"),
        MODEL_ONLY,
        False,
    ),
    ("customer_record", "date_of_birth", ("06/03/2023", "1989-09", "", "2023-02-29"), NEITHER, False),
    ("customer_record", "date_of_birth", ("1989-09-01T00:00:00Z", " 1989-09-01"), NEITHER, False),
    ("customer_record", "gender", ("", "anything"), BOTH, True),
    ("product", "product_reference_type", (None,), NEITHER, True),
    ("product", "product_reference_type", ("product_id", "upc", GONE), BOTH, True),
    ("product", "sku", (GONE,), STRICT_ONLY, False),
    ("product", "sku", (None,), NEITHER, False),
    ("product", "sku", ("",), BOTH, True),
    ("product", "options", ({"size": "L"}, {"size": [None]}, [["size"]]), NEITHER, False),
    ("product", "options", ({"size": [1]}, []), MODEL_ONLY, False),
    ("product", "options", ({}, {"": []}), BOTH, True),
    (
        "product",
        "images.0",
        ("x.example.com/a.jpg", "ftp://example.com/a", ""),
        NEITHER,
        False,
    ),
    ("product", "images.0", ("https://example.com/" + "a" * 2064, "http:example.com"), NEITHER, False),
    ("product", "images.0", ("http://local/a", "http://", "http://a.example.com:65536"), STRICT_ONLY, False),
    ("product", "images.0", (" http://example.com ", "http://\u00e4.example.com/"), MODEL_ONLY, False),
    ("product", "images.0", ("HTTPS://Example.com:8080/a%20b?c#d", "http://127.0.0.1"), BOTH, True),
    ("product", "images", ([],), BOTH, True),
    ("product", "url", ("", "no address"), BOTH, True),
    ("product", "availability", ({}, [], {"channels_availability": []}), NEITHER, False),
    ("product", "availability.channels_availability.0.type", ("online", GONE), NEITHER, False),
    ("product", "inventory.cost", (-0.01,), NEITHER, False),
    ("product", "inventory.quantity", (-5, 0, 2.0), BOTH, True),
    ("purchase", "store.type", ("online", "concession"), BOTH, True),
    ("purchase", "store.name", (GONE,), NEITHER, False),
    ("purchase", "store.location", ({},), BOTH, True),
    ("purchase", "products", ([],), BOTH, True),
    ("purchase", "products", ({}, GONE, [[]], [None]), NEITHER, False),
    ("purchase", "products.0.product_reference", (GONE,), BOTH, True),
    ("purchase", "adjustments.0.price_adjustment", (-50, 50, 0.5), BOTH, True),
    ("return", PRICE, (0, -0.0, -45.5), BOTH, True),
    ("return", PRICE, (0.01, 45), NEITHER, False),
    ("return", COUNT, (0, 1, -0.5), NEITHER, False),
    ("email_send", "email_id", (GONE,), NEITHER, False),
    ("email_send", "list", ({"id": "1"}, {"name": "1"}, []), NEITHER, False),
    ("email_send", "from", ({}, {"name": "Mira Holt"}, {"email": ""}), NEITHER, False),
    ("email_click", "clicked_link", ("https://example.com",), NEITHER, False),
    ("email_click", "clicked_link", ({}, {"url": "x"}), BOTH, True),
    ("sms_send", "from", ({}, {"number": ""}), BOTH, True),
    ("sms_subscribe", "status", ("list_subscribed", "transactional"), BOTH, True),
)
LINKS: tuple[Case, ...] = (
    ("purchase", "link", ({"email": " A@B.CO "}, {"email": "a@b.co\n"}), MODEL_ONLY, True),
    ("purchase", "link", ({"email": "a@b.co", "mobile": None},), NEITHER, True),
    (
        "purchase",
        "link",
        ({"email": "a@b.co."}, {"email": "a@-b-.c"}, {"mobile": "+61 4"}),
        BOTH,
        True,
    ),
    (
        "purchase",
        "link",
        (
            {"mobile": ""},
            {"mobile": " "},
            {"customer_id": "NULL"},
            {"customer_id": "1", "system_name": ""},
            {"external_id": "1", "system_name": "unknown"},
            {"email": "noemail@b.co"},
            {"email_md5": ""},
            {"mobile": "0"},
            {"customer_id": "#N/A"},
            {"customer_id": "5.61235E+12"},
            {"customer_id": "\u200b"},
            {"customer_id": "'-"},
            {"link_type": "customer_id", "link_value": " n/a "},
        ),
        BOTH,
        False,
    ),
    ("purchase", "purchase_id", ("", "NULL", "-", "5.6E+12", "#REF!", '="0"', "00"), BOTH, False),
    ("purchase", "purchase_id", ("NA", "12E10", "1E5", "#1001", "007", "Null-1", "0-1"), BOTH, True),
    (
        "purchase",
        "link",
        ({"email": "a'b@c.com"}, {"email": '"a"@c.com'}, {"email": "a@b"}, {"email": "\u00e4@b.co"}),
        NEITHER,
        False,
    ),
    ("purchase", "link", ({"email_sha256": "x"}, {"customer_id": "1"}), BOTH, True),
    (
        "purchase",
        "link",
        ({"external_id": "1"}, {"system_name": "crm"}, {"id_type": "default"}),
        NEITHER,
        False,
    ),
    (
        "purchase",
        "link",
        ({"email": "a@b.co", "mobile": "1"}, {"mobile": "1", "system_name": "crm"}),
        NEITHER,
        False,
    ),
    (
        "purchase",
        "link",
        ({"mobile": "1", "extra": ""}, {"email_md5": "", "email_sha256": ""}),
        NEITHER,
        False,
    ),
    ("purchase", "link", ({"mobile": 61400000000}, {"customer_id": True}), MODEL_ONLY, False),
    ("purchase", "link", ({"link_type": "email", "link_value": "NOT CHECKED"},), BOTH, True),
    ("purchase", "link", ({"link_type": "email", "link_value": ""},), NEITHER, False),
    ("purchase", "link", ({"link_type": "Email", "link_value": "x"}, {"link_type": "email"}), NEITHER, False),
)
