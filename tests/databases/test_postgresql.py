"""A real PostgreSQL as a source: each of its types is read as it is meant or refused, and the query changes nothing."""

from pathlib import Path

import pytest
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.database_tables import tables_of
from lexer_pipeline.preparing.prepare import validate
from msgspec.structs import replace

from tests.postgres import PASSWORD, USER, Postgres
from tests.prepare.helpers import KEEP_ALL, MARK, of_bytes, prepared

from .helpers import text_of

SPEC = "customer_record"
SETUP = """
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE TYPE pair AS (number int, word text);
CREATE DOMAIN amount AS numeric(10, 2);
CREATE TABLE people (id int PRIMARY KEY, email citext, first_name text, born date, member boolean, spent numeric(12, 2));
INSERT INTO people SELECT n, 'P' || n || '@Example.com', CASE WHEN n % 7 = 0 THEN NULL ELSE 'Zoë "' || n || '", of' || chr(10) || 'x' END,
    '1980-01-01'::date + n, n % 2 = 0, n / 4.0 FROM generate_series(1, 3000) AS n;
CREATE TABLE hidden (secret text);
CREATE ROLE reader LOGIN PASSWORD 'reads-4711';
GRANT SELECT ON people TO reader;
"""
PEOPLE = """SELECT email AS "link.email", first_name, born AS date_of_birth, spent AS "custom_fields.spent" FROM people ORDER BY id"""


@pytest.fixture(scope="session")
def shop(postgres: Postgres) -> str:
    """The address of a database with people, the password in it."""
    address = postgres.database()
    postgres.sql(SETUP, address.rpartition("/")[2])
    return address


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("10.50::numeric", "10.50"),
        ("123456789012345678901234567890.0000000010::numeric", "123456789012345678901234567890.0000000010"),
        ("1.5::amount", "1.50"),
        ("'NaN'::numeric", ""),
        ("'Infinity'::numeric", "inf"),
        ("9223372036854775807", "9223372036854775807"),
        ("-7::smallint", "-7"),
        ("0.1::float4", "0.1"),
        ("'-0.0'::float8", "-0.0"),
        ("1e22::float8", "1e+22"),
        ("'NaN'::float8", ""),
        ("'Infinity'::float8", "inf"),
        ("true", "true"),
        ("NULL::int", ""),
        ("''", ""),
        ("'0800'", "0800"),
        ("'a'::char(5)", "a"),
        ("' a '", " a "),
        ("'cross'::mood", "cross"),
        ("'Mira@Example.com'::citext", "Mira@Example.com"),
        ("'<a>x</a>'::xml", "<a>x</a>"),
        ("'00112233-4455-6677-8899-aabbccddeeff'::uuid", "00112233-4455-6677-8899-aabbccddeeff"),
        ("""'{"a": [1, 2]}'::jsonb""", '{"a": [1, 2]}'),
        ("'2024-02-29'::date", "2024-02-29"),
        ("'infinity'::date", "infinity"),
        ("'-infinity'::date", "-infinity"),
        ("'10:11:12.5'::time", "10:11:12.500000"),
        ("'2024-03-06 10:15:00'::timestamp", "2024-03-06T10:15:00"),
        ("'2024-03-06 10:15:00.25+11'::timestamptz", "2024-03-05T23:15:00.250000+00:00"),
        ("'infinity'::timestamptz", "infinity"),
        ("'-infinity'::timestamp", "-infinity"),
        ("CAST(interval '1 day' AS text)", "1 day"),
    ],
)  # fmt: skip
def test_a_value_of_any_type_is_the_text_that_it_means(shop: str, value: str, cell: str) -> None:
    table = text_of(shop, f"SELECT {value} AS x, 1 AS one")

    quoted = cell.replace('"', '""')
    assert table in (f'"x","one"\n"{quoted}","1"\n', f'"x","one"\n{quoted},"1"\n')


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("'12.34'::money", 'CAST("x" AS numeric)'),
        ("ARRAY['12.34'::money]", 'CAST("x" AS numeric[])'),
        ("4294967295::oid", 'CAST("x" AS bigint)'),
        ("'\\x00ff'::bytea", 'CAST("x" AS text)'),
        ("interval '1 day'", 'CAST("x" AS text)'),
        ("'10:11:12+02'::timetz", 'CAST("x" AS text)'),
        ("'10.0.0.1'::inet", 'CAST("x" AS text)'),
        ("'(1,2)'::point", 'CAST("x" AS text)'),
        ("int4range(1, 5)", 'CAST("x" AS text)'),
    ],
)
def test_a_type_that_would_say_something_else_is_refused_with_the_cast(
    shop: str, value: str, remedy: str
) -> None:
    with pytest.raises(SourceError, match="column x ") as caught:
        text_of(shop, f"SELECT {value} AS x")

    assert remedy in caught.value.hint


