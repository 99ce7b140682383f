"""Which files a job looks for today: the dates put into its patterns, and the patterns looked up."""

import re
from datetime import date, timedelta
from glob import glob
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.errors import PipelineError, SourceError
from lexer_pipeline.loading.folders import files_meant
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.loading.remote import NothingThere
from lexer_pipeline.system.addresses import address_of, shown
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.unattended.jobs import Job

DAY = re.compile(r"\{(date|yesterday)(?::([^{}]+))?\}")


class Pattern(Struct, frozen=True):
    """One of the sources of a job: what is looked for today, and the files that are there."""

    text: str
    found: tuple[str, ...]


class JobFiles(Struct, frozen=True):
    """The files of a job: `new` are to be read, `known` were read by an earlier run, and of those `waiting` are batches to be sent.

    `missing` are the sources of which there is no file.
    """

    new: tuple[str, ...]
    known: tuple[str, ...]
    waiting: tuple[Folder, ...]
    missing: tuple[str, ...]


def patterns(job: Job, day: date, network: Network) -> list[Pattern]:
    """The sources of a job as they are on a day, each with its files by name."""
    texts = [_of_day(source, day) for source in job.sources]
    # A database is always there, as far as anybody knows before it is asked.
    return [Pattern(text, (text,) if "query" in job.flags else files_there(text, network)) for text in texts]


def _of_day(source: str, day: date) -> str:
    days = {"date": day, "yesterday": day - timedelta(days=1)}
    return DAY.sub(lambda said: days[said[1]].strftime(said[2] or "%Y-%m-%d"), source)


def files_there(text: str, network: Network) -> tuple[str, ...]:
    """The files that a source names; none where there are none. Where that cannot be found out, whoever reads it says why."""
    if address_of(text):
        return _objects_there(text, network)
    # A name that holds signs of a pattern is the file of that name, if it is there.
    if Path(text).exists():
        return (text,)
    return tuple(sorted(path for path in glob(text, recursive=True) if not Path(path).is_dir()))  # noqa: PTH207  # a Path looks for no absolute pattern


def _objects_there(text: str, network: Network) -> tuple[str, ...]:
    try:
        found = [str(one) for one in files_meant([text], network)]
        if found == [text]:
            origin_of(text, None, network=network).close()
    except NothingThere:
        return ()
    except PipelineError:
        return (text,)
    return tuple(found)


def missing(job: Job, pattern: Pattern) -> SourceError:
    """The error of a source of which there is no file."""
    place = job.file.fault(("job", job.name, "sources"), f"no file is there for {shown(pattern.text)}", "")
    hint = f'Look whether it was exported; for days on which none comes, write missing = "ok" in [job.{job.name}].'
    return SourceError(place.message, hint)
