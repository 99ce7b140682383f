"""The one door to the compiled kernels; UsageError where they are missing, or were made for another Python."""

from lexer_pipeline.errors import UsageError

try:
    from lexer_pipeline.kernels.cells import (
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
    from lexer_pipeline.kernels.identities import BloomFilter, hash_cells, hash_lines, hash_text
    from lexer_pipeline.kernels.row_writer import Writer, scan_keys
except ImportError as problem:
    if not (problem.name or "").startswith("lexer_pipeline.kernels."):
        raise
    raise UsageError(
        "the compiled parts of lexer-pipeline are missing, or were made for another Python",
        "Install a wheel for this machine; or a C compiler, and then: pip install --force-reinstall --no-cache-dir .",
    ) from None

__all__ = [
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
