"""Each suspicion with an example, the command to type, and where its rule comes from; the rest stands in suspicions.py."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import AN_ORDER, Entry, Example, customers, documents, orders
from lexer_pipeline.codes.issues import ANEW, CELLS, FIX, ISSUES, LINES, ORDER
from lexer_pipeline.codes.sources import (
    COMMERCE_PAGE,
    CURRENCIES,
    CUSTOMER_PAGE,
    FORMATTING,
    PHONES,
    RFC_TIME,
    UNICODE,
    own,
)
from lexer_pipeline.suspicions import HOLD, SUSPICIONS

MAPPED = "lexer-pipeline convert SOURCE --map mapping.toml"
# A spreadsheet shows so what it kept, and what it could not work out.
SPREADSHEETS = (
    "Microsoft, support.microsoft.com, on long numbers in scientific notation and on error values of cells"
)
ZONES = f"{RFC_TIME}; IANA Time Zone Database, https://www.iana.org/time-zones"
LOSES_CUSTOMERS = own("a link or a key that is no one's makes one customer of many strangers")
MONEY = own("money that is counted twice, or not at all, cannot be told from the truth later")
A_LINE = (
    AN_ORDER
    + """\
"products[].quantity" = "Qty"
"""
)
PRICED = f"""{A_LINE}"products[].product_reference.id" = "Item"
"products[].product_reference.id_type" = {{ constant = "sku" }}
"products[].price_paid" = "Price"
"""
RECONCILED = f"""columns_vary = true
{PRICED}[records.reconcile]
total = "Total"
"""
PAID = PRICED.replace('"Price"', '{ column = "Paid", convert = ["money"] }')
SHARED = PRICED.replace(
    '"link.email" = { constant = "mira.holt@example.com" }',
    '"link.customer_id" = "Customer"\n"custom_fields.customer_name" = "Buyer"',
)
PHONE = """\
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = "Id"
mobile = { column = "Phone", convert = ["phone"] }
"""
FILLED = "link.email,first_name"
WHO = "mira.holt@example.com"
BOUGHT = '"link": {"customer_id": "C-1"}, "action_at": "2024-03-06T10:15:00Z", "type": "physical", "products": [{"quantity": 1, "price_paid": 9.5}]'
NEXT = CELLS.replace("A-1", "A-2")
PEOPLE = ("Mira Holt", "Teo Brandt", "Ana Ruiz", "Ida Faber")
SOLD = "A-{},M-12,1,9.95,{},{}"
OPENS = "email_id,link.email,action_at,list.id,list.name,from.email,to.email"
AS_BEFORE = own(
    "a night that is unlike the ones before it is rather a broken export than a change of the business"
)
ITEM = f"{LINES},products[].product_reference.id,products[].product_reference.id_type"


def _mapped(mapping: str, header: str, before: str, after: str, flags: str = "", mended: str = "") -> Example:
    command = "validate export.csv --map mapping.toml"
    return Example(
        f"{header}\n{before}\n", f"{header}\n{after}\n", "export.csv", command + flags, command + mended if mended else "",
        ("mapping.toml", mapping),
    )  # fmt: skip


def _nights(earlier: str, before: str) -> Example:
    """The exports of two nights, the second read after the first; where an ellipsis stands are many rows."""
    rows = "E-1,mira.holt@example.com,2024-03-06T10:15:00Z,L-1,News,letters@shop.example.com,mira.holt@example.com,autumn\n"
    return Example(
        before, earlier, "opens.csv", "convert opens.csv --spec email_open", long=(rows, 120), earlier=earlier
    )


def _entry(code: str, source: str, example: Example, command: str = "") -> tuple[str, Entry]:
    """The entry of a suspicion; one that holds is accepted by its name where all is as it should be."""
    known = SUSPICIONS[code]
    usual = f"{ANEW} --accept {code}" if known.weight == HOLD else ANEW
    return code, Entry(known.meaning, known.remedy.replace("`", ""), command or usual, source, example)


SUSPECTED: Mapping[str, Entry] = MappingProxyType(dict((
    _entry(
        "clock_repeated", ZONES,
        orders(
            ORDER, f"A-1,{WHO},2024-04-07T02:30:00,ecommerce,1,9.95", f"A-1,{WHO},2024-04-07T02:30:00+10:00,ecommerce,1,9.95",
            " --timezone Australia/Melbourne",
        ),
        f"{ANEW} --timezone Australia/Melbourne",
    ),
    _entry(
        "clock_skipped", ZONES,
        orders(
            ORDER, f"A-1,{WHO},2024-10-06T02:30:00,ecommerce,1,9.95", f"A-1,{WHO},2024-10-06T02:30:00+10:00,ecommerce,1,9.95",
            " --timezone Australia/Melbourne",
        ),
        f"{ANEW} --timezone Australia/Brisbane",
    ),
    _entry(
        "digits_lost", f"{SPREADSHEETS}; {LOSES_CUSTOMERS}",
        customers("link.customer_id,first_name", "5.61235E+12,Mira", "5612345678901,Mira"), ANEW,
    ),
    _entry(
        "digits_lost_in_field", SPREADSHEETS,
        customers("link.email,customer_id", f"{WHO},5.61235E+12", f"{WHO},5612345678901"),
    ),
    _entry(
        "does_not_add_up", MONEY,
        _mapped(RECONCILED, "Order,Item,Qty,Price,Total", "A-1,M-12,1,20.00,30.00\nA-1,B-4,1,5.00,30.00", "A-1,M-12,1,20.00,25.00\nA-1,B-4,1,5.00,25.00"),
        f"{MAPPED} --accept does_not_add_up",
    ),
    _entry("double_encoded", UNICODE, customers(FILLED, f"{WHO},JosÃ©", f"{WHO},José")),
    _entry("error_cell", SPREADSHEETS, customers(FILLED, f"{WHO},#N/A", f"{WHO},Mira")),
    _entry("field_emptied", AS_BEFORE, _nights(f"{OPENS},campaign_id\n…", f"{OPENS},to.name\n…")),
    _entry(
        "html_entity", "WHATWG, HTML, Named character references, https://html.spec.whatwg.org/multipage/named-characters.html",
        customers(FILLED, f"{WHO},Tom &amp; Jo", f"{WHO},Tom & Jo"),
    ),
    _entry("invisible_sign", UNICODE, customers(FILLED, f"{WHO},Mira\u200b", f"{WHO},Mira")),
    _entry(
        "key_repeated", f"{COMMERCE_PAGE}; {MONEY}",
        documents(
            "purchase", f'{{"purchase_id": "A-1", {BOUGHT}}}\n{{"purchase_id": "A-1", "currency": "AUD", {BOUGHT}}}',
            f'{{"purchase_id": "A-1", {BOUGHT}}}\n{{"purchase_id": "A-2", "currency": "AUD", {BOUGHT}}}',
        ),
    ),
    _entry(
        "line_repeated", MONEY,
        orders(
            ITEM, f"{CELLS},1,9.95,M-12,sku\n{CELLS},1,9.95,M-12,sku\n{NEXT},1,9.95,M-12,sku",
            f"{CELLS},2,19.90,M-12,sku\n{NEXT},1,9.95,M-12,sku",
        ),
    ),
    _entry(
        "line_without_product", COMMERCE_PAGE,
        _mapped(PRICED, "Order,Item,Qty,Price", "A-1,,1,20.00", "A-1,M-12,1,20.00"), MAPPED,
    ),
    _entry(
        "mobile_not_a_number", f"{PHONES}; {FORMATTING}",
        customers("link.email,mobile", f"{WHO},call after five", f"{WHO},61491570156"),
    ),
    _entry(
        "not_reconciled", MONEY,
        _mapped(RECONCILED, "Order,Item,Qty,Price,Total", "A-1,M-12,1,20.00,", "A-1,M-12,1,20.00,20.00"),
        f"{MAPPED} --accept not_reconciled",
    ),
    _entry(
        "order_in_two_sources", own("an order that two exports have is one order"),
        Example(
            f"{ORDER}\n{CELLS},1,9.95\n{NEXT},1,9.95\n", f"{ORDER}\n{NEXT},1,9.95\n", "may.csv",
            "validate april.csv may.csv --spec purchase", beside=("april.csv", f"{ORDER}\n{CELLS},1,9.95\n"),
        ),
    ),
    _entry(
        "order_total_repeated", MONEY,
        _mapped(
            PRICED, "Order,Item,Qty,Price", "A,1,1,95\nA,2,1,95\nB,1,1,30\nB,2,1,30\nC,1,1,41\nC,2,1,41\nD,1,1,12",
            "A,1,1,60\nA,2,1,35\nB,1,1,10\nB,2,1,20\nC,1,1,30\nC,2,1,11\nD,1,1,12",
        ),
        f"{MAPPED} --accept order_total_repeated",
    ),
    _entry(
        "orders_repeated", MONEY,
        orders(
            ITEM, "\n".join([f"{CELLS},1,9.95,M-12,sku", f"{CELLS},1,5.50,B-4,sku"] * 2),
            f"{CELLS},1,9.95,M-12,sku\n{CELLS},1,5.50,B-4,sku",
        ),
    ),
    _entry(
        "phone_unreadable", PHONES,
        _mapped(PHONE, "Id,Phone", "C-1,0412 345 678 / 0413 222 333", "C-1,0412 345 678", " --country AU"), f"{MAPPED} --country AU",
    ),
    _entry(
        "phone_without_country", PHONES,
        _mapped(PHONE, "Id,Phone", "C-1,0412 345 678", "C-1,0412 345 678", "", " --country AU"), f"{MAPPED} --country AU",
    ),
    _entry("placeholder", LOSES_CUSTOMERS, customers("link.email,first_name", "noemail@example.com,Mira", f"{WHO},Mira"), FIX),
    _entry(
        "record_repeated", f"{COMMERCE_PAGE}; {CUSTOMER_PAGE}",
        documents(
            "product", '{"product_id": "P-1", "size": "S"}\n{"product_id": "P-1", "size": "M"}',
            '{"product_id": "P-1-S", "size": "S"}\n{"product_id": "P-1-M", "size": "M"}',
        ),
    ),
    _entry("replacement_character", UNICODE, customers(FILLED, f"{WHO},Jos\ufffd", f"{WHO},José")),
    _entry(
        "several_addresses", own("a link names one person, and who is meant is not guessed"),
ISSUES["several_addresses"].example, FIX,
    ),
    _entry(
        "several_currencies", f"{CURRENCIES}; {MONEY}",
        _mapped(PAID, "Order,Item,Qty,Paid", "A-1,M-12,1,AUD 12.50\nA-2,M-12,1,USD 8.20", "A-1,M-12,1,AUD 12.50\nA-2,M-12,1,AUD 12.40"),
        f"{MAPPED} --accept several_currencies",
    ),
    _entry(
        "shared_link", LOSES_CUSTOMERS,
        _mapped(
            SHARED, "Order,Item,Qty,Price,Customer,Buyer", "\n".join(map(SOLD.format, "1234", ["900"] * 4, PEOPLE)),
            "\n".join(map(SOLD.format, "1234", ["900", "901", "902", "903"], PEOPLE)),
        ),
        f"{MAPPED} --accept shared_link",
    ),
    _entry(
        "size_unlike_before", AS_BEFORE,
        _nights(f"{OPENS},campaign_id\n…", f"{OPENS},campaign_id\nE-2,teo.brandt@example.com,2024-03-07T10:15:00Z,L-1,News,letters@shop.example.com,teo.brandt@example.com,autumn\n"),
    ),
    _entry("spreadsheet_error", f"{SPREADSHEETS}; {LOSES_CUSTOMERS}", customers("link.customer_id,first_name", "#REF!,Mira", "C-1,Mira"), FIX),
    _entry(
        "swallowed_rows", own("a row that vanished in a cell is a customer lost"),
        ISSUES["swallowed_rows"].example,
        ANEW,
    ),
    _entry(
        "unit_price_as_total", MONEY,
        _mapped(
            f"columns_vary = true\n{PRICED}", "Order,Item,Qty,Price,Line", "A,1,2,9.95,19.90\nB,2,3,5.00,15.00\nC,1,1,9.95,9.95\nD,3,2,7.00,14.00",
            "A,1,2,19.90,9.95\nB,2,3,15.00,5.00\nC,1,1,9.95,9.95\nD,3,2,14.00,7.00",
        ),
        f"{MAPPED} --accept unit_price_as_total",
    ),
)))  # fmt: skip
