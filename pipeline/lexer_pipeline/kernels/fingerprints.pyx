# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Keyed hashes of whole records and of what they are known by, which tell what changed from one export to the next.

SipHash-1-3 (Aumasson and Bernstein 2012, with the rounds of Rust's and Python's tables) of each member as it stands in the NDJSON. What
stands there otherwise than the canonical form that `plain/fingerprints.py` describes is left to it, so both give the same hashes on every machine.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.json_text cimport digits_end, is_short_escape
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

from lexer_pipeline.kernels.plain.fingerprints import record_hashes_of

cdef enum:
    MOST_NAMES = 8
    LONGEST_NAME = 64
    # As deep as that a record is read here.
    DEEPEST = 16

cdef struct Sip:
    uint64_t k0
    uint64_t k1

cdef struct Name:
    const uint8_t *text
    int64_t size

# By what a record is known: the hashes of its named members, and where the value of the first of them stands.
cdef struct Known:
    Name names[MOST_NAMES]
    int count
    bint is_reference
    uint64_t hashes[MOST_NAMES]
    int64_t first_at
    int64_t first_end


cdef inline uint64_t turned(uint64_t x, int bits) noexcept nogil:
    return (x << bits) | (x >> (64 - bits))


cdef inline void sip_round(uint64_t *v) noexcept nogil:
    v[0] += v[1]
    v[2] += v[3]
    v[1] = turned(v[1], 13) ^ v[0]
    v[3] = turned(v[3], 16) ^ v[2]
    v[0] = turned(v[0], 32)
    v[2] += v[1]
    v[0] += v[3]
    v[1] = turned(v[1], 17) ^ v[2]
    v[3] = turned(v[3], 21) ^ v[0]
    v[2] = turned(v[2], 32)


