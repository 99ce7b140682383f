"""`prepare` on a cluster."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare_by
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.spark.files import fill_each
from lexer_pipeline.spark.jobs import Cluster
from lexer_pipeline.spark.session import opened
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch


def prepare_files(
    sources: Sequence[Source], spec: str | Specification | None, out: Path | str, options: Options, master: str | None = None,
    runtime: Runtime | None = None,
) -> Report:  # fmt: skip
    """What `prepare` does with files, done by the workers of a cluster, which see the files and the folder `out` where they lie here."""
    refuse_unsuited(options)
    with (
        Scratch(options.temp) as scratch,
        scratch.folder() as own,
        opened(master, own / "spark.log") as session,
    ):
        return prepare_on(Cluster(session), sources, spec, out, options, runtime)


def prepare_on(
    cluster: Cluster, sources: Sequence[Source], spec: str | Specification | None, out: Path | str, options: Options,
    runtime: Runtime | None = None,
) -> Report:  # fmt: skip
    """The same on a cluster that is there already."""
    return prepare_by(partial(fill_each, cluster), sources, spec, out, options, runtime)


def refuse_unsuited(options: Options) -> None:
    """UsageError for what one machine alone does."""
    for name, flag in (("fix", "--fix BATCH"), ("edits", "--fix EDITS")):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--engine spark: {flag} is done on one machine", "Leave out --engine.", without=("--engine",)
            )
