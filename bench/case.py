"""One part at one size: its data, and what came of running it."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import bench
from bench.compare import Comparison
from bench.contenders import Part
from bench.made import Made, facts
from bench.measure import Measurement, measure, usable_cores

GENERATE = (
    "{python}", "-m", "bench.generate", "{folder}", "--only", "{file}",
    "--scale", "{scale}", "--seed", "{seed}", "--invalid", "{invalid}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One part at one size, with one share of invalid records, on so many cores (0: all).

    `number` counts the cases of a part from 0.
    """

    part: Part
    number: int
    scale: float
    invalid: float
    source: Path
    made: Made
    cores: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the contenders of a case did: runs, comparisons, failures by name; ours is called `ours`."""

    runs: dict[str, list[Measurement]] = field(default_factory=dict)
    outputs: dict[str, Comparison] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


def cases(part: Part, cache: Path, scale: float, seed: int) -> Iterator[Case]:
    """The cases of a part, their data generated unless it lies there already."""
    sizes = [size if part.fixed else size * scale for size in part.sizes]
    for number, (size, invalid, cores) in enumerate(product(sizes, part.invalid, part.cores)):
        if cores > len(usable_cores()):
            say(f"left out, cannot be had: {part.name} on {cores} cores")
            continue
        folder = cache / f"scale-{size:g}-seed-{seed}-invalid-{invalid:g}"
        if not (folder / f"{part.file}.facts").exists():
            say(f"generating {part.file} at scale {size:g}, {invalid:.0%} invalid")
            words = {"folder": folder, "file": part.file, "scale": size, "seed": seed, "invalid": invalid}
            run_generator(fill(GENERATE, **words), cache)
        yield Case(part, number, size, invalid, folder / part.file, facts(folder, part.file), cores)


def run_generator(command: Sequence[str], cache: Path) -> None:
    """Make the data or stop."""
    errors = cache / "generate.err"
    if measure(command, environment(), cache / "generate.out", errors).code:
        raise SystemExit(f"the data could not be generated: {last_line(errors)}")


def fill(template: Sequence[str], **values: object) -> list[str]:
    """The words of a command."""
    return [word.format(python=sys.executable, **values) for word in template]


def environment() -> dict[str, str]:
    """The environment of every contender: ours, with this project importable."""
    return {**os.environ, "PYTHONPATH": str(Path(bench.__file__).resolve().parents[1])}


def last_line(errors: Path) -> str:
    """The last thing that a process said before it failed."""
    lines = errors.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def say(words: str) -> None:
    """Tell the person at the terminal."""
    print(words, file=sys.stderr, flush=True)
