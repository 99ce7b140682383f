"""What may be asked of a run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.system.timings import Timings


@dataclass(frozen=True, slots=True)
class Options:
    """What may be asked of a run.

    `reading` says how sources are to be read against what their content tells (encoding, header row, sheet),
    `zone` is an IANA name for date-times that have no zone of their own, `mapping` a preset or a mapping file,
    `date_format` how dates are written where a mapping does not say (all dates, where there is no mapping).

    `label` stands in the file name behind the specification's, `replaces` names batches (a folder, or its name) whose
    corrections are made, and `datasets` are by record type (`*` for all others). Fewer rows than `min_rows` hold a batch.
    `ledger` is where the ledger lies, if not in the folder of batches.
    """

    reading: ReadOptions = AS_TOLD
    mapping: str | None = None
    date_format: str | None = None
    zone: str | None = None
    reject_unknown: bool = False
    ignore_unknown: bool = False
    max_invalid: float = 0.05
    max_bytes: int = 5_000_000_000
    min_rows: int = 0
    date: str | None = None
    label: str | None = None
    replaces: tuple[str, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)
    ledger: Path | None = None
    names: dict[str, str] = field(default_factory=dict)
    stdin: BinaryIO | None = None
    progress: Callable[[int, int], None] | None = None
    show_values: bool = False
    timings: Timings = field(default_factory=Timings)
