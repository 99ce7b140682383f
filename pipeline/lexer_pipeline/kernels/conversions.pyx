# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""What the named conversions of a mapping make of whole columns, and which cells of a column are alike.

A kernel may only vouch: it converts the texts whose outcome is certain, and leaves every other text to the
conversion itself (`conversions/`). A text beyond plain ASCII is never certain here. Every cell is checked against
the length of the block before it is read, and nothing is written but through `reserve` and into buffers that the
longest text fits.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy
from cpython.bytes cimport PyBytes_FromStringAndSize

from lexer_pipeline.kernels.codes cimport *
from lexer_pipeline.kernels.json_text cimport boolean_end, null_stands_at, number_end
from lexer_pipeline.kernels.primitives cimport *

import numpy as np

cdef enum:
    # Longer texts are left to the conversions; a step makes a text at most MORE bytes longer.
    LONGEST = 256
    MORE = 64



# What a step says of one text.
cdef enum:
    DOUBT = 0
    SAME = 1
    NEW = 2


cdef struct Text:
    const uint8_t *p
    int64_t n
    uint8_t *to
    int64_t size
    uint32_t names


def rewrite(const uint8_t[::1] data not None, const int32_t[::1] starts not None, const int32_t[::1] ends not None,
            const uint8_t[::1] flags not None, const int32_t[::1] kinds not None,
            const uint8_t[::1] arguments not None, const int32_t[::1] argument_ends not None, int64_t base,
            bint copies):
    """What a chain of conversions makes of some cells, none of them empty.

    Returns (texts, starts, ends, flags, marks). A cell that stays is still where it was (unless `copies`); what
    is new stands in `texts`, whose first byte has the place `base`. `marks` has a bit for each name of a change,
    and the highest one where the outcome is in doubt.
    """
    cdef int64_t n = data.shape[0], cells = starts.shape[0], i, at
    cdef int steps = kinds.shape[0], step, said
    cdef uint8_t seen
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef const uint8_t *argument = &arguments[0] if arguments.shape[0] else NOTHING
    cdef uint8_t buffers[2][LONGEST + MORE]
    cdef int which
    cdef bint fresh, memory = True
    cdef Text text
    cdef Out out
    if ends.shape[0] != cells or flags.shape[0] != cells or argument_ends.shape[0] != steps + 1:
        raise ValueError("arrays of one column have one length")
    if argument_ends[steps] != arguments.shape[0]:
        raise ValueError("the arguments do not fill their bytes")
    starts_a = np.zeros(cells, np.int32)
    ends_a = np.zeros(cells, np.int32)
    flags_a = np.zeros(cells, np.uint8)
    marks_a = np.zeros(cells, np.uint32)
    cdef int32_t[::1] new_starts = starts_a, new_ends = ends_a
    cdef uint8_t[::1] new_flags = flags_a
    cdef uint32_t[::1] marks = marks_a
    out.size = 0
    out.room = cells * 16 + 1024
    out.data = <uint8_t *>malloc(out.room)
    if out.data == NULL:
        raise MemoryError
    try:
        with nogil:
            for i in range(cells):
                text.n = ends[i] - starts[i]
                if (text.n <= 0 or starts[i] < 0 or ends[i] > n or flags[i] & (HAS_HIGH | HAS_DOUBLED)):
                    marks[i] = IN_DOUBT
                    continue
                text.p = p + starts[i]
                text.names = 0
                which = 0
                fresh = copies
                said = SAME
                for step in range(steps):
                    if text.n == 0:
                        break
                    if text.n > LONGEST:
                        said = DOUBT
                        break
                    text.to = buffers[which]
                    said = one_step(kinds[step], argument + argument_ends[step],
                                    argument_ends[step + 1] - argument_ends[step], &text)
                    if said == DOUBT:
                        break
                    if said == NEW:
                        text.p = buffers[which]
                        text.n = text.size
                        which = 1 - which
                        fresh = True
                if said == DOUBT:
                    marks[i] = IN_DOUBT
                    continue
                marks[i] = text.names
                if text.n == 0:
                    continue
                if not fresh:
                    new_starts[i] = starts[i]
                    new_ends[i] = ends[i]
                    new_flags[i] = flags[i]
                    continue
                if not reserve(&out, text.n):
                    memory = False
                    break
                seen = 0
                for at in range(text.n):
                    if text.p[at] < 0x20 or text.p[at] == 0x22 or text.p[at] == 0x5C:
                        seen = HAS_ESCAPE
                new_starts[i] = <int32_t>(base + out.size)
                put(&out, text.p, text.n)
                new_ends[i] = <int32_t>(base + out.size)
                new_flags[i] = seen
        if not memory:
            raise MemoryError
        return bytes_of(out.data, out.size), starts_a, ends_a, flags_a, marks_a
    finally:
        free(out.data)


cdef int one_step(int kind, const uint8_t *argument, int64_t size, Text *text) noexcept nogil:
    """What one conversion says of one text of 1 to LONGEST bytes of ASCII: SAME, NEW (in `to`) or DOUBT."""
    if kind == TO_EMAIL:
        # Whatever else stands around an address is taken off by the conversion itself.
        return DOUBT if email_form(text.p, text.n) == NO_FORM else lower(text, 0x21, EMAIL_CLEANED)
    if kind == TO_ID:
        return identifier(text)
    if kind == TO_MONEY:
        return money(text, argument[0])
    if kind == TO_ABSENT:
        return absent(argument, size, text)
    if kind == TO_UNMASKED:
        return DOUBT if holds_some(argument, size, text) else SAME
    if kind == TO_ABSOLUTE or kind == TO_NEGATED:
        return signed_number(text, kind == TO_NEGATED)
    if kind == TO_DIGITS:
        return digits(text)
    if kind == TO_BEFORE or kind == TO_AFTER:
        return part(argument, size, text, kind == TO_BEFORE)
    if kind == TO_LOWER:
        return lower(text, 0x20, LOWER_CASED)
    if kind == TO_UPPER:
        return upper(text)
    if kind == TO_TRIMMED:
        return trimmed(text)
    if kind == TO_LINE_TOTAL:
        return line_total(text)
    if kind == TO_DATE:
        return date(argument, text)
    if kind == TO_LESS:
        return difference(text)
    if kind == TO_GID:
        return end_of_gid(text)
    if kind == TO_STRIP_PLUS:
        return without_plus(text)
    if kind == TO_EPOCH:
        return epoch(text, argument[0])
    if kind == TO_JOIN:
        return joined_items(argument, size, text)
    return DOUBT


