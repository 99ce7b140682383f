"""Words by which exports call the fields of the specifications, in English, German, French, Spanish and Italian."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

# The more telling words come first: where a table has two of them, the first wins.
TABLE = {
    "email": "email address|e-mail|email|customer email|contact email|billing email|subscriber email|mail|e-mail-adresse"
    "|adresse e-mail|adresse mail|courriel|correo electrónico|correo|indirizzo email|user email|payer email|login email",
    "email_sha256": "sha256 email|hashed email|email hash|email sha256|hashed email address|e-mail-hash",
    "email_md5": "md5 email|email md5",
    "mobile": "mobile phone|mobile number|mobile|cell phone|cell|cellphone|phone number|phone|telephone|telephone number"
    "|tel|phone no|contact number|sms number|msisdn|handynummer|handy|mobiltelefon|telefonnummer|telefon|téléphone portable"
    "|portable|téléphone|numéro de téléphone|móvil|teléfono|celular|cellulare|telefono|default address phone",
    "customer_id": "customer id|customer number|customer no|customer|client id|member id|membership number|contact id"
    "|user id|profile id|person id|account id|record id|subscriber id|loyalty number|kundennummer|kunden-nr|kundennr"
    "|numéro client|id client|número de cliente|id cliente|codice cliente|klaviyo id|braze id|customer user",
    "first_name": "first name|given name|forename|first|fname|vorname|prénom|nombre|nome|christian name",
    "last_name": "last name|surname|family name|last|lname|nachname|familienname|nom de famille|nom|apellidos|apellido|cognome",
    "gender": "gender|sex|geschlecht|sexe|sexo|género|sesso|genre",
    "date_of_birth": "date of birth|dob|birth date|birthdate|birthday|birth day|geburtsdatum|geburtstag|date de naissance"
    "|fecha de nacimiento|data di nascita",
    "address_1": "address 1|address line 1|street address|street|address|address1|mailing street|straße|strasse|adresse|anschrift"
    "|rue|dirección|calle|indirizzo|via|adresse 1|street 1",
    "address_2": "address 2|address line 2|address2|street 2|apartment|suite|unit|adresszusatz|complément d'adresse|adresse 2",
    "city": "city|town|suburb|locality|ort|stadt|ville|ciudad|localidad|población|città|wohnort",
    "state": "state|province|state / region|state/province|region|state code|province code|county|bundesland|provincia"
    "|région|estado|provincia/estado",
    "postcode": "postcode|postal code|zip/postal code|zip code|zip|post code|plz|postleitzahl|code postal|código postal|cap|postal",
    "zip": "zip|zip code|zipcode",
    "country": "country|country code|country name|nation|land|pays|país|paese|länderkennzeichen|country/region",
    "customer_type": "customer type|customer group|segment|kundengruppe|type de client|tipo de cliente",
    "employee_flag": "employee|is employee|staff|mitarbeiter",
    "purchase_id": "purchase id|order id|order number|order no|order|name|receipt number|receipt id|receipt no|receipt"
    "|transaction id|invoice number|invoice no|invoice id|invoice|sale id|bestellnummer|auftragsnummer|belegnummer"
    "|numéro de commande|número de pedido|pedido|numero ordine|payment id",
    "return_id": "return id|return number|refund id|refund number|rma|credit note|credit note number|retourennummer"
    "|numéro de retour|número de devolución",
    "action_at": "action at|order date|purchase date|transaction date|sale date|paid at|created at|order created at|date created"
    "|created (utc)|event time|event date|send time|sent at|subscribed at|opened at|clicked at|bounced at|timestamp"
    "|date time|datetime|date|optin time|last changed|bestelldatum|kaufdatum|belegdatum|rechnungsdatum|datum"
    "|date de commande|date d'achat|fecha de pedido|fecha|data ordine|data|time",
    "currency": "currency|currency code|order currency|währung|devise|moneda|valuta",
    "store.name": "store name|store|shop name|shop|branch|outlet|location name|location|filiale|geschäft|magasin|boutique|tienda|negozio",
    "store.store_id": "store id|store number|store no|store code|shop id|branch id|outlet id|location id|filialnummer",
    "store.type": "store type|sales channel type",
    "store.location.coordinate.latitude": "latitude|lat|store latitude",
    "store.location.coordinate.longitude": "longitude|lng|lon|store longitude",
    "products[].product_reference.id": "lineitem sku|product sku|item sku|variant sku|sku|product id|item id|product code|item code"
    "|article number|upc|ean|gtin|barcode|artikelnummer|artikel-nr|référence|code article|referencia|código de producto",
    "products[].price_paid": "price paid|lineitem price|line total|item price|unit price|net sales|line amount|price|paid|amount paid"
    "|amount|einzelpreis|preis|betrag|prix unitaire|prix|montant|precio|importe|prezzo|item total|total",
    "products[].quantity": "lineitem quantity|quantity|qty|units|item quantity|number of items|menge|anzahl|stückzahl|quantité|qté"
    "|cantidad|quantità|pieces|count",
    "products[].full_price": "full price|lineitem compare at price|compare at price|list price|rrp|msrp|regular price|original price"
    "|listenpreis|uvp|prix catalogue|precio de lista",
    "products[].discount": "lineitem discount|line discount|item discount|discount|discounts|rabatt|remise|descuento|sconto",
    "payment_types[].name": "payment method|payment type|payment method title|tender|zahlungsart|zahlungsmethode"
    "|mode de paiement|método de pago|forma de pago",
    "product_id": "product id|item id|id|article id|handle|system id|artikelnummer|id produit",
    "sku": "sku|variant sku|custom sku|product sku|item sku|stock keeping unit|artikel-nr",
    "upc": "upc|ean|gtin|variant barcode|barcode",
    "name": "product name|title|item name|item|name|product title|product|artikel|artikelname|bezeichnung|produktname"
    "|nom du produit|désignation|nombre del producto|nome prodotto",
    "description": "description|product description|body (html)|body|short description|long description|beschreibung"
    "|descripción|descrizione",
    "brand": "brand|vendor|manufacturer|marke|hersteller|marque|fabricant|marca",
    "size": "size|größe|groesse|taille|talla|taglia",
    "color": "color|colour|farbe|couleur|colore",
    "price": "variant price|price|regular price|sale price|retail price|unit price|preis|prix|precio|prezzo|msrp",
    "url": "url|product url|link|product link|permalink|web address",
    "images[]": "image src|image|image url|image link|images|picture|photo|bild|imagen|variant image",
    "availability.available": "available|in stock|in stock?|published|is available|verfügbar|disponible|publish to ecom",
    "inventory.quantity": "inventory quantity|variant inventory qty|stock|stock quantity|quantity on hand|inventory|qty|quantity"
    "|lagerbestand|bestand",
    "inventory.cost": "cost per item|unit cost|default cost|cost|einkaufspreis",
    "email_id": "email id|message id|campaign id|send id|mailing id|email campaign id|leid|klaviyo id",
    "sms_id": "sms id|message id|campaign id",
    "campaign_id": "campaign id|campaign|kampagne",
    "subject": "subject|subject line|betreff|objet|asunto",
    "body": "body|message|text",
    "status": "subscription status|status|email marketing consent|consent|opt in status|marketing consent|accepts marketing",
    "list.id": "list id|audience id|segment id",
    "list.name": "list name|audience name|list|audience|segment name",
    "clicked_link.url": "clicked url|clicked link|link url|url",
    "clicked_link.name": "link name|clicked link name",
    "from.email": "from email|sender email|from address|from",
    "from.name": "from name|sender name|sender",
    "from.number": "from number|sender number",
    "to.email": "to email|recipient email|recipient|to address|email address|email",
    "to.name": "to name|recipient name",
    "to.number": "to number|recipient number|recipient",
}
WORDS: Mapping[FieldPath, tuple[str, ...]] = MappingProxyType(
    {
        FieldPath.named(field): tuple(dict.fromkeys(normalised(word) for word in words.split("|")))
        for field, words in TABLE.items()
    }
)
# What exports put before a word: Billing City. The second list names places that are less likely the person's own.
OWNERS = (
    "customer", "billing", "defaultaddress", "mailing", "contact", "subscriber", "primary", "home", "person", "profile",
    "buyer", "client", "lineitem", "product", "item", "variant", "order", "kunden", "rechnungs", "user",
)  # fmt: skip
OTHERS = ("shipping", "delivery", "liefer", "other", "recipient", "address")
# Words of these fields say whom a row is of, and of those which order it is and what it costs.
PEOPLE = (
    "email", "mobile", "customer_id", "first_name", "last_name", "gender", "date_of_birth", "address_1", "address_2", "city",
    "state", "postcode", "zip", "country",
)  # fmt: skip
MONEY = (
    "purchase_id", "return_id", "currency", "price", "products[].quantity", "products[].price_paid", "products[].full_price",
    "products[].discount",
)  # fmt: skip
# What each of these words means elsewhere is no order.
VAGUE = frozenset({"name", "count", "units"})
PEOPLE_WORDS = frozenset(word for field in PEOPLE for word in WORDS[FieldPath.named(field)])
MONEY_WORDS = (
    frozenset(word for field in MONEY for word in WORDS[FieldPath.named(field)]) - PEOPLE_WORDS - VAGUE
)
SECRET = re.compile(
    r"passw|passhash|secret|apikey|(rp|reset|access|api|auth)token|cardnumber|cardlast|last4|pansuffix|cardexp|cvc|cvv"
    r"|fingerprint|iban|kartennummer|numérodecarte|cardid|defaultcard|cardname"
)


def field_called(name: str, paths: Collection[str]) -> str | None:
    """The one of some fields that a column's name is a word for, the most telling word first; in a link before elsewhere."""
    plain = normalised(name)
    found = []
    for path in paths:
        words = WORDS.get(FieldPath.named(path.removeprefix("link.")), ())
        for owner in ("", *OWNERS):
            rest = plain.removeprefix(owner)
            if rest in words and (not owner or rest != plain):
                found.append((bool(owner), words.index(rest), not path.startswith("link."), path))
    return min(found)[-1] if found else None


def is_secret(name: str) -> bool:
    """Whether a column's name says that it holds passwords, tokens or card data."""
    return bool(SECRET.search(normalised(name)))


def is_of_person(name: str) -> bool:
    """Whether a column is called by a word for a field of a person."""
    return _is_called(name, PEOPLE_WORDS)


def is_of_money(name: str) -> bool:
    """Whether a column is called by a word for a field of an order or its prices."""
    return _is_called(name, MONEY_WORDS)


def _is_called(name: str, words: Collection[str]) -> bool:
    plain = normalised(name)
    return plain in words or any(plain.removeprefix(owner) in words for owner in OWNERS if plain != owner)
