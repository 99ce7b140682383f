"""Every code is explained, and its example is true: the file before gives that code and no other, the file after none."""

import ast
import contextlib
import io
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import lexer_pipeline
import pytest
from lexer_pipeline.cli import exits
from lexer_pipeline.cli.arguments import parser
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.codes.changes import CHANGES
from lexer_pipeline.codes.ends import ERRORS, EXITS
from lexer_pipeline.codes.entry import Entry
from lexer_pipeline.codes.every import Code, every
from lexer_pipeline.codes.issues import ISSUES
from lexer_pipeline.codes.obstacles import OBSTACLES
from lexer_pipeline.codes.suspected import SUSPECTED
from lexer_pipeline.codes.warnings import WARNINGS
from lexer_pipeline.errors import PipelineError
from lexer_pipeline.kernels import codes as kernels
from lexer_pipeline.suspicions import SUSPICIONS

OF_DATA = [one for one in every() if one.kind not in ("error", "exit code")]
PLACES = ("BATCH", "SOURCE", "SPEC", "COMMAND")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*words: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(words)
    return code, out.getvalue() + err.getvalue()


def found(one: Entry, text: str, command: str) -> dict[str, set[str]]:
    """The names that `command` gives of the text, by what kind of name each is."""
    example = one.example
    if example.earlier:
        Path(example.file).write_bytes(example.bytes_of(example.earlier))
        told(*command.split(), "--json", "--quiet")
    Path(example.file).write_bytes(example.bytes_of(text))
    for name, content in filter(None, (example.beside, example.other)):
        Path(name).write_text(content, "utf-8")
    _, printed = told(*command.split(), "--json", "--quiet")
    answer = json.loads(printed)
    sources = answer["batches"] if "batches" in answer else answer["sources"]
    kinds = ("issues", "suspicions", "warnings", "conversions")
    if command.startswith("inspect"):
        return {"obstacles": {found["code"] for source in sources for found in source["obstacles"]}}
    return {kind: {name for source in sources for name in source[kind]} for kind in kinds}


def noticed(names: dict[str, set[str]], one: Code) -> set[str]:
    """All names, without those of conversions where the code is about what is wrong."""
    kinds = names.keys() - (set() if one.kind == "conversion" else {"conversions"})
    return {name for kind in kinds for name in names[kind]}


@pytest.mark.parametrize("one", OF_DATA, ids=lambda one: f"{one.kind} {one.name}")
def test_the_file_before_gives_the_code_and_no_other_and_the_file_after_gives_none(one: Code) -> None:
    entry, example = one.entry, one.entry.example
    before = found(entry, example.before, example.command)
    after = found(entry, example.after, example.mended or example.command)

    assert noticed(before, one) == {one.name, *example.along}
    assert one.name in before[f"{one.kind}s"]
    assert noticed(after, one) == set()


@pytest.mark.parametrize("one", every(), ids=lambda one: f"{one.kind} {one.name}")
def test_a_code_is_explained_in_one_sentence_with_what_to_type_and_where_its_rule_comes_from(
    one: Code,
) -> None:
    entry = one.entry
    words = " ".join("X" if word.strip() in PLACES else word for word in entry.command.split())

    assert entry.meaning
    assert ". " not in entry.meaning
    assert entry.remedy
    assert (
        "https://" in entry.source
        or "our own rule: " in entry.source
        or re.search(r"ISO|ITU|POSIX|RFC|support\.", entry.source)
    )
    assert words.startswith("lexer-pipeline ")
    if not words.startswith("lexer-pipeline X"):
        assert parser().parse_args(words.split()[1:]).command


def test_every_suspicion_error_and_exit_code_and_every_change_of_the_kernels_is_explained() -> None:
    errors = {one.code for one in below(PipelineError)} | {"defect"}
    ends = {one.exit_code for one in below(PipelineError)}

    assert set(SUSPECTED) == set(SUSPICIONS)
    assert set(ERRORS) == errors
    assert set(map(int, EXITS)) == ends | {exits.DONE, exits.DATA, exits.DEFECT, exits.INTERRUPTED}
    assert set(kernels.CHANGES) <= set(CHANGES)


