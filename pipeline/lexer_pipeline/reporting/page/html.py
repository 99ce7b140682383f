"""HTML by fragments: whatever is put into one is escaped, unless it is one itself.

A template engine would be the usual way; to load one and compile the page's template takes 45 ms a run, which is a third of a small one.
"""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

Cell = str | Markup


def html(fragment: str, *values: object, **named: object) -> Markup:
    """A fragment of ours with values in their places."""
    return Markup(fragment).format(*values, **named)  # noqa: S704 - fragments are this package's own


def each(fragment: str, values: Iterable[object]) -> Markup:
    """A fragment for each of some values, one after another."""
    filled = Markup(fragment)  # noqa: S704 - fragments are this package's own
    return Markup().join(filled.format(one) for one in values)


def joined(parts: Iterable[Markup]) -> Markup:
    """Fragments one after another."""
    return Markup().join(parts)


def breakable(name: str) -> Markup:
    """A path that is broken behind a point where it must be, and copied as it is."""
    return Markup(".<wbr>").join(name.split("."))


def card(title: str, *parts: Markup) -> Markup:
    """A section with a heading."""
    return html('<section class="card">\n<h2>{}</h2>\n{}</section>\n', title, joined(parts))


def _row(kinds: Sequence[str]) -> Markup:
    cells = "".join(f"<td{one}>{{}}</td>" for one in kinds[1:])
    return Markup(f'<tr><th scope="row" class="name">{{}}</th>{cells}</tr>\n')  # noqa: S704 - words of ours


def table(
    headings: Sequence[str], rows: Iterable[Sequence[Cell]], numbers: Sequence[int] = (), kind: str = ""
) -> Markup:
    """A table whose first column names its rows; the columns `numbers` stand on the right."""
    kinds = [' class="count"' if column in numbers else "" for column in range(len(headings))]
    head = joined(
        html('<th scope="col"{}>{}</th>', Markup(one), heading)  # noqa: S704 - a word of ours
        for one, heading in zip(kinds, headings, strict=True)
    )
    line = _row(kinds)
    body = joined(line.format(*row) for row in rows)
    return html('<table class="{}"><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table>\n', kind, head, body)
