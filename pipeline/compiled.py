"""The compiled kernels where they were built, else their twins in Python: slower, the same answers."""

from typing import Any

from pipeline import scan

try:
    from pipeline import json_kernels, kernels
except ImportError:  # installed without a compiler
    kernels = json_kernels = None  # type: ignore[assignment, unused-ignore]

IS_COMPILED = kernels is not None
scan_csv: Any = kernels.scan_csv if IS_COMPILED else scan.scan_csv
find_lines = json_kernels.find_lines if IS_COMPILED else scan.find_lines
split_array = json_kernels.split_array if IS_COMPILED else scan.split_array
check_column = kernels.check_column if IS_COMPILED else scan.check_column
encode = kernels.encode if IS_COMPILED else scan.encode
mark_keys = kernels.mark_keys if IS_COMPILED else scan.mark_keys
agree = kernels.agree if IS_COMPILED else scan.agree
pull_up = kernels.pull_up if IS_COMPILED else scan.pull_up
gather = kernels.gather if IS_COMPILED else scan.gather
vouch_documents: Any = json_kernels.vouch_documents if IS_COMPILED else None
sketch_document: Any = json_kernels.sketch_document if IS_COMPILED else None
Automaton: Any = json_kernels.Automaton if IS_COMPILED else None
KeySet: Any = kernels.KeySet if IS_COMPILED else scan.KeySet

EMPTY, GOOD, DOUBT = range(3)
TEXT, EMAIL, HASH, NUMBER, INTEGER, BOOLEAN, DATE, DATE_TIME, ENUM, UNSURE, URL = range(11)
UNSURE_NODE, OBJECT_NODE, ARRAY_NODE, STRING_NODE, NUMBER_NODE, BOOLEAN_NODE, OPEN_NODE = range(7)
TEXT_LEAF, RAW_LEAF, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, REPEAT, REPEAT_END = range(8)