cdef inline bint printable(const uint8_t *p, int64_t n, uint8_t least) noexcept nogil:
    """Whether all bytes are signs of ASCII from `least` (0x20 or 0x21) on."""
    cdef int64_t i
    for i in range(n):
        if p[i] < least or p[i] > 0x7E:
            return False
    return True


cdef int same_or_new(Text *text, uint32_t name) noexcept nogil:
    """SAME where `to` holds the text itself, else NEW under a name."""
    if text.size == text.n and memcmp(text.p, text.to, text.n) == 0:
        return SAME
    text.names |= name
    return NEW


cdef int lower(Text *text, uint8_t least, uint32_t name) noexcept nogil:
    cdef int64_t i
    if not printable(text.p, text.n, least):
        return DOUBT
    for i in range(text.n):
        text.to[i] = text.p[i] | 0x20 if 0x41 <= text.p[i] <= 0x5A else text.p[i]
    text.size = text.n
    return same_or_new(text, name)


cdef int upper(Text *text) noexcept nogil:
    cdef int64_t i
    if not printable(text.p, text.n, 0x20):
        return DOUBT
    for i in range(text.n):
        text.to[i] = text.p[i] & 0xDF if 0x61 <= text.p[i] <= 0x7A else text.p[i]
    text.size = text.n
    return same_or_new(text, UPPER_CASED)


cdef void stripped(Text *text, const uint8_t *p, int64_t n) noexcept nogil:
    """Write what is left of printable signs without the spaces around them."""
    while n and p[0] == 0x20:
        p += 1
        n -= 1
    while n and p[n - 1] == 0x20:
        n -= 1
    memcpy(text.to, p, n)
    text.size = n


cdef int trimmed(Text *text) noexcept nogil:
    if not printable(text.p, text.n, 0x20):
        return DOUBT
    stripped(text, text.p, text.n)
    return same_or_new(text, TRIMMED)


cdef int part(const uint8_t *separator, int64_t size, Text *text, bint takes_before) noexcept nogil:
    cdef int64_t i, n = text.n
    if not printable(text.p, n, 0x20):
        return DOUBT
    for i in range(n - size + 1):
        if memcmp(text.p + i, separator, size) == 0:
            if takes_before:
                stripped(text, text.p, i)
            else:
                stripped(text, text.p + i + size, n - i - size)
            return same_or_new(text, PART_TAKEN)
    stripped(text, text.p, n if takes_before else 0)
    return same_or_new(text, PART_TAKEN)


cdef int absent(const uint8_t *words, int64_t size, Text *text) noexcept nogil:
    """`words` are the texts that stand for nothing, each behind a byte that says how long it is."""
    cdef int64_t i = 0
    if text.p[0] <= 0x20 or text.p[0] > 0x7E or text.p[text.n - 1] <= 0x20 or text.p[text.n - 1] > 0x7E:
        return DOUBT
    while i < size:
        if words[i] == text.n and memcmp(words + i + 1, text.p, text.n) == 0:
            text.names |= MADE_ABSENT
            text.size = 0
            return NEW
        i += 1 + words[i]
    return SAME


cdef bint holds_some(const uint8_t *words, int64_t size, Text *text) noexcept nogil:
    """Whether a text holds one of some words in small letters, in any case, each behind a byte that says how long it is."""
    cdef int64_t i = 0, at, same
    cdef uint8_t sign
    while i < size:
        for at in range(text.n - words[i] + 1):
            same = 0
            while same < words[i]:
                sign = text.p[at + same]
                if 0x41 <= sign <= 0x5A:
                    sign |= 0x20
                if sign != words[i + 1 + same]:
                    break
                same += 1
            if same == words[i]:
                return True
        i += 1 + words[i]
    return False


cdef int identifier(Text *text) noexcept nogil:
    """Without a point, a comma and a plus no spreadsheet can have harmed it, unless it is one of their errors."""
    cdef int64_t i, begin = 1 if text.p[0] == 0x27 else 0
    if begin == text.n or not printable(text.p, text.n, 0x20):
        return DOUBT
    if text.p[begin] == 0x20 or text.p[text.n - 1] == 0x20:
        return DOUBT
    # ="0012" only protects what it holds.
    if text.p[begin] == 0x3D:
        return DOUBT
    if text.p[begin] == 0x23 and not is_numbered(text.p + begin, text.n - begin):
        return DOUBT
    for i in range(begin, text.n):
        if text.p[i] == 0x2E or text.p[i] == 0x2C or text.p[i] == 0x2B:
            return DOUBT
    if not begin:
        return SAME
    memcpy(text.to, text.p + 1, text.n - 1)
    text.size = text.n - 1
    text.names |= APOSTROPHE_STRIPPED
    return NEW


cdef int digits(Text *text) noexcept nogil:
    """Among digits and the signs that people write in phone numbers no spreadsheet's harm can hide."""
    cdef int64_t i
    cdef uint8_t c
    text.size = 0
    for i in range(text.n):
        c = text.p[i]
        if digit(c):
            text.to[text.size] = c
            text.size += 1
        elif not (c == 0x20 or c == 0x2B or c == 0x2D or c == 0x28 or c == 0x29 or c == 0x27 or c == 0x2F):
            return DOUBT
    return same_or_new(text, DIGITS_KEPT) if text.size else DOUBT


