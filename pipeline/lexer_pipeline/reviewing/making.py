"""The batch at the end of a review: what it would come to, what it is to those before it, and how it is made and sent."""

from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.loading.format import AS_TOLD
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.datasets import dataset_for
from lexer_pipeline.outbox.entry import UNDER_WAY, BatchState, State
from lexer_pipeline.preparing.fixed import FLAGS
from lexer_pipeline.preparing.options import USUAL, Options
from lexer_pipeline.preparing.prepare import prepare, rehearse
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.as_made import as_made as how_made
from lexer_pipeline.reviewing.session import Session
from lexer_pipeline.specs import catalog
from lexer_pipeline.uploading.options import Progress, UploadOptions
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.status import status

FURTHER = (
    "{name} stays as it is. The rows that are fixed now become a further delivery, which is sent after it."
)
WHOLE = "One batch with the records of {name} and the rows that are fixed now takes its place, as the next version."
ANEW = "You changed rows that had been accepted. {name} was never sent, so it is made anew, and the new one takes its place."
CORRECTION = "You changed rows that had been accepted, and {name} was sent already. What you make is its correction: the next version, which Lexer uses in place of the one it has."
ON_ITS_WAY = "{name} is on its way or in doubt, so nothing can take its place yet. End that first: lexer-pipeline upload {path}, or settle it; or undo what you changed in rows that had been accepted."


class Outlook(Struct, frozen=True):
    """What would be made now: what the rows come to, where it goes, what it is to earlier batches, and why it may not be, if so."""

    report: Report
    destinations: tuple[str, ...]
    relation: tuple[str, ...]
    refused: str = ""


def outlook(session: Session) -> Outlook:
    """What would be made now; nothing is."""
    report = _rehearsed(session)
    made = list(dict.fromkeys(one.specification for one in report.verdicts))
    relation, refused = _relation(session, made)
    return Outlook(
        report, tuple(f"{name}: {_destination(session, name)}" for name in made), relation, refused
    )


def changes_accepted(session: Session) -> bool:
    """Whether anything was done to rows of a batch that it had accepted."""
    if session.batch is None or session.editing is None:
        return False
    rejected = {
        (table.source, line)
        for table in session.editing.tables
        if not table.is_suspected
        for line in table.lines.tolist()
    }
    return any(
        (edit.source, line) not in rejected for edit in session.editing.kept.edits for line in edit.lines
    )


def _rehearsed(session: Session) -> Report:
    if session.batch is not None and not changes_accepted(session):
        asked = replace(session.options, edits=session.edits)
        return rehearse(
            session.batch.path, [], session.wanted.out, asked, lambda report, _: report, session.spec
        )
    with session.scratch.folder() as out:
        if session.batch is None and session.edits is not None and session.has_documents:
            asked = replace(session.drafting(out), edits=session.edits)
            return _of_documents(session, asked, out)
        return session.drafted(out, session.edits)


def _relation(session: Session, made: Sequence[str]) -> tuple[tuple[str, ...], str]:
    known = status(session.wanted.out, session.options.ledger)
    if session.batch is None:
        replaced = [f"It takes the place of {word}." for word in _replaced(session)]
        before = [one for one in known if one.specification in made and one.state != BatchState.DROPPED][-3:]
        return tuple(
            replaced or [f"Made before: {one.path}, {one.state.replace('_', ' ')}." for one in before]
        ), ""
    path = session.batch.path
    states = {one.state for one in known if one.path == str(path)}
    told = {"name": path.name, "path": str(path)}
    if not changes_accepted(session):
        is_whole = states & {BatchState.HELD, BatchState.REJECTED}
        return ((WHOLE if is_whole else FURTHER).format(**told),), ""
    if states & {*UNDER_WAY, State.IN_DOUBT}:
        return (), ON_ITS_WAY.format(**told)
    return ((CORRECTION if State.SENT in states else ANEW).format(**told),), ""


