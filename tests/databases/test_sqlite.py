"""SQLite files as sources: each value is what it is, whatever its column is declared as, and nothing is written."""

import sqlite3
from pathlib import Path

import pytest
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.database import Query

from tests.prepare.helpers import MARK, of_bytes, prepared

from .helpers import sqlite, text_of

TILL = """
CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, first_name, spent NUMERIC(10, 2), photo BLOB);
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
    INSERT INTO people SELECT n, 'p' || n || '@example.com', CASE WHEN n > 3000 THEN 'Zoë, ' || n END, n / 4.0, NULL FROM n;
UPDATE people SET photo = x'00ff' WHERE id = 4000;
"""


@pytest.fixture
def till(tmp_path: Path) -> str:
    return sqlite(tmp_path / "till.db", TILL)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("9223372036854775807", "9223372036854775807"),
        ("0.1", "0.1"),
        ("19.99", "19.99"),
        ("1.0 / 3", "0.33333333333333332"),
        ("2.0", "2.0"),
        ("NULL", ""),
        ("''", ""),
        ("'0800'", "0800"),
        ("'Zoë " + '"x"' + "'", 'Zoë "x"'),
        ("'2024-03-06 10:15:00'", "2024-03-06 10:15:00"),
        ("1 = 1", "1"),
    ],
)
def test_a_value_is_the_text_that_it_is(till: str, value: str, cell: str) -> None:
    quoted = cell.replace('"', '""')
    assert text_of(till, f"SELECT {value} AS x, 1 AS one") == f'"x","one"\n"{quoted}","1"\n'


def test_a_number_reads_back_as_itself(till: str) -> None:
    numbers = [5e-324, 1.7976931348623157e308, 0.1 + 0.2, 123456789.123456789, 1e22, 2.0**70]
    found = text_of(till, " UNION ALL ".join(f"SELECT {number!r} AS x" for number in numbers))

    assert [float(line.strip('"')) for line in found.splitlines()[1:]] == numbers


def test_a_column_may_hold_values_of_any_type_and_none_in_its_first_rows(till: str) -> None:
    query = "SELECT CASE WHEN id < 2000 THEN NULL WHEN id < 3000 THEN id WHEN id < 4000 THEN id / 4.0 ELSE 'x' || id END AS x FROM people ORDER BY id"
    lines = [line.strip('"') for line in text_of(till, query, times=2).splitlines()]

    assert lines[2000:2002] == ["2000", "2001"]
    assert lines[3001:3003] == ["750.25", "750.5"]
    assert lines[-1] == "x5000"


def test_a_query_gives_what_its_csv_gives(till: str, tmp_path: Path) -> None:
    query = Query(till, 'SELECT email AS "link.email", first_name FROM people ORDER BY id DESC')
    rows = "".join(
        f"p{n}@example.com,{f'{chr(34)}Zoë, {n}{chr(34)}' if n > 3000 else ''}\n" for n in range(5000, 0, -1)
    )
    done = prepared([query], "customer_record", tmp_path / "query")
    table = of_bytes(f"link.email,first_name\n{rows}".encode(), "customer_record", tmp_path / "table")

    assert done.lines == table.lines
    assert len(done.lines) == 5000


def test_a_row_that_is_empty_is_blank_as_in_a_csv(till: str, tmp_path: Path) -> None:
    query = "SELECT 'a@example.com' AS \"link.email\", 'Mira' AS first_name UNION ALL SELECT NULL, NULL UNION ALL SELECT '', ''"

    assert prepared([Query(till, query)], "customer_record", tmp_path).manifest.blank == 2


def test_bytes_are_refused_wherever_they_come(till: str) -> None:
    assert text_of(till, "SELECT id, photo FROM people WHERE id < 3000").count("\n") == 3000
    with pytest.raises(SourceError, match="column photo holds bytes"):
        text_of(till, "SELECT id, photo FROM people")
    with pytest.raises(SourceError, match="column x holds text that is not UTF-8"):
        text_of(till, "SELECT CAST(x'ff41' AS TEXT) AS x")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT *\nFRM people", "the query cannot be understood (line 2, column 1 of the query)"),
        ("SELECT (1", "the query cannot be understood"),
        (f"SELECT '{MARK}", "the query cannot be understood"),
        ("SELECT 1 AS a; DELETE FROM people", "the query cannot be understood"),
        ("DELETE FROM people", "the query is no SELECT"),
        ("SELECT id FROM nowhere", "there is no table called nowhere (line 1, column 16"),
        ("SELECT nme FROM people", "there is no column called nme"),
        ("SELECT nofunction(1)", "no such function"),
        ("SELECT id, id FROM people", "two columns called id"),
        ("SELECT id FROM people WHERE id = ?", "a parameter"),
        ("SELECT abs(-9223372036854775807 - 1) AS x", "cannot be worked out"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(till: str, query: str, words: str) -> None:
    with pytest.raises(PipelineError) as caught:
        text_of(till, query)

    assert words in caught.value.message
    assert MARK not in f"{caught.value.message} {caught.value.hint}"


def test_nothing_is_written(till: str, tmp_path: Path) -> None:
    before = (tmp_path / "till.db").read_bytes()
    with pytest.raises(SourceError, match="there is no such file"):
        text_of(f"sqlite:///{tmp_path}/gone.db", "SELECT 1 AS a")
    with pytest.raises(UsageError):
        text_of(till, f"ATTACH '{tmp_path}/more.db' AS more")
    text_of(till, "SELECT id FROM people")

    assert [path.name for path in tmp_path.iterdir()] == ["till.db"]
    assert (tmp_path / "till.db").read_bytes() == before


def test_what_is_no_database_or_is_locked_is_told(till: str, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(SourceError, match="is no database of this kind"):
        text_of(f"sqlite:///{tmp_path}/text.db", "SELECT 1 AS a FROM people")


def test_a_database_that_another_program_reads_and_writes_is_read_as_it_stands(tmp_path: Path) -> None:
    till = sqlite(tmp_path / "till.db", "PRAGMA journal_mode = WAL;" + TILL)
    other = sqlite3.connect(tmp_path / "till.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM people")
        assert text_of(till, "SELECT count(*) AS n FROM people") == '"n"\n"5000"\n'
    finally:
        other.close()
