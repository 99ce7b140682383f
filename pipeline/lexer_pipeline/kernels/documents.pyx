# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Loops over the bytes of JSON: find the documents of lines and lists, check one against a schema and write it.

A document that the kernel is not certain of is left to the reference (`validating/reference.py`). Every byte is read within the
bounds of the data (what reads in steps of sixteen is asked only where so many are left), and every write goes
through `reserve`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memset
from cpython.bytes cimport PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.json_text cimport *
from lexer_pipeline.kernels.primitives cimport *

import numpy as np


cdef extern from *:
    """
    /* Where the first quote or backslash from `at` on is; n (or `at`, beyond it) when there is none. */
    static inline int64_t quote_or_slash(const uint8_t *p, int64_t at, int64_t n) {
    #if defined(HAS_SSE2)
        const __m128i quote = _mm_set1_epi8(0x22), slash = _mm_set1_epi8(0x5C);
        while (at + 16 <= n) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(p + at));
            const unsigned stops = (unsigned)_mm_movemask_epi8(
                _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)));
            if (stops) return at + first_bit(stops);
            at += 16;
        }
    #endif
        while (at < n && p[at] != 0x22 && p[at] != 0x5C) at++;
        return at;
    }

    /* Where the first bracket, brace or quote from `at` on is; n when there is none. */
    static inline int64_t bracket_or_quote(const uint8_t *p, int64_t at, int64_t n) {
    #if defined(HAS_SSE2)
        const __m128i quote = _mm_set1_epi8(0x22), bit = _mm_set1_epi8(0x20);
        const __m128i open = _mm_set1_epi8(0x7B), close = _mm_set1_epi8(0x7D);
        while (at + 16 <= n) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(p + at)), brace = _mm_or_si128(x, bit);
            const unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, quote),
                _mm_or_si128(_mm_cmpeq_epi8(brace, open), _mm_cmpeq_epi8(brace, close))));
            if (stops) return at + first_bit(stops);
            at += 16;
        }
    #endif
        while (at < n && p[at] != 0x22 && (p[at] | 0x20) != 0x7B && (p[at] | 0x20) != 0x7D) at++;
        return at;
    }

    /* Where the first byte from `at` on is none of a-z, 0-9, point and hyphen (nor, `wide`, underscore and plus);
       n when there is none. In steps of sixteen: up to 15 bytes behind n are read. */
    static inline int64_t address_end(const uint8_t *p, int64_t at, int64_t n, int wide) {
    #if defined(HAS_SSE2)
        const __m128i plus = _mm_set1_epi8(wide ? 0x2B : 0x2D), under = _mm_set1_epi8(wide ? 0x5F : 0x2D);
        while (at < n) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(p + at));
            const __m128i letter = _mm_sub_epi8(x, _mm_set1_epi8(0x61)), digit = _mm_sub_epi8(x, _mm_set1_epi8(0x30));
            const __m128i good = _mm_or_si128(
                _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter),
                             _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)),
                _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8(0x2E)),
                                          _mm_cmpeq_epi8(x, _mm_set1_epi8(0x2D))),
                             _mm_or_si128(_mm_cmpeq_epi8(x, plus), _mm_cmpeq_epi8(x, under))));
            const unsigned bad = ~(unsigned)_mm_movemask_epi8(good) & 0xFFFF;
            if (bad) {
                at += first_bit(bad);
                return at < n ? at : n;
            }
            at += 16;
        }
    #else
        while (at < n && ((p[at] >= 0x61 && p[at] <= 0x7A) || (p[at] >= 0x30 && p[at] <= 0x39) || p[at] == 0x2E
                          || p[at] == 0x2D || (wide && (p[at] == 0x2B || p[at] == 0x5F)))) at++;
        if (at < n) return at;
    #endif
        return n;
    }

    /* Whether n bytes are the same; in steps of sixteen, so that up to 15 bytes more of both are read. */
    static inline int same_loosely(const uint8_t *a, const uint8_t *b, int64_t n) {
    #if defined(HAS_SSE2)
        while (1) {
            const __m128i x = _mm_loadu_si128((const __m128i *)a), y = _mm_loadu_si128((const __m128i *)b);
            const unsigned other = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, y));
            if (n <= 16) return (other & ((1u << n) - 1)) == 0;
            if (other & 0xFFFF) return 0;
            a += 16;
            b += 16;
            n -= 16;
        }
    #else
        return memcmp(a, b, (size_t)n) == 0;
    #endif
    }
    """
    int64_t quote_or_slash(const uint8_t *p, int64_t at, int64_t n) noexcept nogil
    int64_t bracket_or_quote(const uint8_t *p, int64_t at, int64_t n) noexcept nogil
    int64_t address_end(const uint8_t *p, int64_t at, int64_t n, bint wide) noexcept nogil
    bint same_loosely(const uint8_t *a, const uint8_t *b, int64_t n) noexcept nogil


cdef inline bint is_space(uint8_t c) noexcept nogil:
    return c == 0x20 or 0x09 <= c <= 0x0D


