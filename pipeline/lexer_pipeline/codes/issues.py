"""The codes of issues, each of which rejects its record."""

from collections.abc import Mapping
from types import MappingProxyType

from lexer_pipeline.codes.entry import AN_ORDER, Entry, Example, customers, documents, orders
from lexer_pipeline.codes.sources import FORMATTING, RFC_CSV, RFC_JSON, RFC_TIME, RFC_UTF8, SCHEMAS, own

FIX = "lexer-pipeline convert --fix BATCH"
ANEW = "lexer-pipeline convert SOURCE --spec SPEC"
ORDER = "purchase_id,link.email,action_at,type,products[0].quantity,products[0].price_paid"
LINES = ORDER.replace("[0]", "[]")
CELLS = "A-1,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce"
SUBSCRIPTION = "link.email,action_at,email_id,list.id,list.name,status"
# A mapping of documents that belong to others, and one that reads a key.
PARENTS = """\
columns_vary = true
[documents]
parent = "parent"
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = "id"
"""
PACKED = (
    """\
[packed.Articles]
items = "|"
parts = "; "
mark = ": "
names = ["ID", "Qty", "Sum"]
"""
    + AN_ORDER
    + """\
"products[].product_reference.id" = "Articles[].ID"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Articles[].Qty"
"products[].price_paid" = "Articles[].Sum"
"""
)
READS_A_KEY = """\
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = "id"
first_name = "name"
"""
TAGS = """\
{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tags", "type": "object",
 "properties": {"id": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}}
"""
PERSON = '"link": {"customer_id": "C-1"}'