cdef inline uint64_t sip(const Sip *key, const uint8_t *p, int64_t n) noexcept nogil:
    """SipHash-1-3 of some bytes."""
    cdef uint64_t v[4]
    cdef uint64_t word, last = <uint64_t>n << 56
    v[0] = key.k0 ^ <uint64_t>0x736F6D6570736575ULL
    v[1] = key.k1 ^ <uint64_t>0x646F72616E646F6DULL
    v[2] = key.k0 ^ <uint64_t>0x6C7967656E657261ULL
    v[3] = key.k1 ^ <uint64_t>0x7465646279746573ULL
    while n >= 8:
        memcpy(&word, p, 8)
        v[3] ^= word
        sip_round(v)
        v[0] ^= word
        p += 8
        n -= 8
    last |= last_word(p, n)
    v[3] ^= last
    sip_round(v)
    v[0] ^= last
    v[2] ^= 0xFF
    sip_round(v)
    sip_round(v)
    sip_round(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


cdef inline uint64_t mixed(const Sip *key, uint8_t kind, uint64_t one, uint64_t two) noexcept nogil:
    """The hash of a letter and two hashes."""
    cdef uint8_t bytes_[17]
    bytes_[0] = kind
    memcpy(&bytes_[1], &one, 8)
    memcpy(&bytes_[9], &two, 8)
    return sip(key, bytes_, 17)


cdef inline int64_t text_end(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    """The place behind the quote that closes the text whose quote stands at `at`; -1 where none does, or a sign is escaped that need not be."""
    cdef uint8_t seen = 0
    at += 1
    while True:
        at = plain_end(p, at, end, 0x22, &seen)
        if at >= end:
            return -1
        if p[at] == 0x22:
            return at + 1
        if p[at] != 0x5C or at + 1 >= end or not is_short_escape(p[at + 1]):
            return -1
        at += 2


cdef inline int64_t number_ends(const uint8_t *p, int64_t at, int64_t end, int64_t *worth) noexcept nogil:
    """The place behind a number, and behind what of it is `worth` something; -1 where its form is not canonical otherwise."""
    cdef int64_t begin = at
    if p[at] == 0x2D:
        at += 1
    at = digits_end(p, at, end)
    worth[0] = at
    if at < end and p[at] == 0x2E:
        at = digits_end(p, at + 1, end)
        worth[0] = at
        while p[worth[0] - 1] == 0x30:
            worth[0] -= 1
        if p[worth[0] - 1] == 0x2E:
            worth[0] -= 1
    if at < end and (p[at] | 0x20) == 0x65:
        return -1
    # Nothing below nought is worth nothing.
    if p[begin] == 0x2D and worth[0] == begin + 2 and p[begin + 1] == 0x30:
        return -1
    return at


cdef int64_t hash_value(const Sip *key, const uint8_t *p, int64_t at, int64_t end, int64_t named, int depth, Known *known,
                        uint64_t *hash) noexcept nogil:
    """Hash the value at `at`, with its name, which begins at `named` (or `at`, where it has none); the place behind it, or -1."""
    cdef int64_t behind, worth
    cdef uint64_t inner = 0
    cdef uint8_t c
    if at >= end:
        return -1
    c = p[at]
    if c == 0x7B or c == 0x5B:
        if depth == DEEPEST:
            return -1
        behind = hash_members(key, p, at, end, depth + 1, known, &inner) if c == 0x7B else hash_items(key, p, at, end, depth + 1, &inner)
        hash[0] = mixed(key, c, sip(key, p + named, at - named), inner)
        return behind
    if c == 0x22:
        behind = worth = text_end(p, at, end)
    elif c == 0x74 or c == 0x6E:
        behind = worth = at + 4
    elif c == 0x66:
        behind = worth = at + 5
    else:
        behind = number_ends(p, at, end, &worth)
    if behind < 0 or behind > end or worth == at:
        return -1
    hash[0] = sip(key, p + named, worth - named)
    return behind


cdef int64_t hash_items(const Sip *key, const uint8_t *p, int64_t at, int64_t end, int depth, uint64_t *hash) noexcept nogil:
    """Hash the list at `at`, in order; the place behind it, or -1."""
    cdef uint64_t item = 0
    at += 1
    hash[0] = 0
    if at < end and p[at] == 0x5D:
        return at + 1
    while at < end:
        at = hash_value(key, p, at, end, at, depth, NULL, &item)
        if at < 0 or at >= end:
            return -1
        hash[0] = mixed(key, 0x2C, hash[0], item)
        if p[at] == 0x5D:
            return at + 1
        if p[at] != 0x2C:
            return -1
        at += 1
    return -1


cdef int64_t hash_members(const Sip *key, const uint8_t *p, int64_t at, int64_t end, int depth, Known *known, uint64_t *hash) noexcept nogil:
    """Hash the object at `at`, in whatever order its members stand; the place behind it, or -1."""
    cdef int64_t named, value
    cdef uint64_t member = 0
    cdef int i
    at += 1
    hash[0] = 0
    if at < end and p[at] == 0x7D:
        return at + 1
    while at < end:
        named = at
        if p[at] != 0x22:
            return -1
        value = text_end(p, at, end) + 1
        if value <= 0 or value >= end or p[value - 1] != 0x3A:
            return -1
        at = hash_value(key, p, value, end, named, depth, NULL, &member)
        if at < 0 or at >= end:
            return -1
        hash[0] += member
        if known != NULL:
            for i in range(known.count):
                if known.names[i].size == value - named - 3 and memcmp(known.names[i].text, p + named + 1, known.names[i].size) == 0:
                    known.hashes[i] = member
                    if i == 0:
                        known.first_at = value
                        known.first_end = at
        if p[at] == 0x7D:
            return at + 1
        if p[at] != 0x2C:
            return -1
        at += 1
    return -1


cdef inline uint64_t identity_in(const Sip *key, const uint8_t *p, Known *known, uint64_t whole) noexcept nogil:
    """By what a record is known: all of its named members, one of them that the first one names, or the first that is there; else all of it."""
    cdef uint64_t found = 0, any_of = 0
    cdef int i
    if not known.count:
        return whole
    if not known.is_reference:
        for i in range(known.count):
            found = mixed(key, 0x69, found, known.hashes[i])
            any_of |= known.hashes[i]
        return found if any_of else whole
    for i in range(1, known.count):
        if known.first_end - known.first_at == known.names[i].size + 2 and known.hashes[i] and \
                memcmp(known.names[i].text, p + known.first_at + 1, known.names[i].size) == 0:
            return known.hashes[i]
    for i in range(1, known.count):
        if known.hashes[i]:
            return known.hashes[i]
    return whole


def record_hashes(const uint8_t[::1] data not None, const int64_t[::1] ends not None, tuple names, bint is_reference, bytes key):
    """Two hashes of each line of NDJSON, never 0: of what the record is known by, and of all of it together with that.

    `ends` are the places behind the lines, the first of which begins with the data. A record is known by its members `names`; where
    `is_reference`, by the one that the text of the first of them names, else by the next that it has; without any by all of it. `key` has 16 bytes.
    """
    cdef int64_t n = data.shape[0], at = 0, line, behind
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef Sip secret
    cdef Known known
    cdef const uint8_t[::1] name
    cdef uint64_t whole
    cdef int i
    if len(key) != 16 or len(names) > MOST_NAMES:
        raise ValueError("a key has 16 bytes, and a record is known by fewer members")
    secret.k0 = int.from_bytes(key[:8], "little")
    secret.k1 = int.from_bytes(key[8:], "little")
    known.count = len(names)
    known.is_reference = is_reference
    for i in range(known.count):
        name = names[i]
        if not 0 < name.shape[0] < LONGEST_NAME:
            raise ValueError("a name is too long")
        known.names[i].text = &name[0]
        known.names[i].size = name.shape[0]
    identities_a, contents_a = np.zeros(ends.shape[0], np.uint64), np.zeros(ends.shape[0], np.uint64)
    cdef uint64_t[::1] identities = identities_a, contents = contents_a
    odd = []
    with nogil:
        for line in range(ends.shape[0]):
            if not at <= ends[line] <= n:
                with gil:
                    raise ValueError("a line ends outside of the data")
            for i in range(known.count):
                known.hashes[i] = 0
            known.first_at = known.first_end = 0
            whole = 0
            behind = hash_members(&secret, p, at, ends[line], 0, &known, &whole) if at < ends[line] and p[at] == 0x7B else -1
            if behind < 0:
                with gil:
                    odd.append(line)
            else:
                whole = mixed(&secret, 0x7B, 0, whole)
                identities[line] = identity_in(&secret, p, &known, whole) or 1
                contents[line] = mixed(&secret, 0x63, identities[line], whole) or 1
            at = ends[line]
    for line in odd:
        at = ends[line - 1] if line else 0
        identities_a[line], contents_a[line] = record_hashes_of(bytes(data[at : ends[line]]), names, is_reference, key)
    return identities_a, contents_a


def among(const uint64_t[::1] some not None, const uint64_t[::1] known not None, const int64_t[::1] starts not None):
    """Which of some hashes are among known ones, which are in order; `starts[b]` is the place of the first that begins with the bits b or more.

    There is one start for each such beginning and one behind the last, 2 ** k + 1 in all.
    """
    cdef int64_t n = some.shape[0], i, at, end, heads = starts.shape[0] - 1
    cdef int shift = 65 - int(heads).bit_length()
    cdef uint64_t one
    if heads < 2 or heads & (heads - 1):
        raise ValueError("there are as many beginnings as a power of two")
    found_a = np.zeros(n, np.bool_)
    cdef uint8_t[::1] found = found_a.view(np.uint8)
    with nogil:
        for i in range(n):
            one = some[i]
            at = starts[<int64_t>(one >> shift)]
            end = min(starts[<int64_t>(one >> shift) + 1], known.shape[0])
            while 0 <= at < end and known[at] < one:
                at += 1
            found[i] = 0 <= at < end and known[at] == one
    return found_a
