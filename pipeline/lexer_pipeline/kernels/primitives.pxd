# cython: language_level=3
"""What the kernels share: bytes told apart, texts vouched for, and JSON written; nothing here knows a row or a record.

A `good_...` may only vouch: a text that it is not certain of is left to the reference (`specs/values.py`, `validating/reference.py`).
"""

from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, strlen
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *


cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* Every x86-64 has SSE2; Microsoft's compiler has neither GCC's name for that nor its built-in functions. */
    #if defined(__SSE2__) || defined(_M_X64)
    #define HAS_SSE2
    #include <emmintrin.h>
    #if defined(_MSC_VER) && !defined(__clang__)
    #include <intrin.h>
    static __inline int first_bit(unsigned bits) {
        unsigned long at;
        _BitScanForward(&at, bits);
        return (int)at;
    }
    #else
    #define first_bit(bits) __builtin_ctz(bits)
    #endif
    #endif

    /* Where the first byte from `at` on is `stop`, a quote, a backslash or below 0x20 (or n); *seen gets bit 7 where
       a byte beyond ASCII was passed. Sixteen bytes at a time as long as sixteen are left. */
    static inline int64_t plain_end(const uint8_t *p, int64_t at, int64_t n, uint8_t stop, uint8_t *seen) {
    #if defined(HAS_SSE2)
        const __m128i is_stop = _mm_set1_epi8((char)stop), quote = _mm_set1_epi8(0x22);
        const __m128i slash = _mm_set1_epi8(0x5C), control = _mm_set1_epi8(0x1F);
        while (at + 16 <= n) {
            const __m128i x = _mm_loadu_si128((const __m128i *)(p + at));
            const __m128i hit = _mm_or_si128(
                _mm_or_si128(_mm_cmpeq_epi8(x, is_stop), _mm_cmpeq_epi8(x, quote)),
                _mm_or_si128(_mm_cmpeq_epi8(x, slash), _mm_cmpeq_epi8(_mm_min_epu8(x, control), x)));
            const unsigned stops = (unsigned)_mm_movemask_epi8(hit), highs = (unsigned)_mm_movemask_epi8(x);
            if (stops) {
                const int i = first_bit(stops);
                if (highs & ((1u << i) - 1)) *seen |= 0x80;
                return at + i;
            }
            if (highs) *seen |= 0x80;
            at += 16;
        }
    #endif
        while (at < n) {
            const uint8_t c = p[at];
            if (c == stop || c == 0x22 || c == 0x5C || c < 0x20) return at;
            *seen |= c & 0x80;
            at++;
        }
        return n;
    }

    /* Copy n bytes in steps of sixteen: up to 15 bytes more are read and written than n. */
    static inline void copy_loosely(uint8_t *to, const uint8_t *from, int64_t n) {
        do {
            memcpy(to, from, 16);
            to += 16;
            from += 16;
            n -= 16;
        } while (n > 0);
    }

    /* 1 may stand before the @ of an e-mail, 2 in the first label behind it, 4 in the rest; 8 is a capital. */
    static const uint8_t IN_EMAIL[256] = {  /* 16 a line, from 0x00 on; all beyond ASCII are 0 */
         0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
         0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
         0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  1,  0,  7,  5,  0,
         7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  0,  0,  0,  0,  0,  0,
         0, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
        15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  0,  0,  0,  0,  1,
         0,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,
         7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  0,  0,  0,  0,  0,
    };

    /* What stands before the @ of an address that nobody has (`MAILBOXES` of specs/placeholders.py). */
    static const char *const NO_MAILBOX[] = {
        "test@", "noemail@", "no-email@", "no_email@", "no.email@", "nomail@", "no-mail@", "none@", "null@",
    };
    #define NO_MAILBOXES ((int)(sizeof(NO_MAILBOX) / sizeof(NO_MAILBOX[0])))

    /* Where no bytes are: no pointer at all may be given to memcpy, not even for none. */
    static const uint8_t NOTHING[16] = {0};
    """
    const uint8_t IN_EMAIL[256]
    const uint8_t NOTHING[16]
    const char *NO_MAILBOX[]
    const int NO_MAILBOXES
    int64_t plain_end(const uint8_t *p, int64_t at, int64_t n, uint8_t stop, uint8_t *seen) noexcept nogil
    void copy_loosely(uint8_t *to, const uint8_t *source, int64_t n) noexcept nogil


cdef inline bint utf8_is_good(const uint8_t *p, int64_t n) noexcept nogil:
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


cdef inline bint digit(uint8_t c) noexcept nogil:
    return 0x30 <= c <= 0x39


cdef inline int two(const uint8_t *p) noexcept nogil:
    """The number that two ASCII digits make, or -1."""
    if digit(p[0]) and digit(p[1]):
        return (p[0] - 0x30) * 10 + p[1] - 0x30
    return -1


cdef inline bint good_date(const uint8_t *p, int64_t n) noexcept nogil:
    """YYYY-MM-DD that the calendar has; year 0000 is left to the reference."""
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


cdef inline bint good_date_time(const uint8_t *p, int64_t n) noexcept nogil:
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


# What a text of a kind that is trimmed and put in lower case needs to be one that is certainly right.
cdef enum:
    NO_FORM = 0
    AS_IT_IS = 1
    LOWERED = 2


cdef inline bint begins_with(const uint8_t *p, int64_t n, const uint8_t *word, int64_t size) noexcept nogil:
    """Whether a text begins with a word in small letters of ASCII, in any case."""
    cdef int64_t i
    if n < size:
        return False
    for i in range(size):
        if (p[i] | 0x20 if 0x41 <= p[i] <= 0x5A else p[i]) != word[i]:
            return False
    return True


cdef inline bint is_nobodys(const uint8_t *p, int64_t n) noexcept nogil:
    """Whether a text begins as an address that stands for nobody."""
    cdef int i
    if not n or ((p[0] | 0x20) != 0x6E and (p[0] | 0x20) != 0x74):
        return False
    for i in range(NO_MAILBOXES):
        if begins_with(p, n, <const uint8_t *>NO_MAILBOX[i], strlen(NO_MAILBOX[i])):
            return True
    return False


cdef inline bint is_numbered(const uint8_t *p, int64_t n) noexcept nogil:
    """Whether a text that begins with # is a number such as #1001 or #AU1001: no error of a spreadsheet begins or ends so."""
    return n > 1 and (digit(p[1]) or digit(p[n - 1]))


