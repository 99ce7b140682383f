"""Batches in an object store: whether it can be reached, and what lies there be listed. Nothing is written there."""

from lexer_pipeline.checkup.check import Check, wrong
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.system.store_path import StorePath

AREA, WHAT = "store", "the folder of batches"


def look_at(out: StorePath, *, offline: bool) -> Check:
    """The place for batches, unless no address is to be asked."""
    if offline:
        return Check(AREA, WHAT, f"{out} was not looked at (--offline)")
    try:
        lies = out.is_dir()
    except PipelineError as problem:
        return wrong(AREA, WHAT, problem.message, problem.hint)
    return Check(
        AREA, WHAT, f"{out} can be listed{'' if lies else '; nothing lies there yet'} (writing was not tried)"
    )
