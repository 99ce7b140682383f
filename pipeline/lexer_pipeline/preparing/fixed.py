"""A batch whose rejects are fixed: what it is, how it was made, and which of its rejects come now."""

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping.rules import Mapping as Mapped
from lexer_pipeline.mapping.rules import RecordMap
from lexer_pipeline.model import Json, Manifest, Specification
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import (
    MANIFEST,
    PreparedBatch,
    as_named,
    at_hand,
    folder_named,
    no_batch,
    read,
)
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.entry import BatchEntry, BatchState
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.preparing import decisions, edits_file, options
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.edits_file import EditsFile
from lexer_pipeline.preparing.options import USUAL, Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.preparing.rejects_files import parts_with_rejects
from lexer_pipeline.specs import catalog
from lexer_pipeline.suspicions import ISSUE, Sighting, from_json
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder

# What may be asked of a fix; the rest is as the batch was made.
OF_A_FIX = ("max_invalid", "max_bytes", "min_rows", "accept")
FLAGS: Mapping[str, str] = {
    "mapping": "--map", "date_format": "--date-format", "zone": "--timezone", "country": "--country", "reject_unknown": "--unknown",
    "ignore_unknown": "--ignore-unknown", "keep_rest": "--keep-rest", "label": "--label", "replaces": "--replaces", "header_row": "--header-row",
    "delimiter": "the delimiter", "member": "--member",
}  # fmt: skip


