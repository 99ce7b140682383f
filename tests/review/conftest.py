"""A service and an out folder of its own for each test."""

from tests.upload.conftest import out, store

__all__ = ["out", "store"]
