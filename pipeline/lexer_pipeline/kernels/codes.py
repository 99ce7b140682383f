"""The numbers by which the kernels and the code around them understand each other: said here, and nowhere else.

The build turns each name in capitals that holds a whole number into a constant of the same name for the kernels (codes.pxd),
and each name of CHANGES into its bit.
"""

# What a row can be; the cells of a broken one cannot be told, one that is passed over counts as blank, and one is of a document
# that cannot be read.
(
    ROW_OK, ROW_BLANK, ROW_RAGGED, ROW_QUOTE, ROW_NUL, ROW_UTF8, ROW_UNCLOSED, ROW_SWALLOWED, ROW_PASSED_OVER,
    ROW_DOCUMENT,
) = range(10)  # fmt: skip
BROKEN_ROWS = (ROW_QUOTE, ROW_UNCLOSED, ROW_SWALLOWED)
# A row may have so many bytes, and a quoted cell so many until it counts as never closed.
LONGEST_ROW = 16 << 20

# What the bytes of a cell hold, one a bit: something JSON escapes, bytes beyond ASCII, doubled quotes, the JSON of a list or object.
HAS_ESCAPE, HAS_HIGH, HAS_DOUBLED, HAS_NESTED = 1, 2, 4, 8
# What a kernel says of a cell: empty, certainly right as it stands, or left to the reference.
CELL_EMPTY, CELL_GOOD, CELL_DOUBT = range(3)
# What a column's cells are to be.
(
    KIND_TEXT, KIND_EMAIL, KIND_HASH, KIND_NUMBER, KIND_INTEGER, KIND_BOOLEAN, KIND_DATE, KIND_DATE_TIME, KIND_ENUM,
    KIND_UNSURE, KIND_URL, KIND_IDENTITY, KIND_ID, KIND_MOBILE,
) = range(14)  # fmt: skip

# What the key of a row says: none, since the row is blank; another than before; the same; empty; not to be read.
KEY_BLANK, KEY_STARTS, KEY_SAME, KEY_EMPTY, KEY_UNREADABLE = range(5)
# How keys are compared, always as they will be sent: ids with or without the blanks around them, and addresses.
KEY_EXACT, KEY_TRIMMED, KEY_ADDRESS = range(3)
# The places of what is told of a row besides its cells; of `scan_keys` the last two are mark and hash of its key.
ABOUT_START, ABOUT_END, ABOUT_CELLS, ABOUT_LINE, ABOUT_NUMBER, ABOUT_INDEX, ABOUT_PLACE, ABOUT_WIDTH = range(
    8
)
KEYS_START, KEYS_END, KEYS_LINE, KEYS_MARK, KEYS_HASH, KEYS_WIDTH = range(6)

# How a JSON array goes on behind the values found: more may come, it has ended, it is broken.
ARRAY_GOES_ON, ARRAY_ENDED, ARRAY_BROKEN = range(3)
# What a place of a schema asks for.
NODE_UNSURE, NODE_OBJECT, NODE_ARRAY, NODE_STRING, NODE_NUMBER, NODE_BOOLEAN, NODE_OPEN = range(7)
# An object has a bit for each of so many fields.
MOST_FIELDS = 64

# The steps of a program that writes records, and what holds the value of a step.
TEXT_LEAF, RAW_LEAF, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, REPEAT, REPEAT_END = range(8)
IN_OBJECT, IN_NUMBERED, IN_EACH = range(3)

# What `rewrite` converts: each is the conversion of that name; TO_UNMASKED is `absent` of what holds or ends with a text.
(
    TO_EMAIL, TO_ID, TO_MONEY, TO_ABSENT, TO_ABSOLUTE, TO_NEGATED, TO_DIGITS, TO_BEFORE, TO_AFTER, TO_LOWER, TO_UPPER,
    TO_TRIMMED, TO_LINE_TOTAL, TO_DATE, TO_LESS, TO_GID, TO_STRIP_PLUS, TO_EPOCH,
    TO_JOIN, TO_UNMASKED,
) = range(20)  # fmt: skip
# The changes that it marks, one a bit, and the bit of a cell whose outcome is in doubt.
CHANGES = (
    "email_cleaned", "apostrophe_stripped", "money_rewritten", "made_absent", "sign_dropped", "sign_flipped",
    "digits_kept", "part_taken", "lower_cased", "upper_cased", "trimmed", "line_worked_out", "date_rewritten",
    "date_midnight", "clock_dropped", "time_zone_applied", "amount_worked_out", "phone_rewritten", "epoch_seconds",
    "epoch_milliseconds", "epoch_microseconds", "epoch_nanoseconds", "items_joined",
)  # fmt: skip
IN_DOUBT = 1 << 30

# Amounts are added up in so many parts of one.
MILLION = 1_000_000

# What two readings of an amount or a date make of it.
ONLY_FIRST, ONLY_SECOND, BOTH_ALIKE, BOTH_DIFFERENT, READINGS = range(5)
# The families of dates that `tally_dates` tells apart, and the name of the first form of each.
FAMILY_ISO, FAMILY_SLASH, FAMILY_DASH, FAMILY_DOT, FAMILY_YEAR_SLASH, FAMILIES = range(6)
DATE_FAMILIES = ("yyyy-mm-dd", "dd/mm/yyyy", "dd-mm-yyyy", "dd.mm.yyyy", "yyyy/mm/dd")
