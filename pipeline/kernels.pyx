# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Loops over the bytes of a block of CSV: find the cells, vouch for a column, write NDJSON.

Each kernel may only vouch: a cell or row it is not certain of is left to the exact twin
(`values.py`, `exact.py`). Every cell is checked against the length of the block before it is read,
and every write goes through `reserve`, so no input can reach beyond a buffer.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy
from cpython.bytes cimport PyBytes_FromStringAndSize

import numpy as np

# What a row can be and what a cell holds, as scan.py names them.
cdef enum:
    OK = 0
    BLANK = 1
    RAGGED = 2
    QUOTE = 3
    NUL = 4
    UTF8 = 5
    UNCLOSED = 6

cdef enum:
    ESCAPE = 1
    HIGH = 2
    DOUBLED = 4
    # bits of the table below that never reach a cell
    STOP = 8
    ZERO = 16

cdef uint8_t CLASS[256]
cdef int _byte
for _byte in range(256):
    CLASS[_byte] = HIGH if _byte >= 0x80 else ESCAPE if _byte < 0x20 or _byte == 0x22 or _byte == 0x5C else 0
CLASS[0] = ESCAPE | ZERO
CLASS[0x0A] = ESCAPE | STOP
CLASS[0x0D] = ESCAPE | STOP


cdef bint utf8_is_good(const uint8_t *p, int64_t n) noexcept nogil:
    """RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF."""
    cdef int64_t i = 0
    cdef uint8_t c, d
    while i < n:
        c = p[i]
        if c < 0x80:
            i += 1
        elif c < 0xC2:
            return False
        elif c < 0xE0:
            if i + 1 >= n or (p[i + 1] & 0xC0) != 0x80:
                return False
            i += 2
        elif c < 0xF0:
            if i + 2 >= n or (p[i + 1] & 0xC0) != 0x80 or (p[i + 2] & 0xC0) != 0x80:
                return False
            d = p[i + 1]
            if (c == 0xE0 and d < 0xA0) or (c == 0xED and d >= 0xA0):
                return False
            i += 3
        elif c < 0xF5:
            if i + 3 >= n or (p[i + 1] & 0xC0) != 0x80 or (p[i + 2] & 0xC0) != 0x80 or (p[i + 3] & 0xC0) != 0x80:
                return False
            d = p[i + 1]
            if (c == 0xF0 and d < 0x90) or (c == 0xF4 and d >= 0x90):
                return False
            i += 4
        else:
            return False
    return True


