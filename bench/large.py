"""Many gigabytes through one machine: seconds for each, memory, and Spark beside it.

    python -m bench.large --gigabytes 1 10                   two sizes, one after the other
    python -m bench.large --gigabytes 2 --engine single spark

The data are made in `.bench/` and removed. What is written goes part by part, as soon as the next part is begun, so that a disk
needs room for the input and two parts alone (Linux: the bytes of a finished part are given back, its length stays).
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.case import environment, last_line, say
from bench.generate import Recipe, generate
from bench.measure import Measurement, measure

GIGABYTE = 1_000_000_000
SPECS = {"customers.csv": "customer_record", "order_lines.csv": "purchase"}
# Rows are of one length on average, so a small file tells the scale of a large one.
PROBE = 0.02
ENGINES = {"single": (), "spark": ("--engine", "spark", "--master", "local[2]")}
WAIT = 0.2


def main(words: Sequence[str] | None = None) -> int:
    """The table, a line for each size and engine."""
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[1, 10])
    parser.add_argument("--file", choices=sorted(SPECS), default="customers.csv")
    parser.add_argument("--engine", choices=sorted(ENGINES), nargs="+", default=["single"])
    parser.add_argument("--part", default="500m", help="bytes of a part")
    parser.add_argument("--cache", type=Path, default=Path(".bench"))
    given = parser.parse_args(words)
    print(
        "| input | engine | GB | rows | s | s/GB | CPU s/GB | peak MB |\n|---|---|---:|---:|---:|---:|---:|---:|"
    )
    given.cache.mkdir(exist_ok=True)
    for gigabytes in given.gigabytes:
        with tempfile.TemporaryDirectory(dir=given.cache) as folder:
            work = Path(folder)
            say(f"generating {gigabytes:g} GB of {given.file}")
            probe = generate(work, Recipe(PROBE), [given.file])[given.file]
            scale = PROBE * gigabytes * GIGABYTE / probe.bytes
            made = generate(work, Recipe(scale), [given.file])[given.file]
            for engine in given.engine:
                found = run(work, work / given.file, engine, given.part)
                size = made.bytes / GIGABYTE
                print(
                    f"| {given.file} | {engine} | {size:.1f} | {made.rows:,} | {found.wall:.0f} | {found.wall / size:.1f} "
                    f"| {found.cpu / size:.1f} | {found.peak_mb:.0f} |",
                    flush=True,
                )
    return 0


def run(work: Path, source: Path, engine: str, part: str) -> Measurement:
    """One conversion, whose outcome is gone afterwards."""
    out, errors = work / "out", work / "errors"
    command = [
        sys.executable, "-m", "lexer_pipeline", "convert", str(source), "--spec", SPECS[source.name], "--out", str(out),
        "--max-bytes", part, "--quiet", "--json", *ENGINES[engine],
    ]  # fmt: skip
    with dropping(out):
        found = measure(command, environment(), work / "output", errors)
    if found.code:
        raise SystemExit(f"exit {found.code}: {last_line(errors)}")
    shutil.rmtree(out)
    return found


@contextmanager
def dropping(out: Path) -> Iterator[None]:
    """While the block runs the bytes of each part that is finished are given back to the disk."""
    done = threading.Event()
    thread = threading.Thread(target=drop, args=(out, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def drop(out: Path, done: threading.Event) -> None:
    """Give back all but the newest part, again and again."""
    dropped: set[Path] = set()
    while not done.wait(WAIT):
        for path in sorted(out.glob(".preparing-*/part-*/records.json"))[:-1]:
            if path not in dropped:
                dropped.add(path)
                size = max(1, path.stat().st_size)
                subprocess.run(["fallocate", "--punch-hole", "--length", str(size), path], check=False)


if __name__ == "__main__":
    raise SystemExit(main())
