"""inspect: what a file is."""

import argparse
from contextlib import ExitStack

from lexer_pipeline.cli import queries, show_inspected
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.asked import network, read_options
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.show_inspected import Inspected
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.inspect import Inspection, Progress, inspect
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.source import Source
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.suspicions import Sighting, Sightings
from lexer_pipeline.system.scratch import Scratch


def run(asked: argparse.Namespace) -> int:
    """Say of each source what it is, what it could become, what stands in the way and what is suspicious."""
    found = []
    with ExitStack() as held:
        progress = held.enter_context(watched(asked, "looking"))
        scratch = held.enter_context(Scratch(asked.temp))
        opened = held.enter_context(
            opened_sources(queries.sources(asked), standard_input(), scratch, True, network())
        )
        for source in expand(opened, asked.member):
            seen = inspect(source, read_options(asked), progress=progress, temp=asked.temp)
            found.append(Inspected(seen, _suspicions(asked, source, seen, progress)))
    if asked.json:
        print_json({"sources": [one.as_json() for one in found]})
    else:
        for one in found:
            show_inspected.inspection(console_for(asked), one, asked)
    return DONE


def _suspicions(
    asked: argparse.Namespace, source: Source, seen: Inspection, progress: Progress | None
) -> tuple[Sighting, ...] | None:
    """What `validate` would find suspicious; None where nobody can say yet what the source becomes."""
    if not seen.surely:
        return None
    mapped = seen.presets[0] if seen.presets else None
    options = Options(reading=read_options(asked), mapping=mapped, temp=asked.temp, progress=progress)
    try:
        report = validate([source], None if mapped else seen.surely, options)
    except UsageError:
        # A preset that refuses such an export, or dates that nobody can read: `validate` tells what to do.
        return None
    found = Sightings()
    found.update(one for report_of_one in report.sources for one in report_of_one.suspicions)
    return found.all()
