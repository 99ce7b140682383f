"""A run on a cluster comes to what it does on one machine, record for record."""

from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

from tests.running import ROOT
from tests.spark.compared import NOON, assert_same

pytestmark = pytest.mark.spark
pytest.importorskip("pyspark")

from lexer_pipeline.spark.prepare import prepare_on  # noqa: E402 - where it is installed

EXPORTS = sorted(ROOT.glob("samples/exports/*/*"))


def both(cluster: Any, sources: list[Any], spec: str | None, folder: Path, options: Options) -> None:
    """Run it here and there, and compare."""
    try:
        alone = prepare(sources, spec, folder / "alone", options, NOON)
    except PipelineError as expected:
        with pytest.raises(type(expected)) as found:
            prepare_on(cluster, sources, spec, folder / "spark", options, NOON)
        assert (found.value.message, found.value.hint) == (expected.message, expected.hint)
        return
    assert_same(prepare_on(cluster, sources, spec, folder / "spark", options, NOON), alone)


@pytest.mark.parametrize("folder", sorted({one.parent for one in EXPORTS}), ids=lambda one: one.name)
def test_each_export_of_the_samples(cluster: Any, folder: Path, tmp_path: Path) -> None:
    for case in sorted(folder.iterdir()):
        sources = [one for one in sorted(case.iterdir()) if not one.name.startswith("expected") and one.suffix != ".toml"]
        print(case, [s.name for s in sources])
        both(cluster, sources, None, tmp_path / case.name, Options(mapping=folder.name))
