"""README.md says all that the command and its files can say, and nothing that does not exist."""

import argparse
import ast
import contextlib
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import lexer_pipeline
import pytest
from lexer_pipeline.cli import arguments as flags
from lexer_pipeline.cli import commands as cli
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.model import Field, Issue, Manifest, Receipt, SourceUse
from lexer_pipeline.preparing.report import SourceReport
from lexer_pipeline.specs import catalog
from lexer_pipeline.uploading import settings as config
from lexer_pipeline.uploading.send import BatchStatus
from lexer_pipeline.validating.messages import CODES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SOURCE = Path(lexer_pipeline.__file__).parent
SNAKE = re.compile(r"[a-z]+(?:_[a-z]+)+")
# Where the conversions and warnings of values are named.
NAMING = ("specs/values.py", "validating/reference.py")


def section(title: str) -> str:
    """The part of the README under one heading, subsections included."""
    level = title.split(" ")[0]
    found = re.search(rf"^{re.escape(title)}$(.*?)(?=^#{{1,{len(level)}}} |\Z)", README, re.M | re.S)
    assert found, f"the README has no section {title}"
    return found[1]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the tables in `text`, without marks; headings left out."""
    rows = re.findall(r"^\| (.*?) \|.*\n(?!\|---)", text, re.M)
    return [row.strip("`") for row in rows]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def shown_commands() -> list[list[str]]:
    """The words behind `lexer-pipeline` on each line of the README's shell blocks."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if "lexer-pipeline" in line]
    return [
        shlex.split(line, comments=True)[shlex.split(line).index("lexer-pipeline") + 1 :] for line in lines
    ]


def commands() -> Mapping[str, argparse.ArgumentParser]:
    (found,) = (
        action for action in flags.parser()._actions if isinstance(action, argparse._SubParsersAction)
    )
    return found.choices


def exceptions(above: type[PipelineError]) -> Iterator[type[PipelineError]]:
    for one in above.__subclasses__():
        yield one
        yield from exceptions(one)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_a_section_with_an_example_of_it(name: str) -> None:
    assert f"lexer-pipeline {name}" in section(f"### `{name}`")


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_flag_of_a_command_stands_in_its_section_or_in_one_it_refers_to(name: str) -> None:
    said = section("## Commands").partition("###")[0] + section(f"### `{name}`")
    for other in re.findall(r"the flags\s+of\s+`(\w+)`", said):
        said += section(f"### `{other}`")
        for further in re.findall(r"the flags\s+of\s+`(\w+)`", section(f"### `{other}`")):
            said += section(f"### `{further}`")

    flags = {flag for action in commands()[name]._actions for flag in action.option_strings if flag != "-h"}
    assert flags - set(re.findall(r"`(--[a-z-]+)", said)) == set()


def test_the_readme_shows_no_flag_that_does_not_exist() -> None:
    known = {
        flag for parser in commands().values() for action in parser._actions for flag in action.option_strings
    }

    assert set(re.findall(r"`(--[a-z-]+)", README)) - known == set()


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_help_of_a_command_shows_an_example_that_can_be_typed(name: str) -> None:
    found = re.search(r"example: lexer-pipeline (.*)", " ".join(commands()[name].format_help().split()))

    assert found
    words = found[1].split()
    assert words[0] == name
    assert flags.parser().parse_args(words).command


@pytest.mark.parametrize("words", shown_commands(), ids=" ".join)
def test_every_command_of_the_readme_can_be_typed(words: list[str]) -> None:
    assert flags.parser().parse_args(words).command


def test_the_table_of_issue_codes_is_complete() -> None:
    assert sorted(first_cells(section("## Issue codes"))) == sorted(CODES)


def test_the_table_of_exit_codes_is_complete() -> None:
    codes = {cli.DONE, cli.DATA, cli.INTERRUPTED, *(one.exit_code for one in exceptions(PipelineError))}

    assert sorted(map(int, first_cells(section("## Exit codes")))) == sorted(codes)


