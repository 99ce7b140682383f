# cython: language_level=3
"""One row of CSV found in a block of bytes: the one reading of RFC 4180 that all kernels for tables share."""

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memchr

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.primitives cimport plain_end, utf8_is_good


cdef struct Reading:
    # A `Dialect`.
    uint8_t delimiter
    bint quotes
    bint cr_ends_rows
    int64_t in_a_row


cdef struct Asked:
    # A `Doubtful`; without names nothing is asked.
    const uint8_t *text
    const int32_t *ends
    int names
    int words


cdef struct Row:
    # Where the row begins, its line break, and the next row; its physical lines, its cells, and what it is.
    int64_t start
    int64_t end
    int64_t after
    int32_t lines
    int32_t cells
    uint8_t fault


cdef inline Reading reading_of(dialect):
    cdef Reading reading
    reading.delimiter = <uint8_t>(<int>ord(dialect.delimiter))
    reading.quotes = dialect.quotes
    reading.cr_ends_rows = dialect.cr_ends_rows
    reading.in_a_row = dialect.in_a_row
    return reading


cdef inline Asked asked_of(doubtful):
    """The same for a kernel, which holds on to `doubtful` meanwhile."""
    cdef Asked asked
    cdef const uint8_t[::1] text
    cdef const int32_t[::1] ends
    asked.text = NULL
    asked.ends = NULL
    asked.names = asked.words = 0
    if doubtful is not None:
        text, ends = doubtful.text, doubtful.ends
        asked.text, asked.ends = &text[0], &ends[0]
        asked.names = doubtful.names
        asked.words = <int>ends.shape[0] - asked.names
    return asked


cdef inline bint is_broken(uint8_t fault) noexcept nogil:
    """Whether the cells of a row cannot be told (BROKEN_ROWS)."""
    return fault == ROW_QUOTE or fault == ROW_UNCLOSED or fault == ROW_SWALLOWED


