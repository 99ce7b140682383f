"""Exports with faults, for reviews; all people are invented."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lexer_pipeline.preparing.options import Options
from lexer_pipeline.reviewing.editing import Editing
from lexer_pipeline.reviewing.session import Session, Wanted
from lexer_pipeline.uploading.settings import Settings

HEAD = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity"
GOOD = ["A-0", "mira.holt@example.com", "2024-03-06T10:15:00Z", "ecommerce", "5", "1"]
# What is wrong, in which column, what is to stand there, and the code.
FAULTS = (
    (1, "not an address", "mira.holt@example.com", "pattern"),
    (2, "yesterday", "2024-03-06T10:15:00Z", "format"),
    (3, "online", "ecommerce", "enum"),
    (4, "$9.95", "9.95", "type"),
    (4, "-3", "3", "range"),
    (5, "2.7", "2", "type"),
    (1, "noemail@example.com", "teo.lund@example.com", "placeholder"),
)


def rows(good: int = 60, each: int = 5) -> list[str]:
    """Rows that are right, and behind them in turn one of each of FAULTS and one that is too short, so many times."""
    made = [[f"G-{number}", *GOOD[1:]] for number in range(good)]
    for turn in range(each):
        for kind, (column, text, _, _) in enumerate(FAULTS):
            row = [f"F-{turn}-{kind}", *GOOD[1:]]
            row[column] = text
            made.append(row)
        made.append([f"S-{turn}", *GOOD[1:4]])
    return [",".join(row) for row in made]


def export(path: Path, lines: list[str] | None = None) -> Path:
    """An export of orders."""
    path.write_text("\n".join([HEAD, *(rows() if lines is None else lines)]) + "\n", "utf-8")
    return path


@contextmanager
def reviewing(
    named: str | Path, out: Path, spec: str | None = "purchase", settings: Settings | None = None, **asked: Any
) -> Iterator[Session]:  # fmt: skip
    """A review that was opened."""
    session = Session(Wanted(str(named), spec, out, Options(**asked), lambda: settings or Settings()))
    try:
        session.open()
        yield session
    finally:
        session.close()


def editing(session: Session) -> Editing:
    """What is done in a review."""
    assert session.editing is not None
    return session.editing
