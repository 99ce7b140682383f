"""What the fuzzer begins with: the samples, and the nasty files beside this module."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.golden import is_export, options_of, source_of

ROOT = Path(__file__).resolve().parents[2]
NASTY = Path(__file__).with_name("corpus")
FLAGS = {"zone": "--timezone", "reject_unknown": "--unknown=reject", "ignore_unknown": "--ignore-unknown"}


@dataclass(frozen=True)
class Seed:
    """A file, and the words that say what it is to become."""

    path: Path
    words: tuple[str, ...]

    @property
    def data(self) -> bytes:
        """What it holds."""
        return self.path.read_bytes()

    @property
    def is_table(self) -> bool:
        """Whether it is a table, and plain text."""
        return self.path.suffix == ".csv"

    @property
    def is_json(self) -> bool:
        """Whether it holds documents, and is plain text."""
        return self.path.suffix in (".json", ".ndjson")


@cache
def seeds() -> Sequence[Seed]:
    """Every sample, and every nasty file with the words that `words.json` has for it."""
    cases = sorted(path for path in (ROOT / "samples").glob("*/*") if any(path.glob("expected*")))
    cases += sorted(path for path in (ROOT / "samples/exports").glob("*/*") if path.is_dir())
    found = [Seed(source_of(case), _words_of(case)) for case in cases]
    nasty = json.loads((NASTY / "words.json").read_bytes())
    return [*found, *(Seed(NASTY / name, tuple(words)) for name, words in nasty.items())]


def _words_of(case: Path) -> tuple[str, ...]:
    if is_export(case):
        return ("--map", case.parent.name)
    options = options_of(case)
    more = [flag for name, flag in FLAGS.items() if name != "zone" and getattr(options, name)]
    zone = (FLAGS["zone"], options.zone) if options.zone else ()
    return ("--spec", case.parent.name, *zone, *more)


def presets() -> Sequence[Path]:
    """The mappings that come with the package, and the nasty ones."""
    inside = ROOT / "pipeline/lexer_pipeline/mapping/presets"
    return [*sorted(inside.glob("*.toml")), *sorted(NASTY.glob("*.toml"))]