ISSUES: Mapping[str, Entry] = MappingProxyType({
    "missing": Entry(
        "a required field is absent or empty",
        "fill the cell in the rejects, or leave the row out", FIX, SCHEMAS,
        orders(ORDER, ",mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,1,9.95", f"{CELLS},1,9.95"),
    ),
    "type": Entry(
        "the value is of another type", "write a value of the type that the message names: a number, a whole number, true or false",
        FIX, SCHEMAS,
        customers("link.email,employee_flag", "mira.holt@example.com,maybe", "mira.holt@example.com,true"),
    ),
    "enum": Entry(
        "the value is not one of the words allowed; capitals count", "write one of the words that the message lists",
        FIX, SCHEMAS,
        Example(
            f"{SUBSCRIPTION}\nmira.holt@example.com,2024-03-06T10:15:00Z,E-1,L-1,News,Subscribed\n",
            f"{SUBSCRIPTION}\nmira.holt@example.com,2024-03-06T10:15:00Z,E-1,L-1,News,subscribed\n",
            "subscriptions.csv", "validate subscriptions.csv --spec email_subscribe",
        ),
    ),
    "pattern": Entry(
        "the text does not have the form asked for, as an e-mail address",
        "correct the text, or, where it is an address that Lexer does not take, empty it and link by another identifier", FIX, SCHEMAS,
        customers("link.email,first_name", "mira.holt@example,Mira", "mira.holt@example.com,Mira"),
    ),
    "format": Entry(
        "a date, a date-time or a web address is not written as its standard says",
        "say once how dates are written, or correct the cell", f"{ANEW} --date-format dd/mm/yyyy", f"{RFC_TIME}; {FORMATTING}",
        customers("link.email,date_of_birth", "mira.holt@example.com,14/09/1989", "mira.holt@example.com,1989-09-14"),
    ),
    "range": Entry(
        "a number is too small or too large", "correct the number; of a return it is negative, of a purchase it is not", FIX, SCHEMAS,
        orders(ORDER, f"{CELLS},0,9.95", f"{CELLS},1,9.95"),
    ),
    "length": Entry(
        "a text or a list is too short or too long", "shorten or fill it, as the message says", FIX, SCHEMAS,
        documents(
            "product", '{"product_id": "P-1", "images": ["https://example.com/…"]}',
            '{"product_id": "P-1", "images": ["https://example.com/mug.jpg"]}', long=("a", 2100),
        ),
    ),
    "link": Entry(
        "the link is none of the links that Lexer takes, or two at once", "keep one identifier under link, and write the others as fields",
        FIX, f"{SCHEMAS}; Lexer, Customer data specification, https://learn.lexer.io/docs/customer-data-specification",
        customers("link.email,link.customer_id", "mira.holt@example.com,C-1", "mira.holt@example.com,"),
    ),
    "unknown_field": Entry(
        "a field that the specification does not have, where none may be added", "take the key out, or name it as the field is called",
        FIX, SCHEMAS,
        documents(
            "customer_record", f'{{{PERSON}, "firstname": "Mira"}}', f'{{{PERSON}, "first_name": "Mira"}}', " --unknown reject"
        ),
    ),
    "rule": Entry(
        "another rule of the schema", "do what the message says; your own schema has the rule", FIX,
        "JSON Schema, draft 2020-12, https://json-schema.org/draft/2020-12/schema",
        Example(
            '{"id": "A", "tags": ["vip", "vip"]}\n', '{"id": "A", "tags": ["vip"]}\n', "export.ndjson",
            "validate export.ndjson --spec tags.json", beside=("tags.json", TAGS),
        ),
    ),
    "gap": Entry(
        "an indexed column is empty although a later one is filled", "move the values to the first columns that are empty", FIX,
        own("a list has no empty place, and which item was meant is not guessed"),
        orders(
            f"{ORDER},payment_types[0].name,payment_types[1].name", f"{CELLS},1,9.95,,card", f"{CELLS},1,9.95,card,"
        ),
    ),
    "contradiction": Entry(
        "rows of one record differ in a column that says one thing a record",
        "make them the same, or give each record a key of its own", FIX,
        own("of two answers none is chosen for you"),
        orders(
            f"{LINES},currency", f"{CELLS},1,9.95,AUD\n{CELLS},2,5.00,NZD",
            f"{CELLS},1,9.95,AUD\n{CELLS},2,5.00,AUD",
        ),
    ),
    "json": Entry(
        "the text is not JSON", "look for a missing quote, comma or bracket at the place that the message names", FIX, RFC_JSON,
        documents("customer_record", f'{{{PERSON}}}\n{{{PERSON.replace("1", "2")}', f'{{{PERSON}}}\n{{{PERSON.replace("1", "2")}}}'),
    ),
    "duplicate_key": Entry(
        "a key that a mapping reads stands twice in one object of a document", "take one of the two out", FIX,
        f"{RFC_JSON} (names within an object should be unique); {own('of two answers none is chosen for you')}",
        Example(
            '{"id": "C-1", "name": "Mira", "name": "Teo"}\n', '{"id": "C-1", "name": "Mira"}\n', "export.ndjson",
            "validate export.ndjson --map mapping.toml", beside=("mapping.toml", READS_A_KEY),
        ),
    ),
    "packed": Entry(
        "a cell holds no list in the form that the mapping describes, or an item that says one thing twice",
        "write the cell as the others are, or say in the mapping how lists are written",
        FIX,
        own("what a list means that is cut in the wrong place cannot be told"),
        Example(
            "Order,Articles\nA-1,a mug and a bowl\nA-2,ID: B-4; Qty: 1; Sum: 5.50\n",
            "Order,Articles\nA-1,ID: M-12; Qty: 2; Sum: 19.90\nA-2,ID: B-4; Qty: 1; Sum: 5.50\n",
            "export.csv",
            "validate export.csv --map mapping.toml",
            beside=("mapping.toml", PACKED), along=("missing",),
        ),
    ),
    "no_parent": Entry(
        "a line names a parent that the source does not have", "export both together, or take the line out", ANEW,
        own("whose line it is cannot be told"),
        Example(
            '{"id": "C-1"}\n{"id": "P-1", "parent": "C-2"}\n{"id": "P-2", "parent": "C-1"}\n',
            '{"id": "C-1"}\n{"id": "P-1", "parent": "C-1"}\n{"id": "P-2", "parent": "C-1"}\n',
            "export.ndjson", "validate export.ndjson --map mapping.toml", beside=("mapping.toml", PARENTS),
        ),
    ),
    "several_addresses": Entry(
        "a cell holds more than one e-mail address", "leave one of them, or make a row of each", FIX,
        own("a link names one person, and who is meant is not guessed"),
        customers(
            "link.email,first_name", "mira.holt@example.com; teo.brandt@example.com,Mira", "mira.holt@example.com,Mira"
        ),
    ),
    "encoding": Entry(
        "the bytes are not UTF-8, or the text is not Unicode", "save the file as UTF-8, or name its encoding", f"{ANEW} --encoding cp1252",
        RFC_UTF8,
        customers("link.customer_id,city", "C-1,Zürich\nC-2,Z\udcfcrich", "C-1,Zürich\nC-2,Zürich"),
    ),
    "too_deep": Entry(
        "the document is nested too deep", "write its data flatter", FIX, own("no record of Lexer's is nested so deep, and readers fail on it"),
        documents(
            "customer_record", f'{{{PERSON}, "custom_fields": {{"a": {"[" * 250}{"]" * 250}}}}}',
            f'{{{PERSON}, "custom_fields": {{"a": []}}}}',
        ),
    ),
    "too_large": Entry(
        "the record is larger than a record may be", "split it, or leave out what no field needs", FIX,
        own("a record of more than 16 MiB is a file that lost its line ends, and would fill the memory"),
        orders(
            f"{ORDER},custom_fields.note", f"{CELLS},1,9.95,…", f"{CELLS},1,9.95,gift",
            long=("\\", 9 << 20),
        ),
    ),
    "too_many_keys": Entry(
        "the document has too many keys", "split the document, or write its data as lists", FIX,
        own("a document of more than 100,000 keys is a whole export in one object"),
        documents("customer_record", f'{{{PERSON}, …"x": 1}}', f"{{{PERSON}}}", long=('"a": 1, ', 100_001)),
    ),
    "ragged_row": Entry(
        "a row has more or fewer cells than the header", "look for a missing or stray delimiter or quote in this row", FIX, RFC_CSV,
        customers(
            "link.email,first_name,city", "mira.holt@example.com,Mira,Fitzroy, Melbourne", 'mira.holt@example.com,Mira,"Fitzroy, Melbourne"'
        ),
    ),
    "quote": Entry(
        "a quoted cell is not closed, or text follows the closing quote", "write a quote inside a quoted cell twice", FIX, RFC_CSV,
        customers("link.email,city", 'mira.holt@example.com,"The "Old" Mill"', 'mira.holt@example.com,"The ""Old"" Mill"'),
    ),
    "swallowed_rows": Entry(
        "a quoted cell holds lines that look like rows of the table", "take the stray quote out of the source, and convert it again", ANEW,
        own("a row that vanished in a cell is a customer lost"),
        customers(
            "link.email,city,state", 'a@example.com,"Perth,WA\nb@example.com,Hobart,TAS\nc@example.com,Cairns,QLD\nd@example.com,Ayr",QLD',
            "a@example.com,Perth,WA\nb@example.com,Hobart,TAS\nc@example.com,Cairns,QLD\nd@example.com,Ayr,QLD",
        ),
    ),
    "nul": Entry(
        "a NUL byte in a row", "export the file again as UTF-8 text", ANEW, own("no text holds a NUL byte: it was damaged, or is no text"),
        customers("link.email,first_name", "mira.holt@example.com,Mi\0ra", "mira.holt@example.com,Mira"),
    ),
})  # fmt: skip
