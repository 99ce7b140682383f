"""explain: what a code means, and what to do."""

import argparse

from lexer_pipeline.cli import show_codes
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.codes.every import every, named


def run(asked: argparse.Namespace) -> int:
    """Say what a code means; without one, list all by kind."""
    found = named(asked.code) if asked.code else every()
    if asked.json:
        print_json({"codes": [one.as_json() for one in found]})
    elif asked.code:
        show_codes.explained(console_for(asked), found)
    else:
        show_codes.listed(console_for(asked), found)
    return DONE
