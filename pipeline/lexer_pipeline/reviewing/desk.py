"""What the page works on: the session, the rows that are shown now, and one thing done at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar

import numpy as np
import orjson
from nicegui import run, ui

from lexer_pipeline.errors import PipelineError
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.reviewing.editing import Editing, Shown
from lexer_pipeline.reviewing.faulty_rows import FaultyRows
from lexer_pipeline.reviewing.session import Session

T = TypeVar("T")
# The grid asks for a hundred rows at a time.
MOST_ROWS = 1000
# Seconds until a person is told that something takes a while.
PATIENCE = 0.7


class Desk:
    """The session of one browser; `end` ends the command, with the `defect` that ended it, if one did."""

    def __init__(self, session: Session, end: Callable[[], None]) -> None:
        self.session = session
        self.end = end
        self.defect: Exception | None = None
        self.is_open = False
        self.table = 0
        self.shown = Shown()
        self.view: Int64s = np.zeros(0, np.int64)
        self._one_at_a_time = asyncio.Lock()

    @property
    def editing(self) -> Editing:
        """The rows and what was done to them."""
        assert self.session.editing is not None
        return self.session.editing

    @property
    def faulty(self) -> FaultyRows | None:
        """The table that is shown; None where nothing was rejected."""
        tables = self.session.editing.tables if self.session.editing is not None else ()
        return tables[min(self.table, len(tables) - 1)] if tables else None

    def look(self) -> None:
        """Choose the rows that are shown; they stay shown, whatever is done to them, until the next look."""
        table = self.faulty
        self.view = self.editing.rows(table, self.shown) if table is not None else np.zeros(0, np.int64)

    def rows(self, begin: int, end: int) -> bytes:
        """Some of the rows that are shown, as the grid takes them."""
        table = self.faulty
        some = self.view[max(begin, 0) : max(begin, 0) + min(max(end - begin, 0), MOST_ROWS)].tolist()
        rows = [self.editing.row(table, row) for row in some] if table is not None else []
        return orjson.dumps({"rows": rows, "count": len(self.view)})

    async def do(self, work: Callable[[], T]) -> T | None:
        """Do something in a thread and say what went wrong, as the command would; None where something did."""
        try:
            async with self._one_at_a_time:
                return await _in_time(work)
        except PipelineError as problem:
            ui.notify(
                f"{problem.message}. {problem.hint}", type="negative", multi_line=True, close_button="Close",
                timeout=0,
            )  # fmt: skip
        except Exception as problem:  # noqa: BLE001 - whatever it is, the command tells of it without a value
            self.defect = problem
            self.end()
        return None


async def _in_time(work: Callable[[], T]) -> T:
    """Do something in a thread, with a word on the page where that takes a while."""
    doing = asyncio.ensure_future(run.io_bound(work))
    done, _ = await asyncio.wait([doing], timeout=PATIENCE)
    if not done:
        words = ui.notification("Working ...", spinner=True, timeout=None)
        await asyncio.wait([doing])
        words.dismiss()
    return doing.result()


def careful(desk: Desk, work: Callable[..., object]) -> Callable[..., Awaitable[None]]:
    """A handler of an event in which what goes wrong is a defect that ends the command, and is not logged."""

    @wraps(work)  # by its signature the library tells whether it takes the event
    async def handler(*given: Any) -> None:
        try:
            done = work(*given)
            if isawaitable(done):
                await done
        except Exception as problem:  # noqa: BLE001 - as above
            desk.defect = problem
            desk.end()

    return handler
