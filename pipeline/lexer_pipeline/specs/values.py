"""How one value becomes what the specification wants: every change is named, nothing is guessed.

This is the reference of the column checks in kernels/cells.pyx: those only say that a cell needs no change.
"""

import math
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

# RFC 8259 section 6, with ASCII digits.
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# RFC 3339 section 5.6, upper case as the vendor's model wants it, with the three repairs of `date_time`.
DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ])([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,12})?"
    r"(Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TRUE_WORDS = frozenset({"yes", "y", "t", "1"})
# An address with nothing around it, what looks like one among other signs, and one in brackets behind the name of its owner.
PLAIN_ADDRESS = re.compile(r"[a-z0-9_.+-]+@[a-z0-9.-]*[a-z0-9-]")
ADDRESSES = re.compile(r"[^\s@<>()\[\],;:/|&\"']+@[^\s@<>()\[\],;:/|&\"']*[^\s@<>()\[\],;:/|&\"'.]")
NAMED_ADDRESS = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>[\s.,;]*")
# Of a phone number with its country code: the fewest of any country, and the most that ITU-T E.164 allows.
FEWEST_DIGITS, MOST_DIGITS = 5, 15
# What is said of a number or a yes with such a sign; convert = ["trim"] would have to stand before what reads it.
BLANK = "; there is a blank before or behind it, take that out"
FALSE_WORDS = frozenset({"no", "n", "f", "0"})


class Converted(Struct, frozen=True):
    """A value as it will be sent; `conversions` and `warnings` name what was done to it."""

    text: str
    conversions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Unconvertible(Struct, frozen=True):
    """Why a text cannot be a value of the type: the code and rule of an issue, and what to do."""

    code: str
    rule: str
    message: str


SEVERAL_ADDRESSES = Unconvertible(
    "several_addresses", "one e-mail address", "has more than one e-mail address; leave one of them"
)


def is_date(text: str) -> bool:
    """Whether `text` is a day of the calendar as YYYY-MM-DD."""
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Whether `text` is an RFC 3339 date-time that the vendor's model also reads."""
    match = DATE_TIME.fullmatch(text)
    if not match or match[2] != "T" or not match[7] or (match[7] != "Z" and match[7][3] != ":"):
        return False
    return is_date(match[1]) and int(match[3]) < 24 and int(match[4]) < 60 and int(match[5]) < 60


def email(text: str) -> Converted | Unconvertible:
    """Trim and lower-case an address, as the vendor's package does, and take off what programs write around one.

    That is a name and brackets, quotes, `mailto:`, a spreadsheet's apostrophe, and the sign that ended a sentence or a list.
    """
    clean = text.lower().strip()
    if not PLAIN_ADDRESS.fullmatch(clean):
        if clean.count("@") > 1 and len(set(ADDRESSES.findall(clean))) > 1:
            return SEVERAL_ADDRESSES
        named = NAMED_ADDRESS.fullmatch(clean)
        clean = (named[1] if named else clean).removeprefix("=").removeprefix("mailto:").strip("\"' \t")
        clean = clean.rstrip(".,; ") if "@" in clean else clean
    return Converted(clean) if clean == text else Converted(clean, ("email_cleaned",))


def hash_text(text: str) -> Converted:
    """Trim and lower-case the hex digits of a hash."""
    clean = text.lower().strip()
    return Converted(clean) if clean == text else Converted(clean, ("hash_cleaned",))


def mobile(text: str) -> Converted:
    """The text as it is; a warning says that it cannot be a phone number: with letters, or not of 5 to 15 digits."""
    is_number = FEWEST_DIGITS <= sum(map(str.isdigit, text)) <= MOST_DIGITS
    fits = not text or (is_number and not any(map(str.isalpha, text)))
    return Converted(text, (), () if fits else ("mobile_not_a_number",))


