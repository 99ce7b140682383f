"""The benchmark: generate, run everyone turn by turn in cold processes, compare, report."""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from bench import report
from bench.case import Case, Outcome, cases, environment, fill, last_line, say
from bench.compare import Comparison, compare
from bench.contenders import KEYS, LIBRARIES, PARTS, PEERS, Part, Peer
from bench.made import SEED
from bench.measure import measure

ROUNDS = 5
OURS = (
    "{python}", "-m", "lexer_pipeline", "convert", "{source}", "--out", "{out}",
    "--date", "20240306", "--max-invalid", "100%", "--quiet", "--json",
)  # fmt: skip
OUTPUT = "output.ndjson"
THEIRS = ("{python}", "-m", "bench.peers", "{name}", "{source}", f"{{out}}/{OUTPUT}")
# 1 is what `convert` says when a batch was held back or has no record left, as with 100 % invalid.
OUR_CODES = (0, 1)


def run_case(case: Case, peers: Sequence[Peer], rounds: int, work: Path) -> Outcome:
    """Every contender, turn by turn, `rounds` times; outputs are compared in the first round, then dropped.

    But for ours while it is compared, an output is dropped before the next contender runs: on a virtual machine memory that was
    in use a moment ago costs less than fresh memory, and nobody is to have that advantage over the others.
    """
    outcome = Outcome()
    warm(case.source)
    ours = work / "ours"
    for turn in range(rounds):
        run_one("ours", our_command(case, ours), ours, outcome, case.cores)
        kept = not turn and any(peer.exact for peer in peers)
        if not kept:
            shutil.rmtree(ours)
        for peer in peers:
            if peer.name in outcome.failures or (peer.once and turn):
                continue
            theirs = work / peer.name
            command = fill(THEIRS, name=peer.name, source=case.source, out=theirs)
            run_one(peer.name, command, theirs, outcome, case.cores)
            if peer.exact and not turn and not {"ours", peer.name} & outcome.failures.keys():
                outcome.outputs[peer.name] = compared(case, our_outputs(ours), theirs, peer.blind)
            shutil.rmtree(theirs)
        if kept:
            shutil.rmtree(ours)
    return outcome


def our_command(case: Case, out: Path) -> list[str]:
    """What a user would type for this case."""
    part = case.part
    spec = ("--spec", part.spec) if part.spec else ()
    mapping = ("--map", part.mapping) if part.mapping else ()
    return [*fill(OURS, source=case.source, out=out), *spec, *mapping, *part.flags]


def run_one(name: str, command: Sequence[str], folder: Path, outcome: Outcome, cores: int) -> None:
    """One run of one contender into an empty folder."""
    folder.mkdir()
    errors = folder.with_name("stderr")
    took = measure(command, environment(), folder.with_name(f"{folder.name}.stdout"), errors, cores)
    say(f"  {name}: {took.wall:.2f} s, {took.cpu:.2f} s of CPU, {took.peak_mb:.0f} MB")
    if took.code not in (OUR_CODES if name == "ours" else (0,)):
        outcome.failures[name] = f"exit {took.code}: {last_line(errors)}"
        return
    outcome.runs.setdefault(name, []).append(took)


def our_outputs(folder: Path) -> dict[str, Path]:
    """By specification the NDJSON that `convert` says it wrote."""
    told = json.loads(folder.with_name(f"{folder.name}.stdout").read_text())["batches"]
    return {one["specification"]: Path(one["path"]) / one["file"] for one in told if one["records"]}


def compared(case: Case, ours: dict[str, Path], folder: Path, blind: bool) -> Comparison:
    """Our outputs beside exact ones, each of which is named after its specification where there are several."""
    theirs = {case.part.spec or path.stem: path for path in folder.glob("*.ndjson")}
    if not ours or ours.keys() != theirs.keys():
        return Comparison(0, 0, f"ours wrote {', '.join(sorted(ours)) or 'no record'}")
    found = [compare(ours[name], theirs[name], KEYS[name], case.made.invalid, blind) for name in sorted(ours)]
    difference = next((one.difference for one in found if one.difference), "")
    return Comparison(sum(one.records for one in found), sum(one.left_out for one in found), difference)


def warm(source: Path) -> None:
    """Read the input once, so that the first contender does not pay for the disk."""
    with source.open("rb", buffering=0) as file:
        while file.read(1 << 22):
            pass


def installed(peer: Peer) -> bool:
    """Whether the peer's library is here."""
    return find_spec(LIBRARIES[peer.module]) is not None


def wanted(only: Sequence[str], shapes: bool = False) -> list[Part]:
    """The parts that were asked for by name; else those of tables of other shapes, or the usual ones."""
    if only:
        return [part for part in PARTS if part.name in only or "all" in only]
    return [part for part in PARTS if not part.optional and part.shape == shapes]


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [*(part.name for part in PARTS), "all"]
    parser.add_argument("--scale", type=float, default=1.0, help="1 is a million customers")
    parser.add_argument("--only", nargs="+", default=[], choices=names, metavar="PART", help=", ".join(names))
    parser.add_argument(
        "--shapes", action="store_true", help="tables of other shapes in place of the usual parts"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cache", type=Path, default=Path(".bench"), help="where generated data is kept")
    parser.add_argument("--drop", action="store_true", help="drop the generated data afterwards")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """`python -m bench`: 0, or 1 where a contender failed or an exact output differs from ours."""
    given = arguments(words)
    missing = sorted({LIBRARIES[peer.module] for peer in PEERS if not installed(peer)})
    if missing:
        say(f"left out, not installed: {', '.join(missing)}")
    tables = []
    given.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.cache, prefix="work-") as work:
        for part in wanted(given.only, given.shapes):
            for case in cases(part, given.cache, given.scale, given.seed):
                say(f"{part.name}: {case.made.rows} rows, {case.invalid:.0%} invalid")
                peers = [peer for peer in PEERS if peer.part == part.name and installed(peer)]
                outcome = run_case(case, peers, given.rounds, Path(work))
                tables.append(report.table(case, peers, outcome))
    if given.drop:
        shutil.rmtree(given.cache)
    whole = report.whole(tables, datetime.now(UTC), given.rounds)
    print(json.dumps(whole, indent=2) if given.json else report.text(whole))
    return int(not whole["sound"])
