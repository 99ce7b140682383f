"""sandbox: the upload API on this machine, to try all of it."""

import argparse

from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.sandbox.server import serve


def run(asked: argparse.Namespace) -> int:
    """Serve until interrupted."""
    words = console_for(asked)
    serve(asked.folder, asked.port, lambda line: say(words, line), strict_names=asked.strict_names)
    return DONE
