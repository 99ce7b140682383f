"""The command in a process of its own, as tests of all rooms start it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_KEY_RING = "keyring.backends.null.Keyring"  # holds nothing, whatever that of the machine does


def environment(**more: str) -> dict[str, str]:
    """No settings but where the package lies; a warning is an error."""
    return {
        "PYTHONPATH": str(ROOT / "pipeline"), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error", "NO_COLOR": "1",
        "PYTHON_KEYRING_BACKEND": NO_KEY_RING, **more,
    }  # fmt: skip


def command(
    *words: str | Path, cwd: Path, stdin: bytes = b"", environ: Mapping[str, str] = NOTHING
) -> subprocess.CompletedProcess[bytes]:
    """`python -m lexer_pipeline WORDS...`, with more variables than usual if there are any."""
    return subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *map(str, words)],
        cwd=cwd, input=stdin, capture_output=True, timeout=300, env=environment(**environ), check=False,
    )  # fmt: skip
