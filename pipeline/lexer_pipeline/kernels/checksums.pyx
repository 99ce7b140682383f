# cython: language_level=3, boundscheck=False, wraparound=False
"""MD5 and SHA-256 of what is written, and SHA-256 of what is read, in the time of MD5 alone.

Each step of MD5 (RFC 1321) waits for the one before it, so most of the processor idles; the rounds of SHA-256
(FIPS 180-4), where the processor has instructions for them, are placed in between and cost no time of their own.
The fallback is hashlib, in `digests.py`.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stddef cimport size_t
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset


cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>

    #if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    #include <cpuid.h>
    #include <immintrin.h>

    /* Whether there are SHA instructions, and the SSSE3 and SSE4.1 that go with them. */
    static int has_sha(void) {
        unsigned a, b, c, d;
        if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 9)) || !(c & (1u << 19))) return 0;
        return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
    }

    static const uint32_t SHA_K[64] = {
        0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
        0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
        0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
        0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
        0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
        0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
        0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
        0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
    };

    /* One step of MD5, given the part of its function that waits for the step before (late) and the rest (early). */
    #define STEP(a, b, early, late, word, turn, constant) { \\
        uint32_t w; \\
        memcpy(&w, p + 4 * (word), 4); \\
        a += w + constant##u + (early); \\
        a += (late); \\
        a = (a << turn | a >> (32 - turn)) + b; }
    #define MD5_F(a, b, c, d, word, turn, constant) STEP(a, b, 0, d ^ (b & (c ^ d)), word, turn, constant)
    #define MD5_G(a, b, c, d, word, turn, constant) STEP(a, b, c & ~d, b & d, word, turn, constant)
    #define MD5_H(a, b, c, d, word, turn, constant) STEP(a, b, 0, b ^ (c ^ d), word, turn, constant)
    #define MD5_I(a, b, c, d, word, turn, constant) STEP(a, b, 0, c ^ (b | ~d), word, turn, constant)
    #define FOUR(f, w1, t1, k1, w2, t2, k2, w3, t3, k3, w4, t4, k4) \\
        f(a, b, c, d, w1, t1, k1) f(d, a, b, c, w2, t2, k2) f(c, d, a, b, w3, t3, k3) f(b, c, d, a, w4, t4, k4) \\
        __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d));  /* no step may be moved past here, SHA-256 stays between */

    /* The state of a SHA-256 as its instructions want it, and four words of a block. */
    typedef struct { __m128i abef, cdgh, w[4]; } Sha;
    #define WITH_SHA __attribute__((always_inline, target("sha,sse4.1,ssse3"))) static inline

    WITH_SHA void load_state(Sha *s, const uint32_t *words) {
        const __m128i dcba = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)words), 0xB1);
        const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(words + 4)), 0x1B);
        s->abef = _mm_alignr_epi8(dcba, hgfe, 8);
        s->cdgh = _mm_blend_epi16(hgfe, dcba, 0xF0);
    }

    WITH_SHA void store_state(const Sha *s, uint32_t *words) {
        const __m128i feba = _mm_shuffle_epi32(s->abef, 0x1B), dchg = _mm_shuffle_epi32(s->cdgh, 0xB1);
        _mm_storeu_si128((__m128i *)words, _mm_blend_epi16(feba, dchg, 0xF0));
        _mm_storeu_si128((__m128i *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
    }

    WITH_SHA void load_block(Sha *s, const uint8_t *p) {
        const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0BLL, 0x0405060700010203LL);
        for (int i = 0; i < 4; i++)
            s->w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(p + 16 * i)), big_endian);
    }

    /* Four rounds with the words w, which are those from `at` on. */
    WITH_SHA void rounds(Sha *s, int w, int at) {
        const __m128i sum = _mm_add_epi32(s->w[w], _mm_loadu_si128((const __m128i *)(SHA_K + at)));
        s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, sum);
        s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(sum, 0x0E));
    }

    /* The next four words, in place of the words i. */
    WITH_SHA void schedule(Sha *s, int i, int j, int k, int l) {
        s->w[i] = _mm_add_epi32(_mm_sha256msg1_epu32(s->w[i], s->w[j]), _mm_alignr_epi8(s->w[l], s->w[k], 4));
        s->w[i] = _mm_sha256msg2_epu32(s->w[i], s->w[l]);
    }

    #define ROUNDS(w, at) rounds(&one, w, at); if (other) rounds(&two, w, at);
    #define SCHEDULE(i, j, k, l) schedule(&one, i, j, k, l); if (other) schedule(&two, i, j, k, l);

    /* Work `count` blocks of 64 bytes at p into the four words of an MD5 (unless that is NULL) and the eight words of a
       SHA-256, and as many at q into those of another SHA-256 (unless that is NULL). */
    WITH_SHA void work_in(uint32_t *md5, uint32_t *sha256, const uint8_t *p, uint32_t *other, const uint8_t *q,
                          size_t count) {
        uint32_t a = 0, b = 0, c = 0, d = 0;
        Sha one, two;
        load_state(&one, sha256);
        load_state(&two, other ? other : sha256);
        if (md5) a = md5[0], b = md5[1], c = md5[2], d = md5[3];
        for (; count; count--) {
            const uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
            const Sha one0 = one, two0 = two;
            load_block(&one, p);
            if (other) load_block(&two, q);
            ROUNDS(0, 0)
            FOUR(MD5_F, 0, 7, 0xD76AA478, 1, 12, 0xE8C7B756, 2, 17, 0x242070DB, 3, 22, 0xC1BDCEEE)
            ROUNDS(1, 4)
            FOUR(MD5_F, 4, 7, 0xF57C0FAF, 5, 12, 0x4787C62A, 6, 17, 0xA8304613, 7, 22, 0xFD469501)
            ROUNDS(2, 8)
            FOUR(MD5_F, 8, 7, 0x698098D8, 9, 12, 0x8B44F7AF, 10, 17, 0xFFFF5BB1, 11, 22, 0x895CD7BE)
            ROUNDS(3, 12)
            FOUR(MD5_F, 12, 7, 0x6B901122, 13, 12, 0xFD987193, 14, 17, 0xA679438E, 15, 22, 0x49B40821)
            SCHEDULE(0, 1, 2, 3) ROUNDS(0, 16)
            FOUR(MD5_G, 1, 5, 0xF61E2562, 6, 9, 0xC040B340, 11, 14, 0x265E5A51, 0, 20, 0xE9B6C7AA)
            SCHEDULE(1, 2, 3, 0) ROUNDS(1, 20)
            FOUR(MD5_G, 5, 5, 0xD62F105D, 10, 9, 0x02441453, 15, 14, 0xD8A1E681, 4, 20, 0xE7D3FBC8)
            SCHEDULE(2, 3, 0, 1) ROUNDS(2, 24)
            FOUR(MD5_G, 9, 5, 0x21E1CDE6, 14, 9, 0xC33707D6, 3, 14, 0xF4D50D87, 8, 20, 0x455A14ED)
            SCHEDULE(3, 0, 1, 2) ROUNDS(3, 28)
            FOUR(MD5_G, 13, 5, 0xA9E3E905, 2, 9, 0xFCEFA3F8, 7, 14, 0x676F02D9, 12, 20, 0x8D2A4C8A)
            SCHEDULE(0, 1, 2, 3) ROUNDS(0, 32)
            FOUR(MD5_H, 5, 4, 0xFFFA3942, 8, 11, 0x8771F681, 11, 16, 0x6D9D6122, 14, 23, 0xFDE5380C)
            SCHEDULE(1, 2, 3, 0) ROUNDS(1, 36)
            FOUR(MD5_H, 1, 4, 0xA4BEEA44, 4, 11, 0x4BDECFA9, 7, 16, 0xF6BB4B60, 10, 23, 0xBEBFBC70)
            SCHEDULE(2, 3, 0, 1) ROUNDS(2, 40)
            FOUR(MD5_H, 13, 4, 0x289B7EC6, 0, 11, 0xEAA127FA, 3, 16, 0xD4EF3085, 6, 23, 0x04881D05)
            SCHEDULE(3, 0, 1, 2) ROUNDS(3, 44)
            FOUR(MD5_H, 9, 4, 0xD9D4D039, 12, 11, 0xE6DB99E5, 15, 16, 0x1FA27CF8, 2, 23, 0xC4AC5665)
            SCHEDULE(0, 1, 2, 3) ROUNDS(0, 48)
            FOUR(MD5_I, 0, 6, 0xF4292244, 7, 10, 0x432AFF97, 14, 15, 0xAB9423A7, 5, 21, 0xFC93A039)
            SCHEDULE(1, 2, 3, 0) ROUNDS(1, 52)
            FOUR(MD5_I, 12, 6, 0x655B59C3, 3, 10, 0x8F0CCC92, 10, 15, 0xFFEFF47D, 1, 21, 0x85845DD1)
            SCHEDULE(2, 3, 0, 1) ROUNDS(2, 56)
            FOUR(MD5_I, 8, 6, 0x6FA87E4F, 15, 10, 0xFE2CE6E0, 6, 15, 0xA3014314, 13, 21, 0x4E0811A1)
            SCHEDULE(3, 0, 1, 2) ROUNDS(3, 60)
            FOUR(MD5_I, 4, 6, 0xF7537E82, 11, 10, 0xBD3AF235, 2, 15, 0x2AD7D2BB, 9, 21, 0xEB86D391)
            a += a0, b += b0, c += c0, d += d0;
            one.abef = _mm_add_epi32(one.abef, one0.abef), one.cdgh = _mm_add_epi32(one.cdgh, one0.cdgh);
            two.abef = _mm_add_epi32(two.abef, two0.abef), two.cdgh = _mm_add_epi32(two.cdgh, two0.cdgh);
            p += 64;
            if (other) q += 64;
        }
        if (md5) md5[0] = a, md5[1] = b, md5[2] = c, md5[3] = d;
        store_state(&one, sha256);
        if (other) store_state(&two, other);
    }

    __attribute__((target("sha,sse4.1,ssse3")))
    static void sha256_of(uint32_t *sha256, const uint8_t *p, size_t count) {
        work_in(NULL, sha256, p, NULL, NULL, count);
    }

    __attribute__((target("sha,sse4.1,ssse3")))
    static void both_of(uint32_t *md5, uint32_t *sha256, const uint8_t *p, size_t count) {
        work_in(md5, sha256, p, NULL, NULL, count);
    }

    __attribute__((target("sha,sse4.1,ssse3")))
    static void both_beside(uint32_t *md5, uint32_t *sha256, const uint8_t *p, uint32_t *other, const uint8_t *q,
                            size_t count) {
        work_in(md5, sha256, p, other, q, count);
    }
    #undef STEP
    #undef MD5_F
    #undef MD5_G
    #undef MD5_H
    #undef MD5_I
    #undef FOUR
    #undef ROUNDS
    #undef SCHEDULE
    #undef WITH_SHA
    #else
    static int has_sha(void) { return 0; }
    static void sha256_of(uint32_t *sha256, const uint8_t *p, size_t count) {}
    static void both_of(uint32_t *md5, uint32_t *sha256, const uint8_t *p, size_t count) {}
    static void both_beside(uint32_t *md5, uint32_t *sha256, const uint8_t *p, uint32_t *other, const uint8_t *q,
                            size_t count) {}
    #endif
    """
    int has_sha()
    void sha256_of(uint32_t *sha256, const uint8_t *p, size_t count) noexcept nogil
    void both_of(uint32_t *md5, uint32_t *sha256, const uint8_t *p, size_t count) noexcept nogil
    void both_beside(
        uint32_t *md5, uint32_t *sha256, const uint8_t *p, uint32_t *other, const uint8_t *q, size_t count
    ) noexcept nogil


