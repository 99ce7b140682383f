"""Local times that the clocks of a zone showed twice or never are warned about, in columns that are fields and in documents."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

# A day of each change in a zone, the first of the offsets, and what is said of it.
HOURS = [
    ("Australia/Melbourne", "2024-10-06 02:30:00", "2024-10-06T02:30:00+10:00", "clock_skipped"),
    ("Australia/Melbourne", "2024-04-07 02:30:00", "2024-04-07T02:30:00+11:00", "clock_repeated"),
    ("Australia/Melbourne", "2024-04-07T04:30:00", "2024-04-07T04:30:00+10:00", ""),
    ("Australia/Melbourne", "1900-01-01 00:00:00", "1900-01-01T00:00:00+10:00", ""),
    ("Europe/London", "2024-10-27 01:30:00", "2024-10-27T01:30:00+01:00", "clock_repeated"),
    ("Europe/London", "2024-03-31 01:30:00", "2024-03-31T01:30:00+00:00", "clock_skipped"),
    ("Europe/London", "2024-03-31 01:30:00+01:00", "2024-03-31T01:30:00+01:00", ""),
    ("UTC", "2024-04-07 02:30:00", "2024-04-07T02:30:00+00:00", ""),
]


@pytest.mark.parametrize(("zone", "text", "sent", "warned"), HOURS)
@pytest.mark.parametrize("is_table", [True, False])
def test_a_local_time_that_is_not_one_moment_is_warned_about(
    is_table: bool, zone: str, text: str, sent: str, warned: str, tmp_path: Path
) -> None:
    source = tmp_path / ("a.csv" if is_table else "a.ndjson")
    record = {"link": {"email": "mira@example.com"}, "email_id": "7", "action_at": text}
    table = f"link.email,email_id,action_at\nmira@example.com,7,{text}\n"
    source.write_text(table if is_table else json.dumps(record) + "\n", "utf-8")

    report = prepare([source], "email_open", tmp_path / "batches", Options(date="20240306", zone=zone))

    assert json.loads(report.batches[0].file.read_bytes())["action_at"] == sent
    assert [(one.code, one.lines) for one in report.sources[0].suspicions] == (
        [(warned, (2 if is_table else 1,))] if warned else []
    )
