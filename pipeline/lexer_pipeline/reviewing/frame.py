"""The frame of the page: what is reviewed, the three steps, and the way out."""

import asyncio
from pathlib import Path

from nicegui import ui

from lexer_pipeline.reviewing.desk import Desk, careful
from lexer_pipeline.reviewing.fix_page import show_fix
from lexer_pipeline.reviewing.map_page import show_map
from lexer_pipeline.reviewing.prepare_page import show_prepare

MAP, FIX, PREPARE = "1 Map", "2 Fix", "3 Prepare"
CSS = Path(__file__).with_name("page.css").read_text("utf-8")


def show(desk: Desk) -> None:
    """The whole page, at the first step at which something is to be done."""
    ui.add_css(CSS)
    ui.colors(primary="#1d4ed8", positive="#15803d", negative="#b91c1c")
    with ui.element("main").classes("review"):
        with ui.element("div").classes("head"), ui.element("h1"):
            ui.label(f"Review of {desk.session.name}")
        with ui.element("div").classes("bar"):
            ui.button("Done", on_click=lambda: _end(desk)).props("outline no-caps")
            ui.label("What you change is kept at once; you can come back to it later.").classes("quiet")
        with ui.tabs().props("align=left no-caps inline-label aria-label=Steps") as tabs:
            for step in (MAP, FIX, PREPARE):
                ui.tab(step)
        panel = ui.element("div").classes("q-tab-panel")

    async def turn(step: str) -> None:
        panel.clear()
        with panel:
            if step == MAP:
                await show_map(desk, lambda: tabs.set_value(FIX))
            elif step == FIX:
                await show_fix(desk, lambda: tabs.set_value(PREPARE))
            else:
                await show_prepare(desk, lambda: tabs.set_value(FIX))

    async def turned() -> None:
        await turn(str(tabs.value))

    tabs.on_value_change(careful(desk, turned))

    async def begin() -> None:
        if not desk.is_open:
            with panel:
                ui.label("Looking at it ...").props("role=status")
            await desk.do(desk.session.open)
            desk.is_open = desk.session.editing is not None or bool(desk.session.needs_mapping)
        tabs.set_value(_first(desk))

    ui.timer(0, careful(desk, begin), once=True)


def _first(desk: Desk) -> str:
    if desk.session.needs_mapping or desk.session.editing is None:
        return MAP
    return FIX if desk.session.editing.tables else PREPARE


def _end(desk: Desk) -> None:
    """Say good-bye, and stop once the page has heard it."""
    ui.run_javascript(
        "document.getElementById('popup').style.display = 'none'; window.socket.disconnect();"
        "document.querySelector('main').textContent = 'This review has ended, and what you did is kept. You can close this page.'"
    )
    asyncio.get_running_loop().call_later(0.5, desk.end)
