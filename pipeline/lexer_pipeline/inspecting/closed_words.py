"""Words by which exports say what became of an order, what kind of row one is, and whether a person may be written to.

A draft names only words of these lists, never another value of a record.
"""

from collections.abc import Mapping
from types import MappingProxyType

# An order of one of these is no purchase.
CALLED_OFF = frozenset(
    [
        "cancelled",
        "canceled",
        "cancel",
        "void",
        "voided",
        "failed",
        "declined",
        "expired",
        "abandoned",
        "deleted",
        "rejected",
        "denied",
        "draft",
        "test",
        "error",
        "aborted",
        "storniert",
        "abgebrochen",
        "fehlgeschlagen",
        "abgelehnt",
        "gelöscht",
        "annulé",
        "annulée",
        "annulee",
        "annule",
        "échoué",
        "échouée",
        "refusé",
        "refusée",
        "cancelado",
        "cancelada",
        "anulado",
        "anulada",
        "fallido",
        "fallida",
        "rechazado",
        "rechazada",
        "annullato",
        "annullata",
        "fallito",
        "fallita",
        "rifiutato",
        "cancelled by customer",
        "cancelled by seller",
        "payment failed",
    ]
)
UNPAID = frozenset(
    [
        "pending",
        "unpaid",
        "on hold",
        "on-hold",
        "open",
        "awaiting payment",
        "pending payment",
        "payment pending",
        "incomplete",
        "offen",
        "ausstehend",
        "unbezahlt",
        "zahlung ausstehend",
        "en attente",
        "impayé",
        "impayée",
        "pendiente",
        "pendiente de pago",
        "impagado",
        "in attesa",
        "non pagato",
        "checkout-draft",
    ]
)
GIVEN_BACK = frozenset(
    [
        "refunded",
        "refund",
        "partially refunded",
        "partially_refunded",
        "partial refund",
        "returned",
        "return",
        "chargeback",
        "charged back",
        "disputed",
        "reversed",
        "reversal",
        "payment refund",
        "payment reversal",
        "credit note",
        "erstattet",
        "rückerstattet",
        "retoure",
        "gutschrift",
        "storno",
        "remboursé",
        "remboursée",
        "remboursement",
        "retour",
        "avoir",
        "reembolsado",
        "reembolsada",
        "reembolso",
        "devolución",
        "devuelto",
        "rimborsato",
        "rimborsata",
        "rimborso",
        "reso",
        "reembolso parcial",
    ]
)
# Rows of a list of payments that are no sale, and of a list of lines that are no line of an article.
OTHER_ROWS = frozenset(
    [
        "withdrawal",
        "general withdrawal",
        "transfer",
        "payout",
        "fee",
        "fees",
        "topup",
        "top-up",
        "no sale",
        "auszahlung",
        "gebühr",
        "virement",
        "frais",
        "retiro",
        "comisión",
    ]
)
LINE_ITEMS = frozenset({"line item", "lineitem", "item", "product", "artikel"})
OTHER_LINES = frozenset(
    [
        "shipping line",
        "transaction",
        "refund line",
        "refund",
        "fulfillment line",
        "discount",
        "tip",
        "shipping",
        "note",
        "comment",
    ]
)
RECEIVED = frozenset(
    [
        "received",
        "inbound",
        "incoming",
        "failed",
        "undelivered",
        "queued",
        "scheduled",
        "draft",
        "canceled",
        "cancelled",
    ]
)
# What says beyond doubt what a person agreed to, and the status that it is.
CONSENT: Mapping[str, str] = MappingProxyType({
    "subscribed": "subscribed", "opted in": "subscribed", "opted-in": "subscribed", "opt in": "subscribed", "opt-in": "subscribed",
    "opt_in": "subscribed", "abonniert": "subscribed", "angemeldet": "subscribed", "abonné": "subscribed", "suscrito": "subscribed",
    "unsubscribed": "unsubscribed", "opted out": "unsubscribed", "opted-out": "unsubscribed", "opt out": "unsubscribed",
    "opt-out": "unsubscribed", "opt_out": "unsubscribed", "abgemeldet": "unsubscribed", "désabonné": "unsubscribed",
    "désinscrit": "unsubscribed", "baja": "unsubscribed", "transactional": "transactional",
    "undeliverable": "undeliverable", "cleaned": "undeliverable", "bounced": "undeliverable", "hard bounced": "undeliverable",
    "hard_bounced": "undeliverable",
})  # fmt: skip
ONLINE = frozenset(
    [
        "online",
        "web",
        "website",
        "ecommerce",
        "e-commerce",
        "internet",
        "webshop",
        "online shop",
        "online store",
        "web shop",
        "app",
    ]
)
AT_A_TILL = frozenset(
    [
        "pos",
        "in-store",
        "in store",
        "instore",
        "in person",
        "in-person",
        "inperson",
        "physical",
        "retail",
        "till",
        "shop floor",
        "filiale",
        "kasse",
    ]
)
YES = frozenset(["true", "yes", "y", "1", "x", "ja", "oui", "sí", "si"])
