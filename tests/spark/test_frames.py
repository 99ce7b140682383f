"""A frame of Spark comes to what its rows come to on one machine."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report

from tests.running import ROOT
from tests.spark.compared import NOON, outcome

pytestmark = pytest.mark.spark


def both(
    session: Any,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    folder: Path,
    options: Options,
    spec: str | None,
    parts: int = 5,
) -> Report:
    """Prepare the rows here and there, and compare all but the order of the records."""
    from lexer_pipeline.spark.frames import prepare as on_spark

    frame = session.createDataFrame(
        session.sparkContext.parallelize(rows, parts), ", ".join(f"`{name}` string" for name in names)
    )
    alone = prepare([frame.toArrow()], spec, folder / "alone", options, NOON)
    found = on_spark(frame, spec, folder / "spark", options, NOON)
    assert in_any_order(found) == in_any_order(alone)
    return found


def in_any_order(report: Report) -> dict[str, Any]:
    """What a run came to, with lines in the order of their texts; a frame has no checksum that does not depend on its parts."""
    said = outcome(report)
    for delivery in said["deliveries"].values():
        lines = delivery["ndjson"].splitlines()
        origins = delivery.pop("origins")
        assert len(origins) == len(lines)
        delivery["ndjson"] = sorted(zip(lines, origins, strict=True))
        delivery["issues"] = sorted(delivery["issues"].splitlines())
        delivery["rejects"] = {name: sorted(one.splitlines()) for name, one in delivery["rejects"].items()}
        delivery["sources"] = [replace(one, sha256="", bytes=0) for one in delivery["sources"]]
    said["sources"] = [
        replace(one, examples=sorted(one.examples, key=lambda issue: (issue.line, issue.path)))
        for one in said["sources"]
    ]
    return said


HEAD = (
    "purchase_id",
    "link.email",
    "action_at",
    "type",
    "products[].price_paid",
    "products.quantity",
    "custom_fields.note",
)


def test_order_lines_all_over_a_frame(session: Any, tmp_path: Path) -> None:
    rows = []
    for number in range(400):
        order = number * 7 % 150
        mail = f"mira{order}@example.com" if order % 9 else "nobody"
        rows.append(
            (
                f"A-{order}",
                mail,
                "2024-03-06T10:15:00Z",
                "ecommerce",
                str(number % 5),
                "1",
                "two\nlines" if number % 6 == 0 else None,
            )
        )
        if number % 10 == 0:
            rows.append((None, None, None, None, "3", "1", None))
        if number % 50 == 0:
            rows.append((None,) * 7)

    report = both(session, HEAD, rows, tmp_path, Options(max_invalid=1.0), "purchase")

    assert report.invalid > 10


def test_customers_of_a_frame_and_links_that_several_share(session: Any, tmp_path: Path) -> None:
    rows = [
        (
            f"C-{number % 90 if number % 11 else 0}",
            f"Mira{number}",
            "Lind",
            f"m{number}@example.com" if number % 13 else "none",
        )
        for number in range(300)
    ]

    report = both(
        session,
        ("link.customer_id", "first_name", "last_name", "email"),
        rows,
        tmp_path,
        Options(max_invalid=1.0),
        "customer_record",
    )

    assert "shared_link" in report.verdicts[0].codes
