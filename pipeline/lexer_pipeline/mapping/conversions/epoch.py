"""Moments as programs count them since 1970, in a unit that the size of the number tells."""

import re
from functools import partial

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.dates import Plan, day_of, target_said, zone_said
from lexer_pipeline.mapping.conversions.moments import since_1970
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised
from lexer_pipeline.specs.values import Converted, Unconvertible

SETTINGS = ("to", "zone")
WANTED = 'no argument, or a table such as { to = "date", zone = "Europe/Paris" }'
# The first second of 1990, and that of 2100. The largest count of one unit is then less than a hundredth of the smallest of the
# next, so no number can be of two units.
FIRST, END = 631_152_000, 4_102_444_800
# The change that each unit is counted as, and how many digits of a number in it are a fraction of a second.
UNITS = (("epoch_seconds", 0), ("epoch_milliseconds", 3), ("epoch_microseconds", 6), ("epoch_nanoseconds", 9))
NUMBER = re.compile(r"([1-9][0-9]{8,18})(?:\.([0-9]{1,12}))?", re.ASCII)
# What a date-time of RFC 3339 may have here.
MOST_DIGITS = 12
NO_EPOCH = Unconvertible(
    "format", "moment since 1970",
    'is no number of seconds, milliseconds, microseconds or nanoseconds since 1970 that lies in the years 1990 to 2099; for other years '
    'write { date = "unix" } or { date = "unix-ms" }',
)  # fmt: skip


def epoch(argument: object) -> Conversion:
    """Seconds since 1970, or thousandths, millionths or billionths, as the number's size tells, become RFC 3339 in UTC."""
    table = {} if arguments.is_absent(argument) else argument
    table = arguments.table_argument("epoch", table, SETTINGS, WANTED)
    plan = Plan(target_said("epoch", table.get("to", "date-time")), zone_said("epoch", table.get("zone")))
    convert, wants_day = partial(_epoch, plan), plan.to == "date"
    return convert if wants_day and plan.zone else Vectorised(convert, codes.TO_EPOCH, bytes([wants_day]))


def _epoch(plan: Plan, text: str) -> Converted | Unconvertible:
    match = NUMBER.fullmatch(text.strip())
    if not match:
        return NO_EPOCH
    for name, digits in UNITS:
        cut = max(len(match[1]) - digits, 0)
        seconds, fraction = int(match[1][:cut] or 0), match[1][cut:] + (match[2] or "")
        is_likely = FIRST <= seconds < END and len(fraction) <= MOST_DIGITS
        moment = since_1970(seconds, fraction if fraction.strip("0") else "") if is_likely else None
        if moment is None:
            continue
        if plan.to == "date":
            day, told = day_of(moment, plan)
            return Converted(day, (name, *told))
        return Converted(f"{moment.day.isoformat()}T{moment.clock}{moment.offset}", (name,))
    return NO_EPOCH
