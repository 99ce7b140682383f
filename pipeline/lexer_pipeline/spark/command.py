"""`convert` on a cluster: a session of its own, for as long as it takes."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from typing import Any

from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import Deliveries, Filled, prepare_by
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.spark.session import check_installed, opened, refuse_unsuited
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder, folder, on_disk


def prepare_files(
    sources: Sequence[Source], spec: str | Specification | None, out: Folder | str, options: Options, master: str | None = None,
    runtime: Runtime | None = None,
) -> Report:  # fmt: skip
    """What `prepare` does with files, done by the workers of a cluster, which see the files and the folder `out` where they lie here."""
    here = on_disk(folder(out))  # where the workers put their parts
    refuse_unsuited(options)
    check_installed()
    by_workers = partial(_by_workers, import_module("lexer_pipeline.spark.files"), master)
    return prepare_by(by_workers, sources, spec, here, options, runtime)


def _by_workers(
    files: Any, master: str | None, deliveries: Deliveries, options: Options, scratch: Scratch
) -> Sequence[Filled]:
    """The deliveries, filled in a session that is begun once it is known what they are made of."""
    files.refuse_what_is_here_alone(deliveries)
    with scratch.folder() as own, opened(master, own / "spark.log") as session:
        filled: Sequence[Filled] = files.fill_each(session, deliveries, options)
    return filled
