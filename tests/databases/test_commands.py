"""What is typed to read a database, and that no secret of its address is seen anywhere."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.loading.database import Query

from tests.postgres import PASSWORD, Postgres
from tests.running import environment
from tests.waiting import happens

from .helpers import sqlite

SECRET = "Sesame%2F47-opens"
SQL = 'SELECT email AS "link.email", name AS first_name FROM people ORDER BY 1'
PEOPLE = "CREATE TABLE people (email text, name text); INSERT INTO people VALUES ('mira@example.com', 'Mira'), ('teo@example.com', 'Teo');"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEXER_DATASET_ID", "")
    sqlite(Path("shop.db"), PEOPLE)
    Path("people.sql").write_text(f"{SQL};\n", "utf-8-sig")
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str]]]:
    def run(*words: str) -> tuple[int, str]:
        code = run_command(words)
        said = capsys.readouterr()
        return code, said.out + said.err

    yield run


Run = Callable[..., tuple[int, str]]


def test_each_command_that_reads_reads_a_query(run: Run) -> None:
    asked = ("--query", "@people.sql", "sqlite:///shop.db")
    for words in (
        ("inspect", *asked),
        ("validate", *asked, "--spec", "customer_record"),
        ("map", *asked, "--spec", "customer_record"),
        ("report", *asked, "--spec", "customer_record"),
        ("convert", *asked, "--map", "shop.toml"),
    ):
        code, said = run(*words)
        assert code == 0, said
    assert {path.name for path in Path().iterdir()} >= {"shop.toml", "shop.db.report.html", "batches"}
    (manifest,) = Path("batches").glob("*/manifest.json")
    (source,) = json.loads(manifest.read_text())["sources"]
    assert source["path"] == Query("sqlite:///shop.db", SQL).name
    assert source["rows"] == 2


def test_a_query_is_typed_or_comes_from_a_file_or_standard_input(run: Run) -> None:
    said = [run("inspect", "--query", query, "sqlite:///shop.db")[1] for query in (SQL, "@people.sql")]
    done = subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", "inspect", "--query", "-", "sqlite:///shop.db"],
        input=SQL, capture_output=True, text=True, env=environment(), check=True,
    )  # fmt: skip
    names = {re.findall(r"\(query [a-p]{8}\)", one)[0] for one in (*said, done.stdout)}

    assert len(names) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sqlite:///shop.db",), 2, "Type: lexer-pipeline validate sqlite:///shop.db --query 'SELECT * FROM people'"),
        (("sqlite:///gone.db",), 2, "Type: lexer-pipeline validate sqlite:///gone.db --query 'SELECT * FROM TABLE'"),
        (("shop.db",), 3, "sqlite:///shop.db"),
        (("--query", SQL, "people.csv"), 2, "--query reads a database, and people.csv is none"),
        (("--query", SQL, "env:NOWHERE"), 2, "NOWHERE is not set"),
        (("--query", SQL, "env:HOME"), 2, "HOME holds no address of a database"),
        (("--query", "@gone.sql", "sqlite:///shop.db"), 2, "gone.sql cannot be read"),
        (("--query", SQL, "sqlite:///gone.db"), 3, "there is no such file"),
        (("--query", SQL, "sqlite:///shop.db", "sqlite:///shop.db"), 2, "is named twice"),
        (("--query", SQL, "snowflake://account/db"), 2, "pip install adbc-driver-snowflake"),
        (("--query", SQL, "bigquery://project/dataset"), 2, "pip install adbc-driver-bigquery"),
        pytest.param(
            ("--query", SQL, "duckdb:///shop.db"), 2, "pip install adbc-driver-manager duckdb",
            marks=pytest.mark.skipif(find_spec("duckdb") is not None, reason="DuckDB is installed here"),
        ),
        (("--query", "SELECT name FROM peple", "sqlite:///shop.db"), 2, "there is no table called peple"),
        (("--query", "SELECT name AS nme FROM people", "sqlite:///shop.db", "--spec", "customer_record"), 2, "inspect --query 'SELECT name AS nme FROM people' sqlite:///shop.db shows"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_what_to_type(
    run: Run, words: tuple[str, ...], code: int, said: str
) -> None:
    found = run("validate", *words)

    assert found[0] == code
    assert said in found[1]


def test_a_database_is_reviewed_by_what_was_made_of_it(run: Run) -> None:
    code, said = run("review", "sqlite:///shop.db", "--no-browser")

    assert code == 2
    assert "lexer-pipeline review BATCH" in said


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://mira:{SECRET}@db.example.com/shop",
        f"postgres://mira:{SECRET}@db.example.com:5432,two.example.com/shop?sslmode=require",
        f"postgresql://db.example.com/shop?user=mira&password={SECRET}",
        "postgresql://mira:Sesame/47-opens@db.example.com/shop",
        "postgresql://mira:Sesame?47-opens@db.example.com/shop",
        "postgresql://mira:47@Sesame@db.example.com/shop",
        "postgresql://db.example.com/shop?password=47@Sesame",
        f"snowflake://mira:{SECRET}@account/shop",
    ],
)
def test_a_password_that_is_typed_is_refused_and_not_repeated(run: Run, address: str) -> None:
    for words in (
        ("--query", SQL, address),
        (address,),
        ("--query", SQL, address, "--sheeet", "x"),
        ("--json", "--query", SQL, address),
    ):
        code, said = run("validate", *words)

        assert code == 2
        assert not any(one in said for one in ("Sesame", "opens", "mira", "47"))


def test_no_secret_of_an_address_is_in_anything_that_a_run_writes(
    run: Run, postgres: Postgres, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgres.database()
    postgres.sql(PEOPLE, address.rpartition("/")[2])
    monkeypatch.setenv("SHOP", address)
    monkeypatch.setenv("WRONG", address.replace(PASSWORD, "Wrong-4711"))
    said = []
    for variable in ("SHOP", "WRONG"):
        for words in (
            ("validate", "--json", "--profile"),
            ("convert", "--log-file", "log", "--map", "people.toml", "--debug"),
            ("report",),
        ):
            said.append(run(*words, "--query", SQL, f"env:{variable}", "--spec", "customer_record")[1])
            Path("people.toml").write_text(
                '[[records]]\nspecification = "profile_customer"\n[records.fields]\n"link.email" = "link.email"\n'
            )
    said.append(
        run("convert", "--query", "SELECT 1 / 0 AS x", "env:SHOP", "--spec", "customer_record", "--debug")[1]
    )

    assert any("does not let this user in" in one for one in said)
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert any(b"/postgresql:/" in one or b"postgresql://127.0.0.1" in one for one in written)
    for one in (*written, *(text.encode() for text in said)):
        assert PASSWORD.encode() not in one
        assert b"Wrong-4711" not in one
        assert b"tester" not in one


def test_a_query_that_takes_long_is_ended_by_a_signal_here_and_there(
    postgres: Postgres, folder: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such signals")
    address = postgres.database()
    database = address.rpartition("/")[2]
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    command = [sys.executable, "-m", "lexer_pipeline", "convert", "--query", "SELECT pg_sleep(600)::text AS x", "env:SHOP", "--spec", "customer_record"]  # fmt: skip
    for one in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(command, cwd=folder, env=environment(SHOP=address), stderr=subprocess.PIPE)
        assert happens(lambda: postgres.sql(waits, database) == "1")
        process.send_signal(one)
        _, error = process.communicate(timeout=60)

        assert process.returncode == 130
        assert b"interrupted; no half-made batch is left" in error
        assert happens(lambda: postgres.sql(waits, database) == "0")


def test_a_server_that_dies_in_the_middle_ends_the_run_and_leaves_nothing(
    postgres: Postgres, folder: Path
) -> None:
    address = postgres.database()
    Path("slow.sql").write_text(
        "SELECT 'p' || n || '@example.com' AS \"link.email\", repeat('x', 2000) AS first_name,"
        ' CASE WHEN n > 20000 THEN pg_sleep(0.01)::text END AS "custom_fields.x" FROM generate_series(1, 100000) AS n'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", "convert", "--query", "@slow.sql", "env:SHOP", "--spec", "customer_record"],
        cwd=folder, env=environment(SHOP=address), stderr=subprocess.PIPE,
    )  # fmt: skip
    assert happens(lambda: any(path.stat().st_size for path in folder.glob("batches/.preparing-*/**/*.json")))
    postgres.stop()
    try:
        _, error = process.communicate(timeout=60)
    finally:
        postgres.start()

    assert process.returncode == 3
    assert b"the server ended the connection" in error or b"the connection to the server was lost" in error
    assert b", behind row " in error
    assert not list(folder.glob("batches/*/manifest.json"))
    assert not list(folder.glob("batches/.preparing-*"))
