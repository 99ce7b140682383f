"""doctor: what is set up, and what is not."""

import argparse
import os
from pathlib import Path

from msgspec import to_builtins

from lexer_pipeline.checkup.check import exit_code
from lexer_pipeline.checkup.checkup import Place, check_up
from lexer_pipeline.cli import show_checked
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for
from lexer_pipeline.cli.version import running_version


def run(asked: argparse.Namespace) -> int:
    """Look at everything, and say what to do where it is not as it should be."""
    place = Place(Path(), os.environ, asked.out, asked.temp, running_version(), asked.offline)
    found = check_up(place)
    show_checked.checks(console_for(asked), found.checks)
    if asked.json:
        print_json({
            "checks": [one.as_json() for one in found.checks],
            "settings": [to_builtins(one) for one in found.settings],
        })  # fmt: skip
    return exit_code(found.checks)
