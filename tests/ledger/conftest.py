"""A ledger in a file and one in a database: what holds for one holds for the other."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lexer_pipeline.outbox.address import LedgerAddress, LedgerPlace
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.system.runtime import Runtime

from tests.ledger.helpers import address_in
from tests.postgres import Postgres
from tests.upload.store import Store


@pytest.fixture
def address(postgres: Postgres) -> LedgerAddress:
    """Where a ledger may lie in a database."""
    return address_in(postgres)


@pytest.fixture(params=["sqlite", "postgres"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerPlace:
    """Where a ledger may lie."""
    if request.param == "sqlite":
        return tmp_path / "ledger.sqlite3"
    found: LedgerAddress = request.getfixturevalue("address")
    return found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    path = tmp_path / "batches"
    path.mkdir()
    return path


@pytest.fixture
def ledger(out: Path, at: LedgerPlace) -> Iterator[Ledger]:
    with closing(Ledger(out, Runtime(clock=lambda: 1000.0), at)) as ledger:
        yield ledger


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store
