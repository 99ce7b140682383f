"""The forms in which people and programs write dates: those with names, and those that a format spells out."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.moments import (
    FIRST_SOUND_SERIAL,
    LAST_SERIAL,
    Read,
    by_pattern,
    by_serial,
    unix_milliseconds,
    unix_seconds,
)

# Besides the space: the no-break, narrow no-break (before AM and PM since CLDR 42) and thin space.
BLANK = "[ \t\u00a0\u202f\u2009]"
MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
WEEKDAY = "mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
HALF = r"(?P<p>[ap])\.?m\.?"
ZONE = r"(?P<z>(?:utc|gmt)?[+-][0-9]{1,2}(?::?[0-9]{2})?|[a-z]{1,4})"
# What may follow the day in every form with a name.
CLOCK = (
    rf"(?:(?:t|,?{BLANK}+)(?P<H>[0-9]{{1,2}}):(?P<M>[0-9]{{2}})(?::(?P<S>[0-9]{{2}})(?:[.,](?P<f>[0-9]{{1,12}}))?)?"
    rf"(?:{BLANK}*{HALF})?(?:{BLANK}*{ZONE})?)?"
)
# ISO 8601's basic form: nothing stands between the numbers, and the years are those that people live in.
BASIC = (
    rf"(?P<Y>(?:1[89]|20)[0-9]{{2}})(?P<m>[0-9]{{2}})(?P<d>[0-9]{{2}})"
    rf"(?:(?:t|{BLANK})(?P<H>[0-9]{{2}}):?(?P<M>[0-9]{{2}})(?::?(?P<S>[0-9]{{2}})(?:[.,](?P<f>[0-9]{{1,12}}))?)?{BLANK}*{ZONE}?)?"
)
DAY, NUMBER, YEAR, SHORT = "(?P<d>[0-9]{1,2})", "(?P<m>[0-9]{1,2})", "(?P<Y>[0-9]{4})", "(?P<y>[0-9]{2})"
NAMED = f"(?P<b>{MONTH})"
LED = rf"(?:(?P<a>{WEEKDAY}),?{BLANK}+)?"
# Days from 1927 to 2099: other numbers of five digits are not taken for dates unasked.
PLAUSIBLE_SERIALS = (10_000, 73_050)
# strptime's directives: numbers of one or two digits, and the rest.
NUMBERS = {"d": "d", "m": "m", "H": "H", "I": "H", "M": "M", "S": "S"}
OTHERS = {
    "Y": YEAR, "y": SHORT, "f": "(?P<f>[0-9]{1,12})", "p": HALF, "b": NAMED, "B": NAMED, "a": f"(?P<a>{WEEKDAY})",
    "A": f"(?P<a>{WEEKDAY})", "z": ZONE, "%": "%",
}  # fmt: skip
DIGITS = frozenset((*NUMBERS, "Y", "y", "f"))
SHORTHANDS = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%Z": "%z", "%e": "%d"}


class Form(Struct, frozen=True):
    """One way to write a date: what it is called, and the reader of its texts, which may take a time behind the day."""

    name: str
    read: Read
    takes_clock: bool = False


def _form(name: str, day: str) -> Form:
    return Form(name, by_pattern(re.compile(day + CLOCK, re.ASCII | re.IGNORECASE)), True)


ISO = _form("yyyy-mm-dd", f"{YEAR}-{NUMBER}-{DAY}")
# Forms that one text can fit stand together: only the column can tell them apart. A column is of one row.
FAMILIES: tuple[tuple[Form, ...], ...] = (
    (ISO,),
    (_form("dd/mm/yyyy", f"{DAY}/{NUMBER}/{YEAR}"), _form("mm/dd/yyyy", f"{NUMBER}/{DAY}/{YEAR}")),
    (_form("dd-mm-yyyy", f"{DAY}-{NUMBER}-{YEAR}"), _form("mm-dd-yyyy", f"{NUMBER}-{DAY}-{YEAR}")),
    (_form("dd/mm/yy", f"{DAY}/{NUMBER}/{SHORT}"), _form("mm/dd/yy", f"{NUMBER}/{DAY}/{SHORT}")),
    (_form("dd.mm.yyyy", rf"{DAY}\.{NUMBER}\.{YEAR}"),),
    (_form("dd.mm.yy", rf"{DAY}\.{NUMBER}\.{SHORT}"),),
    (_form("yyyy/mm/dd", f"{YEAR}/{NUMBER}/{DAY}"),),
    (_form("dd-mmm-yyyy", f"{LED}{DAY}(?:-|/|{BLANK}+){NAMED}(?:-|/|,?{BLANK}+){YEAR}"),),
    (_form("dd-mmm-yy", f"{LED}{DAY}(?:-|/|{BLANK}+){NAMED}(?:-|/|,?{BLANK}+){SHORT}"),),
    (_form("mmm d, yyyy", f"{LED}{NAMED}(?:-|/|{BLANK}+){DAY}(?:-|/|,?{BLANK}+){YEAR}"),),
    (_form("mmm-dd-yy", f"{LED}{NAMED}(?:-|/|{BLANK}+){DAY}(?:-|/|,?{BLANK}+){SHORT}"),),
    (Form("yyyymmdd", by_pattern(re.compile(BASIC, re.ASCII | re.IGNORECASE)), True),),
    (Form("excel", by_serial(*PLAUSIBLE_SERIALS)),),
)
# Never taken unasked: any number could be one.
ON_REQUEST = (
    Form("excel", by_serial(FIRST_SOUND_SERIAL, LAST_SERIAL)),
    Form("unix", unix_seconds),
    Form("unix-ms", unix_milliseconds),
)
BY_NAME: Mapping[str, Form] = MappingProxyType({
    **{form.name: form for family in FAMILIES for form in family},
    **{form.name: form for form in ON_REQUEST},
    "iso": ISO,
})  # fmt: skip


def form_of(text: str) -> Form:
    """The form that a mapping asks for: by name, or spelled out with strptime's directives."""
    if "%" in text:
        return Form(text, by_pattern(_compiled(text)))
    name = " ".join(text.casefold().split())
    found = BY_NAME.get(name)
    if found is None:
        raise _no_form(text, name)
    return found