def test_rows_with_an_array_or_a_composite_are_documents_with_all_digits(shop: str) -> None:
    query = """SELECT ARRAY['a', NULL] AS tags, 10.50 AS n, 'NaN'::numeric AS none, '{"k":\n1.50}'::json AS j, (1, 'x')::pair AS p,
        '2024-02-29'::date AS d, ARRAY[1.50, 2] AS m, ARRAY['2024-03-06 10:15:00+00'::timestamptz] AS t"""

    assert text_of(shop, query) == (
        '{"tags":["a",null],"n":10.50,"none":null,"j":{"k": 1.50},"p":{"number":1,"word":"x"},"d":"2024-02-29",'
        '"m":[1.50,2],"t":["2024-03-06T10:15:00+00:00"]}\n'
    )


def test_documents_of_a_query_become_records(shop: str, tmp_path: Path) -> None:
    query = """SELECT 'A-' || id AS purchase_id, json_build_object('email', lower(email)) AS link, '2024-03-06T10:15:00Z' AS action_at,
        'ecommerce' AS type, ARRAY[jsonb_build_object('quantity', 1, 'price_paid', spent,
        'product_reference', jsonb_build_object('id', 'S', 'id_type', 'sku'))] AS products FROM people ORDER BY id LIMIT 2"""
    done = prepared([Query(shop, query)], "purchase", tmp_path)

    assert done.lines[1] == (
        b'{"purchase_id":"A-2","link":{"email":"p2@example.com"},"action_at":"2024-03-06T10:15:00Z","type":"ecommerce",'
        b'"products":[{"quantity":1,"price_paid":0.50,"product_reference":{"id":"S","id_type":"sku"}}]}\n'
    )


def test_a_query_gives_what_its_csv_gives(shop: str, postgres: Postgres, tmp_path: Path) -> None:
    csv = postgres.sql(f"COPY ({PEOPLE}) TO STDOUT (FORMAT csv, HEADER)", shop.rpartition("/")[2])
    query = prepared([Query(shop, PEOPLE)], SPEC, tmp_path / "query")
    table = of_bytes(f"{csv}\n".encode(), SPEC, tmp_path / "table")

    assert len(query.lines) == 3000
    assert query.lines == table.lines
    assert query.manifest.conversions == table.manifest.conversions
    assert [one["line"] for one in query.issues] == [one["line"] for one in table.issues]


def test_the_same_query_makes_the_same_bytes_and_another_one_has_another_name(
    shop: str, tmp_path: Path
) -> None:
    one, two = (prepared([Query(shop, PEOPLE)], SPEC, tmp_path / name) for name in ("one", "two"))
    (source,) = one.manifest.sources

    assert one.files == two.files
    assert Query(shop, f"{PEOPLE} ").name == source.path == Query(shop, f"{PEOPLE};\n").name
    assert Query(shop, f"{PEOPLE} DESC").name != source.path
    assert not any(letter.isdigit() for letter in source.path.rpartition("(")[2])


def test_each_pass_of_a_mapping_sees_the_same_rows_of_one_query(shop: str, tmp_path: Path) -> None:
    mapping = tmp_path / "both.toml"
    mapping.write_text(
        "\n".join(
            f'[[records]]\nspecification = "{spec}"\nunlinked = "skip"\n[records.fields]\n"link.email" = "mail"\n{more}'
            for spec, more in (
                ("profile_customer", 'first_name = "name"\n'),
                ("email_subscribe", 'email_id = "id"\naction_at = { column = "at", convert = [{ date = "iso" }] }\nstatus = { constant = "subscribed" }\n'),
            )
        )
    )  # fmt: skip
    # Another run of the query would give other numbers.
    query = "SELECT email AS mail, first_name AS name, random() AS id, now() AS at FROM people, generate_series(1, 7) ORDER BY people.id"

    done = prepared([Query(shop, query)], None, tmp_path / "out", replace(KEEP_ALL, mapping=str(mapping)))
    ids = [one["email_id"] for one in done.records if "email_id" in one]

    assert len(ids) == 21_000
    assert len({one.sha256 for batch in done.report.batches for one in batch.manifest.sources}) == 1


