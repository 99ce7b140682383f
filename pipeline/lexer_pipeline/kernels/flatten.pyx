# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Documents as a table of paths: the rows that `plain/flatten.py` makes of them, for documents that are certainly JSON.

A document that the kernel is not certain of is left to that file. All of a document is validated (RFC 8259), also what no column
takes. Every byte is read within the bounds of the data, and every write goes through `reserve`.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset
from cpython.bytes cimport PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.json_text cimport *
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

from lexer_pipeline.kernels.path_tree import Flattened


cdef enum:
    # So deep may values lie in each other, along the paths and in what is passed over (a bit of an integer for each).
    F_DEPTH = 64
    # Places in the texts are numbers of 32 bits.
    F_FURTHEST = 0x7FFFFFFF
    # A record has no more rows (`limits.RECORD_ROWS`).
    F_ROWS = 100_000


cdef struct Node:
    # What PathNode has; its keys are `size` words and `2 ** (64 - shift)` slots of the hash table that finds them.
    int32_t column
    int32_t level
    int32_t items
    int32_t size
    int32_t slot
    int32_t shift


cdef struct Word:
    # A key: its first and last bytes, which tell it from all others of its size unless it is longer than sixteen.
    uint64_t head
    uint64_t tail
    const uint8_t *text
    int64_t size
    int32_t child


cdef class Paths:
    """A `PathTree` as tables of numbers."""

    cdef Node *nodes
    cdef Word *words
    cdef int32_t *slots
    # The columns, those of the deepest level first, and for each level how many belong to it or to a deeper one.
    cdef int32_t *order
    cdef int32_t *within
    cdef int64_t node_count
    cdef int64_t word_count
    cdef int64_t columns
    cdef int64_t levels
    cdef int64_t each
    cdef list texts

    def __cinit__(self, tree):
        cdef int64_t one, slots
        self.node_count = len(tree.nodes)
        self.columns = tree.columns
        self.each = tree.each
        self.texts = [key.encode("utf-8", "surrogatepass") for node in tree.nodes for key in node.keys]
        self.word_count = len(self.texts)
        self.levels = 1 + max(node.level for node in tree.nodes)
        slots = sum(1 << bits_for(len(node.keys)) for node in tree.nodes)
        self.nodes = <Node *>malloc(self.node_count * sizeof(Node))
        self.words = <Word *>malloc((self.word_count + 1) * sizeof(Word))
        self.slots = <int32_t *>malloc(slots * sizeof(int32_t))
        self.order = <int32_t *>malloc((self.columns + 1) * sizeof(int32_t))
        self.within = <int32_t *>malloc((self.levels + 1) * sizeof(int32_t))
        if self.nodes == NULL or self.words == NULL or self.slots == NULL or self.order == NULL or self.within == NULL:
            raise MemoryError
        memset(self.slots, 0xFF, slots * sizeof(int32_t))
        self._take_nodes(tree.nodes)
        if tree.nodes[0].level:
            raise ValueError("the document lies in no list")
        by_level = sorted(((level, column) for column, level in tree.of_level.items()), reverse=True)
        if sorted(column for _, column in by_level) != list(range(self.columns)) or self.each < 0:
            raise ValueError("each column has one path, and records begin at a level")
        for one in range(self.columns):
            self.order[one] = by_level[one][1]
        for one in range(self.levels):
            self.within[one] = sum(level >= one for level, _ in by_level)

    def __dealloc__(self):
        free(self.nodes)
        free(self.words)
        free(self.slots)
        free(self.order)
        free(self.within)

    cdef _take_nodes(self, list nodes):
        cdef int64_t number, word = 0, slot = 0, at
        cdef Node *node
        cdef bytes text
        for number, one in enumerate(nodes):
            node = &self.nodes[number]
            node[0] = Node(one.column, one.level, one.items, len(one.keys), slot, 64 - bits_for(len(one.keys)))
            below = [(child, one.level) for child in one.keys.values()]
            below += [(one.items, one.level + 1)] if one.items != -1 else []
            for child, level in below:
                # Each comes behind what leads to it, so that no path goes round.
                if not number < child < self.node_count or nodes[child].level != level:
                    raise ValueError("a node leads back, or to none of its level")
            for child in one.keys.values():
                text = self.texts[word]
                self.words[word].text = text
                self.words[word].size = len(text)
                self.words[word].child = child
                ends_of(text, len(text), &self.words[word].head, &self.words[word].tail)
                at = slot_of(&self.words[word], node)
                while self.slots[slot + at] >= 0:
                    at = (at + 1) & ((<int64_t>1 << (64 - node.shift)) - 1)
                self.slots[slot + at] = word
                word += 1
            slot += <int64_t>1 << (64 - node.shift)