cdef inline bint good_id(const uint8_t *p, int64_t n) noexcept nogil:
    """Plain signs of ASCII with nothing around them that protects an id, no entity and no number with an exponent."""
    cdef int64_t i
    cdef uint8_t c = p[0]
    if c <= 0x20 or c == 0x27 or c == 0x3D or p[n - 1] <= 0x20 or (c == 0x23 and not is_numbered(p, n)):
        return False
    for i in range(n):
        c = p[i]
        if c < 0x20 or c > 0x7E or c == 0x26 or (c == 0x2B and i and (p[i - 1] | 0x20) == 0x65):
            return False
    return True


cdef inline bint good_identity(const uint8_t *p, int64_t n) noexcept nogil:
    """A good id that is certainly no word for nothing: those have no digit above 0, and begin with n, u or no letter."""
    cdef int64_t i
    if not good_id(p, n) or is_nobodys(p, n):
        return False
    for i in range(n):
        if 0x31 <= p[i] <= 0x39:
            return True
    return 0x61 <= (p[0] | 0x20) <= 0x7A and (p[0] | 0x20) != 0x6E and (p[0] | 0x20) != 0x75


cdef inline bint odd_signs(const uint8_t *p, int64_t n) noexcept nogil:
    """Whether UTF-8 holds a sign that nobody sees, U+FFFD, or what may be signs in the wrong encoding."""
    cdef int64_t i = 0
    cdef uint8_t c, d, e
    while i + 1 < n:
        c = p[i]
        d = p[i + 1]
        e = p[i + 2] if i + 2 < n else 0
        if c == 0xC2:
            if d == 0xAD:
                return True
            i += 2
        elif c == 0xC3:
            # The signs from U+00C2 to U+00F4, and behind them what the rest of a sign looks like.
            if 0x82 <= d <= 0xB4 and (e == 0xC2 or e == 0xC5 or e == 0xC6 or e == 0xCB or e == 0xE2):
                return True
            i += 2
        elif c == 0xE2:
            if d == 0x80 and (0x8B <= e <= 0x8F or 0xAA <= e <= 0xAE):
                return True
            if d == 0x81 and e == 0xA0:
                return True
            i += 3
        elif c == 0xEF:
            if (d == 0xBB and e == 0xBF) or (d == 0xBF and e == 0xBD):
                return True
            i += 3
        else:
            i += 1
    return False


