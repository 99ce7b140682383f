"""What becomes of records that several sources have, where different tasks read these: their pieces come together by Spark's own shuffle."""

import pickle
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.fates import Fate
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.kernels.arrays import UInt64s
from lexer_pipeline.preparing.folding import Piece, fates_of, files_of, pieces_of
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.stages import reference_of, stages_of
from lexer_pipeline.spark.attempt import TOLD, failed, folder_of, row_told
from lexer_pipeline.spark.jobs import Cluster, mapped
from lexer_pipeline.spark.task import Slice, Task
from lexer_pipeline.system import files
from lexer_pipeline.system.scratch import Scratch

SCHEMA = "key long, source int, number long, line long, said binary, reason string"
NAMES = list(Piece._fields)
# So many keys are decided by one task, and so many pieces of records travel at a time.
KEYS, AT_ONCE = 1 << 17, 1 << 10
SHARED, FOLDED, FATES = "shared.npy", "folded", "fates"
UNSIGNED = (1 << 64) - 1
# What could not be read stands in place of a piece, which is of no source.
NO_SOURCE = -1


class Deciding(Struct, frozen=True):
    """What it takes to decide on the records of a delivery: its last plan, its key, and the number of the file and the name of each source."""

    plan: Plan
    key: str
    files: tuple[int, ...]
    names: tuple[str, ...]
    options: Options
    work: Path


def with_fates(cluster: Cluster, tasks: Sequence[Task], shared: UInt64s) -> list[Task]:
    """The tasks of a delivery, each knowing where it lies what becomes of those records whose keys (by their hashes) several sources have."""
    todo = [plan for task in tasks for plan in task.plans]
    work, options = tasks[0].work, tasks[0].options
    np.save(work / SHARED, shared)
    deciding = Deciding(
        todo[-1], todo[0].specification.key or "", tuple(files_of(todo)), tuple(str(one.source) for one in todo), options, work
    )  # fmt: skip
    pieces = mapped(cluster.spread(tasks), _pieces, SCHEMA)
    by_key = pieces.repartition(-(-len(shared) // KEYS), "key").sortWithinPartitions(
        "key", "source", "number"
    )
    lying: defaultdict[int, list[Slice]] = defaultdict(list)
    for found in cluster.told(mapped(by_key, partial(_decided, deciding), TOLD)):
        for source, some in found.items():
            lying[source].append(some)
    return [
        replace(task, fates=tuple(tuple(lying[task.first + at]) for at in range(len(task.plans))))
        for task in tasks
    ]


def _pieces(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The pieces of records that the sources of a task have, or what went wrong instead."""
    for batch in batches:
        for told in batch["told"]:
            try:
                task: Task = pickle.loads(told.as_py())  # noqa: S301 - what this program wrote for its own task
                yield from _in_batches(_pieces_of(task))
            except PipelineError as problem:
                number = batch["number"][0].as_py()
                yield _batch([Piece(0, NO_SOURCE, number, 0, pickle.dumps(failed(problem)), "")])


def _pieces_of(task: Task) -> Iterator[Piece]:
    shared = np.load(task.work / SHARED)
    with Scratch(task.options.temp) as scratch:
        for number, plan in enumerate(task.plans, task.first):
            with opened(plan, scratch) as loaded:
                yield from pieces_of(number, stages_of(loaded, plan, task.options), shared)


def _in_batches(pieces: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
    held: list[Piece] = []
    for one in pieces:
        held.append(one)
        if len(held) == AT_ONCE:
            yield _batch(held)
            held = []
    yield _batch(held)


def _batch(pieces: Sequence[Piece]) -> pa.RecordBatch:
    kinds = (pa.int64(), pa.int32(), pa.int64(), pa.int64(), pa.binary(), pa.string())
    signed = (one._replace(key=one.key - (one.key >> 63 << 64)) for one in pieces)
    columns = list(zip(*signed, strict=True)) or [()] * len(kinds)
    return pa.record_batch(
        [pa.array(one, kind) for one, kind in zip(columns, kinds, strict=True)], names=NAMES
    )


def _decided(deciding: Deciding, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Where the fates lie of the records whose pieces came to this task, by source."""
    reference = reference_of(deciding.plan, deciding.options)
    fates: defaultdict[int, list[tuple[int, Fate]]] = defaultdict(list)
    pieces = (
        Piece(*one)
        for batch in batches
        for one in zip(*(batch[name].to_pylist() for name in NAMES), strict=True)
    )
    for key, some in groupby(pieces, lambda one: one.key):
        group = list(some)
        if group[0].source == NO_SOURCE:
            yield row_told(group[0].number, pickle.loads(group[0].said or b""))  # noqa: S301 - an error of our own task
            return
        for source, number, fate in fates_of(
            group, deciding.key, deciding.files, deciding.names, reference, key & UNSIGNED
        ):
            fates[source].append((number, fate))
    folder = folder_of(deciding.work, FOLDED)
    files.make_folder(folder)
    with (folder / FATES).open("wb") as file:
        yield row_told(
            0, {source: _put(file, folder / FATES, some) for source, some in sorted(fates.items())}
        )


def _put(file: BinaryIO, path: Path, some: Sequence[tuple[int, Fate]]) -> Slice:
    begin, data = file.tell(), pickle.dumps(some)
    file.write(data)
    return path, begin, len(data)
