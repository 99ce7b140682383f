"""The site of the docs has every page, and fetches nothing from elsewhere; `make docs` builds it and follows its links."""

import tomllib
from collections.abc import Iterator
from typing import Any

from docs.pages import DOCS, ROOT, text_of

SITE = tomllib.loads(text_of("zensical.toml"))["project"]


def pages(nav: Any) -> Iterator[tuple[str, str]]:
    """The title and the file of each page of a navigation."""
    for one in nav:
        for title, below in one.items():
            yield from pages(below) if isinstance(below, list) else [(title, below)]


def test_every_page_stands_once_in_the_navigation_under_its_own_title() -> None:
    found = list(pages(SITE["nav"]))

    assert sorted(file for _, file in found) == sorted(page.name for page in DOCS.glob("*.md"))
    assert len({title for title, _ in found}) == len(found)


def test_pages_for_first_steps_come_first_as_in_the_index() -> None:
    order = [file for _, file in pages(SITE["nav"])]
    index = text_of("docs/README.md")

    assert order[:3] == ["README.md", "first-ten-minutes.md", "first-hour.md"]
    assert index.index("first-ten-minutes.md") < index.index("first-hour.md") < index.index("files.md")


def test_the_site_is_built_of_the_docs_into_what_git_ignores_with_fonts_of_the_system() -> None:
    assert (SITE["docs_dir"], SITE["site_dir"], SITE["theme"]["font"]) == ("docs", "build/site", False)
    assert "build/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
