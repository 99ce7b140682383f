"""What is to be made of which source: by a specification, by a mapping, or by what its header looks like."""

import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.fates import Fates
from lexer_pipeline.chunks.rejected import ADDED, BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.named_twice import refuse_copies, refuse_named_twice
from lexer_pipeline.loading.origins import Origin
from lexer_pipeline.loading.source import Loaded, LoadedTable, Source, naming_member
from lexer_pipeline.loading.unchanged import refuse_changed, unchanged
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.mapping import remembered
from lexer_pipeline.mapping.document_source import first_paths, form_of
from lexer_pipeline.mapping.name_words import depends_on_source, records_of
from lexer_pipeline.mapping.recognition import recognise
from lexer_pipeline.mapping.rules import FieldDecisions, Mapping, RecordMap
from lexer_pipeline.model import Specification
from lexer_pipeline.outbox.batch import MANIFEST
from lexer_pipeline.preparing import edits_file
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.edits_file import EditsFile
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.unrecognised import not_recognised, saying_sheet
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder


class Plan(Struct, frozen=True):
    """One pass over one source; `mapping` and `record` are None where the columns are fields already.

    `notes` say why a mapping was taken that nobody asked for. `decided` is what was decided over the source as a whole, of which
    these are some rows. Where they are its rejects, `original` is its name, and `accepted` are those that an earlier fix accepted:
    rows by their lines, documents by their SHA-256. One that `is_further` makes more records of the same kind of a source that
    was read before, so it does not count its blank rows again. `fates` has what was decided of records that other sources of the
    run have too. `edits` are what a person changed in it by hand.
    """

    source: Source
    reading: ReadOptions
    specification: Specification
    mapping: Mapping | None = None
    record: RecordMap | None = None
    notes: tuple[str, ...] = ()
    decided: Decisions | None = None
    original: str = ""
    accepted: frozenset[int | str] = frozenset()
    is_further: bool = False
    fates: Fates | None = None
    edits: EditsFile | None = None

    @property
    def fields_decided(self) -> FieldDecisions:
        """What was decided over the columns of fields before."""
        return self.decided.fields if self.decided is not None else {}

    @property
    def accepted_lines(self) -> frozenset[int]:
        """The lines of rows that an earlier fix accepted."""
        return frozenset(one for one in self.accepted if isinstance(one, int))

    @property
    def accepted_documents(self) -> frozenset[str]:
        """The SHA-256 of documents that an earlier fix accepted."""
        return frozenset(one for one in self.accepted if isinstance(one, str))

    def read_as(self, decided: Decisions) -> "Plan":
        """The pass over some rows of a source on which this was decided."""
        return replace(self, reading=decided.reading, decided=decided)

    def fixing(self, decided: Decisions, original: str, accepted: Collection[int | str] = ()) -> "Plan":
        """The pass over rejects of the source `original`, on which this was decided: a row means what it would mean there.

        The reading of the plan is what a person says of the rejects file itself.
        """
        again = self.read_as(decided.for_rejects(self.reading))
        return replace(again, original=original, accepted=frozenset(accepted))


@contextmanager
def opened(
    plan: Plan, scratch: Scratch, hashing: Hashing | None = None, refuses_rejects: bool = False
) -> Iterator[Loaded]:
    """The source of a plan, opened; SourceError where it changes before the block ends.

    With `refuses_rejects` UsageError where it is a rejects file and nobody fixes it.
    """
    with unchanged(plan.source, None, plan.reading, hashing, scratch) as loaded:
        if refuses_rejects and isinstance(loaded, LoadedTable) and loaded.head.names[:ADDED] == BOOKKEEPING:
            raise _unasked(plan.source, loaded.name)
        edits = plan.edits.of(plan.original or loaded.name) if plan.edits is not None else None
        yield loaded if edits is None else replace(loaded, edits=edits)


def refuse_changes(plans: Sequence[Plan]) -> None:
    """Raise SourceError where a source of a run is not what it was when it was first looked at."""
    for plan in plans:
        refuse_changed(plan.source)


def _unasked(source: Source, name: str) -> UsageError:
    """The command that fixes a batch, with the batch where the file lies in its folder."""
    path = source.path if isinstance(source, Origin) else None
    batch, file = "BATCH", shlex.quote(str(path)) if path else "FILE"
    if path is not None and (path.parent / MANIFEST).is_file():
        batch = shlex.quote(str(path.parent))
    return UsageError(
        f"{name}: holds what a batch rejected, which is read as that batch was",
        f"Run: lexer-pipeline convert --fix {batch} {file}",
    )


