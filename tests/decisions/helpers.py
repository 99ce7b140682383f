"""One pass over one source, whole or a part of it, with what was decided on the whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from lexer_pipeline.loading.format import AS_TOLD
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.loading.source import LoadedTable
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.model import Issue
from lexer_pipeline.preparing import decisions, rejects
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan, opened
from lexer_pipeline.preparing.stages import stages_of
from lexer_pipeline.specs import catalog
from lexer_pipeline.system.scratch import Scratch
from msgspec.structs import replace

PEOPLE = """
title = "People"
drop = ["Note"]
[[records]]
specification = "customer_record"
[records.fields]
"link.email" = "E-mail"
first_name = "Name"
date_of_birth = { column = "Born", convert = ["date"] }
"custom_fields.spent" = { column = "Spent", convert = ["money"] }
"""
ORDERS = """
[[records]]
specification = "purchase"
key = "purchase_id"
differ = "first"
[records.fields]
purchase_id = "Order"
type = { constant = "physical" }
action_at = { column = "When", convert = ["date"] }
"link.email" = "E-mail"
"store.name" = { constant = "Harbour Shop" }
"store.type" = { filename = { web = "ecommerce", shop = "physical" } }
"products[].product_reference.id" = "Sku"
"products[].product_reference.id_type" = { constant = "sku" }
"products[].quantity" = "Pieces"
"products[].price_paid" = { column = "Paid", convert = ["money"] }
"""


@dataclass(frozen=True)
class Passed:
    """What became of a source; each accepted row (or document) and the record that was made of it, one by one."""

    records: list[Any]
    accepted: list[Any]
    issues: list[Issue]
    rejects: bytes
    decisions: Decisions
    skipped: dict[str, int]
    notes: tuple[str, ...]

    @property
    def by_line(self) -> dict[int, Any]:
        """The record of each line, where a record is a row."""
        return dict(zip(self.accepted, self.records, strict=True))


def plan_of(path: Path, text: str, spec: str = "", **said: Any) -> Plan:
    """The pass of the first record of a mapping, or of a specification where there is no mapping."""
    if not text:
        return Plan(origin_of(path, None), replace(AS_TOLD, **said), catalog.find(spec))
    made = mapping.parse(text, "mine", "mine.toml")
    record = made.records[0]
    return Plan(
        origin_of(path, None), replace(AS_TOLD, **said), catalog.find(record.specification), made, record
    )


def passed(plan: Plan, options: Options | None = None) -> Passed:
    """A plan carried out, with its decisions as they come back from a manifest."""
    records: list[Any] = []
    accepted: list[Any] = []
    issues: list[Issue] = []
    skipped: dict[str, int] = {}
    pieces: list[bytes] = []
    with opened(plan, Scratch()) as loaded:
        head = loaded.head if isinstance(loaded, LoadedTable) else None
        stages = stages_of(loaded, plan, options or Options())
        for chunk in stages.load():
            done = stages.convert(chunk)
            checked = done.checked
            records += [orjson.loads(line) for line in b"".join(done.lines).splitlines()]
            accepted += rejects.accepted(checked)
            issues += [issue for one in checked.rejected for issue in one.issues]
            skipped |= checked.skipped
            if checked.rejected and not pieces and head is not None:
                pieces.append(rejects.header(head))
            pieces.append(
                rejects.rows_or_documents(
                    checked.shaped.chunk,
                    checked.rejected,
                    head,
                    stages.route.secret,
                    stages.route.secret_paths,
                )
            )
        kept = stages.route.decisions
        (told,) = decisions.from_json([kept.as_json()], "manifest.json")
        assert told == kept
        return Passed(records, accepted, issues, b"".join(pieces), told, skipped, stages.route.notes)


def table(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    """Rows as text, each cell in quotes where it needs them."""
    quoted = [
        '"' + cell.replace('"', '""') + '"' if set(cell) & set(f'"{delimiter}\n') else cell
        for row in rows
        for cell in row
    ]
    wide = len(rows[0])
    return "".join(delimiter.join(quoted[at : at + wide]) + "\n" for at in range(0, len(quoted), wide))
