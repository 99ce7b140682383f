"""A service and an out folder of its own for each test, and a shop with its ledger in a file or, in drills, in a database."""

from pathlib import Path

import pytest

from tests.deliveries.helpers import Shop
from tests.ledger.helpers import address_in
from tests.upload.conftest import out, store
from tests.upload.store import Store

__all__ = ["out", "store"]


@pytest.fixture(params=["file", pytest.param("database", marks=pytest.mark.drill)])
def shop(request: pytest.FixtureRequest, out: Path, store: Store) -> Shop:
    is_file = request.param == "file"
    return Shop(out, store, None if is_file else address_in(request.getfixturevalue("postgres")))
