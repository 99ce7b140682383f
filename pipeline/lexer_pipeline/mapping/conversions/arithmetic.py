"""Amounts worked out from other amounts, exactly."""

from decimal import Context, Decimal

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised
from lexer_pipeline.specs import values
from lexer_pipeline.specs.values import Converted, Unconvertible

# Between the texts of the fields that a field is made of.
UNIT_SEPARATOR = "\x1f"
# More digits than any amount has, so that nothing is ever rounded.
EXACT = Context(prec=200)
LARGEST_EXPONENT = 40
RULE = "quantity times price less discount"
UNKNOWN = Unconvertible("type", RULE, "cannot be worked out, since the quantity or the price is missing")
NO_NUMBER = Unconvertible(
    "type", RULE, "cannot be worked out, since the quantity, the price or the discount is no number"
)


DIFFERENCE = "an amount less others"
NO_AMOUNT = Unconvertible("type", DIFFERENCE, "cannot be worked out, since one of its amounts is no number")


def line_total(argument: object) -> Conversion:
    """Quantity, price of one and discount of the line (which may be missing) become what the line costs."""
    arguments.no_argument("line-total", argument)
    return Vectorised(_line_total, codes.TO_LINE_TOTAL)


def _line_total(text: str) -> Converted | Unconvertible:
    quantity, price, discount = (*text.split(UNIT_SEPARATOR), "", "")[:3]
    if not quantity or not price:
        return UNKNOWN
    numbers = [exact(part) for part in (quantity, price, discount or "0")]
    if any(number is None for number in numbers):
        return NO_NUMBER
    count, each, less = (number for number in numbers if number is not None)
    # 2.0 pieces are 2, so that the total has no more decimals than the price.
    count = count.to_integral_value() if count == count.to_integral_value() else count
    total = EXACT.subtract(EXACT.multiply(count, each), less)
    return Converted(f"{total:f}" if total else f"{abs(total):f}", ("line_worked_out",))


def less(argument: object) -> Conversion:
    """The first amount less the others; missing ones count as 0, and where they are more than the first, nothing.

    What is more than the first is no part of it, so there is nothing to take it from.
    """
    arguments.no_argument("less", argument)
    return Vectorised(_less, codes.TO_LESS)


def _less(text: str) -> Converted | Unconvertible:
    first, *others = text.split(UNIT_SEPARATOR)
    if not others:
        return Converted(text) if exact(text) is not None else NO_AMOUNT
    if not first:
        return Converted("", ("amount_worked_out",))
    whole = total = exact(first)
    for other in others:
        number = exact(other or "0")
        total = EXACT.subtract(total, number) if total is not None and number is not None else None
    if whole is None or total is None:
        return NO_AMOUNT
    if total and (not whole or (total < 0) != (whole < 0)):
        return Converted("", ("amount_worked_out",))
    return Converted(f"{total:f}" if total else f"{abs(total):f}", ("amount_worked_out",))


def exact(text: str) -> Decimal | None:
    """A JSON number as it is; None for any other text, and for more digits than an amount has."""
    found = values.number(text.strip())
    if isinstance(found, Unconvertible):
        return None
    number = Decimal(found.text)
    exponent = number.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or abs(exponent) > LARGEST_EXPONENT
        or len(found.text) > LARGEST_EXPONENT
    ):
        return None
    return number
