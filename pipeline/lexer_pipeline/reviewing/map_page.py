"""Step 1: which column is which field."""

from collections.abc import Callable

from nicegui import ui

from lexer_pipeline.inspecting.column_profile import many
from lexer_pipeline.reviewing.desk import Desk, careful
from lexer_pipeline.reviewing.mapping_step import MappingStep, candidates
from lexer_pipeline.specs import catalog

LEFT_OUT = ""


async def show_map(desk: Desk, onward: Callable[[], object]) -> None:
    """The columns beside the fields that they fill, or a word on why there is nothing to map."""
    session = desk.session
    if session.batch is not None:
        ui.label("A batch keeps the mapping that it was made with: there is nothing to map.")
        ui.button("Go on to Fix", on_click=onward).props("no-caps")
        return
    page = _MapPage(desk, onward)
    if session.needs_mapping:
        ui.label(session.needs_mapping)
        await page.build()
        return
    how = (
        f"The columns are mapped by {session.mapped_by}."
        if session.mapped_by
        else "The columns are known already."
    )
    ui.label(f"{how} There is nothing to map.")
    bar, place = ui.element("div").classes("bar"), ui.element("div").style("width: 100%")

    async def anew() -> None:
        bar.visible = False
        with place:
            await page.build()

    with bar:
        ui.button("Go on to Fix", on_click=onward).props("no-caps")
        ui.button("Map the columns anew", on_click=careful(desk, anew)).props("outline no-caps")


class _MapPage:
    """The draft of a mapping, column by column."""

    def __init__(self, desk: Desk, onward: Callable[[], object]) -> None:
        self.desk = desk
        self.onward = onward
        self.step: MappingStep | None = None

    async def build(self) -> None:
        """Ask what the records are, and draft."""
        place = ui.element("div").style("width: 100%")
        with place:
            waiting = ui.label("Looking at the columns ...").props("role=status")
        names = await self.desk.do(lambda: candidates(self.desk.session)) or catalog.names()
        waiting.delete()
        chosen = catalog.find(self.desk.session.spec).name if self.desk.session.spec else names[0]
        with place:
            words = {name: f"{catalog.find(name).title} ({name})" for name in names}
            choice = ui.select(words, value=chosen, label="What each row is about").classes("w-full max-w-xl")
            self.body = ui.element("div").style("width: 100%")

        async def draft() -> None:
            await self._draft(str(choice.value))

        choice.on_value_change(careful(self.desk, draft))
        await self._draft(str(chosen))

    async def _draft(self, spec: str) -> None:
        self.body.clear()
        self.step = await self.desk.do(lambda: MappingStep(self.desk.session, spec))
        self._show()

    def _show(self) -> None:
        step = self.step
        self.body.clear()
        if step is None:
            return
        with self.body:
            self._missing(step)
            with ui.element("div").classes("columns"):
                for row in step.columns():
                    self._column(step, row.column)
            if step.constants():
                ui.label("The same in every record").classes("title")
                for one in step.constants():
                    self._constant(step, one.field, one.constant or "")
            for question in step.questions():
                ui.label(f"Look at this: {question}").classes("quiet")
            with ui.element("div").classes("bar"):
                ui.button("Show what comes out", on_click=careful(self.desk, self._preview)).props(
                    "outline no-caps"
                )
                ui.button("Use this mapping", on_click=careful(self.desk, self._use)).props("no-caps")
            self.preview = ui.element("div").props("role=status").style("width: 100%")

    def _missing(self, step: MappingStep) -> None:
        missing = step.missing()
        if not missing:
            ui.label("Every field that is required has a column.")
            return
        ui.label("Still missing: give each of these a column below, or one word for all records.").classes(
            "title"
        )
        for field in missing:
            self._constant(step, field, "")

    def _constant(self, step: MappingStep, field: str, text: str) -> None:
        rule = step.rule(field)
        words = rule.partition("one of: ")[2].partition(";")[0]
        with ui.element("div").classes("bar"):
            given: ui.select | ui.input
            if words:
                given = ui.select(
                    ["", *(one.strip() for one in words.split(","))],
                    value=text if text in words else "",
                    label=field,
                ).classes("w-64")
            else:
                given = ui.input(label=field, value=text).classes("w-64")
            ui.label(rule).classes("quiet")

        def say() -> None:
            if given.value:
                step.always(field, str(given.value))
                self._show()

        given.on("update:model-value" if words else "change", careful(self.desk, say))

    def _column(self, step: MappingStep, column: str) -> None:
        row = next(one for one in step.columns() if one.column == column)
        own, chosen = step.custom(column), row.fields[0] if row.fields else LEFT_OUT
        words = {LEFT_OUT: "left out"} | {one: one for one in step.choices()}
        if own:
            words[own] = f"keep it as it is: {own}"
        words.setdefault(chosen, chosen)
        with ui.element("div").classes("column"):
            with ui.element("div"):
                ui.label(column).classes("title")
                ui.label(", ".join(row.samples) or "empty").classes("quiet sample")
            choice = ui.select(words, value=chosen, label=f"Field of {column}", with_input=True).classes(
                "w-full"
            )
            ui.label(row.why).classes("quiet")

        def give() -> None:
            step.give(column, str(choice.value or LEFT_OUT))
            self._show()

        choice.on_value_change(careful(self.desk, give))

    async def _preview(self) -> None:
        step = self.step
        assert step is not None
        found = await self.desk.do(step.preview)
        if found is None:
            return
        self.preview.clear()
        with self.preview:
            for one in found.report.sources:
                ui.label(f"Ready: {many(one.valid, 'record')}. Rejected: {many(one.invalid, 'row')}.")
                for finding in one.findings[:5]:
                    ui.label(f"{finding.records:,} times: {finding.message}")
            words = "The first record that comes out" if found.record else "No record comes out yet."
            ui.label(words).classes("title")
            ui.label(found.record).classes("pre")

    async def _use(self) -> None:
        step = self.step
        assert step is not None
        path = await self.desk.do(step.use)
        if path is not None:
            ui.notify(f"Kept as {path}; it is remembered for this header once a batch is prepared.")
            self.onward()
