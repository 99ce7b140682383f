"""Commands typed in this process, and what every one of them must keep to."""

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from lexer_pipeline.cli import main as door

from tests.fuzz.runner import Complaint

DOCUMENTED = (0, 1, 2, 3, 4, 5)
KERNELS_MISSING = "the compiled kernels are missing"


@dataclass(frozen=True)
class Said:
    """How a command ended, and its words."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said."""
        return self.out + self.err


def typed(words: Sequence[str], folder: Path, environ: Mapping[str, str] = {}) -> Said:  # noqa: B006 - only read
    """The command, run in `folder`; its exit code is a documented one and no defect, and it says no traceback."""
    for name in [name for name in os.environ if name.startswith("LEXER_")]:
        del os.environ[name]
    os.environ.update({"NO_COLOR": "1", **environ})
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            code = door.run_command([*words, "--debug"])
        except SystemExit as end:
            raise Complaint(f"{' '.join(words)}: it left by {end!r}") from None
    said = Said(tuple(words), code, out.getvalue(), err.getvalue())
    if said.code not in DOCUMENTED:
        raise Complaint(f"{' '.join(words)}: exit {said.code}\n{said.all[-2500:]}")
    if "Traceback" in said.all or "memory ran out" in said.all:
        raise Complaint(f"{' '.join(words)}: {said.all[-2500:]}")
    return said
