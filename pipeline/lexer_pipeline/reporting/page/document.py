"""The page as one HTML document, without outside assets or scripts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox.entry import BatchState
from lexer_pipeline.reporting.column_facts import ColumnFacts
from lexer_pipeline.reporting.page import charts
from lexer_pipeline.reporting.page.html import Cell, breakable, card, each, html, joined, table
from lexer_pipeline.reporting.page.words import distinct, lines, many, sentence, share, size, stopped
from lexer_pipeline.reporting.told import Told
from lexer_pipeline.reporting.view import NONE, Doubt, Fault, View

STYLE = Path(__file__).parent / "report.css"
DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>{lead}</p></header>
<main>
{body}</main>
</body>
</html>
"""
LEAD = "How an export came through, told by counts and shapes alone: no value of a record is on this page."
EXPLAIN = "<code>lexer-pipeline explain {}</code>"
TRACE = "lexer-pipeline trace {} LINE says which line of which source made it"
# Fill is told from a part of the records, so that a smaller difference may be none.
CLEARLY = 0.1
SHAPES = (
    "No value is shown: in what they look like, <code>9</code> stands for a digit, <code>A</code> for a capital and "
    "<code>a</code> for other letters, however many."
)


def page(title: str, views: Sequence[View]) -> bytes:
    """The page on some deliveries."""
    several = len(views) > 1
    parts = [
        html(
            "{}{}",
            html('<h2 class="part">{}</h2>\n', view.manifest.specification) if several else "",
            _delivery(view),
        )
        for view in views
    ] or [card("No row belongs to a specification, so there is nothing to tell.")]
    return whole(title, LEAD, parts)


def whole(title: str, lead: str, parts: Iterable[Markup]) -> bytes:
    """A document of these parts in the style of all pages; `lead` stands below its title."""
    style = Markup(STYLE.read_text("utf-8"))  # noqa: S704 - a file of ours
    return html(DOCUMENT, title=title, lead=lead, style=style, body=joined(parts)).encode()


def _delivery(view: View) -> Markup:
    manifest, told = view.manifest, view.told
    return joined((
        _verdict(view), _steps(view), _faults(view), _doubts(view), _run(told), _earlier(view), _fields(manifest, told),
        _columns(manifest, told), _changes(told), _places(view),
    ))  # fmt: skip


def _verdict(view: View) -> Markup:
    manifest = view.manifest
    reasons = manifest.held_for if manifest.state == BatchState.HELD else ()
    return html(
        '<section class="card verdict {}">\n<p class="what">{}{}</p>\n<h2 class="headline">{}</h2>\n{}{}</section>\n',
        view.tone, manifest.specification, html(' · <span class="name">{}</span>', view.name) if view.name else "",
        view.headline,
        html('<ul class="why">{}</ul>\n', each("<li>{}</li>", map(sentence, reasons))) if reasons else "",
        _bar(view) if view.rows else "",
    )  # fmt: skip


def _bar(view: View) -> Markup:
    legend = (
        html(
            '<li><span class="dot {}" aria-hidden="true"></span><strong>{:,}</strong> {} <span class="dim">{} · {}</span></li>\n',
            one.tone, one.rows, one.name, share(one.rows / view.rows), one.meaning,
        )
        for one in view.segments
    )  # fmt: skip
    return html(
        '<h3>What became of {}</h3>\n{}\n<ul class="legend">\n{}</ul>\n',
        many(view.rows, "row"), charts.stacked(view.segments), joined(legend),
    )  # fmt: skip


def _steps(view: View) -> Markup:
    if not view.steps:
        return Markup()
    command = '<code class="command">{}</code>'
    items = (
        html("<li>{}{}</li>\n", one.why, html(command, one.command) if one.command else "")
        for one in view.steps
    )
    return card("What to do next", html('<ol class="steps">\n{}</ol>\n', joined(items)))


def _faults(view: View) -> Markup:
    if not view.faults:
        return Markup()
    lead = f"{many(view.manifest.rejected_records, 'record')} could not be taken; one may have several of these faults."
    return card(
        "What is wrong, and what to do about it",
        html('<p class="dim">{}</p>\n', lead),
        joined(map(_fault, view.faults)),
    )


def _fault(one: Fault) -> Markup:
    facts = one.facts
    helps = f"{sentence(one.meaning)} What helps: {one.remedy}." if one.remedy else ""
    return html(
        '<article>\n<h3><span class="name">{}</span> · {} <span class="dim">({})</span></h3>\n<p>{}</p>\n'
        '<p class="dim">{} First on {}. More about it: ' + EXPLAIN + "</p>\n</article>\n",
        facts.field or "the whole record", many(facts.records, "record"), share(one.share), stopped(facts.message),
        helps, lines(facts.lines), facts.code,
    )  # fmt: skip


def _doubts(view: View) -> Markup:
    return (
        card("What may mean something else than it says", joined(map(_doubt, view.doubts)))
        if view.doubts
        else Markup()
    )


def _doubt(one: Doubt) -> Markup:
    facts = one.facts
    where = html(' in <span class="name">{}</span>', facts.where) if facts.where else ""
    first = f" First on {lines([(facts.source, line) for line in facts.lines])}." if facts.lines else ""
    return html(
        '<article>\n<h3><span class="badge {}">{}</span> {}{} · {}</h3>\n<p>{} This {}.</p>\n'
        '<p class="dim">What helps: {}.{} More about it: ' + EXPLAIN + "</p>\n</article>\n",
        "wait" if facts.holds else "dim", one.weight, facts.code.replace("_", " "), where, many(facts.count, "time"),
        sentence(one.meaning), one.effect, one.remedy, first, facts.code,
    )  # fmt: skip


