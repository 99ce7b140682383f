# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Loops over the bytes of a block of CSV: find the cells, vouch for a column, write NDJSON, bring keys together.

Each kernel may only vouch: a cell or row it is not certain of is left to the reference
(`specs/values.py`, `validating/reference.py`). Every cell is checked against the length of the block before it is read,
and every write goes through `reserve`, so no input can reach beyond a buffer.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy
from cpython.bytes cimport PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.csv_rows cimport *
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

from lexer_pipeline.kernels.arrays import Scanned


def scan_csv(const uint8_t[::1] data not None, dialect not None, int columns, bint final, int most_rows,
             int64_t longest, doubtful=None):
    """Find the rows and cells of `data`, which starts at the start of a row; see `Dialect` and `Doubtful`.

    Returns a `Scanned`, with `columns` cells a row. Unless `final`, an unfinished last row is not consumed;
    a quoted cell that is not closed within `longest` bytes counts as never closed. Rows are read as `next_row` reads them.
    """
    cdef int64_t n = data.shape[0], at = 0
    cdef int rows = 0
    cdef int32_t line = 0
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef int64_t room = min(<int64_t>most_rows, n + 1)
    cdef Row row
    cdef Reading reading = reading_of(dialect)
    cdef Asked asked = asked_of(doubtful)
    cdef int64_t cell
    starts_a = np.empty(room * columns, np.int32)
    ends_a = np.empty(room * columns, np.int32)
    flags_a = np.empty(room * columns, np.uint8)
    row_starts_a = np.empty(room, np.int32)
    row_ends_a = np.empty(room, np.int32)
    row_lines_a = np.empty(room + 1, np.int32)
    row_cells_a = np.empty(room, np.int32)
    row_faults_a = np.empty(room, np.uint8)
    cdef int32_t[::1] starts = starts_a, ends = ends_a, row_starts = row_starts_a, row_ends = row_ends_a
    cdef int32_t[::1] row_lines = row_lines_a, row_cells = row_cells_a
    cdef uint8_t[::1] flags = flags_a, row_faults = row_faults_a
    if columns < 1:
        raise ValueError("a table has a column")
    with nogil:
        while at < n and rows < room:
            cell = <int64_t>rows * columns
            if not next_row(p, n, at, final, longest, &reading, columns, &starts[0] + cell, &ends[0] + cell,
                            &flags[0] + cell, &row):
                break
            if may_be_none(p, &starts[0] + cell, &ends[0] + cell, columns, &row, &asked):
                with gil:
                    if is_none(p, &starts[0] + cell, &ends[0] + cell, columns, &row, doubtful):
                        row.fault = ROW_PASSED_OVER
            row_starts[rows] = <int32_t>row.start
            row_ends[rows] = <int32_t>row.end
            row_lines[rows] = line
            row_cells[rows] = row.cells
            row_faults[rows] = row.fault
            line += row.lines
            at = row.after
            rows += 1
    row_lines[rows] = line
    return Scanned(at, rows, starts_a[: rows * columns], ends_a[: rows * columns], flags_a[: rows * columns],
            row_starts_a[:rows], row_ends_a[:rows], row_lines_a[: rows + 1], row_cells_a[:rows], row_faults_a[:rows])


# ---------------------------------------------------------------------------------------------- cells

cdef int64_t rows_of(const int32_t[::1] starts, const int32_t[::1] ends, const uint8_t[::1] flags, int columns, int column) except -1:
    """How many rows some cells are; ValueError where they have no such column, or do not cover their rows."""
    if not 0 <= column < columns:
        raise ValueError("there is no such column")
    if ends.shape[0] != starts.shape[0] or flags.shape[0] != starts.shape[0]:
        raise ValueError("arrays of one block have one length")
    return starts.shape[0] // columns


