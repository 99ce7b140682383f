"""The command in a process of its own, as tests of all rooms start it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NO_KEY_RING = "keyring.backends.null.Keyring"  # holds nothing, whatever that of the machine does


def environment(**more: str) -> dict[str, str]:
    """No settings but where the package lies; a warning is an error."""
    return {
        "PYTHONPATH": str(ROOT / "pipeline"), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "error", "NO_COLOR": "1",
        "PYTHON_KEYRING_BACKEND": NO_KEY_RING, **more,
    }  # fmt: skip


def command(*words: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """`python -m lexer_pipeline WORDS...`."""
    return subprocess.run(
        [sys.executable, "-m", "lexer_pipeline", *map(str, words)],
        cwd=cwd, input=stdin, capture_output=True, timeout=300, env=environment(), check=False,
    )  # fmt: skip
