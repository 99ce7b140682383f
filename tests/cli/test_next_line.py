"""Whatever is said ends with a line that can be copied and goes on: after what was mistyped, and after what was done."""

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.cli import again, arguments, flags
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.cli.wrapped import wrapped

ROWS = "link.email,first_name\nmira@example.com,Mira\n"
MAPPING = '[[records]]\nspecification = "profile_customer"\n[records.fields]\n"link.email" = "link.email"\nfirst_name = "first_name"\n'
PLAIN = ("validate", "in.csv", "--spec", "customer_record")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("in.csv").write_text(ROWS)
    Path("till.toml").write_text(MAPPING)
    return tmp_path


def told(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        return run_command(words), out.getvalue()


def commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (one for one in arguments.parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(found.choices)


@pytest.mark.parametrize(
    "typed",
    [
        ("validte", *PLAIN[1:]), ("validate", "inn.csv", *PLAIN[2:]), ("validate", "in.cvs", *PLAIN[2:]), (*PLAIN[:3], "custmer_record"),
        ("validate", "in.csv", "--spec=contacts"), ("validate", "in.csv", "--spce", "customer_record"),
        ("validate", "in.csv", "--map", "tlil.toml"), (*PLAIN, "--unknown", "dorp"), (*PLAIN, "--timezone", "melbourne"),
        (*PLAIN, "--timezone", "Australia/Sidney"), (*PLAIN, "--accept", "key_repeted"), (*PLAIN, "--encoding", "utf_88"),
        (*PLAIN, "--member", "x.csv"), (*PLAIN, "--date-format", "dd/mm/yyy"), ("validate", "in.csv", "--map", "till.toml", "--spec", "purchase"),
        ("convert", *PLAIN[1:], "--dataset", "custmer_record=a1"), ("map", "in.csv"), ("validate", "in.csv"),
    ],
)  # fmt: skip
def test_what_was_mistyped_is_answered_with_the_whole_command_as_it_was_meant(typed: tuple[str, ...]) -> None:
    code, said = told(*typed)
    (line,) = re.findall(r"^  Type: lexer-pipeline (.*)$", said, re.M)

    assert code in (2, 3)
    assert told(*shlex.split(line))[0] == 0


def test_a_mapping_that_leaves_columns_open_and_a_draft_that_is_there_are_answered_with_the_flag() -> None:
    Path("in.csv").write_text(ROWS.replace("first_name", "first_name,Till").replace("Mira\n", "Mira,3\n"))
    for typed, flag in (
        (("validate", "in.csv", "--map", "till.toml"), "--ignore-unknown"),
        (("map", "in.csv", "--spec", "customer_record", "--out", "till.toml"), "--force"),
    ):
        line = shlex.join(["lexer-pipeline", *typed, flag])
        assert f"  Type: {line}\n" in told(*typed)[1]
        assert told(*typed, flag)[0] == 0


def wrong(name: str) -> Iterator[tuple[str, ...]]:
    """Each argument of a command with a value that it does not take, or without one."""
    yield (name, "--frobnicate")
    for one in commands()[name]._actions:
        if one.option_strings and one.nargs != 0:
            yield name, one.option_strings[-1]
            if one.choices or one.type not in (None, Path, flags.folder):
                yield name, one.option_strings[-1], "?!"
        elif not one.option_strings and one.nargs in ("+", None, 1):
            yield (name,)


@pytest.mark.parametrize("name", sorted(set(commands()) - {"login"}))
def test_a_wrong_value_of_any_flag_is_answered_with_a_line_to_type(name: str) -> None:
    for typed in wrong(name):
        code, said = told(*typed)
        assert code == 2, typed
        assert "lexer-pipeline" in said.splitlines()[-1], (typed, said)


@pytest.mark.parametrize(
    "typed",
    [
        ("validate", "nothing_like_it.csv", "--spec", "customer_record"), ("validate", ".", "--spec", "customer_record"),
        ("validate", "in.csv", "--map", "nothing-like-it"), ("validate", "empty.csv", "--spec", "customer_record"),
        ("convert", *PLAIN[1:], "--date", "tomorrow"), ("convert", *PLAIN[1:], "--replaces", "nothing"), ("convert", "--fix", "nothing"),
        ("convert",), ("upload", "nothing", "--dry-run"), ("upload", "in.csv", "--dry-run"), ("upload", "--dry-run"), ("drop", "nothing"),
        ("settle", "nothing", "--arrived"), ("explain", "nothing_like_it"), ("specs", "nothing-like-it"), ("purge", "--older-than", "1d"),
        ("run", "in.csv", "--spec", "customer_record"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_answered_with_a_line_to_type_and_not_with_the_same_mistake(
    typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEXER_UPLOAD_API_TOKEN", raising=False)
    Path("empty.csv").write_text("")
    code, said = told(*typed)

    assert code in (2, 3, 4)
    assert "lexer-pipeline" in "".join(said.splitlines()[1:])
    if "nothing" in shlex.join(typed):
        assert shlex.join(typed) not in said


def test_each_step_from_an_export_to_a_batch_names_the_next_one() -> None:
    Path("list.csv").write_text("Email Address,First,Shoe Size\nmira@example.com,Mira,42\n")
    typed, seen = ("inspect", "list.csv"), []
    while typed[0] != "upload":
        seen.append(typed[0])
        code, said = told(*typed)
        assert code == 0, said
        (line,) = re.findall(r"^Next: lexer-pipeline (.*)$", said, re.M)
        typed = tuple(shlex.split(line))

    assert seen == ["inspect", "map", "validate", "convert"]
    assert told(*typed, "--dry-run")[1].startswith("would send ")


def test_the_next_step_keeps_how_the_source_is_read() -> None:
    Path("old.csv").write_bytes(b"link.email,first_name\nmira@example.com,Zo\xeb\n")
    line = "Next: lexer-pipeline validate old.csv --encoding latin-1 --spec profile_customer\n"

    assert line in told("inspect", "old.csv", "--encoding", "latin-1")[1]


@pytest.mark.parametrize(
    "typed",
    [("upload", "--tokn=s3cr3tWord", "--older", "--frm"), ("validate", "in.cvs", "--token", "s3cr3tWord")],
)
def test_a_secret_that_was_typed_is_not_repeated(typed: tuple[str, ...]) -> None:
    assert "s3cr3tWord" not in told(*typed)[1]


def test_flags_without_a_value_are_known() -> None:
    found = {
        flag
        for one in commands().values()
        for action in one._actions
        if action.nargs == 0
        for flag in action.option_strings
    }

    assert again.VALUELESS <= found
    assert not again.VALUELESS & {
        flag for one in commands().values() for action in one._actions if action.nargs != 0 for flag in action.option_strings
    }  # fmt: skip


def test_a_held_batch_names_the_one_that_was_made_of_its_source_since() -> None:
    Path("in.csv").write_text(f"{ROWS},Teo\n")
    assert told("convert", *PLAIN[1:], "--date", "20240306")[0] == 1
    Path("in.csv").write_text(f"{ROWS}teo@example.com,Teo\n")
    assert told("convert", *PLAIN[1:], "--date", "20240306")[0] == 0

    assert (
        "  profile_customer_02-20240306-a was made of the same source since; where it stands in its place: "
        in told("status")[1]
    )
    assert told("drop", "batches/profile_customer-20240306-a")[0] == 0
    assert "since" not in told("status")[1]


def test_specs_says_what_is_required_and_what_only_within_something() -> None:
    said = told("specs", "purchase")[1]

    assert re.search(r"^link +object +yes ", said, re.M)
    assert re.search(r"^products\[\] +list +yes +one or more", said, re.M)
    assert re.search(r"^store\.type +string +in store ", said, re.M)


WORDS = st.lists(
    st.one_of(st.text("abc./-", min_size=1, max_size=12), st.just("lexer-pipeline upload --resend x;"))
)


@given(WORDS, st.integers(0, 4), st.integers(20, 90))
def test_a_line_is_broken_between_words_alone_and_never_within_a_command(
    words: list[str], indent: int, width: int
) -> None:
    text = " " * indent + " ".join(words)
    lines = list(wrapped(text, width))

    assert " ".join(" ".join(lines).split()) == " ".join(words)
    for line in lines:
        assert len(line) <= width or len(line.split()) == 1 or line.strip().startswith("lexer-pipeline")
    assert sum(line.count("lexer-pipeline upload --resend x;") for line in lines) == words.count(
        "lexer-pipeline upload --resend x;"
    )
