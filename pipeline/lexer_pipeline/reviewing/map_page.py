"""Step 1: which column is which field."""

from collections.abc import Callable

from nicegui import ui

from lexer_pipeline.reviewing.desk import Desk


async def show_map(desk: Desk, onward: Callable[[], object]) -> None:
    """The columns beside the fields that they fill."""
    if desk.session.needs_mapping:
        ui.label(desk.session.needs_mapping)
        return
    ui.label("Each column has its field already: there is nothing to map.")
    ui.button("Go on to Fix", on_click=onward).props("no-caps")
