"""A fix that makes several parts: the rows of each are those of its sources."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare


def document(number: int, link: object) -> str:
    return json.dumps({"link": link, "custom_fields": {"note": f"{number:0200}"}}) + "\n"


@pytest.mark.parametrize("mended", [2, 4, 6])
def test_each_part_of_a_fix_counts_the_rows_that_came_into_it(tmp_path: Path, mended: int) -> None:
    good = {"email": "mira@example.com"}
    source = tmp_path / "a.ndjson"
    source.write_text("".join(document(number, good if number < 3 else "nobody") for number in range(7)))
    options = Options(max_bytes=700, date="20240306")
    (held, *more) = prepare([source], "customer_record", tmp_path / "out", options).batches
    rejects = [one.path / "rejects.ndjson" for one in (held, *more)]
    for file in rejects:
        if file.exists():
            file.write_text("".join(document(number, good) for number in range(mended)))

    made = prepare([], None, tmp_path / "out", Options(fix=str(held.path), max_bytes=700)).batches

    assert len(made) > 1
    for one in made:
        rows = one.manifest.rows + sum(one.manifest.skipped.values())
        assert sum(use.rows for use in one.manifest.sources) == rows