cdef int end_of_gid(Text *text) noexcept nogil:
    """A number, or gid://app/model/id with an id of letters, digits, _ and -; parameters may follow."""
    cdef int64_t i, begin, slash = 0
    cdef uint8_t c
    if whole_digits(text.p, text.n, 0) == text.n:
        return SAME
    if text.n < 6 or memcmp(text.p, b"gid://", 6) != 0 or not printable(text.p, text.n, 0x21):
        return DOUBT
    begin = 6
    for i in range(6, text.n):
        if text.p[i] == 0x3F:
            return DOUBT
        if text.p[i] == 0x2F:
            if i == begin:
                return DOUBT
            begin = i + 1
            slash += 1
            if slash == 2:
                break
    if slash < 2:
        return DOUBT
    i = begin
    while i < text.n:
        c = text.p[i]
        if not (digit(c) or 0x61 <= (c | 0x20) <= 0x7A or c == 0x5F or c == 0x2D):
            break
        i += 1
    if i == begin or (i < text.n and text.p[i] != 0x3F):
        return DOUBT
    memcpy(text.to, text.p + begin, i - begin)
    text.size = i - begin
    text.names |= PART_TAKEN
    return NEW


cdef int without_plus(Text *text) noexcept nogil:
    """Five to fifteen digits of which the first is none, with a plus before them or without it."""
    cdef int64_t begin = 1 if text.p[0] == 0x2B else 0, n = text.n - begin
    if not 5 <= n <= 15 or text.p[begin] == 0x30 or whole_digits(text.p, text.n, begin) < text.n:
        return DOUBT
    if not begin:
        return SAME
    memcpy(text.to, text.p + 1, n)
    text.size = n
    text.names |= PHONE_REWRITTEN
    return NEW


cdef int joined_items(const uint8_t *argument, int64_t size, Text *text) noexcept nogil:
    """The items of a list as JSON writes it, or what its objects have under one key: plain texts, numbers and truths.

    `argument` is the separator and, of objects, the key, each behind a byte that says how long it is.
    """
    cdef int64_t width = argument[0] if size else 0, at = behind_blanks(text, 1), start, end
    cdef uint32_t names
    cdef const uint8_t *separator = argument + 1
    cdef const uint8_t *key = argument + 1 + width if size > 1 + width else NULL
    if text.p[0] != 0x5B or size < 1 + width + (1 + key[0] if key != NULL else 0):
        return DOUBT
    names = ITEMS_JOINED if key == NULL else PART_TAKEN | ITEMS_JOINED
    text.size = 0
    if at + 1 == text.n and text.p[at] == 0x5D:
        return same_or_new(text, names)
    while True:
        start = end = 0
        if key != NULL and at < text.n and text.p[at] == 0x7B:
            at = object_end(text, at, key, &start, &end)
        elif key == NULL or null_stands_at(text.p, at, text.n):
            at = plain_value_end(text, at, &start, &end)
        else:
            return DOUBT
        if at < 0 or text.size + width + end - start > LONGEST:
            return DOUBT
        if end > start:
            if text.size:
                memcpy(text.to + text.size, separator, width)
                text.size += width
            memcpy(text.to + text.size, text.p + start, end - start)
            text.size += end - start
        at = behind_blanks(text, at)
        if at >= text.n:
            return DOUBT
        at += 1
        if text.p[at - 1] == 0x5D:
            return same_or_new(text, names) if at == text.n else DOUBT
        if text.p[at - 1] != 0x2C:
            return DOUBT
        at = behind_blanks(text, at)


cdef inline int64_t behind_blanks(const Text *text, int64_t at) noexcept nogil:
    while at < text.n and text.p[at] == 0x20:
        at += 1
    return at


cdef int64_t plain_value_end(const Text *text, int64_t at, int64_t *start, int64_t *end) noexcept nogil:
    """The place behind a text without escapes, a number, a truth or a null, and where what it says stands; -1 in doubt."""
    cdef int64_t i = at + 1
    if null_stands_at(text.p, at, text.n):
        start[0] = end[0] = 0
        return at + 4
    start[0] = at
    if at >= text.n or text.p[at] != 0x22:
        end[0] = boolean_end(text.p, at, text.n)
        if end[0] < 0:
            end[0] = number_end(text.p, at, text.n, False)
        return end[0]
    while i < text.n and text.p[i] != 0x22:
        if text.p[i] < 0x20 or text.p[i] > 0x7E or text.p[i] == 0x5C:
            return -1
        i += 1
    if i >= text.n:
        return -1
    start[0] = at + 1
    end[0] = i
    return i + 1


cdef int64_t object_end(
    const Text *text, int64_t at, const uint8_t *key, int64_t *start, int64_t *end
) noexcept nogil:
    """The place behind an object of plain values, and where that of a key stands (behind the byte of its size); -1 in doubt."""
    cdef int64_t first, last, begin, stop
    cdef bint is_found = False
    at = behind_blanks(text, at + 1)
    if at < text.n and text.p[at] == 0x7D:
        return at + 1
    while True:
        if at >= text.n or text.p[at] != 0x22:
            return -1
        at = plain_value_end(text, at, &first, &last)
        if at < 0:
            return -1
        at = behind_blanks(text, at)
        if at >= text.n or text.p[at] != 0x3A:
            return -1
        at = plain_value_end(text, behind_blanks(text, at + 1), &begin, &stop)
        if at < 0:
            return -1
        if last - first == key[0] and memcmp(text.p + first, key + 1, last - first) == 0:
            # Of a key that is there twice the last counts.
            if is_found:
                return -1
            is_found = True
            start[0] = begin
            end[0] = stop
        at = behind_blanks(text, at)
        if at >= text.n:
            return -1
        at += 1
        if text.p[at - 1] == 0x7D:
            return at
        if text.p[at - 1] != 0x2C:
            return -1
        at = behind_blanks(text, at)