def check_column(cells not None, int column, int kind, double low, double high, tuple words):
    """What is to be said of each cell of one column: that it is empty, good as it stands, or in doubt (CELL_...).

    `words` are those of an enum, and for every other kind words (in small letters) that put a cell in doubt.
    """
    cdef const uint8_t[::1] data = cells.data
    cdef const int32_t[::1] starts = cells.starts, ends = cells.ends
    cdef const uint8_t[::1] flags = cells.flags
    cdef int columns = cells.columns
    cdef int64_t n = data.shape[0], rows = rows_of(starts, ends, flags, columns, column), row, at, size
    cdef const uint8_t *p
    cdef const uint8_t *base = &data[0] if n else NOTHING
    cdef bint good
    cdef int k, count = len(words)
    cdef const uint8_t* word[64]
    cdef int64_t word_size[64]
    status_a = np.empty(rows, np.uint8)
    cdef uint8_t[::1] status = status_a
    if count > 64:
        raise ValueError("more than 64 words are left to the reference")
    for k in range(count):
        word[k] = <const uint8_t *><char *>words[k]
        word_size[k] = len(words[k])
    with nogil:
        for row in range(rows):
            at = row * columns + column
            size = ends[at] - starts[at]
            if size == 0:
                status[row] = CELL_EMPTY
                continue
            if starts[at] < 0 or size < 0 or ends[at] > n:
                status[row] = CELL_DOUBT
                continue
            p = base + starts[at]
            if kind == KIND_TEXT:
                good = not odd_text(p, size, flags[at] & HAS_HIGH, True)
            elif flags[at]:
                good = False
            elif kind == KIND_ENUM:
                good = False
                for k in range(count):
                    if size == word_size[k] and memcmp(p, word[k], size) == 0:
                        good = True
                        break
            else:
                good = good_cell(kind, p, size, low, high)
                for k in range(count):
                    # A word for nothing; one that ends in @ stands for all addresses that begin with it.
                    if begins_with(p, size, word[k], word_size[k]) and (
                            size == word_size[k] or word[k][word_size[k] - 1] == 0x40):
                        good = False
            status[row] = CELL_GOOD if good else CELL_DOUBT
    return status_a


# ---------------------------------------------------------------------------------------------- NDJSON

# How many objects and lists may wait to be opened.
cdef enum:
    DEPTH = 64