if not has_sha():
    raise ImportError("this processor has no instructions for SHA-256")


cdef struct State:
    # What does not fill a block of 64 bytes yet is held back; `size` counts all bytes.
    bint has_md5
    uint32_t md5[4]
    uint32_t sha256[8]
    uint8_t rest[64]
    size_t held
    uint64_t size


cdef struct Blocks:
    const uint8_t *at
    size_t count


cdef void _begin(State *state, bint has_md5) noexcept:
    state.has_md5 = has_md5
    state.held = state.size = 0
    state.md5[:] = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    state.sha256[:] = [
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19
    ]


cdef void _work_in(State *state, const uint8_t *data, size_t count) noexcept nogil:
    if state.has_md5:
        both_of(state.md5, state.sha256, data, count)
    else:
        sha256_of(state.sha256, data, count)


cdef Blocks _taken(State *state, const uint8_t *data, size_t size) noexcept nogil:
    """Work in what was held back, if that fills up, and hold back the end; returns the blocks in between."""
    cdef size_t at = 0
    cdef Blocks blocks
    state.size += size
    if state.held:
        at = min(size, 64 - state.held)
        memcpy(state.rest + state.held, data, at)
        state.held += at
        if state.held == 64:
            _work_in(state, state.rest, 1)
            state.held = 0
    blocks.at, blocks.count = data + at, (size - at) // 64
    if at < size:
        # Nothing is held here: what was held is full.
        state.held = (size - at) % 64
        memcpy(state.rest, data + size - state.held, state.held)
    return blocks


