"""Commands and flags that do not exist: what was typed is told from what may be meant."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from lexer_pipeline.errors import UsageError

PROGRAM, SECRETIVE = "lexer-pipeline", "login"


def refuse_mistyped(root: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """UsageError for a command or a flag that does not exist, with the nearest that does; before argparse misses what stands behind it."""
    commands = commands_of(root)
    first = next((word for word in words if not _is_flag(word)), None)
    if first is None:
        _check_flags(PROGRAM, flags_of(root), words, {})
        return
    if first == SECRETIVE or (first not in commands and words[0] in flags_of(root)):
        return  # what stands behind login may be a token; behind a flag of the whole stands its value
    if first not in commands:
        near = get_close_matches(first.casefold(), commands, 1)
        hint = f"Did you mean {PROGRAM} {near[0]}?" if near else f"{PROGRAM} --help lists the commands."
        instead = (first, near[0]) if near and near[0] != SECRETIVE else None
        raise UsageError(f"{first}: there is no such command", hint, instead=instead)
    before, behind = words[: words.index(first)], words[words.index(first) + 1 :]
    others = {name: flags_of(one) for name, one in commands.items()}
    _check_flags(PROGRAM, flags_of(root), before, {first: others[first]})
    _check_flags(f"{PROGRAM} {first}", others.pop(first), behind, others)


def commands_of(root: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The parsers of the commands, by name."""
    (found,) = (one.choices for one in root._actions if isinstance(one, argparse._SubParsersAction))  # noqa: SLF001  # argparse has no other way
    return found


def flags_of(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    """The flags of a command."""
    return tuple(flag for one in parser._actions for flag in one.option_strings)  # noqa: SLF001  # argparse has no other way


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word[0] == "-" and not word[1].isdigit()


def _check_flags(
    command: str, known: Sequence[str], words: Iterable[str], others: Mapping[str, Sequence[str]]
) -> None:
    for word in words:
        if word == "--":
            return
        flag = word.partition("=")[0]
        if _is_flag(word) and not any(one.startswith(flag) for one in known):
            raise _no_flag(command, flag, known, others)


def _no_flag(
    command: str, flag: str, known: Sequence[str], others: Mapping[str, Sequence[str]]
) -> UsageError:
    what, help_of = f"{command} has no flag {flag}", f"{command} --help lists its flags."
    if has := [name for name, flags in others.items() if flag in flags]:
        return UsageError(
            what, f"It is a flag of {', '.join(has)}, and stands behind it: {PROGRAM} {has[0]} {flag}"
        )
    near = get_close_matches(f"--{flag.strip('-')}".casefold().replace("_", "-"), known, 1, 0.7)
    if not near:
        return UsageError(what, help_of)
    return UsageError(what, f"Did you mean {near[0]}? {help_of}", instead=(flag, near[0]))
