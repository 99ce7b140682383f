"""Ourselves on the same records where nothing is left to do for a mapping."""

import json
import shutil
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from lexer_pipeline.cli.main import run_command

from bench.api_orders import READY


def ready(source: str, target: str) -> None:
    """Convert NDJSON that is right already."""
    said = StringIO()
    with TemporaryDirectory(dir=Path(target).parent) as work, redirect_stdout(said):
        words = (
            "convert",
            str(Path(source).with_suffix(READY)),
            "--spec",
            "commerce_purchases",
            "--quiet",
            "--json",
        )
        if run_command([*words, "--out", work]):
            sys.exit("it was not right already")
        (made,) = json.loads(said.getvalue())["batches"]
        shutil.move(Path(made["path"]) / made["file"], target)
