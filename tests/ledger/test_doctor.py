"""doctor says whether a database is fit for the ledger that lies there, and who is at it."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from lexer_pipeline.checkup import ledgers
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.ledger import Ledger

from tests.ledger.helpers import granted
from tests.postgres import PASSWORD, USER, Postgres
from tests.waiting import happens


def looked(out: Path, address: LedgerAddress) -> dict[str, tuple[str, str, str]]:
    found = ledgers.look_at(out, address)
    assert PASSWORD not in f"{found}"
    return {one.what: (str(one.verdict), one.found, one.remedy) for one in found.checks}


def test_what_is_not_there_yet_is_no_fault_and_stays_so(
    out: Path, address: LedgerAddress, postgres: Postgres
) -> None:
    said = looked(out, address)

    assert {state for state, *_ in said.values()} == {"ok"}
    assert "the first batch makes them" in said["schema"][1]
    assert postgres.sql(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{address.schema}'") == "0"


def test_its_state_and_who_is_at_it_are_told(out: Path, address: LedgerAddress) -> None:
    with closing(Ledger(out, file=address)) as ledger:
        granted(ledger)
        with ledger.claim("s3://lake/batches/a"):
            said = looked(out, address)

    assert said["database"][1].startswith(f"{address} can be read; PostgreSQL ")
    assert said["schema"][1].endswith("the newest")
    assert said["uploads"][1] == "1 granted"
    assert said["on their way"][0] == "look"
    assert f"({os.getpid()})" in said["locked"][1]
    assert (ledgers.look_at(out, address).server or 0.0) > 1_700_000_000  # by the server's clock


def test_what_makes_it_unfit_is_told_with_what_helps(
    out: Path, address: LedgerAddress, postgres: Postgres
) -> None:
    postgres.sql("DROP ROLE IF EXISTS looker")
    postgres.sql("CREATE ROLE looker LOGIN PASSWORD 'looks'")
    looker = LedgerAddress(address.secret.replace(f"{USER}:{PASSWORD}", "looker:looks"))
    postgres.sql("ALTER SYSTEM SET fsync = off")
    try:
        assert postgres.sql("SELECT pg_reload_conf()") == "t"
        assert happens(lambda: postgres.sql("SHOW fsync") == "off")
        said = looked(out, looker)
        assert (said["durable"][0], said["rights"][0]) == ("wrong", "wrong")
        assert f'CREATE SCHEMA "{address.schema}" AUTHORIZATION "looker"' in said["rights"][2]
    finally:
        postgres.sql("ALTER SYSTEM RESET fsync")
        postgres.sql("SELECT pg_reload_conf()")
    Ledger(out, file=address).close()
    postgres.sql(f"GRANT USAGE ON SCHEMA {address.schema} TO looker")
    postgres.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA {address.schema} TO looker")
    assert "GRANT SELECT, INSERT, UPDATE, DELETE" in looked(out, looker)["rights"][2]


@pytest.mark.parametrize("wrong", ["postgresql://127.0.0.1:1/lexer", "postgresql://db.invalid/lexer"])
def test_one_that_cannot_be_reached_is_wrong(out: Path, wrong: str) -> None:
    state, found, remedy = looked(out, LedgerAddress(wrong))["database"]
    assert (state, "cannot be reached" in found, bool(remedy)) == ("wrong", True, True)


def test_nobody_is_asked_offline(out: Path) -> None:
    (said,) = ledgers.look_at(out, LedgerAddress("postgresql://127.0.0.1:1/lexer"), offline=True).checks
    assert (str(said.verdict), said.found) == ("ok", "postgresql://127.0.0.1:1/lexer is not asked: --offline")
