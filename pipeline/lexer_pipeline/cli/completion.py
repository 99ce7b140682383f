"""What the Tab key completes, as a script for a shell, made by shtab from the command line itself."""

import argparse
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import shtab

from lexer_pipeline.mapping.file import PRESETS
from lexer_pipeline.specs import catalog
from lexer_pipeline.suspicions import SUSPICIONS

SPECS, MAPS = "_lexer_pipeline_specs", "_lexer_pipeline_maps"
# By the name that a command knows the value by.
FOLDERS = {"batch", "batches", "out", "temp", "folder", "fix", "replaces"}


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The script of one shell; `parser` is spent by it."""
    for command in _commands(parser):
        for action in command._actions:  # noqa: SLF001 - argparse has no public name for them
            _say(action)
    spec_names = {*catalog.names(), *(one.record_type for one in catalog.every() if one.record_type)}
    words: Mapping[str, Collection[str]] = {SPECS: spec_names, MAPS: _presets()}
    preamble = {
        "bash": "".join(_of_bash(name, some) for name, some in words.items()),
        "zsh": "".join(_of_zsh(name, some) for name, some in words.items()),
    }
    return str(shtab.complete(parser, shell, preamble=preamble.get(shell, "")))


def _commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001 - as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            yield from action.choices.values()


def _say(action: Any) -> None:
    """What an argument takes: words that are known, files or folders."""
    name = action.dest
    if action.nargs == 0:
        return
    if name == "spec":
        action.complete = {"bash": SPECS, "zsh": SPECS, "tcsh": "f"}
    elif name == "map":
        action.complete = {"bash": MAPS, "zsh": MAPS, "tcsh": "f"}
    elif name == "preset":
        action.choices = _presets()
    elif name == "accept":
        action.choices = sorted(SUSPICIONS)
    elif name == "sources" or action.metavar == "FILE":
        action.complete = shtab.FILE
    elif name in FOLDERS:
        action.complete = shtab.DIRECTORY


def _of_bash(name: str, words: Collection[str]) -> str:
    return f'{name}() {{\n  compgen -W "{" ".join(sorted(words))}" -- $1\n  compgen -f -- $1\n}}\n'


def _of_zsh(name: str, words: Collection[str]) -> str:
    return f'{name}() {{\n  _alternative "words:name:({" ".join(sorted(words))})" "files:file:_files"\n}}\n'


def _presets() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.toml"))
