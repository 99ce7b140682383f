"""A batch whose rejects are mended: what it is, how it was made, and which of its rejects come now."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from sqlite3 import Connection

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.source import Source
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping.rules import Mapping as Mapped
from lexer_pipeline.mapping.rules import RecordMap
from lexer_pipeline.model import Json, Manifest, PreparedBatch, Specification
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import MANIFEST, folder_named, read
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing import decisions, options
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import USUAL, Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.specs import catalog

# rejects.csv, rejects-2.csv of the second source, rejects_02.csv of a later run, however it was saved since.
FILE = re.compile(r"rejects(?:-(?P<source>[1-9][0-9]*))?(?:_[0-9]{2,})?\.[A-Za-z0-9.]+")
# What may be asked of a fix; the rest is as the batch was made.
OF_A_FIX = ("max_invalid", "max_bytes", "min_rows")
FLAGS: Mapping[str, str] = {
    "mapping": "--map", "date_format": "--date-format", "zone": "--timezone", "reject_unknown": "--unknown",
    "ignore_unknown": "--ignore-unknown", "label": "--label", "replaces": "--replaces", "header_row": "--header-row",
    "delimiter": "the delimiter",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fixed:
    """The batch whose rejects are mended, as the ledger and its manifest know it.

    `parts` are the batches whose rejects come, with their numbers of sources and files: the whole delivery where it is one that
    `is_taken_over`, its records included. `options` are those that it was made with, and what may be asked of a fix. `rows` is
    against what rejects are measured.
    """

    entry: BatchEntry
    parts: tuple[tuple[PreparedBatch, tuple[tuple[int, Source], ...]], ...]
    is_taken_over: bool
    specification: Specification
    decisions: tuple[Decisions, ...]
    options: Options
    kept_options: Mapping[str, Json]
    rows: int
    accepted: Mapping[int, frozenset[int | str]]
    noted: int
    made_before: tuple[Path, ...]

    @property
    def came(self) -> float:
        """How many rows came, for a batch that may be held since they are few; a further delivery never is."""
        if not self.is_taken_over or self.entry.fixes is not None:
            return inf
        manifests = [batch.manifest for batch, _ in self.parts]
        return sum(one.rows + sum(one.skipped.values()) for one in manifests)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the batch, or of the first part of its delivery."""
        return self.parts[0][0].manifest

    def plans(self, batch: PreparedBatch, files: Sequence[tuple[int, Source]]) -> list[tuple[int, Plan]]:
        """The passes over the rejects of one batch, by the number of their source."""
        made = []
        mapped = _passes(batch.manifest, self.specification)
        sources = batch.manifest.sources
        for number, file in files:
            found, record = mapped[number]
            plan = Plan(file, self.options.stdin, self.options.reading, self.specification, found, record)
            accepted = self.accepted.get(number, frozenset())
            made.append((number, plan.fixing(self.decisions[number], sources[number].path, accepted)))
        return made


def fixed_batch(
    sources: Sequence[Source], spec: str | Specification | None, ledger: Ledger, asked: Options, out: Path
) -> Fixed:
    """The batch that `asked.fix` names; UsageError where it cannot be fixed, or the rest of what is asked says otherwise."""
    _refuse_other_ways(asked)
    word = asked.fix or ""
    folder = folder_named(word, out)
    with ledger.transaction() as connection:
        one = deliveries.in_folder(connection, ledger.text_of(folder))
        if one is None or not one.specification:
            raise UsageError(
                f"--fix {word}: there is no such batch", "lexer-pipeline status shows the batches."
            )
        _refuse_out_of_the_way(connection, one)
        is_taken_over = one.state in (BatchState.HELD, BatchState.REJECTED)
        meant = deliveries.parts_of(connection, one.delivery) if is_taken_over else [one]
        family = deliveries.family(connection, one)
        accepted: dict[int, set[int | str]] = {}
        for number, row in deliveries.accepted_rows(connection, one):
            accepted.setdefault(number, set()).add(int(row) if row.isdigit() and len(row) < 64 else row)
        noted = deliveries.rows_noted(connection, one)
    batches = [read(ledger.folder_of(part.folder)) for part in meant]
    manifest = batches[0].manifest
    if len(manifest.decisions) != len(manifest.sources) or not manifest.decisions:
        raise UsageError(
            f"{folder}: was made by a version that did not keep how its source was read, so its rejects cannot be fixed",
            f"Mend the rows in its source, and convert that with --replaces {word}.",
        )
    where = str(folder / MANIFEST)
    specification = _specification(manifest, spec)
    kept = options.from_json(manifest.options, where)
    return Fixed(
        one, _parts(batches, sources, folder), is_taken_over, specification, decisions.from_json(manifest.decisions, where),
        _as_made(kept, asked), _kept_options(manifest, asked), _rows(family, one, batches, ledger, is_taken_over),
        {number: frozenset(rows) for number, rows in accepted.items()}, noted,
        tuple(ledger.folder_of(each.folder) / each.file for each in family
              if each.state == BatchState.PREPARED or each.id in {part.id for part in meant}),
    )  # fmt: skip


