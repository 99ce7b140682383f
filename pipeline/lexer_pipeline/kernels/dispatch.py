"""The compiled kernels where they were built, else their twins in Python: slower, the same answers."""

from typing import Any

from lexer_pipeline.kernels import fallback

try:
    from lexer_pipeline.kernels import cells as kernels
    from lexer_pipeline.kernels import conversions as text_kernels
    from lexer_pipeline.kernels import documents as json_kernels
    from lexer_pipeline.kernels import row_writer as straight
except ImportError:  # installed without a compiler
    kernels = json_kernels = straight = text_kernels = None  # type: ignore[assignment, unused-ignore]

IS_COMPILED = kernels is not None
scan_csv: Any = kernels.scan_csv if IS_COMPILED else fallback.scan_csv
find_lines = json_kernels.find_lines if IS_COMPILED else fallback.find_lines
split_array = json_kernels.split_array if IS_COMPILED else fallback.split_array
check_column = kernels.check_column if IS_COMPILED else fallback.check_column
encode = kernels.encode if IS_COMPILED else fallback.encode
mark_keys = kernels.mark_keys if IS_COMPILED else fallback.mark_keys
agree = kernels.agree if IS_COMPILED else fallback.agree
pull_up = kernels.pull_up if IS_COMPILED else fallback.pull_up
gather = kernels.gather if IS_COMPILED else fallback.gather
rewrite = text_kernels.rewrite if IS_COMPILED else fallback.rewrite
tally_money = text_kernels.tally_money if IS_COMPILED else fallback.tally_money
tally_dates = text_kernels.tally_dates if IS_COMPILED else fallback.tally_dates
distinct = text_kernels.distinct if IS_COMPILED else fallback.distinct
joined = text_kernels.joined if IS_COMPILED else fallback.joined
vouch_documents: Any = json_kernels.vouch_documents if IS_COMPILED else None
sketch_document: Any = json_kernels.sketch_document if IS_COMPILED else None
Automaton: Any = json_kernels.Automaton if IS_COMPILED else None
Writer: Any = straight.Writer if IS_COMPILED else None
scan_keys: Any = straight.scan_keys if IS_COMPILED else fallback.scan_keys
KeySet: Any = kernels.KeySet if IS_COMPILED else fallback.KeySet

EMPTY, GOOD, DOUBT = range(3)
TEXT, EMAIL, HASH, NUMBER, INTEGER, BOOLEAN, DATE, DATE_TIME, ENUM, UNSURE, URL = range(11)
UNSURE_NODE, OBJECT_NODE, ARRAY_NODE, STRING_NODE, NUMBER_NODE, BOOLEAN_NODE, OPEN_NODE = range(7)
TEXT_LEAF, RAW_LEAF, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, REPEAT, REPEAT_END = range(8)
# An object has a bit for each of so many fields.
MOST_FIELDS = 64
# What `rewrite` converts: each is the conversion of that name.
(
    TO_EMAIL, TO_ID, TO_MONEY, TO_ABSENT, TO_ABSOLUTE, TO_NEGATED, TO_DIGITS, TO_BEFORE, TO_AFTER, TO_LOWER, TO_UPPER,
    TO_TRIMMED, TO_LINE_TOTAL, TO_DATE,
) = range(14)  # fmt: skip
# The changes that it marks, one a bit, and the bit of a cell whose outcome is in doubt.
MARKED = (
    "email_cleaned", "apostrophe_stripped", "money_rewritten", "made_absent", "sign_dropped", "sign_flipped",
    "digits_kept", "part_taken", "lower_cased", "upper_cased", "trimmed", "line_worked_out", "date_rewritten",
    "date_midnight", "clock_dropped", "time_zone_applied",
)  # fmt: skip
IN_DOUBT = 1 << 31
# The families that `tally_dates` tells apart, by the name of their first form.
DATE_FAMILIES = ("yyyy-mm-dd", "dd/mm/yyyy", "dd-mm-yyyy", "dd.mm.yyyy", "yyyy/mm/dd")
