"""Which records a mapping makes nothing of, by their keys: another source of the run may say something else of them."""

from collections.abc import Iterator, Sequence
from typing import Any

from lexer_pipeline.chunks.results import Shaped
from lexer_pipeline.kernels.arrays import Int64s, UInt64s
from lexer_pipeline.preparing.routes import Route
from lexer_pipeline.validating.identities import Identities


def keys_left_out(
    identities: Identities, route: Route[Any, Any], shaped: Shaped
) -> Iterator[tuple[UInt64s, Int64s, Sequence[str]]]:
    """For records of a chunk that are left out: the hashes of their keys, 0 where one cannot be read, their lines, and the reasons."""
    for some, reasons in route.unmade(shaped):
        yield identities.keys_of(some), some.chunk.lines[some.chunk.firsts], reasons
