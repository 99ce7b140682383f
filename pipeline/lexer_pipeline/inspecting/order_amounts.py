"""Amounts of a whole order told from those of a line, and the columns that say which article a line is of."""

import re
from collections.abc import Sequence

from lexer_pipeline.inspecting.tested_table import TestedTable
from lexer_pipeline.specs.names import normalised

QUALIFIED = re.compile(
    r"(?:before|after|incl|inc|excl|ex|with|without|netof|vor|nach|ohne|inkl|exkl|ttc|ht)(?:uding)?(?:all)?(?:discounts?|rabatt|tax(?:es)?|vat|gst|mwst|ust|tva|iva)"
)
ORDER = re.compile(
    r"order|total|grand|invoice|basket|cart|bestell|rechnung|commande|pedido|ordine|beleg|sum|gesamt"
)
LINE = re.compile(
    r"linetotal|lineamount|lineprice|netsales|itemtotal|lineitemtotal|rowtotal|extended|gesamtpreis|subtotal|pricepaid|amountpaid"
    r"|^paid$|refundamount|refundedamount|returnamount|positions|zeile|netprice|totalprice|totallinea|totalligne|totaleriga"
)
ARTICLE = re.compile(
    r"sku|article|artikel|item|product|produkt|produit|ean|upc|gtin|title|variant|bezeichnung|désignation"
)
NOT_ARTICLE = re.compile(
    r"price|preis|prix|quantity|qty|menge|total|discount|count|status|amount|weight|type$|tax"
)

BESIDE = "it stands beside the list of lines, so it is of the whole order"


def plain_name(table: TestedTable, place: int) -> str:
    """A column's name as the patterns want it; what an amount is before, after or with is not what it is."""
    return QUALIFIED.sub("", normalised(table.called(place)))


def of_order(table: TestedTable, groups: Sequence[Sequence[int]], place: int) -> str:
    """Why a column of amounts is one of the whole order; empty where it may be one of a line."""
    if table.is_of_line(place) or table.is_beside_lines(place):
        return BESIDE if table.is_beside_lines(place) else ""
    several = [group for group in groups if len(group) > 1]
    texts = table.sample.column(place)
    filled = [[texts[row] for row in group if texts[row]] for group in several]
    if not any(filled):
        return ""
    if all(
        len(some) <= 1 and (not some or texts[group[0]]) for some, group in zip(filled, several, strict=True)
    ):
        return "it stands on the first row of an order alone, so it is of the whole order"
    named = ORDER.search(plain_name(table, place)) and not LINE.search(plain_name(table, place))
    # One price for different articles, in order after order, is no price of an article.
    told = several if named else [group for group in several if _are_different(table, group)]
    repeated = all(len({texts[row] for row in group if texts[row]}) <= 1 for group in told)
    is_shown = repeated and len(told) >= (1 if named else 2)
    return "it is the same on all rows of an order, so it is of the whole order" if is_shown else ""


def totals_of_lines(table: TestedTable, known: Sequence[int]) -> list[int]:
    """Amounts in the list of lines of documents that are called what a line costs, beside those that are known."""
    return [
        place for place in range(len(table.columns))
        if table.is_of_line(place) and table.is_amount(place) and place not in known and LINE.search(plain_name(table, place))
    ]  # fmt: skip


def articles(table: TestedTable) -> list[int]:
    """The columns that say which article a row is of."""
    names = [normalised(column.called) for column in table.columns]
    return [
        place for place, name in enumerate(names) if ARTICLE.search(name) and not NOT_ARTICLE.search(name)
    ]


def _are_different(table: TestedTable, group: Sequence[int]) -> bool:
    """Whether each row of a group is of another article."""
    said = ({table.sample.rows[row][place] for row in group} - {""} for place in articles(table))
    return any(len(some) == len(group) for some in said)
