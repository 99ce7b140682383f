"""Parts that several processes wrote, put together where one alone would be too little to be sent."""

import os
import shutil
from collections.abc import Iterator, Sequence

from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.outbox.trace_file import TraceFile
from lexer_pipeline.system import files

# So much is copied to be one part: a small share of what makes it worth while to have it written by several.
MOST = 64 << 20
COUNTED = ("counts", "issues", "warnings", "conversions", "skipped", "source_rows")


def joined(parts: Sequence[Part], most: int = MOST) -> Iterator[Part]:
    """The same records, rejects and counts in fewer parts: neighbours of no more than so many bytes together, and none without a record beside others."""
    group: list[Part] = []
    for part in parts:
        has_records = part.counts["records"] and any(one.counts["records"] for one in group)
        if group and has_records and sum(one.size for one in group) + part.size > most:
            yield _one(group)
            group = []
        group.append(part)
    if group:
        yield _one(group)


def _one(group: Sequence[Part]) -> Part:
    """Sealed parts as the first of them, which then is sealed again."""
    first, *further = group
    for part in further:
        for name, head in {DATA: 0, **{aside: part.heads[aside] for aside in part.asides}}.items():
            _append(first, part, name, head)
        part.trace.close(part.sha256)
        first.trace.take_over(TraceFile(part.trace.path), part.counts["records"])
        for name in COUNTED:
            getattr(first, name).update(getattr(part, name))
        first.size += part.size
        first.heads = {**part.heads, **first.heads}
        shutil.rmtree(part.folder)
    if further:
        first.sha256 = files.sha256_of(first.folder / DATA)
        first.asides = {name: files.sha256_of(first.folder / name) for name in first.heads if name != DATA}
    return first


def _append(first: Part, part: Part, name: str, head: int) -> None:
    """Add a file of a part behind that of the first one, which may begin with the same head already."""
    with (
        (part.folder / name).open("rb") as more,
        os.fdopen(files.open_to_append(first.folder / name), "ab") as file,
    ):
        more.seek(head if name in first.heads else 0)
        shutil.copyfileobj(more, file, 1 << 20)
        file.flush()
        files.sync_data(file.fileno())
