"""Lines that fit a terminal: broken between words, and never within a command that is to be copied."""

import re
from collections.abc import Iterator

# A command ends where prose goes on: behind a sign, or before what is said of it.
COMMAND = re.compile(
    r"(?:export \w+=|pip install |mkdir -p )\S+|lexer-pipeline \S.*?(?=[,;:.](?:\s|$)|\s(?:a|and|asks|checks|converts|corrects|drafts|explains|for|goes|lists|makes|names|or|puts|"
    r"removes|says|shows|then|with|writes)\s|\s\(|$)"
)
# Words with several blanks behind them begin a line of a list.
COLUMN = re.compile(r" *\S+(?: \S+){0,4} {2,}")
# So much room is left beside a column.
LEAST = 24


def wrapped(text: str, width: int) -> Iterator[str]:
    """A line as lines of at most `width` signs, where its words allow it.

    Those behind the first stand two blanks further in, or below what stands behind a column.
    """
    if len(text) <= width:
        yield text
        return
    column = COLUMN.match(text)
    line = column[0] if column is not None and len(column[0]) <= width - LEAST else re.match(" *", text)[0]  # type: ignore[index]  # it always matches
    hanging = " " * (len(line) if line.strip() else len(line) + 2)
    is_begun = False
    for token in _tokens(text[len(line) :]):
        if is_begun and len(line) + 1 + len(token) > width:
            yield line
            line, is_begun = hanging, False
        line += f" {token}" if is_begun else token
        is_begun = True
    yield line


def _tokens(text: str) -> Iterator[str]:
    """Words, and commands that are whole, with the sign behind them."""
    at = 0
    for found in COMMAND.finditer(text):
        yield from text[at : found.start()].split()
        sign = re.match(r"[^\s]*", text[found.end() :])
        behind = sign[0] if sign is not None else ""
        yield found[0] + behind
        at = found.end() + len(behind)
    yield from text[at:].split()