def _refuse_other_ways(asked: Options) -> None:
    said = {name: getattr(asked, name) for name in USUAL if name in Options.__dataclass_fields__}
    said |= {"header_row": asked.reading.header_row, "delimiter": asked.reading.delimiter}
    other = [flag for name, flag in FLAGS.items() if name in said and said[name] != USUAL[name]]
    other += ["--replaces"] if asked.replaces else []
    if other:
        raise UsageError(
            f"{', '.join(other)} beside --fix: rejects are read as their batch was",
            f"Leave out {', '.join(other)}.",
        )


def _refuse_out_of_the_way(connection: Connection, one: BatchEntry) -> None:
    name = Path(one.folder).name
    correction = deliveries.correction_of(connection, one) or deliveries.taken_over_by(connection, one)
    if one.state == BatchState.DROPPED:
        raise UsageError(f"{name}: was dropped", "Convert its source again.")
    if one.state == BatchState.SUPERSEDED or correction is not None:
        place = Path(correction.folder).name if correction is not None else "another batch"
        raise UsageError(f"{name}: {place} took its place", f"lexer-pipeline convert --fix {place}")


def _specification(manifest: Manifest, spec: str | Specification | None) -> Specification:
    """The specification of the batch, which a schema file of one's own has to be named for."""
    said = catalog.find(spec) if isinstance(spec, str) else spec
    if said is None and manifest.specification in catalog.names():
        return catalog.find(manifest.specification)
    if said is None:
        raise UsageError(
            f"the batch is one of {manifest.specification}, which is a schema file of your own",
            "Name it with --spec.",
        )
    if said.name != manifest.specification:
        raise UsageError(
            f"--spec {said.name} beside --fix: the batch is one of {manifest.specification}",
            "Leave out --spec.",
        )
    return said


def _as_made(kept: Options, asked: Options) -> Options:
    """The options that the batch was made with, and of this run what may be asked of a fix."""
    said = {name: getattr(asked, name) for name in OF_A_FIX if getattr(asked, name) != USUAL[name]}
    return replace(
        asked, **said, mapping=kept.mapping, date_format=kept.date_format, zone=kept.zone,
        reject_unknown=kept.reject_unknown, ignore_unknown=kept.ignore_unknown, label=kept.label,
        **{name: getattr(kept, name) for name in OF_A_FIX if name not in said},
        reading=ReadOptions(encoding=asked.reading.encoding, sheet=asked.reading.sheet),
    )  # fmt: skip


def _kept_options(manifest: Manifest, asked: Options) -> Mapping[str, Json]:
    said = {name: getattr(asked, name) for name in OF_A_FIX if getattr(asked, name) != USUAL[name]}
    return dict(sorted({**manifest.options, **said}.items()))


def _rows(
    family: Sequence[BatchEntry],
    one: BatchEntry,
    batches: Sequence[PreparedBatch],
    ledger: Ledger,
    is_taken_over: bool,
) -> int:
    """The rows of the batch with which a chain of fixes began, as far as its manifest is there still."""
    rows = sum(batch.manifest.rows for batch in batches)
    by_id = {each.id: each for each in family}
    if is_taken_over and one.fixes is None:
        return rows
    while one.fixes is not None and one.fixes in by_id:
        one = by_id[one.fixes]
    try:
        return read(ledger.folder_of(one.folder)).manifest.rows
    except UsageError:
        return rows


# ---------------------------------------------------------------------------------------------- which rejects


