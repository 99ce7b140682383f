"""The page on a batch, and on what a source would become."""

from collections.abc import Sequence

from msgspec.structs import replace

from lexer_pipeline.model import Manifest
from lexer_pipeline.reporting.page import document
from lexer_pipeline.reporting.told import Told
from lexer_pipeline.reporting.view import view_of


def of_batch(name: str, manifest: Manifest, told: Told, *, is_sent: bool = False) -> bytes:
    """The page on one batch, as HTML."""
    return document.page(f"Report on {name}", [view_of(name, manifest, told, is_sent)])


def of_sources(title: str, found: Sequence[tuple[Manifest, Told]]) -> bytes:
    """The page on what sources would become, as HTML: one part for each specification."""
    # What is the same for all of them is said once: the whole run at the beginning, the columns at the end.
    views = [
        view_of(
            "",
            manifest,
            replace(
                told,
                outcomes=() if number else told.outcomes,
                columns=told.columns if number == len(found) - 1 else (),
            ),
            False,
        )
        for number, (manifest, told) in enumerate(found)
    ]
    return document.page(title, views)
