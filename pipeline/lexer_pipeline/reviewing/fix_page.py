"""Step 2: the rejected rows in a grid, in which they are fixed."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from nicegui import events, ui

from lexer_pipeline.reviewing.desk import Desk, careful
from lexer_pipeline.reviewing.editing import ALL, OPEN, STATES, Shown
from lexer_pipeline.reviewing.faulty_rows import FaultyRows
from lexer_pipeline.reviewing.grid import grid_options


async def show_fix(desk: Desk, onward: Callable[[], object]) -> None:
    """The rows to be fixed."""
    if desk.faulty is None:
        ui.label("No row was rejected: there is nothing to fix.")
        ui.button("Go on to Prepare", on_click=onward).props("no-caps")
        return
    _FixPage(desk, desk.faulty, onward).build()


class _FixPage:
    """The grid, what is said beside it, and the cell that has the focus."""

    def __init__(self, desk: Desk, table: FaultyRows, onward: Callable[[], object]) -> None:
        self.desk = desk
        self.table = table
        self.onward = onward
        self.row: int | None = None
        self.column: int | None = None
        self.offer: tuple[list[int], int, str] | None = None

    def build(self) -> None:
        """Everything from the counts to the grid."""
        tables = self.desk.editing.tables
        self.counts = ui.label().props("role=status")
        with ui.element("div").classes("bar"):
            if len(tables) > 1:
                words = {place: _called(one, tables) for place, one in enumerate(tables)}
                ui.select(words, value=self.desk.table, label="Which rows", on_change=self._turn).classes(
                    "w-64"
                )
            self.state = ui.select(
                list(STATES), value=self.desk.shown.state, label="Rows", on_change=self._filter
            ).classes("w-40")
            self.code = ui.select({"": "any fault"}, value="", label="Fault", on_change=self._filter).classes(
                "w-64"
            )
            ui.button("Next fault", on_click=careful(self.desk, self._next)).props("outline no-caps")
            ui.button("Undo", on_click=careful(self.desk, self._undo)).props("outline no-caps")
            ui.button("Leave out", on_click=careful(self.desk, self._leave_out)).props("outline no-caps")
            ui.button("Edit the row as text", on_click=careful(self.desk, self._edit_row)).props(
                "outline no-caps"
            ).classes("before-grid")
        with (
            ui.element("div")
            .classes("panel")
            .props('role=region aria-label="What is wrong here" aria-live=polite')
        ):
            self.where = ui.label(
                "Move to a red cell with the arrow keys or the mouse. Enter edits it; Tab leaves the grid."
            )
            self.said = ui.label().classes("quiet")
            with ui.element("div").classes("bar"):
                self.same = (
                    ui.button("", on_click=careful(self.desk, self._same))
                    .props("no-caps")
                    .classes("same-fix")
                )
                self.same.visible = False
        self.desk.look()
        self._grid()
        ui.button("Go on to Prepare", on_click=self.onward).props("no-caps").classes("after-grid")
        self._tell()

    # --------------------------------------------------------------------------------------------------- showing

    def _grid(self) -> None:
        options = grid_options(
            self.table.names, len(self.desk.view), "ragged_row" in self.table.names_of_codes
        )
        self.grid = ui.aggrid(options, auto_size_columns=False).classes("grid")
        self.grid.on("cellValueChanged", careful(self.desk, self._changed))
        self.grid.on("cellClicked", careful(self.desk, self._clicked))
        self.grid.on("cellFocused", careful(self.desk, self._focused))

    def _tell(self) -> None:
        counts, codes = self.desk.editing.counts(self.table), self.desk.editing.codes(self.table)
        self.counts.text = (
            f"{counts[OPEN]:,} of {counts[ALL]:,} rows are to be fixed; {counts['fixed']:,} are fixed, "
            f"{counts['left out']:,} left out."
        )
        kept = self.desk.shown.code
        words = {"": "any fault"} | {code: f"{code} ({count:,})" for code, count in codes.items()}
        if kept and kept not in words:
            words[kept] = f"{kept} (0)"
        self.code.set_options(words, value=kept)

    def _refresh(self) -> None:
        self.grid.run_grid_method("refreshInfiniteCache")
        self._tell()
        self._say_cell()

    def _say_cell(self) -> None:
        """What is wrong with the cell that has the focus, and with its row."""
        if self.row is None:
            return
        row = self.desk.editing.row(self.table, self.row)
        name = self.table.names[self.column] if self.column is not None else ""
        faults = row["faults"]
        here = faults.get(str(self.column), "") if isinstance(faults, dict) else ""
        others = (
            [said for place, said in faults.items() if place != str(self.column)]
            if isinstance(faults, dict)
            else []
        )
        self.where.text = f"Line {row['line']}{', ' + name if name else ''}: {here or row['said'] or 'nothing is wrong with this cell.'}"
        self.said.text = " ".join([str(row["said"])] * bool(here) + others) or f"This row is {row['state']}."

    # ------------------------------------------------------------------------------------------------------ events

    def _turn(self, event: events.ValueChangeEventArguments[Any]) -> None:
        self.desk.table, self.desk.shown = int(event.value), Shown()
        ui.navigate.reload()

    def _filter(self) -> None:
        shown = Shown(str(self.state.value), str(self.code.value or ""))
        if shown != self.desk.shown:
            self.desk.shown = shown
            self._again()

    def _again(self) -> None:
        """Show the rows that are in the chosen state now."""
        self.desk.look()
        self.row = None
        self.grid.run_grid_method("purgeInfiniteCache")
        self.grid.run_grid_method("ensureIndexVisible", 0) if len(self.desk.view) else None
        self._tell()

    async def _focused(self, event: events.GenericEventArguments) -> None:
        index, column = event.args.get("rowIndex"), event.args.get("colId")
        if isinstance(index, int) and index < len(self.desk.view):
            self.row = self.desk.view.item(index)
            self.column = int(column) if str(column).isdigit() else None
            self._say_cell()

    async def _clicked(self, event: events.GenericEventArguments) -> None:
        """From the words on a row to its faulty cell, which may be out of sight."""
        index = event.args.get("rowIndex")
        if event.args.get("colId") == "said" and isinstance(index, int) and index < len(self.desk.view):
            self._go(index, self.desk.editing.faulty_columns(self.table, self.desk.view.item(index)))

    async def _next(self) -> None:
        """On to the next faulty cell."""
        found = self.desk.editing.next_fault(self.table, self.desk.view, self.row, self.column)
        if found is None:
            ui.notify("No fault follows among these rows.")
        else:
            self._go(found[0], found[1:])

    def _go(self, index: int, columns: Sequence[int]) -> None:
        column = str(columns[0]) if columns else "said"
        for method in ("ensureColumnVisible", "ensureIndexVisible"):
            self.grid.run_grid_method(method, column if method == "ensureColumnVisible" else index)
        self.grid.run_grid_method("setFocusedCell", index, column)

    async def _changed(self, event: events.GenericEventArguments) -> None:
        row, column = int(event.args["data"]["row"]), str(event.args["colId"])
        was, text = str(event.args.get("oldValue") or ""), str(event.args.get("newValue") or "")
        editing, table = self.desk.editing, self.table
        if not column.isdigit() or was == text:
            return

        def change() -> list[int]:
            others = editing.alike(table, row, int(column), was)
            editing.set_cell(table, row, int(column), text)
            return others

        others = await self.desk.do(change)
        self.row, self.column = row, int(column)
        self._offer(others or [], int(column), text)
        self._refresh()

    def _offer(self, rows: list[int], column: int, text: str) -> None:
        self.offer = (rows, column, text) if rows else None
        self.same.visible = bool(rows)
        count = f"{len(rows):,} other row{'s' if len(rows) != 1 else ''}"
        self.same.text = f"The same fix for {count} with that text in {self.table.names[column]}"

    async def _same(self) -> None:
        if self.offer is not None:
            rows, column, text = self.offer
            await self.desk.do(lambda: self.desk.editing.set_cells(self.table, rows, column, text))
            self._offer([], column, text)
            self._refresh()
            places = np.flatnonzero(self.desk.view == self.row).tolist()
            if places:
                self.grid.run_grid_method("setFocusedCell", places[0], str(column))

    async def _undo(self) -> None:
        if await self.desk.do(self.desk.editing.undo) is False:
            ui.notify("There is nothing to undo.")
        self._offer([], 0, "")
        self._refresh()

    async def _leave_out(self) -> None:
        chosen = [int(one["row"]) for one in await self.grid.get_selected_rows()]
        rows = chosen or ([self.row] if self.row is not None else [])
        if not rows:
            ui.notify("Mark rows in the first column, or move to one.")
            return
        await self.desk.do(lambda: self.desk.editing.leave_out(self.table, rows))
        self.grid.run_grid_method("deselectAll")
        self._refresh()

    async def _edit_row(self) -> None:
        row = self.row
        if row is None:
            ui.notify("Move to a row first.")
            return
        with ui.dialog() as dialog, ui.card().classes("w-full"):
            ui.label(f"Line {self.table.lines.item(row)}, as it stands in the file")
            text = ui.textarea(value=self.table.text(row, self.desk.editing.edits_of(self.table))).classes(
                "w-full"
            )
            text.props("autofocus aria-label='The row as text'")
            with ui.row():
                ui.button("Change it", on_click=lambda: dialog.submit(text.value)).props("no-caps")
                ui.button("Leave it as it is", on_click=lambda: dialog.submit(None)).props("outline no-caps")
        said = await dialog
        dialog.delete()
        if said is not None:
            await self.desk.do(lambda: self.desk.editing.set_row(self.table, row, str(said)))
            self._refresh()


def _called(table: FaultyRows, tables: Sequence[FaultyRows]) -> str:
    """What a table is called among the others."""
    what = "accepted, but suspicious" if table.is_suspected else "rejected"
    several = len({one.source for one in tables}) > 1
    return f"{table.specification}: {what}{f', {table.source}' if several else ''} ({len(table):,})"