def date_time(text: str, zone: ZoneInfo | None) -> Converted:
    """Repair the three things that stand between common exports and RFC 3339; all else stays as it is.

    A space instead of T; a missing colon in the offset; no zone at all, which the vendor reads as UTC.
    """
    match = DATE_TIME.fullmatch(text)
    if not match:
        return Converted(text)
    day, separator, offset = match[1], match[2], match[7]
    clock = f"{match[3]}:{match[4]}:{match[5]}{match[6] or ''}"
    done = ["date_time_t_added"] if separator == " " else []
    if offset is None:
        if zone is None:
            return Converted(f"{day}T{clock}Z", (*done, "time_zone_assumed"), ("time_zone_assumed",))
        found = _local_offset(f"{day}T{match[3]}:{match[4]}:{match[5]}", zone)
        if found is None:
            return Converted(text)
        local, warnings = found
        return Converted(f"{day}T{clock}{local}", (*done, "time_zone_applied"), warnings)
    if offset != "Z" and offset[3] != ":":
        offset = f"{offset[:3]}:{offset[3:]}"
        done.append("offset_colon_added")
    return Converted(f"{day}T{clock}{offset}", tuple(done))


def _local_offset(moment: str, zone: ZoneInfo) -> tuple[str, tuple[str, ...]] | None:
    """The offset that clocks in `zone` showed at `moment`, and a warning where they showed it twice or never.

    None when the calendar has no such moment.
    """
    try:
        local = datetime.fromisoformat(moment).replace(tzinfo=zone)
        delta, other = local.utcoffset(), local.replace(fold=1).utcoffset()
    except (ValueError, OverflowError):
        return None
    warnings = () if delta == other else (clock_warning(delta, other),)
    minutes = round((delta.total_seconds() if delta else 0.0) / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}", warnings


def clock_warning(first: timedelta | None, second: timedelta | None) -> str:
    """What to say of a local time with two offsets: the clocks showed it twice, or, where they went forward, never."""
    goes_back = first is not None and second is not None and first > second
    return "clock_repeated" if goes_back else "clock_skipped"


def boolean(text: str) -> Converted | Unconvertible:
    """true or false in any case; yes/no, y/n, t/f, 1/0 count as a conversion."""
    word = text.lower()
    if word in ("true", "false"):
        return Converted(word)
    if word in TRUE_WORDS:
        return Converted("true", ("boolean_word",))
    if word in FALSE_WORDS:
        return Converted("false", ("boolean_word",))
    if word != word.strip():
        return Unconvertible("type", "boolean", f"is not true or false{BLANK}")
    return Unconvertible("type", "boolean", "is not true or false; write true, false, yes, no, 1 or 0")


def number(text: str) -> Converted | Unconvertible:
    """Text that is a JSON number keeps its own digits; it must also fit a double, as every reader assumes."""
    if not JSON_NUMBER.fullmatch(text) and text != text.strip():
        return Unconvertible("type", "number", f"is not a number{BLANK}")
    if not JSON_NUMBER.fullmatch(text):
        return Unconvertible("type", "number", "is not a number; write digits with a point, as in 12.50")
    if not math.isfinite(float(text)):
        return Unconvertible("range", "number", "is too large for a number; the largest is about 1.8e308")
    return Converted(text)


def integer(text: str) -> Converted | Unconvertible:
    """A whole number; `2.0` is one, `2.7` is not."""
    found = number(text)
    if isinstance(found, Unconvertible):
        is_blank = found.message.endswith(BLANK)
        words = (
            "is not a whole number; write digits alone"
            if found.code == "type" and not is_blank
            else found.message
        )
        return Unconvertible(found.code, "integer", words)
    if not float(text).is_integer():
        return Unconvertible("type", "integer", "is not a whole number; write it without a fraction")
    return found


def shape_of(text: str) -> str:
    """What a value looks like, without the value: letters as a, capitals as A, digits as 9, at most 40 signs."""
    signs = ("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text[:40])
    return "".join(signs) + ("…" if len(text) > 40 else "")
