"""A sandbox for each module and scheme: plain, and over TLS as the real service is."""

from collections.abc import Iterator

import pytest
from lexer_pipeline.sandbox.server import Sandbox

from tests.drill.rig import Rig
from tests.upload.conftest import out  # noqa: F401 - a fixture


@pytest.fixture(scope="module", params=["tls", pytest.param("plain", marks=pytest.mark.drill)])
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    root = tmp_path_factory.mktemp("drill")
    with Sandbox(root / "sandbox", tls=request.param == "tls", stall_seconds=60) as sandbox:
        yield Rig(sandbox, root)
        assert [event for event in sandbox.events() if event["kind"] == "defect"] == []


@pytest.fixture(autouse=True)
def calm(rig: Rig) -> None:
    """Every test begins without faults left over, with urls that last, and may ask without waiting for its turn."""
    rig.sandbox.clear_faults()
    rig.sandbox.set(url_seconds=3600, clock_offset=0.0, rate=10_000)
