"""map: a mapping drafted."""

import argparse
from collections.abc import Sequence

from lexer_pipeline.cli import show_inspected
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import read_options
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import propose, propose_from
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.source import Source
from lexer_pipeline.system.scratch import Scratch


def run(asked: argparse.Namespace) -> int:
    """Draft which column is which field, and write it into a file."""
    with (
        watched(asked, "looking") as progress,
        Scratch(asked.temp) as scratch,
        opened_sources(asked.sources, standard_input(), scratch, is_read_again=False) as opened,
    ):
        source, reading = _only(expand(opened, asked.member), asked.sources[0]), read_options(asked)
        if asked.preset:
            done = propose_from(
                source, asked.preset, asked.out, force=asked.force, reading=reading, temp=asked.temp
            )
        else:
            done = propose(
                source, asked.spec, asked.out, out=asked.batches, force=asked.force, reading=reading,
                progress=progress, temp=asked.temp,
            )  # fmt: skip
    if asked.json:
        print_json(done.as_json())
    else:
        show_inspected.proposal(console_for(asked), done)
    return DONE


def _only(sources: Sequence[Source], named: str) -> Source:
    if len(sources) != 1:
        raise UsageError(f"{named}: holds {len(sources)} files", "Choose one of them with --member.")
    return sources[0]