def _run(told: Told) -> Markup:
    if len(told.outcomes) < 2:
        return Markup()
    rows: Iterator[Sequence[Cell]] = (
        (
            one.specification,
            html('{} <span class="dim">{}</span>', "no batch" if one.state == NONE else one.state, "; ".join(one.reasons)),
            f"{one.records:,}", f"{one.rejected:,}",
        )
        for one in told.outcomes
    )  # fmt: skip
    lead = Markup(
        '<p class="dim">The same sources gave several kinds of records, each with a verdict of its own.</p>\n'
    )
    return card(
        "The whole run", lead, table(("specification", "verdict", "records", "rejected"), rows, (2, 3))
    )


def _earlier(view: View) -> Markup:
    if not view.told.earlier:
        return Markup()
    manifest = view.manifest
    this = (f"{view.name} (this one)".strip(), view.rows, manifest.records, manifest.rejected_records)
    each_one = [this, *((one.name, one.rows, one.records, one.rejected) for one in view.told.earlier)]
    most = max(rows for _, rows, _, _ in each_one) or 1
    lines_ = (
        (name, f"{rows:,}", charts.share(rows / most, "beside"), f"{records:,}",
         html('{:,} <span class="dim">{}</span>', rejected, share(rejected / ((records + rejected) or 1))))
        for name, rows, records, rejected in each_one
    )  # fmt: skip
    headings = ("batch", "rows", "", "records", "rejected")
    return card("Beside the last deliveries of its kind", table(headings, lines_, (1, 3, 4)))


def _fields(manifest: Manifest, told: Told) -> Markup:
    if not told.fields:
        return Markup()
    whole = told.field_rows >= manifest.records
    lead = (
        f"All {many(told.field_rows, 'record')} were looked at."
        if whole
        else f"{told.field_rows:,} of {many(manifest.records, 'record')} were looked at, from all parts of the file."
    )
    return card(
        "What leaves: the fields of the records", html('<p class="dim">{} ' + SHAPES + "</p>\n", lead),
        _facts(told.fields, "field", told.fill_before),
    )  # fmt: skip


def _columns(manifest: Manifest, told: Told) -> Markup:
    if not told.columns:
        return Markup()
    lead = f"{many(told.column_rows, 'row')} of the {'source' if len(manifest.sources) == 1 else 'sources'} were looked at, from the beginning on."
    if manifest.left_out:
        lead += f" Nothing was made of: {', '.join(manifest.left_out)}."
    return card(
        "What came: the columns of the source",
        html('<p class="dim">{}</p>\n', lead),
        _facts(told.columns, "column", {}),
    )


def _facts(found: Sequence[ColumnFacts], what: str, before: Mapping[str, float]) -> Markup:
    empty = [one.name for one in found if not one.filled]
    lead = f"Empty throughout {'is' if len(empty) == 1 else 'are'}: {', '.join(empty)}."
    rows = (
        (
            breakable(one.name), html("{} {}{}", charts.share(one.fill), share(one.fill), _before(one, before)), distinct(one),
            joined(
                html('<span class="shape"><code>{}</code> <span class="dim">{}</span></span>', shape, share(count / one.values))
                for shape, count in one.shapes
            ),
            charts.spread(one),
        )
        for one in found
        if one.filled
    )  # fmt: skip
    headings = (what, "filled", "different values", "what they look like", "how they are spread")
    return html(
        '{}<div class="wide" tabindex="0" role="region" aria-label="{}s, a table to scroll">\n{}</div>\n',
        html('<p class="dim">{}</p>\n', lead) if empty else "", what, table(headings, rows, kind="facts"),
    )  # fmt: skip


def _before(one: ColumnFacts, before: Mapping[str, float]) -> Markup:
    """How full a field was in the last delivery, where that was clearly more or less."""
    was = before.get(one.name, one.fill)
    return (
        html('<span class="shape dim">was {}</span>', share(was))
        if abs(was - one.fill) >= CLEARLY
        else Markup()
    )


def _changes(told: Told) -> Markup:
    if not (told.conversions or told.warnings or told.notes):
        return Markup()
    notes = (
        html('<ul class="plain">{}</ul>\n', each("<li>{}</li>", map(sentence, told.notes)))
        if told.notes
        else Markup()
    )
    warned = '{} <span class="badge dim">warning</span>'
    rows: list[Sequence[Cell]] = [
        *((name, field, f"{count:,}") for name, field, count in told.conversions),
        *((html(warned, name), field, f"{count:,}") for name, field, count in told.warnings),
    ]
    counted = table(("change", "field", "records"), rows, (2,)) if rows else Markup()
    return card("What was changed on the way", notes, counted)


def _places(view: View) -> Markup:
    manifest = view.manifest
    rows = (
        (one.path, f"{one.rows:,}", size(one.bytes), html("<code>{}</code>", one.sha256[:12]))
        for one in manifest.sources
    )
    goes = f"dataset {manifest.destination}" if manifest.destination else "no dataset named"
    said = [
        ("file", f"{manifest.file}, {size(manifest.bytes)}" if manifest.file else ""),
        ("destination", goes),
        ("corrects", manifest.replaces or ""),
        ("corrected rejects of", manifest.fixes or ""),
        ("accepted by a person", ", ".join(manifest.accepted).replace("_", " ")),
        ("a line that Lexer's logs name", TRACE.format(view.name) if view.name and manifest.file else ""),
    ]
    told = joined(html("<dt>{}</dt><dd>{}</dd>\n", name, words) for name, words in said if words)
    sources = table(("source", "rows", "size", "SHA-256 begins with"), rows, (1, 2))
    return card("Where it came from, and where it goes", sources, html("<dl>\n{}</dl>\n", told))