cdef inline int64_t behind_crs(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    while at < n and p[at] == 0x0D:
        at += 1
    return at


cdef inline bint breaks(const uint8_t *p, int64_t at, int64_t n, const Reading *reading) noexcept nogil:
    """Whether the LF or CR at `at` ends a row: a CR that stands before no LF is text where rows end in others."""
    if p[at] == 0x0A or reading.cr_ends_rows:
        return True
    at = behind_crs(p, at, n)
    return at >= n or p[at] == 0x0A


cdef inline int64_t line_end(const uint8_t *p, int64_t at, int64_t n, const Reading *reading, int32_t *lines) noexcept nogil:
    """Where the row that holds `at` ends if no quote counts: the place of its CR or LF, or n; counts the CRs before it."""
    cdef int64_t crs
    while at < n:
        if p[at] == 0x0A or p[at] == 0x0D:
            if breaks(p, at, n, reading):
                break
            crs = behind_crs(p, at, n) - at
            lines[0] += <int32_t>crs
            at += crs
        else:
            at += 1
    return at


cdef inline int64_t after_line(const uint8_t *p, int64_t at, int64_t n, const Reading *reading) noexcept nogil:
    """The place behind the line break at `at`: CR LF counts as one, and CRs before it where none of them ends a row alone."""
    cdef int64_t end = at
    if not reading.cr_ends_rows:
        end = behind_crs(p, at, n)
    elif at < n and p[at] == 0x0D and at + 1 < n and p[at + 1] == 0x0A:
        end = at + 1
    return end + 1 if end < n else n


cdef inline bint holds_rows(const uint8_t *p, int64_t at, int64_t stop, const Reading *reading) noexcept nogil:
    """Whether two lines of a quoted cell look like rows: as many delimiters, surplus ones at their end aside, and no prose.

    Prose has a blank or the end of its line behind most of them.
    """
    cdef int64_t here = at, seen = 0, inside = 0, spaced = 0
    cdef int rows = 0
    cdef bint is_filled = False
    cdef const uint8_t *found
    cdef uint8_t c
    # Hardly any text has so many of them: that is told without looking at each byte.
    while seen < 2 * reading.in_a_row:
        found = <const uint8_t *>memchr(p + here, reading.delimiter, stop - here)
        if found == NULL:
            return False
        here = found - p + 1
        seen += 1
    seen = 0
    while at <= stop:
        c = p[at] if at < stop else 0x0A
        if c == 0x0A or (c == 0x0D and reading.cr_ends_rows):
            if is_filled and seen >= reading.in_a_row and inside <= reading.in_a_row and 2 * spaced <= seen:
                rows += 1
                if rows == 2:
                    return True
            seen = inside = spaced = 0
            is_filled = False
        elif c == reading.delimiter:
            seen += 1
            spaced += at + 1 == stop or p[at + 1] == 0x20 or p[at + 1] == 0x0A or p[at + 1] == 0x0D
        elif c != 0x20 and c != 0x0D:
            inside = seen
            is_filled = True
        at += 1
    return False


cdef inline bint is_same(const uint8_t *p, const uint8_t *lower, int64_t size) noexcept nogil:
    """Whether a text is another one, which is in lower case, but for the case of ASCII letters."""
    cdef int64_t i
    for i in range(size):
        if p[i] != lower[i] and not (0x41 <= p[i] <= 0x5A and p[i] + 0x20 == lower[i]):
            return False
    return True


cdef inline bint is_around(uint8_t c) noexcept nogil:
    return c == 0x20 or c == 0x22 or c == 0xEF or c == 0xBB or c == 0xBF


cdef inline bint may_be_none(const uint8_t *p, const int32_t *starts, const int32_t *ends, int columns, const Row *row,
                             const Asked *asked) noexcept nogil:
    """Whether it is to be asked if a row is none: see `Doubtful`."""
    cdef int cell, i, begin
    cdef int64_t at = 0, stop = 0, size
    if not asked.names or row.fault == ROW_BLANK or (row.fault != ROW_OK and (row.fault != ROW_RAGGED or row.cells > columns)):
        return False
    for cell in range(min(columns, row.cells)):
        at, stop = starts[cell], ends[cell]
        while at < stop and is_around(p[at]):
            at += 1
        while at < stop and is_around(p[stop - 1]):
            stop -= 1
        if at < stop:
            break
    else:
        return False
    if cell < asked.names:
        begin = asked.ends[cell - 1] if cell else 0
        size = asked.ends[cell] - begin
        if not size or (size == stop - at and is_same(p + at, asked.text + begin, size)):
            return True
    for i in range(asked.names, asked.names + asked.words):
        begin = asked.ends[i - 1]
        size = asked.ends[i] - begin
        if size <= stop - at and (p[at] | 0x20) == asked.text[begin] and is_same(p + at, asked.text + begin, size):
            return True
    return False


cdef inline bint is_none(const uint8_t *p, const int32_t *starts, const int32_t *ends, int columns, const Row *row,
                         doubtful) except -1:
    """Ask whether a row is none."""
    cdef int cell
    cells = []
    for cell in range(min(columns, row.cells)):
        cells.append((<const char *>p)[starts[cell] : ends[cell]])
    return doubtful.is_none(cells)


cdef inline bint next_row(const uint8_t *p, int64_t n, int64_t at, bint final, int64_t longest,
                          const Reading *reading, int columns, int32_t *starts, int32_t *ends, uint8_t *flags, Row *row) noexcept nogil:
    """Find the row that begins at `at` < n, and its first `columns` cells; False when it is not finished.

    Unless `final`, a row that reaches the end of the block is not finished; a quoted cell that is not closed
    within `longest` bytes counts as never closed. RFC 4180, with LF, CRLF and, where the dialect says so, CR as line
    breaks; a quote inside an unquoted cell is text; text behind a closing quote is a fault, after which reading goes on
    at the next physical line; empty cells beyond `columns` are none. All of starts, ends and flags up to `columns` are
    set. Each CR or LF, or both, counts as a line, whether it ends a row or not.
    """
    cdef int64_t begin, stop, blank
    cdef int32_t cell = 0, lines = 0, before
    cdef uint8_t c, seen, high, fault = ROW_OK, delimiter = reading.delimiter
    cdef bint only_empty = True, bad_utf8 = False, zero = False, surplus = False, swallowed = False
    row.start = at
    while True:
        seen = 0
        high = 0
        if reading.quotes and at < n and p[at] == 0x22:
            at += 1
            begin = at
            before = lines
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
            if at < n and p[at] != delimiter and not ((p[at] == 0x0A or p[at] == 0x0D) and breaks(p, at, n, reading)):
                fault = ROW_QUOTE
                break
            if lines > before and reading.in_a_row and not swallowed:
                swallowed = holds_rows(p, begin, stop, reading)
        else:
            begin = at
            while True:
                at = plain_end(p, at, n, delimiter, &high)
                if at >= n:
                    break
                c = p[at]
                if c == delimiter or c == 0x0A or (c == 0x0D and breaks(p, at, n, reading)):
                    break
                seen |= HAS_ESCAPE
                if c == 0x0D:
                    stop = behind_crs(p, at, n)
                    lines += <int32_t>(stop - at)
                    at = stop
                    continue
                if c == 0:
                    zero = True
                at += 1
            stop = at
        if only_empty or cell >= columns:
            blank = begin
            while blank < stop and p[blank] == 0x20:
                blank += 1
            if blank != stop:
                only_empty = False
                surplus = surplus or cell >= columns
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
        lines = 0
        at = line_end(p, row.start, n, reading, &lines)
    row.after = after_line(p, at, n, reading)
    # What ends in a CR may go on with a LF.
    if not final and (at >= n or (row.after >= n and p[n - 1] == 0x0D)):
        return False
    row.end = at
    row.cells = cell
    if at < n:
        lines += 1 if p[at] == 0x0A else <int32_t>(behind_crs(p, at, row.after) - at)
    row.lines = lines
    while cell < columns:
        starts[cell] = 0
        ends[cell] = 0
        flags[cell] = 0
        cell += 1
    if fault == ROW_OK:
        if only_empty:
            fault = ROW_BLANK
        elif swallowed:
            fault = ROW_SWALLOWED
        elif zero:
            fault = ROW_NUL
        elif bad_utf8:
            fault = ROW_UTF8
        elif row.cells < columns or surplus:
            fault = ROW_RAGGED
    row.fault = fault
    return True
