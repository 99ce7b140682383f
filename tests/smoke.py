"""What an installed wheel must do: `python smoke.py SAMPLES`, with the Python that it is installed for.

It is run in a folder that holds a `pipeline` package of its own, as any repository may; nothing of the source tree is on
the path.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# A table, JSON and an export with a preset: together they ask all kernels.
CASES = {
    "commerce_purchases/good_csv_rows_of_one_record": ("--spec", "purchase"),
    "commerce_purchases/good_json_array_gz": ("--spec", "purchase"),
    "exports/stripe_payments/good_payments": (),
}
COMMAND = str(Path(sysconfig.get_path("scripts"), "lexer-pipeline"))
MODULE = (sys.executable, "-m", "lexer_pipeline")
KERNELS = "from lexer_pipeline.kernels import dispatch, row_writer; print(row_writer.__file__)"


def said(folder: Path, *call: str, code: int = 0) -> str:
    """What a program prints; it ends with `code`, and a good end has nothing to complain about."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        call, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == code, (call, done.returncode, done.stderr)
    assert code or not done.stderr, (call, done.stderr)
    return done.stdout + done.stderr


def convert(folder: Path, command: tuple[str, ...], source: Path, words: tuple[str, ...]) -> list[bytes]:
    """The NDJSON that a command makes of a sample."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        said(folder, *command, "convert", str(source), *words, "--out", out, "--date", "20240306", "--quiet")
        return sorted(path.read_bytes() for path in Path(out).glob("*/*-20240306-a.json"))


def main(samples: Path) -> None:
    """Raise AssertionError where something is not as it must be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        missing = said(folder, sys.executable, "-m", "pipeline", code=1)
        assert "No module named pipeline" in missing, missing
        (folder / "pipeline").mkdir()
        (folder / "pipeline" / "__init__.py").write_text("raise SystemExit('this is the other pipeline')\n")
        version = said(folder, COMMAND, "--version")
        assert version.startswith("lexer-pipeline ") and version == said(folder, *MODULE, "--version")
        file = said(folder, sys.executable, "-c", KERNELS).strip()
        assert Path(sysconfig.get_path("platlib")).resolve() in Path(file).resolve().parents, file
        for case, words in CASES.items():
            files = {path.name: path for path in (samples / case).iterdir()}
            (source,) = (path for name, path in files.items() if not name.startswith("expected"))
            expected = sorted(
                path.read_bytes()
                for name, path in files.items()
                if name.startswith("expected") and name.endswith(".ndjson") and "issues" not in name
            )
            for command in ((COMMAND,), MODULE):
                assert expected and convert(folder, command, source, words) == expected, (case, command)
        print(
            f"{version.strip()} as installed in {Path(file).parents[1]}: {len(CASES)} samples are converted as they should be"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
