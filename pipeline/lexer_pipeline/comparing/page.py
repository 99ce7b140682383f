"""The page on what two exports differ in, in the style of the report."""

import json
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from lexer_pipeline.comparing.difference import ComparedSide, Difference, ExampleRecord
from lexer_pipeline.model import Json
from lexer_pipeline.reporting.page import charts
from lexer_pipeline.reporting.page.document import whole
from lexer_pipeline.reporting.page.html import Cell, breakable, card, html, joined, table
from lexer_pipeline.reporting.page.words import many, share
from lexer_pipeline.reporting.view import Segment

LEAD = "Two exports beside each other, told by counts alone: no value of a record is on this page."
LEAD_VALUES = (
    "Two exports beside each other. Some records are named on this page: keep it as you keep the exports."
)


def page(title: str, found: Sequence[Difference]) -> bytes:
    """The page as HTML, a part for each specification."""
    has_values = any(one.examples for one in found)
    return whole(title, LEAD_VALUES if has_values else LEAD, map(_part, found))


def _part(one: Difference) -> Markup:
    return joined((_counts(one), _sides(one), _fields(one), _examples(one)))


def _counts(one: Difference) -> Markup:
    segments = [part for part in _segments(one) if part.rows]
    total = sum(part.rows for part in segments)
    legend = (
        html(
            '<li><span class="dot {}" aria-hidden="true"></span><strong>{:,}</strong> {} <span class="dim">{} · {}</span></li>\n',
            part.tone, part.rows, part.name, share(part.rows / total), part.meaning,
        )
        for part in segments
    )  # fmt: skip
    return html(
        '<section class="card verdict {}">\n<p class="what">{}</p>\n<h2 class="headline">{}</h2>\n{}<ul class="legend">\n{}</ul>\n</section>\n',
        "good" if one.unchanged else "wait", one.specification, _headline(one),
        html("<h3>{} in all, each once</h3>\n{}\n", many(total, "record"), charts.stacked(segments, "record")) if total else "",
        joined(legend),
    )  # fmt: skip


def _segments(one: Difference) -> Iterator[Segment]:
    yield Segment("good", "unchanged", one.unchanged, "the same in both")
    yield Segment("wait", "changed", one.changed, "in both, with other values")
    yield Segment("more", "new", one.added, "only in the new export")
    yield Segment("bad", "gone", one.gone, "only in the old export")


def _headline(one: Difference) -> str:
    differ = one.added + one.changed
    if not differ and not one.gone:
        return "Nothing is different"
    return f"{many(differ, 'record')} of {one.new.records:,} {'is' if differ == 1 else 'are'} new or changed, {one.gone:,} gone"


def _sides(one: Difference) -> Markup:
    def row(what: str, side: ComparedSide) -> Sequence[Cell]:
        return (what, breakable(side.name), f"{side.records:,}", f"{side.rejected:,}", f"{side.again:,}")

    lead = html(
        '<p class="dim">{}</p>\n',
        "Rejected records are not compared. Of records that stand there again the last one counts.",
    )
    rows = (row("old", one.old), row("new", one.new))
    return card(
        "What was compared", lead, table(("", "export", "records", "rejected", "again"), rows, (2, 3, 4))
    )


def _fields(one: Difference) -> Markup:
    if not one.fields:
        return Markup()
    lead = html(
        '<p class="dim">{}</p>\n',
        f"In how many of the {one.changed:,} changed records each field has another value, has one now, or has none any more.",
    )
    rows = (
        (
            breakable(facts.field), charts.share(facts.records / one.changed, "beside"),
            f"{facts.changed:,}", f"{facts.filled:,}", f"{facts.emptied:,}",
        )
        for facts in one.fields
    )  # fmt: skip
    return card(
        "Which fields changed most",
        lead,
        table(("field", "", "changed", "filled", "emptied"), rows, (2, 3, 4)),
    )


def _examples(one: Difference) -> Markup:
    if not one.examples:
        return Markup()
    return card("Some of the records", joined(map(_example, one.examples)))


def _example(one: ExampleRecord) -> Markup:
    rows = ((name, _text(old), _text(new)) for name, old, new in one.fields)
    changed = table(("field", "old", "new"), rows) if one.fields else ""
    return html(
        '<article>\n<h3><span class="badge dim">{}</span> <span class="name">{}</span></h3>\n{}</article>\n',
        one.kind, _text(one.identity), changed,
    )  # fmt: skip


def _text(value: Json) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
