"""How a world is set up: what goes wrong in it, its folders, its ledger and its datasets."""

import random
from dataclasses import dataclass

from tests.drill.exports import SPECS

FOLDERS = ("one", "two")
SHOPS = ("melbourne", "sydney")
TROUBLES = ("calm", "faults", "kills", "both")


@dataclass(frozen=True)
class Company:
    """How a world is set up."""

    trouble: str
    expiry: bool
    labels: bool
    folders: int
    ledger: str  # "variable", "settings"; empty where it lies in the out folder
    datasets: tuple[dict[str, str], dict[str, str]]  # before and after the change, by kind
    told: str  # "variable", "settings", "flag"
    both_services: bool
    whole: bool


def company(seed: int) -> Company:
    """The set-up of a seed."""
    rng = random.Random(f"company {seed}")
    trouble = rng.choices(TROUBLES, (30, 25, 20, 25))[0]
    first = {kind: f"{kind}-one" for kind in SPECS}
    second = {kind: f"{kind}-two" for kind in SPECS}
    datasets = rng.choice(
        [({}, {}), (first, first), (first, first), (first, second), (first, second), ({}, first)]
    )
    folders = rng.choice((1, 2, 2))
    return Company(
        trouble, trouble in ("faults", "both") and rng.random() < 0.5, rng.random() < 0.5, folders,
        rng.choice(("variable", "settings")) if folders > 1 else "",
        datasets, rng.choice(("variable", "settings", "flag")),
        folders == 1 and datasets[0] == datasets[1] and rng.random() < 0.6,
        trouble == "calm" and seed % 50 == 7,
    )  # fmt: skip
