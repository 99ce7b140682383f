"""The header of a rejects file, which says for certain how the file is divided, whatever program saved it last."""

import re

from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.header_finder import LINE_BREAK, Preamble

FIRST, SECOND = (name.encode() for name in BOOKKEEPING)
HEADER = re.compile(
    rb'(?:\A|(?<=[\r\n]))"?' + FIRST + rb'"?([^\w"\r\n])"?' + SECOND + rb'"?(?=\1|[\r\n]|\Z)', re.ASCII
)
# This program writes the names bare, ends each row with LF alone and puts the issues in quotes; others do not do all of that.
BARE = re.compile(FIRST + rb'([^\w"\r\n])' + SECOND + rb"\1")


def above_rejects(start: bytes, name: str) -> Preamble:
    """What stands above the header of a rejects file that begins with `start`; UsageError where it is none."""
    found = HEADER.search(start)
    if found is None:
        raise UsageError(
            f"{name}: does not begin with the columns {' and '.join(BOOKKEEPING)}",
            "Name the rejects file of the batch, or a copy of it that has these columns in front.",
        )
    lines = len(LINE_BREAK.findall(start[: found.start()]))
    return Preamble(found.start(), lines, found[1].decode("ascii"))


def as_written(start: bytes) -> bool:
    """Whether a rejects file lies there as this program wrote it, which is in UTF-8, rows with broken bytes included."""
    bare = BARE.match(start)
    if bare is None:
        return False
    number = rb"\n[0-9]+" + re.escape(bare[1])
    return re.search(rb"[^\r]" + number + b'"', start) is not None and not re.search(number + b'[^"]', start)
