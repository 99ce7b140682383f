"""Words by which a draft knows columns, beside those that are certain enough to tell one preset from another.

What such a word means is tested on the rows before it is believed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.mapping import synonyms
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

FURTHER = {
    "customer_id": "member no|member number|membership no|loyalty id|customer code|client number|client no|mitgliedsnummer",
    "purchase_id": "amazon order id|ebay order id|etsy order id|order ref|order reference|booking id|booking number"
    "|booking reference|ticket order id|charge id|bon|bonnummer|bon-nr|beleg|beleg-nr|auftrag|bestell-nr|bestellnr|rechnungsnummer"
    "|numéro de facture|facture|commande|n° commande|no commande|ticket n°|ticket no|id",
    "action_at": "unsub time|last changed|created date (utc)|created date|created time|processed at|email marketing consent timestamp|consent timestamp|consent updated at|email marketing consent consent updated at|sms marketing consent consent updated at|email marketing consent marketing updated at"
    "|unsub time|added time|added at|verkaufsdatum|buchungsdatum|date de vente|date de facture|sold at|sold on|date sold|refund date"
    "|return date|refunded at|returned at|refunded on|returned on|rückgabedatum|joined|joined on|joined at|date joined|signup date"
    "|sign-up date|registration date|registered at|opt-in date|subscribed on|subscription date|booked at|booking date|sent date"
    "|date sent|created|event created|event timestamp|event time|event datetime|occurred at|occurred on|date created gmt|refund created at|return created at|refund processed at",
    "products[].product_reference.id": "art-nr|article no|item number|item no|product number|product no|custom label|seller sku|plu"
    "|article|artikel|item|product|catalog object id|merchant product id|merchandise id",
    "products[].price_paid": "stückpreis|verkaufspreis|total price|sold for|price each|each|gesamtpreis|net price|prix ttc"
    "|montant ttc|umsatz|total ttc|order total|order total inc tax|order amount|order value|gesamtbetrag|rechnungsbetrag|gross|sum"
    "|summe|refund amount|refunded amount|amount refunded|refund total|return amount",
    "products[].quantity": "quantity purchased|quantity ordered|qty ordered|quantity sold|qty sold|units sold|stück|stk|nombre|nb"
    "|tickets|ticket quantity|number of tickets|no of tickets|billets|unidades",
    "sms_id": "message sid|sid", "status": "email status|email marketing consent state|sms marketing consent state|marketing state|consent state", "from.number": "from", "to.email": "to", "to.number": "to",
}  # fmt: skip
# Words that come after all others: a number of orders is called Name by few, and an opt-in may have been taken back since.
LAST = {"purchase_id": "name", "action_at": "optin time", "products[].quantity": "count"}
OWNERS = (*synonyms.OWNERS, "purchaser", "payer", "line", "ticket")
# Words that mean the field only where nothing stands before them: Name is a number of an order (#1001), Item Name is none.
ALONE = frozenset(
    (FieldPath.named(field), normalised(word))
    for field, words in {
        "purchase_id": "name|id|order|invoice|receipt|bon|beleg|commande|facture|pedido|auftrag", "return_id": "rma",
        "store.name": "location|shop|store|branch", "customer_id": "customer", "products[].price_paid": "paid|total|amount",
    }.items()
    for word in words.split("|")
)  # fmt: skip


def _split(words: str) -> tuple[str, ...]:
    return tuple(normalised(word) for word in words.split("|") if word)


def _together(path: FieldPath, known: tuple[str, ...]) -> tuple[str, ...]:
    last = _split(LAST.get(str(path), ""))
    further = _split(FURTHER.get(str(path), ""))
    first = [word for word in known if word not in (*further, *last)]
    return tuple(dict.fromkeys((*first, *further, *last)))


WORDS: Mapping[FieldPath, tuple[str, ...]] = MappingProxyType(
    {path: _together(path, known) for path, known in synonyms.WORDS.items()}
)
