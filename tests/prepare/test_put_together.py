"""What is counted of some rows of a source, wherever it is cut, comes together to what one pass over all of them counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lexer_pipeline.chunks.places import Places
from lexer_pipeline.chunks.repeats import NOTED, Repeated, Repeats, repeated_in
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.conversions import NeedsColumn, compile_conversion
from lexer_pipeline.outbox.joined_parts import joined
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.outbox.recovery import DATA
from lexer_pipeline.outbox.trace_file import TraceFile
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.delivery import Delivery
from lexer_pipeline.preparing.filling import pass_through, report_of
from lexer_pipeline.preparing.mapped_route import MappedRoute
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened, planned
from lexer_pipeline.preparing.report import SourceReport, Tally
from lexer_pipeline.preparing.stages import Stages, stages_of
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.timings import Timings
from msgspec.structs import replace

from tests.thoroughness import with_examples

DATES = st.sampled_from(
    ["01/02/2024", "13/02/2024", "02/13/2024", "2024-03-06", "5 May 2024", "soon", "1/1/24"]
)
AMOUNTS = st.sampled_from(["1.234,50", "1,234.50", "1.234", "1,234", "12", "$5", "five"])
CASES = with_examples(10, drill=100)


def readings(name: str, argument: Any, groups: Sequence[Sequence[str]]) -> Any:
    """How a column is read of which each group of texts was shown to another conversion."""
    found: NeedsColumn | None = None
    for texts in groups:
        one = compile_conversion(name, argument)
        assert isinstance(one, NeedsColumn)
        one.look(texts)
        if found is None:
            found = one
        else:
            found.join(one)
    assert found is not None
    try:
        return found.readings()
    except UsageError as problem:
        return problem.message


@CASES
@given(st.lists(st.lists(DATES, max_size=4), min_size=1, max_size=4))
def test_dates_are_read_by_what_all_rows_tell(groups: list[list[str]]) -> None:
    assert readings("date", None, groups) == readings("date", None, [sum(groups, [])])


@CASES
@given(
    st.sampled_from([None, {"usual": "."}]), st.lists(st.lists(AMOUNTS, max_size=4), min_size=1, max_size=4)
)
def test_amounts_are_read_by_what_all_rows_tell(argument: Any, groups: list[list[str]]) -> None:
    assert readings("money", argument, groups) == readings("money", argument, [sum(groups, [])])


@CASES
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(1, 50), st.integers(0, 2), st.integers(0, 2)), max_size=30
    ),
    st.integers(1, 4),
)
def test_what_is_there_twice_is_found_wherever_hashes_are_counted(
    noted: list[tuple[int, int, int, int]], parts: int
) -> None:
    with Scratch() as scratch:
        repeats = Repeats(scratch)
        for key, line, source, what in noted:
            repeats.add(source, np.array([key], np.uint64), np.array([line], np.int64), what, source)
        all_noted = np.concatenate([np.zeros(0, NOTED), *repeats.noted()])
        expected = repeats.found()
    found = Repeated()
    for part in range(parts):
        found.join(repeated_in(all_noted[all_noted["hash"] % parts == part]))

    assert (found.counts, found.lines, found.shared.tolist()) == (
        expected.counts, expected.lines, expected.shared.tolist(),
    )  # fmt: skip


ORDERS = (
    "purchase_id",
    "link.email",
    "action_at",
    "type",
    "products[].price_paid",
    "products.quantity",
    "products[].product_reference.id",
)
TILL = """title = "Till"
[[records]]
specification = "commerce_purchases"
key = "No"
[records.fields]
purchase_id = "No"
"link.email" = "Mail"
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "physical" }
"products[].product_reference.id" = "Sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Pieces"
"products[].price_paid" = { column = "Price", convert = [{ money = "." }] }
"custom_fields.total" = "Total"
"""


def orders(numbers: Sequence[int]) -> list[tuple[str, ...]]:
    """Lines of orders, of which several say what is suspicious, or wrong."""
    return [
        (
            f"A-{number}", "nobody" if number % 5 == 4 else f"m{number}@example.com", f"{'€' if number % 7 == 3 else '$'}{number % 3 + 1}0",
            str(at % 2 + 1), f"P-{at % 2}", str((number % 3 + 1) * 10 * (at % 2 + 1)),
        )
        for number in numbers for at in range(2 + number % 2)
    ]  # fmt: skip


def passed(
    plan: Plan, folder: Path, rows: Sequence[int], table: pa.Table, scratch: Scratch
) -> tuple[Stages[Any], Tally, Part]:
    """Some rows of a table through the stages, on the lines that they have in it."""
    with opened(replace(plan, source=table.take(list(rows))), scratch) as loaded:
        places = Places(np.arange(len(rows)) + 2, np.array(rows, np.int64) + 2, np.array(rows, np.int64) + 1)
        stages = stages_of(replace(loaded, places=places), plan, Options())
        work = Workspace(folder, Timings())
        delivery = Delivery(work, 1 << 30)
        tally = pass_through(delivery, 0, stages, Options(), stages.route.watches, None)
        work.parts[0].seal()
        work.hashing.close()
    return stages, tally, work.parts[0]


@CASES
@given(numbers=st.lists(st.integers(0, 12), min_size=1, max_size=12, unique=True), deal=st.integers(1, 2**24))
@example(numbers=[3, 0, 1, 10], deal=8)  # two currencies that come as often
@pytest.mark.parametrize("is_mapped", [True, False])
def test_rows_dealt_out_by_their_orders_come_to_what_all_of_them_do(
    tmp_path_factory: pytest.TempPathFactory, is_mapped: bool, numbers: list[int], deal: int
) -> None:
    folder = tmp_path_factory.mktemp("dealt")
    lines = orders(numbers)
    (folder / "till.toml").write_text(TILL)
    if is_mapped:
        table = pa.table(
            dict(
                zip(("No", "Mail", "Price", "Pieces", "Sku", "Total"), zip(*lines, strict=True), strict=True)
            )
        )
    else:
        as_sent = [
            (no, mail, "2024-03-06T10:15:00Z", "physical", price[1:], pieces, sku)
            for no, mail, price, pieces, sku, _ in lines
        ]
        table = pa.table(dict(zip(ORDERS, zip(*as_sent, strict=True), strict=True)))
    options = Options(mapping=str(folder / "till.toml")) if is_mapped else Options()
    dealt: dict[int, list[int]] = {}
    for row, (no, *_) in enumerate(lines):
        dealt.setdefault(deal >> int(no[2:]) & 1, []).append(row)

    with (
        Scratch() as scratch,
        planned([table], None if is_mapped else "purchase", options, scratch) as (plan,),
    ):
        whole = passed(plan, folder / "whole", range(len(lines)), table, scratch)
        pieces = [
            passed(plan, folder / f"piece-{at}", rows, table, scratch) for at, rows in sorted(dealt.items())
        ]
        assert isinstance(whole[0].route, MappedRoute) is is_mapped
        stages, tally, part = pieces[0]
        watches = stages.route.watches
        for more, other, _ in pieces[1:]:
            tally.join(other)
            for own, one in zip(watches, more.route.watches, strict=True):
                own.join(one)  # type: ignore[attr-defined]
        assert in_order(report_of(stages, tally, watches)) == in_order(
            report_of(whole[0], whole[1], whole[0].route.watches)
        )
    (one,) = joined([part, *(other for _, _, other in pieces[1:])])
    assert written(one) == written(whole[2])


def in_order(report: SourceReport) -> SourceReport:
    """The examples by their lines."""
    return replace(report, examples=tuple(sorted(report.examples, key=lambda one: (one.line, one.path))))


def written(part: Part) -> Any:
    """What a part holds, its records in any order: each with the lines that it came from."""
    part.trace.close(part.sha256)
    trace = TraceFile(part.trace.path)
    lines = (part.folder / DATA).read_bytes().splitlines()
    rejects = {name: sorted((part.folder / name).read_bytes().splitlines()) for name in part.asides}
    return (
        sorted(zip(lines, (trace.origins(at + 1) for at in range(len(lines))), strict=True)), rejects, part.counts, part.issues, part.size,
        +part.conversions, +part.warnings, part.source_rows,
    )  # fmt: skip
