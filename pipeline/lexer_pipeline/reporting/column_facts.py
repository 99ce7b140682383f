"""What is told of one column or field: how full it is, how many different values it has, what they look like, and how they are spread."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lexer_pipeline.reporting import bins
from lexer_pipeline.reporting.bins import Bar
from lexer_pipeline.reporting.sampling import Sample

SHOWN_SHAPES = 3
# Every digit as 9, every capital as A, every other letter as a; what is not ASCII is a letter too.
SIGNS = bytes(
    ord("9") if 48 <= one <= 57 else ord("A") if 65 <= one <= 90 else ord("a") if 97 <= one <= 122 or one >= 128 else one
    for one in range(256)
)  # fmt: skip
RUNS = re.compile(rb"a{2,}|A{4,}|9{13,}| {2,}")
LONGEST_SHAPE = 28
# A name that is rather a value of a record: an e-mail address, or more digits than letters.
VALUE = re.compile(r"@|\A[^A-Za-z]*[0-9][^A-Za-z]*\Z|[0-9]{5}")
BOOLEANS = frozenset({"true", "false"})


class ColumnFacts(Struct, frozen=True):
    """One column or field, as far as rows were looked at: `filled` of `looked`, `distinct` of `values`.

    `shapes` are the commonest, with how many values have each; `chart` says what the `bars` count: dates, amounts, or yes and no.
    """

    name: str
    looked: int
    filled: int
    values: int
    distinct: int
    shapes: tuple[tuple[str, int], ...]
    chart: str = ""
    bars: tuple[Bar, ...] = ()

    @property
    def fill(self) -> float:
        """The share of rows in which it is filled."""
        return self.filled / self.looked if self.looked else 0.0


def facts_of(sample: Sample, types: Mapping[str, str] | None = None) -> tuple[ColumnFacts, ...]:
    """What is told of all columns or fields of a sample; `types` are those of fields, as far as they are known."""
    return tuple(
        _facts(called(name, number), sample, name, (types or {}).get(name))
        for number, name in enumerate(sample.texts, 1)
    )


def called(name: str, number: int) -> str:
    """What a column or field may be called: by its name, unless that looks like the value of a record."""
    return f"column {number}" if not name or VALUE.search(name) else name


def _facts(shown: str, sample: Sample, name: str, kind: str | None) -> ColumnFacts:
    texts = sample.texts[name]
    counts = Counter(texts)
    shapes: Counter[str] = Counter()
    for text, count in counts.items():
        shapes[shape_of(text)] += count
    # Of as many, the one that came first: counters keep that order.
    chart, bars = _chart(counts, kind)
    return ColumnFacts(
        shown, sample.of(name), sample.filled[name], len(texts), len(counts),
        tuple(shapes.most_common(SHOWN_SHAPES)), chart, bars,
    )  # fmt: skip


def shape_of(text: str) -> str:
    """What a text looks like, without the text: `Aa Aa` of a name, `a.a@a.a` of an address, `9999-99-99` of a day."""
    signs = RUNS.sub(_shortened, text.encode("utf-8", "surrogatepass").translate(SIGNS)).decode(
        "ascii", "replace"
    )
    return signs if len(signs) <= LONGEST_SHAPE else signs[: LONGEST_SHAPE - 1] + "…"


def _shortened(run: re.Match[bytes]) -> bytes:
    sign = run[0][:1]
    return sign * {b"A": 4, b"9": 13}.get(sign, 1)


def _chart(counts: Mapping[str, int], kind: str | None) -> tuple[str, tuple[Bar, ...]]:
    """The chart of a field by its type, of a column by what its values look like; none where there are too few."""
    if kind == "boolean" or (kind is None and counts and counts.keys() <= BOOLEANS):
        return "yes or no", tuple(
            (word, counts.get(text, 0)) for word, text in (("yes", "true"), ("no", "false"))
        )
    if kind in ("number", "integer", None) and (bars := bins.of_numbers(counts)):
        return "numbers", bars
    if kind in ("date-time", "date", None) and (bars := bins.of_dates(counts)):
        return "dates", bars
    return "", ()


def from_json(said: Sequence[Mapping[str, Any]]) -> tuple[ColumnFacts, ...]:
    """The facts as `report.json` holds them."""
    return tuple(
        ColumnFacts(**{**one, "shapes": _pairs(one["shapes"]), "bars": _pairs(one["bars"])}) for one in said
    )


def _pairs(said: Sequence[Sequence[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, count) for name, count in said)
