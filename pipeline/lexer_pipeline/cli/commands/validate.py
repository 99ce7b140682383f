"""validate: report, write nothing."""

import argparse

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import queries
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.exits import DATA, DONE
from lexer_pipeline.cli.terminal import fetch_words, show_timings, watched
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.preparing.report import Report


def run(asked: argparse.Namespace) -> int:
    """Check sources; DATA where a record is not valid."""
    report = checked(asked)
    if asked.json:
        print_json({"sources": [source.as_json() for source in report.sources]})
    return DATA if report.invalid or any(one.codes for one in report.verdicts) else DONE


def checked(asked: argparse.Namespace) -> Report:
    """Check sources, and say what was found."""
    with watched(asked, "checking") as progress:
        options = given.options(asked, progress)
        fetch_words(asked)
        report = validate(queries.sources(asked), asked.spec, options)
    if asked.profile:
        show_timings(asked, options.timings)
    if asked.log.is_kept:
        from lexer_pipeline.cli import log_results

        log_results.prepared(asked.log, report)
    if not asked.quiet:
        from lexer_pipeline.cli import show_prepared
        from lexer_pipeline.cli.console import console_for

        with_values = getattr(asked, "show_values", False) and not asked.json
        show_prepared.sources(console_for(asked), report, with_values=with_values)
        show_prepared.verdict(console_for(asked), report, asked)
    return report
