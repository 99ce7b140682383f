"""Dates keep their moment, a column has one form, and what is open is never guessed."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lexer_pipeline.mapping.conversions import NeedsColumn, compile_conversion, zone_of
from lexer_pipeline.specs import values

from tests.conversions.helpers import failure, names, refusal, result, results

DECIDED = [
    ("2024-03-06", "2024-03-06T00:00:00"),
    ("2024-03-06T10:15", "2024-03-06T10:15:00"),
    ("2024-03-06 10:15:00.250", "2024-03-06T10:15:00.250"),
    ("2024-03-06T10:15:00Z", "2024-03-06T10:15:00Z"),
    ("2024-03-06t10:15:00z", "2024-03-06T10:15:00Z"),
    ("2025-10-07 09:50:26 +0200", "2025-10-07T09:50:26+02:00"),
    ("2025-10-07T09:50:26+02:00", "2025-10-07T09:50:26+02:00"),
    ("2025-10-07 09:50:26+02", "2025-10-07T09:50:26+02:00"),
    ("2024-03-06 10:15:00 UTC", "2024-03-06T10:15:00Z"),
    ("2024-03-06 10:15:00 +0000", "2024-03-06T10:15:00+00:00"),
    ("2024-03-06 10:15:00 AEDT", "2024-03-06T10:15:00+11:00"),
    ("2024-03-06 10:15:00 BST", None),
    ("25/12/2024 14:00", "2024-12-25T14:00:00"),
    ("12/25/2024 2:00 PM", "2024-12-25T14:00:00"),
    ("25-12-2024", "2024-12-25T00:00:00"),
    ("03/03/2024", "2024-03-03T00:00:00"),
    ("06.03.2024 8:05", "2024-03-06T08:05:00"),
    ("6.3.24", "2024-03-06T00:00:00"),
    ("2024/3/6", "2024-03-06T00:00:00"),
    ("25/12/68", "2068-12-25T00:00:00"),
    ("12/25/69", "1969-12-25T00:00:00"),
    ("06-Mar-2024", "2024-03-06T00:00:00"),
    ("6 March 2024", "2024-03-06T00:00:00"),
    ("06-MAR-24 10.15", None),
    ("Mar 6, 2024", "2024-03-06T00:00:00"),
    ("Mar 6, 2024, 10:15\u202fPM", "2024-03-06T22:15:00"),
    ("Mar 6, 2024, 10:15:07\u00a0a.m.", "2024-03-06T10:15:07"),
    ("Sept 6, 2024 12:00 AM", "2024-09-06T00:00:00"),
    ("9/30/2024 12:30 PM", "2024-09-30T12:30:00"),
    ("9/30/2024 13:30 PM", None),
    ("Mon, 23 Sep 2024 14:21:24 +0000", "2024-09-23T14:21:24+00:00"),
    ("23 Sep 2024 14:21 EST", "2024-09-23T14:21:00-05:00"),
    ("Tue, 23 Sep 2024 14:21:24 +0000", None),
    ("45384.34789", "2024-04-02T08:20:58"),
    ("45384,5", "2024-04-02T12:00:00"),
    ("45384", "2024-04-02T00:00:00"),
    ("45384.999999", "2024-04-03T00:00:00"),
    ("  2024-03-06 ", "2024-03-06T00:00:00"),
    ("2024-02-30", None),
    ("2023-02-29", None),
    ("0000-00-00 00:00:00", None),
    ("2024-03-06 24:00:00", None),
    ("2024-03-06 10:60:00", None),
    ("2024-03-06 10:15:60", None),
    ("2024-03-06 10:15:00 +25:00", None),
    ("99999", None),
    ("1709720100", None),
    ("20240306", "2024-03-06T00:00:00"),
    ("19970101", "1997-01-01T00:00:00"),
    ("20260726T101500Z", "2026-07-26T10:15:00Z"),
    ("20260726T1015+1000", "2026-07-26T10:15:00+10:00"),
    ("20260726 10:15:00.5", "2026-07-26T10:15:00.5"),
    ("Jul-25-26", "2026-07-25T00:00:00"),
    ("25-Jul-26", "2026-07-25T00:00:00"),
    ("Jul-25-2026", "2026-07-25T00:00:00"),
    ("Dec 8, 2024", "2024-12-08T00:00:00"),
    ("20261301", None),
    ("01021997", None),
    ("20260726T10", None),
    ("202607261015", None),
    ("4.54E+04", None),
    ("\u0662\u0660\u0662\u0664-03-06", None),
    ("6 \u017fep 2024", None),
    ("tomorrow", None),
]


@pytest.mark.parametrize(("text", "moment"), DECIDED)
def test_a_date_that_can_be_read_in_one_way_only_decides_for_itself(text: str, moment: str | None) -> None:
    assert result("date", None, text) == moment


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("dd/mm/yyyy", "01/02/2024 10:15", "2024-02-01T10:15:00"),
        ("mm/dd/yyyy", "01/02/2024 10:15", "2024-01-02T10:15:00"),
        ("MM/DD/YY", "09/01/24 12:49", "2024-09-01T12:49:00"),
        ("iso", "2024-03-06", "2024-03-06T00:00:00"),
        ("excel", "61", "1900-03-01T00:00:00"),
        ("excel", "60", None),
        ("excel", "2958465", "9999-12-31T00:00:00"),
        ("excel", "2958466", None),
        ("unix", "1709720100", "2024-03-06T10:15:00Z"),
        ("unix", "1709720100.5", "2024-03-06T10:15:00.5Z"),
        ("unix", "-1", "1969-12-31T23:59:59Z"),
        ("unix", "999999999999", None),
        ("unix-ms", "1709720100123", "2024-03-06T10:15:00.123Z"),
        ("unix-ms", "1.7E+12", None),
        ("%d/%m/%Y %H:%M", "5/12/2024 9:05", "2024-12-05T09:05:00"),
        ("%d/%m/%Y %I:%M %p", "5/12/2024  9:05\u202fpm", "2024-12-05T21:05:00"),
        ("%Y%m%d", "20240306", "2024-03-06T00:00:00"),
        ("%d%m%Y", "6032024", None),
        ("%d%b%Y", "6MAR2024", "2024-03-06T00:00:00"),
        ("%a %d %b %Y %H.%M %z", "Wed 6 Mar 2024 10.15 +1100", "2024-03-06T10:15:00+11:00"),
        ("%F %T", "2024-03-06 10:15:07", "2024-03-06T10:15:07"),
        ("%D", "03/06/24", "2024-03-06T00:00:00"),
        ("%-d.%-m.%Y", "6.3.2024", "2024-03-06T00:00:00"),
        ("on %d/%m/%Y (100%%)", "on 06/03/2024 (100%)", "2024-03-06T00:00:00"),
    ],
)
def test_a_form_that_a_mapping_gives_is_the_only_one_read(form: str, text: str, moment: str | None) -> None:
    assert result("date", form, text) == moment
    assert result("date", {"format": form}, text) == moment


def test_of_several_forms_each_cell_must_fit_one_meaning() -> None:
    forms = ["%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d"]

    assert results("date", forms, "13/12/2024", "2024-01-31", "5/5/2024", "5/6/2024") == [
        "2024-12-13T00:00:00", "2024-01-31T00:00:00", "2024-05-05T00:00:00", None,
    ]  # fmt: skip


def test_one_telling_cell_settles_days_and_months_of_the_column() -> None:
    assert results("date", None, "01/02/2024", "25/02/2024") == ["2024-02-01T00:00:00", "2024-02-25T00:00:00"]
    assert results("date", None, "01/02/2024", "02/25/2024") == ["2024-01-02T00:00:00", "2024-02-25T00:00:00"]


def test_a_column_may_be_shown_in_pieces() -> None:
    found = compile_conversion("date", None)
    assert isinstance(found, NeedsColumn)
    for text in ("01/02/2024", "02/03/2024", "25/02/2024"):
        found.look(iter([text]))

    assert found.decide()("01/02/2024") == found.decide()("1/2/2024")


def test_days_and_months_that_can_be_swapped_are_refused_with_both_counts() -> None:
    error = refusal("date", None, "01/02/2024", "02/01/2024", "03/03/2024")

    assert error.message == (
        "is ambiguous: dd/mm/yyyy fits 3 cells, mm/dd/yyyy fits 3 cells, they differ in 2 cells, and no cell decides"
    )
    assert error.hint == 'Say which it is: date with format = "dd/mm/yyyy" or format = "mm/dd/yyyy".'


def test_a_column_that_has_both_orders_is_refused_with_both_counts() -> None:
    error = refusal("date", None, "25/12/2024", "26/12/2024", "12/25/2024", "01/02/2024", "x")

    assert error.message == (
        "contradicts itself: only dd/mm/yyyy fits 2 cells, only mm/dd/yyyy fits 1 cell, and both fit 1 cell"
    )


def test_a_column_has_one_form_and_other_cells_are_issues() -> None:
    assert results("date", None, "2024-01-31", "2024-02-28", "25/12/2024", "45384")[2:] == [None, None]


def test_two_forms_that_fit_as_many_cells_are_refused() -> None:
    error = refusal("date", None, "2024-01-31", "25/12/2024")

    assert (
        error.message
        == "mixes forms of dates: 1 cell of the form yyyy-mm-dd and 1 cell of the form dd/mm/yyyy"
    )


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1).filter(
        lambda days: any(day != month for day, month in days)
    ),
    st.sampled_from(["{:02}/{:02}/2024", "{}/{}/24 10:15", "{:02}-{:02}-2024 10:15 PM"]),
)
def test_a_column_of_days_up_to_twelve_is_ambiguous(days: list[tuple[int, int]], shape: str) -> None:
    assert "is ambiguous" in refusal("date", None, *(shape.format(*day) for day in days)).message


FORMS = [
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%B %d, %Y, %I:%M:%S\u202f%p", "%a, %d %b %Y %H:%M:%S +0000",
    "%Y-%m-%d %H:%M:%S UTC", "%d-%m-%Y %H:%M:%S", "%d/%m/%y %H:%M:%S", "%d %B %y %I:%M:%S%p",
]  # fmt: skip
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(MOMENTS, st.sampled_from(FORMS))
def test_a_moment_comes_back_from_every_form_that_is_worked_out(moment: datetime, form: str) -> None:
    texts = [moment.strftime(form), datetime(2024, 12, 25).strftime(form)]

    found = results("date", None, *texts)[0]

    assert found is not None
    assert datetime.fromisoformat(found).replace(tzinfo=None) == moment


@given(MOMENTS, st.sampled_from(FORMS))
def test_a_moment_comes_back_from_every_format_that_is_given(moment: datetime, form: str) -> None:
    found = result("date", form.replace("+0000", "%z").replace("UTC", "%Z"), moment.strftime(form))

    assert found is not None
    assert datetime.fromisoformat(found).replace(tzinfo=None) == moment


@given(
    MOMENTS,
    st.sampled_from(["Australia/Melbourne", "America/New_York", "Asia/Kolkata", "UTC"]),
    st.integers(-840, 840),
)
def test_what_leaves_with_a_zone_is_the_same_moment_in_rfc_3339(
    moment: datetime, zone: str, minutes: int
) -> None:
    local = result("date", {"zone": zone}, f"{moment:%Y-%m-%d %H:%M:%S}")
    fixed = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    exact = result("date", {"zone": zone}, f"{fixed:%Y-%m-%d %H:%M:%S %z}")

    assert local is not None
    assert exact is not None
    assert values.is_date_time(local)
    assert values.is_date_time(exact)
    assert datetime.fromisoformat(local).utcoffset() == moment.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    assert datetime.fromisoformat(exact) == fixed


@given(MOMENTS)
def test_a_serial_is_right_to_the_second(moment: datetime) -> None:
    days, seconds = divmod(int((moment - datetime(1899, 12, 30)).total_seconds()), 86_400)
    assume(seconds)
    text = f"{days}.{round(seconds * 10**10 / 86_400):010}"

    assert result("date", "excel", text) == moment.isoformat()


def test_a_unix_time_is_the_moment_it_counts() -> None:
    moment = datetime(2024, 3, 6, 10, 15, tzinfo=UTC)

    assert result("date", "unix", str(int(moment.timestamp()))) == "2024-03-06T10:15:00Z"


@pytest.mark.parametrize(
    ("argument", "text", "done"),
    [
        (None, "2024-03-06T10:15:00", ()),
        (None, "2024-03-06T10:15:00Z", ()),
        (None, "2024-03-06 10:15:00", ("date_rewritten",)),
        (None, "2024-03-06", ("date_midnight",)),
        (None, "25/12/24", ("date_rewritten", "year_completed", "date_midnight")),
        ({"zone": "Sydney"}, "2024-03-06", ("date_midnight", "time_zone_applied")),
        ({"zone": "Sydney"}, "2024-03-06T10:15:00", ("time_zone_applied",)),
        ({"zone": "Sydney"}, "2024-04-07T02:30:00", ("time_zone_applied", "clock_repeated")),
        ({"zone": "Sydney"}, "2024-10-06T02:30:00", ("time_zone_applied", "clock_skipped")),
        ({"zone": "Sydney"}, "2024-10-06T02:30:00Z", ()),
        ({"to": "date"}, "2024-03-06", ()),
        ({"to": "date"}, "2024-03-06T10:15:00", ("clock_dropped",)),
        ({"to": "date"}, "25/12/2024 10:15", ("date_rewritten", "clock_dropped")),
        (
            {"to": "date", "zone": "Sydney"},
            "2024-03-06T23:15:00Z",
            ("date_rewritten", "clock_dropped", "time_zone_applied"),
        ),
    ],
)
def test_all_that_is_done_to_a_date_is_named(argument: object, text: str, done: tuple[str, ...]) -> None:
    assert names("date", argument, text) == done


@pytest.mark.parametrize(
    ("zone", "text", "day"),
    [
        (None, "2024-03-06T23:15:00Z", "2024-03-06"),
        ("Australia/Sydney", "2024-03-06T23:15:00Z", "2024-03-07"),
        ("Australia/Sydney", "2024-03-06T23:15:00", "2024-03-06"),
        ("Australia/Sydney", "9999-12-31T23:15:00Z", None),
    ],
)
def test_a_day_is_the_day_in_the_zone_that_is_named(zone: str | None, text: str, day: str | None) -> None:
    assert result("date", {"to": "date", **({"zone": zone} if zone else {})}, text) == day


def test_the_pivot_of_two_digit_years_can_be_moved() -> None:
    assert result("date", {"pivot": 20, "to": "date"}, "25/12/45") == "1945-12-25"
    assert result("date", {"pivot": 99, "to": "date"}, "25/12/98") == "2098-12-25"


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        (5, "a format"),
        ([], "a format"),
        ([5], "a format"),
        ("%Q-%d", "%Q"),
        ("%d/%m", "exactly one year"),
        ("%d/%d/%m/%Y", "exactly one day"),
        ("%d/%m/%b/%Y", "exactly one month"),
        ("%d/%m/%Y %H %H", "%H twice"),
        ("%d/%m/%Y %I:%M", "%I and %p"),
        ("%d/%m/%Y %S", "%S without %M"),
        ("%d/%m/%Y %", "lone %"),
        ("dd/mm/yyy", "no date form"),
        ({"zome": "UTC"}, "no setting zome"),
        ({"zone": "Atlantis"}, "time zone"),
        ({"zone": 5}, "time zone"),
        ({"to": "day"}, 'to = "date"'),
        ({"pivot": 100}, "pivot"),
        ({"pivot": True}, "pivot"),
    ],
)
def test_an_argument_that_cannot_be_is_refused(argument: object, words: str) -> None:
    assert words in refusal("date", argument).message


def joined(*parts: str) -> str:
    return "\x1f".join(parts)


@pytest.mark.parametrize(
    ("parts", "moment"),
    [
        (("2024-03-06", "10:15:42", "Eastern Time (US & Canada)"), "2024-03-06T10:15:42-05:00"),
        (("2024-07-06", "10:15:42", "Pacific Time (US & Canada)"), "2024-07-06T10:15:42-07:00"),
        (("2024-03-06", "10:15 PM", "Sydney"), "2024-03-06T22:15:00+11:00"),
        (("03/25/24", "10:15:42", "AEST"), "2024-03-25T10:15:42+10:00"),
        (("2024-03-06", "10:15:42"), "2024-03-06T10:15:42+00:00"),
        (("2024-03-06", "10:15:42", ""), "2024-03-06T10:15:42+00:00"),
        (("2024-03-06", "", "Sydney"), "2024-03-06T00:00:00+11:00"),
        (("2024-03-06",), "2024-03-06T00:00:00+00:00"),
        (("2024-03-06", "10:15:42", "Atlantis"), None),
        (("", "10:15:42", "Sydney"), None),
        (("2024-03-06", "10:15", "Sydney", "x"), None),
    ],
)
def test_a_date_a_time_and_a_zone_become_one_moment(parts: tuple[str, ...], moment: str | None) -> None:
    assert result("date_time_zone", {"zone": "UTC"}, joined(*parts)) == moment


def test_a_zone_that_is_not_known_is_told_apart_from_a_date() -> None:
    assert "time zone" in failure("date-time-zone", None, joined("2024-03-06", "10:15", "Atlantis")).message


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("UTC", 0),
        ("(UTC)", 0),
        ("Etc/UTC", 0),
        ("Eastern Time (US & Canada)", -5),
        ("Pacific Time (US and Canada)", -8),
        ("(GMT-05:00) Eastern Time (US & Canada)", -5),
        ("Sydney", 11),
        ("Canberra", 11),
        ("australia/melbourne", 11),
        ("AEST", 10),
        ("AEDT", 11),
        ("Wellington", 13),
        ("New York", -5),
        ("St. Petersburg", 3),
        ("Nuku'alofa", 13),
        ("Solomon Is.", 11),
        ("+10:00", 10),
        ("-0800", -8),
        ("UTC+5:30", 5.5),
        ("GMT+10", 10),
    ],
)
def test_a_zone_is_known_by_the_names_that_exports_use(text: str, hours: float) -> None:
    zone = zone_of(text)

    assert zone is not None
    assert datetime(2024, 1, 15, tzinfo=zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "BST", "IST", "West", "Atlantis", "+25:00", "10:00", "localtime", "\x00"]
)
def test_a_name_that_is_no_zone_or_more_than_one_is_none(text: str) -> None:
    assert zone_of(text) is None


def test_a_zone_that_is_known_already_may_be_given_as_it_is() -> None:
    assert (
        result("date", {"zone": ZoneInfo("Asia/Kolkata")}, "2024-03-06T10:15:00")
        == "2024-03-06T10:15:00+05:30"
    )
