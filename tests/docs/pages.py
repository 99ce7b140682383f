"""The README and the pages of docs/ as tests read them: sections, tables, examples, and the command line they speak of."""

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from lexer_pipeline.cli import arguments

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (README, *sorted(DOCS.glob("*.md")))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def name_of(page: Path) -> str:
    """A page as people call it: docs/files.md."""
    return str(page.relative_to(ROOT))


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def prose_of(page: str) -> str:
    """A page without its examples."""
    return FENCE.sub("", text_of(page))


def section(page: str, title: str) -> str:
    """The part of a page under one heading, subsections included."""
    level, text = title.split(" ")[0], text_of(page)
    headings = FENCE.sub(
        lambda example: re.sub("^#", "-", example[0], flags=re.M), text
    )  # a comment is no heading
    found = re.search(rf"^{re.escape(title)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", headings, re.M | re.S)
    assert found, f"{page} has no section {title}"
    return text[slice(*found.span(1))]


def anchors(page: str) -> set[str]:
    """The names by which links reach the headings of a page."""
    titles = re.findall(r"^#+ (.*)$", prose_of(page), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def blocks(language: str, text: str) -> list[str]:
    """The examples of one language."""
    return [body for kind, body in FENCE.findall(text) if kind == language]


def rows(text: str) -> list[list[str]]:
    """The cells of each row of the tables in `text`, headings left out; a cell's own bars are unescaped."""
    lines = re.findall(r"^\|(.*)\|$(?!\n\|[-:|]+\|$)", text, re.M)
    cells = (re.split(r"(?<!\\)\|", line) for line in lines if set(line) - set("-:|"))
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in cells]


def first_cells(text: str) -> list[str]:
    """The words in code in the first cell of each row, or the cell itself where there are none."""
    return [word for row in rows(text) for word in (coded(row[0]) or [row[0]])]


def coded(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def parser() -> argparse.ArgumentParser:
    return arguments.parser()


def commands() -> Mapping[str, argparse.ArgumentParser]:
    (found,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return found.choices


def typed(text: str) -> Iterator[str]:
    """What is typed at a terminal, line by line: shell examples, and commands in the running text."""
    for block in blocks("sh", text):
        yield from (line for line in block.splitlines() if line.strip())
    for words in coded(" ".join(FENCE.sub("", text).split())):
        if words.startswith("lexer-pipeline ") and not words.endswith("..."):
            yield words


def shown_commands(text: str) -> list[list[str]]:
    """The words behind `lexer-pipeline` wherever it is typed."""
    lines = [shlex.split(line, comments=True) for line in typed(text)]
    return [words[words.index("lexer-pipeline") + 1 :] for words in lines if "lexer-pipeline" in words]
