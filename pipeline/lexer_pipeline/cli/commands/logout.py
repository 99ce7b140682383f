"""logout: take the token out of the key ring."""

import argparse
import os

from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.uploading import key_ring
from lexer_pipeline.uploading.settings import VARIABLE


def run(asked: argparse.Namespace) -> int:
    """Forget the token that is kept; one of the environment stays, and is named."""
    was_there = key_ring.forget(VARIABLE)
    words, place = console_for(asked), key_ring.place()
    said = "is no longer in" if was_there else "was not in"
    say(words, f"The token {said} the key ring ({place}). It stays good until it is revoked in the Hub.")
    stays = bool(os.environ.get(VARIABLE, "").strip())
    if stays:
        say(words, f"{VARIABLE} still holds one: unset {VARIABLE}")
    if asked.json:
        print_json({"key_ring": place, "removed": was_there, "environment_wins": stays})
    return DONE
