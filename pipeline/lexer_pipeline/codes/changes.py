"""The codes of conversions, each a change of how a value is written: before is what the export holds, after what is sent."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import Entry, Example, customers, orders
from lexer_pipeline.codes.issues import ORDER
from lexer_pipeline.codes.sources import (
    CURRENCIES,
    CUSTOMER_PAGE,
    FORMATTING,
    PHONES,
    RFC_TIME,
    SCHEMAS,
    UNICODE,
    own,
)

SAME = "nothing: the value is the same, written as Lexer wants it"
MEANT = "nothing, where it is meant; else take it out of the mapping, or name another conversion"
LOOK = "lexer-pipeline convert SOURCE --spec SPEC"
MAPPED = "lexer-pipeline convert SOURCE --map mapping.toml"
ASKED = own("done where a mapping or a preset asks for it, and counted")
TOLD = own("only what surely protects a text from spreadsheets goes, and is counted")
UNIX = f"POSIX, seconds since the Epoch; {RFC_TIME}"
FIELDS = """\
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = "Id"
"""
SALE = """\
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = "Id"
"link.email" = { constant = "mira.holt@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "ecommerce" }
"products[].product_reference.id" = { constant = "M-12" }
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Pieces"
"""


def _export(
    mapping: str, plain: str, rows: tuple[str, str], flags: str = "", along: tuple[str, ...] = ()
) -> Example:
    """Rows of an export that a mapping converts, and the same as sent, of which a plain mapping converts nothing."""
    before, after = (f"{row}\n" for row in rows)
    return Example(
        before, after, "export.csv", f"validate export.csv --map mapping.toml{flags}", "validate export.csv --map plain.toml",
        ("mapping.toml", mapping), other=("plain.toml", plain), along=along,
    )  # fmt: skip


def _text(
    convert: str,
    before: str,
    after: str,
    field: str = '"custom_fields.note"',
    flags: str = "",
    along: tuple[str, ...] = (),
) -> Example:
    """One cell that a conversion changes."""
    mapping = f'{FIELDS}{field} = {{ column = "Note", convert = [{convert}] }}\n'
    return _export(
        mapping,
        f'{FIELDS}{field} = "Note"\n',
        (f"Id,Note\nC-1,{before}", f"Id,Note\nC-1,{after}"),
        flags,
        along,
    )


def _price(price: str, header: str, before: str, after: str) -> Example:
    """What a product costs, converted or worked out."""
    said = '"products[].price_paid" = '
    return _export(
        f"{SALE}{said}{price}\n", f'{SALE}{said}"Paid"\n', (f"Id,Pieces,{header}\nA-1,{before}", f"Id,Pieces,Paid\nA-1,{after}")
    )  # fmt: skip


def _born(before: str, convert: str = '"date"', along: tuple[str, ...] = ()) -> Example:
    return _text(convert, before, "1989-09-14", "date_of_birth", along=along)


MOMENT, DAY, PLAIN = (
    '{ constant = "2024-03-06T10:15:00Z" }',
    '{ column = "When", convert = ["date"] }',
    '"When"',
)
PRICE = '"products[].price_paid" = "Paid"\n'
OFF = '"products[].full_price" = "Gross"\n"products[].discount" = "Off"\n"products[].price_paid" = '
REACHED = 'unlinked = "skip-placeholders"\n[records.fields]\n"link.mobile" = { column = "Phone", convert = ["phone"] }'
EITHER = FIELDS.replace("[records.fields]", REACHED).replace(
    '"Id"', '{ column = "Id", unless = "link.mobile" }'
)
PLACEHOLDER = _export(EITHER, EITHER, ("Id,Phone\nC-1,N/A", "Id,Phone\nC-1,"))
TOTAL = f'{SALE}{PRICE}[records.reconcile]\ntotal = "Total"\n'
COUPON = f'{SALE}{PRICE}"custom_fields.coupon_code" = "Coupon"\n[records.reconcile]\ntotal = "Total"\ndiscount = {{ where = "custom_fields.coupon_code" }}\n'
DISCOUNTED = _export(
    COUPON,
    COUPON,
    (
        "Id,Pieces,Paid,Coupon,Total\nA-1,1,20.00,SPRING,15.00",
        "Id,Pieces,Paid,Coupon,Total\nA-1,1,15.00,SPRING,15.00",
    ),
)
ROUNDED = _export(
    TOTAL, TOTAL, ("Id,Pieces,Paid,Total\nA-1,1,20.00,20.01", "Id,Pieces,Paid,Total\nA-1,1,20.01,20.01")
)

# Done wherever they are needed.
ALWAYS: Mapping[str, Entry] = MappingProxyType({
    "email_cleaned": Entry(
        "an e-mail address was trimmed, lower-cased, or freed of a name and signs around it", SAME, LOOK, f"{FORMATTING}; {SCHEMAS}",
        customers("link.email,first_name", "Mira.Holt@Example.com,Mira", "mira.holt@example.com,Mira"),
    ),
    "hash_cleaned": Entry(
        "a hash was trimmed or lower-cased", SAME, LOOK, SCHEMAS,
        customers("link.email_md5,first_name", "0762FE07B87C16398221ECC262E5C119,Mira", "0762fe07b87c16398221ecc262e5c119,Mira"),
    ),
    "boolean_word": Entry(
        "yes, no, y, n, t, f, 1 or 0 became `true` or `false`", SAME, LOOK, SCHEMAS,
        customers("link.email,employee_flag", "mira.holt@example.com,yes", "mira.holt@example.com,true"),
    ),
    "date_time_t_added": Entry(
        "the space between date and time became `T`", SAME, LOOK, RFC_TIME,
        orders(
            ORDER, "A-1,mira.holt@example.com,2024-03-06 10:15:00Z,ecommerce,1,9.95",
            "A-1,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,1,9.95",
        ),
    ),
    "offset_colon_added": Entry(
        "`+1100` became `+11:00`", SAME, LOOK, RFC_TIME,
        orders(
            ORDER, "A-1,mira.holt@example.com,2024-03-06T10:15:00+1100,ecommerce,1,9.95",
            "A-1,mira.holt@example.com,2024-03-06T10:15:00+11:00,ecommerce,1,9.95",
        ),
    ),
    "apostrophe_stripped": Entry(
        "the apostrophe with which a spreadsheet marks text was taken off an id", SAME, LOOK, TOLD,
        customers("link.customer_id,first_name", "'0012,Mira", "0012,Mira"),
    ),
    "protection_removed": Entry(
        'what else only protects an id from spreadsheets was taken off: `="0012"`, a tab, a no-break space', SAME, LOOK, TOLD,
        customers("link.customer_id,first_name", '"=""0012""",Mira', "0012,Mira"),
    ),
    "invisible_signs_removed": Entry(
        "signs that nobody sees were taken off an id, an address, a number or a date", SAME, LOOK, UNICODE,
        customers("link.customer_id,first_name", "0012\u200b,Mira", "0012,Mira"),
    ),
    "time_zone_applied": Entry(
        "a date-time without a zone got the offset of the zone that was named", SAME, f"{LOOK} --timezone Australia/Melbourne", RFC_TIME,
        orders(
            ORDER, "A-1,mira.holt@example.com,2024-03-06T10:15:00,ecommerce,1,9.95",
            "A-1,mira.holt@example.com,2024-03-06T10:15:00+11:00,ecommerce,1,9.95", " --timezone Australia/Melbourne",
        ),
    ),
    "time_zone_assumed": Entry(
        "a date-time without a zone got `Z`; this is a warning too", "name the zone, if it is another than UTC",
        f"{LOOK} --timezone Australia/Melbourne", FORMATTING,
        orders(
            ORDER, "A-1,mira.holt@example.com,2024-03-06T10:15:00,ecommerce,1,9.95",
            "A-1,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,1,9.95",
        ),
    ),
})  # fmt: skip

