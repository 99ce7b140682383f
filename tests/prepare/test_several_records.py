"""Several records that a mapping makes of the same rows."""

from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate

from tests.prepare.helpers import prepared

EVENT = """
[[records]]
specification = "marketing_email_subscribe"
{skip}
[records.fields]
"link.email" = "Mail"
email_id = {{ constant = "news" }}
action_at = {{ column = "{column}", convert = ["date"] }}
status = {{ constant = "{status}" }}
"""
EMPTY = '[[records.skip]]\ncolumn = "{column}"\nempty = true\n{reason}'
FILLED = '[[records.skip]]\ncolumn = "{column}"\nempty = false\n{reason}'


def skip(form: str, column: str, reason: str) -> str:
    return form.format(column=column, reason=reason or "taken = true")


@pytest.mark.parametrize(
    ("first", "second", "rows", "expected"),
    [
        # Each row makes both, or the second where it has left.
        ("", "", ["a,1,2", "b,3,4"], ["a subscribed", "b subscribed", "a unsubscribed", "b unsubscribed"]),
        ("", skip(EMPTY, "Left", 'reason = "still there"'), ["a,1,2", "b,3,"],
         ["a subscribed", "b subscribed", "a unsubscribed"]),
        (skip(EMPTY, "Joined", 'reason = "never joined"'), skip(EMPTY, "Left", 'reason = "still there"'), ["a,1,2", "b,3,"],
         ["a subscribed", "b subscribed", "a unsubscribed"]),
        # Either the one or the other, whether or not any row is left for the second.
        (skip(FILLED, "Left", ""), skip(EMPTY, "Left", ""), ["a,1,2", "b,3,"], ["b subscribed", "a unsubscribed"]),
        (skip(FILLED, "Left", ""), skip(EMPTY, "Left", ""), ["a,1,", "b,3,"], ["a subscribed", "b subscribed"]),
        (skip(FILLED, "Left", ""), skip(EMPTY, "Left", 'reason = "still there"'), ["a,1,", "b,3,"],
         ["a subscribed", "b subscribed"]),
        # The two tell it by different columns, so none of them is the rest of the other.
        (skip(FILLED, "Left", ""), skip(EMPTY, "Joined", ""), ["a,1,", "b,3,"],
         ["a subscribed", "b subscribed", "a unsubscribed", "b unsubscribed"]),
        (skip(FILLED, "Left", "own = true\ntaken = true"), skip(EMPTY, "Left", "own = true\ntaken = true"), ["a,1,", "b,3,4"],
         ["a subscribed", "b unsubscribed"]),
    ],
)  # fmt: skip
def test_each_record_is_made_of_the_rows_that_it_does_not_leave_out(
    tmp_path: Path, first: str, second: str, rows: list[str], expected: list[str]
) -> None:
    (tmp_path / "events.toml").write_text(
        'title = "Events"\ncolumns_vary = true\n'
        + EVENT.format(skip=first, column="Joined", status="subscribed")
        + EVENT.format(
            skip=second, column="Joined" if '"Joined"' in second else "Left", status="unsubscribed"
        )
    )
    (tmp_path / "a.csv").write_text("Mail,Joined,Left\n" + "".join(f"{dated(row)}\n" for row in rows))
    options = Options(mapping=str(tmp_path / "events.toml"), max_invalid=1.0)

    done = prepared([tmp_path / "a.csv"], None, tmp_path / "out", options)

    made = [f"{one['link']['email'].partition('@')[0]} {one['status']}" for one in done.records]
    checked = validate([tmp_path / "a.csv"], None, options)
    assert sorted(made) == sorted(expected)
    assert [one.valid for one in checked.sources] == [len(expected)]


def dated(row: str) -> str:
    name, *days = row.split(",")
    return ",".join([f"{name}@example.com", *(f"2024-03-0{day}" if day else "" for day in days)])
