"""What stands more than once in all that the tasks of a delivery read, by the hashes that they noted: few here, many by the cluster."""

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lexer_pipeline.chunks.repeats import MOST_HELD, NOTED, Noted, Repeated, repeated_in
from lexer_pipeline.spark.attempt import TOLD
from lexer_pipeline.spark.jobs import Cluster, mapped

NOTES = "notes"
NAMES = list(NOTED.names or ())
SCHEMA = "hash long, line long, source int, file int, what int"


def kept(folder: Path) -> Noted:
    """By what the records are known that a task made in this folder."""
    return np.fromfile(folder / NOTES, NOTED)


def repeated(cluster: Cluster, folders: Sequence[Path], most: int = MOST_HELD) -> Repeated:
    """What came more than once of all that was noted in these folders; of more than so many records the workers look at each a part."""
    count = sum((folder / NOTES).stat().st_size for folder in folders) // NOTED.itemsize
    if count <= most:
        return repeated_in(np.concatenate([np.zeros(0, NOTED), *map(kept, folders)]))
    parts = -(-count // most)
    noted = mapped(cluster.spread([str(folder) for folder in folders]), _noted, SCHEMA)
    found = Repeated()
    for one in cluster.told(mapped(noted.repartition(parts, "hash"), _counted, TOLD)):
        found.join(one)
    return found


def _noted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for told in batch["told"]:
            noted = kept(Path(pickle.loads(told.as_py())))  # noqa: S301 - a path that this program wrote for its own task
            for start in range(0, len(noted), MOST_HELD):
                some = noted[start : start + MOST_HELD]
                hashes = np.ascontiguousarray(some["hash"]).view(np.int64)
                narrow = (some[name].astype(np.int32) for name in ("source", "file", "what"))
                columns = [hashes, np.ascontiguousarray(some["line"]), *narrow]
                yield pa.record_batch(list(map(pa.array, columns)), names=NAMES)


def _counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    held: list[Any] = [np.zeros(0, NOTED)]
    for batch in batches:
        some = np.empty(batch.num_rows, NOTED)
        for name in NAMES:
            column = batch[name].to_numpy()
            some[name] = column.view(np.uint64) if name == "hash" else column
        held.append(some)
    found = pickle.dumps(repeated_in(np.concatenate(held)))
    yield pa.record_batch(
        [pa.array([0], pa.int64()), pa.array([found], pa.binary())], names=["number", "told"]
    )
