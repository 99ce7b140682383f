"""One attempt of a task, on the worker that Spark gave it to: into a folder of its own, and what went wrong as a value."""

import pickle
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa
from msgspec import Struct, field

from lexer_pipeline import errors
from lexer_pipeline.errors import PipelineError

PACKAGE = "lexer-pipeline"
TOLD = "number long, told binary"
ATTEMPTS = "attempts"


class Failed(Struct, frozen=True):
    """What a task could not do, in words for a person."""

    kind: str
    message: str
    hint: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def error(self) -> PipelineError:
        """The error as it would have been raised here."""
        problem = PipelineError(self.message, self.hint)
        kind: type[PipelineError] = getattr(errors, self.kind)
        found = kind(self.message, self.hint)
        vars(found).update(vars(problem) | self.more)
        return found


class Defect(Struct, frozen=True):
    """Where this program broke in a task, and how."""

    where: str


def failed(problem: PipelineError) -> Failed:
    """An error as a value; of a kind that others are derived from, since these may be made of other things than words."""
    kind = next(one for one in type(problem).__mro__ if one.__module__ == errors.__name__)
    return Failed(kind.__name__, problem.message, problem.hint, dict(vars(problem)))


def folder_of(work: Path, task: str) -> Path:
    """Where this attempt of a task writes; no other attempt does."""
    return work / ATTEMPTS / f"{task}-{_task().taskAttemptId()}"


def part_at_hand() -> int:
    """The number of the part of a frame that this task works on."""
    number: int = _task().partitionId()
    return number


def _task() -> Any:
    # Only workers ask, who have PySpark.
    return import_module("pyspark").TaskContext.get()


def each(
    do: Callable[[Any], Any], made_by: str, batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Do what each row of a partition asks for, and tell what came of it; `made_by` is the version that asks."""
    for batch in batches:
        for number, told in zip(batch["number"], batch["told"], strict=True):
            yield row_told(number.as_py(), _done(do, made_by, told.as_py()))


def _done(do: Callable[[Any], Any], made_by: str, told: bytes) -> Any:
    """What came of one task, which can be pickled."""
    here = version(PACKAGE)
    if here != made_by:
        return Failed(
            "UsageError",
            f"a worker has {PACKAGE} {here}, and this is {made_by}",
            f"Install the same on all workers: pip install {PACKAGE}=={made_by}",
        )
    try:
        return do(pickle.loads(told))  # noqa: S301 - what this program wrote for its own task
    except PipelineError as problem:
        return failed(problem)
    except (OSError, MemoryError):
        raise  # Another try, or another worker, may have what this one lacks.
    except Exception as problem:  # noqa: BLE001 - a defect is one here as it is on one machine, and no try mends it
        *_, last = traceback.extract_tb(problem.__traceback__)
        return Defect(f"{type(problem).__name__} in {Path(last.filename).name}, line {last.lineno}")


def row_told(number: int, what: Any) -> pa.RecordBatch:
    """What a task tells."""
    return pa.record_batch(
        [pa.array([number], pa.int64()), pa.array([pickle.dumps(what)], pa.binary())],
        names=["number", "told"],
    )


def asked(do: Callable[[Any], Any]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What `mapInArrow` takes, to have a function done with each row."""
    return partial(each, do, version(PACKAGE))
