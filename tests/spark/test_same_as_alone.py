"""A run on a cluster comes to what it does on one machine, record for record."""

import gzip
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report

from tests.prepare.test_left_out_elsewhere import PARTED, files
from tests.running import ROOT
from tests.spark.compared import NOON, assert_same, on_spark

pytestmark = pytest.mark.spark

EXPORTS = ROOT / "samples" / "exports"
# Several specifications, documents with lists, a workbook, rest records, lists in cells.
PRESETS = [
    "shopify_orders",
    "shopify_orders_api",
    "woocommerce_orders",
    "klaviyo_profiles",
    "hubspot_contacts_api",
]
HEAD = "purchase_id,link.email,action_at,type,products[].price_paid,products.quantity,custom_fields.note\n"


def both(
    session: Any, sources: Sequence[Path], folder: Path, options: Options, spec: str | None = None
) -> Report | None:
    """Run it here and there, and compare; what it came to, None where it was refused."""
    try:
        alone = prepare(sources, spec, folder / "alone", options, NOON)
    except PipelineError as expected:
        with pytest.raises(type(expected)) as found:
            on_spark(session, sources, spec, folder / "spark", options)
        assert (found.value.message, found.value.hint) == (expected.message, expected.hint)
        assert not list((folder / "spark").glob(".preparing-*"))
        return None
    found = on_spark(session, sources, spec, folder / "spark", options)
    assert_same(found, alone)
    return found


def order_lines(folder: Path, seed: int = 7) -> list[Path]:
    """Lines of orders all over some files: side by side, apart, in several files, the same and not, and rows that nobody can read."""
    rnd, found = random.Random(seed), []
    for number in range(5):
        # Whole orders that two files have alike.
        shared = range(5 * (number // 2), 5 * (number // 2) + 5)
        lines = [f"B-{order},teo@example.com,2024-03-06T10:15:00Z,ecommerce,5,1,\n" for order in shared]
        for _ in range(120):
            order = rnd.randrange(150) if rnd.random() < 0.3 else 1000 * (number + 1) + rnd.randrange(60)
            mail = f"mira{order}@example.com" if rnd.random() < 0.95 else "nobody"
            price = "5" if rnd.random() < 0.97 else "five"
            lines.append(f"A-{order},{mail},2024-03-06T10:15:00Z,ecommerce,{price},1,Zoë\n")
            if rnd.random() < 0.2:
                lines.append(",,,,3,1,late\n")
            if rnd.random() < 0.03:
                lines.append(rnd.choice(["\n", 'A-9,"open\n', "A-1,too,few\n"]))
        text = HEAD + "".join(lines)
        data = text.encode(("utf-8", "cp1252", "utf-16", "utf-8", "utf-8")[number])
        path = folder / f"orders-{number}.csv{'.gz' if number == 3 else ''}"
        path.write_bytes(gzip.compress(data, mtime=0) if number == 3 else data)
        found.append(path)
    return found


def test_order_lines_all_over_several_files(session: Any, tmp_path: Path) -> None:
    report = both(session, order_lines(tmp_path), tmp_path, Options(max_invalid=1.0), "purchase")

    assert report is not None
    assert report.invalid > 20
    assert "order_in_two_sources" in {seen.code for one in report.sources for seen in one.suspicions}


def test_documents_with_one_key_in_several_files(session: Any, tmp_path: Path) -> None:
    for name, keys in (("a", "1 2 3"), ("b", "3 4 4"), ("c", "5 2 6")):
        lines = (
            f'{{"purchase_id": "{key}", "link": {{"email": "m{key}@example.com"}}, "action_at": "2024-03-06T10:15:00Z", "type": "ecommerce", '
            f'"products": [{{"price_paid": {key}, "quantity": 1}}], "strange": 1}}\n'
            for key in keys.split()
        )
        (tmp_path / f"{name}.ndjson").write_text("".join(lines))

    report = both(session, sorted(tmp_path.glob("*.ndjson")), tmp_path, Options(), "purchase")

    assert report is not None
    assert report.verdicts[0].codes == ("key_repeated",)


@pytest.mark.parametrize("mapping", ["", PARTED], ids=["one record", "two records"])
def test_an_order_that_one_file_leaves_out(session: Any, tmp_path: Path, mapping: str) -> None:
    tables = (
        ["A-1 P-1 paid", "A-2 P-1 voided", "A-3 P-2 voided till"], ["A-2 P-1 paid", "A-1 P-2 paid", "A-4 P-1 paid till"],
        ["A-5 P-1 -", "A-3 P-1 paid"],
    )  # fmt: skip
    options = files(tmp_path, *tables, **({"mapping": mapping} if mapping else {}))

    both(session, sorted(tmp_path.glob("*.csv")), tmp_path, options)


BORN = {
    "american": ["04/13/1989", "02/03/1990"], "told": ["13/04/1989", "02/03/1990"], "unread": ["13/04/1989", "soon"],
}  # fmt: skip


@pytest.mark.parametrize(
    "more", [{}, {"open": ["01/02/1991", "03/04/1992"]}], ids=["each file tells", "one is ambiguous"]
)
def test_dates_that_each_file_tells_for_itself(
    session: Any, tmp_path: Path, more: dict[str, list[str]]
) -> None:
    (tmp_path / "map.toml").write_text(
        'title = "Till"\n[[records]]\nspecification = "profile_customer"\n[records.fields]\n"link.email" = "Mail"\n'
        'date_of_birth = { column = "Born", convert = ["date"] }\n"custom_fields.spent" = { column = "Spent", convert = ["money"] }\n'
    )
    for name, days in (BORN | more).items():
        rows = (f'{name}{at}@example.com,{day},"1.{at}34,50"\n' for at, day in enumerate(days))
        (tmp_path / f"{name}.csv").write_text("Mail,Born,Spent\n" + "".join(rows))

    report = both(
        session, sorted(tmp_path.glob("*.csv")), tmp_path, Options(mapping=str(tmp_path / "map.toml"))
    )

    assert (report is None) is bool(more)
    assert report is None or report.verdicts[0].state == "held"


@pytest.mark.parametrize("name", PRESETS)
def test_what_a_preset_makes_of_its_exports(session: Any, name: str, tmp_path: Path) -> None:
    found = (one for one in sorted((EXPORTS / name).glob("*/*")) if not one.name.startswith("expected"))
    both(session, list(found), tmp_path, Options(mapping=name, max_invalid=1.0))