def encode(cells not None, const int32_t[::1] first not None, const int32_t[::1] last not None,
           const uint8_t[::1] take not None, program not None):
    """One NDJSON line for each record r with take[r], made of the rows first[r] to last[r] - 1.

    Returns (bytes, ends) where ends[r] is the place behind record r's line. Objects and arrays without a
    filled cell are left out. `REPEAT` runs its part once a row of the record; all else reads the first row.
    """
    cdef const uint8_t[::1] data = cells.data
    cdef const int32_t[::1] starts = cells.starts, ends = cells.ends
    cdef const uint8_t[::1] flags = cells.flags
    cdef int columns = cells.columns
    cdef const int32_t[::1] operations = program.operations, arguments = program.arguments
    cdef list keys = program.keys
    cdef int64_t n = data.shape[0], records = take.shape[0], count = starts.shape[0], record, at, size, start
    cdef int steps = operations.shape[0], step, pending, depth, row, operation, k
    cdef int waiting[64]
    cdef bint comma, memory = True
    cdef const uint8_t *base = &data[0] if n else NOTHING
    cdef int64_t key_size
    cdef Out out
    if len(keys) != steps or arguments.shape[0] != steps:
        raise ValueError("each operation has one argument and one key")
    if last.shape[0] != records or first.shape[0] != records or ends.shape[0] != count or flags.shape[0] != count:
        raise ValueError("arrays of one block have one length")
    joined = b"".join(keys)
    key_ends = np.cumsum([0, *map(len, keys)]).astype(np.int64)
    cdef const uint8_t[::1] key_bytes = joined or b" "
    cdef const int64_t[::1] key_at = key_ends
    line_ends = np.zeros(records, np.int64)
    cdef int64_t[::1] line_end = line_ends
    out.size = 0
    out.room = n * 2 + 4096
    out.data = <uint8_t *>malloc(out.room)
    if out.data == NULL:
        raise MemoryError
    try:
        with nogil:
            for record in range(records):
                if not take[record]:
                    line_end[record] = out.size
                    continue
                pending = 0
                depth = 0
                comma = False
                row = first[record]
                if not reserve(&out, 2):
                    memory = False
                    break
                out.data[out.size] = 0x7B
                out.size += 1
                step = 0
                while step < steps:
                    operation = operations[step]
                    key_size = key_at[step + 1] - key_at[step]
                    if operation <= RAW_LEAF:
                        at = <int64_t>row * columns + arguments[step]
                        if at < 0 or at >= count:
                            memory = False
                            break
                        start = starts[at]
                        size = ends[at] - start
                        if size > 0 and start >= 0 and start + size <= n:
                            for k in range(pending):
                                key_size = key_at[waiting[k] + 1] - key_at[waiting[k]]
                                if not reserve(&out, key_size + 2):
                                    memory = False
                                    break
                                if comma:
                                    out.data[out.size] = 0x2C
                                    out.size += 1
                                put(&out, &key_bytes[0] + key_at[waiting[k]], key_size)
                                out.data[out.size] = 0x7B if operations[waiting[k]] == OPEN_OBJECT else 0x5B
                                out.size += 1
                                comma = False
                            pending = 0
                            key_size = key_at[step + 1] - key_at[step]
                            if not memory or not reserve(&out, key_size + 6 * size + 3):
                                memory = False
                                break
                            if comma:
                                out.data[out.size] = 0x2C
                                out.size += 1
                            put(&out, &key_bytes[0] + key_at[step], key_size)
                            if operation == RAW_LEAF:
                                put(&out, base + start, size)
                            else:
                                out.data[out.size] = 0x22
                                out.size += 1
                                if flags[at] & HAS_ESCAPE:
                                    put_escaped(&out, base + start, size, flags[at] & HAS_DOUBLED)
                                else:
                                    put(&out, base + start, size)
                                out.data[out.size] = 0x22
                                out.size += 1
                            comma = True
                    elif operation == OPEN_OBJECT or operation == OPEN_ARRAY:
                        if pending >= DEPTH:
                            memory = False
                            break
                        waiting[pending] = step
                        pending += 1
                    elif operation == CLOSE_OBJECT or operation == CLOSE_ARRAY:
                        if pending:
                            pending -= 1
                        else:
                            if not reserve(&out, 1):
                                memory = False
                                break
                            out.data[out.size] = 0x7D if operation == CLOSE_OBJECT else 0x5D
                            out.size += 1
                            comma = True
                    elif operation == REPEAT_END:
                        row += 1
                        if row < last[record]:
                            step = arguments[step]
                        else:
                            row = first[record]
                    step += 1
                if not memory or not reserve(&out, 2):
                    memory = False
                    break
                out.data[out.size] = 0x7D
                out.data[out.size + 1] = 0x0A
                out.size += 2
                line_end[record] = out.size
        if not memory:
            raise MemoryError("a record could not be written")
        return bytes_of(out.data, out.size), line_ends
    finally:
        free(out.data)