class Fixed(Struct, frozen=True):
    """The batch whose rejects are fixed, as the ledger and its manifest know it.

    `parts` are the batches whose rejects come, with their numbers of sources and files: the whole delivery where it is one that
    `is_taken_over`, its records included. `options` are those that it was made with, and what may be asked of a fix. `records` is
    against how many rejects are measured, `accepted` has the rows that earlier fixes accepted, by source, of which `noted` were ever
    noted, and `made_before` are the files that hold what was accepted. `edits` are what a person changed in the rejects by hand.
    """

    entry: BatchEntry
    parts: tuple[tuple[PreparedBatch, tuple[tuple[int, Source], ...]], ...]
    is_taken_over: bool
    specification: Specification
    decisions: tuple[Decisions, ...]
    options: Options
    kept_options: Mapping[str, Json]
    records: int
    accepted: Mapping[int, frozenset[int | str]]
    noted: int
    made_before: tuple[Folder, ...]
    edits: EditsFile | None

    @property
    def came(self) -> float:
        """How many rows came, for a batch that may be held since they are few; a further delivery never is."""
        if not self.is_taken_over or self.entry.fixes is not None:
            return inf
        manifests = [batch.manifest for batch, _ in self.parts]
        return sum(one.rows + sum(one.skipped.values()) for one in manifests)

    @property
    def suspicions(self) -> tuple[Sighting, ...]:
        """What was suspicious of the records that are taken over; of rejected ones it is asked anew."""
        if not self.is_taken_over:
            return ()
        return tuple(one for one in from_json(self.manifest.suspicions) if one.suspicion.weight != ISSUE)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the batch, or of the first part of its delivery."""
        return self.parts[0][0].manifest

    def plans(self, batch: PreparedBatch, files: Sequence[tuple[int, Source]]) -> list[tuple[int, Plan]]:
        """The passes over the rejects of one batch, by the number of their source."""
        made = []
        mapped = _passes(batch.manifest, self.specification, [one.record for one in self.decisions])
        sources = batch.manifest.sources
        for number, file in files:
            found, record = mapped[number]
            plan = Plan(file, self.options.reading, self.specification, found, record, edits=self.edits)
            accepted = self.accepted.get(number, frozenset())
            made.append((number, plan.fixing(self.decisions[number], sources[number].path, accepted)))
        return made


def fixed_batch(
    sources: Sequence[Source],
    spec: str | Specification | None,
    ledger: Ledger,
    asked: Options,
    out: Folder,
    scratch: Scratch,
) -> Fixed:
    """The batch that `asked.fix` names; UsageError where it cannot be fixed, or the rest of what is asked says otherwise."""
    _refuse_other_ways(asked)
    word = asked.fix or ""
    folder = folder_named(word, out)
    with ledger.transaction() as connection:
        one = deliveries.in_folder(connection, ledger.text_of(folder))
        if one is None or not one.specification:
            raise no_batch(word, folder, f"--fix {word}: there is no such batch")
        _refuse_out_of_the_way(connection, one)
        is_taken_over = one.state in (BatchState.HELD, BatchState.REJECTED)
        meant = deliveries.parts_of(connection, one.delivery) if is_taken_over else [one]
        family = deliveries.family(connection, one)
        accepted: dict[int, set[int | str]] = {}
        for number, row in deliveries.accepted_rows(connection, one):
            accepted.setdefault(number, set()).add(int(row) if row.isdigit() and len(row) < 64 else row)
        noted = deliveries.rows_noted(connection, one)
    _refuse_purged(word, family)
    if any(not ledger.folder_of(part.folder).is_dir() for part in meant):
        raise UsageError(
            f"--fix {word}: its folder is gone, and its rejects with it",
            "Convert its source again; what was not sent is made anew under the same name.",
        )
    lying = [read(as_named(ledger.folder_of(part.folder), out)) for part in meant]
    batches = [
        at_hand(part, scratch.kept_folder(), with_records=is_taken_over)
        if isinstance(part.path, StorePath)
        else part
        for part in lying
    ]
    own = next(each.on_disk for each in batches if each.path.name == folder.name)
    manifest = batches[0].manifest
    if len(manifest.decisions) != len(manifest.sources) or not manifest.decisions:
        raise UsageError(
            f"{folder}: was made by a version that did not keep how its source was read, so its rejects cannot be fixed",
            f"Fix the rows in its source, and convert that with --replaces {word}.",
        )
    where = str(folder / MANIFEST)
    specification = _specification(manifest, spec)
    kept = options.from_json(manifest.options, where)
    return Fixed(
        one, parts_with_rejects(batches, sources, own), is_taken_over, specification, decisions.from_json(manifest.decisions, where),
        _as_made(kept, asked), _kept_options(manifest, asked), _records(family, one, batches, ledger, is_taken_over),
        {number: frozenset(rows) for number, rows in accepted.items()}, noted,
        tuple(ledger.folder_of(each.folder) / each.file for each in family
              if each.state in (BatchState.PREPARED, BatchState.HELD) and each.file),
        _edits(own, asked),
    )  # fmt: skip


def _edits(folder: Path, asked: Options) -> EditsFile | None:
    """What was changed by hand in the rejects: the file that was named, or the one in the folder of the batch."""
    path = asked.edits or folder / edits_file.FILE
    return edits_file.read(path) if asked.edits is not None or path.is_file() else None


def _refuse_other_ways(asked: Options) -> None:
    said = {name: getattr(asked, name) for name in USUAL if name in Options.__struct_fields__}
    said |= {"header_row": asked.reading.header_row, "delimiter": asked.reading.delimiter}
    other = [flag for name, flag in FLAGS.items() if name in said and said[name] != USUAL[name]]
    other += ["--replaces"] if asked.replaces else []
    if other:
        raise UsageError(
            f"{', '.join(other)} beside --fix: rejects are read as their batch was",
            f"Leave out {', '.join(other)}.",
            without=other,
        )


def _refuse_out_of_the_way(connection: Connection, one: BatchEntry) -> None:
    name = Path(one.folder).name
    correction = deliveries.correction_of(connection, one) or deliveries.taken_over_by(connection, one)
    if one.state == BatchState.DROPPED:
        raise UsageError(f"{name}: was dropped", "Convert its source again.")
    if one.state == BatchState.SUPERSEDED or correction is not None:
        place = Path(correction.folder).name if correction is not None else "another batch"
        raise UsageError(f"{name}: {place} took its place", f"lexer-pipeline convert --fix {place}")


def _refuse_purged(word: str, family: Sequence[BatchEntry]) -> None:
    """UsageError where what was accepted before is no longer there: half an order would take the place of a whole one."""
    if any(one.purged_at and one.state != BatchState.DROPPED for one in family):
        raise UsageError(
            f"--fix {word}: data of it, or of what it fixes, was purged, so its rejects cannot be fixed any more",
            f"Fix the rows in its source, and convert that with --replaces {word}.",
        )


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
            without=("--spec",),
        )
    return said


def _as_made(kept: Options, asked: Options) -> Options:
    """The options that the batch was made with, and of this run what may be asked of a fix."""
    said = {name: getattr(asked, name) for name in OF_A_FIX if getattr(asked, name) != USUAL[name]}
    return replace(
        asked, **said, mapping=kept.mapping, date_format=kept.date_format, zone=kept.zone, country=kept.country,
        reject_unknown=kept.reject_unknown, ignore_unknown=kept.ignore_unknown, keep_rest=kept.keep_rest, label=kept.label,
        **{name: getattr(kept, name) for name in OF_A_FIX if name not in said},
    )  # fmt: skip


def _kept_options(manifest: Manifest, asked: Options) -> Mapping[str, Json]:
    said = {name: getattr(asked, name) for name in OF_A_FIX if getattr(asked, name) != USUAL[name]}
    return dict(sorted({**manifest.options, **said}.items()))


def _records(
    family: Sequence[BatchEntry],
    one: BatchEntry,
    batches: Sequence[PreparedBatch],
    ledger: Ledger,
    is_taken_over: bool,
) -> int:
    """The records, rejected ones included, of the batch with which a chain of fixes began, as far as its manifest is there still."""
    records = sum(_records_of(batch.manifest) for batch in batches)
    by_id = {each.id: each for each in family}
    if is_taken_over and one.fixes is None:
        return records
    while one.fixes is not None and one.fixes in by_id:
        one = by_id[one.fixes]
    try:
        return _records_of(read(ledger.folder_of(one.folder)).manifest)
    except UsageError:
        return records


def _records_of(manifest: Manifest) -> int:
    """Of manifests that do not count rejected records the rejected rows."""
    return manifest.records + (manifest.rejected_records or manifest.rejected)


def _passes(
    manifest: Manifest, specification: Specification, numbers: Sequence[int | None]
) -> list[tuple[Mapped | None, RecordMap | None]]:
    """For each pass that made the batch its mapping and the record in it.

    A mapping may make several of one specification: then the `numbers` of the records are known, or each source passed through all.
    """
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
        records = [record for record in parsed[text].records if _makes(record, specification)]
        number = numbers[len(found)]
        if number is not None:
            records = [record for record in parsed[text].records[number : number + 1] if record in records]
        if not records:
            break
        found += [(parsed[text], record) for record in records]
    if len(found) != count:
        raise UsageError(
            f"the mapping in {MANIFEST} is not the one that made the batch", "Convert the source again."
        )
    return found


def _makes(record: RecordMap, specification: Specification) -> bool:
    """Whether a record of a mapping is one of this specification; a schema file of one's own may lie elsewhere by now."""
    path = Path(record.specification)
    if path.suffix:
        return path.stem == specification.name
    return catalog.find(record.specification).name == specification.name
