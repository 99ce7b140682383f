"""A web server and a bucket, and the folder in which commands run; nothing that the machine at hand knows of clouds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.elsewhere.site import Site, serving
from tests.stores import Bucket, Store, bucket, object_store  # noqa: F401 - fixtures
from tests.upload.conftest import certificate  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "AWS_PROFILE", "NETRC"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def exports(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:  # noqa: F811 - a fixture
    """A bucket that this process finds by its environment."""
    for name, value in bucket.store.environ.items():
        monkeypatch.setenv(name, value)
    return bucket
