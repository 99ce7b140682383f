"""How numbers and dates are spread over bins with round edges."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.reporting import bins


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ([f"{n}.50" for n in range(100)], ("0 to 10", "90 to 100")),
        ([str(n % 3 + 1) for n in range(30)], ("1", "3")),
        (["9.95"] * 20, ("0 to 10", "0 to 10")),
        ([*("1.00" for _ in range(99)), "98765.43"], ("1 to 2", "2 and more")),
        (["-5.00", "5.00"] * 10, ("-5 to -4", "5 to 6")),
        (["1.00"] * 9, None),
        (["1.00"] * 15 + ["soon"] * 5, None),
        (["61491570156"] * 20, None),
        (["0800"] * 20, None),
    ],
)
def test_numbers_are_counted_between_round_edges_where_nearly_all_are_numbers(
    texts: list[str], labels: tuple[str, str] | None
) -> None:
    bars = bins.of_numbers({text: texts.count(text) for text in texts})

    assert (None if not bars else (bars[0][0], bars[-1][0])) == labels


@pytest.mark.parametrize(
    ("days", "labels"),
    [
        (range(30), ("2024-03-01", "2024-03-30")),
        (range(0, 300, 10), ("2024-03", "2024-12")),
        (range(0, 3650, 30), ("2024", "after 2033")),
        (range(0, 36500, 300), ("2020s", "2120s")),
    ],
)
def test_dates_are_counted_by_day_month_year_or_decade(days: range, labels: tuple[str, str]) -> None:
    texts = [f"{date(2024, 3, 1) + timedelta(day)}T10:00:00Z" for day in days]
    bars = bins.of_dates(dict.fromkeys(texts, 1))

    assert (bars[0][0], bars[-1][0]) == labels


@given(st.lists(st.decimals(-(10**8), 10**8, places=2).map(lambda n: f"{n:.2f}"), min_size=10))
def test_every_number_is_in_one_bar_and_bars_are_few(texts: list[str]) -> None:
    counts = {text: texts.count(text) for text in texts if bins.NUMBER.fullmatch(text)}
    bars = bins.of_numbers(counts)

    assert len(bars) <= bins.WIDEST + 2
    assert not bars or sum(count for _, count in bars) == sum(counts.values())


@given(st.lists(st.dates().map(str), min_size=10))
def test_every_date_is_in_one_bar(texts: list[str]) -> None:
    bars = bins.of_dates({text: texts.count(text) for text in texts})
    read = [text for text in texts if text >= "1000"]

    assert not bars or sum(count for _, count in bars) == len(read)
    assert len(bars) <= 904
