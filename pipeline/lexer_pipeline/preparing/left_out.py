"""Which records a mapping makes nothing of, by their keys: another source of the run may say something else of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.preparing.routes import Route
from lexer_pipeline.validating.identities import Identities


def keys_left_out(
    identities: Identities, route: Route[Any, Any], chunk: Records | Documents
) -> Iterator[tuple[UInt64s, Int64s, Sequence[str]]]:
    """For records of a chunk that are left out: the hashes of their keys, 0 where one cannot be read, their lines, and the reasons."""
    if isinstance(chunk, Documents):
        return
    for some in chunk.left_out:
        rows = some.made()
        yield identities.keys_of(route.shape(rows)), rows.lines[rows.firsts], some.reasons
