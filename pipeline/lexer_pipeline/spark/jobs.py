"""Jobs of the cluster as this process sees them: tasks out, what they told in, whatever happens to the workers."""

import os
import pickle
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from importlib.metadata import version
from typing import Any, TypeVar

from lexer_pipeline.errors import NO_ROOM, ServiceUnavailable, UsageError
from lexer_pipeline.spark.attempt import PACKAGE, TOLD, Defect, Failed, asked
from lexer_pipeline.spark.session import quiet

Done = TypeVar("Done")
# So often it is looked whether there is a worker; without one so long, nobody comes any more.
LOOKS, PATIENCE = 1.0, 120.0


class DefectInTaskError(Exception):
    """This program broke in a task; says where, and no value."""


class Cluster:
    """Runs jobs in a session of Spark."""

    def __init__(self, session: Any, patience: float = PATIENCE) -> None:
        self.session = session
        self._patience = patience

    @property
    def cores(self) -> int:
        """How many tasks may run at a time, as far as it is known."""
        return int(self.session.sparkContext.defaultParallelism)

    def run(self, do: Callable[[Any], Done], tasks: Sequence[Any]) -> list[Done]:
        """Have the tasks done, each by a partition of its own; what came of them, in their order.

        What a task could not do is raised, that of the first one before the others; ServiceUnavailable where no worker is left.
        """
        return self.told(mapped(self.spread(tasks), asked(do), TOLD)) if tasks else []

    def spread(self, tasks: Sequence[Any]) -> Any:
        """A frame with a partition for each task, which `told` what it is."""
        rows = [(number, bytearray(pickle.dumps(task))) for number, task in enumerate(tasks)]
        spread = self.session.sparkContext.parallelize(rows, max(1, len(rows)))
        with quiet():
            return self.session.createDataFrame(spread, TOLD)

    def told(self, frame: Any) -> list[Any]:
        """What the rows of a frame tell, in the order of their numbers; what one of them could not do is raised."""
        found: list[Any] = [
            pickle.loads(row["told"])  # noqa: S301 - what our own task wrote
            for row in sorted(self._collected(frame), key=lambda row: int(row["number"]))
        ]
        for one in found:
            if isinstance(one, Failed):
                raise one.error()
            if isinstance(one, Defect):
                raise DefectInTaskError(one.where)
        return found

    def _collected(self, frame: Any) -> list[Any]:
        thread = ThreadPoolExecutor(1)
        waiting, seen = thread.submit(frame.collect), time.monotonic()
        try:
            while True:
                try:
                    return list(waiting.result(LOOKS))
                except StillRunning:
                    if waiting.done():
                        raise
                seen = time.monotonic() if self._has_workers() else seen
                if time.monotonic() - seen > self._patience:
                    raise _no_worker()
        except Exception as problem:
            if type(problem).__module__.partition(".")[0] in ("py4j", "pyspark"):
                raise _worded(problem) from None
            raise
        finally:
            if not waiting.done():
                self.session.sparkContext.cancelAllJobs()
            thread.shutdown(wait=False)

    def _has_workers(self) -> bool:
        """Whether there is any beside this process itself, which Spark counts among them."""
        context = self.session.sparkContext
        if context.master.startswith("local"):
            return True
        return int(context._jsc.sc().getExecutorMemoryStatus().size()) > 1  # noqa: SLF001 - PySpark has no other way


def mapped(frame: Any, do: Callable[..., Any], schema: str) -> Any:
    """What a function makes of each partition of a frame."""
    with quiet():
        return frame.mapInArrow(do, schema)


def _no_worker() -> ServiceUnavailable:
    return ServiceUnavailable(
        "--engine spark: no worker is left, or none has room",
        "Look whether the workers run, and convert it again.",
    )


def _worded(problem: Exception) -> Exception:
    """What went wrong with a job, as far as it is known what to do about it; Spark's own words may quote a value."""
    said = str(problem)
    if "No module named" in said or "ModuleNotFoundError" in said:
        return UsageError(
            f"--engine spark: the Python of a worker lacks {PACKAGE}, or something that it needs",
            f"Install it on all workers: pip install '{PACKAGE}[spark]=={version(PACKAGE)}'; PYSPARK_PYTHON says which Python they take.",
        )
    if "PYTHON_VERSION_MISMATCH" in said:
        return UsageError(
            "--engine spark: the workers have another version of Python",
            "Name one of the same version in PYSPARK_PYTHON.",
        )
    if any(os.strerror(number) in said for number in NO_ROOM):
        return UsageError(
            "--engine spark: the disk of a worker has no room left",
            "Free some space there, or name a folder on another disk with --temp.",
        )
    return ServiceUnavailable(
        "--engine spark: the job was given up, since a task failed on each worker that tried it, or the workers are gone",
        "Look whether the workers run, have memory, and see the folders of the sources and of the batches; then convert it again.",
    )