cdef inline int64_t whole_digits(const uint8_t *p, int64_t n, int64_t i) noexcept nogil:
    """Where the digits that begin at `i` end."""
    while i < n and digit(p[i]):
        i += 1
    return i


cdef int signed_number(Text *text, bint flips) noexcept nogil:
    """A JSON number without exponent: `flips` gives it the other sign, else it loses its minus."""
    cdef bint minus = text.p[0] == 0x2D
    cdef int64_t first = 1 if minus else 0, i, whole
    cdef bint is_zero = True
    whole = whole_digits(text.p, text.n, first)
    if whole == first or (text.p[first] == 0x30 and whole > first + 1) or text.n > 40:
        return DOUBT
    if whole < text.n:
        if text.p[whole] != 0x2E or whole + 1 == text.n or whole_digits(text.p, text.n, whole + 1) < text.n:
            return DOUBT
    for i in range(first, text.n):
        if text.p[i] != 0x30 and text.p[i] != 0x2E:
            is_zero = False
    if minus:
        memcpy(text.to, text.p + 1, text.n - 1)
        text.size = text.n - 1
    elif flips and not is_zero:
        text.to[0] = 0x2D
        memcpy(text.to + 1, text.p, text.n)
        text.size = text.n + 1
    else:
        return SAME
    text.names |= SIGN_FLIPPED if flips else SIGN_DROPPED
    return NEW


cdef int64_t grouped(const uint8_t *p, int64_t n, int64_t i, uint8_t separator) noexcept nogil:
    """Where digits in threes that begin at `i` end, at least one separator among them; -1 where there are none."""
    cdef int64_t head = whole_digits(p, n, i)
    if head == i or head - i > 3 or p[i] == 0x30 or head == n or p[head] != separator:
        return -1
    while head < n and p[head] == separator:
        if whole_digits(p, n, head + 1) - head != 4:
            return -1
        head += 4
    return head


cdef int money(Text *text, uint8_t mark) noexcept nogil:
    """A number with `mark` as its decimal mark, a minus and a dollar sign before it at most."""
    cdef uint8_t other = 0x2C if mark == 0x2E else 0x2E
    cdef int64_t i, n = text.n, begin = 0, whole
    cdef bint minus = text.p[0] == 0x2D, is_zero = True
    if n > 64:
        return DOUBT
    begin = 1 if minus else 0
    if begin < n and text.p[begin] == 0x24:
        begin += 1
    whole = grouped(text.p, n, begin, other)
    if whole < 0:
        whole = whole_digits(text.p, n, begin)
        if whole == begin or (text.p[begin] == 0x30 and whole > begin + 1):
            return DOUBT
    if whole < n and (text.p[whole] != mark or whole + 1 == n or whole_digits(text.p, n, whole + 1) < n):
        return DOUBT
    text.size = 0
    if minus:
        text.to[0] = 0x2D
        text.size = 1
    for i in range(begin, n):
        if digit(text.p[i]):
            is_zero = is_zero and text.p[i] == 0x30
            text.to[text.size] = text.p[i]
            text.size += 1
        elif i == whole:
            text.to[text.size] = 0x2E
            text.size += 1
    return DOUBT if minus and is_zero else same_or_new(text, MONEY_REWRITTEN)


cdef int64_t amount(const uint8_t *p, int64_t n, int64_t i, int64_t *number, int *decimals) noexcept nogil:
    """Where a JSON number of at most nine digits, three of them decimals, ends; -1 where there is none."""
    cdef int64_t first = i
    number[0] = 0
    decimals[0] = 0
    while i < n and digit(p[i]):
        number[0] = number[0] * 10 + p[i] - 0x30
        i += 1
        if i - first > 9:
            return -1
    if i == first or (p[first] == 0x30 and i > first + 1):
        return -1
    if i < n and p[i] == 0x2E:
        i += 1
        while i < n and digit(p[i]):
            number[0] = number[0] * 10 + p[i] - 0x30
            decimals[0] += 1
            i += 1
            if decimals[0] > 3 or i - first > 10:
                return -1
        if decimals[0] == 0:
            return -1
    return i


cdef void put_amount(Text *text, int64_t total, int decimals) noexcept nogil:
    """Write an amount of which the last `decimals` digits are decimals."""
    cdef bint minus = total < 0
    cdef int64_t i = LONGEST
    cdef int place = 0
    if minus:
        total = -total
    # The digits from the last to the first, at least one before the point.
    while total or place <= decimals:
        if place == decimals and decimals:
            i -= 1
            text.to[i] = 0x2E
        i -= 1
        text.to[i] = <uint8_t>(0x30 + total % 10)
        total = total // 10
        place += 1
    if minus:
        i -= 1
        text.to[i] = 0x2D
    text.size = LONGEST - i
    for place in range(text.size):
        text.to[place] = text.to[i + place]


cdef int line_total(Text *text) noexcept nogil:
    """Whole pieces times a price, less a discount (which may be empty), with the sign 0x1F between them."""
    cdef int64_t count = 0, price = 0, discount = 0, total, n = text.n, i
    cdef int no_decimals = 0, decimals = 0, others = 0
    i = amount(text.p, n, 0, &count, &no_decimals)
    if i < 0 or i >= n or no_decimals or count > 999999 or text.p[i] != 0x1F:
        return DOUBT
    i = amount(text.p, n, i + 1, &price, &decimals)
    if i < 0 or i >= n or text.p[i] != 0x1F:
        return DOUBT
    if i + 1 < n and amount(text.p, n, i + 1, &discount, &others) != n:
        return DOUBT
    while decimals < others:
        price *= 10
        decimals += 1
    while others < decimals:
        discount *= 10
        others += 1
    # At most 10^6 times 10^12.
    total = count * price - discount
    put_amount(text, total, decimals)
    text.names |= LINE_WORKED_OUT
    return NEW


