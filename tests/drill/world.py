"""One world from start to end, played again by hand with `python -m tests.drill.world SEED...`."""

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.drill.company import company
from tests.drill.keyboard import Nursery
from tests.drill.month import Month
from tests.drill.player import Player
from tests.drill.services import Services
from tests.drill.verdict import Deliveries, judge, table, uploads_of, with_run

DELIVERIES = 40


class Worlds:
    """The services and the nursery that several worlds have in common, one after another."""

    def __init__(self, root: Path, tls: bool = False) -> None:
        self._stack = ExitStack()
        self.root = root
        self._services = self._stack.enter_context(Services(root / "services", tls))
        self._nursery = Nursery(root / "nursery")
        self._stack.callback(self._nursery.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def play(self, seed: int, naive: bool = False, deliveries: int = DELIVERIES) -> Deliveries:
        """The verdict on the world of a seed."""
        script = Month(seed).draw(deliveries)
        script.end()
        wanted = script.oracle.expectation(script.company.trouble in ("calm", "kills"), orders(script))
        more = script.once_more()
        folder = self.root / f"{'naive' if naive else 'ours'}-{seed}"
        played = Player(script, self._services, self._nursery, folder, naive).play(more)
        uploads = [
            one
            for number, (log, known) in enumerate(zip(played.logs, played.uploads, strict=True))
            for one in uploads_of(number, log, known)
        ]
        md5s = {sha: md5 for one in script.oracle.all for sha, md5 in zip(one.sha256s, one.md5s, strict=True)}
        figures = judge(uploads, wanted, {md5s.get(one, one) for one in played.by_hand}, played.told)
        faults = sum(event["kind"] == "fault" for log in played.logs for event in log)
        found = with_run(figures, played.commands, played.kills, faults, played.doubts, played.strange)
        if not found.broken or naive:
            shutil.rmtree(folder, ignore_errors=True)
        return found


def orders(script: Month) -> tuple[int, ...]:
    """The services at which the order is looked at."""
    return (0, 1) if script.company.both_services else (0,)


def main(seeds: list[int], naive: bool) -> None:
    """Play and say all."""
    with Worlds(Path(tempfile.mkdtemp(prefix="drill-"))) as worlds:
        sys.stdout.write(f"{worlds.root}\n")
        total = Deliveries()
        for seed in seeds:
            found = worlds.play(seed, naive)
            sys.stdout.write(f"{seed} {company(seed)}\n" if found.broken else "")
            sys.stdout.write("".join(f"    {line}\n" for line in found.why))
            sys.stdout.flush()
            total += found
        sys.stdout.write(table({"all": total}) + "\n")


if __name__ == "__main__":
    ranges = [one.split(":") for one in sys.argv[1:] if one != "naive"]
    main([seed for one in ranges for seed in range(int(one[0]), int(one[-1]) + 1)], "naive" in sys.argv)