def _parts(
    batches: Sequence[PreparedBatch], sources: Sequence[Source], folder: Path
) -> tuple[tuple[PreparedBatch, tuple[tuple[int, Source], ...]], ...]:
    """Each batch with the files of its rejects; those that were named stand for the ones that lie there."""
    named = _named(batches, sources, folder)
    if not named and not any(batch.manifest.rejects for batch in batches):
        raise UsageError(f"{folder}: has no rejects", "There is nothing to fix.")
    found = []
    is_whole = len(batches) > 1 or batches[0].manifest.state != BatchState.PREPARED
    for place, batch in enumerate(batches):
        files: dict[int, Source] = {}
        if is_whole or not named:
            files = {_number(name): batch.path / name for name in batch.manifest.rejects}
            files = {number: file for number, file in files.items() if not _is_empty(file)}
        files |= named.get(place, {})
        found.append((batch, tuple(sorted(files.items(), key=lambda one: one[0]))))
    return tuple(found)


def _is_empty(file: Source) -> bool:
    """Whether all documents were taken out of a file of rejects."""
    return isinstance(file, Path) and file.is_file() and not file.stat().st_size


def _named(
    batches: Sequence[PreparedBatch], sources: Sequence[Source], folder: Path
) -> dict[int, dict[int, Source]]:
    """The files that were named, by the place of their batch and the number of their source."""
    found: dict[int, dict[int, Source]] = {}
    for source in sources:
        file = _path(source, folder)
        place = _place(batches, file, source)
        number = _source_number(batches[place].manifest, file, source)
        if number in found.setdefault(place, {}):
            raise UsageError(f"{source}: is the second file of one source's rejects", "Name one at a time.")
        found[place][number] = file if file is not None else source
    return found


def _path(source: Source, folder: Path) -> Path | None:
    if not isinstance(source, str | Path) or str(source) == "-":
        return None
    path = Path(source)
    inside = folder / path
    return inside if len(path.parts) == 1 and not path.exists() and inside.exists() else path


def _place(batches: Sequence[PreparedBatch], file: Path | None, source: Source) -> int:
    """Which of a delivery's parts a file of rejects belongs to."""
    if len(batches) == 1:
        return 0
    for place, batch in enumerate(batches):
        if file is not None and file.parent.resolve() == batch.path.resolve():
            return place
    raise UsageError(
        f"{source}: which of the {len(batches)} parts it belongs to is not told",
        "Put it into the folder of its part.",
    )


def _source_number(manifest: Manifest, file: Path | None, source: Source) -> int:
    """Which source of a batch a file of rejects belongs to, from 0."""
    of = sorted({_number(name) for name in manifest.rejects})
    if file is not None and FILE.fullmatch(file.name) and _number(file.name) < len(manifest.decisions):
        number = _number(file.name)
        if len(of) != 1 or number in of or number:
            return number
    if len(of) == 1:
        return of[0]
    if len(manifest.decisions) == 1:
        return 0
    raise UsageError(
        f"{source}: which source of the batch it belongs to is not told",
        f"Call it as the file that it comes from: {', '.join(manifest.rejects) or 'rejects.csv, rejects-2.csv'}.",
    )


def _number(name: str) -> int:
    match = FILE.fullmatch(name)
    return int(match["source"] or 1) - 1 if match else 0


# ------------------------------------------------------------------------------------------------ the mapping


def _passes(manifest: Manifest, specification: Specification) -> list[tuple[Mapped | None, RecordMap | None]]:
    """For each pass that made the batch its mapping and the record in it: a mapping may make several of one specification."""
    count = len(manifest.decisions)
    texts = manifest.mapping
    if texts is None:
        return [(None, None)] * count
    name = str(manifest.options.get("mapping", "mapping"))
    listed = [texts] * count if isinstance(texts, str) else list(texts) if isinstance(texts, Sequence) else []
    parsed: dict[str, Mapped] = {}
    found: list[tuple[Mapped | None, RecordMap | None]] = []
    while len(found) < len(listed):
        text = listed[len(found)]
        if not isinstance(text, str):
            found.append((None, None))
            continue
        if text not in parsed:
            parsed[text] = mapping.parse(text, name, f"the mapping in {MANIFEST}")
        one = parsed[text]
        found += [
            (one, record) for record in one.records
            if catalog.find(record.specification).name == specification.name
        ]  # fmt: skip
    if len(found) != count:
        raise UsageError(
            f"the mapping in {MANIFEST} is not the one that made the batch", "Convert the source again."
        )
    return found
