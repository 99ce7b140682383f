"""Products of WooCommerce whose columns are called in the language of whoever exported them."""

from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.mapping.recognition import recognise

from tests.presets.exports import convert, write

ENGLISH = (
    "ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Short description", "Description", "In stock?", "Stock",
    "Backorders allowed?", "Sale price", "Regular price", "Categories", "Tags", "Images", "Parent", "Attribute 1 name",
    "Attribute 1 value(s)",
)  # fmt: skip
# As they were seen in exports, and in programs that read such.
CALLED = {
    "en": ENGLISH,
    "de": (
        "ID", "Typ", "Artikelnummer", "Name", "Veröffentlicht", "Sichtbarkeit im Katalog", "Kurzbeschreibung", "Beschreibung",
        "Vorrätig?", "Lager", "Lieferrückstande erlaubt?", "Angebotspreis", "Regulärer Preis", "Kategorien", "Schlagwörter", "Bilder",
        "Übergeordnetes Produkt", "Attribut 1 Name", "Attribut 1 Wert(e)",
    ),
    "es": (
        "ID", "Tipo", "SKU", "Nombre", "Publicado", "Visibilidad en el catálogo", "Descripción corta", "Descripción",
        "¿En inventario?", "Inventario", "¿Permitir reservas de productos agotados?", "Precio rebajado", "Precio normal", "Categorías",
        "Etiquetas", "Imágenes", "Superior", "Nombre del atributo 1", "Valor(es) del atributo 1",
    ),
    "it": (
        "ID", "Tipo", "COD", "Nome", "Pubblicato", "Visibilità nel catalogo", "Breve descrizione", "Descrizione", "In stock?",
        "Magazzino", "Abilita gli ordini arretrati?", "Prezzo in offerta", "Prezzo di listino", "Categorie", "Etichette", "Immagine",
        "Genitore", "Attributo 1 nome", "Attributo 1 valuta(e)",
    ),
    "nl": (
        "ID", "Type", "Artikelnummer", "Naam", "Gepubliceerd", "Zichtbaarheid in catalogus", "Korte omschrijving", "Beschrijving",
        "Op voorraad?", "Voorraad", "Nabestellingen toestaan?", "Actieprijs", "Reguliere prijs", "Categorieën", "Tags",
        "Afbeeldingen", "Hoofd", "Naam eigenschap 1", "Waarde eigenschap 1",
    ),
    "fr": (
        "ID", "Type", "UGS", "Nom", "Publié", "Visibilité dans le catalogue", "Description courte", "Description", "En stock ?",
        "Stock", "", "Tarif promo", "Tarif régulier", "Catégories", "Étiquettes", "Images", "Parent", "", "",
    ),
}  # fmt: skip
PRODUCT = (
    "0037", "simple", "0012", "Becher, rot", "1", "visible", "", "Für Tee", "1", "14", "notify", "", "1.234,50", "Küche > Becher", "",
    "https://example.com/becher.jpg", "id:12", "Farbe", "Rot, Blau",
)  # fmt: skip


@pytest.mark.parametrize("language", CALLED)
def test_products_are_the_same_in_every_language(language: str, folder: Path) -> None:
    row = {name: text for name, text in zip(CALLED[language], PRODUCT, strict=True) if name}

    found = recognise(list(row)).sure
    (one,) = convert(write("wc-product-export.csv", list(row), row)).records("commerce_products")

    assert found is not None
    assert found.name == "woocommerce_products"
    expected: dict[str, Any] = {
        "product_id": "0037", "sku": "0012", "name": "Becher, rot", "description": "Für Tee", "price": 1234.5,
        "images": ["https://example.com/becher.jpg"],
        "options": {
            "type": ["simple"], "parent": ["id:12"], "categories": ["Küche > Becher"], "attribute_1_name": ["Farbe"],
            "attribute_1": ["Rot", "Blau"],
        },
        "availability": {"available": True}, "inventory": {"quantity": 14, "backorder_allowed": True},
    }  # fmt: skip
    if "" in CALLED[language]:
        # What could not be seen in this language is not read.
        one["options"] |= {name: expected["options"][name] for name in ("attribute_1_name", "attribute_1")}
        one["inventory"]["backorder_allowed"] = True
    assert one == expected


def test_products_in_a_language_that_was_not_seen_are_taken_for_nothing(folder: Path) -> None:
    danish = [
        "ID",
        "Type",
        "Varenummer (SKU)",
        "Navn",
        "Publiceret",
        "Kort beskrivelse",
        "Tilbudspris",
        "Normalpris",
    ]

    assert recognise(danish).fitting == ()
