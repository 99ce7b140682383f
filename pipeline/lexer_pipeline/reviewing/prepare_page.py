"""Step 3: what comes out, the batch, and its way to Lexer."""

from collections.abc import Callable

from nicegui import ui

from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.desk import Desk, careful


async def show_prepare(desk: Desk, back: Callable[[], object]) -> None:
    """What would be made now, and the buttons that make and send it."""
    if desk.session.needs_mapping:
        ui.label("Map the columns first.")
        return
    waiting = ui.label("Looking at what comes out ...").props("role=status")
    report = await desk.do(desk.session.rehearsed)
    waiting.delete()
    if report is None:
        ui.button("Go back to Fix", on_click=back).props("outline no-caps")
        return
    _counts(report)
    for one in report.verdicts:
        for reason in one.reasons:
            ui.label(f"{one.specification}: {reason}.")
    place = ui.element("div")

    async def make() -> None:
        done = await desk.do(desk.session.prepare)
        if done is not None:
            place.clear()
            with place:
                _made(desk, done)

    ui.button("Prepare the batch", on_click=careful(desk, make)).props("no-caps")
    ui.button("Go back to Fix", on_click=back).props("outline no-caps")


def _counts(report: Report) -> None:
    for one in report.sources:
        ui.label(
            f"{one.specification}: {one.valid:,} records are ready, {one.invalid:,} rows are rejected still."
        )


def _made(desk: Desk, report: Report) -> None:
    for batch in report.batches:
        ui.label(f"{batch.path}: {batch.manifest.records:,} records, {batch.manifest.state}. {batch.note}")
    if desk.session.may_send and report.batches:

        async def send() -> None:
            receipts = await desk.do(desk.session.send)
            for one in receipts or ():
                ui.label(f"{one.name}: {one.state}. {one.reason}")

        ui.button("Send it to Lexer", on_click=careful(desk, send)).props("no-caps")