cdef inline bint odd_edges(const uint8_t *p, int64_t n) noexcept nogil:
    """Whether a text, blanks around it aside, may be the error of a spreadsheet or a number with an exponent."""
    while n and (p[0] <= 0x20 or p[0] >= 0x80):
        p += 1
        n -= 1
    if not n or (p[0] != 0x23 and not digit(p[0])):
        return False
    while p[n - 1] <= 0x20 or p[n - 1] >= 0x80:
        n -= 1
    if p[0] == 0x23:
        return not is_numbered(p, n)
    return n >= 5 and p[n - 3] == 0x2B and digit(p[n - 2]) and digit(p[n - 1])


cdef inline bint odd_text(const uint8_t *p, int64_t n, bint is_high, bint has_ampersand) noexcept nogil:
    """Whether a text may hold a sign that the reference says something of (`specs/signs.py`)."""
    if n == 0:
        return False
    # Most texts begin with a letter.
    if (p[0] < 0x3A or p[0] >= 0x80) and odd_edges(p, n):
        return True
    if has_ampersand and memchr(p, 0x26, n) != NULL and memchr(p, 0x3B, n) != NULL:
        return True
    return is_high and odd_signs(p, n)


cdef inline int email_form(const uint8_t *p, int64_t n) noexcept nogil:
    """What a text without blanks around it needs to be an e-mail by the vendor's pattern, and without a point behind it."""
    cdef int64_t i = 0, begin
    cdef uint8_t seen = 0
    while i < n and IN_EMAIL[p[i]] & 1:
        seen |= IN_EMAIL[p[i]]
        i += 1
    if i == 0 or i >= n or p[i] != 0x40:
        return NO_FORM
    i += 1
    begin = i
    while i < n and IN_EMAIL[p[i]] & 2:
        seen |= IN_EMAIL[p[i]]
        i += 1
    if i == begin or i >= n or p[i] != 0x2E:
        return NO_FORM
    i += 1
    begin = i
    while i < n and IN_EMAIL[p[i]] & 4:
        seen |= IN_EMAIL[p[i]]
        i += 1
    if i != n or i == begin or p[n - 1] == 0x2E:
        return NO_FORM
    return LOWERED if seen & 8 else AS_IT_IS


cdef inline int hash_form(const uint8_t *p, int64_t n) noexcept nogil:
    """What a text without blanks around it needs to be a hash: printable ASCII without blanks."""
    cdef int64_t i
    cdef bint capital = False
    for i in range(n):
        if p[i] <= 0x20 or p[i] >= 0x7F:
            return NO_FORM
        capital |= 0x41 <= p[i] <= 0x5A
    return LOWERED if capital else AS_IT_IS


cdef inline void lower_case(uint8_t *p, int64_t n) noexcept nogil:
    """Put ASCII capitals in lower case."""
    cdef int64_t i
    for i in range(n):
        p[i] |= (0x41 <= p[i] <= 0x5A) << 5


