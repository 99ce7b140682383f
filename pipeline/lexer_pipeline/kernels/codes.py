"""The numbers by which the kernels and the code around them speak of rows, cells and steps."""

# What a row can be; of broken ones the cells cannot be told.
ROW_OK, ROW_BLANK, ROW_RAGGED, ROW_QUOTE, ROW_NUL, ROW_UTF8, ROW_UNCLOSED = range(7)


BROKEN_ROWS = (ROW_QUOTE, ROW_UNCLOSED)


# What the bytes of a cell hold.
HAS_ESCAPE, HAS_HIGH, HAS_DOUBLED = 1, 2, 4


# A row may have so many bytes, and a quoted cell so many until it counts as never closed.
LONGEST_ROW = 16 << 20


TEXT_LEAF, RAW_LEAF, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, REPEAT, REPEAT_END = range(8)
