# cython: language_level=3
"""What the kernels that read JSON share: RFC 8259's strings, signs behind a backslash, numbers and words."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcmp

from lexer_pipeline.kernels.primitives cimport Out, digit, plain_end, put, utf8_is_good


cdef extern from *:
    """
    /* Where the first byte from `at` on is no digit; n when there is none. */
    static inline int64_t digits_end(const uint8_t *p, int64_t at, int64_t n) {
    #if defined(HAS_SSE2)
        while (at + 16 <= n) {
            const __m128i x = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(p + at)), _mm_set1_epi8(0x30));
            const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(9)), x);
            const unsigned stops = ~(unsigned)_mm_movemask_epi8(is_digit) & 0xFFFF;
            if (stops) return at + first_bit(stops);
            at += 16;
        }
    #endif
        while (at < n && p[at] >= 0x30 && p[at] <= 0x39) at++;
        return at;
    }
    """
    int64_t digits_end(const uint8_t *p, int64_t at, int64_t n) noexcept nogil


cdef inline int64_t plain_text_end(
    const uint8_t *p, int64_t start, int64_t end, int64_t limit, uint8_t *seen
) noexcept nogil:
    """Where the text from `start` on has its first quote, backslash or control sign; -1 when that is not before `end`,
    or the text is not UTF-8.

    *seen gets bit 7 where it has a byte beyond ASCII. What is read ends at `limit`.
    """
    cdef int64_t at
    seen[0] = 0
    at = plain_end(p, start, limit, 0x22, seen)
    if at >= end or (seen[0] & 0x80 and not utf8_is_good(p + start, at - start)):
        return -1
    return at


cdef inline bint is_short_escape(uint8_t c) noexcept nogil:
    r"""Whether a backslash may stand before a sign, \u and the slash aside."""
    return c == 0x22 or c == 0x5C or c == 0x62 or c == 0x66 or c == 0x6E or c == 0x72 or c == 0x74


cdef inline int64_t hex4(const uint8_t *p) noexcept nogil:
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


cdef inline int64_t behind_sign(const uint8_t *p, int64_t at, int64_t end, int64_t *code) noexcept nogil:
    r"""Read the sign that the \u at `at` (or a pair of them) stands for; the place behind it, -1 where there is none."""
    cdef int64_t low
    if at + 6 > end:
        return -1
    code[0] = hex4(p + at + 2)
    at += 6
    if code[0] < 0 or 0xDC00 <= code[0] <= 0xDFFF:
        return -1
    if 0xD800 <= code[0] <= 0xDBFF:
        if at + 6 > end or p[at] != 0x5C or p[at + 1] != 0x75:
            return -1
        low = hex4(p + at + 2)
        if low < 0xDC00 or low > 0xDFFF:
            return -1
        code[0] = 0x10000 + ((code[0] - 0xD800) << 10) + low - 0xDC00
        at += 6
    return at


cdef inline void put_sign(Out *out, int64_t code) noexcept nogil:
    """Write a sign as UTF-8; needs room for 4 bytes."""
    cdef uint8_t few[4]
    cdef int size
    if code < 0x80:
        few[0] = <uint8_t>code
        size = 1
    elif code < 0x800:
        few[0] = <uint8_t>(0xC0 | (code >> 6))
        few[1] = <uint8_t>(0x80 | (code & 63))
        size = 2
    elif code < 0x10000:
        few[0] = <uint8_t>(0xE0 | (code >> 12))
        few[1] = <uint8_t>(0x80 | ((code >> 6) & 63))
        few[2] = <uint8_t>(0x80 | (code & 63))
        size = 3
    else:
        few[0] = <uint8_t>(0xF0 | (code >> 18))
        few[1] = <uint8_t>(0x80 | ((code >> 12) & 63))
        few[2] = <uint8_t>(0x80 | ((code >> 6) & 63))
        few[3] = <uint8_t>(0x80 | (code & 63))
        size = 4
    put(out, few, size)


cdef inline int64_t number_end(const uint8_t *p, int64_t at, int64_t end, bint exponents) noexcept nogil:
    """The place behind a JSON number; -1 where there is none, one of more than 300 digits, or an exponent unless
    `exponents` may be.
    """
    cdef int64_t first
    if at < end and p[at] == 0x2D:
        at += 1
    first = at
    at = digits_end(p, at, end)
    if at == first or at - first > 300 or (p[first] == 0x30 and at - first > 1):
        return -1
    if at < end and p[at] == 0x2E:
        first = at + 1
        at = digits_end(p, first, end)
        if at == first:
            return -1
    if at < end and (p[at] | 0x20) == 0x65:
        if not exponents:
            return -1
        at += 1
        if at < end and (p[at] == 0x2B or p[at] == 0x2D):
            at += 1
        first = at
        at = digits_end(p, first, end)
        if at == first:
            return -1
    return at


cdef inline int64_t boolean_end(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    """The place behind true or false; -1 where neither stands."""
    if end - at >= 4 and memcmp(p + at, b"true", 4) == 0:
        return at + 4
    if end - at >= 5 and memcmp(p + at, b"false", 5) == 0:
        return at + 5
    return -1


cdef inline bint null_stands_at(const uint8_t *p, int64_t at, int64_t end) noexcept nogil:
    return end - at >= 4 and memcmp(p + at, b"null", 4) == 0
