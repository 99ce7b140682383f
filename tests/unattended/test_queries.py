"""A job that reads a database, as the page on databases has it."""

from pathlib import Path

import pytest

from tests.databases.helpers import sqlite
from tests.docs.pages import blocks, text_of

from .conftest import Place

PEOPLE = (
    "CREATE TABLE people (email text, name text); INSERT INTO people VALUES ('mira@example.com', 'Mira');"
)
MORE = "INSERT INTO people VALUES ('teo@example.com', 'Teo');"
QUERY = 'SELECT email AS "link.email", name AS first_name FROM people ORDER BY email'


def test_a_job_puts_its_query_each_night_and_sends_what_is_new_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = blocks("toml", text_of("docs/databases.md"))
    place.job(example)
    Path("customers.sql").write_text(QUERY)
    monkeypatch.setenv("SHOP_DATABASE", sqlite(Path("shop.db"), PEOPLE))

    assert "SHOP_DATABASE" in place.run("run", "--list").output
    assert place.run("run", "customers", "--dry-run").code == 0
    assert place.states == []
    assert [place.run("run", "customers").code for _ in range(2)] == [0, 0]
    assert place.states == ["sent"]
    sqlite(Path("shop.db"), MORE)
    assert place.run("run", "customers").code == 0
    assert place.states == ["sent", "sent"]


def test_a_password_in_a_job_is_refused_and_not_repeated(place: Place) -> None:
    place.job(
        '[job.x]\nsources = ["postgresql://mira:Sesame-47@db.example.com/shop"]\nquery = "SELECT 1 AS a"\nspec = "purchase"\nlog_file = "log"'
    )

    ended = place.run("run", "x")
    listed = place.run("run", "--list", "--json")
    assert ended.code == 2
    assert "holds a password" in ended.error
    for said in (ended.output, ended.error, listed.output, Path("log").read_text()):
        assert "Sesame" not in said
        assert "mira" not in said
