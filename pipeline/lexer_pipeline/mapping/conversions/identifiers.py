"""Identifiers stay the text that they are; what a spreadsheet did to them is undone or refused."""

import re
from functools import partial

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised, changed
from lexer_pipeline.specs import signs
from lexer_pipeline.specs.values import Converted, Unconvertible

# Python and Java write long numbers as 6.14e+10 and 6.14E10 as well, with up to three digits behind the E. Without a
# fraction and a plus it may be a code of its own, as in 12E5.
SCIENTIFIC = re.compile(r"-?[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}", re.ASCII)
FRACTION = re.compile(r"([0-9]+)\.0+", re.ASCII)
# Shopify's form of a Rails GlobalID: gid://app/Model/id, with parameters behind it in places. Ids of carts have letters.
GLOBAL_ID = re.compile(r"gid://[^/\s?]+/[^/\s?]+/([A-Za-z0-9_-]+)(?:\?\S*)?|([0-9]+)", re.ASCII)
NO_GLOBAL_ID = Unconvertible(
    "pattern", "global id", "is neither a global id such as gid://shopify/Order/1001 nor a number; fix it, or leave gid out"
)  # fmt: skip
CHOICES = ("strip-fraction", "keep-fraction")
LOST = Unconvertible(
    "digits_lost", "identifier with all its digits",
    "has lost digits in a spreadsheet; export it again as text",
)  # fmt: skip
BROKEN = Unconvertible(
    "spreadsheet_error",
    "identifier",
    "is the error of a spreadsheet; fix it there and export the column again",
)
FLOATING = Unconvertible(
    "pattern", "identifier without a fraction",
    'ends in .0, as spreadsheets write whole numbers; say { id = "strip-fraction" } or { id = "keep-fraction" }',
)  # fmt: skip


def identifier(argument: object) -> Conversion:
    """An identifier stays text; what only protects it from spreadsheets goes, and one that has lost digits is not taken.

    A trailing .0 is an issue too, until the argument says "strip-fraction" or "keep-fraction": 1234.0 may be
    the number 1234 or a code of its own.
    """
    if arguments.is_absent(argument):
        return Vectorised(partial(_identifier, None), codes.TO_ID)
    if argument not in CHOICES:
        raise arguments.refused("id", 'no argument, "strip-fraction" or "keep-fraction"')
    return Vectorised(partial(_identifier, argument == "strip-fraction"), codes.TO_ID)


def _identifier(strips: bool | None, text: str) -> Converted | Unconvertible:
    seen = signs.without_invisible(text)
    bare, names = signs.unprotected(seen.strip(" \r\n"))
    if not names and bare != seen:
        names = ("trimmed",)
    found = harm(bare)
    if found is not None and (found is not FLOATING or strips is None):
        return found
    if seen != text:
        names = ("invisible_signs_removed", *names)
    whole = without_fraction(bare) if strips else bare
    return Converted(whole, (*names, "fraction_stripped") if whole != bare else names)


def strip_apostrophe(argument: object) -> Conversion:
    """One leading apostrophe, by which a spreadsheet marks text, is taken off."""
    arguments.no_argument("strip-apostrophe", argument)
    return _without_apostrophe


def _without_apostrophe(text: str) -> Converted:
    return changed(text, text.removeprefix("'"), "apostrophe_stripped")


def digits(argument: object) -> Conversion:
    """Only the digits stay; a text without any, or with digits that a spreadsheet lost or added, is an issue."""
    arguments.no_argument("digits", argument)
    return Vectorised(_digits, codes.TO_DIGITS)


def _digits(text: str) -> Converted | Unconvertible:
    found = harm(text.removeprefix("'"))
    if found is FLOATING:
        return Unconvertible(
            FLOATING.code, FLOATING.rule, 'ends in .0; put { id = "strip-fraction" } before digits'
        )
    if found is not None:
        return found
    kept = re.sub("[^0-9]", "", text)
    if not kept:
        return Unconvertible("pattern", "digits", "has no digit; fix it or leave the column out")
    return changed(text, kept, "digits_kept")


def gid(argument: object) -> Conversion:
    """Of a global id such as gid://shopify/Order/1001 the id at its end stays; a number stays as it is."""
    arguments.no_argument("gid", argument)
    return Vectorised(_end_of_gid, codes.TO_GID)


def _end_of_gid(text: str) -> Converted | Unconvertible:
    match = GLOBAL_ID.fullmatch(text.strip())
    return changed(text, match[1] or match[2], "part_taken") if match else NO_GLOBAL_ID


def harm(text: str) -> Unconvertible | None:
    """What a spreadsheet did to an identifier that nothing can undo, or that only its owner can judge."""
    plain = text.strip()
    if SCIENTIFIC.fullmatch(plain):
        return LOST
    if signs.error_word(plain) is not None:
        return BROKEN
    return FLOATING if FRACTION.fullmatch(plain) else None


def without_fraction(text: str) -> str:
    """The whole number that a spreadsheet wrote with a fraction of zeros; any other text as it is."""
    match = FRACTION.fullmatch(text.strip())
    return match[1] if match else text
