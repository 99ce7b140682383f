"""Hand-made valid documents, the barest and the richest of each type; all people are invented."""

from copy import deepcopy
from typing import Any

_SHA256 = "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d"
_MD5 = "9e26471d35a78862c17e467d87cddedf"
_EMAIL = {"link": {"email": "mira.holt@example.com"}, "action_at": "2024-03-06T12:26:47Z"}
_MOBILE = {"link": {"mobile": "61491570006"}, "action_at": "2024-03-06T12:26:47.123456789+10:00"}
_LIST = {"list": {"id": "L-7", "name": "Autumn news"}}
_MAIL = {
    **_LIST,
    "email_id": "E-1001",
    "from": {"name": "Holt & Daughters", "email": "shop@example.com"},
    "to": {"email": "  Mira.Holt@Example.com "},
}
_TEXT_MESSAGE = {**_LIST, "sms_id": "S-1", "from": {"number": "61491570156"}, "to": {"name": "Ida Brandt"}}
_STORE = {
    "store_id": "0042",
    "type": "outlet",
    "name": "Harbour Street",
    "location": {"name": "Hobart", "coordinate": {"latitude": -42.88, "longitude": 147.33}},
}
_CUSTOMER = {
    "link": {"email_sha256": f" {_SHA256.upper()} "},
    "email": "Ida.Brandt@example.com",
    "email_sha256": _SHA256,
    "mobile": "61491570157",
    "customer_id": "000123",
    "custom_fields": {"tier": "gold", "points": 600, "likes": ["tea", None], "home": {"pets": None}},
    "first_name": "Ida",
    "last_name": "Brandt-O'Neill",
    "gender": "",
    "date_of_birth": "1988-02-29",
    "country": "Australia",
    "state": "Victoria",
    "city": "Ballarat",
    "postcode": "0350",
    "zip": "90291",
    "address_1": "1 Mill Lane",
    "address_2": None,
    "employee_flag": False,
    "customer_type": "retail",
}
_PRODUCT = {
    "product_id": "",
    "sku": "TEA-0250",
    "upc": "036000291452",
    "product_reference_type": "sku",
    "name": "Th\u00e9 vert",
    "price": -1,
    "options": {"size": ["250 g", "500 g"], "grind": []},
    "url": "not checked",
    "images": ["https://img.example.com/tea.jpg?v=2", "http://example.com"],
    "availability": {
        "available": True,
        "channels_availability": [
            {"type": "ecommerce", "available": True, "published_at": "2024-01-01T00:00:00Z"},
            {"type": "physical", "available": False, "unpublished_at": "2024-02-29 10:00:00"},
        ],
    },
    "inventory": {
        "id": "I-1",
        "source": "till",
        "quantity": -3,
        "cost": 0,
        "backorder_allowed": True,
        "tracked": False,
        "updated_at": "2024-01-01T10:00:00+1000",
    },
}
_PURCHASE = {
    "link": {"customer_id": "000123", "system_name": "till"},
    "action_at": "2024-03-06T12:26:47Z",
    "type": "physical",
    "purchase_id": "A-1",
    "currency": "aud",
    "adjustments": [{"price_adjustment": -50, "adjusted_at": "2024-03-07T00:00:00Z", "reason": "late"}],
    "custom_fields": {"gift": True},
    "store": _STORE,
    "payment_types": [{"name": "card", "total": 80.5}, {"name": "voucher"}],
    "products": [
        {
            "product_reference": {"id": "TEA-0250", "id_type": "sku", "dataset_id": "a1b2c3d4"},
            "price_paid": 80.5,
            "quantity": 2,
            "full_price": 45,
            "discount": 9.5,
        },
        {"price_paid": 0, "quantity": 1.0},
    ],
}
_RETURN = {
    "link": {"external_id": "X-9", "system_name": "crm"},
    "action_at": "2024-03-08T09:00:00-03:30",
    "type": "ecommerce",
    "return_id": "R-1",
    "store": {"type": "online", "name": "example.com"},
    "products": [
        {"product_reference": {"id": "TEA-0250", "id_type": "sku"}, "price_paid": -45, "quantity": -1}
    ],
}
_OLD_LINK = {"link": {"link_type": "engage.id", "link_value": "9", "id_type": "default"}}
_BARE_MAIL = {"link": {"email_md5": _MD5}, "action_at": "2024-03-06T12:26:47Z", "email_id": ""}
_BARE_TEXT_MESSAGE = {**_MOBILE, "sms_id": "S-2"}
_EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "customer_record": [{"link": {"customer_id": "1"}}, _CUSTOMER, _OLD_LINK],
    "product": [{"product_id": "P-1"}, _PRODUCT, {"product_reference_type": "upc", "upc": ""}],
    "purchase": [{**_EMAIL, "type": "ecommerce", "purchase_id": "A-2", "products": []}, _PURCHASE],
    "return": [{**_EMAIL, "type": "physical", "return_id": "R-2", "products": []}, _RETURN],
    "email_send": [
        _BARE_MAIL,
        {**_EMAIL, **_MAIL, "campaign_id": "C-1", "subject": "Tea", "body": "<p>Hi</p>"},
    ],
    "email_open": [_BARE_MAIL, {**_EMAIL, **_MAIL, "campaign_id": "C-1"}],
    "email_click": [
        {**_BARE_MAIL, "clicked_link": {}},
        {**_EMAIL, **_MAIL, "clicked_link": {"name": "shop", "url": "example.com/tea"}},
    ],
    "email_bounce": [_BARE_MAIL, {**_EMAIL, **_MAIL}],
    "email_subscribe": [
        {**_BARE_MAIL, "status": "undeliverable"},
        {**_EMAIL, **_LIST, "email_id": "E-2", "status": "subscribed"},
    ],
    "sms_send": [_BARE_TEXT_MESSAGE, {**_MOBILE, **_TEXT_MESSAGE, "campaign_id": "C-2", "body": "Hello"}],
    "sms_click": [{**_BARE_TEXT_MESSAGE, "from": {}}, {**_MOBILE, **_TEXT_MESSAGE, "campaign_id": "C-2"}],
    "sms_subscribe": [
        {**_BARE_TEXT_MESSAGE, "status": "list_unsubscribed"},
        {**_MOBILE, **_LIST, "sms_id": "S-3", "status": "transactional"},
    ],
}


def examples(record_type: str) -> list[dict[str, Any]]:
    """Fresh copies of the valid documents of the type, the barest first."""
    return deepcopy(_EXAMPLES[record_type])
