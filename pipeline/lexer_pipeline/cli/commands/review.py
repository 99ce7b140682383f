"""review: map, fix and prepare in the browser."""

import argparse
from importlib import import_module

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.errors import UsageError
from lexer_pipeline.reviewing.session import Session, Wanted


def run(asked: argparse.Namespace) -> int:
    """Serve the page until its person is done."""
    try:
        serving = import_module("lexer_pipeline.reviewing.serving")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("nicegui", "fastapi", "uvicorn"):
            raise
        raise UsageError(
            "review needs the page's library, which is not installed",
            "pip install 'lexer-pipeline[review]'",
        ) from None
    named = asked.sources[0]
    options = given.options(asked, None)
    wanted = Wanted(named, asked.spec, given.made_in(asked), options, lambda: given.settings(asked))
    session = Session(wanted)
    words = console_for(asked)
    try:
        serving.serve(session, asked.port, lambda line: say(words, line), not asked.no_browser)
    finally:
        session.close()
    if asked.json:
        batches, receipts = (
            [batch.as_json() for batch in session.made],
            [one.as_json() for one in session.sent],
        )
        print_json({"batches": batches, "uploads": receipts})
    return DONE
