"""What is left to do and to say where records of a delivery are at their destination already."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from lexer_pipeline.model import SourceUse
from lexer_pipeline.outbox import deliveries
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.known_sources import note_sources
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.changes import Changes
from lexer_pipeline.preparing.filling import Read
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.place import Place
from lexer_pipeline.preparing.report import Verdict
from lexer_pipeline.preparing.verdicts import NOTHING_NEW, UNCHANGED
from lexer_pipeline.system import files
from lexer_pipeline.system.stores import Folder

FIRST = (
    "nothing was known of what is at this destination, so all of it is sent; the next one is compared with it"
)


def with_new_rejects(
    found: Verdict, place: Place, read: Read, workspace: Workspace, ledger: Ledger
) -> Verdict:
    """The verdict where nothing but rejects came: these are put into a batch of their own, unless they lie beside one already."""
    rejects = [checksum for part in workspace.parts for checksum in part.rejects.values()]
    if found.state != UNCHANGED or not rejects:
        return found
    where = """b.specification = :specification AND b.series = :series
        AND b.state != 'dropped' AND b.asides LIKE '%' || :checksum || '%'"""
    with ledger.transaction() as connection:
        about = {"specification": found.specification, "series": place.series(read.used)}
        if all(deliveries.holds(connection, where, checksum=one, **about) for one in rejects):
            return found
    return replace(found, state=BatchState.REJECTED, reasons=(f"{NOTHING_NEW}, but for what was rejected",))


def with_counts(found: Verdict, changes: Changes, read: Read) -> Verdict:
    """The verdict with what the records are at the destination, where they were compared with it."""
    if changes.standing is None:
        return found
    about = changes.compared
    unchanged = sum(one.unchanged_records for one in read.reports)
    counts = {
        "new": about.new,
        "changed": about.changed,
        "unchanged": unchanged,
        "missing": len(about.missing),
    }
    return replace(found, compared=counts)


def note_unchanged(
    changes: Changes | None, ledger: Ledger, used: Sequence[SourceUse], options: Options
) -> None:
    """Keep that these sources were read, with the newest batch that holds what they say: an old export is not read again after a newer one."""
    if changes is not None and changes.standing is not None and changes.standing.counted:
        with ledger.transaction() as connection:
            note_sources(connection, [changes.standing.counted[-1].batch], used, options.as_json())


def waiting_in(changes: Changes | None, ledger: Ledger) -> tuple[Folder, ...]:
    """The folders of the batches that have not arrived yet, of those with which a delivery was compared."""
    if changes is None or changes.standing is None:
        return ()
    return tuple(ledger.folder_of(one.folder) for one in changes.standing.waiting)


def saying_first(changes: Changes | None, made: Sequence[PreparedBatch]) -> list[PreparedBatch]:
    """The batches, which say that all of it is sent where nothing was known before."""
    is_first = changes is not None and changes.standing is not None and not changes.standing.counted
    if not is_first:
        return list(made)
    return [
        replace(one, note="; ".join(filter(None, (one.note, FIRST)))) if one.made else one for one in made
    ]


def write_missing(options: Options, each: Iterable[Changes | None]) -> None:
    """The hashes of what was sent before and is in no source any more, one a line, into the file that was asked for."""
    if options.list_missing is not None:
        found = [
            f"{one:016x}\n" for some in each if some is not None for one in some.compared.missing.tolist()
        ]
        files.write_whole(options.list_missing, "".join(found).encode())