cdef State _finished(const State *state, bint big_endian) noexcept:
    """The state after the padding, which ends in the length in bits: the lowest byte first, or last for SHA-256."""
    cdef State done = state[0]
    cdef uint8_t padded[128]
    cdef size_t end = 64 if state.held < 56 else 128, i
    memset(padded, 0, 128)
    memcpy(padded, state.rest, state.held)
    padded[state.held] = 0x80
    for i in range(8):
        padded[end - 1 - i if big_endian else end - 8 + i] = (state.size * 8 >> (8 * i)) & 0xFF
    _work_in(&done, padded, end // 64)
    return done


cdef str _sha256(const State *state):
    cdef State done = _finished(state, True)
    return "".join([f"{word:08x}" for word in done.sha256])


cdef class Sha256:
    """SHA-256 of all bytes given so far; one thread at a time."""

    cdef State _state

    def __cinit__(self):
        _begin(&self._state, False)

    def update(self, const uint8_t[::1] data not None):
        """Add data; other threads run meanwhile."""
        cdef size_t size = data.shape[0]
        cdef Blocks blocks
        if size:
            with nogil:
                blocks = _taken(&self._state, &data[0], size)
                _work_in(&self._state, blocks.at, blocks.count)

    def hexdigest(self):
        """SHA-256 of the bytes so far, as hex."""
        return _sha256(&self._state)


cdef class Checksums:
    """MD5 and SHA-256 of all bytes given so far; one thread at a time."""

    cdef State _state

    def __cinit__(self):
        _begin(&self._state, True)

    def update(self, const uint8_t[::1] data not None, Sha256 beside=None, const uint8_t[::1] other=None):
        """Add data, and `other` to the SHA-256 `beside`; other threads run meanwhile."""
        cdef size_t size = data.shape[0], both
        cdef const uint8_t *own = &data[0] if size else NULL
        cdef Blocks blocks, more
        if beside is None or other is None or not other.shape[0]:
            with nogil:
                if size:
                    blocks = _taken(&self._state, own, size)
                    _work_in(&self._state, blocks.at, blocks.count)
            return
        with nogil:
            blocks.at, blocks.count = own, 0
            if size:
                blocks = _taken(&self._state, own, size)
            more = _taken(&beside._state, &other[0], other.shape[0])
            both = min(blocks.count, more.count)
            both_beside(self._state.md5, self._state.sha256, blocks.at, beside._state.sha256, more.at, both)
            _work_in(&self._state, blocks.at + 64 * both, blocks.count - both)
            _work_in(&beside._state, more.at + 64 * both, more.count - both)

    def md5(self):
        """MD5 of the bytes so far, as hex."""
        cdef State done = _finished(&self._state, False)
        return PyBytes_FromStringAndSize(<char *>done.md5, 16).hex()

    def sha256(self):
        """SHA-256 of the bytes so far, as hex."""
        return _sha256(&self._state)