def test_what_is_read_again_comes_from_the_disk_the_same(shop: str) -> None:
    query = "SELECT n, repeat('x', 900) AS x, random() AS r, CASE WHEN n = 9000 THEN 'infinity' ELSE now() END AS t FROM generate_series(1, 10000) AS n"

    assert text_of(shop, query, times=3).count("\n") == 10_001


def test_a_query_without_rows_has_its_header(shop: str) -> None:
    assert text_of(shop, 'SELECT email AS "link.email" FROM people WHERE false', times=2) == '"link.email"\n'


def test_comments_and_a_semicolon_at_its_end_are_no_part_of_a_query(shop: str) -> None:
    assert text_of(shop, "-- who\n/* and\nwhat */ (SELECT 1 AS a); \n") == '"a"\n"1"\n'
    assert text_of(shop, "TABLE people -- all of it").count("\n") > 3000


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("SELECT *\nFRM people", UsageError, "the query cannot be understood (line 2, column 1 of the query)"),
        ("SELECT id FROM nowhere.people", UsageError, "there is no table called nowhere.people (line 1, column 16"),
        ("SELECT p.nme\n FROM people p", UsageError, "there is no column called p.nme (line 1, column 8"),
        ('SELECT id AS "é", nme FROM people', UsageError, "there is no column called nme (line 1, column 19"),
        ("SELECT nofunction(1) AS x", UsageError, "no such function"),
        ("SELECT id FROM people WHERE id = $1", UsageError, "a parameter"),
        ("SELECT 1 AS a; SELECT 2 AS b", UsageError, "cannot be understood"),
        ("DELETE FROM people", UsageError, "the query is no SELECT"),
        ("", UsageError, "the query is no SELECT"),
        ("WITH gone AS (DELETE FROM people RETURNING id) SELECT id FROM gone", UsageError, "would change the database"),
        ("SELECT id FROM people FOR UPDATE", UsageError, "would change the database"),
        ("SELECT id, id FROM people", UsageError, "two columns called id"),
        ("SELECT id + 1 FROM people", UsageError, "column 1 of the query has no name"),
        ("SELECT FROM people", UsageError, "gives no column"),
        (f"SELECT CAST('{MARK}' AS int) AS x", SourceError, "reads a text as a type that it is not"),
        ("SELECT 1 / (n - 5) AS x FROM generate_series(1, 10) AS n", SourceError, "divides by zero"),
        ("SELECT 9223372036854775807 + id AS x FROM people", SourceError, "cannot be worked out"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_said_without_a_value(
    shop: str, query: str, kind: type[PipelineError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        text_of(shop, query)

    said = f"{caught.value.message} {caught.value.hint}"
    assert words in said
    assert not any(one in said for one in (MARK, PASSWORD, USER, "LINE 1", "ERROR"))


def test_nothing_was_changed_by_a_query_that_would(shop: str, postgres: Postgres) -> None:
    assert postgres.sql("SELECT count(*) FROM people", shop.rpartition("/")[2]) == "3000"


def test_an_error_in_the_middle_says_behind_which_row_and_makes_nothing(shop: str, tmp_path: Path) -> None:
    query = """SELECT 'p' || n || '@example.com' AS "link.email", repeat('x', 3000) AS first_name, 1 / (2990 - n) AS "custom_fields.x"
        FROM generate_series(1, 3000) AS n"""

    with pytest.raises(SourceError, match=r"divides by zero in one of its rows, behind row [1-9],[0-9]{3}$"):
        prepared([Query(shop, query)], SPEC, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".json", ".csv")]


def test_a_time_limit_and_an_end_by_the_server_are_told(shop: str) -> None:
    with pytest.raises(SourceError, match="statement_timeout"):
        text_of(f"{shop}?options=-cstatement_timeout%3D50", "SELECT pg_sleep(20)::text AS x")
    ended = "SELECT n, pg_terminate_backend(pg_backend_pid()) AS x FROM generate_series(1, 100000) AS n"
    with pytest.raises(SourceError, match="the server ended the connection"):
        text_of(shop, ended)


def test_the_tables_of_a_database_are_known_as_a_query_names_them(shop: str, postgres: Postgres) -> None:
    database = shop.rpartition("/")[2]
    postgres.sql(
        'CREATE SCHEMA "Till"; CREATE TABLE "Till"."Order lines" (a int); CREATE VIEW more AS SELECT 1 AS a',
        database,
    )

    assert tables_of(Query(shop, "SELECT 1 AS a")) == ['"Till"."Order lines"', "hidden", "more", "people"]
    for table in ('"Till"."Order lines"', "more"):
        assert text_of(shop, f"SELECT * FROM {table}").startswith('"a"')


def test_who_may_not_read_is_told_so(shop: str, postgres: Postgres) -> None:
    database = shop.rpartition("/")[2]
    reader = postgres.address(database, "reader", "reads-4711")

    assert text_of(reader, "SELECT count(*) AS n FROM people") == '"n"\n"3000"\n'
    with pytest.raises(SourceError, match="may not read what the query asks for"):
        text_of(reader, "SELECT secret FROM hidden")


def test_who_asks_is_said_where_postgresqls_own_programs_look(
    shop: str, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, database, query = postgres.port, shop.rpartition("/")[2], "SELECT count(*) AS n FROM people"
    with monkeypatch.context() as places:
        places.setenv("PGUSER", USER)
        places.setenv("PGPASSWORD", PASSWORD)
        assert text_of(f"postgresql://127.0.0.1:{port}/{database}", query) == '"n"\n"3000"\n'
    with monkeypatch.context() as places:
        (file := tmp_path / "pgpass").write_text(f"127.0.0.1:{port}:*:{USER}:{PASSWORD}\n")
        file.chmod(0o600)
        places.setenv("PGPASSFILE", str(file))
        assert text_of(f"postgres://{USER}@127.0.0.1:{port}/{database}", query) == '"n"\n"3000"\n'
    with monkeypatch.context() as places:
        (file := tmp_path / "services").write_text(
            f"[shop]\nhost=127.0.0.1\nport={port}\nuser={USER}\npassword={PASSWORD}\ndbname={database}\n"
        )
        places.setenv("PGSERVICEFILE", str(file))
        assert text_of("postgresql:///?service=shop", query) == '"n"\n"3000"\n'
        assert Query("postgresql:///?service=shop", query).name.startswith(
            "postgresql:///?service=shop (query "
        )


def test_where_no_server_database_or_user_is_it_is_said_which(shop: str, postgres: Postgres) -> None:
    known = {
        postgres.address("gone"): "the server has no such database",
        postgres.address("postgres", "reader", "wrong-1"): "does not let this user in",
        postgres.address("postgres", "nobody", "wrong-2"): "does not let this user in",
        f"postgresql://{USER}@127.0.0.1:1/postgres": "no server answers there",
        f"postgresql://{USER}:{PASSWORD}@nowhere.invalid/postgres": "there is no host of this name",
        f"{shop}?nosuch=1": "not one that the driver understands",
        "postgresql:///?service=none": "not one that the driver understands",
        f"{shop}?sslmode=require": "do not agree on encryption",
    }
    for address, words in known.items():
        with pytest.raises(PipelineError) as caught:
            text_of(address, "SELECT 1 AS a")
        said = f"{caught.value.message} {caught.value.hint}"
        assert words in said, said
        assert not any(one in said for one in (PASSWORD, "wrong", USER, "nobody", "reader:"))


def test_a_preset_and_a_key_work_on_a_query(shop: str, tmp_path: Path) -> None:
    query = """SELECT 'A-' || n / 2 AS purchase_id, 'a@example.com' AS "link.email", '2024-03-06 10:15:00+00'::timestamptz AS action_at,
        'ecommerce' AS type, 1.50 * n AS "products[].price_paid", 1 AS "products[].quantity", 'P' || n AS "products[].product_reference.id",
        'sku' AS "products[].product_reference.id_type" FROM generate_series(2, 1001) AS n ORDER BY n"""
    done = prepared([Query(shop, query)], "purchase", tmp_path)

    assert (len(done.records), done.manifest.continuations) == (500, 500)
    assert b'"price_paid":3.00' in done.lines[0]


def test_the_same_query_twice_in_a_run_is_refused(shop: str) -> None:
    with pytest.raises(UsageError, match="is named twice"):
        validate([Query(shop, PEOPLE), Query(shop, PEOPLE)], SPEC)