def bits_for(keys):
    """The size of a hash table, as a power of two, of which at least half stays empty."""
    return (2 * keys - 1).bit_length()


cdef inline void ends_of(const uint8_t *p, int64_t n, uint64_t *head, uint64_t *tail) noexcept nogil:
    """The first and the last eight bytes of n; all of them where there are fewer."""
    cdef uint32_t few
    head[0] = tail[0] = 0
    if n >= 8:
        memcpy(head, p, 8)
        memcpy(tail, p + n - 8, 8)
    elif n >= 4:
        memcpy(&few, p, 4)
        head[0] = few
        memcpy(&few, p + n - 4, 4)
        tail[0] = few
    elif n > 0:
        head[0] = p[0] | <uint64_t>p[n >> 1] << 8 | <uint64_t>p[n - 1] << 16


cdef inline int64_t slot_of(const Word *word, const Node *node) noexcept nogil:
    cdef uint64_t h = word.head ^ (word.tail * <uint64_t>0x9E3779B97F4A7C15ULL) ^ <uint64_t>word.size
    return <int64_t>((h * <uint64_t>0x9FB21C651E98DF25ULL) >> node.shift)


cdef inline int32_t word_of(Paths a, const Node *node, const uint8_t *p, int64_t size) noexcept nogil:
    """The word of a node that a key is; -1 where the node has none such."""
    cdef Word key
    cdef const Word *word
    cdef int32_t found
    cdef int64_t at, last = (<int64_t>1 << (64 - node.shift)) - 1
    key.size = size
    ends_of(p, size, &key.head, &key.tail)
    at = slot_of(&key, node)
    while True:
        found = a.slots[node.slot + at]
        if found < 0:
            return -1
        word = &a.words[found]
        if word.head == key.head and word.tail == key.tail and word.size == size:
            if size <= 16 or memcmp(p, word.text, size) == 0:
                return found
        at = (at + 1) & last


cdef struct Reader:
    const uint8_t *p
    # The ends of the document and of all bytes.
    int64_t end
    int64_t limit
    # The texts of all cells.
    Out texts
    # The rows so far, and what is told of each.
    int64_t rows
    Out starts
    Out ends
    Out flags
    Out documents
    Out begins
    # The row that is being filled, and for each level how many rows there were when its item began.
    int32_t *row_starts
    int32_t *row_ends
    uint8_t *row_flags
    int64_t *first
    # For each word the object that it was met in last: a key that is there twice is left to the reference.
    int64_t *met
    int64_t objects
    int64_t number


