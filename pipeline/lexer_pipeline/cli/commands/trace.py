"""trace: which lines of a source made a line of a batch, and back."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_traced
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.trace import trace


def run(asked: argparse.Namespace) -> int:
    """Say where lines of a batch come from, and what became of lines of its sources."""
    if not asked.lines and not asked.source_line:
        raise UsageError(
            "trace: no line is named",
            f"Name a line of the NDJSON, as in lexer-pipeline trace {asked.batch} 17, or of a source with --source-line 17.",
        )
    found = trace(asked.batch, asked.lines, asked.source_line, out=asked.out or given.OUT)
    show_traced.traced(console_for(asked), found)
    if asked.json:
        print_json(found.as_json())
    return DONE
