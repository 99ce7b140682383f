"""Which files a job looks for today: the dates put into its patterns, and the patterns looked up."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from glob import glob
from pathlib import Path

from lexer_pipeline.errors import SourceError
from lexer_pipeline.unattended.jobs import Job

DAY = re.compile(r"\{(date|yesterday)(?::([^{}]+))?\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One of the sources of a job: what is looked for today, and the files that are there."""

    text: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of a job: `new` are to be read, `known` were read by an earlier run, and of those `waiting` are batches to be sent.

    `missing` are the sources of which there is no file.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    waiting: tuple[Path, ...]
    missing: tuple[str, ...]


def patterns(job: Job, day: date) -> list[Pattern]:
    """The sources of a job as they are on a day, each with its files by name."""
    texts = [_of_day(source, day) for source in job.sources]
    # A database is always there, as far as anybody knows before it is asked.
    return [Pattern(text, (text,) if "query" in job.flags else _found(text)) for text in texts]


def _of_day(source: str, day: date) -> str:
    days = {"date": day, "yesterday": day - timedelta(days=1)}
    return DAY.sub(lambda said: days[said[1]].strftime(said[2] or "%Y-%m-%d"), source)


def _found(text: str) -> tuple[str, ...]:
    # A name that holds signs of a pattern is the file of that name, if it is there.
    if Path(text).exists():
        return (text,)
    return tuple(sorted(path for path in glob(text, recursive=True) if not Path(path).is_dir()))  # noqa: PTH207  # a Path looks for no absolute pattern


def missing(job: Job, pattern: Pattern) -> SourceError:
    """The error of a source of which there is no file."""
    place = job.file.fault(("job", job.name, "sources"), f"no file is there for {pattern.text}", "")
    hint = f'Look whether it was exported; for days on which none comes, write missing = "ok" in [job.{job.name}].'
    return SourceError(place.message, hint)
