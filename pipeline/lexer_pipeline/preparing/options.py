"""What may be asked of a run."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, BinaryIO

from msgspec import Struct, field
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions
from lexer_pipeline.loading.network import Network
from lexer_pipeline.model import Json
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.system.timings import Timings

TEXT, FLAG, SHARE, WHOLE, TEXTS = (str,), (bool,), (float, int), (int,), (list, tuple)
WANTED: Mapping[tuple[type, ...], str] = MappingProxyType(
    {
        TEXT: "a text",
        FLAG: "true or false",
        SHARE: "a number",
        WHOLE: "a whole number",
        TEXTS: "a list of texts",
    }
)
# The options that change what is made of a source, and so are kept with the batch: what each must be. A mapping is kept by its
# name, since its text is kept as well.
MEANING: Mapping[str, tuple[type, ...]] = MappingProxyType({
    "mapping": TEXT, "date_format": TEXT, "zone": TEXT, "country": TEXT, "reject_unknown": FLAG, "ignore_unknown": FLAG,
    "keep_rest": FLAG, "max_invalid": SHARE,
    "max_bytes": WHOLE, "min_rows": WHOLE, "label": TEXT, "accept": TEXTS,
    "member": TEXT,
})  # fmt: skip
READING: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {"encoding": TEXT, "header_row": WHOLE, "sheet": TEXT, "delimiter": TEXT, "skip_hidden": FLAG}
)
# The others belong to one run: how a file is called, what is shown, and where from and with what it is read.
OF_ONE_RUN = frozenset({
    "reading", "date", "fix", "edits", "replaces", "datasets", "ledger", "names", "stdin", "progress", "show_values", "timings",
    "day", "temp", "report", "network", "changed", "full", "service", "list_missing", "threads",
})  # fmt: skip


class Options(Struct, frozen=True):
    """What may be asked of a run.

    `reading` says how sources are to be read against what their content tells (encoding, header row, sheet), `member` which file
    of a zip is meant, `zone` is an IANA name for date-times that have no zone of their own, `mapping` a preset or a mapping file,
    `date_format` how dates are written where a mapping does not say (all dates, where there is no mapping), `country` whose are
    the phone numbers without a country code that a mapping reads, in rows that say no country.

    `keep_rest` makes custom fields of columns that no field reads, where the specification has them.

    `accept` are the codes of suspicions that hold no batch, since a person looked at them.

    `label` stands in the file name behind the specification's, `replaces` names batches (a folder, or its name) whose
    corrections are made, and `datasets` are by record type (`*` for all others). Fewer rows than `min_rows` hold a batch.
    `fix` names a batch whose rejects were fixed: `prepare` then reads these, or the files of them that are its sources, as that
    batch was made, and of the other options those hold that say how the files are read and what becomes of the outcome.
    `edits` is a file of what was changed by hand on the review page, which is put into the sources as they are read.
    `ledger` is where the ledger lies, if not in the folder of batches. `day` is that of the run, before which everybody was born:
    the file's `date`, else the clock's.

    With `changed` only those records are made that are new, or other than what was sent to the `service` and dataset before (the
    service is that of the settings, where none is said). `full` makes all of them, after which nothing that was sent before counts.
    Into the file `list_missing` go the hashes of what was sent before and is not in the sources.

    `report` says that a page on it lies in each batch.

    `temp` is the folder for temporary data: by default that of batches, and the system's (TMPDIR) where nothing is written.

    `threads` is how many threads may work on a source at a time: one on each core, where it is not said.

    `network` is how addresses are reached: certificates and a proxy, where not as the environment says.
    """

    reading: ReadOptions = AS_TOLD
    member: str | None = None
    mapping: str | None = None
    date_format: str | None = None
    zone: str | None = None
    country: str | None = None
    reject_unknown: bool = False
    ignore_unknown: bool = False
    keep_rest: bool = False
    max_invalid: float = 0.05
    accept: tuple[str, ...] = ()
    max_bytes: int = 5_000_000_000
    min_rows: int = 0
    date: str | None = None
    label: str | None = None
    replaces: tuple[str, ...] = ()
    fix: str | None = None
    edits: Path | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    ledger: LedgerPlace | None = None
    temp: Path | None = None
    threads: int | None = None
    names: dict[str, str] = field(default_factory=dict)
    stdin: BinaryIO | None = None
    progress: Callable[[int, int], None] | None = None
    show_values: bool = False
    report: bool = True
    changed: bool = False
    full: bool = False
    service: str | None = None
    list_missing: Path | None = None
    day: dt.date | None = None
    timings: Timings = field(default_factory=Timings)
    network: Network = field(default_factory=Network)

    def as_json(self) -> dict[str, Json]:
        """What changes the meaning of a source, where it is not the default: as manifest.json holds it, without any folder."""
        said = {name: getattr(self, name) for name in MEANING} | {
            name: getattr(self.reading, name) for name in READING
        }
        if self.mapping is not None:
            said["mapping"] = PurePath(self.mapping).stem
        return {name: value for name, value in sorted(said.items()) if value != USUAL[name]}


USUAL: Mapping[str, Any] = MappingProxyType(
    {name: getattr(Options(), name) for name in MEANING} | {name: getattr(AS_TOLD, name) for name in READING}
)


def from_json(said: object, where: str) -> Options:
    """The options that a manifest holds; UsageError says `where` the manifest is and what is broken."""
    if not isinstance(said, Mapping):
        raise _broken(where, "must be an object")
    for name, value in said.items():
        kind = MEANING.get(name) or READING.get(name)
        if kind is None:
            raise _broken(where, f"has {name}, which is no option")
        if type(value) not in kind:
            raise _broken(where, f"{name} must be {WANTED[kind]}")
        if kind is TEXTS and not all(isinstance(one, str) for one in value):
            raise _broken(where, f"{name} must be {WANTED[kind]}")
        if kind in (SHARE, WHOLE) and value < 0:
            raise _broken(where, f"{name} must not be below zero")
    reading = ReadOptions(**{name: value for name, value in said.items() if name in READING})
    told: dict[str, Any] = {
        name: tuple(value) if MEANING[name] is TEXTS else value
        for name, value in said.items()
        if name in MEANING
    }
    return replace(Options(), reading=reading, **told)


def _broken(where: str, what: str) -> UsageError:
    return UsageError(f"{where}: options: {what}", "Take the manifest.json that this program wrote.")
