"""SQLite's own values as text, worked out by SQLite: each value has a type of its own there, whatever its column is declared as.

The driver guesses a column's type from its first rows; a value of another type then ends the reading, or loses digits.
"""

import re
from collections.abc import Sequence

NUMBERED = re.compile(r".*:[0-9]+", re.DOTALL)
# Fifteen digits say a number unless they read back as another one. What is absent is an empty cell.
CELL = """CASE typeof({0}) WHEN 'null' THEN '' WHEN 'blob' THEN '' WHEN 'real' THEN
 CASE WHEN CAST(CAST({0} AS TEXT) AS REAL) = {0} THEN CAST({0} AS TEXT) ELSE printf('%!.17g', {0}) END
 ELSE CAST({0} AS TEXT) END"""


def names_of(statement: str) -> str:
    """The query that gives the columns of a statement, and no row."""
    return f"SELECT * FROM (\n{statement}) LIMIT 0"  # noqa: S608 - the statement is the query itself


def as_text(statement: str, columns: int) -> str:
    """The query that gives the rows of a statement as texts, and behind them the number (from 1) of the first column with bytes, else 0."""
    names = [f"c{number}" for number in range(columns)]
    cells = ",\n".join(f"{CELL.format(name)} AS {name}" for name in names)
    bytes_in = " ".join(f"WHEN typeof({name}) = 'blob' THEN {number}" for number, name in enumerate(names, 1))
    texts = f"SELECT {cells}, CASE {bytes_in} ELSE 0 END AS bytes_in FROM q"  # noqa: S608 - names of ours
    return f"WITH q({', '.join(names)}) AS (\n{statement}) {texts}"


def as_written(names: Sequence[str]) -> Sequence[str]:
    """The names of columns as the query gives them: where two are the same, SQLite has put a colon and a number behind one."""
    return [
        one.rpartition(":")[0] if NUMBERED.fullmatch(one) and one.rpartition(":")[0] in names else one
        for one in names
    ]
