# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Loops over the bytes of JSON: find the documents of a list, check one against a schema and write it.

A document that the kernel is not certain of is left to the exact twin (`exact.py`). Every byte is looked for
within the bounds of its document, and every write goes through `reserve`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp
from cpython.bytes cimport PyBytes_FromStringAndSize

from pipeline.primitives cimport *

import numpy as np


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
        return email_form(r.p + start, size) == AS_IT_IS
    if kind == K_HASH:
        return hash_form(r.p + start, size) == AS_IT_IS
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