cdef inline int64_t behind_space(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    while at < end and p[at] <= 0x20 and (p[at] == 0x20 or p[at] == 0x0A or p[at] == 0x0D or p[at] == 0x09):
        at += 1
    return at


cdef inline bint copy_cell(Reader *r, Paths a, const Node *node, int64_t start, int64_t end, uint8_t flags) noexcept nogil:
    """Fill a cell with the bytes of the document from `start` to `end`; False without room."""
    cdef int64_t begin = r.texts.size
    if begin + end - start > F_FURTHEST or not reserve(&r.texts, end - start):
        return False
    put(&r.texts, r.p + start, end - start)
    fill(r, a, node, begin, r.texts.size, flags)
    return True


cdef inline void fill(Reader *r, Paths a, const Node *node, int64_t start, int64_t end, uint8_t flags) noexcept nogil:
    """Put a cell into the row, and into those of the same item that were made before it came; its text is written already."""
    cdef int64_t row
    r.row_starts[node.column] = <int32_t>start
    r.row_ends[node.column] = <int32_t>end
    r.row_flags[node.column] = flags
    for row in range(r.first[node.level], r.rows):
        (<int32_t *>r.starts.data)[row * a.columns + node.column] = <int32_t>start
        (<int32_t *>r.ends.data)[row * a.columns + node.column] = <int32_t>end
        r.flags.data[row * a.columns + node.column] = flags


cdef inline void begin_item(Reader *r, Paths a, int64_t level) noexcept nogil:
    """Forget what the item before had in this level and below."""
    cdef int64_t one
    cdef int32_t column
    r.first[level] = r.rows
    for one in range(a.within[level]):
        column = a.order[one]
        r.row_starts[column] = r.row_ends[column] = 0
        r.row_flags[column] = 0


cdef inline bint end_item(Reader *r, Paths a, int64_t level) noexcept nogil:
    """Add the row of an item that has none below it, unless records begin further down; False without memory, or with too many."""
    cdef uint8_t begins
    if r.rows > r.first[level] or level < a.each:
        return True
    if r.rows - r.first[0] >= F_ROWS:
        return False
    if not (reserve(&r.starts, a.columns * sizeof(int32_t)) and reserve(&r.ends, a.columns * sizeof(int32_t))
            and reserve(&r.flags, a.columns) and reserve(&r.documents, sizeof(int64_t)) and reserve(&r.begins, 1)):
        return False
    begins = r.rows == r.first[a.each]
    put(&r.starts, <const uint8_t *>r.row_starts, a.columns * sizeof(int32_t))
    put(&r.ends, <const uint8_t *>r.row_ends, a.columns * sizeof(int32_t))
    put(&r.flags, r.row_flags, a.columns)
    put(&r.documents, <const uint8_t *>&r.number, sizeof(int64_t))
    put(&r.begins, &begins, 1)
    r.rows += 1
    return True


cdef uint8_t flags_of(const uint8_t *p, int64_t n) noexcept nogil:
    """What the bytes of a text hold."""
    cdef int64_t i
    cdef uint8_t c, high = 0, escape = 0
    for i in range(n):
        c = p[i]
        high |= c
        escape |= (c < 0x20) | (c == 0x22) | (c == 0x5C)
    return (HAS_ESCAPE if escape else 0) | (HAS_HIGH if high & 0x80 else 0)


cdef inline int64_t pass_string(const Reader *r, int64_t start) noexcept nogil:
    """The place behind a string whose text begins at `start`; -1 where it is none."""
    cdef uint8_t seen
    cdef int64_t at = plain_text_end(r.p, start, r.end, r.limit, &seen)
    if at >= 0 and r.p[at] == 0x22:
        return at + 1
    return pass_escapes(r, at)


cdef int64_t pass_escapes(const Reader *r, int64_t at) noexcept nogil:
    """The place behind the rest of a string from its first backslash on; -1 where it is none."""
    cdef uint8_t seen
    while at >= 0 and r.p[at] == 0x5C and at + 1 < r.end:
        if r.p[at + 1] == 0x75:
            if at + 6 > r.end or hex4(r.p + at + 2) < 0:
                return -1
            at += 6
        elif is_short_escape(r.p[at + 1]) or r.p[at + 1] == 0x2F:
            at += 2
        else:
            return -1
        at = plain_text_end(r.p, at, r.end, r.limit, &seen)
        if at >= 0 and r.p[at] == 0x22:
            return at + 1
    return -1


cdef inline int64_t scalar_end(const Reader *r, int64_t at) noexcept nogil:
    """The place behind a number, a boolean or a null; -1 where none stands."""
    if digit(r.p[at]) or r.p[at] == 0x2D:
        return number_end(r.p, at, r.end, True)
    if null_stands_at(r.p, at, r.end):
        return at + 4
    return boolean_end(r.p, at, r.end)


cdef int64_t pass_nested(const Reader *r, int64_t at) noexcept nogil:
    """The place behind the list or object that begins at `at`; -1 where it is none, or too deep."""
    cdef const uint8_t *p = r.p
    cdef int64_t end = r.end, depth = 0
    # A bit for each level: whether it is an object.
    cdef uint64_t kinds = 0
    cdef bint is_object = False
    while True:
        if is_object:
            at = behind_key(r, at)
            if at < 0:
                return -1
        if p[at] == 0x22:
            at = pass_string(r, at + 1)
        elif p[at] == 0x7B or p[at] == 0x5B:
            if depth == F_DEPTH:
                return -1
            is_object = p[at] == 0x7B
            kinds = kinds << 1 | is_object
            depth += 1
            at = behind_space(p, at + 1, end)
            if at >= end:
                return -1
            if p[at] != (0x7D if is_object else 0x5D):
                continue
        else:
            at = scalar_end(r, at)
        if at < 0:
            return -1
        while True:
            at = behind_space(p, at, end)
            if at >= end:
                return -1
            if p[at] == 0x2C:
                break
            if p[at] != (0x7D if is_object else 0x5D):
                return -1
            at += 1
            depth -= 1
            if depth == 0:
                return at
            kinds >>= 1
            is_object = kinds & 1
        at = behind_space(p, at + 1, end)
        if at >= end:
            return -1


cdef inline int64_t behind_key(const Reader *r, int64_t at) noexcept nogil:
    """The place of the value behind the key that begins at `at`; -1 where no key or no value stands."""
    if r.p[at] != 0x22:
        return -1
    at = pass_string(r, at + 1)
    if at < 0:
        return -1
    at = behind_space(r.p, at, r.end)
    if at >= r.end or r.p[at] != 0x3A:
        return -1
    at = behind_space(r.p, at + 1, r.end)
    return at if at < r.end else -1


cdef inline int64_t pass_value(const Reader *r, int64_t at) noexcept nogil:
    """The place behind the value that begins at `at`; -1 where it is none."""
    if r.p[at] == 0x22:
        return pass_string(r, at + 1)
    if r.p[at] == 0x7B or r.p[at] == 0x5B:
        return pass_nested(r, at)
    return scalar_end(r, at)


cdef int64_t take_escaped(Paths a, const Node *node, Reader *r, int64_t start, int64_t at) noexcept nogil:
    """Write the text from `start` on without its escapes, of which the first is at `at`, and fill its cell."""
    cdef Out *texts = &r.texts
    cdef int64_t begin = texts.size, code
    cdef uint8_t c, seen
    while True:
        if texts.size + at - start + 4 > F_FURTHEST or not reserve(texts, at - start + 4):
            return -1
        put(texts, r.p + start, at - start)
        if r.p[at] == 0x22:
            fill(r, a, node, begin, texts.size, flags_of(texts.data + begin, texts.size - begin))
            return at + 1
        if r.p[at] != 0x5C or at + 1 >= r.end:
            return -1
        c = r.p[at + 1]
        if c == 0x75:
            at = behind_sign(r.p, at, r.end, &code)
            if at < 0:
                return -1
            put_sign(texts, code)
        elif is_short_escape(c) or c == 0x2F:
            texts.data[texts.size] = meant(c)
            texts.size += 1
            at += 2
        else:
            return -1
        start = at
        at = plain_text_end(r.p, start, r.end, r.limit, &seen)
        if at < 0:
            return -1


cdef inline uint8_t meant(uint8_t c) noexcept nogil:
    """What a sign behind a backslash stands for."""
    if c == 0x6E:
        return 0x0A
    if c == 0x72:
        return 0x0D
    if c == 0x74:
        return 0x09
    if c == 0x62:
        return 0x08
    return 0x0C if c == 0x66 else c


cdef int64_t take_value(Paths a, int32_t number, Reader *r, int64_t start, int64_t depth) noexcept nogil:
    """Read the value that begins at `start` along a node; the place behind it, -1 where it is left to the reference."""
    cdef const Node *node = &a.nodes[number]
    cdef const uint8_t *p = r.p
    cdef int64_t at
    cdef uint8_t seen
    if p[start] == 0x22:
        if node.items >= 0:
            return -1
        at = plain_text_end(p, start + 1, r.end, r.limit, &seen)
        if at < 0:
            return -1
        if node.column < 0:
            return at + 1 if p[at] == 0x22 else pass_escapes(r, at)
        if p[at] != 0x22:
            return take_escaped(a, node, r, start + 1, at)
        if at > start + 1 and not copy_cell(r, a, node, start + 1, at, HAS_HIGH if seen else 0):
            return -1
        return at + 1
    if p[start] == 0x7B or p[start] == 0x5B:
        return take_nested(a, node, r, start, depth)
    at = scalar_end(r, start)
    if at < 0:
        return -1
    if p[start] == 0x6E:
        return at
    if node.items >= 0:
        return -1
    if node.column >= 0 and not copy_cell(r, a, node, start, at, 0):
        return -1
    return at


cdef int64_t take_nested(Paths a, const Node *node, Reader *r, int64_t start, int64_t depth) noexcept nogil:
    """Read a list or an object along a node, and fill its cell unless it is empty."""
    cdef int64_t at, inside
    if depth == F_DEPTH or (node.items >= 0 and r.p[start] == 0x7B):
        return -1
    if node.items >= 0:
        at = take_items(a, node.items, r, start, depth)
    elif node.size > 0 and r.p[start] == 0x7B:
        at = take_object(a, node, r, start, depth)
    else:
        at = pass_nested(r, start)
    if at >= 0 and node.column >= 0:
        inside = behind_space(r.p, start + 1, at)
        if inside < at - 1 and not copy_cell(r, a, node, start, at, HAS_NESTED | flags_of(r.p + start, at - start)):
            return -1
    return at


cdef int64_t take_items(Paths a, int32_t number, Reader *r, int64_t at, int64_t depth) noexcept nogil:
    """Read the list that begins at `at`: each item is a row at least, unless records begin further down."""
    cdef const uint8_t *p = r.p
    cdef int64_t end = r.end, level = a.nodes[number].level
    at = behind_space(p, at + 1, end)
    if at < end and p[at] == 0x5D:
        return at + 1
    while True:
        if at >= end or p[at] == 0x5B:
            return -1
        if p[at] == 0x6E:
            at = scalar_end(r, at)
        else:
            begin_item(r, a, level)
            at = take_value(a, number, r, at, depth + 1)
            if at >= 0 and not end_item(r, a, level):
                return -1
        if at < 0:
            return -1
        at = behind_space(p, at, end)
        if at >= end:
            return -1
        at += 1
        if p[at - 1] == 0x5D:
            return at
        if p[at - 1] != 0x2C:
            return -1
        at = behind_space(p, at, end)


cdef int64_t take_object(Paths a, const Node *node, Reader *r, int64_t at, int64_t depth) noexcept nogil:
    """Read the object that begins at `at` along a node that has keys."""
    cdef const uint8_t *p = r.p
    cdef int64_t end = r.end, start, object
    cdef int32_t word
    cdef uint8_t seen
    r.objects += 1
    object = r.objects
    at = behind_space(p, at + 1, end)
    if at < end and p[at] == 0x7D:
        return at + 1
    while True:
        if at >= end or p[at] != 0x22:
            return -1
        start = at + 1
        at = plain_text_end(p, start, end, r.limit, &seen)
        if at < 0 or p[at] != 0x22:
            return -1
        word = word_of(a, node, p + start, at - start)
        at = behind_space(p, at + 1, end)
        if at >= end or p[at] != 0x3A:
            return -1
        at = behind_space(p, at + 1, end)
        if at >= end:
            return -1
        if word < 0:
            at = pass_value(r, at)
        else:
            if r.met[word] == object:
                return -1
            r.met[word] = object
            at = take_value(a, a.words[word].child, r, at, depth + 1)
        if at < 0:
            return -1
        at = behind_space(p, at, end)
        if at >= end:
            return -1
        at += 1
        if p[at - 1] == 0x7D:
            return at
        if p[at - 1] != 0x2C:
            return -1
        at = behind_space(p, at, end)


cdef bint take_document(Paths a, Reader *r, int64_t at) noexcept nogil:
    """Add the rows of the document that begins at `at`; False where it is left to the reference, with rows that are void."""
    at = behind_space(r.p, at, r.end)
    if at >= r.end or r.p[at] != 0x7B:
        return False
    begin_item(r, a, 0)
    at = take_value(a, 0, r, at, 0)
    return at >= 0 and behind_space(r.p, at, r.end) == r.end and end_item(r, a, 0)


cdef inline bint opened(Out *out, int64_t room) noexcept nogil:
    out.room = room
    out.data = <uint8_t *>malloc(room + 1)
    return out.data != NULL


cdef bint make_room(Reader *r, Paths a, int64_t documents) noexcept nogil:
    """The first room, for a row a document; False without memory."""
    cdef int64_t rows = documents + 1
    r.row_starts = <int32_t *>malloc((a.columns + 1) * sizeof(int32_t))
    r.row_ends = <int32_t *>malloc((a.columns + 1) * sizeof(int32_t))
    r.row_flags = <uint8_t *>malloc(a.columns + 1)
    r.first = <int64_t *>malloc(a.levels * sizeof(int64_t))
    r.met = <int64_t *>malloc((a.word_count + 1) * sizeof(int64_t))
    if r.row_starts == NULL or r.row_ends == NULL or r.row_flags == NULL or r.first == NULL or r.met == NULL:
        return False
    memset(r.met, 0, a.word_count * sizeof(int64_t))
    return (opened(&r.texts, 4096) and opened(&r.starts, rows * a.columns * sizeof(int32_t))
            and opened(&r.ends, rows * a.columns * sizeof(int32_t)) and opened(&r.flags, rows * a.columns)
            and opened(&r.documents, rows * sizeof(int64_t)) and opened(&r.begins, rows))


cdef void free_room(Reader *r) noexcept nogil:
    free(r.row_starts)
    free(r.row_ends)
    free(r.row_flags)
    free(r.first)
    free(r.met)
    free(r.texts.data)
    free(r.starts.data)
    free(r.ends.data)
    free(r.flags.data)
    free(r.documents.data)
    free(r.begins.data)


cdef inline void cut(Reader *r, Paths a, int64_t rows, int64_t texts) noexcept nogil:
    """Take back what a document gave until it was left."""
    r.rows = rows
    r.texts.size = texts
    r.starts.size = r.ends.size = rows * a.columns * sizeof(int32_t)
    r.flags.size = rows * a.columns
    r.documents.size = rows * sizeof(int64_t)
    r.begins.size = rows


cdef array_of(const Out *out, kind):
    """What was written, as an array of its own."""
    made = np.empty(out.size // np.dtype(kind).itemsize, kind)
    cdef uint8_t[::1] room = made.view(np.uint8)
    if out.size:
        memcpy(&room[0], out.data, out.size)
    return made


def flatten(tree, const uint8_t[::1] data not None, const int64_t[::1] starts not None, const int64_t[::1] ends not None):
    """Make rows of the documents data[starts[i]:ends[i]]; see `Flattened`."""
    cdef int64_t n = data.shape[0], count = starts.shape[0], i, rows, texts, left = 0
    cdef Reader r
    cdef Paths paths = tree.compiled or Paths(tree)
    tree.compiled = paths
    if ends.shape[0] != count or n > F_FURTHEST:
        raise ValueError("each document has a start and an end, and all together less than two gigabytes")
    for i in range(count):
        if not 0 <= starts[i] <= ends[i] <= n:
            raise ValueError("a document lies outside of the data")
    left_a = np.empty(count, np.int64)
    cdef int64_t[::1] is_left = left_a
    memset(&r, 0, sizeof(Reader))
    r.p = &data[0] if n else NOTHING
    r.limit = n
    try:
        if not make_room(&r, paths, count):
            raise MemoryError
        with nogil:
            for i in range(count):
                rows, texts = r.rows, r.texts.size
                r.end = ends[i]
                r.number = i
                if not take_document(paths, &r, starts[i]):
                    cut(&r, paths, rows, texts)
                    is_left[left] = i
                    left += 1
        return Flattened(
            bytes_of(<const uint8_t *>r.texts.data, r.texts.size), array_of(&r.starts, np.int32),
            array_of(&r.ends, np.int32), array_of(&r.flags, np.uint8), array_of(&r.documents, np.int64),
            array_of(&r.begins, np.bool_), np.full(r.rows, ROW_OK, np.uint8), left_a[:left].copy(),
        )
    finally:
        free_room(&r)
