"""The kernels in plain Python: they read the same language and give the same answers, only slower, and are what the tests compare the kernels with."""

from lexer_pipeline.kernels.plain.flatten import flatten

from tests.plain.cells import agree, check_column, encode, gather, pull_up, repeat_first
from tests.plain.conversions import (
    distinct,
    exact_amounts,
    joined,
    rewrite,
    tally_dates,
    tally_money,
    written_amounts,
)
from tests.plain.documents import find_lines, split_array, value_end
from tests.plain.fingerprints import among, record_hashes
from tests.plain.identities import BloomFilter, hash_cells, hash_lines, hash_text
from tests.plain.rows import KeySet, mark_keys, scan_csv, scan_keys

__all__ = [
    "BloomFilter",
    "KeySet",
    "agree",
    "among",
    "check_column",
    "distinct",
    "encode",
    "exact_amounts",
    "find_lines",
    "flatten",
    "gather",
    "hash_cells",
    "hash_lines",
    "hash_text",
    "joined",
    "mark_keys",
    "pull_up",
    "record_hashes",
    "repeat_first",
    "rewrite",
    "scan_csv",
    "scan_keys",
    "split_array",
    "tally_dates",
    "tally_money",
    "value_end",
    "written_amounts",
]
