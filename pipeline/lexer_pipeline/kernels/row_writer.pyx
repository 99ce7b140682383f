# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""One pass over the bytes of a table: a row that is certainly right becomes NDJSON as soon as it is read.

The kernel may only vouch. A record that it is not certain of is given back as cells, with the place where its line
would stand, and goes through the stages. What is looked at lies within the block, and before a record is written there
is room for all that it can become.
"""

cimport cython
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy
from cpython.bytes cimport PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.csv_rows cimport *
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

from lexer_pipeline.kernels.arrays import WrittenBlock

# How deep values may lie.
cdef enum:
    DEEPEST = 32
    # A text with doubled quotes, of which a hash is made, has at most so many bytes.
    LONGEST_HASHED = 1024

cdef struct Step:
    int operation
    int column
    int kind
    # The field's bit in its object, or the index in its list; -1 where neither is asked about.
    int place
    int holder
    bint each
    # Words of an enum, shapes of an object; then its conditions; or where a repetition begins.
    int first
    int last
    int first_condition
    int last_condition
    double low
    double high
    const uint8_t *key
    int64_t key_size
    # Which of the hashes of a record its text makes, -1 for none, and whether the case of its letters makes no difference.
    int hashed
    bint is_folded

cdef struct Frame:
    # An object or list that is being written: its step, which fields are filled, and how many items.
    int step
    uint64_t filled
    int64_t items

cdef struct Leaf:
    # A cell that is filled: where its text stands, its flags, and whether it is put in lower case.
    int64_t start
    int64_t size
    uint8_t flags
    int form

cdef struct Notes:
    # By column: the row of a record that fills it, the cells cleaned so far, and those of the record at hand.
    int32_t *chosen
    int64_t *cleaned
    int64_t *pending
    bint is_pending
    # Of each record written, the line before its first row, the index of that row, and where its NDJSON ends; and how many.
    int64_t *places
    int64_t written
    # Of each record written, the hashes of some of its fields.
    uint64_t *hashes
    # Of each row written, the line before it, its index, and which record it is of; none where each is a record.
    int64_t *rows
    int64_t rows_written
    # Whether any text of the block may hold an entity of a web page.
    bint has_ampersand

cdef struct Table:
    # Rows that are not written yet, and the cells of each.
    int columns
    int64_t rows
    int64_t room
    int32_t *starts
    int32_t *ends
    uint8_t *flags
    int64_t *about
    uint8_t *faults


cdef bint has_room(Table *table) noexcept nogil:
    """Make room for one row more; False when there is no memory left."""
    cdef int64_t room
    cdef void *bigger
    if table.rows < table.room:
        return True
    room = table.room * 2 + 64
    bigger = realloc(table.starts, room * table.columns * sizeof(int32_t))
    if bigger == NULL:
        return False
    table.starts = <int32_t *>bigger
    bigger = realloc(table.ends, room * table.columns * sizeof(int32_t))
    if bigger == NULL:
        return False
    table.ends = <int32_t *>bigger
    bigger = realloc(table.flags, room * table.columns)
    if bigger == NULL:
        return False
    table.flags = <uint8_t *>bigger
    bigger = realloc(table.about, room * ABOUT_WIDTH * sizeof(int64_t))
    if bigger == NULL:
        return False
    table.about = <int64_t *>bigger
    bigger = realloc(table.faults, room)
    if bigger == NULL:
        return False
    table.faults = <uint8_t *>bigger
    table.room = room
    return True


cdef void move_row(Table *table, int64_t source, int64_t to) noexcept nogil:
    cdef int64_t wide = table.columns
    memcpy(table.starts + to * wide, table.starts + source * wide, wide * sizeof(int32_t))
    memcpy(table.ends + to * wide, table.ends + source * wide, wide * sizeof(int32_t))
    memcpy(table.flags + to * wide, table.flags + source * wide, wide)
    memcpy(table.about + to * ABOUT_WIDTH, table.about + source * ABOUT_WIDTH, ABOUT_WIDTH * sizeof(int64_t))
    table.faults[to] = table.faults[source]


cdef copied(void *data, int64_t size, kind):
    """A numpy array of its own with `size` bytes."""
    return np.frombuffer(PyBytes_FromStringAndSize(<char *>data, size), kind)


# No other class is made of it, so that its steps are called directly.
@cython.final
cdef class Writer:
    """A header and a schema as a program for `write`; see `compile_rows.py` for what its numbers mean."""

    cdef Step *steps
    cdef int count
    cdef int columns
    cdef int key
    # Whether several rows may make one record.
    cdef readonly bint folds
    cdef int32_t[::1] once
    cdef const int32_t[:, ::1] words
    cdef const uint64_t[:, ::1] shapes
    cdef const int64_t[:, ::1] conditions
    cdef const uint8_t[::1] text
    cdef int64_t fixed
    cdef int hashes
    # What was written last lay here; memory that was used before is faster than new memory.
    cdef uint8_t *spare
    cdef int64_t spare_room

    def __cinit__(self):
        self.steps = NULL
        self.spare = NULL
        self.spare_room = 0

    def __dealloc__(self):
        free(self.steps)
        free(self.spare)

    def __init__(self, steps, bounds, words, shapes, conditions, bytes text, int columns, int key, once, hashed):
        cdef const int64_t[:, ::1] numbers = np.ascontiguousarray(steps, np.int64).reshape(-1, 12)
        cdef const double[:, ::1] limits = np.ascontiguousarray(bounds, np.float64).reshape(-1, 2)
        cdef int i
        self.count = numbers.shape[0]
        self.columns = columns
        self.key = key
        self.folds = key >= 0
        self.once = np.ascontiguousarray(once, np.int32)
        self.words = np.ascontiguousarray(words, np.int32).reshape(-1, 2)
        self.shapes = np.ascontiguousarray(shapes, np.uint64).reshape(-1, 2)
        self.conditions = np.ascontiguousarray(conditions, np.int64).reshape(-1, 4)
        # Keys are copied loosely.
        self.text = text + bytes(16)
        self._check(numbers, limits, len(text))
        self.steps = <Step *>calloc(self.count, sizeof(Step))
        if self.steps == NULL:
            raise MemoryError
        self.fixed = 0
        for i in range(self.count):
            self._set(&self.steps[i], numbers[i], limits[i])
            # The key, a comma before it, two quotes or brackets.
            self.fixed += self.steps[i].key_size + 3
            self.steps[i].hashed = -1
        self.hashes = len(hashed)
        for place, (column, is_folded) in enumerate(hashed):
            for i in range(self.count):
                if self.steps[i].operation <= RAW_LEAF and self.steps[i].column == column and not self.steps[i].each:
                    self.steps[i].hashed = place
                    self.steps[i].is_folded = is_folded

    cdef _set(self, Step *step, const int64_t[::1] numbers, const double[::1] limits):
        step.operation = <int>numbers[0]
        step.column = <int>numbers[1]
        step.kind = <int>numbers[2]
        step.place = <int>numbers[3]
        step.holder = <int>numbers[4]
        step.each = numbers[5]
        step.first = <int>numbers[6]
        step.last = <int>numbers[7]
        step.first_condition = <int>numbers[8]
        step.last_condition = <int>numbers[9]
        step.key = &self.text[numbers[10]]
        step.key_size = numbers[11] - numbers[10]
        step.low = limits[0]
        step.high = limits[1]

    cdef _check(self, const int64_t[:, ::1] steps, const double[:, ::1] limits, int64_t size):
        """Refuse a program that points outside of its tables, so that the loops need not look again."""
        cdef int64_t i, depth = 0
        cdef int64_t deepest = 0
        if self.columns < 1 or not self.count or limits.shape[0] != self.count or self.key >= self.columns:
            raise ValueError("a program has columns, steps and two bounds a step")
        for i in range(self.once.shape[0]):
            if not 0 <= self.once[i] < self.columns:
                raise ValueError("a column lies outside of the table")
        for i in range(self.words.shape[0]):
            if not 0 <= self.words[i, 0] <= self.words[i, 1] <= size:
                raise ValueError("a word lies outside of the text")
        for i in range(self.conditions.shape[0]):
            if not 0 <= self.conditions[i, 0] < MOST_FIELDS:
                raise ValueError("a condition is about no field")
        for i in range(self.count):
            operation, column, kind, place, holder, each, first, last, since, until, begin, end = steps[i]
            if not 0 <= begin <= end <= size or not -1 <= place < MOST_FIELDS or not 0 <= column < self.columns:
                raise ValueError("a step points outside of its tables")
            if operation in (OPEN_OBJECT, OPEN_ARRAY):
                depth += 1
                deepest = max(deepest, depth)
            elif operation in (CLOSE_OBJECT, CLOSE_ARRAY):
                depth -= 1
            if operation in (TEXT_LEAF, RAW_LEAF) and kind == KIND_ENUM and not 0 <= first <= last <= self.words.shape[0]:
                raise ValueError("a step has words outside of the table")
            if operation == CLOSE_OBJECT and not (0 <= first <= last <= self.shapes.shape[0]
                                             and 0 <= since <= until <= self.conditions.shape[0]):
                raise ValueError("a step has shapes or conditions outside of the tables")
            if operation == REPEAT_END and not 0 <= first <= i:
                raise ValueError("a repetition begins behind its end")
            if depth < (0 if i == self.count - 1 else 1):
                raise ValueError("more is closed than was opened")
        if depth or deepest >= DEEPEST or steps[0, 0] != OPEN_OBJECT:
            raise ValueError("a program opens a record, closes all that it opens, and is not too deep")

    def write(self, const uint8_t[::1] data not None, dialect not None, bint final, int64_t longest, int64_t most,
              doubtful=None):
        """Write the records of `data`, which starts at the start of a row and of a record; at most `most` rows are read.

        Returns a `WrittenBlock`; its `about` has of each row given back the start, end, cells, line before it, number,
        index among all rows, and place of its record's line in the NDJSON. Unless `final`, a record that more rows may
        add to is not consumed. A record has a hash of each column that the program hashes, 0 where it is empty. Rows are read as `scan_csv` reads them; where the program has a key, rows of one key that
        stand side by side make a record, and a row without a readable key goes to the record before it, whose rows are
        then all given back.
        """
        cdef int64_t n = data.shape[0]
        cdef const uint8_t *p = &data[0] if n else NOTHING
        cdef Table table
        cdef Out out
        cdef Notes notes
        cdef Reading reading = reading_of(dialect)
        cdef Asked asked = asked_of(doubtful)
        cdef int64_t counts[7]
        cdef int64_t cells
        cdef int memory
        table.columns = self.columns
        table.rows = table.room = 0
        table.starts = table.ends = NULL
        table.flags = table.faults = NULL
        table.about = NULL
        out.size = 0
        out.data, self.spare = self.spare, NULL
        out.room = self.spare_room
        if out.data == NULL:
            out.room = n * 2 + (n >> 2) + 4096
            out.data = <uint8_t *>malloc(out.room)
        notes.chosen = <int32_t *>calloc(self.columns, sizeof(int32_t))
        notes.cleaned = <int64_t *>calloc(self.columns, sizeof(int64_t))
        notes.pending = <int64_t *>calloc(self.columns, sizeof(int64_t))
        notes.is_pending = False
        notes.places = <int64_t *>malloc((min(n, most) + 1) * 3 * sizeof(int64_t))
        notes.hashes = <uint64_t *>malloc((min(n, most) + 1) * (self.hashes + 1) * sizeof(uint64_t))
        notes.rows = <int64_t *>malloc((min(n, most) + 1 if self.folds else 1) * 3 * sizeof(int64_t))
        notes.written = notes.rows_written = 0
        notes.has_ampersand = n > 0 and memchr(p, 0x26, n) != NULL
        try:
            if (out.data == NULL or notes.chosen == NULL or notes.cleaned == NULL or notes.pending == NULL
                    or notes.places == NULL or notes.hashes == NULL or notes.rows == NULL or not has_room(&table)):
                raise MemoryError
            with nogil:
                memory = self._run(p, n, &reading, &asked, doubtful, final, longest, most, &table, &out, &notes, counts)
            if not memory:
                raise MemoryError
            return WrittenBlock(
                bytes_of(out.data, out.size),
                counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6],
                [notes.cleaned[cells] for cells in range(self.columns)],
                copied(notes.places, notes.written * 3 * sizeof(int64_t), np.int64).reshape(-1, 3),
                copied(notes.hashes, notes.written * self.hashes * sizeof(uint64_t), np.uint64).reshape(notes.written, self.hashes),
                copied(notes.rows, notes.rows_written * 3 * sizeof(int64_t), np.int64).reshape(-1, 3),
                copied(table.starts, table.rows * table.columns * sizeof(int32_t), np.int32),
                copied(table.ends, table.rows * table.columns * sizeof(int32_t), np.int32),
                copied(table.flags, table.rows * table.columns, np.uint8),
                copied(table.faults, table.rows, np.uint8),
                copied(table.about, table.rows * ABOUT_WIDTH * sizeof(int64_t), np.int64).reshape(-1, ABOUT_WIDTH),
            )
        finally:
            free(self.spare)
            self.spare, self.spare_room = out.data, out.room
            free(notes.chosen)
            free(notes.cleaned)
            free(notes.pending)
            free(notes.places)
            free(notes.hashes)
            free(notes.rows)
            discard(&table)

    cdef int _run(self, const uint8_t *p, int64_t n, const Reading *reading, const Asked *asked, doubtful, bint final,
                  int64_t longest, int64_t most, Table *table, Out *out, Notes *notes, int64_t *counts) except -1 nogil:
        """Go through the rows; False when there is no memory left."""
        cdef int64_t at = 0, line = 0, filled = 0, blank = 0, passed_over = 0, index = 0, rows = 0, records = 0
        # Where the record that is being gathered begins, and what was counted before it.
        cdef int64_t first = 0, open_at = 0, open_line = 0, open_filled = 0, open_blank = 0, open_passed = 0
        cdef int64_t key_at = 0, key_size = -1, size, cell
        cdef bint is_open = False, doubt = False, unreadable = False, begins, readable
        cdef Row row
        cdef int64_t *about
        while at < n and index < most:
            if not has_room(table):
                return False
            cell = table.rows * table.columns
            if not next_row(p, n, at, final, longest, reading, table.columns, table.starts + cell,
                            table.ends + cell, table.flags + cell, &row):
                break
            if may_be_none(p, table.starts + cell, table.ends + cell, table.columns, &row, asked):
                with gil:
                    if is_none(p, table.starts + cell, table.ends + cell, table.columns, &row, doubtful):
                        row.fault = ROW_PASSED_OVER
            if row.fault == ROW_BLANK or row.fault == ROW_PASSED_OVER:
                passed_over += row.fault == ROW_PASSED_OVER
                at = row.after
                line += row.lines
                blank += 1
                index += 1
                continue
            table.faults[table.rows] = row.fault
            about = table.about + table.rows * ABOUT_WIDTH
            about[ABOUT_START] = row.start
            about[ABOUT_END] = row.end
            about[ABOUT_CELLS] = row.cells
            about[ABOUT_LINE] = line
            about[ABOUT_NUMBER] = filled + 1
            about[ABOUT_INDEX] = index
            if self.folds:
                size = table.ends[cell + self.key] - table.starts[cell + self.key]
                readable = not is_broken(row.fault) and row.cells > self.key
                if not is_open:
                    begins = True
                elif unreadable or not readable:
                    begins = False
                elif size:
                    begins = key_size < 0 or not is_same_key(p + table.starts[cell + self.key], size, p + key_at, key_size)
                    # Whether its rows agree is for the reference to say.
                    doubt = doubt or not begins and (size != key_size or memcmp(p + table.starts[cell + self.key], p + key_at, size) != 0)
                else:
                    begins = key_size < 0 and self._says_once(table, table.rows)
                if begins:
                    if is_open:
                        if not doubt and self._write(p, n, table, first, table.rows, out, notes):
                            records += 1
                            rows += table.rows - first
                            move_row(table, table.rows, first)
                            table.rows = first
                        else:
                            self._give_back(table, first, table.rows, out)
                    first = table.rows
                    is_open = True
                    doubt = False
                    key_size = -1
                    open_at = at
                    open_line = line
                    open_filled = filled
                    open_blank = blank
                    open_passed = passed_over
                if readable and size:
                    key_at = table.starts[table.rows * table.columns + self.key]
                    key_size = size
                else:
                    doubt = True
                doubt = doubt or row.fault != ROW_OK
                unreadable = not readable
                table.rows += 1
            elif row.fault == ROW_OK and self._write(p, n, table, table.rows, table.rows + 1, out, notes):
                records += 1
                rows += 1
            else:
                self._give_back(table, table.rows, table.rows + 1, out)
                table.rows += 1
            at = row.after
            line += row.lines
            filled += 1
            index += 1
        if is_open and final and at >= n:
            if not doubt and self._write(p, n, table, first, table.rows, out, notes):
                records += 1
                rows += table.rows - first
                table.rows = first
            else:
                self._give_back(table, first, table.rows, out)
        elif is_open:
            table.rows = first
            at, line, filled, blank, passed_over = open_at, open_line, open_filled, open_blank, open_passed
        counts[0] = at
        counts[1] = line
        counts[2] = filled
        counts[3] = blank
        counts[4] = rows
        counts[5] = records
        counts[6] = passed_over
        return out.data != NULL

    cdef bint _says_once(self, Table *table, int64_t row) noexcept nogil:
        """Whether a row fills one of the columns that are filled once a record."""
        cdef int64_t i, cell
        for i in range(self.once.shape[0]):
            cell = row * table.columns + self.once[i]
            if table.ends[cell] != table.starts[cell]:
                return True
        return False

    cdef void _give_back(self, Table *table, int64_t first, int64_t last, Out *out) noexcept nogil:
        cdef int64_t row
        for row in range(first, last):
            table.about[row * ABOUT_WIDTH + ABOUT_PLACE] = out.size

    cdef bint _choose(self, const uint8_t *p, Table *table, int64_t first, int64_t last, Notes *notes) noexcept nogil:
        """Choose for each once-a-record column the first row that fills it; False where two rows differ."""
        cdef int64_t i, row, head, cell, size
        for i in range(self.once.shape[0]):
            notes.chosen[self.once[i]] = 0
            head = first * table.columns + self.once[i]
            for row in range(first + 1, last):
                cell = row * table.columns + self.once[i]
                size = table.ends[cell] - table.starts[cell]
                if size == 0:
                    continue
                if table.ends[head] == table.starts[head]:
                    head = cell
                    notes.chosen[self.once[i]] = <int32_t>(row - first)
                elif (size != table.ends[head] - table.starts[head]
                        or (table.flags[cell] ^ table.flags[head]) & HAS_DOUBLED
                        or memcmp(p + table.starts[cell], p + table.starts[head], size) != 0):
                    return False
        return True

    cdef bint _write(self, const uint8_t *p, int64_t n, Table *table, int64_t first, int64_t last, Out *out,
                     Notes *notes) noexcept nogil:
        """Write the record of some rows; False, and nothing written, when it is not certain."""
        cdef int64_t before = out.size, row
        cdef int64_t size = 0
        cdef int64_t *place
        if self.folds and table.flags[first * table.columns + self.key] & HAS_DOUBLED:
            return False  # keys are compared as their cells hold them, which a doubled quote makes another text
        for row in range(first, last):
            size += table.about[row * ABOUT_WIDTH + ABOUT_END] - table.about[row * ABOUT_WIDTH + ABOUT_START]
        # Each byte of a cell becomes six at most; 64 for what is copied loosely and the end of the line.
        if last - first > 1 and (repeats_first(p, table, first, last)
                                 or not self._choose(p, table, first, last, notes)):
            return False
        if not reserve(out, self.fixed * (last - first) + 6 * size + 64):
            return False
        if self._record(p, n, table, first, last, out, notes):
            self._settle(notes, True)
            place = notes.places + 3 * notes.written
            place[0] = table.about[first * ABOUT_WIDTH + ABOUT_LINE]
            place[1] = table.about[first * ABOUT_WIDTH + ABOUT_INDEX]
            place[2] = out.size
            if self.folds:
                for row in range(first, last):
                    place = notes.rows + 3 * notes.rows_written
                    place[0] = table.about[row * ABOUT_WIDTH + ABOUT_LINE]
                    place[1] = table.about[row * ABOUT_WIDTH + ABOUT_INDEX]
                    place[2] = notes.written
                    notes.rows_written += 1
            notes.written += 1
            return True
        out.size = before
        self._settle(notes, False)
        return False

    cdef void _settle(self, Notes *notes, bint counts) noexcept nogil:
        """Count what was cleaned of a record, or forget it."""
        cdef int column
        if not notes.is_pending:
            return
        for column in range(self.columns):
            if counts:
                notes.cleaned[column] += notes.pending[column]
            notes.pending[column] = 0
        notes.is_pending = False

    cdef bint _record(self, const uint8_t *p, int64_t n, Table *table, int64_t first, int64_t last, Out *out,
                      Notes *notes) noexcept nogil:
        """Write the record of some rows step by step; False where one of them is not certain."""
        cdef Frame frames[DEEPEST]
        cdef int32_t words[DEEPEST][MOST_FIELDS]
        cdef Step *step
        cdef Leaf leaf
        cdef int64_t row = first, cell, k
        cdef int at = 1, depth = 1, opened = 1, count = self.count - 1
        cdef bint comma = False, folds = last - first > 1
        cdef uint64_t *hashes = notes.hashes + notes.written * self.hashes
        for k in range(self.hashes):
            hashes[k] = 0
        frames[0] = Frame(0, 0, 0)
        put_byte(out, 0x7B)
        while at < count:
            step = &self.steps[at]
            at += 1
            if step.operation <= RAW_LEAF:
                cell = first
                if folds:
                    cell = row if step.each else first + notes.chosen[step.column]
                cell = cell * table.columns + step.column
                leaf.start = table.starts[cell]
                leaf.size = table.ends[cell] - leaf.start
                if leaf.size == 0:
                    continue
                leaf.flags = table.flags[cell]
                if not self._is_certain(step, p, &leaf, &words[depth - 1][0], notes):
                    return False
                if opened < depth:
                    open_all(self.steps, frames, opened, depth, out, comma)
                    opened = depth
                    comma = False
                if not put_leaf(step, p, n, &leaf, comma, out, hashes) or not fill(step, &frames[depth - 1]):
                    return False
                comma = True
            elif step.operation == OPEN_OBJECT or step.operation == OPEN_ARRAY:
                frames[depth] = Frame(at - 1, 0, 0)
                depth += 1
            elif step.operation == CLOSE_OBJECT or step.operation == CLOSE_ARRAY:
                depth -= 1
                if depth >= opened:
                    continue
                opened = depth
                if not self._close(step, &frames[depth], &words[depth][0], out) or not fill(step, &frames[depth - 1]):
                    return False
                comma = True
            elif step.operation == REPEAT_END:
                row += 1
                if row < last:
                    at = step.first
                else:
                    row = first
        if not self._close(&self.steps[count], &frames[0], &words[0][0], out):
            return False
        put_byte(out, 0x0A)
        return True

    cdef inline bint _is_certain(self, const Step *step, const uint8_t *p, Leaf *leaf, int32_t *words, Notes *notes) noexcept nogil:
        """Whether a cell that is filled is certainly right as it will be written; `words` take which word it is, where that is asked about."""
        cdef const uint8_t *text = p + leaf.start
        cdef int64_t k, whole = leaf.size
        leaf.form = AS_IT_IS
        if step.kind == KIND_TEXT:
            return leaf.size <= step.high and not odd_text(text, leaf.size, leaf.flags & HAS_HIGH, notes.has_ampersand)
        if leaf.flags:
            return False
        if step.kind == KIND_ENUM:
            for k in range(step.first, step.last):
                if (leaf.size == self.words[k, 1] - self.words[k, 0]
                        and memcmp(text, &self.text[self.words[k, 0]], leaf.size) == 0):
                    if step.place >= 0:
                        words[step.place] = <int32_t>(k - step.first)
                    return True
            return False
        if step.kind == KIND_IDENTITY or step.kind == KIND_ID:
            return leaf.size <= step.high and good_cell(step.kind, text, leaf.size, 0, 0)
        if step.kind != KIND_EMAIL and step.kind != KIND_HASH:
            return good_cell(step.kind, text, leaf.size, step.low, step.high)
        # Blanks around it and capitals are all that may be mended here.
        trim(p, leaf)
        text = p + leaf.start
        leaf.form = email_form(text, leaf.size) if step.kind == KIND_EMAIL else hash_form(text, leaf.size)
        if leaf.form == NO_FORM or not leaf.size:
            return False
        if is_nobodys(text, leaf.size) if step.kind == KIND_EMAIL else not good_identity(text, leaf.size):
            return False
        if leaf.form == LOWERED or leaf.size != whole:
            notes.pending[step.column] += 1
            notes.is_pending = True
        return True

    cdef inline bint _close(self, const Step *step, const Frame *frame, const int32_t *words, Out *out) noexcept nogil:
        """Write the end of an object or a list; False where the one has no shape, or the other too few items or too many."""
        if step.operation == CLOSE_ARRAY:
            put_byte(out, 0x5D)
            return step.low <= frame.items <= step.high
        put_byte(out, 0x7D)
        return self._has_shape(step, frame, words)

    cdef bint _has_shape(self, const Step *step, const Frame *frame, const int32_t *word) noexcept nogil:
        """Whether the filled fields of an object fulfil its conditions and make one of its shapes."""
        cdef uint64_t filled = frame.filled, needed
        cdef int64_t i
        for i in range(step.first_condition, step.last_condition):
            if filled >> self.conditions[i, 0] & 1:
                if word[self.conditions[i, 0]] != self.conditions[i, 1]:
                    continue
            elif not self.conditions[i, 2]:
                continue
            needed = <uint64_t>self.conditions[i, 3]
            if filled & needed != needed:
                return False
        for i in range(step.first, step.last):
            if filled & self.shapes[i, 0] == self.shapes[i, 0] and not filled & ~self.shapes[i, 1]:
                return True
        return False


cdef inline void put_byte(Out *out, uint8_t c) noexcept nogil:
    out.data[out.size] = c
    out.size += 1


cdef inline void trim(const uint8_t *p, Leaf *leaf) noexcept nogil:
    """Leave out the blanks around a cell."""
    while leaf.size and p[leaf.start] == 0x20:
        leaf.start += 1
        leaf.size -= 1
    while leaf.size and p[leaf.start + leaf.size - 1] == 0x20:
        leaf.size -= 1


cdef inline bint put_leaf(const Step *step, const uint8_t *p, int64_t n, const Leaf *leaf, bint comma, Out *out,
                          uint64_t *hashes) noexcept nogil:
    """Write the key and the value of a cell, behind a comma if need be, and hash its text if that is asked for; False where that cannot be told."""
    cdef const uint8_t *text = p + leaf.start
    # A place of its own: what is written through it may be no part of `out`, which would have to be looked at again after each byte.
    cdef uint8_t *to = out.data + out.size
    if comma:
        to[0] = 0x2C
        to += 1
    copy_loosely(to, step.key, step.key_size)
    to += step.key_size
    if step.operation == TEXT_LEAF:
        to[0] = 0x22
        to += 1
    if leaf.flags & HAS_ESCAPE:
        if step.hashed >= 0 and not hash_escaped(step, text, leaf, &hashes[step.hashed]):
            return False
        out.size = to - out.data
        put_escaped(out, text, leaf.size, leaf.flags & HAS_DOUBLED)
        to = out.data + out.size
    else:
        if leaf.start + leaf.size + 16 <= n:
            copy_loosely(to, text, leaf.size)
        else:
            memcpy(to, text, leaf.size)
        if leaf.form == LOWERED:
            lower_case(to, leaf.size)
        if step.hashed >= 0:
            hashes[step.hashed] = hash_text_of(to, leaf.size, step.is_folded)
        to += leaf.size
    if step.operation == TEXT_LEAF:
        to[0] = 0x22
        to += 1
    out.size = to - out.data
    return True


cdef bint hash_escaped(const Step *step, const uint8_t *text, const Leaf *leaf, uint64_t *to) noexcept nogil:
    """Hash a text as it is meant; False where it is too long to have its doubled quotes undone."""
    cdef uint8_t plain[LONGEST_HASHED]
    if not leaf.flags & HAS_DOUBLED:
        to[0] = hash_text_of(text, leaf.size, step.is_folded)
        return True
    if leaf.size > LONGEST_HASHED:
        return False
    to[0] = hash_text_of(plain, undoubled(text, leaf.size, plain), step.is_folded)
    return True


cdef inline int64_t undoubled(const uint8_t *p, int64_t size, uint8_t *to) noexcept nogil:
    """Copy a text, of each doubled quote one; returns how many bytes that is."""
    cdef int64_t at = 0, length = 0
    while at < size:
        to[length] = p[at]
        length += 1
        at += 2 if p[at] == 0x22 and at + 1 < size and p[at + 1] == 0x22 else 1
    return length


cdef inline bint repeats_first(const uint8_t *p, const Table *table, int64_t first, int64_t last) noexcept nogil:
    """Whether a row of a record may say once more what its first row does: then its rows may all be there twice."""
    cdef int64_t row
    for row in range(first + 1, last):
        if may_say_the_same(p, table, first, row):
            return True
    return False


cdef inline bint may_say_the_same(const uint8_t *p, const Table *table, int64_t one, int64_t other) noexcept nogil:
    """Whether the cells of two rows have the same texts, however they are quoted; a doubled quote may be any."""
    cdef int64_t i, size, here = one * table.columns, there = other * table.columns
    for i in range(table.columns):
        if (table.flags[here + i] | table.flags[there + i]) & HAS_DOUBLED:
            continue
        size = table.ends[here + i] - table.starts[here + i]
        if table.ends[there + i] - table.starts[there + i] != size:
            return False
        if memcmp(p + table.starts[here + i], p + table.starts[there + i], size):
            return False
    return True


cdef inline bint fill(const Step *step, Frame *holder) noexcept nogil:
    """Note in what holds it that a value is filled; False where an earlier item of a list is empty."""
    if step.holder == IN_OBJECT:
        if step.place >= 0:
            holder.filled |= <uint64_t>1 << step.place
        return True
    holder.items += 1
    return step.holder == IN_EACH or step.place == holder.items - 1


cdef inline void open_all(const Step *steps, const Frame *frames, int opened, int depth, Out *out,
                          bint comma) noexcept nogil:
    """Write the openings of the objects and lists around the first value that they hold."""
    cdef const Step *step
    cdef int i
    for i in range(opened, depth):
        step = &steps[frames[i].step]
        if comma:
            out.data[out.size] = 0x2C
            out.size += 1
        copy_loosely(out.data + out.size, step.key, step.key_size)
        out.size += step.key_size
        out.data[out.size] = 0x7B if step.operation == OPEN_OBJECT else 0x5B
        out.size += 1
        comma = False


cdef inline bint plain_row(const uint8_t *p, int64_t n, int64_t at, uint8_t delimiter, int column, int32_t *start,
                           int32_t *end, Row *row) noexcept nogil:
    """Find a row without quotes, backslashes and control bytes that ends in LF, and the cell of one column that is
    not blank; False for all other rows, which `next_row` reads."""
    cdef uint8_t high = 0
    cdef int64_t begin = at, blank
    cdef int skipped
    row.start = at
    for skipped in range(column):
        begin = plain_end(p, begin, n, delimiter, &high) + 1
        if begin >= n or p[begin - 1] != delimiter:
            return False
    at = plain_end(p, begin, n, delimiter, &high)
    blank = begin
    while blank < at and p[blank] == 0x20:
        blank += 1
    if blank == at or at >= n or (p[at] != delimiter and p[at] != 0x0A):
        return False
    start[0] = <int32_t>begin
    end[0] = <int32_t>at
    at = plain_end(p, at, n, 0x0A, &high)
    row.end = at
    if at + 1 < n and p[at] == 0x0D and p[at + 1] == 0x0A:
        at += 1
    if at >= n or p[at] != 0x0A:
        return False
    row.after = at + 1
    row.lines = 1
    row.cells = column + 1
    row.fault = ROW_OK
    return True


def scan_keys(const uint8_t[::1] data not None, dialect not None, int column, bint final, int64_t longest,
              int kind=KEY_EXACT):
    """Find the rows of `data` that are not blank, and the key of each in `column`.

    Returns (consumed, lines, about): `about` (int64) has of each row its start, its end, the line before it, its mark
    and the hash of its key, both as `cells.mark_keys` gives them. Rows are read as `scan_csv` reads them.
    """
    cdef int64_t n = data.shape[0], at = 0, rows = 0, line = 0
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef Table table
    cdef Row row
    cdef Reading reading = reading_of(dialect)
    cdef int64_t *about
    cdef bint memory = True
    cdef Key key
    key.size = -1
    key.kind = kind
    key.side = 0
    table.columns = column + 1
    table.rows = table.room = 0
    table.starts = table.ends = NULL
    table.flags = table.faults = NULL
    table.about = NULL
    if column < 0:
        raise ValueError("there is no such column")
    try:
        # The cells of one row at a time, and what is said of each row.
        memory = has_room(&table)
        with nogil:
            while memory and at < n:
                if not plain_row(p, n, at, reading.delimiter, column, &table.starts[column], &table.ends[column], &row):
                    if not next_row(p, n, at, final, longest, &reading, table.columns, table.starts, table.ends,
                                    table.flags, &row):
                        break
                if row.fault != ROW_BLANK:
                    about = table.about + rows * KEYS_WIDTH
                    about[KEYS_START] = row.start
                    about[KEYS_END] = row.end
                    about[KEYS_LINE] = line
                    about[KEYS_HASH] = 0
                    if is_broken(row.fault) or row.cells <= column:
                        about[KEYS_MARK] = KEY_UNREADABLE
                    elif table.ends[column] == table.starts[column]:
                        about[KEYS_MARK] = KEY_EMPTY
                    else:
                        about[KEYS_MARK] = KEY_SAME if next_key(
                            &key, p + table.starts[column], table.ends[column] - table.starts[column]
                        ) else KEY_STARTS
                        about[KEYS_HASH] = <int64_t>key.hash
                    rows += 1
                    if (rows + 1) * KEYS_WIDTH > table.room * ABOUT_WIDTH:
                        table.rows = table.room
                        memory = has_room(&table)
                at = row.after
                line += row.lines
        if not memory:
            raise MemoryError
        return at, line, np.frombuffer(
            PyBytes_FromStringAndSize(<char *>table.about, rows * KEYS_WIDTH * 8), np.int64
        ).reshape(-1, KEYS_WIDTH)
    finally:
        discard(&table)


cdef void discard(Table *table) noexcept nogil:
    free(table.starts)
    free(table.ends)
    free(table.flags)
    free(table.about)
    free(table.faults)
