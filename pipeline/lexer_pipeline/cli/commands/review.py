"""review: map, fix and prepare in the browser."""

import argparse
from contextlib import closing
from importlib import import_module
from pathlib import Path

from lexer_pipeline.cli import again
from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.database import is_address
from lexer_pipeline.outbox.batch import batch_named
from lexer_pipeline.reviewing.session import Session, Wanted
from lexer_pipeline.system.addresses import shown
from lexer_pipeline.system.store_path import StorePath

PAGE = ("nicegui", "fastapi", "uvicorn")


def run(asked: argparse.Namespace) -> int:
    """Serve the page until its person is done."""
    try:
        serving = import_module("lexer_pipeline.reviewing.serving")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in PAGE:
            raise
        raise UsageError(
            "the library of the review page (NiceGUI) is not installed",
            "Type: pip install 'lexer-pipeline[review]'",
        ) from None
    options, words = given.options(asked, None), console_for(asked)
    named = asked.sources[0]
    if is_address(named):
        raise UsageError(
            f"{shown(named)}: is a database, and what is rejected of it can be reviewed",
            "Make a batch with lexer-pipeline convert --query first, then: lexer-pipeline review BATCH",
        )
    # The ledger that knows a batch lies beside it.
    asked.fix = named if batch_named(named, Path()) is not None else None
    out = given.made_in(asked)
    if isinstance(out, StorePath):
        raise UsageError(
            f"{out}: a review works with batches on a disk of this machine, and these lie in an object store",
            f"Fetch the file of its rejects, fix it, and type: lexer-pipeline convert --fix {asked.fix or 'BATCH'} rejects.csv",
        )
    wanted = Wanted(named, asked.spec, out, options, lambda: given.settings(asked))
    with closing(Session(wanted)) as session:
        serving.serve(session, asked.port, lambda line: say(words, line), not asked.no_browser)
    if session.edits is not None and not session.made:
        say(words, f"What you changed is kept in {session.edits}.")
        say(words, f"To go on: {again.line(asked.typed)}")
    if asked.json:
        batches, receipts = [one.as_json() for one in session.made], [one.as_json() for one in session.sent]
        print_json({"batches": batches, "uploads": receipts})
    return DONE
