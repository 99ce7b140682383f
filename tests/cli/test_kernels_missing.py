"""Without its compiled parts the program says what to install; what is prepared already can be sent all the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import environment

# As if the file was not there, or does not load.
WITHOUT = """
import sys
sys.modules["lexer_pipeline.kernels.row_writer"] = None
from lexer_pipeline.cli.main import main
sys.exit(main())
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["convert", "validate", "inspect"])
def test_a_command_that_reads_says_what_to_install_and_makes_nothing(command: str, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text("link.email\nmira@example.com\n")
    done = run(tmp_path, command, "customers.csv")

    assert done.returncode == 2
    assert "the compiled parts of lexer-pipeline are missing" in done.stderr
    assert "Install a wheel" in done.stderr
    assert not (tmp_path / "batches").exists()


def test_doctor_says_so_and_goes_on(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")

    assert "wrong         kernels:" in done.stdout
    assert "libraries:" in done.stdout


def test_what_is_prepared_needs_no_kernel(tmp_path: Path) -> None:
    assert run(tmp_path, "status").returncode == 0
    assert run(tmp_path, "--version").returncode == 0