# Done where a mapping, a preset or a flag asks for them, as are most of those above.
BY_MAPPING: Mapping[str, Entry] = MappingProxyType({
    "amount_worked_out": Entry(
        "an amount was worked out: one amount less others", MEANT, MAPPED, ASKED,
        _export(
            f'{SALE}{OFF}{{ fields = ["products[].full_price", "products[].discount"], convert = ["less"] }}\n', f'{SALE}{OFF}"Paid"\n',
            ("Id,Pieces,Gross,Off\nA-1,1,20.00,5.00", "Id,Pieces,Gross,Off,Paid\nA-1,1,20.00,5.00,15.00"),
        ),
    ),
    "cents_read": Entry(
        "an amount in the smallest unit of its currency became an amount in the currency", MEANT, MAPPED, f"{CURRENCIES}; {ASKED}",
        _price('{ column = "Cents", convert = [{ cents = "AUD" }] }', "Cents", "1,1995", "1,19.95"),
    ),
    "clock_dropped": Entry(
        "the time of day was left out, since a date was asked for", MEANT, MAPPED, CUSTOMER_PAGE, _born("1989-09-14 00:00:00"),
    ),
    "currency_taken": Entry(
        "of an amount the code of its currency was taken, the rest left", MEANT, MAPPED, f"{CURRENCIES}; {ASKED}",
        _text('"currency"', "AUD 12.50", "AUD"),
    ),
    "date_midnight": Entry(
        "a date without a time of day became the midnight at which it starts", MEANT, MAPPED, RFC_TIME,
        _export(
            SALE.replace(MOMENT, DAY) + PRICE, SALE.replace(MOMENT, PLAIN) + PRICE,
            ("Id,Pieces,Paid,When\nA-1,1,9.95,2024-03-06", "Id,Pieces,Paid,When\nA-1,1,9.95,2024-03-06T00:00:00Z"), along=("time_zone_assumed",),
        ),
    ),
    "date_rewritten": Entry(
        "a date was written as the specification wants it", MEANT, f"{LOOK} --date-format dd/mm/yyyy", f"{RFC_TIME}; {FORMATTING}",
        _born("14/09/1989", '{ date = "dd/mm/yyyy" }'),
    ),
    "digits_kept": Entry("everything but the digits was left out", MEANT, MAPPED, ASKED, _text('"digits"', "No. 4711", "4711")),
    "discount_worked_out": Entry(
        "a discount whose amount the export does not say was worked out from the total, and added as an adjustment", MEANT, MAPPED,
        own("the record comes to its own total"), DISCOUNTED,
    ),
    "email_hashed": Entry(
        "an e-mail address was trimmed, lower-cased and replaced by its hash", MEANT, MAPPED, f"{CUSTOMER_PAGE}; {ASKED}",
        _text('"sha256"', "mira.holt@example.com", "4bb26b8b92f101c99573641c63f75b49be01b3e266027ae3de0c465077b4345f", "email_sha256"),
    ),
    "encoding_fixed": Entry(
        "a text that was read in the wrong encoding became what it was", MEANT, MAPPED, f"{UNICODE}; {ASKED}", _text('"fix-encoding"', "JosÃ©", "José"),
    ),
    "epoch_microseconds": Entry(
        "microseconds since 1970 became a date or a date-time", MEANT, MAPPED, UNIX, _text('"epoch"', "1709720100000000", "2024-03-06T10:15:00Z"),
    ),
    "epoch_milliseconds": Entry(
        "milliseconds since 1970 became a date or a date-time", MEANT, MAPPED, UNIX, _text('"epoch"', "1709720100000", "2024-03-06T10:15:00Z"),
    ),
    "epoch_nanoseconds": Entry(
        "nanoseconds since 1970 became a date or a date-time", MEANT, MAPPED, UNIX, _text('"epoch"', "1709720100000000000", "2024-03-06T10:15:00Z"),
    ),
    "epoch_seconds": Entry(
        "seconds since 1970 became a date or a date-time", MEANT, MAPPED, UNIX, _text('"epoch"', "1709720100", "2024-03-06T10:15:00Z"),
    ),
    "extension_dropped": Entry(
        "the extension of a phone number was left out", MEANT, f"{MAPPED} --country AU", f"{PHONES}; {ASKED}",
        _text('"phone"', "+61491570156 ext. 12", "61491570156", "mobile", along=("phone_rewritten",)),
    ),
    "fraction_stripped": Entry(
        "the .0 that a spreadsheet adds to a whole number was taken off", MEANT, MAPPED, ASKED,
        _text('{ id = "strip-fraction" }', "4711.0", "4711"),
    ),
    "html_unescaped": Entry(
        "signs as web pages write them became the signs themselves", MEANT, MAPPED,
        "WHATWG, HTML, Named character references, https://html.spec.whatwg.org/multipage/named-characters.html",
        _text('"unescape"', "Tom &amp; Jo", "Tom & Jo"),
    ),
    "items_counted": Entry("a list became the number of its items", MEANT, MAPPED, ASKED, _text('"count"', '"[""vip"", ""spring""]"', "2")),
    "items_joined": Entry("the items of a list became one text", MEANT, MAPPED, ASKED, _text('"join"', '"[""vip"", ""spring""]"', '"vip, spring"')),
    "line_worked_out": Entry(
        "what a line costs was worked out: quantity times price, less the discount", MEANT, MAPPED, ASKED,
        _export(
            f'{SALE}{OFF}{{ fields = ["products[].quantity", "products[].full_price", "products[].discount"], convert = ["line-total"] }}\n',
            f'{SALE}{OFF}"Paid"\n', ("Id,Pieces,Gross,Off\nA-1,2,9.95,1.90", "Id,Pieces,Gross,Off,Paid\nA-1,2,9.95,1.90,18.00"),
        ),
    ),
    "lower_cased": Entry("capitals became small letters", MEANT, MAPPED, ASKED, _text('"lower"', "VIP", "vip")),
    "made_absent": Entry("a text that stands for nothing became an absent field", MEANT, MAPPED, ASKED, _text('{ absent = ["-"] }', "-", "")),
    "money_rewritten": Entry(
        "an amount became a number: no currency, no thousands separators, a decimal point", MEANT, MAPPED, FORMATTING,
        _price('{ column = "Price", convert = ["money"] }', "Price", '1,"$1,019.80"', "1,1019.80"),
    ),
    "part_taken": Entry("one part of a text was taken, the rest left", MEANT, MAPPED, ASKED, _text('{ before = " (" }', "Harbour (Hobart)", "Harbour")),
    "phone_rewritten": Entry(
        "a phone number became digits that start with the country code", MEANT, f"{MAPPED} --country AU", f"{FORMATTING}; {PHONES}",
        _text('"phone"', "0491 570 156", "61491570156", "mobile", " --country AU"),
    ),
    "placeholder_left_out": Entry(
        "a word for nothing stood where a person should be named, and was left out", MEANT, MAPPED,
        own("a link that is no one's makes one customer of many strangers"), PLACEHOLDER,
    ),
    "rounding_added": Entry(
        "what rounding left of a total was added as an adjustment with the reason Rounding", MEANT, MAPPED,
        own("the record comes to its own total, to the cent"), ROUNDED,
    ),
    "sign_dropped": Entry("a number lost its minus sign", MEANT, MAPPED, ASKED, _text('"absolute"', "-9.95", "9.95")),
    "sign_flipped": Entry("a number changed its sign", MEANT, MAPPED, ASKED, _text('"negate"', "9.95", "-9.95")),
    "trimmed": Entry("blanks around a text were taken off", MEANT, MAPPED, ASKED, _text('"trim"', " vip ", "vip")),
    "upper_cased": Entry("small letters became capitals", MEANT, MAPPED, ASKED, _text('"upper"', "vip", "VIP")),
    "word_defaulted": Entry(
        "a word that a table does not list became the table's default", MEANT, MAPPED, ASKED,
        _text('{ enum = { Web = "ecommerce", "*" = "physical" } }', "Kiosk", "physical"),
    ),
    "word_translated": Entry(
        "a word was replaced by the one that a table gives for it", MEANT, MAPPED, ASKED,
        _text('{ enum = { Web = "ecommerce", "*" = "physical" } }', "Web", "ecommerce"),
    ),
    "year_completed": Entry(
        "a year of two digits got its century", MEANT, MAPPED, own("which century is told by the field and the setting pivot"),
        _born("14/09/89", '{ date = "dd/mm/yy" }', ("date_rewritten",)),
    ),
})  # fmt: skip
CHANGES: Mapping[str, Entry] = MappingProxyType({**ALWAYS, **BY_MAPPING})
