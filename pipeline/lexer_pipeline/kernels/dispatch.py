"""The compiled kernels where they were built, else their fallbacks in plain Python: slower, the same answers.

Some kernels have no fallback: while IS_COMPILED is false nothing calls them, and all goes the reference's way.
"""

from lexer_pipeline.kernels.fallback import (
    BloomFilter,
    KeySet,
    agree,
    among,
    check_column,
    distinct,
    encode,
    exact_amounts,
    find_lines,
    flatten,
    gather,
    hash_cells,
    hash_lines,
    hash_text,
    joined,
    mark_keys,
    pull_up,
    record_hashes,
    repeat_first,
    rewrite,
    scan_csv,
    scan_keys,
    split_array,
    tally_dates,
    tally_money,
    value_end,
    written_amounts,
)

IS_COMPILED = False
try:
    from lexer_pipeline.kernels.cells import (  # type: ignore[assignment]
        KeySet,
        agree,
        check_column,
        encode,
        gather,
        mark_keys,
        pull_up,
        repeat_first,
        scan_csv,
    )
    from lexer_pipeline.kernels.conversions import (
        distinct,
        exact_amounts,
        joined,
        rewrite,
        tally_dates,
        tally_money,
        written_amounts,
    )
    from lexer_pipeline.kernels.documents import (
        Automaton,
        find_lines,
        sketch_document,
        split_array,
        value_end,
        vouch_documents,
    )
    from lexer_pipeline.kernels.fingerprints import among, record_hashes
    from lexer_pipeline.kernels.flatten import flatten
    from lexer_pipeline.kernels.identities import (  # type: ignore[assignment]
        BloomFilter,
        hash_cells,
        hash_lines,
        hash_text,
    )
    from lexer_pipeline.kernels.row_writer import Writer, scan_keys

    IS_COMPILED = True
except ImportError:
    pass

__all__ = [
    "IS_COMPILED",
    "Automaton",
    "BloomFilter",
    "KeySet",
    "Writer",
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
    "sketch_document",
    "split_array",
    "tally_dates",
    "tally_money",
    "value_end",
    "vouch_documents",
    "written_amounts",
]
