"""An independent reading of the vendor's published rules, to hold the pipeline against."""

import pytest

pytest.importorskip(
    "pydantic", reason="the vendor's models need pydantic 1.10, which does not work on this Python"
)

from .examples import examples
from .records import cells_of, flat, good, spoiled, spoiled_cell
from .rules import RECORDS
from .verdict import accepts, normalised

RECORD_TYPES = tuple(RECORDS)

__all__ = [
    "RECORD_TYPES",
    "accepts",
    "cells_of",
    "examples",
    "flat",
    "good",
    "normalised",
    "spoiled",
    "spoiled_cell",
]