cdef int difference(Text *text) noexcept nogil:
    """An amount less those behind it (which may be empty), with the sign 0x1F between them.

    Nothing without the first, and where the others are more than it.
    """
    cdef int64_t total = 0, one, n = text.n, i
    cdef int sign
    cdef int decimals = 0, others = 0
    if text.p[0] == 0x1F:
        text.names |= AMOUNT_WORKED_OUT
        text.size = 0
        return NEW
    i = amount(text.p, n, 0, &total, &decimals)
    if i == n:
        return SAME
    sign = (total > 0) - (total < 0)
    while i >= 0 and i < n:
        if text.p[i] != 0x1F:
            return DOUBT
        if i + 1 == n or text.p[i + 1] == 0x1F:
            i += 1
            continue
        i = amount(text.p, n, i + 1, &one, &others)
        while decimals < others:
            total *= 10
            decimals += 1
        while others < decimals:
            one *= 10
            others += 1
        total -= one
    if i < 0:
        return DOUBT
    text.names |= AMOUNT_WORKED_OUT
    if total != 0 and (total > 0) - (total < 0) != sign:
        text.size = 0
        return NEW
    put_amount(text, total, decimals)
    return NEW


# ---------------------------------------------------------------------------------------------- dates


# A date as it was written: its three numbers and what stands between them, then the places of its parts.
cdef struct Written:
    int first
    int second
    int third
    int64_t first_size
    int64_t third_size
    uint8_t separator
    int64_t clock
    int64_t fraction
    int64_t zone
    int hour
    int minute
    int second_of
    bint has_clock
    int64_t offset


cdef int64_t small(const uint8_t *p, int64_t n, int64_t i, int most, int *number) noexcept nogil:
    """Where a number of 1 to `most` digits ends; -1 where there is none."""
    cdef int64_t first = i
    number[0] = 0
    while i < n and i - first < most and digit(p[i]):
        number[0] = number[0] * 10 + p[i] - 0x30
        i += 1
    return i if i > first else -1


cdef bint read_date(const uint8_t *p, int64_t n, Written *found) noexcept nogil:
    """A day in three numbers, alone or with a time of day and an offset, of which the clock is one that exists."""
    cdef int64_t i = small(p, n, 0, 4, &found.first), begin
    found.has_clock = False
    found.offset = n
    found.fraction = found.zone = n
    if i < 0 or i >= n:
        return False
    found.first_size = i
    found.separator = p[i]
    if p[i] != 0x2D and p[i] != 0x2F and p[i] != 0x2E:
        return False
    i = small(p, n, i + 1, 2, &found.second)
    if i < 0 or i >= n or p[i] != found.separator:
        return False
    begin = i + 1
    i = small(p, n, begin, 4, &found.third)
    if i < 0:
        return False
    found.third_size = i - begin
    # One of the two is the year, the other a day of the month.
    if not ((found.first_size == 4 and found.third_size <= 2) or (found.first_size <= 2 and found.third_size == 4)):
        return False
    if i == n:
        return True
    if p[i] != 0x20 and p[i] != 0x54:
        return False
    return read_clock(p, n, i + 1, found)


cdef bint read_clock(const uint8_t *p, int64_t n, int64_t i, Written *found) noexcept nogil:
    """H:MM, with seconds, a fraction and an offset or not."""
    found.has_clock = True
    found.second_of = 0
    i = small(p, n, i, 2, &found.hour)
    if i < 0 or i + 3 > n or p[i] != 0x3A:
        return False
    found.minute = two(p + i + 1)
    i += 3
    if i < n and p[i] == 0x3A:
        if i + 3 > n:
            return False
        found.second_of = two(p + i + 1)
        i += 3
        found.fraction = i
        if i < n and p[i] == 0x2E:
            i = whole_digits(p, n, i + 1)
            if i - found.fraction < 2 or i - found.fraction > 13:
                return False
        found.zone = i
    else:
        found.fraction = found.zone = i
    if found.hour > 23 or not 0 <= found.minute <= 59 or not 0 <= found.second_of <= 59:
        return False
    if i < n and p[i] == 0x20:
        i += 1
        if i == n:
            return False
    found.offset = i
    if i == n or (n - i == 1 and p[i] == 0x5A) or (n - i == 3 and memcmp(p + i, b"UTC", 3) == 0):
        return True
    if p[i] != 0x2B and p[i] != 0x2D:
        return False
    if n - i == 6 and p[i + 3] == 0x3A:
        return 0 <= two(p + i + 1) <= 23 and 0 <= two(p + i + 4) <= 59
    return n - i == 5 and 0 <= two(p + i + 1) <= 23 and 0 <= two(p + i + 3) <= 59


