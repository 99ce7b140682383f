"""What a person does before a command that is cut off, and that command; each scene lies in a folder of its own."""

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook

from tests.drill.exports import Export
from tests.running import ROOT

DAY = "20261102"
FIRST = f"batches/commerce_products-{DAY}-a"
CONVERT = ("convert", "in.csv", "--spec", "commerce_products", "--date", DAY)
MOST = ("--max-invalid", "50%")
ORDERS = ROOT / "samples" / "commerce_purchases" / "good_csv_key_comes_back" / "input.csv"
SHOPIFY = ROOT / "samples" / "exports" / "shopify_orders" / "good_orders"

Step = tuple[str, ...] | Callable[[Path], object]


@dataclass(frozen=True)
class Scene:
    """The files, what is done before, and the command that is cut off."""

    name: str
    command: tuple[str, ...]
    before: Sequence[Step] = ()
    bad: int = 1

    def write(self, root: Path) -> None:
        """All sources."""
        export = Export("products", 7, 5, self.bad)
        (root / "in.csv").write_text(export.text())
        (root / "corrected.csv").write_text(Export("products", 8, 5, self.bad).text())
        (root / "worse.csv").write_text(export.text() + "P-x,Jug,dear\n")
        rows = list(csv.DictReader(io.StringIO(export.text())))
        with gzip.open(root / "in.json.gz", "wt") as file:
            json.dump([{**row, "price": index} for index, row in enumerate(rows, 1)], file)
        sheet = Workbook()
        for row in csv.reader(io.StringIO(export.text())):
            sheet.active.append(row)
        sheet.save(root / "in.xlsx")
        with gzip.open(root / "orders.csv.gz", "wb") as packed:
            packed.write(ORDERS.read_bytes())
        (source,) = SHOPIFY.glob("*.csv")
        shutil.copy(source, root / "shopify.csv")


def mend(root: Path) -> None:
    """The one bad row gets a price."""
    rejects = root / FIRST / "rejects.csv"
    rejects.write_text(rejects.read_text().replace("dear", "9.5"))


def lose(root: Path) -> None:
    """The NDJSON of the batch goes."""
    (root / FIRST / f"commerce_products-{DAY}-a.json").unlink()


SCENES = (
    Scene("a batch with rejects", (*CONVERT, *MOST)),
    Scene("three parts", (*CONVERT, *MOST, "--max-bytes", "120")),
    Scene("a correction", ("convert", "corrected.csv", *CONVERT[2:4], *MOST, "--replaces", FIRST), [(*CONVERT, *MOST)]),
    Scene("a held batch", CONVERT, bad=2),
    Scene("a held batch released", (*CONVERT, *MOST), [CONVERT], bad=2),
    Scene("nothing valid", CONVERT, bad=5),
    Scene("further rejects beside it", ("convert", "worse.csv", *CONVERT[2:], *MOST), [(*CONVERT, *MOST)]),
    Scene("a fix of rejects", ("convert", "--fix", FIRST), [(*CONVERT, *MOST), mend]),
    Scene("a lost file made anew", (*CONVERT, *MOST), [(*CONVERT, *MOST), lose]),
    Scene("packed documents", ("convert", "in.json.gz", *CONVERT[2:])),
    Scene("a workbook", ("convert", "in.xlsx", *CONVERT[2:], *MOST)),
    Scene("rows of one key from a copy", ("convert", "orders.csv.gz", "--spec", "commerce_purchases", "--date", DAY)),
    Scene("two specifications", ("convert", "shopify.csv", "--date", DAY)),
    Scene("a batch dropped", ("drop", FIRST), [(*CONVERT, *MOST)]),
)  # fmt: skip