def test_every_code_of_an_obstacle_is_explained() -> None:
    """What `inspect` calls in the way; faults of rows and required fields have the codes of issues."""
    rooms = (Path(lexer_pipeline.__file__).parent / "inspecting").glob("*.py")
    calls = [
        node
        for path in rooms
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    made = {one.args[0].value for one in calls if isinstance(one.func, ast.Name) and one.func.id == "Obstacle"
            and isinstance(one.args[0], ast.Constant)}  # fmt: skip

    assert made == {*OBSTACLES, *(made & {*ISSUES, *WARNINGS})}


def below(above: type[PipelineError]) -> set[type[PipelineError]]:
    return {two for one in above.__subclasses__() for two in (one, *below(one))}


def test_every_code_that_the_program_gives_an_issue_is_explained() -> None:
    """What is called with a code in its place: the problems and refusals of all rooms but the sandbox, which is no part of a report."""
    made: Counter[str] = Counter()
    package = Path(lexer_pipeline.__file__).parent
    for path in sorted(set(package.rglob("*.py")) - set(package.glob("sandbox/*.py"))):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                place = {"Problem": 1, "Unconvertible": 0, "RowFault": 0}.get(name)
                code = node.args[place] if place is not None and len(node.args) > place else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    made[code.value] += 1

    assert len(made) > 15
    assert set(made) <= {*ISSUES, *SUSPECTED}


@pytest.mark.parametrize(
    "typed", ["shared_link", "SHARED_LINK", "shared-link", "Shared Link", " shared--link "]
)
def test_a_code_is_found_in_any_case_and_with_other_signs_between_its_words(typed: str) -> None:
    code, said = told("explain", typed)

    assert code == 0
    assert said.startswith("shared_link (suspicion: ")


@pytest.mark.parametrize("typed", ["4", "exit 4", "Exit-Code-4"])
def test_an_exit_code_is_found_by_its_number(typed: str) -> None:
    assert told("explain", typed)[1].startswith("4 (exit code: ")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("shard_link", "shared_link"), ("mising", "missing"), ("emailcleaned", "email_cleaned")],
)
def test_a_misspelt_code_is_answered_with_the_nearest_and_the_line_to_type(typed: str, meant: str) -> None:
    code, said = told("explain", typed)

    assert code == 2
    assert f"Did you mean {meant}? lexer-pipeline explain {meant}\n" in said


def test_a_code_that_is_like_none_is_answered_with_the_command_that_lists_all() -> None:
    assert told("explain", "qqqqqq") == (
        2, "error: qqqqqq: there is no such code\n  lexer-pipeline explain lists all codes.\n",
    )  # fmt: skip


def test_all_codes_are_listed_by_kind() -> None:
    code, said = told("explain")
    lines = {line.split(" ")[0] for line in said.splitlines()}

    assert code == 0
    assert lines >= {*ISSUES, *SUSPECTED, *WARNINGS, *CHANGES, *ERRORS, *EXITS}


def test_an_explanation_shows_example_command_and_source_and_names_what_nobody_sees() -> None:
    said = told("explain", "invisible_sign")[1]

    assert "before (customers.csv, lexer-pipeline validate customers.csv --spec customer_record):" in said
    assert "    mira.holt@example.com,Mira<U+200B>\n" in said
    assert "Z<byte FC>rich" in told("explain", "encoding")[1]
    assert max(map(len, told("explain", "too_deep")[1].splitlines())) < 200


def printed(*words: str) -> Any:
    return json.loads(told(*words, "--json")[1])


def test_programs_are_told_a_code_as_each_of_its_kinds() -> None:
    (warning, conversion) = printed("explain", "time_zone_assumed")["codes"]

    assert [warning["kind"], conversion["kind"]] == ["warning", "conversion"]
    assert len(printed("explain")["codes"]) == len(every())


ROWS = "link.email,first_name\n,Mira\nMira@example.com,Mira\n"


@pytest.mark.parametrize("command", ["validate", "convert"])
def test_a_report_that_shows_codes_ends_with_the_line_that_explains_one(command: str) -> None:
    Path("in.csv").write_text(ROWS)
    said = told(command, "in.csv", "--spec", "customer_record")[1]

    assert said.count("lexer-pipeline explain") == 1
    assert "lexer-pipeline explain link\n" in said or "lexer-pipeline explain missing\n" in said


def test_a_report_without_a_code_says_nothing_of_codes() -> None:
    Path("in.csv").write_text("link.email,first_name\nmira@example.com,Mira\n")

    assert "explain" not in told("validate", "in.csv", "--spec", "customer_record")[1]


def test_status_says_how_the_code_that_holds_a_batch_is_explained() -> None:
    example = SUSPECTED["key_repeated"].example
    Path(example.file).write_text(example.before)
    told("convert", *example.command.split()[1:])
    said = told("status")[1]

    assert said.count("lexer-pipeline explain key_repeated\n") == 1