cdef inline bint good_integer(const uint8_t *p, int64_t n, double low, double high) noexcept nogil:
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


cdef inline bint good_number(const uint8_t *p, int64_t n, double low, double high) noexcept nogil:
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


cdef inline bint good_url(const uint8_t *p, int64_t n) noexcept nogil:
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


cdef inline bint good_mobile(const uint8_t *p, int64_t n) noexcept nogil:
    """From five digits to fifteen, not all of them 0, and inside of them those signs alone that people put between them."""
    cdef int64_t i, digits = 0
    cdef bint counts = False
    if p[0] == 0x20 or p[n - 1] == 0x20:
        return False
    for i in range(n):
        if digit(p[i]):
            digits += 1
            counts |= p[i] != 0x30
        elif not (p[i] == 0x20 or p[i] == 0x28 or p[i] == 0x29 or p[i] == 0x2B or p[i] == 0x2D or p[i] == 0x2E):
            return False
    return counts and 5 <= digits <= 15


cdef inline bint good_cell(int kind, const uint8_t *p, int64_t size, double low, double high) noexcept nogil:
    """Whether a plain ASCII text is one of a kind as it stands; nothing is said of words and of texts of any kind."""
    if kind == KIND_EMAIL:
        return email_form(p, size) == AS_IT_IS and not is_nobodys(p, size)
    if kind == KIND_HASH:
        return hash_form(p, size) == AS_IT_IS and good_identity(p, size)
    if kind == KIND_IDENTITY:
        return good_identity(p, size)
    if kind == KIND_ID:
        return good_id(p, size)
    if kind == KIND_NUMBER:
        return good_number(p, size, low, high)
    if kind == KIND_INTEGER:
        return good_integer(p, size, low, high)
    if kind == KIND_BOOLEAN:
        return (size == 4 and memcmp(p, b"true", 4) == 0) or (size == 5 and memcmp(p, b"false", 5) == 0)
    if kind == KIND_DATE:
        return size == 10 and good_date(p, size)
    if kind == KIND_DATE_TIME:
        return good_date_time(p, size)
    if kind == KIND_URL:
        return good_url(p, size)
    if kind == KIND_MOBILE:
        return good_mobile(p, size)
    return False


cdef inline bytes bytes_of(const uint8_t *p, int64_t n):
    """A copy of some bytes, made while other threads go on: it takes long to fill memory that is new."""
    result = PyBytes_FromStringAndSize(NULL, n)
    cdef char *to = PyBytes_AS_STRING(result)
    if n:
        with nogil:
            memcpy(to, p, n)
    return result


cdef inline uint64_t last_word(const uint8_t *p, int64_t n) noexcept nogil:
    """The last bytes of a text, fewer than eight, as the low ones of a word; to copy so few by a call takes longer than to hash them."""
    cdef uint32_t low, high
    if n >= 4:
        memcpy(&low, p, 4)
        memcpy(&high, p + n - 4, 4)
        return <uint64_t>low | <uint64_t>high << (8 * (n - 4))
    if n > 0:
        return <uint64_t>p[0] | <uint64_t>p[n >> 1] << (8 * (n >> 1)) | <uint64_t>p[n - 1] << (8 * (n - 1))
    return 0


cdef inline uint64_t hash_bytes(const uint8_t *p, int64_t n) noexcept nogil:
    """FNV-1a over 8 bytes at a time with a final mix; only used to tell keys apart, never to trust one."""
    cdef uint64_t h = <uint64_t>14695981039346656037ULL ^ <uint64_t>n, word
    while n >= 8:
        memcpy(&word, p, 8)
        h = (h ^ word) * <uint64_t>1099511628211ULL
        h ^= h >> 29
        p += 8
        n -= 8
    h = (h ^ last_word(p, n)) * <uint64_t>1099511628211ULL
    h ^= h >> 32
    h *= <uint64_t>0x9FB21C651E98DF25ULL
    return h ^ (h >> 28)


