"""The line to type next, made of the words that were typed."""

import argparse
import shlex
from collections.abc import Collection, Sequence

from lexer_pipeline.errors import PipelineError

PROGRAM = "lexer-pipeline"
# A line of more is no help to whoever copies it.
LONGEST = 1000


def line(words: Sequence[str]) -> str:
    """The words as a line of a shell."""
    return shlex.join([PROGRAM, *words])


def other(
    asked: argparse.Namespace, command: str, further: Sequence[str] = (), without: Collection[str] = ()
) -> str:
    """What was asked for of another command, with further words and without flags that it does not take; empty where that is too long."""
    kept = [word for word in asked.typed[1:] if word not in without]
    found = line([command, *kept, *further])
    return found if len(found) <= LONGEST else ""


def of_source(asked: argparse.Namespace, command: str, path: str, further: Sequence[str] = ()) -> str:
    """What was asked for of another command, for one of the sources alone."""
    if len(asked.sources) == 1:
        return other(asked, command, further)
    flags = [word for word in asked.typed[1:] if word not in asked.sources]
    return line([command, path, *flags, *further])


def after(words: Sequence[str], problem: PipelineError, is_command: bool) -> str:
    """What to type after a command that failed, as a line of its own: with what was meant, or once more; empty where that is no help.

    `is_command` says whether the words could be understood.
    """
    typed, wanted = list(words), [*problem.flags]
    if problem.instead is not None:
        typed = [_replaced(word, *problem.instead) for word in typed]
    if wanted or typed != list(words):
        return _short(f"Type: {line([*typed, *wanted])}")
    if f"{PROGRAM} " in f"{problem.message} {problem.hint}" or not is_command:
        return ""
    return _short(f"Then again: {line(typed)}")


def _short(found: str) -> str:
    return found if len(found) <= LONGEST else ""


def _replaced(word: str, old: str, new: str) -> str:
    """A word, a flag before the sign of equality, or the value behind it."""
    if word == old:
        return new
    flag, equals, value = word.partition("=")
    if not equals or not word.startswith("-"):
        return word
    return f"{new if flag == old else flag}={new if value == old else value}"
