"""Moments since 1970 are read in the unit that their size tells, to the last digit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import compile_conversion
from lexer_pipeline.specs import values

from tests.conversions.helpers import failure, names, refusal, result

FIRST, LAST = 631_152_000, 4_102_444_799
UNITS = {0: "epoch_seconds", 3: "epoch_milliseconds", 6: "epoch_microseconds", 9: "epoch_nanoseconds"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1560968476", "2019-06-19T18:21:16Z"),
        ("1377047343.042277", "2013-08-21T01:09:03.042277Z"),
        ("1377047343.50", "2013-08-21T01:09:03.50Z"),
        ("1377047343.0", "2013-08-21T01:09:03Z"),
        ("1560968476000", "2019-06-19T18:21:16Z"),
        ("1560968476123", "2019-06-19T18:21:16.123Z"),
        ("1560968476123.5", "2019-06-19T18:21:16.1235Z"),
        ("1772752500000000", "2026-03-05T23:15:00Z"),
        ("1772752500000001", "2026-03-05T23:15:00.000001Z"),
        ("1772752500000000001", "2026-03-05T23:15:00.000000001Z"),
        (" 1560968476 ", "2019-06-19T18:21:16Z"),
        ("631152000", "1990-01-01T00:00:00Z"),
        ("4102444799", "2099-12-31T23:59:59Z"),
        ("4102444799999", "2099-12-31T23:59:59.999Z"),
        ("631151999", None),
        ("4102444800", None),
        ("631151999999", None),
        ("4102444800000", None),
        ("0", None),
        ("-1560968476", None),
        ("+1560968476", None),
        ("01560968476", None),
        ("1.560968476E9", None),
        ("1560968476.", None),
        ("1560968476.1234567890123", None),
        ("20240306101500", None),
        ("20240306", None),
        ("2024-03-06", None),
        ("\u0661560968476", None),
    ],
)
def test_a_number_becomes_the_moment_that_it_counts_to(text: str, moment: str | None) -> None:
    assert result("epoch", None, text) == moment
    assert moment is not None or '{ date = "unix-ms" }' in failure("epoch", None, text).message


@given(st.integers(FIRST, LAST), st.sampled_from(sorted(UNITS)), st.data())
def test_every_unit_tells_itself(seconds: int, digits: int, data: st.DataObject) -> None:
    rest = data.draw(st.integers(0, 10**digits - 1))
    text = str(seconds * 10**digits + rest)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    fraction = f".{rest:0{digits}}" if rest else ""

    assert result("epoch", None, text) == moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"
    assert names("epoch", None, text) == (UNITS[digits],)


@given(st.decimals(FIRST, LAST, allow_nan=False, places=6) | st.integers(1, 10**19))
def test_what_is_read_is_a_date_time(number: object) -> None:
    done = compile_conversion("epoch", None)
    text = result("epoch", None, str(number))

    assert callable(done)
    assert text is None or values.date_time(text, None) == values.Converted(text)


def test_a_day_is_that_of_utc_or_of_the_zone_that_is_named() -> None:
    melbourne = {"to": "date", "zone": "Australia/Melbourne"}

    assert result("epoch", {"to": "date"}, "1560968476123") == "2019-06-19"
    assert result("epoch", melbourne, "1560968476123") == "2019-06-20"
    assert names("epoch", melbourne, "1560968476123") == (
        "epoch_milliseconds", "clock_dropped", "time_zone_applied",
    )  # fmt: skip


@pytest.mark.parametrize("argument", ["unix", 1, [], {"to": "day"}, {"zone": "Atlantis"}, {"format": "unix"}])
def test_an_argument_that_epoch_does_not_know_is_refused(argument: object) -> None:
    assert refusal("epoch", argument).message.startswith("the conversion epoch ")
