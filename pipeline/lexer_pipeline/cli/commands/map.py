"""map: a mapping drafted."""

import argparse
from collections.abc import Sequence

from lexer_pipeline.cli import again, queries, show_inspected
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import network, read_options
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.inspect import Inspection, inspect
from lexer_pipeline.inspecting.propose import propose, propose_from
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.source import Source
from lexer_pipeline.system.scratch import Scratch


def run(asked: argparse.Namespace) -> int:
    """Draft which column is which field, and write it into a file."""
    with (
        watched(asked, "looking") as progress,
        Scratch(asked.temp) as scratch,
        opened_sources(queries.sources(asked), standard_input(), scratch, False, network()) as opened,
    ):
        source, reading = _only(expand(opened, asked.member), asked.sources[0]), read_options(asked)
        if not asked.spec and not asked.preset:
            raise _of_what(asked, inspect(source, reading, progress=progress, temp=asked.temp))
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
        show_inspected.proposal(
            console_for(asked), done, again.going_on(asked, "validate", ("--map", str(done.path)))
        )
    return DONE


def _of_what(asked: argparse.Namespace, seen: Inspection) -> UsageError:
    """The error of a draft of nobody knows what, with what the source could become."""
    if seen.presets and seen.surely:
        return UsageError(
            f"{seen.path}: is known as {seen.surely}, so it needs no mapping",
            f"{again.going_on(asked, 'validate')} checks it; --from {seen.surely} drafts a mapping that starts from the preset.",
        )
    if not seen.specifications:
        return UsageError(
            f"{seen.path}: looks like no records that Lexer takes, so --spec must say what is to be made of it",
            "lexer-pipeline specs lists what there is.",
        )
    best = seen.specifications[0].specification
    return UsageError(
        "map: which records are to be made of it is not said",
        f"It looks most like {best}; lexer-pipeline specs lists what there is.",
        flags=("--spec", best),
    )


def _only(sources: Sequence[Source], named: str) -> Source:
    if len(sources) != 1:
        raise UsageError(f"{named}: holds {len(sources)} files", "Choose one of them with --member.")
    return sources[0]
