"""Look at cells, move them and write them as NDJSON: what `cells` does with what was found."""

import json
from collections.abc import Callable, Iterator

import numpy as np
from lexer_pipeline.kernels.arrays import HasCells, HasSteps, Int32s, Int64s, UInt8s
from lexer_pipeline.kernels.codes import (
    CELL_DOUBT,
    CELL_EMPTY,
    CLOSE_ARRAY,
    CLOSE_OBJECT,
    HAS_DOUBLED,
    OPEN_ARRAY,
    OPEN_OBJECT,
    RAW_LEAF,
    REPEAT_END,
    TEXT_LEAF,
)  # fmt: skip

OPENERS = {OPEN_OBJECT: b"{", OPEN_ARRAY: b"["}
CLOSERS = {CLOSE_OBJECT: b"}", CLOSE_ARRAY: b"]"}
Step = tuple[int, int, bytes]


def check_column(
    cells: HasCells, column: int, kind: int, low: float, high: float, words: tuple[bytes, ...]
) -> UInt8s:
    """Vouch for no filled cell: all of them go to the reference."""
    filled = cells.ends[column :: cells.columns] != cells.starts[column :: cells.columns]
    return np.where(filled, CELL_DOUBT, CELL_EMPTY).astype(np.uint8)


def encode(
    cells: HasCells, first: Int32s, last: Int32s, take: UInt8s, program: HasSteps
) -> tuple[bytes, Int64s]:
    """Write one NDJSON line for each record taken; see `cells.encode`."""
    steps = list(zip(program.operations.tolist(), program.arguments.tolist(), program.keys, strict=True))
    line_ends = np.zeros(len(take), np.int64)
    lines: list[bytes] = []

    def cell(row: int, column: int, is_raw: bool) -> bytes:
        at = row * cells.columns + column
        raw = cells.data[cells.starts[at] : cells.ends[at]]
        if is_raw or not raw:
            return raw
        raw = raw.replace(b'""', b'"') if cells.flags[at] & HAS_DOUBLED else raw
        return json.dumps(raw.decode(), ensure_ascii=False).encode()

    for record in range(len(take)):
        if take[record]:
            rows = range(int(first[record]), int(last[record]))
            lines.append(b"{" + b"".join(_members(rows, steps, cell)) + b"}\n")
        line_ends[record] = (line_ends[record - 1] if record else 0) + (len(lines[-1]) if take[record] else 0)
    return b"".join(lines), line_ends


def _members(rows: range, steps: list[Step], cell: Callable[[int, int, bool], bytes]) -> Iterator[bytes]:
    """What stands between the outer braces of a record; nothing is opened before something fills it."""
    waiting: list[bytes] = []
    comma, row, at = b"", rows.start, 0
    while at < len(steps):
        operation, argument, key = steps[at]
        if operation in (TEXT_LEAF, RAW_LEAF):
            if text := cell(row, argument, operation == RAW_LEAF):
                yield (b"" if waiting else comma) + b"".join([*waiting, key, text])
                waiting, comma = [], b","
        elif operation in OPENERS:
            waiting.append((comma if not waiting else b"") + key + OPENERS[operation])
        elif operation in CLOSERS and waiting:
            waiting.pop()
        elif operation in CLOSERS:
            yield CLOSERS[operation]
            comma = b","
        elif operation == REPEAT_END:
            row, at = (row + 1, argument) if row + 1 < rows.stop else (rows.start, at)
        at += 1


def agree(cells: HasCells, column: int, first: Int32s, last: Int32s, same: UInt8s) -> None:
    """Clear same[r] where a later row of record r fills a column otherwise; see `cells.agree`."""
    for record, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        places = range(begin * cells.columns + column, end * cells.columns + column, cells.columns)
        texts = [
            (cells.data[cells.starts[at] : cells.ends[at]], cells.flags[at] & HAS_DOUBLED) for at in places
        ]
        if any(text[0] and text != texts[0] for text in texts[1:]):
            same[record] = 0


def repeat_first(cells: HasCells, first: Int32s, last: Int32s) -> UInt8s:
    """For each record whether a later row says what its first row says; see `cells.repeat_first`."""

    def texts(row: int) -> list[bytes]:
        places = range(row * cells.columns, (row + 1) * cells.columns)
        return [cells.data[cells.starts[at] : cells.ends[at]] for at in places]

    bounds = zip(first.tolist(), last.tolist(), strict=True)
    return np.array(
        [any(texts(row) == texts(begin) for row in range(begin + 1, end)) for begin, end in bounds], np.uint8
    )


def pull_up(
    starts: Int32s, ends: Int32s, flags: UInt8s, columns: int, column: int, first: Int32s, last: Int32s
) -> None:
    """Let an empty once-a-record cell of a first row point to the first later one; see `cells.pull_up`."""
    for begin, end in zip(first.tolist(), last.tolist(), strict=True):
        places = range(begin * columns + column, end * columns + column, columns)
        found = next((at for at in places if ends[at] != starts[at]), None)
        if found is not None:
            for array in (starts, ends, flags):
                array[places[0]] = array[found]


def gather(data: bytes, row_starts: Int32s, row_ends: Int32s, order: Int64s) -> bytes:
    """The rows named by `order`, one after another, an LF behind each."""
    return b"".join(data[row_starts[row] : row_ends[row]] + b"\n" for row in order.tolist())