cdef inline uint64_t hash_text_of(const uint8_t *p, int64_t n, bint is_folded) noexcept nogil:
    """The hash of a text that is not empty, odd so that it is never 0."""
    cdef uint64_t h, word, fold = <uint64_t>0x2020202020202020ULL
    if not is_folded:
        return hash_bytes(p, n) | 1
    while n > 1 and p[0] == 0x20:
        p += 1
        n -= 1
    while n > 1 and p[n - 1] == 0x20:
        n -= 1
    # One bit is what tells most letters in UTF-8 from their capitals.
    h = <uint64_t>14695981039346656037ULL ^ <uint64_t>n
    while n >= 8:
        memcpy(&word, p, 8)
        h = (h ^ (word | fold)) * <uint64_t>1099511628211ULL
        h ^= h >> 29
        p += 8
        n -= 8
    h = (h ^ (last_word(p, n) | fold)) * <uint64_t>0x9FB21C651E98DF25ULL
    return (h ^ (h >> 29)) | 1


cdef enum:
    # No key that is cleaned is longer; what is, is compared as it stands.
    LONGEST_CLEANED = 320

cdef struct Key:
    # The key of the row before (of size -1 where there is none), as it is compared: as it will be sent.
    const uint8_t *p
    int64_t size
    uint64_t hash
    int kind
    int side
    uint8_t sides[2][LONGEST_CLEANED]


cdef inline bint is_odd_key(int kind, const uint8_t *p, int64_t size) noexcept nogil:
    """Whether a key that is not empty may be sent otherwise than it stands."""
    cdef int64_t i
    if kind == KEY_ADDRESS or p[0] == 0x27 or p[0] == 0x3D or p[0] <= 0x20 or p[size - 1] <= 0x20:
        return True
    for i in range(size):
        if p[i] >= 0x80:
            return True
    return False


cdef inline int unseen(const uint8_t *p, int64_t size) noexcept nogil:
    """How many bytes the sign that nobody sees takes that stands here; 0 where there is none (signs.INVISIBLE)."""
    if size >= 2 and p[0] == 0xC2 and p[1] == 0xAD:
        return 2
    if size < 3:
        return 0
    if p[0] == 0xE2 and p[1] == 0x80 and (0x8B <= p[2] <= 0x8F or 0xAA <= p[2] <= 0xAE):
        return 3
    return 3 if (p[0] == 0xE2 and p[1] == 0x81 and p[2] == 0xA0) or (p[0] == 0xEF and p[1] == 0xBB and p[2] == 0xBF) else 0


cdef inline void trim_key(int kind, const uint8_t *p, int64_t *begin, int64_t *end) noexcept nogil:
    """Pass over tabs and no-break spaces at both ends, and over all blanks unless those belong to the key."""
    while begin[0] < end[0]:
        if p[begin[0]] == 0x09 or (kind != KEY_EXACT and p[begin[0]] <= 0x20):
            begin[0] += 1
        elif end[0] - begin[0] >= 2 and p[begin[0]] == 0xC2 and p[begin[0] + 1] == 0xA0:
            begin[0] += 2
        else:
            break
    while begin[0] < end[0]:
        if p[end[0] - 1] == 0x09 or (kind != KEY_EXACT and p[end[0] - 1] <= 0x20):
            end[0] -= 1
        elif end[0] - begin[0] >= 2 and p[end[0] - 2] == 0xC2 and p[end[0] - 1] == 0xA0:
            end[0] -= 2
        else:
            break


cdef inline bint is_quote(uint8_t sign) noexcept nogil:
    return sign == 0x22 or sign == 0x27 or sign == 0x20 or sign == 0x09


