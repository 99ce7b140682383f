"""A sandbox for each test, and the check that it never went wrong itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lexer_pipeline.sandbox.server import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "sandbox", stall_seconds=60) as running:
        yield running
        assert [event for event in running.events() if event["kind"] == "defect"] == []


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.new_token("tests")
