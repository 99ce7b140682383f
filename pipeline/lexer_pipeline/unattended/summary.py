"""What people are told of a run where nobody looked on: made of what its log says, so counts, codes and paths, and no value."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct

from lexer_pipeline.outbox.batch import PAGE
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.system import stores
from lexer_pipeline.uploading import next_steps

FAILURE, HELD, SUCCESS = "failure", "held", "success"
# How a run ended, by what `on` of [notify] calls it.
WORDS = {FAILURE: "failed", HELD: "held", SUCCESS: "done"}
TO_BE_FIXED = (BatchState.HELD, BatchState.REJECTED)
MOST_REPORTS = 5
MOST = 15  # lines of a kind: what is told goes to telephones too


class Summary(Struct, frozen=True):
    """A title of one line and a text of some; `end` is failure, held or success."""

    end: str
    title: str
    text: str


def end_of(code: int) -> str:
    """What an exit code is for people who are told: held is what a person looks at in the morning."""
    return {0: SUCCESS, 1: HELD}.get(code, FAILURE)


def summary(job: str, code: int, events: Sequence[Mapping[str, Any]], where: str) -> Summary:
    """What a run came to; `events` are those of its log, `where` is the machine and folder."""
    end = end_of(code)
    lines = [
        f"{where}: lexer-pipeline run {job} ended with exit code {code}.",
        *_some(_sent(events)),
        *_some(_others(events)),
        *_some(_trouble(events)),
    ]
    if code:
        lines.append(
            f"What that means: lexer-pipeline explain {code}. What lies there: lexer-pipeline status"
        )
    return Summary(end, f"lexer-pipeline: {job} {WORDS[end]}", "\n".join(lines))


def reports(events: Sequence[Mapping[str, Any]]) -> list[Path]:
    """The pages of the batches of a run that lie on this machine, some at the most."""
    found = (stores.folder(one["path"]) / PAGE for one in _of(events, "batch"))
    return [path for path in found if isinstance(path, Path) and path.is_file()][:MOST_REPORTS]


def _some(lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    yield from found[:MOST]
    if len(found) > MOST:
        yield f"... and {len(found) - MOST:,} more lines of this kind"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _of(events: Iterable[Mapping[str, Any]], *names: str) -> Iterator[Mapping[str, Any]]:
    return (one for one in events if one["event"] in names)


def _sent(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The uploads, with what was counted where this run made the batch."""
    made = {PurePath(one["path"]).name: one for one in _of(events, "batch")}
    for one in _of(events, "upload"):
        batch = made.get(PurePath(one["batch"]).name)
        records = f", {_many(one['records'], 'record')}" if one["records"] is not None else ""
        rejected = f", {_many(batch['rejected'], 'row')} rejected" if batch and batch["rejected"] else ""
        where = f"dataset {one['dataset']}" if one["dataset"] else "no dataset"
        reason = f": {one['reason']}" if one["reason"] else ""
        yield f"{one['state']}: {one['name'] or one['batch']}{records}{rejected}, {where}{reason}"
        if one["hint"]:
            yield f"  {one['hint']}"


def _others(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What was held or rejected, and files of which nothing was made now."""
    last: dict[str, Mapping[str, Any]] = {}  # each file has its batches before its verdicts
    for one in _of(events, "batch", "not_prepared"):
        if one["event"] == "batch":
            last[one["specification"]] = one
            continue
        yield f"{one['state']}: {one['specification']}: {'; '.join(one['reasons'])}"
        batch = last.get(one["specification"])
        if batch and batch["state"] in TO_BE_FIXED:
            yield f"  {next_steps.after(batch['state'], stores.folder(batch['path']))}"
            yield from (f"  A page to look at: {page}" for page in reports([batch]))
    for one in _of(events, "files"):
        if not one["new"] and not one["missing"]:
            yield "No file is new."
        yield from (f"No file is there for {path}." for path in one["missing"])


def _trouble(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in _of(events, "error"):
        yield f"error: {one['message']}"
        if one["hint"]:
            yield f"  {one['hint']}"
