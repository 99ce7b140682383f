"""Amounts of several currencies in one column, whose records do not say which is whose."""

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import Struct, field

from lexer_pipeline.chunks import cells
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.kernels.arrays import Integers
from lexer_pipeline.mapping.conversions.currency import MEANINGS, Codes, codes_of
from lexer_pipeline.mapping.record_sums import pulled_up
from lexer_pipeline.mapping.source_texts import told_apart
from lexer_pipeline.suspicions import MOST_LINES, Sighting

SEVERAL = "several_currencies"
NINE, ZERO, MINUS, DOLLAR = b"90-$"


class Seen(Struct):
    """How many amounts bear signs of the same currencies, and the first lines of them."""

    count: int = 0
    lines: list[int] = field(default_factory=list)

    @property
    def weight(self) -> tuple[int, int]:
        """How often they came; of two that came as often the one that came first weighs more, however the rows were dealt out."""
        return self.count, -self.lines[0]

    def add(self, lines: Iterable[int], count: int) -> None:
        self.count += count
        self.lines = sorted([*self.lines, *lines])[:MOST_LINES]


class Currencies(Struct):
    """The currencies of each column of amounts; it remembers no more than there are signs.

    A record that says its currency says which one its amounts are in: only signs of another one are held against it.
    """

    seen: dict[str, dict[Codes, Seen]] = field(default_factory=dict)
    contradicted: dict[str, Seen] = field(default_factory=dict)

    def note(self, column: str, codes: Codes, own: Codes, lines: Integers) -> None:
        """Take in amounts of a column with signs of `codes`, in records that say `own` (none where they do not)."""
        first = lines[:MOST_LINES].tolist()
        if not own:
            self.seen.setdefault(column, {}).setdefault(codes, Seen()).add(first, len(lines))
        elif not codes & own:
            self.contradicted.setdefault(column, Seen()).add(first, len(lines))

    def add(self, more: "Currencies") -> None:
        """Take in what was noted of the rows that follow."""
        for column, seen in more.seen.items():
            for codes, one in seen.items():
                self.seen.setdefault(column, {}).setdefault(codes, Seen()).add(one.lines, one.count)
        for column, one in more.contradicted.items():
            self.contradicted.setdefault(column, Seen()).add(one.lines, one.count)

    def found(self) -> Iterable[Sighting]:
        """The columns that hold several currencies, with the lines of all but the most frequent."""
        for column, seen in self.seen.items():
            if not frozenset.intersection(*seen):
                most = max(seen, key=lambda codes: seen[codes].weight)
                if all(codes & most for codes in seen):
                    certain = [codes for codes in seen if len(codes) == 1]
                    most = max(certain or [most], key=lambda codes: seen[codes].weight)
                other = Seen()
                for codes, one in seen.items():
                    if not codes & most:
                        other.add(one.lines, one.count)
                yield Sighting(SEVERAL, column, other.count, tuple(other.lines))
        for column, one in self.contradicted.items():
            yield Sighting(SEVERAL, column, one.count, tuple(one.lines))


def with_signs(texts: cells.Cells, column: int, rows: Integers) -> tuple[Integers, Integers]:
    """Of some rows those whose cell has more than digits around it, and those that have a dollar sign alone before them."""
    at = rows * texts.columns + column
    filled = texts.ends[at] > texts.starts[at]
    rows, at = rows[filled], at[filled]
    signs = np.frombuffer(texts.data, np.uint8)
    starts, ends = texts.starts[at], texts.ends[at]
    first, second, last = signs[starts], signs[np.minimum(starts + 1, ends - 1)], signs[ends - 1]
    is_plain = (last >= ZERO) & (last <= NINE)
    is_digit = (second >= ZERO) & (second <= NINE)
    bare = is_plain & (((first >= ZERO) & (first <= NINE)) | ((first == MINUS) & is_digit))
    dollar = is_plain & (first == DOLLAR) & is_digit
    return rows[~bare & ~dollar], rows[dollar]


def note_currencies(
    seen: Currencies, named: Mapping[int, str], source: cells.Cells, made: cells.Cells, place: int | None, rows: Records, good: Integers
) -> None:  # fmt: skip
    """Note the signs in some columns of a source (`named`) beside what their records say in the column at `place`."""
    for column, name in named.items():
        signed, dollars = with_signs(source, column, good)
        numbers, said = told_apart(source, (column,), signed)
        codes = [codes_of(text) or frozenset[str]() for (text,) in said]
        kinds = list(dict.fromkeys(codes))
        kind_of = np.array([kinds.index(one) for one in codes], np.int64)[numbers]
        for kind, one in enumerate(kinds):
            if one:
                _note(seen, name, one, made, place, rows, signed[kind_of == kind])
        if len(dollars):
            _note(seen, name, MEANINGS["$"], made, place, rows, dollars)


def _note(
    seen: Currencies,
    name: str,
    codes: Codes,
    made: cells.Cells,
    place: int | None,
    rows: Records,
    which: Integers,
) -> None:
    if place is None:
        seen.note(name, codes, frozenset(), rows.lines[which])
        return
    heads = rows.firsts[np.searchsorted(rows.firsts, which, "right") - 1]
    numbers, said = told_apart(pulled_up(made, [place], rows), (place,), heads)
    for number, (text,) in enumerate(said):
        own = MEANINGS.get(text.strip().casefold(), frozenset[str]())
        seen.note(name, codes, own, rows.lines[which[numbers == number]])