def mark_keys(rows not None, int column, int kind=KEY_EXACT):
    """Say of each row whether its key begins a record, and the 64-bit hash of the key.

    Marks: 0 the row is blank; 1 the key differs from that of the row before; 2 it is the same; 3 it is empty;
    4 it cannot be read. Hashes of other rows than those marked 1 and 2 are 0. Keys are compared as they will be sent, as their `kind`
    says: KEY_EXACT, KEY_TRIMMED (an id without blanks around it) or KEY_ADDRESS.
    """
    cdef const uint8_t[::1] data = rows.data
    cdef const int32_t[::1] starts = rows.starts, ends = rows.ends, cells = rows.cells
    cdef const uint8_t[::1] faults = rows.faults
    cdef int columns = rows.columns
    cdef int64_t n = data.shape[0], count = faults.shape[0], row, at, size
    cdef const uint8_t *base = &data[0] if n else NOTHING
    cdef Key key
    key.size = -1
    key.kind = kind
    key.side = 0
    marks_a = np.zeros(count, np.uint8)
    hashes_a = np.zeros(count, np.uint64)
    cdef uint8_t[::1] marks = marks_a
    cdef uint64_t[::1] hashes = hashes_a
    if not 0 <= column < columns:
        raise ValueError("there is no such column")
    if count * columns > starts.shape[0] or count * columns > ends.shape[0] or cells.shape[0] != count:
        raise ValueError("the cells do not cover the rows")
    with nogil:
        for row in range(count):
            if faults[row] == ROW_BLANK:
                continue
            at = row * columns + column
            size = ends[at] - starts[at]
            if is_broken(faults[row]) or cells[row] <= column:
                marks[row] = KEY_UNREADABLE
            elif size < 0 or starts[at] < 0 or ends[at] > n:
                marks[row] = KEY_UNREADABLE
            elif size == 0:
                marks[row] = KEY_EMPTY
            else:
                marks[row] = KEY_SAME if next_key(&key, base + starts[at], size) else KEY_STARTS
                hashes[row] = key.hash
    return marks_a, hashes_a


def agree(cells not None, int column, const int32_t[::1] first not None, const int32_t[::1] last not None,
          uint8_t[::1] same not None):
    """Clear same[r] where a later row of record r fills the column with other bytes than its first row does."""
    cdef const uint8_t[::1] data = cells.data
    cdef const int32_t[::1] starts = cells.starts, ends = cells.ends
    cdef const uint8_t[::1] flags = cells.flags
    cdef int columns = cells.columns
    cdef int64_t n = data.shape[0], records = same.shape[0], record, row, at, head, size
    cdef const uint8_t *base = &data[0] if n else NOTHING
    rows_of(starts, ends, flags, columns, column)
    if first.shape[0] != records or last.shape[0] != records:
        raise ValueError("each record has a first row and a last")
    with nogil:
        for record in range(records):
            head = <int64_t>first[record] * columns + column
            if head < 0 or <int64_t>last[record] * columns > starts.shape[0]:
                same[record] = 0
                continue
            for row in range(first[record] + 1, last[record]):
                at = row * columns + column
                size = ends[at] - starts[at]
                if size == 0:
                    continue
                if (size < 0 or size != ends[head] - starts[head] or starts[at] < 0 or ends[at] > n
                        or starts[head] < 0 or ends[head] > n or (flags[at] ^ flags[head]) & HAS_DOUBLED
                        or memcmp(base + starts[at], base + starts[head], size) != 0):
                    same[record] = 0
                    break


def repeat_first(cells not None, const int32_t[::1] first not None, const int32_t[::1] last not None):
    """For each record whether a later row of it says in all columns what its first row says."""
    cdef const uint8_t[::1] data = cells.data
    cdef const int32_t[::1] starts = cells.starts, ends = cells.ends
    cdef int columns = cells.columns
    cdef int64_t n = data.shape[0], records = first.shape[0], count = starts.shape[0], record, row, head, at, column, size
    cdef const uint8_t *base = &data[0] if n else NOTHING
    found_a = np.zeros(records, np.uint8)
    cdef uint8_t[::1] found = found_a
    if last.shape[0] != records or ends.shape[0] != count:
        raise ValueError("arrays of one block have one length")
    with nogil:
        for record in range(records):
            head = <int64_t>first[record] * columns
            if head < 0 or <int64_t>last[record] * columns > count:
                continue
            for row in range(first[record] + 1, last[record]):
                at = row * columns
                # What tells rows apart stands behind what they share.
                column = columns - 1
                while column >= 0:
                    size = ends[at + column] - starts[at + column]
                    if size != ends[head + column] - starts[head + column]:
                        break
                    if size > 0 and (starts[at + column] < 0 or ends[at + column] > n or starts[head + column] < 0
                                     or ends[head + column] > n
                                     or memcmp(base + starts[at + column], base + starts[head + column], size) != 0):
                        break
                    column -= 1
                if column < 0:
                    found[record] = 1
                    break
    return found_a