def _destination(session: Session, name: str) -> str:
    if session.batch is not None:
        dataset = session.batch.manifest.destination or ""
    else:
        kind = catalog.find(session.spec or name).record_type
        dataset = dataset_for(session.options.datasets, kind)
    return f"dataset {dataset}" if dataset else "no dataset is named, so people at Lexer place the file"


def make(session: Session, accept: Sequence[str] = (), share: float = 0.0) -> Report:
    """Make the batches, as `convert` does; `accept` and `share` are suspicions and rejects that a person agreed to."""
    asked = replace(
        session.options, accept=tuple(dict.fromkeys((*session.options.accept, *accept))),
        max_invalid=max(session.options.max_invalid, ceil(share * 10_000) / 10_000),
    )  # fmt: skip
    report = _made(session, replace(asked, edits=session.edits))
    session.made = report.batches
    if session.batch is not None and report.batches and report.batches[0].made:
        session.turn_to(report.batches[0])
    return report


def _made(session: Session, asked: Options) -> Report:
    out, batch = session.wanted.out, session.batch
    if batch is None:
        if replaced := _replaced(session):
            asked = replace(asked, replaces=replaced, date=None, label=None)
        if session.edits is not None and session.has_documents:
            return _of_documents(session, asked, out)
        return prepare([session.source], session.spec, out, asked, session.runtime)
    if not changes_accepted(session):
        return prepare([], session.spec, out, replace(asked, fix=str(batch.path)), session.runtime)
    with session.scratch.folder() as folder:
        source, spec, as_made = how_made(batch, session.spec, session.options, folder)
        again = replace(
            as_made, edits=asked.edits, accept=tuple(dict.fromkeys((*as_made.accept, *asked.accept))),
            max_invalid=asked.max_invalid, replaces=(str(batch.path),),
        )  # fmt: skip
        return prepare([source], spec, out, again, session.runtime)


def _of_documents(session: Session, asked: Options, out: Path) -> Report:
    """The batches of a source of documents: held first, whose rejects are then fixed.

    A rejected document may be a part of one of the source, or lack what nobody may pass on, so it is not found again there.
    """
    first = replace(asked, edits=None, max_invalid=0.0)
    report = prepare([session.source], session.spec, out, first, session.runtime)
    made = []
    for batch in report.batches:
        if not batch.manifest.rejects:
            made.append(_alone(report, batch))
            continue
        fixing = replace(_of_a_fix(asked), fix=str(batch.path), replaces=(), reading=AS_TOLD)
        made.append(prepare([], None, out, fixing, session.runtime))
    return Report(
        tuple(source for one in made for source in one.sources),
        tuple(batch for one in made for batch in one.batches),
        tuple(verdict for one in made for verdict in one.verdicts),
    )


def _alone(report: Report, batch: PreparedBatch) -> Report:
    """What a report says of one of its batches."""
    name = batch.manifest.specification
    return Report(
        tuple(one for one in report.sources if one.specification == name), (batch,),
        tuple(one for one in report.verdicts if one.specification == name),
    )  # fmt: skip


def _of_a_fix(asked: Options) -> Options:
    """The options without those that a batch keeps for its fixes."""
    kept: dict[str, Any] = {name: USUAL[name] for name in FLAGS if name in USUAL and hasattr(asked, name)}
    return replace(asked, **kept)


def _replaced(session: Session) -> tuple[str, ...]:
    """What the next batches of a source take the place of: what was asked for, or what this review made of it before."""
    return session.options.replaces or tuple(str(one.path) for one in session.made)


def send(session: Session, watch: Callable[[Progress], None] | None = None) -> tuple[Receipt, ...]:
    """Send what was made, as `upload` does, after what waits of its series."""
    ready = waiting(session)
    options = UploadOptions(earlier=True, progress=watch)
    session.sent = upload(ready, session.wanted.out, session.settings, options, session.runtime)
    return session.sent


def waiting(session: Session) -> list[PreparedBatch]:
    """The batches of this review that may be sent."""
    return [one for one in session.made if one.manifest.state == BatchState.PREPARED]
