"""Charts as inline SVG: drawn to scale, named for those who hear the page, without scripts.

A chart of a few rectangles is twenty lines; libraries that draw them bring scripts, fonts, or a tenth of a second of import.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from lexer_pipeline.reporting.bins import Bar
from lexer_pipeline.reporting.column_facts import ColumnFacts
from lexer_pipeline.reporting.page.words import many
from lexer_pipeline.reporting.view import Segment

# A part that is there is seen, however small.
LEAST = 2.0
WIDE, HIGH = 200.0, 40.0


def stacked(segments: Sequence[Segment], noun: str = "row") -> Markup:
    """One bar of all rows, or whatever the `noun` says, a part for each way that they went."""
    rows = sum(one.rows for one in segments)
    said = ", ".join(f"{one.name}: {one.rows:,} of {many(rows, noun)}" for one in segments)
    drawn, left = [], 0.0
    for one in segments:
        width = 1000 * one.rows / rows
        drawn.append(_rect(left, 0, max(width, LEAST), 28, f"{one.name}: {one.rows:,}", one.tone))
        left += width
    return _svg("stack", "1000 28", said, drawn)


def spread(one: ColumnFacts) -> Markup:
    """How the values of a column are spread, with the first and the last bin named below."""
    if not one.bars:
        return Markup()
    most = max(count for _, count in one.bars) or 1
    step = WIDE / len(one.bars)
    drawn = [
        _upright(place * step, step, count / most, f"{label}: {count:,}")
        for place, (label, count) in enumerate(one.bars)
        if count
    ]
    said = f"{one.name}, {one.chart}: {', '.join(f'{label}: {count:,}' for label, count in one.bars)}"
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(
        _svg("bars", f"{WIDE:g} {HIGH:g}", said, drawn), _ends(one.bars)
    )


def share(part: float, name: str = "fill") -> Markup:
    """A line that is filled so far; what it says stands beside it as a number."""
    drawn = [_rect(0, 0, 100, 8, "", "track"), _rect(0, 0, 100 * part, 8, "", "full")]
    return _svg(name, "100 8", "", drawn)


def _ends(bars: Sequence[Bar]) -> Markup:
    ends = [bars[0][0], *([bars[-1][0]] if len(bars) > 1 else [])]
    return Markup().join(Markup("<span>{}</span>").format(one) for one in ends)


def _upright(left: float, step: float, part: float, said: str) -> Markup:
    high = max(part * (HIGH - 2), 1.0)
    return _rect(left, HIGH - high, max(step - 1, step * 0.8), high, said)


def _rect(x: float, y: float, width: float, height: float, said: str, tone: str = "") -> Markup:
    title = f"<title>{escape(said)}</title>" if said else ""
    kind = f' class="{tone}"' if tone else ""
    return Markup(  # noqa: S704 - numbers, names of ours, and what is escaped
        f'<rect{kind} x="{x:.5g}" y="{y:.5g}" width="{width:.5g}" height="{height:.5g}">{title}</rect>'
    )


def _svg(name: str, box: str, said: str, drawn: Iterable[Markup]) -> Markup:
    label = Markup('role="img" aria-label="{}"').format(said) if said else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" viewBox="0 0 {}" preserveAspectRatio="none" {}>{}</svg>').format(
        name, box, label, Markup().join(drawn)
    )