def pull_up(int32_t[::1] starts not None, int32_t[::1] ends not None, uint8_t[::1] flags not None, int columns,
            int column, const int32_t[::1] first not None, const int32_t[::1] last not None):
    """Where the first row of a record leaves the column empty, let it point to the first later cell that is not."""
    cdef int64_t record, row, at, head, cells = starts.shape[0]
    if last.shape[0] != first.shape[0] or ends.shape[0] != cells or flags.shape[0] != cells:
        raise ValueError("arrays of one block have one length")
    with nogil:
        for record in range(first.shape[0]):
            head = <int64_t>first[record] * columns + column
            if head < 0 or <int64_t>last[record] * columns > cells or ends[head] != starts[head]:
                continue
            for row in range(first[record] + 1, last[record]):
                at = row * columns + column
                if ends[at] != starts[at]:
                    starts[head] = starts[at]
                    ends[head] = ends[at]
                    flags[head] = flags[at]
                    break


def gather(const uint8_t[::1] data not None, const int32_t[::1] row_starts not None,
           const int32_t[::1] row_ends not None, const int64_t[::1] order not None):
    """The rows named by `order`, one after another, an LF behind each."""
    cdef int64_t n = data.shape[0], rows = row_starts.shape[0], i, row, total = 0, at = 0, size
    cdef const uint8_t *base = &data[0] if n else NOTHING
    cdef uint8_t *to
    for i in range(order.shape[0]):
        row = order[i]
        if not 0 <= row < rows or not 0 <= row_starts[row] <= row_ends[row] <= n:
            raise ValueError("a row lies outside of the block")
        total += row_ends[row] - row_starts[row] + 1
    result = PyBytes_FromStringAndSize(NULL, total)
    to = <uint8_t *><char *>result
    with nogil:
        for i in range(order.shape[0]):
            row = order[i]
            size = row_ends[row] - row_starts[row]
            memcpy(to + at, base + row_starts[row], size)
            to[at + size] = 0x0A
            at += size + 1
    return result


cdef class KeySet:
    """64-bit hashes seen so far, in a table that never grows beyond `most` of them."""

    cdef uint64_t[::1] table
    cdef public int64_t count
    cdef public int64_t most

    def __init__(self, int64_t most):
        self.most = most
        self.count = 0
        self.table = np.zeros(1 << 16, np.uint64)

    def add(self, const uint64_t[::1] hashes not None):
        """How many of `hashes` were added before one was found that was there already; their number if none."""
        cdef int64_t i = 0
        while i < hashes.shape[0]:
            if self.count * 2 >= self.table.shape[0]:
                self._grow()
            with nogil:
                while i < hashes.shape[0] and self.count * 2 < self.table.shape[0] and self._put(hashes[i] | 1):
                    i += 1
            if i < hashes.shape[0] and self.count * 2 < self.table.shape[0]:
                return i
        return hashes.shape[0]

    cdef bint _put(self, uint64_t h) noexcept nogil:
        cdef int64_t mask = self.table.shape[0] - 1, at = (h >> 20) & mask
        while self.table[at]:
            if self.table[at] == h:
                return False
            at = (at + 1) & mask
        self.table[at] = h
        self.count += 1
        return True

    cdef _grow(self):
        cdef uint64_t[::1] old = self.table
        cdef int64_t i
        self.table = np.zeros(old.shape[0] * 4, np.uint64)
        self.count = 0
        for i in range(old.shape[0]):
            if old[i]:
                self._put(old[i])

    def values(self):
        """The hashes in the table, in no order."""
        found = np.asarray(self.table)
        return found[found != 0]
