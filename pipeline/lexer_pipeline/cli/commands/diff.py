"""diff: what two exports or batches differ in."""

import argparse
from pathlib import PurePath

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import show_diff
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DATA, DONE
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.comparing.compare import compare
from lexer_pipeline.comparing.page import page
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system import files
from lexer_pipeline.system.addresses import shown


def run(asked: argparse.Namespace) -> int:
    """Compare, and say what was found; DATA where a side has no valid record to compare."""
    if asked.out is not None and asked.out.suffix != ".html":
        raise UsageError(
            f"--out {asked.out}: a page ends in .html", f"Type --out {asked.out.with_suffix('.html')}"
        )
    asked.sources = [asked.old, asked.new]
    with watched(asked, "comparing") as progress:
        found = compare(asked.old, asked.new, asked.spec, given.options(asked, progress))
    if asked.profile or asked.log.is_kept:
        asked.log.tell(
            "compared", differences=[one.as_json() for one in map(show_diff.without_values, found)]
        )
    if asked.out is not None:
        title = " and ".join(PurePath(shown(one)).name for one in (asked.old, asked.new))
        files.write_whole(asked.out, page(title, found))
    if asked.json:
        told = {"differences": [one.as_json() for one in found]}
        print_json(told | ({"page": str(asked.out)} if asked.out is not None else {}))
    elif not asked.quiet:
        show_diff.differences(console_for(asked), found)
        if asked.out is not None:
            values = "it names records" if asked.show_values else "it holds no value of a record"
            say(console_for(asked), f"{asked.out}: open it in a browser; {values}")
    return DONE if all(one.old.records and one.new.records for one in found) else DATA