@contextmanager
def planned(
    sources: Sequence[Source], spec: str | Specification | None, options: Options, scratch: Scratch, out: Folder | None = None
) -> Iterator[list[Plan]]:  # fmt: skip
    """The passes to be made, in order; their sources are open until the block ends, and may not change until then.

    With a mapping a source may feed several specifications. `out` is the folder that remembers which mapping was used for which
    header.
    """
    specification = catalog.find(spec) if isinstance(spec, str) else spec
    chosen = mapping.find(options.mapping) if options.mapping else None
    plain = specification if chosen is None else None
    edits = edits_file.read(options.edits) if options.edits is not None else None
    is_read_again = plain is None or options.changed
    with opened_sources(sources, options.stdin, scratch, is_read_again, options.network) as opened:
        found = expand(opened, options.member)
        refuse_named_twice(found)
        if plain is None:
            plans = _with_mappings(found, specification, chosen, options.reading, scratch, out)
        else:
            refuse_copies(found)
            plans = [Plan(source, options.reading, plain) for source in found]
        yield plans if edits is None else [_edited(plan, edits) for plan in plans]


def _edited(plan: Plan, edits: EditsFile) -> Plan:
    """The plan with what a person changed in its source; UsageError where that would not be found there."""
    names = plan.mapping.secret if plan.mapping is not None else ()
    is_in_part = bool(names) or (plan.record is not None and bool(plan.record.each))
    if is_in_part and any(one.document for one in edits.edits):
        # What was rejected then is an item of a document, or lacks what is secret, and has another checksum than its source.
        raise UsageError(
            f"{edits.path}: was changed in rejects that are a part of their documents, so it cannot be put into {plan.source}",
            f"Go on on the page, which knows them: lexer-pipeline review {plan.source}",
        )
    return replace(plan, edits=edits)


def _with_mappings(
    sources: Sequence[Source], specification: Specification | None, chosen: Mapping | None, reading: ReadOptions,
    scratch: Scratch, out: Folder | None,
) -> list[Plan]:  # fmt: skip
    plans: list[Plan] = []
    alike: list[Source] = []
    for source in sources:
        with naming_member(source):
            found, notes = (chosen, ()) if chosen else _recognised(source, reading, scratch, out)
        if found.refuse:
            raise UsageError(f"{found.title}: cannot be converted: {found.refuse}")
        records = [record for record in found.records if _is_wanted(record, specification)]
        if specification is not None and not records:
            raise UsageError(
                f"the mapping {found.name} makes no {specification.name}",
                "Leave out --spec.",
                without=("--spec",),
            )
        read_as = replace(reading, sheet=reading.sheet or found.sheet)
        if any(depends_on_source(record) for record in records):
            with unchanged(source, None, read_as, scratch=scratch) as loaded:
                names = _names(loaded, found)
            records = records_of(records, names, loaded.name)
        seen: set[str] = set()
        for record in records:
            made = catalog.find(record.specification)
            plans.append(Plan(source, read_as, made, found, record, notes, is_further=made.name in seen))
            seen.add(made.name)
        # What the name of a file says may be all that two of them differ in.
        alike += [] if any(rule.filename for one in found.records for rule in one.fields) else [source]
    refuse_copies(alike)
    return plans


def _names(loaded: Loaded, mapping: Mapping | None) -> Sequence[str]:
    """The columns of a source, or the paths of its first documents as a mapping reads them."""
    if isinstance(loaded, LoadedTable):
        return loaded.head.names
    return [one.name for one in first_paths(loaded, form_of(mapping)).paths]


def _is_wanted(record: RecordMap, specification: Specification | None) -> bool:
    return specification is None or catalog.find(record.specification).name == specification.name


def _recognised(
    source: Source, reading: ReadOptions, scratch: Scratch, out: Folder | None
) -> tuple[Mapping, tuple[str, ...]]:
    """The mapping that was used for this header before, or the preset that it surely is."""
    with unchanged(source, None, reading, scratch=scratch) as loaded:
        called, names, is_table = loaded.name, _names(loaded, None), isinstance(loaded, LoadedTable)
    known = remembered.recall(out, names) if out is not None and is_table else None
    if known is not None and not known.trouble:
        return mapping.read(known.path), (f"{known.path} was used for this header before, and is used again",)
    gone = (
        f"{known.path} was used for this header before, but it {known.trouble}" if known is not None else ""
    )
    found = recognise(names, not is_table)
    if found.sure is None:
        problem = not_recognised(source, called, found, gone)
        problem.names = names if is_table else ()
        raise saying_sheet(problem, loaded)
    return found.sure, ((gone,) if gone else ())
