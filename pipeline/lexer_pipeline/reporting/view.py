"""What a page says of one delivery, in the order in which somebody asks: what is it, what became of it, what is to be done."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.codes.every import Code, every
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.reporting.page.words import many
from lexer_pipeline.reporting.short_paths import shortened
from lexer_pipeline.reporting.told import IssueFacts, SuspicionFacts, Told
from lexer_pipeline.suspicions import HOLD, ISSUE, SUSPICIONS, WARNING

COMMAND = "lexer-pipeline"
TOO_MANY = "too_many_rejects"
# What a state is to a reader: done, to be looked at, or wrong.
TONES: Mapping[str, str] = MappingProxyType({
    BatchState.PREPARED: "good", BatchState.HELD: "wait", BatchState.REJECTED: "bad", BatchState.SUPERSEDED: "dim", BatchState.DROPPED: "dim",
})  # fmt: skip
NONE = "none"


class Segment(Struct, frozen=True):
    """A part of the bar: how many rows went one way, and what that means."""

    tone: str
    name: str
    rows: int
    meaning: str


class Step(Struct, frozen=True):
    """Something to do: why, and what to type."""

    why: str
    command: str = ""


class Fault(Struct, frozen=True):
    """One kind of issue in whole sentences."""

    facts: IssueFacts
    meaning: str
    remedy: str
    share: float


class Doubt(Struct, frozen=True):
    """A suspicion in whole sentences."""

    facts: SuspicionFacts
    weight: str
    meaning: str
    remedy: str
    effect: str


class View(Struct, frozen=True):
    """One delivery on a page; `name` is that of its batch, empty where none was made to stay."""

    name: str
    manifest: Manifest
    told: Told
    headline: str
    tone: str
    segments: tuple[Segment, ...]
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...]
    doubts: tuple[Doubt, ...]

    @property
    def rows(self) -> int:
        """All rows that came."""
        return sum(one.rows for one in self.segments)


def view_of(name: str, manifest: Manifest, told: Told, is_sent: bool) -> View:
    """A batch, or what would be one, as a page shows it."""
    meanings = {code.name: code for code in every() if code.kind in ("issue", "suspicion")}
    records = manifest.records + manifest.rejected_records
    short = shortened(one.path for one in manifest.sources)
    sources = tuple(replace(one, path=short[one.path]) for one in manifest.sources)
    return View(
        name, replace(manifest, sources=sources), told, _headline(manifest, is_sent), TONES[manifest.state], _segments(manifest, is_sent),
        tuple(_steps(name, manifest, told, is_sent)),
        tuple(_fault(one, meanings, max(records, 1)) for one in told.issues),
        # A report of an earlier version may have codes that there are no more.
        tuple(_doubt(one) for one in told.suspicions if one.code in SUSPICIONS and SUSPICIONS[one.code].weight != ISSUE),
    )  # fmt: skip


def _headline(manifest: Manifest, is_sent: bool) -> str:
    records, total = manifest.records, manifest.records + manifest.rejected_records
    ready = f"{records:,} of {many(total, 'record')}" if records < total else many(records, "record")
    verb = "is" if total == 1 else "are"
    return {
        BatchState.PREPARED: f"{ready} {'was' if total == 1 else 'were'} sent"
        if is_sent
        else f"{ready} {verb} ready to send",
        BatchState.HELD: "Held: nothing is sent until somebody has looked at it",
        BatchState.REJECTED: f"Nothing can be sent: none of {many(total, 'record')} is valid",
        BatchState.SUPERSEDED: "A newer batch has taken the place of this one",
        BatchState.DROPPED: "This batch was taken out of the way",
    }[BatchState(manifest.state)]


def _segments(manifest: Manifest, is_sent: bool) -> tuple[Segment, ...]:
    """Where all rows went; together they are all that came."""
    is_held = manifest.state == BatchState.HELD
    found = [
        Segment(
            "wait" if is_held else "good", "held" if is_held else "sent" if is_sent else "ready", manifest.records,
            "valid, and waiting for a person's word" if is_held else "valid records, written as NDJSON",
        ),
        Segment("more", "further rows", manifest.continuations, "rows that belong to the record of a row before them, as the lines of one order do"),
        Segment("bad", "rejected", manifest.rejected, "rows of records that Lexer would not take as they are; they lie in the file of rejects"),
        *(Segment("out", "left out", count, reason) for reason, count in manifest.skipped.items()),
        Segment("there", "unchanged", manifest.unchanged, "rows of records that were sent before as they are, and are not sent again"),
        Segment("dim", "blank", manifest.blank, "empty lines"),
    ]  # fmt: skip
    return tuple(one for one in found if one.rows)


def _steps(name: str, manifest: Manifest, told: Told, is_sent: bool) -> list[Step]:
    """What to do next, the most urgent first."""
    steps = []
    holding = [one.code for one in told.suspicions if one.holds]
    if manifest.state == BatchState.HELD:
        steps += [Step(f"It is held: {reason}.") for reason in manifest.held_for]
        steps += [
            Step(
                f"Where {code.replace('_', ' ')} is meant, run the same command again with this behind it:",
                f"--accept {code}",
            )
            for code in dict.fromkeys(holding)
        ]
    if manifest.rejects and manifest.state in (BatchState.PREPARED, BatchState.HELD, BatchState.REJECTED):
        files = " and ".join(manifest.rejects)
        fix = f"{COMMAND} convert --fix {name}" if name else f"{COMMAND} convert SOURCE"
        where = (
            f"Correct the rejected rows in {files}, beside this page, then:"
            if name
            else "Correct the rejected rows, then:"
        )
        steps.append(Step(where, fix))
    if name and manifest.state == BatchState.PREPARED and not is_sent:
        steps.append(
            Step("Look at what would be sent, without sending it:", f"{COMMAND} upload {name} --dry-run")
        )
        steps.append(Step("Send what is ready:", f"{COMMAND} upload {name}"))
    return steps


def _fault(one: IssueFacts, meanings: Mapping[str, Code], records: int) -> Fault:
    known = meanings.get(one.code)
    entry = known.entry if known is not None else None
    return Fault(one, entry.meaning if entry else "", entry.remedy if entry else "", one.records / records)


def _doubt(one: SuspicionFacts) -> Doubt:
    known = SUSPICIONS[one.code]
    effect = {
        HOLD: "holds the batch" if one.holds else "would hold a batch; here it is accepted, or too rare to",
        WARNING: "is sent all the same",
    }[known.weight]
    return Doubt(one, known.weight, known.meaning.replace("`", ""), known.remedy.replace("`", ""), effect)
