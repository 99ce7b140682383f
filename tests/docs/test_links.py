"""Whoever follows a link, a path or a name of a target gets somewhere."""

import re
from pathlib import Path

import lexer_pipeline
import pytest

from docs.pages import DOCS, PAGES, README, ROOT, anchors, coded, name_of, prose_of, rows, text_of

LINK = re.compile(r"\]\(([^)\s]+)\)")
LONGEST_README = 200
# A path of this repository, as running text names it.
OURS = re.compile(r"(?:pipeline|samples|schemas|tests|bench|docs)/[\w./-]*")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose_of(name_of(page))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if ":" in path:
            continue
        if not target.exists() or (anchor and anchor not in anchors(name_of(target))):
            broken.append(link)

    assert broken == []


def test_the_readme_is_one_page() -> None:
    assert len(README.read_text("utf-8").splitlines()) < LONGEST_README


def test_the_index_names_every_page_once_in_one_line() -> None:
    listed = [LINK.findall(row[0])[0] for row in rows(text_of("docs/README.md"))]

    assert sorted(listed) == sorted(page.name for page in DOCS.glob("*.md") if page.name != "README.md")


def test_the_readme_leads_to_the_index_and_to_what_contributors_need() -> None:
    linked = set(LINK.findall(text_of("README.md")))

    assert linked >= {"docs/README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md", "CHANGELOG.md"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_of_the_repository_that_a_page_names_exists(page: Path) -> None:
    named = {words for words in coded(prose_of(name_of(page))) if OURS.fullmatch(words)}

    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_of_the_makefile_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.M))

    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", text_of(name_of(page)), re.M)) - targets == set()


def test_every_page_that_the_program_names_exists() -> None:
    sources = Path(lexer_pipeline.__file__).parent.rglob("*.py")
    named = {name for path in sources for name in re.findall(r"docs/\w+\.md|README", path.read_text("utf-8"))}

    assert {name for name in named if not (ROOT / name).exists()} == set()
