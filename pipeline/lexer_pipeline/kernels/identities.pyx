# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""By which records are known: hashes of some of their fields, taken from cells or from the NDJSON that was made of them; and which were seen before."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

cdef enum:
    # Keys of so many bytes at the most are looked for.
    LONGEST_KEY = 64

cdef struct Field:
    const uint8_t *key
    int64_t size
    # Whether it stands in the link, and whether the case of its letters makes no difference.
    bint is_linked
    bint is_folded


def hash_text(const uint8_t[::1] text not None, bint is_folded):
    """The hash of one text; 0 of an empty one. `is_folded` leaves out blanks around it and the case of letters."""
    return hash_text_of(&text[0], text.shape[0], is_folded) if text.shape[0] else 0


def hash_cells(cells not None, int column, const int32_t[::1] rows not None, bint is_folded):
    """The hash of a column's cell in each of some rows, as it stands between the quotes; 0 of an empty one."""
    cdef const uint8_t[::1] data = cells.data
    cdef const int32_t[::1] starts = cells.starts, ends = cells.ends
    cdef int columns = cells.columns
    cdef int64_t n = data.shape[0], i, at, size
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef bint is_inside = True
    hashes_a = np.zeros(rows.shape[0], np.uint64)
    cdef uint64_t[::1] hashes = hashes_a
    with nogil:
        for i in range(rows.shape[0]):
            at = <int64_t>rows[i] * columns + column
            if not 0 <= at < starts.shape[0] or not 0 <= at < ends.shape[0]:
                is_inside = False
                break
            size = ends[at] - starts[at]
            if size > 0 and starts[at] >= 0 and ends[at] <= n:
                hashes[i] = hash_text_of(p + starts[at], size, is_folded)
    if not is_inside:
        raise ValueError("a row lies outside of the cells")
    return hashes_a


cdef inline int64_t behind_text(const uint8_t *p, int64_t at, int64_t end, bint *escaped) noexcept nogil:
    """The place behind the quote that closes the text that begins at `at`; `escaped` is told of a backslash in it."""
    cdef uint8_t seen = 0
    at = plain_end(p, at, end, 0x22, &seen)
    if at < end and p[at] == 0x22:
        return at + 1
    escaped[0] = True
    while True:
        at = plain_end(p, at, end, 0x22, &seen)
        if at >= end or p[at] == 0x22:
            return at + 1
        at += 2 if p[at] == 0x5C else 1


