"""Which lines of the sources made a line of a batch's NDJSON, and what became of a line of a source."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from msgspec import Struct, to_builtins

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json
from lexer_pipeline.outbox import names
from lexer_pipeline.outbox.batch import MANIFEST, TRACE, PreparedBatch, folder_named, read
from lexer_pipeline.outbox.line_packing import BrokenTraceError
from lexer_pipeline.outbox.rejects_read import Reject, lines_in, rejected_up_to, rejects_file
from lexer_pipeline.outbox.trace_file import Origin, TraceFile
from lexer_pipeline.system import stores
from lexer_pipeline.system.stores import Folder

# What became of a line of a source.
SENT, REJECTED, UNCHANGED, NOTHING = "record", "rejected", "unchanged", "nothing"
AGAIN = (
    "Convert its sources again with the same words: the batch stays as it is, and the file is put beside it."
)


class TracedOrigin(Struct, frozen=True):
    """A source of a line of NDJSON, and the `lines` of it on which its rows, or its document, begin.

    Of rows that were mended, `rejects` names the file of rejects and `rejects_lines` where they stood there; of a document that was
    mended nothing else is known, and `lines` is empty.
    """

    source: str
    lines: tuple[int, ...]
    rejects: str = ""
    rejects_lines: tuple[int, ...] = ()


class TracedLine(Struct, frozen=True):
    """A line of NDJSON, and where it comes from; no `origins` where a batch of an earlier version made it."""

    line: int
    origins: tuple[TracedOrigin, ...]


class TracedSourceLine(Struct, frozen=True):
    """A line of a source and what `became` of it: "record", "rejected", "unchanged", or "nothing" where nothing begins on it.

    `lines` are those of the NDJSON of `batch`, `issues` what is wrong with a record that begins there, and `words` the same in words.
    The last row or document up to it begins on the line `begins`, 0 where none does.
    """

    source: str
    line: int
    became: str
    batch: str
    lines: tuple[int, ...]
    begins: int
    issues: tuple[dict[str, Json], ...]
    words: str


class Trace(Struct, frozen=True):
    """What was asked of a batch; `is_purged` says that its NDJSON, its rejects and issues are gone.

    `skipped` counts by reason what a mapping left out.
    """

    batch: str
    file: str
    is_purged: bool
    skipped: dict[str, int]
    lines: tuple[TracedLine, ...]
    source_lines: tuple[TracedSourceLine, ...]

    def as_json(self) -> dict[str, object]:
        """The answer as `trace --json` prints it."""
        told: dict[str, object] = to_builtins(self)
        return told


def trace(
    batch: Folder | str,
    lines: Sequence[int] = (),
    source_lines: Sequence[str] = (),
    *,
    out: Folder | str = "batches",
) -> Trace:
    """Where lines of a batch's NDJSON come from, and what became of lines of its sources, each written `LINE` or `SOURCE:LINE`.

    A batch is its folder, or its name in the folder `out`. Of a delivery of several parts, lines of sources are looked for in all of
    them. UsageError where there is no such batch, line or source, or where nobody noted where its lines come from.
    """
    found = read(folder_named(batch, stores.folder(out)))
    manifest, own = found.manifest, _opened(found)
    for line in lines:
        if not 1 <= line <= own.records:
            what = (
                f"has {own.records:,} line{'s' * (own.records > 1)}"
                if own.records
                else "has no line: no record was valid"
            )
            raise UsageError(
                f"{manifest.file or found.path}: {what}, and no line {line:,}",
                f"Name one from 1 to {own.records:,}."
                if own.records
                else "Look up a line of its source with --source-line.",
            )
    return Trace(
        str(found.path), manifest.file, bool(manifest.file) and not found.file.exists(), dict(manifest.skipped),
        tuple(TracedLine(line, _origins(found, own.origins(line))) for line in lines),
        tuple(_of_source(found, word) for word in source_lines),
    )  # fmt: skip


def _opened(batch: PreparedBatch) -> TraceFile:
    """The file beside a batch; UsageError where it is missing, damaged, or of another NDJSON."""
    path = batch.path / TRACE
    try:
        found = TraceFile(path)
    except FileNotFoundError:
        raise UsageError(
            f"{batch.path}: does not say where its lines come from ({TRACE} is missing), as those of earlier versions",
            AGAIN,
        ) from None
    except BrokenTraceError:
        raise UsageError(
            f"{path}: is cut, was changed, or is of a later version", f"Remove it. {AGAIN}"
        ) from None
    if batch.manifest.file and found.sha256 != batch.manifest.sha256:
        raise UsageError(f"{path}: belongs to another file than {batch.manifest.file}", f"Remove it. {AGAIN}")
    return found


# ----------------------------------------------------------------------------------------------- lines of NDJSON


def _origins(batch: PreparedBatch, origins: Sequence[Origin]) -> tuple[TracedOrigin, ...]:
    return tuple(_origin(batch, one) for one in origins)


def _origin(batch: PreparedBatch, one: Origin) -> TracedOrigin:
    source = batch.manifest.sources[one.source].path
    fixed = _fixed(batch, max(one.fixes, 1))
    rejects = rejects_file(fixed, one.source) if fixed is not None else None
    if one.fixes:
        # Documents that were rejected do not say on which lines they stood.
        return TracedOrigin(source, (), str(rejects or ""), one.lines)
    places = lines_in(rejects, one.lines) if rejects is not None else ()
    return TracedOrigin(source, one.lines, str(rejects) if places else "", places)


def _fixed(batch: PreparedBatch, steps: int) -> PreparedBatch | None:
    """The batch whose rejects a batch mends, so many steps back."""
    found: PreparedBatch | None = batch
    for _ in range(steps):
        if (
            found is None
            or found.manifest.fixes is None
            or not (found.path.parent / found.manifest.fixes / MANIFEST).exists()
        ):
            return None
        found = read(found.path.parent / found.manifest.fixes)
    return found


# ----------------------------------------------------------------------------------------------- lines of sources


def _of_source(batch: PreparedBatch, word: str) -> TracedSourceLine:
    source, line = _asked(batch, word)
    begins, of, lines = 0, batch, tuple[int, ...]()
    reject, rejecting = Reject(0), batch
    for part in _parts(batch):
        numbers = frozenset(number for number, one in enumerate(part.manifest.sources) if one.path == source)
        start, there = _opened(part).at_or_before(numbers, line)
        if start > begins:
            begins, of, lines = start, part, there
        bad = rejected_up_to(part, numbers, line)
        if bad.line > reject.line:
            reject, rejecting = bad, part
    if line not in (begins, reject.line) and (there_already := _unchanged_in(batch, source, line)):
        return TracedSourceLine(source, line, UNCHANGED, str(there_already.path), (), line, (), "")
    if line not in (begins, reject.line):
        is_sent = begins > reject.line
        last = (of, lines, begins) if is_sent else (rejecting, (), reject.line)
        return TracedSourceLine(source, line, NOTHING, str(last[0].path), last[1], last[2], (), "")
    reject = reject if reject.line == line else Reject(0)
    if begins == line:
        return TracedSourceLine(source, line, SENT, str(of.path), lines, line, reject.issues, reject.words)
    return TracedSourceLine(
        source, line, REJECTED, str(rejecting.path), (), line, reject.issues, reject.words
    )


def _unchanged_in(batch: PreparedBatch, source: str, line: int) -> PreparedBatch | None:
    """The part that knows a line of a source for a row of a record that is at the destination already."""
    for part in _parts(batch):
        numbers = frozenset(number for number, one in enumerate(part.manifest.sources) if one.path == source)
        if _opened(part).is_unchanged(numbers, line):
            return part
    return None


def _asked(batch: PreparedBatch, word: str) -> tuple[str, int]:
    """The source and the line that `SOURCE:LINE`, or `LINE` alone, mean."""
    named, _, number = word.rpartition(":")
    if not (number.isascii() and number.isdigit()) or not 1 <= int(number) < 1 << 62:
        raise UsageError(
            f"--source-line {word}: is no line of a source",
            "Write its number, from 1, and before it the source where there are several: --source-line orders.csv:17",
        )
    paths = list(dict.fromkeys(one.path for one in batch.manifest.sources))
    shown = ", ".join(paths[:5]) + (", ..." if len(paths) > 5 else "")
    if not named:
        if len(paths) != 1:
            raise UsageError(
                f"--source-line {word}: the batch has several sources",
                f"Say which: --source-line {paths[0]}:{number}",
            )
        return paths[0], int(number)
    alike = [path for path in paths if path == named] or [
        path for path in paths if PurePath(path).name == named
    ]
    if len(alike) != 1:
        what = "are several sources" if alike else "is no source"
        raise UsageError(f"--source-line {word}: {named} {what} of this batch", f"Its sources are {shown}.")
    return alike[0], int(number)


def _parts(batch: PreparedBatch) -> Iterator[PreparedBatch]:
    """A batch, and the other parts of its delivery that lie beside it."""
    yield batch
    name = names.parse(f"{batch.path.name}.json")
    if not name.part:
        return
    for folder in stores.in_order(batch.path.parent.glob(f"{name.first}_part_*-{name.date}-{name.version}")):
        if folder.name != batch.path.name and (folder / MANIFEST).exists():
            yield read(folder)