cdef bint is_day(int year, int month, int day) noexcept nogil:
    cdef int most = 31
    if month == 2:
        most = 29 if (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        most = 30
    return year > 0 and 1 <= month <= 12 and 1 <= day <= most


cdef inline void put_two(uint8_t *to, int number) noexcept nogil:
    to[0] = <uint8_t>(0x30 + number // 10)
    to[1] = <uint8_t>(0x30 + number % 10)


# How the three numbers of a day stand, whether a day or a moment is asked for, and where a clock hangs.
cdef enum:
    YEAR_FIRST = 0
    DAY_FIRST = 1
    MONTH_FIRST = 2
    NO_ZONE = 0
    IN_UTC = 1


cdef int date(const uint8_t *argument, Text *text) noexcept nogil:
    """`argument` has four bytes: the order of the numbers, their separator, 1 for a day alone, and the zone."""
    cdef Written found
    cdef int year, month, day, order = argument[0], zone = argument[3]
    cdef int64_t size
    cdef uint32_t names = 0
    if not read_date(text.p, text.n, &found) or found.separator != argument[1]:
        return DOUBT
    if (found.first_size == 4) != (order == YEAR_FIRST):
        return DOUBT
    year = found.first if order == YEAR_FIRST else found.third
    month = found.first if order == MONTH_FIRST else found.second
    day = found.third if order == YEAR_FIRST else found.first if order == DAY_FIRST else found.second
    if not is_day(year, month, day):
        return DOUBT
    put_two(text.to, year // 100)
    put_two(text.to + 2, year % 100)
    text.to[4] = text.to[7] = 0x2D
    put_two(text.to + 5, month)
    put_two(text.to + 8, day)
    text.size = 10
    if argument[2]:
        if found.offset < text.n and zone != NO_ZONE:
            return DOUBT
        names = CLOCK_DROPPED if found.has_clock else 0
    elif not put_clock(text, &found, zone, &names):
        return DOUBT
    if text.size == text.n and memcmp(text.to, text.p, text.n) == 0:
        return SAME
    size = text.size if text.size < text.n else text.n
    if not names or memcmp(text.to, text.p, size) != 0:
        names |= DATE_REWRITTEN
    text.names |= names
    return NEW


cdef int epoch(Text *text, bint wants_day) noexcept nogil:
    """Seconds since 1970 from 1990 to 2099, or thousandths, millionths or billionths of them, in UTC."""
    cdef int64_t whole = whole_digits(text.p, text.n, 0), cut, i, seconds = 0, days, era, of_era, year, of_year, month
    cdef int64_t first = 631152000LL, end = 4102444800LL
    cdef int unit
    cdef bint is_zero = True
    if whole < 9 or text.p[0] == 0x30:
        return DOUBT
    if whole < text.n:
        if text.p[whole] != 0x2E or whole + 1 == text.n or whole_digits(text.p, text.n, whole + 1) < text.n:
            return DOUBT
    # The seconds have nine digits or ten, so the number of digits tells the unit.
    unit = <int>((whole - 9) // 3)
    cut = whole - 3 * unit
    if unit > 3 or cut > 10:
        return DOUBT
    for i in range(cut):
        seconds = seconds * 10 + text.p[i] - 0x30
    if seconds < first or seconds >= end or text.n - cut - (whole < text.n) > 12:
        return DOUBT
    # Days to a date as in Howard Hinnant's civil_from_days, for years that begin in March.
    days = seconds // 86400 + 719468
    seconds = seconds % 86400
    era = days // 146097
    of_era = days - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    days = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year += era * 400 + (month <= 2)
    put_two(text.to, <int>(year // 100))
    put_two(text.to + 2, <int>(year % 100))
    text.to[4] = text.to[7] = 0x2D
    put_two(text.to + 5, <int>month)
    put_two(text.to + 8, <int>days)
    text.size = 10
    text.names |= EPOCH_SECONDS << unit
    if wants_day:
        text.names |= CLOCK_DROPPED
        return NEW
    text.to[10] = 0x54
    put_two(text.to + 11, <int>(seconds // 3600))
    put_two(text.to + 14, <int>(seconds // 60 % 60))
    put_two(text.to + 17, <int>(seconds % 60))
    text.to[13] = text.to[16] = 0x3A
    text.to[19] = 0x2E
    text.size = 20
    for i in range(cut, text.n):
        if text.p[i] != 0x2E:
            text.to[text.size] = text.p[i]
            text.size += 1
            is_zero = is_zero and text.p[i] == 0x30
    if is_zero:
        text.size = 19
    text.to[text.size] = 0x5A
    text.size += 1
    return NEW


cdef bint put_clock(Text *text, const Written *found, int zone, uint32_t *names) noexcept nogil:
    """Write the time of day and the offset behind the day; False where only the zone's rules tell the offset."""
    cdef uint8_t *to = text.to + 11
    cdef int64_t size = found.zone - found.fraction, left = text.n - found.offset
    if not found.has_clock:
        names[0] |= DATE_MIDNIGHT
        memcpy(text.to + 10, b"T00:00:00", 9)
        text.size = 19
    else:
        text.to[10] = 0x54
        put_two(to, found.hour)
        to[2] = to[5] = 0x3A
        put_two(to + 3, found.minute)
        put_two(to + 6, found.second_of)
        memcpy(to + 8, text.p + found.fraction, size)
        text.size = 19 + size
    if left and (left == 1 or left == 3):
        text.to[text.size] = 0x5A
        text.size += 1
    elif left:
        memcpy(text.to + text.size, text.p + found.offset, 3)
        text.to[text.size + 3] = 0x3A
        memcpy(text.to + text.size + 4, text.p + text.n - 2, 2)
        text.size += 6
    elif zone == IN_UTC:
        memcpy(text.to + text.size, b"+00:00", 6)
        text.size += 6
        names[0] |= TIME_ZONE_APPLIED
    elif zone != NO_ZONE:
        return False
    return True


# ---------------------------------------------------------------------------------------------- whole columns


def tally_money(const uint8_t[::1] data not None, const int32_t[::1] starts not None,
                const int32_t[::1] ends not None, const uint8_t[::1] flags not None):
    """How many amounts only the decimal point fits, only the comma, both alike and both with different results.

    Returns (four counts, doubt): a cell with doubt[i] is not among those that were counted.
    """
    cdef int64_t n = data.shape[0], cells = starts.shape[0], i
    cdef int reading
    cdef const uint8_t *p = &data[0] if n else NOTHING
    if ends.shape[0] != cells or flags.shape[0] != cells:
        raise ValueError("arrays of one column have one length")
    counts_a = np.zeros(READINGS, np.int64)
    doubt_a = np.zeros(cells, np.uint8)
    cdef int64_t[::1] counts = counts_a
    cdef uint8_t[::1] doubt = doubt_a
    with nogil:
        for i in range(cells):
            reading = -1
            if starts[i] >= 0 and ends[i] <= n and 0 < ends[i] - starts[i] <= 64 and not flags[i]:
                reading = money_reading(p + starts[i], ends[i] - starts[i])
            if reading < 0:
                doubt[i] = 1
            else:
                counts[reading] += 1
    return counts_a, doubt_a.view(np.bool_)


cdef int money_reading(const uint8_t *p, int64_t n) noexcept nogil:
    """Which decimal mark an amount allows; -1 where that is not certain."""
    cdef int64_t i = 0, begin, whole
    cdef uint8_t mark
    if p[i] == 0x2D:
        i += 1
    if i < n and p[i] == 0x24:
        i += 1
    begin = i
    whole = whole_digits(p, n, begin)
    if whole == begin:
        return -1
    if whole == n:
        return BOTH_ALIKE
    mark = p[whole]
    if mark != 0x2E and mark != 0x2C:
        return -1
    if whole_digits(p, n, whole + 1) == n and whole + 1 < n:
        # One mark: it cannot part thousands unless three digits follow it and one to three stand before.
        if n - whole == 4 and whole - begin <= 3 and p[begin] != 0x30:
            return BOTH_DIFFERENT
        return ONLY_FIRST if mark == 0x2E else ONLY_SECOND
    whole = grouped(p, n, begin, mark)
    if whole < 0:
        return -1
    if whole < n:
        if p[whole] == mark or (p[whole] != 0x2E and p[whole] != 0x2C):
            return -1
        if whole + 1 == n or whole_digits(p, n, whole + 1) < n:
            return -1
    return ONLY_FIRST if mark == 0x2C else ONLY_SECOND


def exact_amounts(const uint8_t[::1] data not None, const int32_t[::1] starts not None,
                  const int32_t[::1] ends not None, const uint8_t[::1] flags not None):
    """Some cells as whole millionths, an empty one as 0: (amounts, doubt).

    Certain is a JSON number without exponent, of at most nine digits before the point and six behind it.
    """
    cdef int64_t n = data.shape[0], cells = starts.shape[0], i
    cdef const uint8_t *p = &data[0] if n else NOTHING
    if ends.shape[0] != cells or flags.shape[0] != cells:
        raise ValueError("arrays of one column have one length")
    amounts_a = np.zeros(cells, np.int64)
    doubt_a = np.zeros(cells, np.uint8)
    cdef int64_t[::1] amounts = amounts_a
    cdef uint8_t[::1] doubt = doubt_a
    with nogil:
        for i in range(cells):
            if starts[i] == ends[i]:
                continue
            if starts[i] < 0 or ends[i] > n or flags[i] or not millionths(p + starts[i], ends[i] - starts[i], &amounts[i]):
                doubt[i] = 1
    return amounts_a, doubt_a.view(np.bool_)


cdef bint millionths(const uint8_t *p, int64_t n, int64_t *number) noexcept nogil:
    """Read an amount in millionths; False where it is not certain, and `number` is then 0."""
    cdef int64_t first = 1 if n and p[0] == 0x2D else 0, whole = whole_digits(p, n, first), i, found = 0
    cdef int decimals = 0
    if whole == first or whole - first > 9 or (p[first] == 0x30 and whole > first + 1):
        return False
    if whole < n and (p[whole] != 0x2E or whole + 1 == n or n - whole > 7 or whole_digits(p, n, whole + 1) < n):
        return False
    for i in range(first, n):
        if i == whole:
            continue
        found = found * 10 + p[i] - 0x30
        if i > whole:
            decimals += 1
    while decimals < 6:
        found *= 10
        decimals += 1
    number[0] = -found if first else found
    return True


def written_amounts(const int64_t[::1] amounts not None):
    """Whole millionths as numbers, no zeros behind their decimals, one behind the other: (texts, ends)."""
    cdef int64_t count = amounts.shape[0], i, size = 0, at, last
    cdef uint64_t left
    cdef uint8_t digits[24]
    cdef uint8_t *to
    ends_a = np.zeros(count, np.int32)
    cdef int32_t[::1] ends = ends_a
    # A sign, a point and twenty digits at most.
    cdef Out out
    out.size = 0
    out.room = 24 * count
    if out.room > 0x7FFFFFFF:
        raise ValueError("more amounts than places are counted for")
    out.data = <uint8_t *>malloc(out.room + 1)
    if out.data == NULL:
        raise MemoryError
    try:
        with nogil:
            for i in range(count):
                left = <uint64_t>amounts[i] if amounts[i] >= 0 else <uint64_t>0 - <uint64_t>amounts[i]
                at = 0
                while left or at < 7:
                    digits[at] = 0x30 + <uint8_t>(left % 10)
                    left //= 10
                    at += 1
                to = out.data + out.size
                size = 0
                if amounts[i] < 0:
                    to[0] = 0x2D
                    size = 1
                last = 0
                while last < 6 and digits[last] == 0x30:
                    last += 1
                while at > last:
                    if at == 6:
                        to[size] = 0x2E
                        size += 1
                    at -= 1
                    to[size] = digits[at]
                    size += 1
                out.size += size
                ends[i] = <int32_t>out.size
        return bytes_of(out.data, out.size), ends_a
    finally:
        free(out.data)


def tally_dates(const uint8_t[::1] data not None, const int32_t[::1] starts not None,
                const int32_t[::1] ends not None, const uint8_t[::1] flags not None):
    """The same for dates in numbers, for each of their families: only day first fits, only month first, and so on.

    Returns (counts, doubt); a family in which the year stands first has one reading, so that all are alike.
    """
    cdef int64_t n = data.shape[0], cells = starts.shape[0], i
    cdef int family = 0, reading
    cdef const uint8_t *p = &data[0] if n else NOTHING
    if ends.shape[0] != cells or flags.shape[0] != cells:
        raise ValueError("arrays of one column have one length")
    counts_a = np.zeros((FAMILIES, READINGS), np.int64)
    doubt_a = np.zeros(cells, np.uint8)
    cdef int64_t[:, ::1] counts = counts_a
    cdef uint8_t[::1] doubt = doubt_a
    with nogil:
        for i in range(cells):
            reading = -1
            if starts[i] >= 0 and ends[i] <= n and 0 < ends[i] - starts[i] <= 64 and not flags[i]:
                reading = date_reading(p + starts[i], ends[i] - starts[i], &family)
            if reading < 0:
                doubt[i] = 1
            else:
                counts[family, reading] += 1
    return counts_a, doubt_a.view(np.bool_)


cdef int date_reading(const uint8_t *p, int64_t n, int *family) noexcept nogil:
    cdef Written found
    cdef bint day_first, month_first
    if not read_date(p, n, &found):
        return -1
    if found.first_size == 4:
        family[0] = FAMILY_ISO if found.separator == 0x2D else FAMILY_YEAR_SLASH
        if found.separator == 0x2E or not is_day(found.first, found.second, found.third):
            return -1
        return BOTH_ALIKE
    day_first = is_day(found.third, found.second, found.first)
    if found.separator == 0x2E:
        family[0] = FAMILY_DOT
        return BOTH_ALIKE if day_first else -1
    family[0] = FAMILY_SLASH if found.separator == 0x2F else FAMILY_DASH
    month_first = is_day(found.third, found.first, found.second)
    if day_first and month_first:
        return BOTH_ALIKE if found.first == found.second else BOTH_DIFFERENT
    return ONLY_FIRST if day_first else ONLY_SECOND if month_first else -1


def distinct(const uint8_t[::1] data not None, const int32_t[::1] starts not None, const int32_t[::1] ends not None,
             const uint8_t[::1] flags not None):
    """Number the different texts of some cells in the order in which they come.

    Returns (numbers, first): the number of each cell's text (int64), and the first cell of each number.
    """
    cdef int64_t n = data.shape[0], cells = starts.shape[0], i, size, count = 0
    cdef uint64_t mask = 1, h, at
    cdef int32_t other
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef int32_t *table
    if ends.shape[0] != cells or flags.shape[0] != cells:
        raise ValueError("arrays of one column have one length")
    numbers_a = np.zeros(cells, np.int64)
    first_a = np.zeros(cells, np.int64)
    cdef int64_t[::1] numbers = numbers_a, first = first_a
    for i in range(cells):
        if not 0 <= starts[i] <= ends[i] <= n:
            raise ValueError("a cell lies outside of the block")
    while mask < 2 * <uint64_t>cells:
        mask *= 2
    table = <int32_t *>malloc(mask * sizeof(int32_t))
    if table == NULL:
        raise MemoryError
    with nogil:
        for i in range(<int64_t>mask):
            table[i] = -1
        mask -= 1
        for i in range(cells):
            size = ends[i] - starts[i]
            h = hash_bytes(p + starts[i], size)
            at = h & mask
            while True:
                other = table[at]
                if other < 0:
                    table[at] = <int32_t>count
                    first[count] = i
                    numbers[i] = count
                    count += 1
                    break
                # A doubled quote stands for one, so the same bytes can be two texts.
                if (ends[first[other]] - starts[first[other]] == size
                        and (flags[first[other]] & HAS_DOUBLED) == (flags[i] & HAS_DOUBLED)
                        and memcmp(p + starts[first[other]], p + starts[i], size) == 0):
                    numbers[i] = other
                    break
                at = (at + 1) & mask
    free(table)
    return numbers_a, first_a[:count]


def joined(const uint8_t[::1] data not None, const int32_t[:, ::1] starts not None,
           const int32_t[:, ::1] ends not None, const uint8_t[:, ::1] flags not None, int separator):
    """The cells of each row as one text, a separator between them: (texts, starts, ends, flags)."""
    cdef int64_t n = data.shape[0], rows = starts.shape[0], wide = starts.shape[1], i, k, size, total = 0, at = 0
    cdef const uint8_t *p = &data[0] if n else NOTHING
    cdef uint8_t *to
    if ends.shape[0] != rows or flags.shape[0] != rows or ends.shape[1] != wide or flags.shape[1] != wide:
        raise ValueError("arrays of one column have one length")
    for i in range(rows):
        for k in range(wide):
            if not 0 <= starts[i, k] <= ends[i, k] <= n:
                raise ValueError("a cell lies outside of the block")
            total += ends[i, k] - starts[i, k] + 1
    starts_a = np.zeros(rows, np.int32)
    ends_a = np.zeros(rows, np.int32)
    flags_a = np.zeros(rows, np.uint8)
    cdef int32_t[::1] new_starts = starts_a, new_ends = ends_a
    cdef uint8_t[::1] new_flags = flags_a
    result = PyBytes_FromStringAndSize(NULL, total)
    to = <uint8_t *><char *>result
    with nogil:
        for i in range(rows):
            new_starts[i] = <int32_t>at
            for k in range(wide):
                size = ends[i, k] - starts[i, k]
                memcpy(to + at, p + starts[i, k], size)
                at += size
                to[at] = <uint8_t>separator
                at += 1
                new_flags[i] |= flags[i, k]
            new_ends[i] = <int32_t>(at - 1)
    return result, starts_a, ends_a, flags_a
