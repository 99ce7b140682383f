"""Exports written, converted and counted, for the tests of this folder."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any

import numpy as np
from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s, UInt8s
from lexer_pipeline.mapping import file
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "exports"
CASES = sorted(path for path in SAMPLES.glob("*/*") if path.is_dir())
# The presets for tables, and those for documents.
TABLES = [one.name for one in file.presets() if one.documents is None]
DOCUMENTS = [one.name for one in file.presets() if one.documents is not None]
KEEP_ALL = Options(date="20240306", max_invalid=1)


@dataclass(frozen=True)
class Converted:
    """What one export became, by specification."""

    report: Report
    batches: Mapping[str, PreparedBatch]

    @classmethod
    def of(cls, report: Report) -> "Converted":
        return cls(report, {batch.manifest.specification: batch for batch in report.batches})

    def records(self, specification: str) -> list[Any]:
        return [json.loads(line) for line in self.batches[specification].file.read_bytes().splitlines()]

    def issues(self, specification: str) -> list[Any]:
        text = (self.batches[specification].path / "issues.ndjson").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]


def name_of(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def rows_of(source: Path, lists: Sequence[str] = (), least: int = 0) -> int:
    """How many rows stand behind the header, those of bare delimiters and of a footer among them, or how many documents in a file, as an independent reader counts them.

    Of documents `lists` are keys of lists within each other ("a|b.c" where they may be called either way), each item of the last of
    which is a row; one is a row where the last is empty, and at `least` so many where an outer one is.
    """
    data = source.read_bytes()
    if lists:
        return sum(_rows_in(one, lists, least) for one in documents_in(source))
    if source.suffix in (".json", ".ndjson", ".jsonl"):
        return len(documents_in(source))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    rows = dropwhile(lambda row: not any(row), csv.reader(io.StringIO(text, newline="")))
    return sum(1 for row in rows if row) - 1


def documents_in(source: Path) -> list[Any]:
    """The documents of a list, of the list in a wrapper, or of lines, each with those that name it as their parent; what is no JSON is null."""
    data = source.read_bytes()
    texts = [data] if source.suffix == ".json" else [line for line in data.splitlines() if line.strip()]
    return _with_children([one for text in texts for one in _unwrapped(_read(text))])


def _unwrapped(found: Any) -> list[Any]:
    is_page = isinstance(found, dict) and {
        "data",
        "events",
        "items",
        "messages",
        "orders",
        "records",
        "results",
    } & set(found)
    if is_page and not {"id", "event_id", "event_name"} & set(found):
        while isinstance(found, dict):
            inner = [one for key, one in found.items() if key not in ("included", "extensions", "pageInfo")]
            found = next((one for one in inner if isinstance(one, list)), inner[0])
    items = found if isinstance(found, list) else [found]
    return [one.get("node", one) if isinstance(one, dict) else one for one in items]


def _with_children(documents: Sequence[Any]) -> list[Any]:
    by_id = {one["id"]: one for one in documents if isinstance(one, dict) and "__parentId" in one}
    if not by_id:
        return list(documents)
    by_id = {one["id"]: one for one in documents if isinstance(one, dict) and "id" in one}
    children = [one for one in by_id.values() if one.get("__parentId") in by_id]
    for one in children:
        by_id[one["__parentId"]].setdefault(one["id"].split("/")[3], []).append(one)
    return [one for one in documents if one not in children]


def _rows_in(document: Any, lists: Sequence[str], least: int) -> int:
    if not lists or not isinstance(document, dict):
        return 1
    key, *inner = lists
    items = next(filter(None, (_at(document, way.split(".")) for way in key.split("|"))), [])
    return sum(_rows_in(one.get("node", one), inner, least) for one in items) or (least if inner else 1)


def _at(document: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        document = (document or {}).get(key)
    return document


def _read(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def convert(source: str, mapping: str | None = None, zone: str | None = None) -> Converted:
    """An export in the working folder, converted into the folder `batches`; `zone` is where its times were written."""
    options = Options(date="20240306", max_invalid=1, mapping=mapping, zone=zone)
    return Converted.of(prepare([source], None, "batches", options))


def fixed(batch: Path) -> Converted:
    """What the rejects of a batch in the folder `batches` say now."""
    return Converted.of(prepare([], None, "batches", Options(date="20240306", fix=str(batch))))


def write(name: str, header: Sequence[str], *rows: Mapping[str, str]) -> str:
    """An export of these rows, each given by the cells that it fills."""
    with Path(name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return name


def all_in_doubt(data: bytes, starts: Int32s, ends: Int32s, flags: UInt8s) -> tuple[Int64s, Bools]:
    """In place of `dispatch.exact_amounts`: it is certain of no amount, so that all are added up as decimals."""
    return np.zeros(len(starts), np.int64), starts != ends
