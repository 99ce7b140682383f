"""`report`: the page on a batch as it lies there, or on what sources would become."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import PurePath

import orjson
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import Source
from lexer_pipeline.model import Json, Manifest, Specification
from lexer_pipeline.outbox.batch import ISSUES, REPORT, read
from lexer_pipeline.outbox.found import RECEIPTS
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.telling import MOST, Fields, with_fields
from lexer_pipeline.reporting import report_page, told
from lexer_pipeline.reporting.told import IssueFacts, Outcome, Told
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.paths import FieldPath
from lexer_pipeline.suspicions import MOST_LINES
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.stores import Folder

# Kinds of issues that are told apart in a file of them: messages may hold names of keys, of which there may be any number.
MOST_KINDS = 1_000


class Page(Struct, frozen=True):
    """A page as HTML, and what it tells: of each specification its manifest and what is told beside."""

    html: bytes
    found: tuple[tuple[Manifest, Told], ...]

    def as_json(self) -> list[Json]:
        """What the page tells as `report --json` prints it."""
        return [{**manifest.as_json(), "report": one.as_json()} for manifest, one in self.found]


def page_on_batch(folder: Folder) -> Page:
    """The page on the batch in a folder as it is now; UsageError where there is none.

    What an earlier version made without a page is looked at again: its records and its issues, as far as they lie there still.
    """
    batch = read(folder)
    found = told.read(folder / REPORT) or _looked_at(folder, batch.manifest, batch.file)
    is_sent = any(folder.glob(RECEIPTS))
    html = report_page.of_batch(folder.resolve().name, batch.manifest, found, is_sent=is_sent)
    return Page(html, ((batch.manifest, found),))


def page_on_sources(
    sources: Sequence[Source], spec: str | Specification | None, options: Options, title: str, runtime: Runtime | None = None
) -> Page:  # fmt: skip
    """The page on what sources would become; nothing of them is kept."""
    with Scratch(options.temp) as scratch, scratch.folder() as out:
        report = prepare(sources, spec, out, replace(options, report=True), runtime)
        pages = ((one.manifest, told.read(one.path / REPORT)) for one in report.batches)
        found = tuple((manifest, beside) for manifest, beside in pages if beside is not None)
    return Page(report_page.of_sources(title, found), found)


def _looked_at(folder: Folder, manifest: Manifest, records: Folder) -> Told:
    """What can still be told of a batch that has no report: its columns are gone with its sources."""
    own = Outcome(
        manifest.specification, manifest.state, manifest.records, manifest.rejected_records, manifest.held_for
    )
    plain = Told(
        (own,),
        _issues(folder / ISSUES),
        conversions=_counted(manifest.conversions),
        warnings=_counted(manifest.warnings),
    )
    return with_fields(plain, Fields(_specification(manifest)), records) if records.is_file() else plain


def _specification(manifest: Manifest) -> Specification | None:
    try:
        return catalog.find(manifest.specification)
    except UsageError:  # a schema of the user's, which may lie anywhere
        return None


def _counted(counts: Mapping[str, int]) -> tuple[tuple[str, str, int], ...]:
    return tuple((name, "", count) for name, count in sorted(counts.items()))


def _issues(file: Folder) -> tuple[IssueFacts, ...]:
    """The commonest issues of a file of issues; each of its lines is one record's."""
    found: dict[tuple[str, str, str], IssueFacts] = {}
    with file.open("rb") if file.is_file() else nullcontext(()) as lines:
        for line in lines:
            one = orjson.loads(line)
            where = one["column"] or str(FieldPath.named(one["path"]).general)
            key = (where, one["code"], one["message"])
            if key not in found and len(found) >= MOST_KINDS:
                continue
            known = found.get(key, IssueFacts(*key[:2], 0, 0, (), key[2]))
            first = (*known.lines, (PurePath(one["source"]).name, one["line"]))[:MOST_LINES]
            found[key] = replace(known, records=known.records + 1, rows=known.rows + 1, lines=first)
    return tuple(sorted(found.values(), key=lambda one: (-one.records, one.field, one.code))[:MOST])
