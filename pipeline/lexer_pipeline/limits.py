"""How much of a thing is worked on: beyond it a source or a setting is refused, or a record rejected (docs/files.md)."""

# How often its size a packed file unpacks to. A small one may shrink as much as it likes, there is no harm in it; one that is
# read while it is unpacked is small for longer.
RATIO = 200
HARMLESS = 1 << 20
HARMLESS_STREAM = 16 << 20
# Columns of a table, and of one of which `inspect` and `map` say what it may be.
COLUMNS = 30_000
GUESSED_COLUMNS = 2_000
# One record as it is read: a row or a document, or all rows of one key together; and how many rows one key may have.
RECORD_BYTES = 16 << 20
RECORD_ROWS = 100_000
# Fields of a mapping, all its records together.
MAPPING_FIELDS = 25_000
# What a mapping may make of a part of a source (about a mebibyte, or one record), however often it repeats a text.
MADE_BYTES = 256 << 20
# Parts that one delivery is split into.
PARTS = 10_000
# Keys of one document, at all depths, and issues that are told of one record.
DOCUMENT_KEYS = 100_000
MOST_ISSUES = 1000
# The file of a mapping, a schema, or settings.
SETTINGS_BYTES = 4 << 20
# The schemas that one value is asked by, all alternatives multiplied.
ALTERNATIVES = 10_000
