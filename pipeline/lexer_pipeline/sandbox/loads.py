"""The dataset load: each line of an uploaded file is checked against its specification, in the background."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import jsonschema_rs
import orjson

from lexer_pipeline.model import Json, Schema, Specification
from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.state import Load, Reject, State, Upload
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.paths import FieldPath

LONGEST_LINE = 16 << 20
SLICE = 256
BREATH_SECONDS = 0.0005
KEPT_REJECTS = 100
KEPT_RECORDS = 5
LARGEST_PREVIEW = 1 << 16


@dataclass(slots=True)
class Tally:
    """The counts of a load so far, and the first few rejected lines and accepted records."""

    accepted: int = 0
    rejected: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    preview: list[Json] = field(default_factory=list)

    def accept(self, record: Json, size: int) -> None:
        """Count an accepted record."""
        self.accepted += 1
        if len(self.preview) < KEPT_RECORDS and size <= LARGEST_PREVIEW:
            self.preview.append(record)

    def reject(self, line: int, rule: str, path: str) -> None:
        """Count a rejected line; the value that broke the rule is not kept."""
        self.rejected += 1
        self.rules[rule] += 1
        if len(self.rejects) < KEPT_REJECTS:
            self.rejects.append(Reject(line, rule, path))


class Loader:
    """One thread that loads uploads in the order in which they arrived."""

    def __init__(self, state: State, folder: Path) -> None:
        self._state = state
        self._folder = folder
        self._specifications = catalog.every()
        self._checks: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._waiting: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._pending = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    @property
    def record_types(self) -> frozenset[str]:
        """The record types that a destination may name."""
        return frozenset(one.record_type for one in self._specifications if one.record_type)

    def start(self) -> None:
        """Begin, with the loads that an earlier run left unfinished."""
        done = {load.upload for load in self._state.loads() if load.state in ("loaded", "manual")}
        for upload in self._state.uploads():
            if upload.md5 and upload.id not in done:
                self.add(upload.id)
        self._thread.start()

    def add(self, upload: int) -> None:
        """Load this upload when its turn comes."""
        with self._changed:
            self._pending += 1
        self._waiting.put(upload)

    def wait(self, seconds: float) -> bool:
        """Whether every load was finished within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0, seconds)

    def close(self) -> None:
        """Stop; an unfinished load is begun anew at the next start."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (number := self._waiting.get()) is not None and not self._closing.is_set():
            try:
                self._load(number)
            except Exception as error:  # noqa: BLE001 - one load must not end all others
                self._state.log("defect", number, error=type(error).__name__)
            with self._changed:
                self._pending -= 1
                self._changed.notify_all()

    def _load(self, number: int) -> None:
        upload = self._state.upload(number)
        if upload is None:
            return
        name, specification = names.read(upload.filename), self._specification(upload)
        if specification is None:
            dataset = upload.dataset or (name.subject if name else upload.filename)
            self._state.keep_load(Load(number, dataset, None, upload.record_type, "manual"))
            self._state.log("loaded", number, dataset=dataset, state="manual")
            return
        tally = Tally()
        dataset = upload.dataset or specification.name
        with (self._folder / str(number) / upload.filename).open("rb") as file:
            for _ in self._checked(file, specification, tally):
                self._keep(number, dataset, specification, "loading", tally)
        if self._closing.is_set():
            return
        self._keep(number, dataset, specification, "loaded", tally)
        counts = {"accepted": tally.accepted, "rejected": tally.rejected}
        self._state.log("loaded", number, dataset=dataset, state="loaded", **counts)

    def _keep(self, number: int, dataset: str, used: Specification, state: str, tally: Tally) -> None:
        counts = (tally.accepted, tally.rejected, dict(tally.rules), tally.rejects, tally.preview)
        self._state.keep_load(Load(number, dataset, used.name, used.record_type, state, *counts))

    def _specification(self, upload: Upload) -> Specification | None:
        name = names.read(upload.filename)
        if upload.filename.endswith(".csv"):
            return None
        for one in self._specifications:
            if upload.record_type and one.record_type == upload.record_type:
                return one
        for one in self._specifications:
            if name and not upload.record_type and one.name in (name.subject, name.specification):
                return one
        return None

    def _checked(self, file: BinaryIO, used: Specification, tally: Tally) -> Iterator[None]:
        """Count every line; yields about once a second, so that the page can show progress."""
        if used.name not in self._checks:
            self._checks[used.name] = _validator(used.schema)
        check = self._checks[used.name]
        shown = 0.0
        for number, line in enumerate(_lines(file), start=1):
            _count(number, line, check, tally)
            if number % SLICE == 0:
                time.sleep(BREATH_SECONDS)  # let the threads that carry uploads have the interpreter
                if self._closing.is_set():
                    return
                if time.monotonic() - shown > 1:
                    shown = time.monotonic()
                    yield


def _validator(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines without their ends; of a line longer than any record, only its beginning."""
    while line := file.readline(LONGEST_LINE):
        whole = line.endswith(b"\n") or len(line) < LONGEST_LINE
        yield line.rstrip(b"\r\n") if whole else line
        while not whole:
            rest = file.readline(LONGEST_LINE)
            whole = rest.endswith(b"\n") or len(rest) < LONGEST_LINE


def _count(number: int, line: bytes, check: jsonschema_rs.Draft202012Validator, tally: Tally) -> None:
    if not line.strip():
        tally.reject(number, "blank line", "")
        return
    if len(line) >= LONGEST_LINE:
        tally.reject(number, "line too long", "")
        return
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        tally.reject(number, "not JSON", "")
        return
    if check.is_valid(record):
        tally.accept(record, len(line))
        return
    error = next(iter(check.iter_errors(record)))
    rule = next((str(step) for step in reversed(error.schema_path) if isinstance(step, str)), "schema")
    tally.reject(number, rule, str(FieldPath(error.instance_path)))
