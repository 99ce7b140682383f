"""One session of Spark for all tests of this folder."""

import warnings
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import Any

import pytest

from tests.stores import bucket, object_store  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two tasks at a time on this machine, each tried again where it fails."""
    if find_spec("pyspark") is None or which("java") is None:
        pytest.skip("Spark or Java is not installed here: make .venv/spark")
    room = import_module("lexer_pipeline.spark.session")
    words = tmp_path_factory.mktemp("spark") / "spark.log"
    with warnings.catch_warnings(), room.opened("local[2,4]", words) as found:
        yield found
