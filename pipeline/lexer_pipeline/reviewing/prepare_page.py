"""Step 3: what comes out, the batch, and its way to Lexer."""

from collections.abc import Callable

from nicegui import ui

from lexer_pipeline.inspecting.column_profile import many
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.outbox.trace import trace
from lexer_pipeline.outbox.trace_words import in_words
from lexer_pipeline.preparing.report import Report, Verdict
from lexer_pipeline.reviewing.desk import Desk, careful
from lexer_pipeline.reviewing.making import Outlook, make, outlook, send, waiting
from lexer_pipeline.suspicions import SUSPICIONS

STATES = {
    BatchState.PREPARED: "ready to be sent", BatchState.HELD: "held back, and not sent",
    BatchState.REJECTED: "no record of it is valid yet",
}  # fmt: skip


async def show_prepare(desk: Desk, back: Callable[[], object]) -> None:
    """What would be made now, and the buttons that make and send it."""
    if desk.session.editing is None:
        ui.label("Map the columns first: step 1.")
        return
    page = _PreparePage(desk, back)
    await page.build()


class _PreparePage:
    """The outlook, what a person agrees to, and what was made."""

    def __init__(self, desk: Desk, back: Callable[[], object]) -> None:
        self.desk = desk
        self.back = back
        self.accepted: dict[str, ui.checkbox] = {}
        self.without: ui.checkbox | None = None
        self.share = 0.0

    async def build(self) -> None:
        """What would be made now."""
        waiting_words = ui.label("Looking at what comes out ...").props("role=status")
        found = await self.desk.do(lambda: outlook(self.desk.session))
        waiting_words.delete()
        if found is not None:
            self._counts(found.report)
            self._place(found)
            for one in found.report.verdicts:
                self._held(one)
        with ui.element("div").classes("bar"):
            if found is not None and not found.refused:
                ui.button("Prepare the batch", on_click=careful(self.desk, self._make)).props("no-caps")
            ui.button("Go back to Fix", on_click=self.back).props("outline no-caps")
        self.result = ui.element("div").classes("result").props("role=status aria-live=polite")
        if self.desk.session.batch is not None:
            self._trace(self.desk.session.batch)

    def _counts(self, report: Report) -> None:
        with ui.element("div").classes("wide"), ui.element("table"):
            with ui.element("tr"):
                for title in ("What", "Records ready", "Rejected still", "Left out"):
                    with ui.element("th"):
                        ui.label(title)
            for one in report.sources:
                with ui.element("tr"):
                    cells = (one.specification, one.valid, one.invalid_records, sum(one.skipped.values()))
                    for value in cells:
                        with ui.element("td"):
                            ui.label(value if isinstance(value, str) else f"{value:,}")

    def _place(self, found: Outlook) -> None:
        for words in (*found.destinations, *found.relation):
            ui.label(words)
        if found.refused:
            ui.label(found.refused).classes("title").props("role=alert")

    def _held(self, one: Verdict) -> None:
        """Why a batch would be held, each with a box for whoever means it so."""
        if one.state == BatchState.REJECTED:
            ui.label(f"{one.specification}: no record is valid yet, so nothing can be sent.").classes("title")
            return
        if one.state != BatchState.HELD:
            return
        ui.label(
            f"{one.specification} would be held back. Look at each reason; tick what is meant so."
        ).classes("title")
        if one.share:
            self.share = max(self.share, one.share)
            allowed = self.desk.session.options.max_invalid
            words = f"{one.share:.1%} of the records are rejected, more than {allowed:.0%}. Deliver the others without them."
            self.without = ui.checkbox(words)
        for code in one.codes:
            kind = SUSPICIONS[code]
            self.accepted[code] = ui.checkbox(
                f"{kind.meaning} ({code}). It is meant so; else: {kind.remedy}."
            )
        beside = len(one.reasons) - len(one.codes) - bool(one.share)
        for reason in one.reasons[bool(one.share) : bool(one.share) + max(beside, 0)]:
            ui.label(f"{reason}.")

    async def _make(self) -> None:
        codes = [code for code, box in self.accepted.items() if box.value]
        share = self.share if self.without is not None and self.without.value else 0.0
        session = self.desk.session
        report = await self.desk.do(lambda: make(session, codes, share))
        if report is None:
            return
        self.result.clear()
        with self.result:
            for batch in report.batches:
                manifest = batch.manifest
                state = STATES.get(BatchState(manifest.state), manifest.state)
                ui.label(f"{batch.path.name}: {many(manifest.records, 'record')}, {state}.").classes("title")
                ui.label(f"It lies in {batch.path}. {batch.note}".rstrip())
                self._trace(batch)
            if not report.batches:
                ui.label("There is nothing to make a batch of.")
            self._way_on()

    def _trace(self, batch: PreparedBatch) -> None:
        """Where a line of the batch's file comes from, since the logs at Lexer speak of those lines."""
        if not batch.manifest.file:
            return
        with ui.element("div").classes("bar"):
            line = ui.number("A line that Lexer's logs name", min=1, precision=0, format="%d").classes("w-64")
            asking = ui.button("Where is it from?").props("outline no-caps")
            said = ui.label().props("role=status")

        async def look() -> None:
            found = await self.desk.do(lambda: trace(batch.path.resolve(), [int(line.value or 1)]))
            said.text = in_words(found.lines[0]) if found is not None else ""

        asking.on_click(careful(self.desk, look))

    def _way_on(self) -> None:
        """To Lexer, where somebody may send from here, or the command for whoever does."""
        ready = waiting(self.desk.session)
        if not ready:
            return
        if self.desk.session.settings.token is None:
            ui.label("There is no token here. Whoever has one sends it with:")
            ui.label(f"lexer-pipeline upload {' '.join(str(one.path) for one in ready)}").classes("pre")
            return
        button = ui.button("Send to Lexer").props("no-caps")

        async def sending() -> None:
            button.disable()
            receipts = await self.desk.do(lambda: send(self.desk.session))
            for one in receipts or ():
                ui.label(f"{one.name}: {one.state.replace('_', ' ')}. {one.reason} {one.hint}".rstrip())
            button.set_enabled(receipts is None)

        button.on_click(careful(self.desk, sending))
