"""Whether `run` was asked for a job or for files, and a job's settings in the place of flags that were not typed."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from lexer_pipeline.cli import arguments
from lexer_pipeline.cli.mistyped import commands_of
from lexer_pipeline.errors import PipelineError, UsageError
from lexer_pipeline.unattended.jobs import NAME, Job, jobs_in, unknown
from lexer_pipeline.uploading.settings import FILE, settings_in


def resolve(asked: argparse.Namespace) -> None:
    """Say in `asked` which `job` is meant, if one is, and put its settings there; what is typed wins over them.

    What is wrong becomes its `refusal`, for the command to raise once the log is open: whoever waits for a job is told that too.
    """
    asked.refusal, asked.settings_of_job, asked.events = None, None, []
    try:
        jobs = jobs_in(settings_in(Path()))
    except UsageError as problem:
        if asked.job or _may_be_job(asked.sources):
            asked.job, asked.refusal = asked.job or asked.sources[0], problem
        return  # else whoever reads the settings next says it
    try:
        name = asked.job or _named(asked.sources, jobs)
        if name is not None:
            asked.job = name  # a job that does not exist is told of by its name
            _fill(asked, _job(asked, name, jobs))
    except PipelineError as problem:
        asked.job, asked.refusal = (
            asked.job or next((one for one in asked.sources if one in jobs), None),
            problem,
        )


def _may_be_job(sources: Sequence[str]) -> bool:
    return len(sources) == 1 and NAME.fullmatch(sources[0]) is not None and not Path(sources[0]).exists()


def _is_file(name: str) -> bool:
    return Path(name).exists() and not Path(name).is_dir()


def _named(sources: Sequence[str], jobs: dict[str, Job]) -> str | None:
    """The job that is meant by words without a flag; UsageError where they may mean two things."""
    named = [word for word in sources if word in jobs]
    for word in named:
        if _is_file(word):
            raise UsageError(
                f"{word} is a job of {FILE}, and a file lies here that is called so too",
                f"Type lexer-pipeline run --job {word} for the job, or lexer-pipeline run ./{word} with its flags for the file.",
            )
    if named and len(sources) > 1:
        raise UsageError(
            f"{named[0]} is a job of {FILE}, and a job is run by itself",
            f"Type lexer-pipeline run {named[0]}",
        )
    # A name without a dot or a folder, of which there is no file, is hardly the name of an export.
    return named[0] if named else sources[0] if _may_be_job(sources) else None


def _job(asked: argparse.Namespace, name: str, jobs: dict[str, Job]) -> Job:
    if name not in jobs:
        raise unknown(name, jobs, FILE)
    others = [word for word in asked.sources if word != name]
    if others:
        raise UsageError(
            f"--job {name} and {others[0]}: a job has its own sources", f"Type lexer-pipeline run {name}"
        )
    return jobs[name]


def _fill(asked: argparse.Namespace, job: Job) -> None:
    """Read the command line once more, with the settings of the job as what holds without a flag."""
    root = arguments.parser()
    commands_of(root)["run"].set_defaults(**job.flags)
    filled = vars(root.parse_args(asked.typed))
    vars(asked).update(filled | {"job": job.name, "sources": [], "settings_of_job": job})
