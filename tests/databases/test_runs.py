"""What becomes of a query behind its reading: rejects that are fixed, several databases, addresses as drivers have them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.database_drivers import DRIVERS
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.outbox.trace import trace
from msgspec.structs import replace

from tests.prepare.helpers import KEEP_ALL, prepared

from .helpers import sqlite, text_of

LINES = """CREATE TABLE lines (nr INTEGER PRIMARY KEY, no TEXT, mail TEXT, at TEXT, sku TEXT, paid TEXT);
INSERT INTO lines (no, mail, at, sku, paid) VALUES {};"""
ORDERS = """SELECT no AS purchase_id, mail AS "link.email", at AS action_at, 'ecommerce' AS type, paid AS "products[].price_paid",
 1 AS "products[].quantity", sku AS "products[].product_reference.id", 'sku' AS "products[].product_reference.id_type" FROM lines ORDER BY nr"""
AT = "2024-03-06T10:15:00Z"


def shop(path: Path, *lines: tuple[str, str, str]) -> Query:
    values = ", ".join(f"('{no}', 'mira@example.com', '{AT}', '{sku}', '{paid}')" for no, sku, paid in lines)
    return Query(sqlite(path, LINES.format(values)), ORDERS)


def test_rejects_of_a_query_are_fixed_as_those_of_a_table(tmp_path: Path) -> None:
    query = shop(tmp_path / "shop.db", ("A-1", "S", "10.50"), ("A-2", "S", "ten"), ("A-3", "S", "2"))
    out = tmp_path / "out"
    first = prepared([query], "purchase", out)
    (rejects,) = out.glob("*/rejects.csv")
    rejects.write_text(rejects.read_text().replace("ten", "10"))
    (issue,) = first.issues
    fixed = prepared([], None, out, replace(KEEP_ALL, fix=str(first.report.batches[0].path)))

    assert (issue["source"], issue["line"], issue["row"]) == (query.name, 3, 2)
    assert [one["purchase_id"] for one in fixed.records] == ["A-2"]


def test_a_line_of_a_batch_is_traced_to_the_row_of_its_query(tmp_path: Path) -> None:
    query = shop(tmp_path / "shop.db", ("A-1", "S", "1"), ("A-1", "T", "2"), ("A-2", "S", "3"))
    done = prepared([query], "purchase", tmp_path / "out")
    (line,) = trace(done.report.batches[0].path, [1], out=tmp_path / "out").lines
    (origin,) = line.origins

    assert (origin.source, list(origin.lines)) == (query.name, [2, 3])


def test_an_order_in_two_databases_is_made_one(tmp_path: Path) -> None:
    one = shop(tmp_path / "one.db", ("A-1", "S", "1"), ("A-2", "S", "2"))
    two = shop(tmp_path / "two.db", ("A-2", "T", "3"), ("A-3", "S", "4"))
    done = prepared([one, two], "purchase", tmp_path / "out")

    assert [(order["purchase_id"], len(order["products"])) for order in done.records] == [
        ("A-1", 1),
        ("A-2", 2),
        ("A-3", 1),
    ]


def test_a_query_is_inspected_as_what_it_is_and_how_files_are_read_means_nothing(tmp_path: Path) -> None:
    found = inspect(
        shop(tmp_path / "shop.db", ("A-1", "S", "1")), ReadOptions(encoding="cp1252", header_row=3)
    )

    assert (found.form, found.encoding, found.delimiter, found.header_line, found.rows) == (
        "query",
        "",
        "",
        0,
        1,
    )
    assert "it means nothing how one would be read" in found.notes[0]


def test_a_row_that_looks_like_a_title_or_a_footer_is_a_row(tmp_path: Path) -> None:
    address = sqlite(tmp_path / "x.db", "CREATE TABLE x (a TEXT, b TEXT);")
    query = "SELECT * FROM (SELECT '3 rows selected' AS \"link.external_id\", NULL AS first_name UNION ALL SELECT 'sep=;', NULL UNION ALL SELECT '{', 'x' UNION ALL SELECT '(2 rows affected)', NULL)"
    done = prepared([Query(address, query)], "customer_record", tmp_path / "out")

    assert (done.manifest.rows, done.manifest.blank) == (4, 0)


@pytest.mark.parametrize(
    ("address", "handed"),
    [
        ("snowflake://mira@account/shop/public?warehouse=w", "mira@account/shop/public?warehouse=w"),
        ("bigquery://project/sales", {"adbc.bigquery.sql.project_id": "project", "adbc.bigquery.sql.dataset_id": "sales"}),
        ("bigquery://project", {"adbc.bigquery.sql.project_id": "project"}),
    ],
)  # fmt: skip
def test_an_address_is_handed_to_its_driver_as_that_has_it(address: str, handed: Any) -> None:
    query = Query(address, "SELECT 1 AS a")
    driver = SimpleNamespace(connect=lambda found: found)

    assert DRIVERS[query.scheme].open(driver, query) == handed


@pytest.mark.parametrize("scheme", ["snowflake", "bigquery", "duckdb"])
def test_several_statements_are_refused_where_the_driver_would_run_them(scheme: str) -> None:
    Query(f"{scheme}:///x", "SELECT ';' AS \"a;b\" -- one;\n /* two; */ ;\n")
    for second in ("DELETE FROM people", "SELECT 2"):
        with pytest.raises(UsageError, match="more than one statement"):
            Query(f"{scheme}:///x", f"SELECT 1 AS a; {second}")


def test_duckdb_is_read_where_it_is_installed(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as made:
        made.execute(
            "CREATE TABLE people AS SELECT range AS n, 10.50::DECIMAL(9, 2) AS spent FROM range(3000)"
        )
    address = f"duckdb:///{tmp_path}/shop.duckdb"

    assert text_of(address, "SELECT * FROM people ORDER BY n", times=2).splitlines()[1:3] == [
        '"0","10.50"',
        '"1","10.50"',
    ]
    with pytest.raises(UsageError, match="no table called nowhere"):
        text_of(address, "SELECT n FROM nowhere")
    with pytest.raises(UsageError, match="would change"):
        text_of(address, "WITH gone AS (DELETE FROM people RETURNING n) SELECT n FROM gone")


def test_the_name_of_a_source_tells_place_and_query_and_nothing_else() -> None:
    names = {
        Query(address, sql).name
        for address in (
            "postgresql://a:b@h:5432/db?sslmode=require",
            "postgres://h:5432/db",
            "postgresql://c@h:5432/db",
        )
        for sql in ("SELECT 1 AS a", "SELECT 1 AS a ;\n")
    }

    assert len(names) == 1
    assert names.pop().partition(" (")[0] == "postgresql://h:5432/db"
    assert (
        Query("postgresql://h/db2", "SELECT 1 AS a").name[-9:]
        != Query("postgresql://h/db3", "SELECT 1 AS a").name[-9:]
    )
