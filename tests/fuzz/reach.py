"""Which lines of the kernels were reached: gcov counts lines of C, and the comments in them name the lines they were made of."""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PLACE = re.compile(r'/\* "lexer_pipeline/kernels/([a-z_]+\.p[yx][xd])":(\d+)$')
ANOTHER = re.compile(r'/\* "[^"]+":\d+$')
END = "/* function exit code */"


@dataclass(frozen=True)
class Reach:
    """How many lines can be reached and were, and by file those that were not."""

    lines: int
    reached: int
    missed: Mapping[str, Sequence[int]]

    @property
    def share(self) -> float:
        """The share of the lines that was reached."""
        return self.reached / self.lines if self.lines else 0.0


def reached(build: Path, sources: Path) -> Reach:
    """The lines reached by the process that ended last, over all kernels; a line shared by several counts once."""
    seen: dict[tuple[str, int], bool] = defaultdict(bool)
    for made in sorted(build.glob("*.c")):
        counts = counts_of(made)
        for at, place in places_of(made.read_text("utf-8")):
            if at in counts:
                seen[place] |= counts[at] > 0
    missed: dict[str, list[int]] = defaultdict(list)
    for (name, line), is_reached in sorted(seen.items()):
        if not is_reached and (sources / name).exists():
            missed[name].append(line)
    return Reach(len(seen), sum(seen.values()), dict(missed))


def counts_of(made: Path) -> dict[int, int]:
    """How often each line of a C file was run; nothing where it never was loaded."""
    (notes,) = made.parent.glob(f"*{made.stem}.gcno")
    words = ["gcov", "--json-format", "--stdout", notes.name]
    said = subprocess.run(words, cwd=made.parent, capture_output=True, check=True).stdout
    counts: dict[int, int] = {}
    for file in json.loads(said)["files"]:
        if Path(file["file"]).name == made.name:
            for line in file["lines"]:
                counts[line["line_number"]] = counts.get(line["line_number"], 0) + line["count"]
    return counts


def places_of(text: str) -> Iterator[tuple[int, tuple[str, int]]]:
    """Each line of C, from 1, that was made of a line of a kernel, with that line."""
    place: tuple[str, int] | None = None
    for at, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if found := PLACE.match(stripped):
            place = found[1], int(found[2])
        elif ANOTHER.match(stripped) or stripped == END:
            place = None
        elif place is not None:
            yield at, place
