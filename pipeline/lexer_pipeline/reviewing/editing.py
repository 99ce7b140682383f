"""What a person does to the rejected rows: each step is on the disk before it shows, can be undone, and is checked as the command checks it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.edits import Edits
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.arrays import Bools, Int64s
from lexer_pipeline.model import Json
from lexer_pipeline.preparing.edits_file import Edit, EditsFile, compiled
from lexer_pipeline.reviewing.checking import Checks
from lexer_pipeline.reviewing.faulty_rows import FaultyRows
from lexer_pipeline.system import files

OPEN, FIXED, LEFT_OUT, ALL = "to be fixed", "fixed", "left out", "all"
STATES = (OPEN, FIXED, LEFT_OUT, ALL)


class Shown(Struct, frozen=True):
    """Which rows of a table are shown: those in a state, of a code or of any (empty)."""

    state: str = OPEN
    code: str = ""


class Editing:
    """The rows of some tables, and what was done to them, `kept` in a file."""

    def __init__(
        self, tables: Sequence[FaultyRows], kept: EditsFile, checks: Checks, now: Callable[[], datetime]
    ) -> None:
        self.tables = tables
        self.kept = kept
        self._checks = checks
        self._now = now
        self._edits: dict[str, Edits] = {}
        self._sizes: list[int] = []  # of the steps of this review: how many entries each is
        self._compile()

    # ------------------------------------------------------------------------------------------------- looking

    def edits_of(self, table: FaultyRows) -> Edits:
        """What was done to the source of a table."""
        return self._edits.get(table.source) or Edits()

    def rows(self, table: FaultyRows, shown: Shown) -> Int64s:
        """The numbers of the rows that are shown, in order."""
        keep = self._in_state(table, shown.state)
        if shown.code:
            bit = np.uint64(1 << table.names_of_codes.index(shown.code))
            keep = keep & ((table.codes[table.records] & bit) != 0)
        return np.flatnonzero(keep)

    def counts(self, table: FaultyRows) -> dict[str, int]:
        """How many rows there are in each state."""
        return {state: int(self._in_state(table, state).sum()) for state in STATES}

    def codes(self, table: FaultyRows) -> dict[str, int]:
        """How many rows are to be fixed for each code, the most frequent first."""
        left = table.codes[table.records[self._in_state(table, OPEN)]]
        counts = {
            name: int(((left & np.uint64(1 << bit)) != 0).sum())
            for bit, name in enumerate(table.names_of_codes)
        }
        return {name: count for name, count in sorted(counts.items(), key=lambda one: -one[1]) if count}

    def row(self, table: FaultyRows, row: int) -> dict[str, Json]:
        """One row as the grid takes it: its cells by the numbers of their columns, and the sentences on those that are wrong."""
        edits, line = self.edits_of(table), table.lines.item(row)
        cells = table.cells(row, edits)
        wide = len(table.names)
        faults = {} if line in edits.left_out else table.faulty_cells(row)
        shown: dict[str, Json] = {
            str(place): cell.replace("\0", "\ufffd") for place, cell in enumerate(cells[:wide])
        }
        shown["beyond"] = table.dialect.delimiter.join(cells[wide:])
        changed = [str(table.names.index(name)) for name in table.changed_cells(row, edits)]
        shown["wrong"] = " ".join(dict.fromkeys(faults.values()))
        shown |= {
            "row": row, "line": line, "state": self._state(table, row), "changed": list(changed),
            "said": faults.pop("", ""), "faults": {str(table.names.index(name)): said for name, said in faults.items()},
        }  # fmt: skip
        return shown

    def faulty_columns(self, table: FaultyRows, row: int) -> list[int]:
        """The columns of a row whose cells are wrong, in order."""
        return sorted(table.names.index(name) for name in table.faulty_cells(row) if name)

    def next_fault(
        self, table: FaultyRows, view: Int64s, row: int | None, column: int | None
    ) -> tuple[int, ...] | None:
        """Where in a view the next faulty cell is: the place of its row, and its column if it is one cell; None where none follows."""
        wrong = np.flatnonzero(self._in_state(table, OPEN)[view])
        here: list[int] = np.flatnonzero(view == row).tolist() if row is not None else []
        start = here[0] if here else -1
        for place in wrong[wrong >= start].tolist():
            after = -1 if place != start else len(table.names) if column is None else column
            columns = self.faulty_columns(table, view.item(place))
            if following := [one for one in columns if one > after]:
                return (place, following[0])
            if place != start and "" in table.faulty_cells(view.item(place)):
                return (place,)
        return None

    def _in_state(self, table: FaultyRows, state: str) -> Bools:
        out = np.isin(table.lines, list(self.edits_of(table).left_out))
        wrong: Bools = table.codes[table.records] != 0
        if state == OPEN:
            return wrong & ~out
        if state == FIXED:
            return ~wrong & ~out
        return out if state == LEFT_OUT else np.ones(len(table), np.bool_)

    def _state(self, table: FaultyRows, row: int) -> str:
        if table.lines.item(row) in self.edits_of(table).left_out:
            return LEFT_OUT
        return OPEN if table.codes[table.records[row]] else FIXED

    # -------------------------------------------------------------------------------------------------- doing

    def set_cell(self, table: FaultyRows, row: int, column: int, text: str) -> None:
        """Let one cell say something else."""
        self.set_cells(table, [row], column, text)

    def alike(self, table: FaultyRows, row: int, column: int, was: str) -> list[int]:
        """The other rows to be fixed whose cell in this column says what this one `was`."""
        edits = self.edits_of(table)
        others = np.flatnonzero(self._in_state(table, OPEN)).tolist()
        return [one for one in others if one != row and table.cells(one, edits)[column] == was]

    def set_cells(self, table: FaultyRows, rows: Sequence[int], column: int, text: str) -> None:
        """Let the cells of a column in several rows say the same, in one step."""
        self._refuse_text(table, text)
        edits = self.edits_of(table)
        self._do(table, rows, [table.edit(row, column, text, edits) for row in rows])

    def set_row(self, table: FaultyRows, row: int, text: str) -> None:
        """Write a whole row anew, as it would stand in the source."""
        if len(text.splitlines()) > 1 and '"' not in text:
            raise UsageError("that is more than one row", "Write one row.")
        self._do(table, [row], [table.edit_row(row, text)])

    def leave_out(self, table: FaultyRows, rows: Sequence[int]) -> None:
        """Take rows out: nothing is made of them, and they are counted."""
        self._do(table, rows, [table.leave_out(row) for row in rows])

    def undo(self) -> bool:
        """Take back the last step; whether there was one."""
        if not self.kept.edits:
            return False
        size = self._sizes.pop() if self._sizes else 1
        last = self.kept.edits[-size:]
        self._keep(self.kept.edits[:-size])
        self._check_lines(last[0].source, [line for one in last for line in one.lines])
        return True

    def _refuse_text(self, table: FaultyRows, text: str) -> None:
        broken = {"\r", "\n"} | (set() if table.dialect.quotes else {table.dialect.delimiter, '"'})
        if any(sign in text for sign in broken):
            raise UsageError(
                "a cell of this file cannot hold a line break" if table.dialect.quotes else
                "a cell of this file cannot hold a tab, a quote or a line break", "Leave it out.",
            )  # fmt: skip

    def _do(self, table: FaultyRows, rows: Sequence[int], what: Sequence[Mapping[str, object]]) -> None:
        """Keep a step, in which rows that become the same are one entry, and check what it touches; taken back where it cannot be."""
        when, before = f"{self._now():%Y-%m-%dT%H:%M:%SZ}", self.kept.edits
        lines: dict[tuple[tuple[str, object], ...], list[int]] = {}
        for row, one in zip(rows, what, strict=True):
            lines.setdefault(tuple(one.items()), []).append(table.lines.item(row))
        step = [Edit(when, table.source, tuple(some), **dict(one)) for one, some in lines.items()]  # type: ignore[arg-type]
        self._keep((*before, *step))
        try:
            self._check_lines(table.source, [line for one in step for line in one.lines])
        except UsageError:
            self._keep(before)
            raise
        self._sizes.append(len(step))

    def _keep(self, edits: tuple[Edit, ...]) -> None:
        self.kept = replace(self.kept, edits=edits)
        files.make_folder(self.kept.path.parent)
        self.kept.write()
        self._compile()

    def _compile(self) -> None:
        self._edits = {
            name: compiled(one for one in self.kept.edits if one.source == name) for name in self.kept.sources
        }

    # ------------------------------------------------------------------------------------------------- checking

    def check_all(self) -> None:
        """Check every row of which something was done before."""
        for name, edits in self._edits.items():
            self._check_lines(name, sorted(edits.lines))

    def _check_lines(self, source: str, lines: Iterable[int]) -> None:
        """Check the records of some lines again."""
        wanted, edits = list(lines), self.kept.path if self.kept.edits else None
        for table in self.tables:
            if table.source == source:
                touched = np.unique(table.records[np.isin(table.lines, wanted)])
                if len(touched):
                    self._checks.check(table, touched, edits)
