"""What is typed in a world: a step, and how a company types an export, with what must come of it by the oracle."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.drill.company import FOLDERS, SHOPS, company
from tests.drill.exports import SPECS, TYPES, Export
from tests.drill.oracle import A, Delivery, Oracle


@dataclass(frozen=True)
class Step:
    """One command; `{3.0}` in it is the folder of the first part of delivery 3.

    `gives` is the delivery whose folders its answer names, `quiet` says that no service may hear of it, `spoils` the delivery
    whose file is edited before (and whether its size changes), `also` what is typed at the same time, `safe` that it is
    neither killed nor disturbed, `corrects` that what it corrects may have to be ended first,
    `nights` that the two at once are two nights of one shop.
    """

    words: tuple[str, ...]
    codes: frozenset[int] = frozenset({0})
    file: tuple[str, str] | None = None
    gives: int | None = None
    service: int = A
    datasets: str = ""
    quiet: bool = False
    spoils: tuple[int, bool] | None = None
    also: "Step | None" = None
    safe: bool = False
    corrects: bool = False
    nights: bool = False
    peace: bool = False


@dataclass
class Script:
    """The steps of a world while they are drawn, and the oracle that goes with them; month.py draws."""

    seed: int
    steps: list[Step] = field(default_factory=list)
    oracle: Oracle = field(default_factory=Oracle)

    def __post_init__(self) -> None:
        self.company = company(self.seed)
        self.rng = random.Random(f"script {self.seed}")
        self.datasets = self.company.datasets[0]
        self.exports: dict[int, tuple[Export, int, str]] = {}
        self.serial = 10_000_000 + self.seed * 1000  # all of one width, so that corrections part alike
        self.has_copy: set[int] = set()

    def words_of(self, how: str, export: Export, stem: str, folder: int, **more: object) -> Step:
        """`run` or `convert` of an export; in a company of labels the shop is one, else it stands in the file's name."""
        file = f"{stem}_{self.rng.randrange(10_000):04}.csv"
        if self.company.labels:
            file = f"{export.kind}_{self.rng.randrange(10_000):04}.csv"
        label = ("--label", stem.partition("_")[0]) if self.company.labels else ()
        day = 20261101 + len(self.oracle.all) // 4
        words = (
            how, f"src/{stem}/{file}", "--spec", SPECS[export.kind], "--out", FOLDERS[folder],
            "--date", str(day), *label,
        )  # fmt: skip
        return self.to(Step(words, file=(f"src/{stem}/{file}", export.text())), self.datasets, **more)

    def to(self, step: Step, datasets: dict[str, str], **more: object) -> Step:
        """The step with the datasets as this company tells them."""
        text = ",".join(f"{TYPES[kind]}={name}" for kind, name in datasets.items())
        if (
            self.company.told != "flag"
            or not text
            or step.words[:1] not in (("run",), ("convert",), ("upload",))
        ):
            return replace(step, datasets=text, **more)  # type: ignore[arg-type]
        return replace(step, words=(*step.words, "--dataset", text), **more)  # type: ignore[arg-type]

    def add(self, step: Step) -> None:
        self.steps.append(step)

    def folder(self) -> int:
        return self.rng.randrange(self.company.folders)

    def stem(self, kind: str) -> str:
        return f"{self.rng.choice(SHOPS)}_{kind}"

    def export(self, rows: int = 0, bad: int = 0, kind: str = "") -> Export:
        self.serial += 1
        return Export(kind or self.rng.choice(tuple(SPECS)), self.serial, rows or self.rng.randint(1, 4), bad)

    def deliver(
        self, export: Export, stem: str, folder: int, how: str, most: int = 0, state: str = "waiting", flags: tuple[str, ...] = ()
    ) -> Delivery:  # fmt: skip
        """One export by `run` or `convert`, whatever it comes to."""
        content = tuple(export.parts(most)) if most else tuple(export.parts())
        if state == "rejected":
            content = (f"rejected {export.serial}".encode(),)
        one = self.oracle.offer(stem, export, self.datasets.get(export.kind, ""), content, folder, state)
        fresh = one.number not in self.exports
        self.exports.setdefault(one.number, (export, most, stem))
        step = self.words_of(how, export, stem, folder)
        words = (*step.words, *(("--max-bytes", str(most)) if most else ()), *flags)
        codes = {1} if one.state in ("held", "rejected") else {0}
        is_over = one.corrected or one.state == "superseded"
        if how == "run":
            codes = {0} if is_over else self.oracle.run(one)
        quiet = how == "convert" or one.state in ("held", "rejected") or is_over
        gives = one.number if fresh or not is_over else None
        self.add(replace(step, words=words, codes=frozenset(codes), gives=gives, quiet=quiet))
        return one

    def how(self) -> str:
        return "run" if self.rng.random() < 0.7 else "convert"

    def pick(self, wanted: Callable[[Delivery], bool]) -> Delivery | None:
        found = [one for one in self.oracle.all if wanted(one) and one.number in self.exports]
        return self.rng.choice(found) if found else None

    def here(self, one: Delivery) -> bool:
        """Whether what is typed today goes to the dataset of this delivery."""
        return one.dataset == self.datasets.get(one.kind, "")

    def newest(self, one: Delivery) -> bool:
        return not self.oracle.newer(one) and not one.at_once

    # ---------------------------------------------------------------------------------------------- what happens
