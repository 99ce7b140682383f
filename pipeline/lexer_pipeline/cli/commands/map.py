"""map: a mapping drafted."""

import argparse

from lexer_pipeline.cli import show_inspected
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import read_options
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import propose, propose_from
from lexer_pipeline.loading.expand import expand


def run(asked: argparse.Namespace) -> int:
    """Draft which column is which field, and write it into a file."""
    sources = expand(asked.sources, asked.member)
    if len(sources) != 1:
        raise UsageError(
            f"{asked.sources[0]}: holds {len(sources)} files",
            "Choose one of them with --member.",
        )
    with watched(asked, "looking") as progress:
        if asked.preset:
            done = propose_from(
                sources[0],
                asked.preset,
                asked.out,
                force=asked.force,
                stdin=standard_input(),
                reading=read_options(asked),
                temp=asked.temp,
            )
        else:
            done = propose(
                sources[0], asked.spec, asked.out, out=asked.batches, force=asked.force, stdin=standard_input(),
                reading=read_options(asked), progress=progress, temp=asked.temp,
            )  # fmt: skip
    if asked.json:
        print_json(done.as_json())
    else:
        show_inspected.proposal(console_for(asked), done)
    return DONE
