"""convert: prepare a batch."""

import argparse
from importlib import import_module

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import queries
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.exits import DATA, DONE
from lexer_pipeline.cli.terminal import fetch_words, show_timings, watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report


def run(asked: argparse.Namespace) -> int:
    """Prepare batches; DATA where one is held back, or none could be made."""
    if not asked.sources and not asked.fix:
        raise UsageError(
            "convert: there is no SOURCE",
            "For example: lexer-pipeline convert orders.csv --spec purchase; all flags: lexer-pipeline convert --help",
        )
    report = prepared(asked)
    if asked.json:
        print_json({"batches": [batch.as_json() for batch in report.batches]})
    return exit_code(report)


def prepared(asked: argparse.Namespace) -> Report:
    """Prepare batches, and say what became of the sources."""
    with watched(asked, "converting") as progress:
        options = given.options(asked, progress)
        fetch_words(asked)
        report = _done(asked, options)
    if asked.profile:
        show_timings(asked, options.timings)
    if asked.log.is_kept:
        from lexer_pipeline.cli import log_results

        log_results.prepared(asked.log, report)
    if not asked.quiet:
        from lexer_pipeline.cli import show_prepared
        from lexer_pipeline.cli.console import console_for

        show_prepared.sources(console_for(asked), report)
        show_prepared.batches(console_for(asked), report, asked)
    return report


def _done(asked: argparse.Namespace, options: Options) -> Report:
    """The batches, made by this process or by the workers of a cluster."""
    if asked.engine == "local":
        if asked.master is not None:
            raise UsageError(
                "--master names the master of a Spark cluster",
                "Say --engine spark too.",
                flags=("--engine spark",),
            )
        return prepare(queries.sources(asked), asked.spec, given.made_in(asked), options)
    on_spark = import_module("lexer_pipeline.spark.command")
    report: Report = on_spark.prepare_files(
        queries.sources(asked), asked.spec, given.made_in(asked), options, asked.master
    )
    return report


def exit_code(report: Report) -> int:
    """DONE where each specification of the run came out as it was asked for."""
    return DONE if all(one.is_good for one in report.verdicts) else DATA
