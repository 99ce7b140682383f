"""Rows within a table that are none: its header once more, where files were put together, and totals."""

import re
from collections import deque
from collections.abc import Sequence

from lexer_pipeline.kernels.dialect import Doubtful, bare
from lexer_pipeline.system.patterns import lazily

# So many lines are named of each, and so many kept of the last: a footer has no more rows.
MOST_NAMED, MOST_KEPT = 5, 30
# What may begin a row of totals; hardly any name does.
WORDS = (
    b"tota", b"subt", b"sub t", b"sub-t", b"grand t", b"report t", b"overall t", b"sum", b"gesamt", b"insgesamt",
)  # fmt: skip
_OF_WHAT = (
    r"(\s*\([^()]*\)|\s+(AUD|CAD|CHF|EUR|GBP|NZD|SGD|USD)|\s+(records?|rows?|orders?|customers?|contacts?|products?|items?|units|amount|count|sales|revenue"
    r"|quantity|qty|gross|net)|\s+(for|of|by)\s.*)?"
)
FIGURE = r"[-+(]?\s?([A-Z]{3}|[$€£¥₹])?\s?[-+]?\d[\d.,'\s]*\s?([A-Z]{3}|[$€£¥₹%])?\)?"
TOTAL = lazily(
    rf"(totals?|sums?){_OF_WHAT}|summe|gesamt(summe|ergebnis|betrag)?|insgesamt|total\s+g[eéÉ]n[eéÉ]ral|totaal|totale|totali|suma"
    rf"|totales",
    re.IGNORECASE | re.ASCII,
)
# No name begins like this: it may have figures in all other cells, and a subtotal may say what of.
SURE_TOTAL = lazily(
    rf"(grand|report|overall)\s+totals?{_OF_WHAT}|sub[\s-]?totals{_OF_WHAT}|sub[\s-]?total(\W.{{,40}})?",
    re.IGNORECASE | re.ASCII,
)
WITH_FIGURE = lazily(rf"(.*?\S)\s*[:=]\s*{FIGURE}(\s+\w+)?", re.IGNORECASE | re.ASCII | re.DOTALL)
AMOUNT = lazily(
    rf"{FIGURE}|-|\d[\d.,]*\s+(records?|rows?|orders?|customers?|contacts?|products?|items?|units)",
    re.IGNORECASE | re.ASCII,
)
PHONE = lazily(r"\+\d[\d\s().-]{6,}|0\d[\d\s().-]{5,}|\d{7,}", re.ASCII)
# A figure in a column of such a name tells who or what a row is about.
ID = lazily(
    rb"(?:.*[^a-z])?(?:id|ids|n[or]|num|number|code|sku|barcode|mobile|phone|tel|zip|postcode|year)(?![a-z]|\s+of\b).*"
    rb"|[a-z]+(?:id|number|code|phone)",
    re.DOTALL,
)


class PassedOver:
    """Knows the rows of a table that are none, and remembers how many there were; `names` are its columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [bare(name.encode()) for name in names]
        # A name that holds a quote may stand there doubled; no cell is called as none.
        asked = [b"" if b'"' in name else name or b"\0" for name in self._names]
        self.doubtful = Doubtful.of(asked, WORDS, self._is_none)
        self.begin()

    def begin(self) -> None:
        """The rows come, once more or for the first time."""
        self.headers, self.totals = Lines(), Lines()

    def seen(self, cells: Sequence[bytes], line: int) -> None:
        """Remember a row that is none."""
        (self.headers if self._is_header(cells) else self.totals).add(line)

    def _is_none(self, cells: Sequence[bytes]) -> bool:
        return self._is_header(cells) or self._is_total(cells)

    def _is_header(self, cells: Sequence[bytes]) -> bool:
        """Whether all filled cells are the names of their columns, and there are two of them or no more columns."""
        texts = [bare(cell).replace(b'""', b'"') for cell in cells]
        filled = [(text, name) for text, name in zip(texts, self._names, strict=False) if text]
        return len(filled) >= min(2, len(self._names)) and all(text == name for text, name in filled)

    def _is_total(self, cells: Sequence[bytes]) -> bool:
        """Whether the filled cells are a word that means a total, and figures.

        The columns that name a thing are empty in a row of totals: one that fills them is a thing called Total.
        """
        filled = [
            (name, text) for name, cell in zip(self._names, cells, strict=False) if (text := _text(cell))
        ]
        (_, word), *others = filled
        if len(self._names) < 2 or not all(AMOUNT().fullmatch(text) for _, text in others):
            return False
        said = None if others else WITH_FIGURE().fullmatch(word)
        word = (said[1] if said else word).rstrip(": ")
        if SURE_TOTAL().fullmatch(word):
            return True
        if not TOTAL().fullmatch(word) or any(
            ID().fullmatch(name) or PHONE().fullmatch(text) for name, text in others
        ):
            return False
        blank = len(self._names) - len(filled)
        return not others or len(self._names) == 2 or blank * 2 >= len(self._names) - 1


class Lines:
    """Some lines of a file: how many, the first few and the last few."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[int] = []
        self._last: deque[int] = deque(maxlen=MOST_KEPT)

    def add(self, line: int) -> None:
        """One more."""
        self.count += 1
        self._last.append(line)
        if len(self._first) < MOST_NAMED:
            self._first.append(line)

    def below(self, line: int) -> list[int]:
        """Those of the last few that lie below a line."""
        return [one for one in self._last if one > line]

    def note(self, count: int, what: str, whats: str) -> tuple[str, ...]:
        """A sentence that names the first `count` of them, and what they are; none where there are none."""
        named = ", ".join(map(str, self._first[:count])) + (" and so on" if count > MOST_NAMED else "")
        if not count:
            return ()
        return (
            f"1 row (line {named}) is {what} and counts as blank"
            if count == 1
            else f"{count} rows (lines {named}) are {whats} and count as blank",
        )


def _text(cell: bytes) -> str:
    return cell.decode("utf-8", "replace").strip(' "\ufeff')