cdef inline int64_t clean_key(int kind, const uint8_t *p, int64_t size, uint8_t *to) noexcept nogil:
    """Write a key of at most LONGEST_CLEANED bytes as it will be sent; returns its size, at least 1.

    An id loses what `signs.unprotected` takes off, an address what `values.email` does. The quotes in a quoted cell may
    stand doubled.
    """
    cdef int64_t i = 0, begin = 0, end = 0
    cdef int width
    while i < size:
        width = unseen(p + i, size - i)
        if width == 0:
            to[end] = p[i] | 0x20 if kind == KEY_ADDRESS and 0x41 <= p[i] <= 0x5A else p[i]
            end += 1
            width = 1
        i += width
    trim_key(kind, to, &begin, &end)
    if kind == KEY_ADDRESS:
        if end - begin > 2 and to[end - 1] == 0x3E:
            i = end - 1
            while i > begin and to[i] != 0x3C:
                i -= 1
            if to[i] == 0x3C:
                begin = i + 1
                end -= 1
        if begin < end and to[begin] == 0x3D:
            begin += 1
        if end - begin > 7 and memcmp(to + begin, b"mailto:", 7) == 0:
            begin += 7
        while begin < end and is_quote(to[begin]):
            begin += 1
        while begin < end and is_quote(to[end - 1]):
            end -= 1
        while begin < end and (to[end - 1] == 0x2E or to[end - 1] == 0x2C or to[end - 1] == 0x3B or to[end - 1] == 0x20):
            end -= 1
    else:
        if end - begin > 3 and to[begin] == 0x3D and to[begin + 1] == 0x22 and to[end - 1] == 0x22:
            begin += 2
            end -= 1
            if end - begin > 2 and to[begin] == 0x22 and to[end - 1] == 0x22:
                begin += 1
                end -= 1
            trim_key(kind, to, &begin, &end)
        if begin < end and to[begin] == 0x27:
            begin += 1
    if begin == end:
        to[0] = p[size - 1]
        return 1
    memmove(to, to + begin, end - begin)
    return end - begin


cdef inline bint next_key(Key *key, const uint8_t *p, int64_t size) noexcept nogil:
    """Whether a key that is not empty is the one of the row before; `key` then has it with its hash."""
    cdef bint same
    if size <= LONGEST_CLEANED and is_odd_key(key.kind, p, size):
        key.side = 1 if key.side == 0 else 0
        size = clean_key(key.kind, p, size, &key.sides[key.side][0])
        p = &key.sides[key.side][0]
    same = size == key.size and memcmp(p, key.p, size) == 0
    if not same:
        key.hash = hash_bytes(p, size)
    key.p = p
    key.size = size
    return same


cdef inline bint is_same_key(const uint8_t *p, int64_t size, const uint8_t *other, int64_t other_size) noexcept nogil:
    """Whether two keys, neither of them empty, are sent as the same one."""
    cdef uint8_t one[LONGEST_CLEANED]
    cdef uint8_t two[LONGEST_CLEANED]
    if size == other_size and memcmp(p, other, size) == 0:
        return True
    if size > LONGEST_CLEANED or other_size > LONGEST_CLEANED:
        return False
    if not is_odd_key(KEY_EXACT, p, size) and not is_odd_key(KEY_EXACT, other, other_size):
        return False
    size = clean_key(KEY_EXACT, p, size, one)
    return size == clean_key(KEY_EXACT, other, other_size, two) and memcmp(one, two, size) == 0


cdef struct Out:
    uint8_t *data
    int64_t size
    int64_t room


cdef inline bint reserve(Out *out, int64_t more) noexcept nogil:
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


cdef inline void put_escaped(Out *out, const uint8_t *p, int64_t n, bint doubled) noexcept nogil:
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
            to[4] = 0x30 + (c >> 4)
            to[5] = (c & 15) + (0x30 if (c & 15) < 10 else 0x57)
            out.size += 6
        i += 1
        plain = i
    if plain < n:
        put(out, p + plain, n - plain)
