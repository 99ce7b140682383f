# cython: language_level=3
"""One row of CSV found in a block of bytes: the one reading of RFC 4180 that all kernels for tables share."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.primitives cimport plain_end, utf8_is_good



cdef struct Row:
    # Where the row begins, its line break, and the next row; its physical lines, its cells, and what it is.
    int64_t start
    int64_t end
    int64_t after
    int32_t lines
    int32_t cells
    uint8_t fault


cdef inline int64_t line_end(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """Where the physical line that holds `at` ends: the place of its CR or LF, or n."""
    while at < n and p[at] != 0x0A and p[at] != 0x0D:
        at += 1
    return at


cdef inline int64_t after_line(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """The place behind the line break at `at` (CR LF counts as one)."""
    if at < n and p[at] == 0x0D and at + 1 < n and p[at + 1] == 0x0A:
        return at + 2
    return at + 1 if at < n else n


cdef inline bint next_row(const uint8_t *p, int64_t n, int64_t at, bint final, int64_t longest, uint8_t delimiter,
                          int columns, int32_t *starts, int32_t *ends, uint8_t *flags, Row *row) noexcept nogil:
    """Find the row that begins at `at` < n, and its first `columns` cells; False when it is not finished.

    Unless `final`, a row that reaches the end of the block is not finished; a quoted cell that is not closed
    within `longest` bytes counts as never closed. RFC 4180, with LF, CRLF and CR as line breaks; a quote inside
    an unquoted cell is text; text behind a closing quote is a fault, after which reading goes on at the next
    physical line. All of starts, ends and flags up to `columns` are set.
    """
    cdef int64_t begin, stop, blank
    cdef int32_t cell = 0, lines = 0
    cdef uint8_t c, seen, high, fault = ROW_OK
    cdef bint only_empty = True, bad_utf8 = False, zero = False
    row.start = at
    while True:
        seen = 0
        high = 0
        if p[at] == 0x22 if at < n else False:
            at += 1
            begin = at
            while True:
                at = plain_end(p, at, n, 0x22, &high)
                if at >= n:
                    fault = ROW_UNCLOSED
                    break
                c = p[at]
                if c == 0x22:
                    if at + 1 < n and p[at + 1] == 0x22:
                        seen |= HAS_ESCAPE | HAS_DOUBLED
                        at += 2
                        continue
                    break
                seen |= HAS_ESCAPE
                if c == 0x0A or (c == 0x0D and not (at + 1 < n and p[at + 1] == 0x0A)):
                    lines += 1
                elif c == 0:
                    zero = True
                at += 1
            if fault != ROW_OK:
                break
            stop = at
            at += 1
            if at < n and p[at] != delimiter and p[at] != 0x0A and p[at] != 0x0D:
                fault = ROW_QUOTE
                break
        else:
            begin = at
            while True:
                at = plain_end(p, at, n, delimiter, &high)
                if at >= n:
                    break
                c = p[at]
                if c == delimiter or c == 0x0A or c == 0x0D:
                    break
                seen |= HAS_ESCAPE
                if c == 0:
                    zero = True
                at += 1
            stop = at
        if only_empty:
            blank = begin
            while blank < stop and p[blank] == 0x20:
                blank += 1
            only_empty = blank == stop
        if high:
            seen |= HAS_HIGH
            if not utf8_is_good(p + begin, stop - begin):
                bad_utf8 = True
        if cell < columns:
            starts[cell] = <int32_t>begin
            ends[cell] = <int32_t>stop
            flags[cell] = seen
        cell += 1
        if at >= n or p[at] != delimiter:
            break
        at += 1
    if fault == ROW_UNCLOSED and not final and n - row.start <= longest:
        return False
    if fault != ROW_OK:
        at = line_end(p, row.start, n)
        lines = 0
    if not final and (at >= n or (p[at] == 0x0D and at + 1 >= n)):
        return False
    row.end = at
    row.cells = cell
    row.lines = lines + (1 if at < n else 0)
    row.after = after_line(p, at, n)
    while cell < columns:
        starts[cell] = 0
        ends[cell] = 0
        flags[cell] = 0
        cell += 1
    if fault == ROW_OK:
        if only_empty:
            fault = ROW_BLANK
        elif zero:
            fault = ROW_NUL
        elif bad_utf8:
            fault = ROW_UTF8
        elif row.cells != columns:
            fault = ROW_RAGGED
    row.fault = fault
    return True