def names_in_code() -> set[str]:
    """Every word_with_underscores that stands alone in a string where conversions and warnings are named."""
    trees = [ast.parse((SOURCE / name).read_text("utf-8")) for name in NAMING]
    words = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {word for word in words if isinstance(word, str) and SNAKE.fullmatch(word)} - set(CODES)


def names_in_samples() -> set[str]:
    counts = [json.loads(path.read_bytes()) for path in ROOT.glob("samples/*/*/expected_manifest.json")]
    return {name for count in counts for kind in ("conversions", "warnings") for name in count[kind]}


def test_every_conversion_and_warning_is_explained_and_shown_by_a_sample() -> None:
    explained = set(first_cells(section("## Conversions and warnings")))

    assert names_in_code() - explained == set()
    assert explained == names_in_samples()


def test_every_specification_and_record_type_is_listed() -> None:
    said = section("## Specifications")

    assert [name for name in first_cells(said) if name in catalog.names()] == list(catalog.names())
    for spec in catalog.every():
        assert re.search(rf"^\| `{spec.name}` \| `?{spec.record_type or 'none'}`? \|", said, re.M), spec.name


def test_every_setting_stands_there_with_its_default() -> None:
    said, defaults = section("## Settings"), config.Settings()
    tables = json.loads(config.SCHEMA.read_bytes())["properties"]

    for table in tables:
        assert f"[{table}]" in said
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| `?([^|`]+?)`? \|", said, re.M))
    assert sorted(rows) == sorted(tables["upload"]["properties"])
    for key, shown in rows.items():
        default = getattr(defaults, key)
        expected = "0" if key == "limit_rate" else "none" if default is None else default
        assert shown == (f"{expected:g}" if isinstance(expected, int | float) else expected), key


def test_every_variable_of_the_environment_is_named() -> None:
    read = set(re.findall(r'"(LEXER_[A-Z_]+)"', (SOURCE / "uploading/settings.py").read_text("utf-8")))

    assert read == {name for name in first_cells(section("## Settings")) if name.startswith("LEXER_")}


@pytest.mark.parametrize("noun", [Manifest, SourceUse, Issue])
def test_every_key_of_a_file_is_explained(noun: Any) -> None:
    said = section("## A prepared batch")

    # An issue's value is for the terminal and stands in no file.
    assert {field.name for field in fields(noun)} - {"value"} - set(
        re.findall(r"`([a-z0-9_]+)`", said)
    ) == set()


@pytest.mark.parametrize(
    ("command", "noun"), [("upload", Receipt), ("status", BatchStatus), ("specs", Field)]
)
def test_every_key_of_an_answer_is_listed(command: str, noun: Any) -> None:
    (shown,) = re.findall(rf"^\| `{command}` \| (.*) \|$", section("## --json"), re.M)

    assert {field.name for field in fields(noun)} <= set(re.findall(r'"([a-z0-9_]+)"', shown))


def test_every_key_of_a_validation_is_listed() -> None:
    report = SourceReport("a.csv", "commerce_purchases", 0, 0, 0, 0, 0, {}, (), (), {}, {}, ())
    (shown,) = re.findall(r"^\| `validate` \| (.*) \|$", section("## --json"), re.M)

    assert ["sources", *report.as_json()] == re.findall(r'"([a-z0-9_]+)"', shown)


def test_the_example_of_the_library_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks("python")
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})

    assert "prepared 1 1" in printed.getvalue()
    assert "pattern" in printed.getvalue()


def test_the_example_of_pipeline_toml_is_read(tmp_path: Path) -> None:
    (example,) = [block for block in blocks("toml") if "[datasets]" in block]
    (tmp_path / config.FILE).write_text(example, "utf-8")

    settings = config.read({}, tmp_path)

    assert settings.dataset_for("purchase") == "a1b2c3d4"
    assert settings.names == {"profile_customer": "customer_records"}
    assert (settings.parallel, settings.limit_rate) == (2, 2_000_000)


def test_every_link_within_the_readme_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", README, re.M)
    }

    assert set(re.findall(r"\]\(#([^)]+)\)", README)) - headings == set()


def test_every_target_of_the_makefile_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))

    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", README, re.M)) - targets == set()
