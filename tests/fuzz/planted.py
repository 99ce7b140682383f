"""`python -m tests.fuzz.planted BUG FOLDER`: cases of a pipeline in which something is wrong, to see that it is found."""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from lexer_pipeline.kernels import dispatch
from lexer_pipeline.outbox import ledger_file
from lexer_pipeline.uploading import putting, transfer

from tests.fuzz import runner
from tests.fuzz.answers import ANSWERS
from tests.fuzz.files import FILES
from tests.fuzz.settings import SETTINGS

MOST = 150  # cases, of which one in ten or so finds it
encode = dispatch.encode


def flipped(*words: Any) -> Any:
    """A kernel that writes one byte wrong."""
    data, ends = encode(*words)
    return data.replace(b"a", b"b", 1), ends


BUGS: Mapping[str, tuple[runner.Kind, Callable[[], AbstractContextManager[Any]]]] = {
    "flipped byte": (FILES, lambda: patch.object(dispatch, "encode", flipped)),
    "ledger without words": (SETTINGS, lambda: patch.object(ledger_file, "worded", nullcontext)),
    "forgotten try": (ANSWERS, lambda: patch.object(putting, "may_have_landed", lambda _: False)),
    "secret repeated": (
        ANSWERS,
        lambda: patch.object(transfer, "words_of", lambda said, _: said.decode("latin-1")),
    ),
    "nothing": (FILES, nullcontext),
}


def main(bug: str, folder: Path) -> int:
    """Play cases until one fails; whether one did."""
    kind, plant = BUGS[bug]
    runner.FAILURES = folder
    kind.ready()
    with plant():
        return int(any(runner.fuzz(kind, seed, 0) for seed in range(1, MOST if bug != "nothing" else 3)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
