"""Which version of this program is running."""

import tomllib
from importlib.metadata import version
from pathlib import Path

NAME = "lexer-pipeline"
PROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"


def running_version() -> str:
    """The version of a source tree by its pyproject.toml, which what was installed earlier may not be; else as installed."""
    try:
        project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
        if project["name"] == NAME:
            return str(project["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # installed: the file is not there, or another project's
    return version(NAME)
