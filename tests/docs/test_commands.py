"""The pages say all that the command line can say, and nothing that does not exist."""

import argparse
import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from lexer_pipeline.cli import exits
from lexer_pipeline.errors import PipelineError

from docs.pages import (
    PAGES,
    coded,
    commands,
    first_cells,
    name_of,
    parser,
    prose_of,
    rows,
    section,
    shown_commands,
    text_of,
)

PAGE = "docs/commands.md"
FOR_ALL = {"--json", "--quiet", "--debug", "--help"}


def tables(name: str) -> str:
    """What is said of the flags of a command: in its section, and in those of flags that it links to."""
    own = section(PAGE, f"## `{name}`")
    shared = ("Reading", "Databases", "Making", "Preparing", "Sending", "Logging")
    linked = [title for title in shared if f"](#{title.lower()})" in own]
    return "".join([own, *(section(PAGE, f"### {title}") for title in linked)])


def exceptions(above: type[PipelineError]) -> Iterator[type[PipelineError]]:
    for one in above.__subclasses__():
        yield one
        yield from exceptions(one)


def flags(command: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    return {flag: action for action in command._actions for flag in action.option_strings if flag != "-h"}


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_a_section_with_an_example_of_it(name: str) -> None:
    typed = shown_commands(section(PAGE, f"## `{name}`"))

    assert name in {words[0] for words in typed}


def test_the_list_of_commands_is_complete_and_says_what_help_says() -> None:
    (action,) = (one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    said = text_of(PAGE).partition("## ")[0]

    assert {coded(row[0])[0]: row[1] for row in rows(said)} == {
        one.dest: one.help for one in action._choices_actions
    }


def test_the_flags_of_every_command_stand_at_the_top() -> None:
    said = text_of(PAGE).partition("\n| ")[0]

    for name, command in commands().items():
        assert set(flags(command)) >= FOR_ALL, name
    assert set(coded(said)) >= FOR_ALL


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_tables_of_a_command_have_its_flags_and_no_others(name: str) -> None:
    listed = [row[0].strip("`").split()[0] for row in rows(tables(name))]

    assert sorted(listed) == sorted(set(flags(commands()[name])) - FOR_ALL)


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_flag_takes_a_value_where_its_table_says_so(name: str) -> None:
    known = flags(commands()[name])
    for row in rows(tables(name)):
        flag, *value = row[0].strip("`").split()

        assert bool(value) == (known[flag].nargs != 0), flag


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_table_says_what_holds_without_a_flag(name: str) -> None:
    known = flags(commands()[name])
    for row in rows(tables(name)):
        action = known[row[0].strip("`").split()[0]]
        if action.default in (None, False, []):
            continue
        convert = action.type or str
        assert callable(convert)
        assert convert(row[1]) == action.default, row


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_names_a_flag_that_does_not_exist(page: Path) -> None:
    known = {flag for command in (parser(), *commands().values()) for flag in flags(command)}
    in_code = coded(prose_of(name_of(page)))
    named = {flag for words in in_code for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", words)
             if not words.startswith("python -m bench")}  # fmt: skip

    assert named - known == set()


@pytest.mark.parametrize(
    ("page", "words"),
    [(name_of(page), words) for page in PAGES for words in shown_commands(text_of(name_of(page)))],
    ids=lambda said: said if isinstance(said, str) else " ".join(said),
)
def test_every_command_that_is_shown_can_be_typed(page: str, words: list[str]) -> None:
    with nullcontext() if words[0] in commands() else pytest.raises(SystemExit, match="0"):  # --version
        assert parser().parse_args(words).command, page


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_a_command_shows_an_example_that_can_be_typed(name: str) -> None:
    found = re.search(r"example: lexer-pipeline (.*)", " ".join(commands()[name].format_help().split()))

    assert found
    words = found[1].split()
    assert words[0] == name
    assert parser().parse_args(words).command


@pytest.mark.parametrize("page", [PAGE, "README.md"])
def test_the_table_of_exit_codes_is_complete(page: str) -> None:
    codes = {
        exits.DONE,
        exits.DATA,
        exits.DEFECT,
        exits.INTERRUPTED,
        *(one.exit_code for one in exceptions(PipelineError)),
    }

    assert sorted(map(int, first_cells(section(page, "## Exit codes")))) == sorted(codes)
