"""What a person sees at a terminal fits it, and what takes long shows how far it is."""

import re
import sys
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate

from tests.running import ROOT, environment

pytest.importorskip("termios")
from tests.terminal import Terminal  # noqa: E402  # where there is no terminal of this kind it cannot be imported

EXPORT = ROOT / "samples/exports/shopify_orders/dirty_orders/orders_export.csv"


@pytest.mark.parametrize("columns", [80, 40])
def test_tables_and_prose_fit_the_terminal_and_commands_stay_whole(columns: int, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(EXPORT.read_bytes())
    env = {**environment(), "TERM": "xterm-256color", "NO_COLOR": "1"}
    terminal = Terminal(
        [sys.executable, "-m", "lexer_pipeline", "validate", "orders.csv"], tmp_path, env, columns
    )
    try:
        shown = terminal.ended().replace(
            "\r", "\n"
        )  # a bar is written over and over where the machine is slow
    finally:
        terminal.close()

    assert not re.search(r"\x1b\[[0-9;]*3[0-8]m", shown)  # bold is no colour
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).splitlines()
    long = [line for line in lines if len(line) > columns]
    assert [line for line in long if not line.strip().startswith(("lexer-pipeline ", "adjustments"))] == []
    words = " ".join(" ".join(lines).split())
    assert "Created at is not a date in the form yyyy-mm-dd, with a time behind it or without" in words
    assert any(line.strip().endswith("lexer-pipeline convert orders.csv") for line in lines)


def test_each_pass_over_a_source_whose_rows_are_put_side_by_side_says_how_far_it_is(tmp_path: Path) -> None:
    order = "A-{0},p{0}@example.com,2024-03-06T10:15:00Z,ecommerce,9.50,1\n"
    rows = [order.format(number % 20_000) for number in range(40_000)]
    path = tmp_path / "orders.csv"
    path.write_text(
        "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity\n" + "".join(rows)
    )
    steps: list[tuple[int, int]] = []
    report = validate([path], "purchase", Options(progress=lambda done, at: steps.append((done, at))))

    passes: list[list[int]] = [[]]
    for _, at in steps:
        if passes[-1] and at < passes[-1][-1]:
            passes.append([])
        passes[-1].append(at)
    size = path.stat().st_size
    assert report.valid == 20_000
    assert len(passes) == 3  # keys are looked at, rows parted, and each part put in order
    assert all(one[-1] > 0.7 * size for one in passes[:2])
    assert all(0 <= at <= size for one in passes for at in one)
    assert steps[-1][0] == 40_000
