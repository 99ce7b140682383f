"""inspect: what a file is."""

import argparse

from lexer_pipeline.cli import show_inspected
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import read_options
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.loading.expand import expand


def run(asked: argparse.Namespace) -> int:
    """Say of each source what it is, what it could become and what stands in the way."""
    with watched(asked, "looking") as progress:
        found = [
            inspect(source, read_options(asked), stdin=standard_input(), progress=progress)
            for source in expand(asked.sources, asked.member)
        ]
    if asked.json:
        print_json({"sources": [one.as_json() for one in found]})
    else:
        for one in found:
            show_inspected.inspection(console_for(asked), one)
    return DONE