cdef int64_t line_end(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """Where the physical line that holds `at` ends: the place of its CR or LF, or n."""
    while at < n and p[at] != 0x0A and p[at] != 0x0D:
        at += 1
    return at


cdef int64_t after_line(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """The place behind the line break at `at` (CR LF counts as one)."""
    if at < n and p[at] == 0x0D and at + 1 < n and p[at + 1] == 0x0A:
        return at + 2
    return at + 1 if at < n else n


def scan_csv(const uint8_t[::1] data not None, int delimiter, int columns, bint final, int most_rows,
             int64_t longest):
    """Find the rows and cells of `data`, which starts at the start of a row.

    Returns (consumed, rows, starts, ends, flags, row_starts, row_ends, row_lines, row_cells, row_faults).
    Cells are row-major, `columns` a row; `row_lines` counts physical lines before the row, and its last
    element (index `rows`) those before `consumed`. Unless `final`, an unfinished last row is not consumed;
    a quoted cell that is not closed within `longest` bytes counts as never closed.
    RFC 4180, with LF, CRLF and CR as line breaks; a quote inside an unquoted cell is text; text behind a
    closing quote is a fault, after which reading goes on at the next physical line.
    """
    cdef int64_t n = data.shape[0], at = 0, row_start = 0, cell_start = 0, cell_end = 0, consumed = 0, stop
    cdef int rows = 0, cell = 0, base = 0
    cdef int32_t line = 0, row_line = 0
    cdef uint8_t seen, kind, row_seen, c
    cdef uint8_t fault, delim = <uint8_t>delimiter
    cdef bint quoted, ended, bad_utf8, only_empty
    cdef const uint8_t *p = &data[0] if n else NULL
    cdef int64_t room = min(<int64_t>most_rows, n + 1)
    starts_a = np.zeros(room * columns, np.int32)
    ends_a = np.zeros(room * columns, np.int32)
    flags_a = np.zeros(room * columns, np.uint8)
    row_starts_a = np.zeros(room, np.int32)
    row_ends_a = np.zeros(room, np.int32)
    row_lines_a = np.zeros(room + 1, np.int32)
    row_cells_a = np.zeros(room, np.int32)
    row_faults_a = np.zeros(room, np.uint8)
    cdef int32_t[::1] starts = starts_a, ends = ends_a, row_starts = row_starts_a, row_ends = row_ends_a
    cdef int32_t[::1] row_lines = row_lines_a, row_cells = row_cells_a
    cdef uint8_t[::1] flags = flags_a, row_faults = row_faults_a
    cdef uint8_t table[256]
    memcpy(table, CLASS, 256)
    table[delim] |= STOP

    with nogil:
        while at < n and rows < room:
            row_start = at
            row_line = line
            cell = 0
            base = rows * columns
            fault = OK
            row_seen = 0
            bad_utf8 = False
            only_empty = True
            ended = False
            while not ended:
                seen = 0
                quoted = at < n and p[at] == 0x22
                if quoted:
                    at += 1
                    cell_start = at
                    while True:
                        while at < n and p[at] != 0x22:
                            c = p[at]
                            seen |= table[c]
                            if c == 0x0A or (c == 0x0D and not (at + 1 < n and p[at + 1] == 0x0A)):
                                line += 1
                            at += 1
                        if at >= n:
                            fault = UNCLOSED
                            break
                        if at + 1 < n and p[at + 1] == 0x22:
                            seen |= ESCAPE | DOUBLED
                            at += 2
                            continue
                        cell_end = at
                        at += 1
                        if at < n and p[at] != delim and p[at] != 0x0A and p[at] != 0x0D:
                            fault = QUOTE
                        break
                    if fault != OK:
                        break
                else:
                    cell_start = at
                    while at < n:
                        kind = table[p[at]]
                        if kind & STOP:
                            break
                        seen |= kind
                        at += 1
                    cell_end = at
                stop = cell_start
                while only_empty and stop < cell_end:
                    only_empty = p[stop] == 0x20
                    stop += 1
                row_seen |= seen
                if seen & HIGH and not utf8_is_good(p + cell_start, cell_end - cell_start):
                    bad_utf8 = True
                if cell < columns:
                    starts[base + cell] = <int32_t>cell_start
                    ends[base + cell] = <int32_t>cell_end
                    flags[base + cell] = seen & (ESCAPE | HIGH | DOUBLED)
                cell += 1
                if at >= n:
                    ended = True
                elif p[at] == delim:
                    at += 1
                else:
                    ended = True
            if fault == UNCLOSED and not final and n - row_start <= longest:
                line = row_line
                break
            if fault != OK:
                at = line_end(p, row_start, n)
                line = row_line
            if not final and (at >= n or (p[at] == 0x0D and at + 1 >= n)):
                line = row_line
                break
            stop = at
            row_starts[rows] = <int32_t>row_start
            row_ends[rows] = <int32_t>stop
            row_lines[rows] = row_line
            row_cells[rows] = cell
            if fault == OK:
                if only_empty:
                    fault = BLANK
                elif row_seen & ZERO:
                    fault = NUL
                elif bad_utf8:
                    fault = UTF8
                elif cell != columns:
                    fault = RAGGED
            row_faults[rows] = fault
            rows += 1
            if at < n:
                line += 1
            at = after_line(p, at, n)
            consumed = at
    row_lines[rows] = line
    return (consumed, rows, starts_a[: rows * columns], ends_a[: rows * columns], flags_a[: rows * columns],
            row_starts_a[:rows], row_ends_a[:rows], row_lines_a[: rows + 1], row_cells_a[:rows], row_faults_a[:rows])


# ---------------------------------------------------------------------------------------------- cells

cdef inline bint digit(uint8_t c) noexcept nogil:
    return 0x30 <= c <= 0x39


cdef inline int two(const uint8_t *p) noexcept nogil:
    """The number that two ASCII digits make, or -1."""
    if digit(p[0]) and digit(p[1]):
        return (p[0] - 0x30) * 10 + p[1] - 0x30
    return -1


cdef bint good_date(const uint8_t *p, int64_t n) noexcept nogil:
    """YYYY-MM-DD that the calendar has; year 0000 is left to the twin."""
    cdef int century, year, month, day, most
    if n < 10 or p[4] != 0x2D or p[7] != 0x2D:
        return False
    century = two(p)
    year = two(p + 2)
    month = two(p + 5)
    day = two(p + 8)
    if century < 0 or year < 0 or month < 1 or month > 12 or day < 1:
        return False
    year += century * 100
    if year == 0:
        return False
    if month == 2:
        most = 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        most = 30
    else:
        most = 31
    return day <= most


cdef bint good_date_time(const uint8_t *p, int64_t n) noexcept nogil:
    """RFC 3339 with upper-case T and Z and at most nine fractional digits."""
    cdef int64_t i = 19
    if n < 20 or not good_date(p, n) or p[10] != 0x54 or p[13] != 0x3A or p[16] != 0x3A:
        return False
    if not (0 <= two(p + 11) <= 23 and 0 <= two(p + 14) <= 59 and 0 <= two(p + 17) <= 59):
        return False
    if p[i] == 0x2E:
        i += 1
        while i < n and digit(p[i]):
            i += 1
        if i == 20 or i > 29:
            return False
    if i == n - 1:
        return p[i] == 0x5A
    if i != n - 6 or (p[i] != 0x2B and p[i] != 0x2D) or p[i + 3] != 0x3A:
        return False
    return 0 <= two(p + i + 1) <= 23 and 0 <= two(p + i + 4) <= 59


cdef inline bint email_byte(uint8_t c) noexcept nogil:
    return 0x61 <= c <= 0x7A or digit(c) or c == 0x2E or c == 0x2D


cdef bint good_email(const uint8_t *p, int64_t n) noexcept nogil:
    """The vendor's pattern, already trimmed and in lower case."""
    cdef int64_t i = 0, label
    while i < n and (email_byte(p[i]) or p[i] == 0x5F or p[i] == 0x2B):
        i += 1
    if i == 0 or i >= n or p[i] != 0x40:
        return False
    i += 1
    label = i
    while i < n and email_byte(p[i]) and p[i] != 0x2E:
        i += 1
    if i == label or i >= n or p[i] != 0x2E:
        return False
    i += 1
    label = i
    while i < n and email_byte(p[i]):
        i += 1
    return i == n and i > label


cdef bint good_hash(const uint8_t *p, int64_t n) noexcept nogil:
    """Printable ASCII without spaces or capitals: trimming and lower-casing would change nothing."""
    cdef int64_t i
    for i in range(n):
        if p[i] <= 0x20 or p[i] >= 0x7F or 0x41 <= p[i] <= 0x5A:
            return False
    return True


cdef bint good_integer(const uint8_t *p, int64_t n, double low, double high) noexcept nogil:
    """A JSON integer of at most 15 digits, surely within the bounds."""
    cdef int64_t i = 0
    cdef double value = 0
    cdef bint minus = p[0] == 0x2D
    if minus:
        i = 1
    if i >= n or n - i > 15 or not digit(p[i]) or (p[i] == 0x30 and n - i > 1):
        return False
    while i < n:
        if not digit(p[i]):
            return False
        value = value * 10 + (p[i] - 0x30)
        i += 1
    if minus:
        value = -value
    return low <= value <= high


cdef bint good_number(const uint8_t *p, int64_t n, double low, double high) noexcept nogil:
    """A JSON number without exponent and of at most 15 digits; near a bound only whole numbers are sure."""
    cdef int64_t i = 0, first
    cdef double value = 0, scale = 1
    cdef bint minus = p[0] == 0x2D
    if n > 17:
        return False
    if minus:
        i = 1
    first = i
    while i < n and digit(p[i]):
        value = value * 10 + (p[i] - 0x30)
        i += 1
    if i == first or (p[first] == 0x30 and i - first > 1):
        return False
    if i < n:
        if p[i] != 0x2E or i + 1 >= n:
            return False
        i += 1
        while i < n:
            if not digit(p[i]):
                return False
            value = value * 10 + (p[i] - 0x30)
            scale = scale * 10
            i += 1
    if i - first > 16 or (scale == 1 and i - first > 15):
        return False
    # At most 15 digits and a power of ten below 1e16: the quotient is the double that a parser finds.
    value = value / scale
    if minus:
        value = -value
    return low <= value <= high


# Kinds of cells, as compiled.py names them.
cdef enum:
    K_TEXT = 0
    K_EMAIL = 1
    K_HASH = 2
    K_NUMBER = 3
    K_INTEGER = 4
    K_BOOLEAN = 5
    K_DATE = 6
    K_DATE_TIME = 7
    K_ENUM = 8
    K_UNSURE = 9
    K_URL = 10


def check_column(const uint8_t[::1] data not None, const int32_t[::1] starts not None,
                 const int32_t[::1] ends not None, const uint8_t[::1] flags not None, int columns, int column,
                 int kind, double low, double high, tuple words, uint8_t[::1] status not None):
    """Say of each cell of one column whether it is EMPTY, GOOD as it stands, or in DOUBT."""
    cdef int64_t n = data.shape[0], rows = status.shape[0], row, at, size
    cdef const uint8_t *p
    cdef const uint8_t *base = &data[0] if n else NULL
    cdef bint good
    cdef int k, count = len(words)
    cdef const uint8_t* word[64]
    cdef int64_t word_size[64]
    if count > 64:
        raise ValueError("an enum of more than 64 words is left to the exact twin")
    if rows * columns > starts.shape[0] or rows * columns > ends.shape[0] or rows * columns > flags.shape[0]:
        raise ValueError("the cells do not cover the rows")
    for k in range(count):
        word[k] = <const uint8_t *><char *>words[k]
        word_size[k] = len(words[k])
    with nogil:
        for row in range(rows):
            at = row * columns + column
            size = ends[at] - starts[at]
            if size == 0:
                status[row] = 0
                continue
            if starts[at] < 0 or size < 0 or ends[at] > n:
                status[row] = 2
                continue
            p = base + starts[at]
            if kind == K_TEXT:
                good = True
            elif flags[at]:
                good = False
            elif kind == K_EMAIL:
                good = good_email(p, size)
            elif kind == K_HASH:
                good = good_hash(p, size)
            elif kind == K_NUMBER:
                good = good_number(p, size, low, high)
            elif kind == K_INTEGER:
                good = good_integer(p, size, low, high)
            elif kind == K_BOOLEAN:
                good = (size == 4 and memcmp(p, b"true", 4) == 0) or (size == 5 and memcmp(p, b"false", 5) == 0)
            elif kind == K_DATE:
                good = size == 10 and good_date(p, size)
            elif kind == K_DATE_TIME:
                good = good_date_time(p, size)
            elif kind == K_URL:
                good = good_url(p, size)
            elif kind == K_ENUM:
                good = False
                for k in range(count):
                    if size == word_size[k] and memcmp(p, word[k], size) == 0:
                        good = True
                        break
            else:
                good = False
            status[row] = 1 if good else 2


# ---------------------------------------------------------------------------------------------- NDJSON

cdef struct Out:
    uint8_t *data
    int64_t size
    int64_t room


cdef bint reserve(Out *out, int64_t more) noexcept nogil:
    """Make room for `more` bytes; False when there is no memory left."""
    cdef int64_t room
    cdef uint8_t *bigger
    if out.size + more <= out.room:
        return True
    room = (out.size + more) * 2
    bigger = <uint8_t *>realloc(out.data, room)
    if bigger == NULL:
        return False
    out.data = bigger
    out.room = room
    return True


cdef inline void put(Out *out, const uint8_t *p, int64_t n) noexcept nogil:
    memcpy(out.data + out.size, p, n)
    out.size += n


cdef const char *HEX = b"0123456789abcdef"


cdef void put_escaped(Out *out, const uint8_t *p, int64_t n, bint doubled) noexcept nogil:
    """Write text as the inside of a JSON string (RFC 8259 section 7); needs room for 6 n bytes."""
    cdef int64_t i = 0, plain = 0
    cdef uint8_t c
    cdef uint8_t *to
    while i < n:
        c = p[i]
        if c >= 0x20 and c != 0x22 and c != 0x5C:
            i += 1
            continue
        put(out, p + plain, i - plain)
        to = out.data + out.size
        to[0] = 0x5C
        if c == 0x22 or c == 0x5C:
            to[1] = c
            out.size += 2
            if doubled and c == 0x22:
                i += 1
        elif c == 0x0A:
            to[1] = 0x6E
            out.size += 2
        elif c == 0x0D:
            to[1] = 0x72
            out.size += 2
        elif c == 0x09:
            to[1] = 0x74
            out.size += 2
        elif c == 0x08:
            to[1] = 0x62
            out.size += 2
        elif c == 0x0C:
            to[1] = 0x66
            out.size += 2
        else:
            to[1] = 0x75
            to[2] = 0x30
            to[3] = 0x30
            to[4] = HEX[c >> 4]
            to[5] = HEX[c & 15]
            out.size += 6
        i += 1
        plain = i
    if plain < n:
        put(out, p + plain, n - plain)


# What a program for `encode` is made of; Python knows these numbers by the names in compiled.py.
cdef enum:
    P_TEXT = 0
    P_RAW = 1
    P_OPEN = 2
    P_CLOSE = 3
    P_OPEN_ARRAY = 4
    P_CLOSE_ARRAY = 5
    P_REPEAT = 6
    P_REPEAT_END = 7
    DEPTH = 64


def encode(const uint8_t[::1] data not None, const int32_t[::1] starts not None, const int32_t[::1] ends not None,
           const uint8_t[::1] flags not None, int columns, const int32_t[::1] first not None,
           const int32_t[::1] last not None, const uint8_t[::1] take not None,
           const int32_t[::1] operations not None, const int32_t[::1] arguments not None, list keys):
    """One NDJSON line for each record r with take[r], made of the rows first[r] to last[r] - 1.

    Returns (bytes, ends) where ends[r] is the place behind record r's line. Objects and arrays without a
    filled cell are left out. `REPEAT` runs its part once a row of the record; all else reads the first row.
    """
    cdef int64_t n = data.shape[0], records = take.shape[0], cells = starts.shape[0], record, at, size, start
    cdef int steps = operations.shape[0], step, pending, waiting[64], depth, row, operation, k
    cdef bint comma, memory = True
    cdef const uint8_t *base = &data[0] if n else NULL
    cdef int64_t key_size
    cdef Out out
    if len(keys) != steps or arguments.shape[0] != steps:
        raise ValueError("each operation has one argument and one key")
    if last.shape[0] != records or first.shape[0] != records or ends.shape[0] != cells or flags.shape[0] != cells:
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
                    if operation <= P_RAW:
                        at = <int64_t>row * columns + arguments[step]
                        if at < 0 or at >= cells:
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
                                out.data[out.size] = 0x7B if operations[waiting[k]] == P_OPEN else 0x5B
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
                            if operation == P_RAW:
                                put(&out, base + start, size)
                            else:
                                out.data[out.size] = 0x22
                                out.size += 1
                                if flags[at] & ESCAPE:
                                    put_escaped(&out, base + start, size, flags[at] & DOUBLED)
                                else:
                                    put(&out, base + start, size)
                                out.data[out.size] = 0x22
                                out.size += 1
                            comma = True
                    elif operation == P_OPEN or operation == P_OPEN_ARRAY:
                        if pending >= DEPTH:
                            memory = False
                            break
                        waiting[pending] = step
                        pending += 1
                    elif operation == P_CLOSE or operation == P_CLOSE_ARRAY:
                        if pending:
                            pending -= 1
                        else:
                            if not reserve(&out, 1):
                                memory = False
                                break
                            out.data[out.size] = 0x7D if operation == P_CLOSE else 0x5D
                            out.size += 1
                            comma = True
                    elif operation == P_REPEAT_END:
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
        return PyBytes_FromStringAndSize(<char *>out.data, out.size), line_ends
    finally:
        free(out.data)


# ---------------------------------------------------------------------------------------------- JSON

def split_array(const uint8_t[::1] data not None, int64_t at, bint final, int most):
    """Find the values of a JSON array in `data`, from `at`, which lies behind `[` or behind a comma.

    Returns (places, at, state): places holds (start, end) of each value found; state is 0 for more to come,
    1 when the array is closed (at lies behind `]`), 2 when no value can be found at `at`. Only brackets and
    strings are looked at: whether a value is JSON is for a parser to say.
    """
    cdef int64_t n = data.shape[0], start, after
    cdef const uint8_t *p = &data[0] if n else NULL
    cdef int state = 0
    cdef uint8_t c
    places = []
    while len(places) < most:
        start = at
        while start < n and (p[start] == 0x20 or 0x09 <= p[start] <= 0x0D):
            start += 1
        if start >= n:
            break
        c = p[start]
        if c == 0x5D or c == 0x2C:
            state = 2
            break
        with nogil:
            at = value_end(p, start, n)
        if at < 0:
            at = start
            break
        after = at
        while after < n and (p[after] == 0x20 or 0x09 <= p[after] <= 0x0D):
            after += 1
        if after >= n:
            at = start
            break
        if p[after] != 0x2C and p[after] != 0x5D:
            state = 2
            at = start
            break
        places.append((start, at))
        at = after + 1
        if p[after] == 0x5D:
            state = 1
            break
    return places, at, state


cdef int64_t value_end(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """The place behind the value that starts at `at`; -1 when it does not end before n."""
    cdef int64_t depth = 0
    cdef uint8_t c
    while at < n:
        c = p[at]
        if c == 0x22:
            at += 1
            while at < n and p[at] != 0x22:
                at += 2 if p[at] == 0x5C else 1
            if at >= n:
                return -1
            at += 1
        elif c == 0x7B or c == 0x5B:
            depth += 1
            at += 1
        elif c == 0x7D or c == 0x5D:
            if depth == 0:
                return at
            depth -= 1
            at += 1
        elif depth == 0 and (c == 0x2C or c == 0x20 or 0x09 <= c <= 0x0D):
            return at
        else:
            at += 1
        if depth == 0 and (c == 0x22 or c == 0x7D or c == 0x5D):
            return at
    return -1


# ---------------------------------------------------------------------------------------------- records of rows

def mark_keys(const uint8_t[::1] data not None, const int32_t[::1] starts not None,
              const int32_t[::1] ends not None, const uint8_t[::1] faults not None,
              const int32_t[::1] cells not None, int columns, int column):
    """Say of each row whether its key begins a record, and the 64-bit hash of the key.

    Marks: 0 the row is blank; 1 the key differs from that of the row before; 2 it is the same; 3 it is empty;
    4 it cannot be read. Hashes of other rows than those marked 1 and 2 are 0.
    """
    cdef int64_t n = data.shape[0], rows = faults.shape[0], row, at, size, last_start = 0, last_size = -1
    cdef const uint8_t *base = &data[0] if n else NULL
    cdef uint64_t h
    marks_a = np.zeros(rows, np.uint8)
    hashes_a = np.zeros(rows, np.uint64)
    cdef uint8_t[::1] marks = marks_a
    cdef uint64_t[::1] hashes = hashes_a
    if rows * columns > starts.shape[0] or rows * columns > ends.shape[0] or cells.shape[0] != rows:
        raise ValueError("the cells do not cover the rows")
    with nogil:
        for row in range(rows):
            if faults[row] == BLANK:
                continue
            at = row * columns + column
            size = ends[at] - starts[at]
            if faults[row] == QUOTE or faults[row] == UNCLOSED or cells[row] <= column:
                marks[row] = 4
            elif size < 0 or starts[at] < 0 or ends[at] > n:
                marks[row] = 4
            elif size == 0:
                marks[row] = 3
            else:
                h = hash_bytes(base + starts[at], size)
                hashes[row] = h
                if size == last_size and memcmp(base + starts[at], base + last_start, size) == 0:
                    marks[row] = 2
                else:
                    marks[row] = 1
                last_start = starts[at]
                last_size = size
    return marks_a, hashes_a


cdef uint64_t hash_bytes(const uint8_t *p, int64_t n) noexcept nogil:
    """FNV-1a over 8 bytes at a time with a final mix; only used to tell keys apart, never to trust one."""
    cdef uint64_t h = <uint64_t>14695981039346656037ULL ^ <uint64_t>n, word
    while n >= 8:
        memcpy(&word, p, 8)
        h = (h ^ word) * <uint64_t>1099511628211ULL
        h ^= h >> 29
        p += 8
        n -= 8
    word = 0
    memcpy(&word, p, n)
    h = (h ^ word) * <uint64_t>1099511628211ULL
    h ^= h >> 32
    h *= <uint64_t>0x9FB21C651E98DF25ULL
    return h ^ (h >> 28)


def agree(const uint8_t[::1] data not None, const int32_t[::1] starts not None, const int32_t[::1] ends not None,
          int columns, int column, const int32_t[::1] first not None, const int32_t[::1] last not None,
          uint8_t[::1] same not None):
    """Clear same[r] where a later row of record r fills the column with other bytes than its first row does."""
    cdef int64_t n = data.shape[0], records = same.shape[0], record, row, at, head, size
    cdef const uint8_t *base = &data[0] if n else NULL
    if first.shape[0] != records or last.shape[0] != records or ends.shape[0] != starts.shape[0]:
        raise ValueError("arrays of one block have one length")
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
                        or starts[head] < 0 or ends[head] > n
                        or memcmp(base + starts[at], base + starts[head], size) != 0):
                    same[record] = 0
                    break


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
    cdef const uint8_t *base = &data[0] if n else NULL
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
        cdef int64_t i
        for i in range(hashes.shape[0]):
            if self.count * 2 >= self.table.shape[0]:
                self._grow()
            if not self._put(hashes[i] | 1):
                return i
        return hashes.shape[0]

    cdef bint _put(self, uint64_t h) noexcept:
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


# ---------------------------------------------------------------------------------------------- documents

cdef enum:
    D_UNSURE = 0
    D_OBJECT = 1
    D_ARRAY = 2
    D_STRING = 3
    D_NUMBER = 4
    D_BOOLEAN = 5
    D_OPEN = 6
    D_DEPTH = 24
    D_OPEN_KEYS = 64


cdef class Automaton:
    """A schema as tables of numbers, for `vouch_documents`.

    A node is (what, kind of text or number, first, end, shapes, shapes end, conditions, conditions end, item):
    `first` to `end` are its properties or words; a shape is (required bits, allowed bits), a condition (property,
    word, holds when absent, required bits). `low` and `high` bound numbers, or the length of lists and texts.
    """

    cdef int32_t[:, ::1] nodes
    cdef double[:, ::1] bounds
    cdef int32_t[:, ::1] properties
    cdef uint64_t[:, ::1] shapes
    cdef int64_t[:, ::1] conditions
    cdef const uint8_t[::1] text
    cdef int root

    def __init__(self, nodes, bounds, properties, shapes, conditions, bytes text, int root):
        self.nodes = np.ascontiguousarray(nodes, np.int32)
        self.bounds = np.ascontiguousarray(bounds, np.float64)
        self.properties = np.ascontiguousarray(properties, np.int32)
        self.shapes = np.ascontiguousarray(shapes, np.uint64)
        self.conditions = np.ascontiguousarray(conditions, np.int64)
        self.text = text
        self.root = root
        self._check()

    cdef _check(self):
        """Refuse tables that point outside of each other, so that the loops need not look again."""
        cdef int64_t node, one
        cdef int64_t most = self.nodes.shape[0]
        if self.nodes.shape[1] != 9 or self.bounds.shape[0] != most or self.bounds.shape[1] != 2:
            raise ValueError("a node has nine numbers and two bounds")
        if self.properties.shape[1] != 3 or self.shapes.shape[1] != 2 or self.conditions.shape[1] != 4:
            raise ValueError("a property has three numbers, a shape two, a condition four")
        if not 0 <= self.root < most or not self.text.shape[0]:
            raise ValueError("there is no root")
        for node in range(most):
            if not (0 <= self.nodes[node, 2] <= self.nodes[node, 3] <= self.properties.shape[0]
                    and 0 <= self.nodes[node, 4] <= self.nodes[node, 5] <= self.shapes.shape[0]
                    and 0 <= self.nodes[node, 6] <= self.nodes[node, 7] <= self.conditions.shape[0]
                    and -1 <= self.nodes[node, 8] < most and self.nodes[node, 3] - self.nodes[node, 2] <= 64):
                raise ValueError("a node points outside of the tables")
            for one in range(self.nodes[node, 6], self.nodes[node, 7]):
                if not 0 <= self.conditions[one, 0] < self.nodes[node, 3] - self.nodes[node, 2]:
                    raise ValueError("a condition is about no property")
        for one in range(self.properties.shape[0]):
            if not (0 <= self.properties[one, 0] <= self.properties[one, 1] <= self.text.shape[0]
                    and -1 <= self.properties[one, 2] < most):
                raise ValueError("a property points outside of the tables")


cdef struct Reader:
    const uint8_t *p
    int64_t at
    int64_t end
    int word


cdef inline void skip_space(Reader *r) noexcept nogil:
    while r.at < r.end and (r.p[r.at] == 0x20 or r.p[r.at] == 0x0A or r.p[r.at] == 0x0D or r.p[r.at] == 0x09):
        r.at += 1


cdef int64_t hex4(const uint8_t *p) noexcept nogil:
    """The number that four hex digits make, or -1."""
    cdef int64_t value = 0
    cdef int i
    cdef uint8_t c
    for i in range(4):
        c = p[i]
        if digit(c):
            value = value * 16 + c - 0x30
        elif 0x61 <= (c | 0x20) <= 0x66:
            value = value * 16 + (c | 0x20) - 0x61 + 10
        else:
            return -1
    return value


cdef bint copy_string(Reader *r, Out *out, bint *escaped) noexcept nogil:
    """Copy the string that starts at its opening quote, escapes as orjson writes them; False when in doubt."""
    cdef int64_t start, i, code, low
    cdef uint8_t c, high = 0
    cdef uint8_t few[4]
    r.at += 1
    start = r.at
    i = r.at
    while i < r.end:
        c = r.p[i]
        if c == 0x22 or c == 0x5C or c < 0x20:
            break
        high |= c
        i += 1
    escaped[0] = i < r.end and r.p[i] == 0x5C
    if not escaped[0]:
        if i >= r.end or r.p[i] != 0x22 or (high >= 0x80 and not utf8_is_good(r.p + start, i - start)):
            return False
        if not reserve(out, i - start + 2):
            return False
        out.data[out.size] = 0x22
        out.size += 1
        put(out, r.p + start, i - start)
        out.data[out.size] = 0x22
        out.size += 1
        r.at = i + 1
        return True
    if not reserve(out, 2):
        return False
    out.data[out.size] = 0x22
    out.size += 1
    i = start
    while True:
        start = i
        high = 0
        while i < r.end and r.p[i] != 0x22 and r.p[i] != 0x5C and r.p[i] >= 0x20:
            high |= r.p[i]
            i += 1
        if i >= r.end or r.p[i] < 0x20 or (high >= 0x80 and not utf8_is_good(r.p + start, i - start)):
            return False
        if not reserve(out, i - start + 8):
            return False
        put(out, r.p + start, i - start)
        if r.p[i] == 0x22:
            out.data[out.size] = 0x22
            out.size += 1
            r.at = i + 1
            return True
        if i + 1 >= r.end:
            return False
        c = r.p[i + 1]
        i += 2
        if c == 0x75:
            if i + 4 > r.end:
                return False
            code = hex4(r.p + i)
            i += 4
            if code < 0 or 0xDC00 <= code <= 0xDFFF:
                return False
            if 0xD800 <= code <= 0xDBFF:
                if i + 6 > r.end or r.p[i] != 0x5C or r.p[i + 1] != 0x75:
                    return False
                low = hex4(r.p + i + 2)
                if low < 0xDC00 or low > 0xDFFF:
                    return False
                code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
                i += 6
            if code < 0x80:
                few[0] = <uint8_t>code
                put_escaped(out, few, 1, False)
            elif code < 0x800:
                few[0] = <uint8_t>(0xC0 | (code >> 6))
                few[1] = <uint8_t>(0x80 | (code & 63))
                put(out, few, 2)
            elif code < 0x10000:
                few[0] = <uint8_t>(0xE0 | (code >> 12))
                few[1] = <uint8_t>(0x80 | ((code >> 6) & 63))
                few[2] = <uint8_t>(0x80 | (code & 63))
                put(out, few, 3)
            else:
                few[0] = <uint8_t>(0xF0 | (code >> 18))
                few[1] = <uint8_t>(0x80 | ((code >> 12) & 63))
                few[2] = <uint8_t>(0x80 | ((code >> 6) & 63))
                few[3] = <uint8_t>(0x80 | (code & 63))
                put(out, few, 4)
        elif c == 0x2F:
            out.data[out.size] = 0x2F
            out.size += 1
        elif c == 0x22 or c == 0x5C or c == 0x62 or c == 0x66 or c == 0x6E or c == 0x72 or c == 0x74:
            out.data[out.size] = 0x5C
            out.data[out.size + 1] = c
            out.size += 2
        else:
            return False


cdef int64_t number_end(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    """The place behind a JSON number without exponent; -1 when there is none or one that is left to the twin."""
    cdef int64_t first
    if at < end and p[at] == 0x2D:
        at += 1
    first = at
    while at < end and digit(p[at]):
        at += 1
    if at == first or at - first > 300 or (p[first] == 0x30 and at - first > 1):
        return -1
    if at < end and p[at] == 0x2E:
        first = at + 1
        at = first
        while at < end and digit(p[at]):
            at += 1
        if at == first:
            return -1
    if at < end and (p[at] | 0x20) == 0x65:
        return -1
    return at


cdef bint vouch_string(Automaton a, int node, Reader *r, Out *out) noexcept nogil:
    cdef int64_t start = r.at + 1, size, one, word
    cdef bint escaped = False
    cdef int kind = a.nodes[node, 1]
    if r.p[r.at] != 0x22 or not copy_string(r, out, &escaped):
        return False
    if kind == K_TEXT:
        size = r.at - 1 - start
        return a.bounds[node, 0] <= size <= a.bounds[node, 1]
    if escaped:
        return False
    size = r.at - 1 - start
    if kind == K_EMAIL:
        return good_email(r.p + start, size)
    if kind == K_HASH:
        return good_hash(r.p + start, size)
    if kind == K_DATE:
        return size == 10 and good_date(r.p + start, size)
    if kind == K_DATE_TIME:
        return good_date_time(r.p + start, size)
    if kind == K_URL:
        return good_url(r.p + start, size)
    if kind == K_ENUM:
        for one in range(a.nodes[node, 2], a.nodes[node, 3]):
            word = a.properties[one, 0]
            if size == a.properties[one, 1] - word and memcmp(r.p + start, &a.text[word], size) == 0:
                r.word = <int>(one - a.nodes[node, 2])
                return True
    return False


cdef bint vouch_value(Automaton a, int node, Reader *r, Out *out, int depth) noexcept nogil:
    """Check the value at r and copy it; False when it is not certain."""
    cdef int64_t end
    cdef int what
    if node < 0 or depth > D_DEPTH or r.at >= r.end:
        return False
    what = a.nodes[node, 0]
    if what == D_STRING:
        return vouch_string(a, node, r, out)
    if what == D_OBJECT:
        return vouch_object(a, node, r, out, depth)
    if what == D_ARRAY:
        return vouch_array(a, node, r, out, depth)
    if what == D_BOOLEAN or (what == D_OPEN and (r.p[r.at] == 0x74 or r.p[r.at] == 0x66)):
        if r.end - r.at >= 4 and memcmp(r.p + r.at, b"true", 4) == 0:
            end = r.at + 4
        elif r.end - r.at >= 5 and memcmp(r.p + r.at, b"false", 5) == 0:
            end = r.at + 5
        else:
            return False
    elif what == D_OPEN and r.p[r.at] == 0x22:
        return vouch_open_string(r, out)
    elif what == D_NUMBER or what == D_OPEN:
        end = number_end(r.p, r.at, r.end)
        if end < 0:
            return False
        if what == D_NUMBER and a.nodes[node, 1] == K_INTEGER:
            if not good_integer(r.p + r.at, end - r.at, a.bounds[node, 0], a.bounds[node, 1]):
                return False
        elif what == D_NUMBER and (a.bounds[node, 0] > -1e308 or a.bounds[node, 1] < 1e308):
            if not good_number(r.p + r.at, end - r.at, a.bounds[node, 0], a.bounds[node, 1]):
                return False
    else:
        return False
    if not reserve(out, end - r.at):
        return False
    put(out, r.p + r.at, end - r.at)
    r.at = end
    return True


cdef bint vouch_open_string(Reader *r, Out *out) noexcept nogil:
    cdef bint escaped = False
    return copy_string(r, out, &escaped)


cdef bint vouch_array(Automaton a, int node, Reader *r, Out *out, int depth) noexcept nogil:
    cdef int64_t count = 0
    if r.p[r.at] != 0x5B or not reserve(out, 2):
        return False
    r.at += 1
    out.data[out.size] = 0x5B
    out.size += 1
    skip_space(r)
    if r.at < r.end and r.p[r.at] == 0x5D:
        r.at += 1
    else:
        while True:
            skip_space(r)
            if not vouch_value(a, a.nodes[node, 8], r, out, depth + 1):
                return False
            count += 1
            skip_space(r)
            if r.at >= r.end or not reserve(out, 2):
                return False
            r.at += 1
            if r.p[r.at - 1] == 0x5D:
                break
            if r.p[r.at - 1] != 0x2C:
                return False
            out.data[out.size] = 0x2C
            out.size += 1
    if not reserve(out, 1):
        return False
    out.data[out.size] = 0x5D
    out.size += 1
    return a.bounds[node, 0] <= count <= a.bounds[node, 1]


cdef bint vouch_object(Automaton a, int node, Reader *r, Out *out, int depth) noexcept nogil:
    cdef uint64_t met = 0, filled = 0, bit
    cdef int32_t words[64]
    cdef int64_t open_at[D_OPEN_KEYS]
    cdef int64_t open_size[D_OPEN_KEYS]
    cdef int64_t start, size, key, before, one, others = 0
    cdef int first = a.nodes[node, 2], last = a.nodes[node, 3], place, tried, child, guess = first
    cdef bint comma = False, escaped = False
    if r.p[r.at] != 0x7B or not reserve(out, 2):
        return False
    r.at += 1
    out.data[out.size] = 0x7B
    out.size += 1
    skip_space(r)
    if r.at < r.end and r.p[r.at] == 0x7D:
        r.at += 1
    else:
        while True:
            skip_space(r)
            if r.at >= r.end or r.p[r.at] != 0x22:
                return False
            before = out.size
            if not reserve(out, 1):
                return False
            if comma:
                out.data[out.size] = 0x2C
                out.size += 1
            start = r.at + 1
            if not copy_string(r, out, &escaped) or escaped:
                return False
            size = r.at - 1 - start
            place = -1
            for tried in range(first, last):
                key = a.properties[guess, 0]
                if size == a.properties[guess, 1] - key and memcmp(r.p + start, &a.text[key], size) == 0:
                    place = guess
                    break
                guess += 1
                if guess >= last:
                    guess = first
            if place >= 0:
                bit = <uint64_t>1 << (place - first)
                if met & bit:
                    return False
                met |= bit
                child = a.properties[place, 2]
                guess = place + 1 if place + 1 < last else first
            else:
                child = a.nodes[node, 8]
                if child < 0 or others >= D_OPEN_KEYS:
                    return False
                for one in range(others):
                    if open_size[one] == size and memcmp(r.p + open_at[one], r.p + start, size) == 0:
                        return False
                open_at[others] = start
                open_size[others] = size
                others += 1
            skip_space(r)
            if r.at >= r.end or r.p[r.at] != 0x3A or not reserve(out, 1):
                return False
            r.at += 1
            out.data[out.size] = 0x3A
            out.size += 1
            skip_space(r)
            if r.end - r.at >= 4 and memcmp(r.p + r.at, b"null", 4) == 0:
                r.at += 4
                out.size = before
            else:
                r.word = -1
                if not vouch_value(a, child, r, out, depth + 1):
                    return False
                if place >= 0:
                    filled |= bit
                    words[place - first] = r.word
                comma = True
            skip_space(r)
            if r.at >= r.end:
                return False
            r.at += 1
            if r.p[r.at - 1] == 0x7D:
                break
            if r.p[r.at - 1] != 0x2C:
                return False
    if not reserve(out, 1):
        return False
    out.data[out.size] = 0x7D
    out.size += 1
    for one in range(a.nodes[node, 6], a.nodes[node, 7]):
        place = <int>a.conditions[one, 0]
        if filled & (<uint64_t>1 << place):
            if words[place] != a.conditions[one, 1]:
                continue
        elif not a.conditions[one, 2]:
            continue
        if (filled & <uint64_t>a.conditions[one, 3]) != <uint64_t>a.conditions[one, 3]:
            return False
    for one in range(a.nodes[node, 4], a.nodes[node, 5]):
        if (filled & a.shapes[one, 0]) == a.shapes[one, 0] and not filled & ~a.shapes[one, 1]:
            return True
    return False


cdef bint good_url(const uint8_t *p, int64_t n) noexcept nogil:
    """A plain http(s) address: lower-case scheme, a host of letters, digits and hyphens, a path of safe signs."""
    cdef int64_t i, label
    cdef bint letters
    if n > 2083 or n < 10 or memcmp(p, b"http", 4) != 0:
        return False
    i = 5 if p[4] == 0x73 else 4
    if memcmp(p + i, b"://", 3) != 0:
        return False
    i += 3
    if i >= n:
        return False
    label = 0
    while True:
        letters = True
        label = i
        while i < n and (0x61 <= p[i] <= 0x7A or digit(p[i]) or (p[i] == 0x2D and i > label)):
            if not 0x61 <= p[i] <= 0x7A:
                letters = False
            i += 1
        if i == label or i - label > 60 or p[i - 1] == 0x2D:
            return False
        if i < n and p[i] == 0x2E:
            i += 1
            continue
        break
    # The last label is the top-level domain; a host of one label has none.
    if not letters or i - label < 2 or p[label - 1] != 0x2E:
        return False
    if i == n:
        return True
    if p[i] != 0x2F:
        return False
    while i < n:
        if not (0x61 <= (p[i] | 0x20) <= 0x7A or digit(p[i]) or p[i] == 0x2F or p[i] == 0x2D or p[i] == 0x2E
                or p[i] == 0x5F or p[i] == 0x7E or p[i] == 0x3F or p[i] == 0x3D or p[i] == 0x26 or p[i] == 0x2B
                or p[i] == 0x2C):
            return False
        i += 1
    return True


def vouch_documents(Automaton automaton not None, const uint8_t[::1] data not None, const int64_t[::1] starts not None,
                    const int64_t[::1] ends not None):
    """Check and rewrite each document data[starts[i]:ends[i]].

    Returns (bytes, line ends): the NDJSON lines of those that certainly satisfy the schema and need nothing but
    to lose spaces and nulls; a document in doubt has no line, so its line end is that of the one before.
    """
    cdef int64_t n = data.shape[0], count = starts.shape[0], i, size
    cdef Reader reader
    cdef Out out
    line_ends_a = np.zeros(count, np.int64)
    cdef int64_t[::1] line_ends = line_ends_a
    if ends.shape[0] != count:
        raise ValueError("each document has a start and an end")
    for i in range(count):
        if not 0 <= starts[i] <= ends[i] <= n:
            raise ValueError("a document lies outside of the data")
    out.size = 0
    out.room = n + 4096
    out.data = <uint8_t *>malloc(out.room)
    if out.data == NULL:
        raise MemoryError
    reader.p = &data[0] if n else NULL
    try:
        with nogil:
            for i in range(count):
                size = out.size
                reader.at = starts[i]
                reader.end = ends[i]
                reader.word = -1
                skip_space(&reader)
                if reader.at < reader.end and vouch_value(automaton, automaton.root, &reader, &out, 0):
                    skip_space(&reader)
                    if reader.at == reader.end and reserve(&out, 1):
                        out.data[out.size] = 0x0A
                        out.size += 1
                        size = out.size
                out.size = size
                line_ends[i] = size
        return PyBytes_FromStringAndSize(<char *>out.data, out.size), line_ends_a
    finally:
        free(out.data)
