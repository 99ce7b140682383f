"""Jobs as `pipeline.toml` holds them: files with dates, and the flags of `run` as settings."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.settings_file import SettingsFile

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# What says which files there are; all else are flags of `run`, with _ for -.
OF_FILES = ("sources", "together")


class Job(Struct, frozen=True):
    """A job by its name; `flags` are those of `run` by the names that its parser has for them."""

    name: str
    sources: tuple[str, ...]
    together: bool
    flags: Mapping[str, Any]
    file: SettingsFile


def jobs_in(file: SettingsFile) -> dict[str, Job]:
    """The jobs of a file of settings that was checked, by name."""
    return {name: _job(file, name, said) for name, said in file.table.get("job", {}).items()}


def _job(file: SettingsFile, name: str, said: Mapping[str, Any]) -> Job:
    flags = {key: _flag(value) for key, value in said.items() if key not in OF_FILES}
    return Job(name, tuple(said["sources"]), said.get("together", False), flags, file)


def _flag(value: Any) -> Any:
    """A setting as if it had been typed, so that the flag itself reads it; what is on or off, and lists, stay."""
    if isinstance(value, bool | list):
        return value
    return format(value, "f") if isinstance(value, float) else str(value)


def unknown(name: str, known: Collection[str], file: str) -> UsageError:
    """The error of a job that does not exist."""
    near = get_close_matches(name.casefold(), known, 1)
    hint = (
        f"Did you mean lexer-pipeline run {near[0]}?"
        if near
        else f"The jobs are: {', '.join(sorted(known))}."
    )
    if not known:
        hint = f"Jobs stand in the {file} of the folder in which the command is run: [job.{name}]"
    return UsageError(f"{name}: there is no such job in {file}, and no such file", hint)
