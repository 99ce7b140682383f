"""A desk of its own for each test, with the store's credentials in the environment, as on a machine that has them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stored.desk import Desk
from tests.stores import Bucket, bucket, object_store  # noqa: F401 - fixtures
from tests.upload.store import Store


@pytest.fixture
def desk(tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:  # noqa: F811 - a fixture
    for name, value in bucket.store.environ.items():
        monkeypatch.setenv(name, value)
    with Store() as service:
        yield Desk(tmp_path, bucket, service)
