"""The line to type next, made of the words that were typed."""

import argparse
import re
import shlex
from collections.abc import Collection, Sequence
from pathlib import PurePath

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.system.addresses import without_secrets

PROGRAM = "lexer-pipeline"
# A line of more is no help to whoever copies it.
LONGEST = 1000
SECRET = re.compile("^-.*(tok|secret|passw)", re.IGNORECASE)
# What `map` takes and `validate` does not.
OF_MAP = ("--spec", "--from", "--out", "--batches", "--force")
# All other flags have a value.
VALUELESS = frozenset({
    "--as-is", "--changed", "--debug", "--dry-run", "--force", "--full", "--ignore-unknown", "--json", "--keep-rest", "--move-ledger",
    "--older", "--profile", "--quiet", "--resend", "--show-values", "--state", "--yes",
})  # fmt: skip


def line(words: Sequence[str]) -> str:
    """The words as a line of a shell, without what is secret in an address."""
    return shlex.join([PROGRAM, *map(without_secrets, words)])


def going_on(
    asked: argparse.Namespace,
    command: str,
    further: Sequence[str] = (),
    without: Collection[str] = OF_MAP,
    source: str = "",
) -> str:
    """What was asked for of another command, with further words and without flags that it does not take; empty where that is too long.

    Of several sources it is the one that is named.
    """
    words = _without(asked.typed[1:], without)
    if source and len(asked.sources) > 1:
        words = [source, *(word for word in words if word not in asked.sources)]
    return _short(line([command, *words, *further]))


def interrupted(words: Sequence[str]) -> str:
    """What is said of a command that was stopped from outside: what became of its work, and how to go on."""
    kept = "; no half-made batch is left" if words and words[0] in ("convert", "run") else ""
    return "".join(f"{one}\n" for one in (f"interrupted{kept}", f"  Then again: {line(words)}"))


def _without(words: Sequence[str], flags: Collection[str]) -> list[str]:
    """The words but for some flags and their values; a flag may be cut short."""
    kept, is_value = list[str](), False
    for word in words:
        name, equals, _ = word.partition("=")
        found = next(
            (flag for flag in flags if name[:2] == "--" and len(name) > 2 and flag.startswith(name)), ""
        )
        if not found and not is_value:
            kept.append(word)
        is_value = bool(found) and found not in VALUELESS and not equals
    return kept


def after(words: Sequence[str], problem: PipelineError, is_command: bool) -> str:
    """What to type after a command that failed, as a line of its own: with what was meant, or once more; empty where that is no help.

    `is_command` says whether the words could be understood.
    """
    if any(SECRET.search(word) for word in words):
        return ""  # there is no flag for a secret, but one that was typed all the same is not repeated
    typed, wanted = _without(words, problem.without), [*problem.flags]
    if problem.instead is not None:
        if not problem.instead[1]:
            return "" if f"{PROGRAM} " in problem.hint else f"Help: {line([words[0], '--help'])}"
        typed = [_replaced(word, *problem.instead) for word in typed]
    if wanted or typed != list(words):
        return _short(f"Type: {line([*typed, *wanted])}")
    if f"{PROGRAM} " in f"{problem.message} {problem.hint}" or not is_command:
        return ""
    if problem.message.startswith("--"):
        return f"Help: {line([words[0], '--help'])}"
    return _short(f"Then again: {line(typed)}")


def _short(found: str) -> str:
    return found if len(found) <= LONGEST else ""


def _replaced(word: str, old: str, new: str) -> str:
    """A word, the name of a path, a flag before the sign of equality, or the value behind it."""
    if word in (old, PurePath(old).name):
        return new
    flag, equals, value = word.partition("=")
    if not equals or not word.startswith("-"):
        return word
    return f"{new if flag == old else flag}={new if value == old else value}"
