"""What a path into documents says stands there, in the words that a column of a table would have: `billing_address.phone` is a billing phone."""

import re

from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.mapping.document_paths import Steps, leads_into
from lexer_pipeline.specs.names import normalised

# Keys that say nothing of what is in them.
TRANSPARENT = frozenset((
    "attributes", "body", "contact", "content", "data", "details", "ecommerce", "edges", "envelope", "event", "eventdata", "eventproperties", "fields",
    "headers", "item", "message", "msg", "node", "nodes", "object", "payload", "person", "personal", "presentmentmoney", "profile",
    "properties", "record", "relationships", "shopmoney", "traits", "user", "value", "values",
))  # fmt: skip
PLACES = frozenset(("address", "location", "addresses"))
# What such an object is called in a list of its own, or beside an id.
NAMED = frozenset(("contact", "person", "profile", "message", "event", "user"))
# Keys that mean nothing without what they are of.
BARE = frozenset(("id", "gid", "uuid", "name", "type", "number", "code", "title"))
MONEY = frozenset(("amount", "value", "decimalvalue", "units", "currency", "currencycode", "currencyiso"))
# What is said behind the word that matters.
ENDING = re.compile(r"[ _-]?(address|details|info|information|data|object)$", re.IGNORECASE)
OF_MONEY = re.compile(r"[ _-]?(money[ _-]?v2|money|set)$", re.IGNORECASE)
# What the list of the records is called, and what one of them is.
NOUNS = {
    "orders": "order", "purchases": "order", "sales": "sale", "transactions": "transaction", "charges": "charge", "payments": "payment",
    "receipts": "receipt", "invoices": "invoice", "refunds": "refund", "returns": "return", "customers": "customer",
    "contacts": "contact", "subscribers": "subscriber", "profiles": "profile", "people": "person", "users": "user",
    "members": "member", "products": "product", "messages": "message",
}  # fmt: skip
# Where Stripe and others have the object that an event is about.
ENVELOPE = ("data", "object")
AMOUNT = re.compile(
    r"(money|set|v2|price|total|amount|cost|tax|shipping|discount|subtotal|balance|fee)$", re.IGNORECASE
)
IN_CENTS = re.compile(r"(?<=[a-z])[ _-]?(in[ _-]?)?(cents|minor([ _-]?units?)?)$", re.IGNORECASE)
# Keys that only one platform has.
KNOWN = {"$message": "message id", "sg_message_id": "message id", "smtp-id": "smtp reference"}
# Objects in a line that say what it is of.
LINES = frozenset(("lineitem", "orderline", "orderitem", "item", "product", "line"))
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def called(steps: Steps, rows: Steps = (), records: str = "", is_event: bool = False) -> str:
    """The words of a path; `rows` is the list of lines, and `records` what the list of the documents is called.

    With `is_event` each document is an event around the object that it is about.
    """
    is_line = bool(rows) and leads_into(rows, steps)
    keys = [step for step in (steps[len(rows) :] if is_line else steps) if isinstance(step, str)]
    if not keys:
        return "line item" if is_line else str(steps[0]) if steps else ""
    owner, name = _owner(keys), KNOWN.get(keys[-1], keys[-1])
    name = IN_CENTS.sub("", name)
    if _plain(name) in MONEY and AMOUNT.search(owner):
        stem = OF_MONEY.sub("", owner)
        owner, name = "", name if _plain(name).startswith("currency") else stem
    if _plain(name) in ("id", "gid", "uuid") and not owner and not is_line:
        owner = NOUNS.get(_plain(records), "")
    if is_line and _plain(owner) in LINES:
        owner = ""
    elif owner and not is_line and steps[-2:-1] == (ITEMS,):
        owner = NOUNS.get(_plain(owner), owner)
    if steps[:2] != ENVELOPE and is_event:
        owner = "event"
    owner = owner if _plain(owner) == "defaultaddress" else ENDING.sub("", owner)
    if _plain(name).startswith(_plain(owner)):
        owner = ""
    words = " ".join(part for part in (owner, name) if part)
    is_article = is_line and _plain(name) != "id"
    return f"line item {words}" if is_article else f"line {words}" if is_line else words


def _owner(keys: list[str]) -> str:
    """The key before the last one that says whose it is."""
    name = _plain(keys[-1])
    for key in reversed(keys[:-1]):
        plain = _plain(key)
        if plain in TRANSPARENT and not (plain in NAMED and name in BARE):
            continue
        if plain in PLACES and name not in BARE:
            continue
        return CAMEL.sub(" ", key)
    return ""


def _plain(key: str) -> str:
    return normalised(key)