cdef int64_t behind_value(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    """The place behind a value that is no text."""
    cdef int64_t depth = 0
    cdef uint8_t c
    cdef bint escaped
    while at < end:
        c = p[at]
        if c == 0x22:
            at = behind_text(p, at + 1, end, &escaped)
            continue
        if c == 0x7B or c == 0x5B:
            depth += 1
        elif c == 0x7D or c == 0x5D:
            depth -= 1
            if depth < 0:
                return at
            if depth == 0:
                return at + 1
        elif c == 0x2C and depth == 0:
            return at
        at += 1
    return at


cdef inline bint read_line(const uint8_t *p, int64_t at, int64_t end, const Field *fields, int count,
                           const uint64_t *by_size, uint64_t enough, uint64_t *hashes, int64_t wide,
                           uint64_t *met) noexcept nogil:
    """Hash the fields of the record between two places, each `wide` behind the one before, and note which were `met`.

    False where one cannot be told from its bytes alone.
    """
    cdef bint in_link = False, escaped = False
    cdef int64_t key, size, behind
    cdef uint64_t found = 0, left
    cdef int i
    while at < end:
        if p[at] == 0x7D:
            if not in_link:
                return True
            in_link = False
            found |= <uint64_t>1 << count
            at += 1
        elif p[at] != 0x22:
            at += 1
            continue
        else:
            key = at + 1
            behind = behind_text(p, key, end, &escaped)
            size = behind - 1 - key
            at = behind + 1
            if at >= end:
                return False
            if not in_link and size == 4 and p[at] == 0x7B and memcmp(p + key, b"link", 4) == 0:
                in_link = True
                at += 1
                continue
            left = by_size[size] if size < LONGEST_KEY else 0
            i = 0
            while left:
                if (left & 1 and fields[i].is_linked == in_link and memcmp(fields[i].key, p + key, size) == 0):
                    break
                left >>= 1
                i += 1
            escaped = False
            behind = behind_text(p, at + 1, end, &escaped) if p[at] == 0x22 else behind_value(p, at, end)
            if behind > end:
                return False
            if left:
                if p[at] == 0x22:
                    if escaped:
                        return False
                    if behind - at > 2:
                        hashes[i * wide] = hash_text_of(p + at + 1, behind - at - 2, fields[i].is_folded)
                else:
                    hashes[i * wide] = hash_text_of(p + at, behind - at, fields[i].is_folded)
                found |= <uint64_t>1 << i
                met[0] |= <uint64_t>1 << i
            at = behind
        if found & enough == enough:
            return True
    return True


def hash_lines(const uint8_t[::1] data not None, const int64_t[::1] ends not None, tuple keys, links, folded,
               uint64_t enough):
    """The hashes of some fields of each line of compact NDJSON: an array of fields and records, 0 where one is not filled.

    `ends` are the places behind the lines, the first of which begins with the data.

    A field of `keys` stands in the record's link where `links` says so; the case of letters makes no difference where
    `folded` says so. A line need not be read on once the fields `enough` were met, a bit each; the bit behind them is that of
    the link as a whole. Returns the array, the bits of the fields that any line has, and the places of the lines that only a
    reader of JSON can tell.
    """
    cdef int64_t n = data.shape[0], at = 0, line
    cdef int count = len(keys), i
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef Field fields[MOST_FIELDS]
    cdef uint64_t by_size[LONGEST_KEY]
    cdef const uint8_t[::1] key
    if not 0 < count < MOST_FIELDS:
        raise ValueError("a record is known by fewer fields")
    for i in range(LONGEST_KEY):
        by_size[i] = 0
    for i in range(count):
        key = keys[i]
        if not 0 < key.shape[0] < LONGEST_KEY:
            raise ValueError("a key is too long")
        fields[i].key = &key[0]
        fields[i].size = key.shape[0]
        fields[i].is_linked = links[i]
        fields[i].is_folded = folded[i]
        by_size[key.shape[0]] |= <uint64_t>1 << i
    hashes_a = np.zeros((count, ends.shape[0]), np.uint64)
    cdef uint64_t[:, ::1] hashes = hashes_a
    cdef uint64_t met = 0
    odd_a = np.zeros(ends.shape[0], np.uint8)
    cdef uint8_t[::1] odd = odd_a
    cdef bint is_inside = True
    with nogil:
        for line in range(ends.shape[0]):
            if not at <= ends[line] <= n:
                is_inside = False
                break
            # Behind the brace that opens the record.
            odd[line] = not read_line(p, at + 1, ends[line], fields, count, by_size, enough, &hashes[0, line],
                                      ends.shape[0], &met)
            at = ends[line]
    if not is_inside:
        raise ValueError("a line ends outside of the data")
    return hashes_a, met, np.flatnonzero(odd_a).tolist()


cdef enum:
    # The first layer of a filter has so many words, each further one eight times as many, up to the most: 64 KB to 16 MB.
    LEAST_WORDS = 1 << 13
    MOST_WORDS = 1 << 21
    LAYERS = 4
    # So many hashes fill a word of 64 bits, in which each of them has four.
    FULL = 4

cdef struct Layer:
    uint64_t *words
    int64_t count


cdef class BloomFilter:
    """Tells of hashes which may have been added before, in at most 21 MB: of one that was it says so always.

    Of another one it says so too, in one case of a hundred up to nine million hashes and in more beyond. Whenever a layer is full
    a larger one begins; the bits of a hash lie in one word, so each layer costs one look into memory.
    """

    cdef Layer layers[LAYERS]
    cdef int count
    # So many hashes may be added before the next layer begins; the last one takes all.
    cdef int64_t room

    def __cinit__(self):
        self.count = 0
        self.room = 0

    def __dealloc__(self):
        cdef int i
        for i in range(self.count):
            free(self.layers[i].words)

    cdef bint _grow(self) except False:
        cdef int64_t size = min(<int64_t>LEAST_WORDS << (3 * self.count), <int64_t>MOST_WORDS)
        cdef uint64_t *words = <uint64_t *>calloc(size, sizeof(uint64_t))
        if words == NULL:
            raise MemoryError
        self.layers[self.count].words = words
        self.layers[self.count].count = size
        self.count += 1
        self.room = size * FULL if self.count < LAYERS else <int64_t>1 << 62
        return True

    def add(self, const uint64_t[::1] hashes not None):
        """Add some hashes; returns those, in their order, that may have been added before."""
        cdef int64_t n = hashes.shape[0], i = 0, found = 0
        again_a = np.empty(n, np.uint64)
        cdef uint64_t[::1] again = again_a
        while i < n:
            if self.room == 0:
                self._grow()
            with nogil:
                while i < n and self.room > 0:
                    if self._was_there(hashes[i]):
                        again[found] = hashes[i]
                        found += 1
                    i += 1
        return again_a[:found].copy()

    cdef bint _was_there(self, uint64_t h) noexcept nogil:
        """Whether a hash may be there; if it was not, it is now."""
        # One product tells the word, another one the bits in it.
        cdef uint64_t mixed = (h ^ (h >> 32)) * <uint64_t>0x9E3779B97F4A7C15ULL, bits = 0
        cdef uint64_t turned = (h ^ (mixed >> 29)) * <uint64_t>0xBF58476D1CE4E5B9ULL
        cdef uint64_t *word = NULL
        cdef int i
        for i in range(4):
            bits |= <uint64_t>1 << (turned >> (58 - 6 * i) & 63)
        for i in range(self.count):
            word = self.layers[i].words + ((mixed >> 32) * <uint64_t>self.layers[i].count >> 32)
            if word[0] & bits == bits:
                return True
        word[0] |= bits
        self.room -= 1
        return False