def find_lines(const uint8_t[::1] data not None, int64_t end):
    """Find the lines of data[:end] that hold more than spaces; the last need not have a line break.

    Returns (starts, ends, lines, count): lines are counted from 0, `count` says how many there are with the blank ones.
    """
    cdef int64_t at = 0, stop, first, found = 0, count = 0, room
    cdef const uint8_t *p = &data[0] if data.shape[0] else NOTHING
    cdef const uint8_t *hit
    if not 0 <= end <= data.shape[0]:
        raise ValueError("the lines end outside of the data")
    with nogil:
        room = 1 + count_breaks(p, end)
    starts_a, ends_a, lines_a = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    cdef int64_t[::1] starts = starts_a, ends = ends_a, lines = lines_a
    with nogil:
        while at < end:
            hit = <const uint8_t *>memchr(p + at, 0x0A, end - at)
            stop = hit - p if hit != NULL else end
            first = at
            while first < stop and is_space(p[first]):
                first += 1
            if first < stop:
                starts[found] = at
                ends[found] = stop
                lines[found] = count
                found += 1
            count += 1
            at = stop + 1
    return starts_a[:found], ends_a[:found], lines_a[:found], count


cdef int64_t count_breaks(const uint8_t *p, int64_t end) noexcept nogil:
    cdef int64_t at = 0, i, size, count = 0
    cdef uint8_t few
    while at < end:
        # What fits into a byte is added up sixteen bytes at a time.
        size = min(<int64_t>255, end - at)
        few = 0
        for i in range(size):
            few += p[at + i] == 0x0A
        count += few
        at += size
    return count


def split_array(const uint8_t[::1] data not None, int64_t at, bint final, int64_t most):
    """Find the values of a JSON array in `data`, from `at`, which lies behind `[` or behind a comma.

    Returns (places, at, state): places holds (start, end) of each value found; state is
    ARRAY_GOES_ON, ARRAY_ENDED (at lies behind `]`), or ARRAY_BROKEN where no value can be found at `at`. Only brackets and
    strings are looked at: whether a value is JSON is for a parser to say.
    """
    cdef int64_t n = data.shape[0], found = 0, room = max(0, min(most, n - at))
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef int state = ARRAY_GOES_ON
    places_a = np.empty((room, 2), np.int64)
    cdef int64_t[:, ::1] places = places_a
    if at < 0:
        raise ValueError("the list begins outside of the data")
    with nogil:
        while found < room and state == ARRAY_GOES_ON:
            state = next_value(p, &at, n, &places[found, 0])
            if state == MORE_TO_COME:
                break
            if state != ARRAY_BROKEN:
                found += 1
    return places_a[:found], at, ARRAY_GOES_ON if state == MORE_TO_COME else state


cdef enum:
    MORE_TO_COME = 3


cdef int next_value(const uint8_t *p, int64_t *at, int64_t n, int64_t *place) noexcept nogil:
    """Put the next value of a list into `place` and go behind its comma (ARRAY_GOES_ON) or bracket (ARRAY_ENDED).

    ARRAY_BROKEN where there is none, and MORE_TO_COME where it does not end before n; `at` is then put where it should
    begin.
    """
    cdef int64_t start = at[0], end, after
    while start < n and is_space(p[start]):
        start += 1
    if start >= n:
        return MORE_TO_COME
    if p[start] == 0x5D or p[start] == 0x2C:
        return ARRAY_BROKEN
    end = end_of_value(p, start, n)
    after = end if end >= 0 else n
    while after < n and is_space(p[after]):
        after += 1
    if after >= n or (p[after] != 0x2C and p[after] != 0x5D):
        at[0] = start
        return MORE_TO_COME if after >= n else ARRAY_BROKEN
    place[0] = start
    place[1] = end
    at[0] = after + 1
    return ARRAY_ENDED if p[after] == 0x5D else ARRAY_GOES_ON


def value_end(const uint8_t[::1] data not None, int64_t at):
    """The place behind the JSON value that starts at `at`; -1 when it does not end within `data`."""
    cdef int64_t n = data.shape[0], end = -1
    cdef const uint8_t *p = &data[0] if n else NOTHING
    if at < 0:
        raise ValueError("the value begins outside of the data")
    with nogil:
        end = end_of_value(p, at, n)
    return end


