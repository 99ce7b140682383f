from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import Converted, Unconvertible, compile_conversion

AMOUNTS = st.decimals(0, 10**12, places=3)


def total(*parts: str) -> Converted | Unconvertible:
    conversion = compile_conversion("line-total", None)
    assert callable(conversion)
    return conversion("\x1f".join(parts))


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (("2", "24.50", "0.00"), "49.00"),
        (("2", "15.25", "2.50"), "28.00"),
        (("3", "12.99", ""), "38.97"),
        (("3", "12.99"), "38.97"),
        (("2.0", "10.50"), "21.00"),
        (("1", "5.00", "5.00"), "0.00"),
        (("1", "0.10", "0.30"), "-0.20"),
        (("3", "12345678901234567890.12"), "37037036703703703670.36"),
    ],
)
def test_a_line_costs_quantity_times_price_less_the_discount(parts: tuple[str, ...], wanted: str) -> None:
    assert Converted(wanted, ("line_worked_out",)) == total(*parts)


@pytest.mark.parametrize(
    "parts", [("", "1"), ("2", ""), ("two", "1"), ("2", "1,50"), ("2", "1", "x"), ("2", "1e-999")]
)
def test_a_total_that_cannot_be_known_is_an_issue(parts: tuple[str, ...]) -> None:
    assert isinstance(total(*parts), Unconvertible)


@given(quantity=st.integers(1, 10**6), price=AMOUNTS, discount=AMOUNTS)
def test_no_cent_is_lost_or_won(quantity: int, price: Decimal, discount: Decimal) -> None:
    done = total(str(quantity), f"{price:f}", f"{discount:f}")

    assert isinstance(done, Converted)
    assert quantity * price - discount == Decimal(done.text)