def _no_form(text: str, name: str) -> UsageError:
    """The error for a name that no form has, with the one that is meant."""
    spelled = "Or spell it out, as in %d/%m/%Y %H:%M."
    timed = (known for known, form in BY_NAME.items() if form.takes_clock)
    day = next((known for known in timed if re.match(f"{re.escape(known)}[ t]", name)), "")
    near = day or next(iter(get_close_matches(name, BY_NAME, 1)), "")
    meant = (
        f"Write {day} alone: it takes a time behind the day too." if day else arguments.nearest(name, BY_NAME)
    )
    return UsageError(f"there is no date form {text}", f"{meant} {spelled}", instead=(text, near))


def _compiled(text: str) -> re.Pattern[str]:
    """A pattern for a strptime format; names are English, a blank is any number of blanks of any kind."""
    spelled = text
    for short, long in SHORTHANDS.items():
        spelled = spelled.replace(short, long)
    tokens = re.findall(rf"%-?.|{BLANK}+|[^%]", spelled)
    kinds = [token[-1] if token.startswith("%") else "" for token in tokens]
    _complete(text, kinds)
    pieces = []
    for at, (token, kind) in enumerate(zip(tokens, kinds, strict=True)):
        if kind in NUMBERS:
            # Digits that touch could be cut in more than one place, unless each number has all of its own.
            touching = any(one in DIGITS for one in (*kinds[max(at - 1, 0) : at], *kinds[at + 1 : at + 2]))
            pieces.append(f"(?P<{NUMBERS[kind]}>[0-9]{'' if touching else '?'}[0-9])")
        else:
            literal = f"{BLANK}+" if token[0] in BLANK[1:-1] else re.escape(token)
            pieces.append(OTHERS[kind] if kind else literal)
    return re.compile("".join(pieces), re.ASCII | re.IGNORECASE)


def _complete(text: str, kinds: list[str]) -> None:
    """Refuse a format with a word unknown or said twice, or one that leaves the day or the hour open."""
    if text.replace("%%", "").endswith("%"):
        raise UsageError(f"the date format {text} ends in a lone %", "Write %% for the sign itself.")
    known = (*NUMBERS, *OTHERS)
    unknown = [kind for kind in kinds if kind and kind not in known]
    if unknown:
        hint = f"Known are: {', '.join(f'%{kind}' for kind in known)}."
        raise UsageError(f"the date format {text} has %{unknown[0]}, which is not known", hint)
    groups = [{"I": "H", "B": "b", "A": "a"}.get(kind, kind) for kind in kinds if kind not in ("", "%")]
    for alike, what in (("Yy", "year"), ("mb", "month"), ("d", "day")):
        if sum(groups.count(kind) for kind in alike) != 1:
            raise UsageError(f"the date format {text} must have exactly one {what}", "As in %d/%m/%Y %H:%M.")
    if ("I" in kinds) != ("p" in kinds):
        raise UsageError(f"the date format {text} must have both %I and %p, or neither", "As in %I:%M %p.")
    needs = {"M": "H", "S": "M", "f": "S", "z": "H"}
    for kind in groups:
        if groups.count(kind) > 1:
            raise UsageError(f"the date format {text} has %{kind} twice")
        if needs.get(kind, kind) not in groups:
            raise UsageError(f"the date format {text} has %{kind} without %{needs[kind]}")