cdef int64_t end_of_value(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """The place behind the value that starts at `at`; -1 when it does not end before n."""
    cdef int64_t depth = 0
    cdef uint8_t c
    while at < n:
        if depth > 0:
            at = bracket_or_quote(p, at, n)
            if at >= n:
                return -1
        c = p[at]
        if c == 0x22:
            at = behind_string(p, at, n)
            if at < 0:
                return -1
        elif c == 0x7B or c == 0x5B:
            depth += 1
            at += 1
        elif c == 0x7D or c == 0x5D:
            if depth == 0:
                return at
            depth -= 1
            at += 1
        elif depth == 0 and (c == 0x2C or is_space(c)):
            return at
        else:
            at += 1
        if depth == 0 and (c == 0x22 or c == 0x7D or c == 0x5D):
            return at
    return -1


cdef inline int64_t behind_string(const uint8_t *p, int64_t at, int64_t n) noexcept nogil:
    """The place behind the string whose opening quote stands at `at`; -1 when it does not end before n."""
    at = quote_or_slash(p, at + 1, n)
    while at < n and p[at] == 0x5C:
        at = quote_or_slash(p, at + 2, n)
    return at + 1 if at < n else -1


cdef enum:
    D_DEPTH = 24
    D_OPEN_KEYS = 64
    D_CLEANED = 64
    D_WRONG = 8
    D_UNKNOWN = 64
    D_SKETCH = 2048
    # So many bytes behind a text may be looked at in comparing it.
    D_SLACK = 16


cdef struct Node:
    int32_t what
    int32_t kind
    int32_t first
    int32_t last
    int32_t shape
    int32_t shape_end
    int32_t condition
    int32_t condition_end
    int32_t item
    int32_t slot
    double low
    double high


cdef struct Word:
    const uint8_t *text
    int64_t size
    int32_t child


cdef class Automaton:
    """A schema as tables of numbers, for `vouch_documents`.

    A node is (what, kind of text or number, first, end, shapes, shapes end, conditions, conditions end, item, slot):
    `first` to `end` are its properties or words, `slot` is where its conversions are counted, or -1; a shape is
    (required bits, allowed bits), a condition (property, word, holds when absent, required bits). `low` and `high`
    bound numbers, or the length of lists and texts; `slots` names the conversions, by slot, and
    `paths` is where each node stands. The text of a word has its quotes, that of a property its colon
    too, so that either is looked for as it stands in a document.
    """

    cdef Node *nodes
    cdef Word *words
    cdef int64_t[:, ::1] conditions
    cdef uint64_t[:, ::1] shapes
    cdef bytes text
    cdef int32_t root
    cdef int64_t node_count
    cdef int64_t word_count
    cdef readonly tuple slots
    cdef readonly tuple paths
    cdef bint is_checked

    def __init__(self, nodes, bounds, properties, shapes, conditions, bytes text, int root, tuple slots,
                 tuple paths):
        if self.words != NULL:
            raise ValueError("an automaton is made once")
        self.shapes = np.ascontiguousarray(shapes, np.uint64)
        self.conditions = np.ascontiguousarray(conditions, np.int64)
        self.text = text + bytes(D_SLACK)
        self.root = root
        self.slots = slots
        self.paths = paths
        if self.shapes.shape[1] != 2 or self.conditions.shape[1] != 4:
            raise ValueError("a shape has two numbers, a condition four")
        self._take_words(np.ascontiguousarray(properties, np.int32), len(text))
        self._take_nodes(np.ascontiguousarray(nodes, np.int32), np.ascontiguousarray(bounds, np.float64))
        self._check()

    def __dealloc__(self):
        free(self.nodes)
        free(self.words)

    cdef _take_words(self, const int32_t[:, ::1] properties, int64_t size):
        cdef int64_t one
        cdef const uint8_t *text = self.text
        if properties.shape[1] != 3:
            raise ValueError("a property has three numbers")
        self.word_count = properties.shape[0]
        self.words = <Word *>malloc((self.word_count + 1) * sizeof(Word))
        if self.words == NULL:
            raise MemoryError
        for one in range(self.word_count):
            if not 0 <= properties[one, 0] < properties[one, 1] <= size:
                raise ValueError("a property points outside of the text")
            self.words[one].text = text + properties[one, 0]
            self.words[one].size = properties[one, 1] - properties[one, 0]
            self.words[one].child = properties[one, 2]

    cdef _take_nodes(self, const int32_t[:, ::1] nodes, const double[:, ::1] bounds):
        cdef int64_t one
        if nodes.shape[1] != 10 or bounds.shape[0] != nodes.shape[0] or bounds.shape[1] != 2:
            raise ValueError("a node has ten numbers and two bounds")
        self.node_count = nodes.shape[0]
        self.nodes = <Node *>malloc((self.node_count + 1) * sizeof(Node))
        if self.nodes == NULL:
            raise MemoryError
        for one in range(self.node_count):
            self.nodes[one] = Node(
                nodes[one, 0], nodes[one, 1], nodes[one, 2], nodes[one, 3], nodes[one, 4], nodes[one, 5],
                nodes[one, 6], nodes[one, 7], nodes[one, 8], nodes[one, 9], bounds[one, 0], bounds[one, 1],
            )

    cdef _check(self):
        """Refuse tables that point outside of each other, so that the loops need not look again."""
        cdef int64_t one, other
        cdef Node node
        if not 0 <= self.root < self.node_count == len(self.paths):
            raise ValueError("there is no root, or a node that stands nowhere")
        for one in range(self.node_count):
            node = self.nodes[one]
            if not (0 <= node.first <= node.last <= self.word_count and node.last - node.first <= 64
                    and 0 <= node.shape <= node.shape_end <= self.shapes.shape[0]
                    and 0 <= node.condition <= node.condition_end <= self.conditions.shape[0]
                    and -1 <= node.item < self.node_count and -1 <= node.slot < len(self.slots)):
                raise ValueError("a node points outside of the tables")
            for other in range(node.condition, node.condition_end):
                if not 0 <= self.conditions[other, 0] < node.last - node.first:
                    raise ValueError("a condition is about no property")
        for one in range(self.word_count):
            if not -1 <= self.words[one].child < self.node_count:
                raise ValueError("a property points outside of the tables")
        self.is_checked = True

    cdef int32_t *new_follow(self) noexcept nogil:
        """Room for what follows on what (see `Reader`), where nothing is known yet; NULL without memory."""
        cdef int64_t size = 2 * (self.word_count + self.node_count) * sizeof(int32_t)
        cdef int32_t *room = <int32_t *>malloc(size)
        if room != NULL:
            memset(room, 0xFF, size)
        return room


cdef struct Reader:
    const uint8_t *p
    int64_t at
    # The ends of the document and of all bytes.
    int64_t end
    int64_t limit
    # Whether any text may hold an entity of a web page.
    bint has_ampersand
    # What was read and not yet written begins here: most documents are written in one piece.
    int64_t kept
    int32_t word
    # For each property (and, behind those, each node) the two properties met last behind it (or first in it).
    int32_t *follow
    int32_t cleaned
    int32_t slots[D_CLEANED]
    # Where a document is to be sketched and not only vouched for, else NULL; the values that it has wrong, and the keys
    # that may not be there, each with its node.
    Out *sketch
    int32_t wrong
    int32_t wrong_nodes[D_WRONG]
    int64_t wrong_starts[D_WRONG]
    int64_t wrong_ends[D_WRONG]
    int32_t unknown
    int32_t unknown_nodes[D_UNKNOWN]
    int64_t unknown_starts[D_UNKNOWN]
    int64_t unknown_ends[D_UNKNOWN]


# What stands in a sketch beside the numbers of properties; words count down from M_LEAF.
cdef enum:
    M_OPEN_OBJECT = -1
    M_CLOSE_OBJECT = -2
    M_OPEN_ARRAY = -3
    M_CLOSE_ARRAY = -4
    M_OPEN_KEY = -5
    M_WRONG = -6
    M_UNKNOWN_KEY = -7
    M_LEAF = -8


cdef inline bint mark(Reader *r, int32_t what) noexcept nogil:
    """Note what stands in the document, where it is to be sketched; False when the sketch is full."""
    if r.sketch == NULL:
        return True
    if r.sketch.size >= D_SKETCH or not reserve(r.sketch, sizeof(int32_t)):
        return False
    put(r.sketch, <const uint8_t *>&what, sizeof(int32_t))
    return True


cdef inline bint write_kept(Reader *r, Out *out, int64_t end) noexcept nogil:
    """Write what was read up to `end` as it stands; the caller says where the next piece begins."""
    if end < r.kept or not reserve(out, end - r.kept):
        return False
    put(out, r.p + r.kept, end - r.kept)
    return True


cdef bint drop_space(Reader *r, Out *out) noexcept nogil:
    if not write_kept(r, out, r.at):
        return False
    while r.at < r.end and (r.p[r.at] == 0x20 or r.p[r.at] == 0x0A or r.p[r.at] == 0x0D or r.p[r.at] == 0x09):
        r.at += 1
    r.kept = r.at
    return True


cdef inline bint skip_space(Reader *r, Out *out) noexcept nogil:
    """Pass over spaces, which are not written; False when there is no memory left."""
    return r.at >= r.end or r.p[r.at] > 0x20 or drop_space(r, out)


cdef inline int64_t behind_space(Reader *r, Out *out, int64_t at) noexcept nogil:
    """The place behind the spaces at `at`, which are not written; -1 when there is no memory left."""
    if at >= r.end or r.p[at] > 0x20:
        return at
    r.at = at
    return r.at if drop_space(r, out) else -1


cdef inline bint stands_at(const Reader *r, int64_t at, const Word *word) noexcept nogil:
    """Whether the document goes on at `at` with a word."""
    if word.size > r.end - at:
        return False
    if word.size + D_SLACK <= r.limit - at:
        return same_loosely(r.p + at, word.text, word.size)
    return memcmp(r.p + at, word.text, word.size) == 0


cdef inline bint pass_string(Reader *r, Out *out, bint *escaped) noexcept nogil:
    """Pass the string that starts at its opening quote, escapes as orjson writes them; False when in doubt."""
    cdef uint8_t seen
    cdef int64_t end = plain_text_end(r.p, r.at + 1, r.end, r.limit, &seen)
    if end < 0:
        return False
    escaped[0] = r.p[end] == 0x5C
    if escaped[0]:
        return pass_escapes(r, out, end)
    r.at = end + 1
    return r.p[end] == 0x22


cdef inline bint pass_text(Reader *r, Out *out) noexcept nogil:
    """Pass the string that starts at its opening quote; False when in doubt, or where its text has an odd sign."""
    cdef int64_t start = r.at + 1, begin
    cdef uint8_t seen
    cdef int64_t end = plain_text_end(r.p, start, r.end, r.limit, &seen)
    if end < 0:
        return False
    if r.p[end] == 0x22:
        r.at = end + 1
        return not odd_text(r.p + start, end - start, seen & 0x80, r.has_ampersand)
    if r.p[end] != 0x5C or not write_kept(r, out, start):
        return False
    # With its escapes undone the text is looked at as it was written.
    r.kept = start
    begin = out.size
    if not pass_escapes(r, out, end) or not write_kept(r, out, r.at - 1):
        return False
    r.kept = r.at - 1
    return not odd_text(out.data + begin, out.size - begin, True, True)


cdef bint pass_escapes(Reader *r, Out *out, int64_t i) noexcept nogil:
    """Pass the rest of a string, of which the first backslash stands at `i`."""
    cdef uint8_t c, seen
    while True:
        if i + 1 >= r.end:
            return False
        c = r.p[i + 1]
        if c == 0x75:
            i = write_sign(r, out, i)
            if i < 0:
                return False
        elif c == 0x2F:
            # The slash itself is kept.
            if not write_kept(r, out, i):
                return False
            r.kept = i + 1
            i += 2
        elif is_short_escape(c):
            i += 2
        else:
            return False
        i = plain_text_end(r.p, i, r.end, r.limit, &seen)
        if i < 0:
            return False
        if r.p[i] == 0x22:
            r.at = i + 1
            return True
        if r.p[i] != 0x5C:
            return False


cdef int64_t write_sign(Reader *r, Out *out, int64_t i) noexcept nogil:
    r"""Write the sign that the \u at `i` (or a pair of them) stands for; the place behind it, -1 when in doubt."""
    cdef int64_t code
    cdef uint8_t few
    if not write_kept(r, out, i) or not reserve(out, 8):
        return -1
    i = behind_sign(r.p, i, r.end, &code)
    if i < 0:
        return -1
    r.kept = i
    if code < 0x80:
        few = <uint8_t>code
        put_escaped(out, &few, 1, False)
    else:
        put_sign(out, code)
    return i


cdef bint vouch_string(Automaton a, const Node *node, Reader *r, Out *out) noexcept nogil:
    cdef int64_t start = r.at + 1, size
    cdef bint escaped = False
    cdef int kind = node.kind
    if r.p[r.at] != 0x22:
        return False
    if kind == KIND_ENUM:
        return vouch_word(a, node, r)
    if kind == KIND_TEXT:
        return pass_text(r, out) and node.low <= r.at - 1 - start <= node.high
    if not pass_string(r, out, &escaped) or escaped:
        return False
    size = r.at - 1 - start
    if kind == KIND_IDENTITY or kind == KIND_ID:
        if size == 0:
            return kind == KIND_ID and node.low <= 0
        return node.low <= size <= node.high and good_cell(kind, r.p + start, size, 0, 0)
    if kind == KIND_EMAIL:
        return tidy_email(r, start, size) or clean_string(node, r, out, start, size)
    if kind == KIND_HASH:
        return (size > 0 and good_cell(kind, r.p + start, size, 0, 0)) or clean_string(node, r, out, start, size)
    if kind == KIND_DATE:
        return size == 10 and good_date(r.p + start, size)
    if kind == KIND_DATE_TIME:
        return good_date_time(r.p + start, size)
    if kind == KIND_URL:
        return good_url(r.p + start, size)
    if kind == KIND_MOBILE:
        return node.low <= 0 if size == 0 else good_mobile(r.p + start, size)
    return False


cdef inline bint tidy_email(const Reader *r, int64_t start, int64_t size) noexcept nogil:
    """What `email_form` says, sooner where the bytes behind the text may be read."""
    cdef const uint8_t *p = r.p + start
    cdef const uint8_t *point
    cdef int64_t at
    if is_nobodys(p, size):
        return False
    if size + D_SLACK > r.limit - start:
        return email_form(p, size) == AS_IT_IS
    at = address_end(p, 0, size, True)
    if at == 0 or at >= size or p[at] != 0x40 or address_end(p, at + 1, size, False) < size:
        return False
    at += 1
    point = <const uint8_t *>memchr(p + at, 0x2E, size - at)
    return point != NULL and point > p + at and p[size - 1] != 0x2E


cdef bint vouch_word(Automaton a, const Node *node, Reader *r) noexcept nogil:
    cdef int32_t one
    for one in range(node.first, node.last):
        if stands_at(r, r.at, &a.words[one]):
            r.word = one - node.first
            r.at += a.words[one].size
            return True
    return False


cdef bint clean_string(const Node *node, Reader *r, Out *out, int64_t start, int64_t size) noexcept nogil:
    """Write an e-mail or a hash trimmed and in lower case, as the reference does, and note it; False when in doubt.

    Signs beyond ASCII have other capitals and blanks, so a text with any is the reference's, and so is one of blanks.
    """
    cdef int64_t first = start, last = start + size, i
    cdef uint8_t *to
    cdef uint8_t c
    if node.slot < 0 or r.cleaned >= D_CLEANED:
        return False
    while first < last and r.p[first] == 0x20:
        first += 1
    while first < last and r.p[last - 1] == 0x20:
        last -= 1
    if first == last or not write_kept(r, out, start) or not reserve(out, last - first):
        return False
    to = out.data + out.size
    for i in range(last - first):
        c = r.p[first + i]
        to[i] = c | 0x20 if 0x41 <= c <= 0x5A else c
    # Neither kind vouches for a byte beyond ASCII.
    if not good_cell(node.kind, to, last - first, 0, 0):
        return False
    out.size += last - first
    r.kept = start + size
    r.slots[r.cleaned] = node.slot
    r.cleaned += 1
    return True


cdef bint vouch_value(Automaton a, int32_t number, Reader *r, Out *out, int depth) noexcept nogil:
    """Check the value at r and pass it; False when it is not certain."""
    cdef int64_t start = r.at, kept = r.kept, size = out.size
    cdef const Node *node
    if number < 0 or depth > D_DEPTH or r.at >= r.end:
        return False
    node = &a.nodes[number]
    if node.what == NODE_OBJECT:
        return vouch_object(a, number, r, out, depth)
    if node.what == NODE_ARRAY:
        return vouch_array(a, node.item, node.low, node.high, r, out, depth)
    if node.what == NODE_OPEN and r.p[r.at] == 0x5B:
        # A list of whatever may stand here alone.
        return vouch_array(a, number, 0, 1e308, r, out, depth)
    if vouch_leaf(a, node, r, out):
        return mark(r, M_LEAF - r.word)
    if r.sketch == NULL:
        return False
    r.at, r.kept, out.size = start, kept, size
    return note_wrong(node, number, r, out)


cdef bint vouch_leaf(Automaton a, const Node *node, Reader *r, Out *out) noexcept nogil:
    cdef int64_t end
    cdef int what = node.what
    r.word = -1
    if what == NODE_STRING:
        return vouch_string(a, node, r, out)
    if what == NODE_BOOLEAN or (what == NODE_OPEN and (r.p[r.at] == 0x74 or r.p[r.at] == 0x66)):
        return pass_boolean(r)
    if what == NODE_OPEN and r.p[r.at] == 0x22:
        return pass_text(r, out)
    if what == NODE_OPEN and null_stands_at(r.p, r.at, r.end):
        r.at += 4
        return True
    if what != NODE_NUMBER and what != NODE_OPEN:
        return False
    end = number_end(r.p, r.at, r.end, False)
    if end < 0:
        return False
    if what == NODE_NUMBER and node.kind == KIND_INTEGER:
        if not good_integer(r.p + r.at, end - r.at, node.low, node.high):
            return False
    elif what == NODE_NUMBER and (node.low > -1e308 or node.high < 1e308):
        if not good_number(r.p + r.at, end - r.at, node.low, node.high):
            return False
    r.at = end
    return True


cdef inline bint pass_boolean(Reader *r) noexcept nogil:
    cdef int64_t end = boolean_end(r.p, r.at, r.end)
    if end < 0:
        return False
    r.at = end
    return True


cdef bint note_wrong(const Node *node, int32_t number, Reader *r, Out *out) noexcept nogil:
    """Pass a text without escapes, a number or a boolean that may be wrong, and note it; False for all else."""
    cdef int64_t start = r.at
    cdef bint escaped = False
    if r.wrong >= D_WRONG or (node.what != NODE_STRING and node.what != NODE_NUMBER and node.what != NODE_BOOLEAN):
        return False
    if r.p[start] == 0x22:
        if not pass_string(r, out, &escaped) or escaped:
            return False
    elif not pass_boolean(r):
        r.at = number_end(r.p, start, r.end, False)
        if r.at < 0:
            return False
    r.wrong_nodes[r.wrong] = number
    r.wrong_starts[r.wrong] = start
    r.wrong_ends[r.wrong] = r.at
    r.wrong += 1
    r.word = -1
    return mark(r, M_WRONG)


cdef struct Keys:
    # The keys of one object that the schema does not name.
    int64_t count
    int64_t at[D_OPEN_KEYS]
    int64_t size[D_OPEN_KEYS]


cdef bint pass_unknown(int32_t number, Reader *r, Out *out, const Keys *others, int depth) noexcept nogil:
    """Pass the value of the key met last, which may not be in the object of node `number`, and note the key; False when in doubt."""
    cdef int64_t start = r.at, i
    if r.unknown >= D_UNKNOWN or r.at >= r.end or not mark(r, M_UNKNOWN_KEY) or not pass_any(r, out, depth):
        return False
    if r.p[start] == 0x22:
        # A text of nothing but signs that nobody sees is an absent one, and its key no matter.
        for i in range(start, r.at):
            if r.p[i] >= 0x80 or r.p[i] == 0x5C:
                return False
    r.unknown_nodes[r.unknown] = number
    r.unknown_starts[r.unknown] = others.at[others.count - 1] + 1
    r.unknown_ends[r.unknown] = others.at[others.count - 1] + others.size[others.count - 1] - 1
    r.unknown += 1
    return True


cdef bint pass_any(Reader *r, Out *out, int depth) noexcept nogil:
    """Pass any value that is JSON beyond doubt, whatever it holds."""
    cdef bint escaped = False
    cdef uint8_t opening, closing
    if r.at >= r.end or depth > D_DEPTH:
        return False
    opening = r.p[r.at]
    if opening == 0x22:
        return pass_string(r, out, &escaped)
    if opening != 0x7B and opening != 0x5B:
        if null_stands_at(r.p, r.at, r.end):
            r.at += 4
        elif not pass_boolean(r):
            r.at = number_end(r.p, r.at, r.end, False)
        return r.at >= 0
    closing = opening + 2
    r.at += 1
    if not skip_space(r, out):
        return False
    if r.at < r.end and r.p[r.at] == closing:
        r.at += 1
        return True
    while True:
        if opening == 0x7B:
            if not skip_space(r, out) or r.at >= r.end or r.p[r.at] != 0x22 or not pass_string(r, out, &escaped):
                return False
            if not skip_space(r, out) or r.at >= r.end or r.p[r.at] != 0x3A:
                return False
            r.at += 1
        if not skip_space(r, out) or not pass_any(r, out, depth + 1) or not skip_space(r, out) or r.at >= r.end:
            return False
        r.at += 1
        if r.p[r.at - 1] == closing:
            return True
        if r.p[r.at - 1] != 0x2C:
            return False


cdef bint vouch_array(Automaton a, int32_t item, double low, double high, Reader *r, Out *out, int depth) noexcept nogil:
    cdef int64_t count = 0
    if r.p[r.at] != 0x5B or not mark(r, M_OPEN_ARRAY):
        return False
    r.at += 1
    if not skip_space(r, out):
        return False
    if r.at < r.end and r.p[r.at] == 0x5D:
        r.at += 1
        return (r.sketch != NULL or low <= 0) and mark(r, M_CLOSE_ARRAY)
    while True:
        if not skip_space(r, out) or not vouch_value(a, item, r, out, depth + 1):
            return False
        count += 1
        if not skip_space(r, out) or r.at >= r.end:
            return False
        r.at += 1
        if r.p[r.at - 1] == 0x5D:
            return (r.sketch != NULL or low <= count <= high) and mark(r, M_CLOSE_ARRAY)
        if r.p[r.at - 1] != 0x2C:
            return False


cdef inline int32_t tidy_key(
    Automaton a, const Node *node, const Reader *r, int64_t at, int32_t *likely
) noexcept nogil:
    """The property whose name stands at `at`, its colon behind it; -1 when there is none, or a space between."""
    cdef int32_t guess, tried
    for tried in range(2):
        if node.first <= likely[tried] < node.last and stands_at(r, at, &a.words[likely[tried]]):
            return likely[tried]
    guess = likely[0] if node.first <= likely[0] < node.last else node.first
    for tried in range(node.first, node.last):
        if stands_at(r, at, &a.words[guess]):
            likely[1] = likely[0]
            likely[0] = guess
            return guess
        guess = guess + 1 if guess + 1 < node.last else node.first
    return -1


cdef inline int64_t behind_text(const Node *node, const Reader *r, int64_t at) noexcept nogil:
    """The place behind a plain text that needs no more than to be text; -1 for all else."""
    cdef int64_t end
    cdef uint8_t seen
    if node.what != NODE_STRING or node.kind != KIND_TEXT or r.sketch != NULL or at >= r.end or r.p[at] != 0x22:
        return -1
    end = plain_text_end(r.p, at + 1, r.end, r.limit, &seen)
    if end < 0 or r.p[end] != 0x22 or not node.low <= end - at - 1 <= node.high:
        return -1
    if odd_text(r.p + at + 1, end - at - 1, seen & 0x80, r.has_ampersand):
        return -1
    return end + 1


cdef int32_t other_key(Automaton a, const Node *node, Reader *r, Out *out, Keys *others) noexcept nogil:
    """Pass a key of any form and its colon: its property, -1 when the schema does not name it, -2 when in doubt."""
    cdef int64_t start = r.at, size, one
    cdef int32_t tried, found = -1
    cdef bint escaped = False
    if not pass_string(r, out, &escaped) or escaped:
        return -2
    size = r.at - start
    for tried in range(node.first, node.last):
        if size == a.words[tried].size - 1 and memcmp(r.p + start, a.words[tried].text, size) == 0:
            found = tried
            break
    if found < 0:
        if others.count >= D_OPEN_KEYS:
            return -2
        for one in range(others.count):
            if others.size[one] == size and memcmp(r.p + others.at[one], r.p + start, size) == 0:
                return -2
        others.at[others.count] = start
        others.size[others.count] = size
        others.count += 1
    if not skip_space(r, out) or r.at >= r.end or r.p[r.at] != 0x3A:
        return -2
    r.at += 1
    return found


cdef bint vouch_object(Automaton a, int32_t number, Reader *r, Out *out, int depth) noexcept nogil:
    cdef const Node *node = &a.nodes[number]
    cdef uint64_t met = 0, filled = 0, bit = 0
    cdef int32_t words[64]
    cdef Keys others
    # What is to be taken back with a null: all since the last value that was kept.
    cdef int64_t size, kept, behind
    # The place is kept here and not in `r` while nobody else asks for it, since a register is faster.
    cdef int64_t at = r.at + 1, end
    cdef int32_t place, child
    cdef int32_t *likely
    # A null under a key of the user's own is a value.
    cdef bint comma = False, is_own, is_unknown
    cdef uint8_t sign
    others.count = 0
    if r.p[r.at] != 0x7B or not mark(r, M_OPEN_OBJECT):
        return False
    size, kept, behind = out.size, r.kept, at
    at = behind_space(r, out, at)
    if 0 <= at < r.end and r.p[at] == 0x7D:
        r.at = at + 1
        return (r.sketch != NULL or has_shape(a, node, 0, NULL)) and mark(r, M_CLOSE_OBJECT)
    likely = r.follow + 2 * (a.word_count + number)
    while True:
        at = behind_space(r, out, at)
        if not 0 <= at < r.end or r.p[at] != 0x22:
            return False
        place = tidy_key(a, node, r, at, likely)
        if place >= 0:
            at += a.words[place].size
        else:
            r.at = at
            place = other_key(a, node, r, out, &others)
            if place == -2:
                return False
            at = r.at
        child = node.item
        if place >= 0:
            bit = <uint64_t>1 << (place - node.first)
            if met & bit:
                return False
            met |= bit
            child = a.words[place].child
            likely = r.follow + 2 * place
        is_unknown = child < 0
        if is_unknown:
            if place >= 0 or r.sketch == NULL:
                return False
        elif place < 0 and r.sketch != NULL and a.nodes[child].what != NODE_OPEN:
            return False
        at = behind_space(r, out, at)
        if at < 0:
            return False
        is_own = place < 0 and not is_unknown and a.nodes[child].what == NODE_OPEN
        if not is_own and null_stands_at(r.p, at, r.end):
            at += 4
            out.size = size
            r.kept = kept
            if not write_kept(r, out, behind):
                return False
            r.kept = at
        elif is_unknown:
            r.at = at
            if not pass_unknown(number, r, out, &others, depth + 1):
                return False
            at = r.at
            comma = True
        else:
            end = behind_text(&a.nodes[child], r, at)
            if end >= 0:
                at = end
                r.word = -1
            else:
                r.at = at
                if not mark(r, place if place >= 0 else M_OPEN_KEY) or not vouch_value(a, child, r, out, depth + 1):
                    return False
                at = r.at
            if place >= 0:
                filled |= bit
                words[place - node.first] = r.word
            comma = True
        size, kept, behind = out.size, r.kept, at
        at = behind_space(r, out, at)
        if not 0 <= at < r.end:
            return False
        sign = r.p[at]
        at += 1
        if sign == 0x7D:
            r.at = at
            return (r.sketch != NULL or has_shape(a, node, filled, words)) and mark(r, M_CLOSE_OBJECT)
        if sign != 0x2C:
            return False
        if not comma:
            # No value was written yet that this comma could stand behind.
            r.kept = at
            size, kept, behind = out.size, r.kept, at


cdef bint has_shape(Automaton a, const Node *node, uint64_t filled, const int32_t *words) noexcept nogil:
    """Whether the fields that are filled are those of one shape, and fulfil all conditions."""
    cdef int64_t one
    cdef uint64_t needed
    cdef int place
    for one in range(node.condition, node.condition_end):
        place = <int>a.conditions[one, 0]
        if filled & (<uint64_t>1 << place):
            if words[place] != a.conditions[one, 1]:
                continue
        elif not a.conditions[one, 2]:
            continue
        needed = <uint64_t>a.conditions[one, 3]
        if (filled & needed) != needed:
            return False
    for one in range(node.shape, node.shape_end):
        if (filled & a.shapes[one, 0]) == a.shapes[one, 0] and not filled & ~a.shapes[one, 1]:
            return True
    return False


cdef bint vouch_document(Automaton a, Reader *r, Out *out) noexcept nogil:
    """Check one document and write it as a line; False when it is not certain, and what was written is void."""
    r.word = -1
    r.cleaned = 0
    r.wrong = 0
    r.unknown = 0
    r.kept = r.at
    if not skip_space(r, out) or not vouch_value(a, a.root, r, out, 0):
        return False
    if not write_kept(r, out, r.at):
        return False
    r.kept = r.at
    if not skip_space(r, out) or r.at != r.end or not reserve(out, 1):
        return False
    out.data[out.size] = 0x0A
    out.size += 1
    return True


def vouch_documents(Automaton automaton not None, const uint8_t[::1] data not None, const int64_t[::1] starts not None,
                    const int64_t[::1] ends not None):
    """Check and rewrite each document data[starts[i]:ends[i]].

    Returns (bytes, line ends, counts): the NDJSON lines of those that certainly satisfy the schema and need nothing
    but to lose spaces and nulls, or to have e-mails and hashes cleaned; a document in doubt has no line, so its line
    end is that of the one before. `counts` says how often each slot of the automaton was cleaned.
    """
    cdef int64_t n = data.shape[0], count = starts.shape[0], i, size, slot
    cdef Reader reader
    cdef Out out
    line_ends_a = np.zeros(count, np.int64)
    counts_a = np.zeros(len(automaton.slots), np.int64)
    cdef int64_t[::1] line_ends = line_ends_a, counts = counts_a
    if not automaton.is_checked or ends.shape[0] != count:
        raise ValueError("each document has a start and an end")
    for i in range(count):
        if not 0 <= starts[i] <= ends[i] <= n:
            raise ValueError("a document lies outside of the data")
    out.size = 0
    out.room = n + 4096
    out.data = <uint8_t *>malloc(out.room)
    reader.p = &data[0] if n else NOTHING
    reader.limit = n
    reader.has_ampersand = n > 0 and memchr(reader.p, 0x26, n) != NULL
    reader.follow = automaton.new_follow()
    reader.sketch = NULL
    try:
        if out.data == NULL or reader.follow == NULL:
            raise MemoryError
        with nogil:
            for i in range(count):
                size = out.size
                reader.at = starts[i]
                reader.end = ends[i]
                if vouch_document(automaton, &reader, &out):
                    size = out.size
                    for slot in range(reader.cleaned):
                        counts[reader.slots[slot]] += 1
                out.size = size
                line_ends[i] = size
        return bytes_of(out.data, out.size), line_ends_a, counts_a
    finally:
        free(out.data)
        free(reader.follow)


def sketch_document(Automaton automaton not None, const uint8_t[::1] data not None):
    """What the verdict on a document depends on, if it is JSON and has nothing but values in doubt.

    Returns None where that cannot be told, else (sketch, wrong, unknown): two documents of one sketch have the same fields
    filled in the same order, lists of the same lengths and the same words where words are told apart; all their
    values satisfy the schema but those of `wrong`, each (node, start, end). `unknown` are the keys that no object of the schema has
    there, each (node of the object, start, end): where they stand is in the sketch, how they are called is not.
    """
    cdef int64_t n = data.shape[0]
    cdef Reader reader
    cdef Out out, sketch
    cdef bint is_told
    if not automaton.is_checked or n == 0:
        return None
    out.size = sketch.size = 0
    out.room = n + 256
    sketch.room = D_SKETCH + 256
    out.data = <uint8_t *>malloc(out.room)
    sketch.data = <uint8_t *>malloc(sketch.room)
    reader.follow = automaton.new_follow()
    try:
        if out.data == NULL or sketch.data == NULL or reader.follow == NULL:
            raise MemoryError
        reader.p = &data[0]
        reader.at = 0
        reader.end = reader.limit = n
        reader.has_ampersand = True
        reader.sketch = &sketch
        with nogil:
            is_told = vouch_document(automaton, &reader, &out)
        if not is_told:
            return None
        wrong = [(reader.wrong_nodes[i], reader.wrong_starts[i], reader.wrong_ends[i]) for i in range(reader.wrong)]
        unknown = [(reader.unknown_nodes[i], reader.unknown_starts[i], reader.unknown_ends[i]) for i in range(reader.unknown)]
        return PyBytes_FromStringAndSize(<char *>sketch.data, sketch.size), wrong, unknown
    finally:
        free(out.data)
        free(sketch.data)
        free(reader.follow)
