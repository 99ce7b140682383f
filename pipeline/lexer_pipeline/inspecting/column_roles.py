"""Whose a column is by the words of its name: the person's who bought, somebody else's, or the sender's own."""

import re
from functools import cache

SELLER, OTHER, OWN = "the sender's own", "somebody else's", ""
SELLERS = frozenset(
    [
        "seller",
        "merchant",
        "vendor",
        "supplier",
        "shop",
        "store",
        "sender",
        "staff",
        "employee",
        "agent",
        "owner",
        "rep",
        "salesperson",
        "salesman",
        "cashier",
        "manager",
        "operator",
        "server",
        "clerk",
        "assistant",
        "created",
        "modified",
        "admin",
        "absender",
        "verkäufer",
        "verkaeufer",
        "mitarbeiter",
        "bearbeiter",
        "kassierer",
        "vendeur",
        "expéditeur",
        "expediteur",
        "vendedor",
        "venditore",
        "mittente",
    ]
)
OTHERS = frozenset(
    [
        "ship",
        "shipping",
        "shipto",
        "recipient",
        "delivery",
        "deliver",
        "consignee",
        "receiver",
        "gift",
        "giftee",
        "attendee",
        "guest",
        "partner",
        "parent",
        "spouse",
        "referrer",
        "referred",
        "referral",
        "emergency",
        "alternate",
        "secondary",
        "liefer",
        "lieferung",
        "empfänger",
        "empfaenger",
        "livraison",
        "destinataire",
        "envío",
        "envio",
        "destinatario",
        "spedizione",
        "consegna",
    ]
)
# How a column of addresses or numbers is called in a log of messages and payments.
FROM, TO = frozenset({"from", "von", "de", "da"}), frozenset({"to", "an", "à"})
WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
# ShipCity, customerEmail
CAMEL = re.compile(r"(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])")


@cache
def words_of(name: str) -> tuple[str, ...]:
    """The words of a column's name, in small letters."""
    return tuple(word.casefold() for word in WORD.findall(CAMEL.sub(" ", name)))


def role_of(name: str) -> str:
    """Whose a column is: SELLER, OTHER, or OWN where its name says nothing else."""
    words = words_of(name)
    if SELLERS.intersection(words):
        return SELLER
    is_other = OTHERS.intersection(words) or any(word.startswith(("liefer", "shipto")) for word in words)
    return OTHER if is_other or words[:1] == ("to",) else OWN


def is_from(name: str) -> bool:
    """Whether a column says where a message or payment came from."""
    return bool(FROM.intersection(words_of(name)[:1]))


def is_to(name: str) -> bool:
    """Whether a column says where a message or payment went to."""
    return bool(TO.intersection(words_of(name)[:1]))
