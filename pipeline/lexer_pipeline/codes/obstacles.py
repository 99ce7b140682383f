"""The codes of obstacles, which `inspect` finds in the way of converting a source."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import Entry, Example
from lexer_pipeline.codes.sources import FORMATTING, RFC_CSV, SCHEMAS, own

LOOK = "lexer-pipeline inspect SOURCE"
DRAFT = "lexer-pipeline map SOURCE --spec SPEC"
LOST = own("what a spreadsheet did to a value cannot be undone from what it left")


def _table(before: str, after: str, *along: str) -> Example:
    return Example(before, after, "customers.csv", "inspect customers.csv", along=along)


def _documents(before: str, after: str, *along: str) -> Example:
    return Example(before, after, "export.ndjson", "inspect export.ndjson", along=along)


OBSTACLES: Mapping[str, Entry] = MappingProxyType({
    "dates": Entry(
        "the dates of a column can be read in two ways, as 03/04/2024, or contradict each other",
        "say how the dates are written", DRAFT, FORMATTING,
        _table("email,date_of_birth\nmira@example.com,03/04/1980\n", "email,date_of_birth\nmira@example.com,23/04/1980\n"),
    ),
    "empty": Entry(
        "there is a header and no row below it, or no document at all", "export it again, over a time in which something happened",
        LOOK, own("of nothing nothing can be made"), _table("email,first_name\n", "email,first_name\nmira@example.com,Mira\n"),
    ),
    "error": Entry(
        "cells hold the error of a spreadsheet, as #N/A", "repair the formula in the spreadsheet, and export it again", LOOK, LOST,
        _table("email,city\nmira@example.com,#N/A\n", "email,city\nmira@example.com,Hobart\n"),
    ),
    "header": Entry(
        "a column has no name or nearly that of another one, or the first row looks like data", "give each column a name of its own", LOOK, RFC_CSV,
        _table(
            "email,first_name,First Name\nmira@example.com,Mira,Mira\n", "email,first_name,last_name\nmira@example.com,Mira,Holt\n", "no_field",
        ),
    ),
    "mixed": Entry(
        "the values of one key have several types", "let a mapping read the key, or make its values alike where they come from", DRAFT, SCHEMAS,
        _documents(
            '{"link": {"email": "mira@example.com"}, "city": "Hobart"}\n{"link": {"email": "teo@example.com"}, "city": 7}\n',
            '{"link": {"email": "mira@example.com"}, "city": "Hobart"}\n{"link": {"email": "teo@example.com"}, "city": "7"}\n',
        ),
    ),
    "nested": Entry(
        "a list stands in a list, whose items are no rows", "let a mapping take it as it stands, or leave it out", DRAFT,
        own("which lines belong to which record must be told from the document itself"),
        _documents('{"link": {"email": "mira@example.com"}, "tags": [["a", "b"]]}\n', '{"link": {"email": "mira@example.com"}, "first_name": "Mira"}\n', "no_field"),
    ),
    "no_field": Entry(
        "a column is no field of the specification that is likeliest", "let a mapping say what it is, keep it as a custom field, or leave it out",
        DRAFT, SCHEMAS, _table("email,shoe size\nmira@example.com,42\n", "email,first_name\nmira@example.com,Mira\n"),
    ),
    "nothing": Entry(
        "some cells hold a word for nothing, as NULL", "let a mapping make it absent, or leave such cells empty in the export", DRAFT,
        own("a person called Null exists; only a person can say that a word means nothing"),
        _table("email,city\nmira@example.com,NULL\nteo@example.com,Perth\n", "email,city\nmira@example.com,\nteo@example.com,Perth\n"),
    ),
    "refused": Entry(
        "the export is known, and no records can be made of it", "export what the message names instead", LOOK,
        own("an export without a person, or of totals, cannot become records of persons"),
        _documents(
            '{"event_date": "20260306", "event_name": "purchase", "event_timestamp": 1772755200000000, "user_pseudo_id": "1.2", "platform": "WEB", "stream_id": "3"}\n',
            '{"email": "mira@example.com"}\n',
        ),
    ),
    "scientific": Entry(
        "numbers stand as 4.20E+11, so that digits were lost in a spreadsheet", "export the column again as text", LOOK, LOST,
        _table("email,mobile\nmira@example.com,6.15E+10\n", "email,mobile\nmira@example.com,61491570156\n"),
    ),
    "secret": Entry(
        "a column holds passwords, tokens or card data, as its name says", "list it under secret in a mapping, or export without it", DRAFT,
        own("what is secret must not reach a third party, nor a file of rejects"),
        _table("email,password\nmira@example.com,x1\n", "email,first_name\nmira@example.com,Mira\n", "no_field"),
    ),
})  # fmt: skip
