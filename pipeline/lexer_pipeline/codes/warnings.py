"""The codes of warnings, which reject nothing."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import Entry, documents, orders
from lexer_pipeline.codes.issues import ANEW, ORDER, PERSON
from lexer_pipeline.codes.sources import FORMATTING, RFC_JSON, RFC_TIME, SCHEMAS

STORE = f"{ORDER},store.name,store.type"
ROW = "A-1,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,1,9.95,Web shop"

WARNINGS: Mapping[str, Entry] = MappingProxyType({
    "unknown_field": Entry(
        "a key of a document is not a field, and was left out; the nearest field is named",
        "name the key as the field is called, or let a mapping read it", "lexer-pipeline map SOURCE --spec SPEC",
        f"{SCHEMAS} (Lexer's own package drops such keys in silence)",
        documents("customer_record", f'{{{PERSON}, "firstname": "Mira"}}', f'{{{PERSON}, "first_name": "Mira"}}'),
    ),
    "time_zone_assumed": Entry(
        "a date-time without a zone got `Z`; name the zone if it is another", "name the zone in which the times were written",
        f"{ANEW} --timezone Australia/Melbourne", f"{FORMATTING} (UTC is assumed where a time has no zone); {RFC_TIME}",
        orders(
            ORDER, "A-1,mira.holt@example.com,2024-03-06T10:15:00,ecommerce,1,9.95",
            "A-1,mira.holt@example.com,2024-03-06T10:15:00+11:00,ecommerce,1,9.95",
        ),
    ),
    "deprecated_value": Entry(
        "the word is still taken but on its way out: `online` as the type of a store", "write ecommerce", ANEW, SCHEMAS,
        orders(STORE, f"{ROW},online", f"{ROW},ecommerce"),
    ),
    "duplicate_key": Entry(
        "a key stood twice in one object; the last one counted", "take one of the two out", ANEW, RFC_JSON,
        documents(
            "customer_record", f'{{{PERSON}, "city": "Perth", "city": "Hobart"}}', f'{{{PERSON}, "city": "Hobart"}}'
        ),
    ),
})  # fmt: skip
