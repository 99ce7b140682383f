"""login: put the token into the key ring."""

import argparse
import getpass
import os
import sys
import warnings

from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.errors import UsageError
from lexer_pipeline.uploading import key_ring
from lexer_pipeline.uploading.settings import VARIABLE, token_of

LONGEST = 10_000  # bytes


def run(asked: argparse.Namespace) -> int:
    """Keep a token that is typed without being shown, or comes from standard input."""
    key_ring.ready(VARIABLE)
    key_ring.keep(VARIABLE, _token())
    words, place = console_for(asked), key_ring.place()
    say(words, f"The token is in the key ring ({place}). To try it: lexer-pipeline doctor")
    is_hidden = bool(os.environ.get(VARIABLE, "").strip())
    if is_hidden:
        say(words, f"{VARIABLE} is set, and wins over it: unset {VARIABLE}")
    if asked.json:
        print_json({"key_ring": place, "kept": True, "environment_wins": is_hidden})
    return DONE


def _token() -> str:
    text = _typed() if sys.stdin is not None and sys.stdin.isatty() else _piped()
    if not text:
        raise UsageError("there is no token", "Copy it from Hub > Manage > Integrations > API Tokens.")
    return token_of(text, "what was given").secret


def _typed() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass("Token (it is not shown): ").strip()
        except (getpass.GetPassWarning, EOFError):
            hint = f"Give it from a file instead: lexer-pipeline login < FILE, or in {VARIABLE}."
            raise UsageError("this terminal would show the token", hint) from None


def _piped() -> str:
    given = standard_input()
    # What is no UTF-8 becomes signs that no token has.
    return given.read(LONGEST).decode("utf-8", "replace").strip() if given is not None else ""
