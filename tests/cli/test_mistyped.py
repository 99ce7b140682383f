"""What is misspelt is answered with what may be meant, and with the help of the command it was typed for."""

import argparse
import contextlib
import io
from collections.abc import Iterator

import pytest
from lexer_pipeline.cli import arguments
from lexer_pipeline.cli.main import run_command
from lexer_pipeline.cli.mistyped import refuse_mistyped
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.specs import catalog


def refused(*words: str) -> str:
    """What is said on standard error of words that end with exit code 2."""
    error = io.StringIO()
    with contextlib.redirect_stderr(error), contextlib.redirect_stdout(io.StringIO()):
        assert run_command(words) == 2, words
    return error.getvalue()


def commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = (one for one in arguments.parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(found.choices)


def misspelt(word: str) -> Iterator[str]:
    """A letter left out, two exchanged, one doubled, one too many."""
    middle = max(len(word) // 2, 1)
    yield word[:middle] + word[middle + 1 :]
    yield word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    yield word[:middle] + word[middle - 1 :]
    yield word + "x"


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_misspelt_command_is_answered_with_the_one_that_is_meant(name: str) -> None:
    for typed in {*misspelt(name), name.upper()} - set(commands()):
        assert f"{typed}: there is no such command\n  Did you mean lexer-pipeline {name}?\n" in refused(typed)


def test_what_stands_behind_login_is_never_repeated() -> None:
    for word in ("sEcReT1", "-sEcReT1", "--token=sEcReT1"):
        assert "sEcReT1" not in refused("login", word)


@pytest.mark.parametrize("name", sorted(set(commands()) - {"login"}))
def test_a_misspelt_flag_is_answered_with_the_one_that_is_meant_and_the_help_of_its_command(
    name: str,
) -> None:
    known = {flag for one in commands()[name]._actions for flag in one.option_strings if flag != "-h"}
    for flag in known:
        for typed in misspelt(flag):
            if any(one.startswith(typed) for one in known):
                continue  # argparse takes the beginning of a flag for the flag
            said = refused(name, typed)
            assert f"lexer-pipeline {name} has no flag {typed}\n" in said
            assert f"lexer-pipeline {name} --help" in said
            assert f"Did you mean {flag}?" in said


@pytest.mark.parametrize("typed", ["--max_invalid=5%", "--MAX-INVALID", "-max-invalid", "--maxinvalid"])
def test_a_flag_is_known_by_its_letters_whatever_stands_between_them(typed: str) -> None:
    assert "Did you mean --max-invalid?" in refused("convert", "in.csv", typed)


def test_a_flag_of_another_command_is_said_to_be_one() -> None:
    assert "It is a flag of upload, run, and stands behind it: lexer-pipeline upload --dry-run" in refused(
        "validate", "in.csv", "--dry-run"
    )
    assert "lexer-pipeline validate --json" in refused("--json", "validate", "in.csv")


def test_what_is_like_nothing_is_answered_with_the_help() -> None:
    assert "lexer-pipeline --help lists the commands." in refused("frobnicate")
    assert "lexer-pipeline status --help lists its flags." in refused("status", "--qqqq")


@pytest.mark.parametrize("words", [["validate", "-"], ["validate", "-1"], ["validate", "--", "--spce"]])
def test_a_minus_alone_a_number_and_what_stands_behind_two_minuses_are_no_flags(words: list[str]) -> None:
    refuse_mistyped(arguments.parser(), words)


@pytest.mark.parametrize("name", catalog.names())
def test_a_misspelt_specification_is_answered_with_the_nearest(name: str) -> None:
    record_type = catalog.find(name).record_type or name
    for typed in {*misspelt(name), *misspelt(record_type), name.replace("_", "-")}:
        said = refused("specs", typed)
        assert f"Did you mean {name}? " in said or f"Did you mean {record_type}? " in said, typed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("orders", "purchase"), ("Sales", "purchase"), ("refunds", "return"), ("contacts", "customer_record"), ("customers", "customer_record")],
)  # fmt: skip
def test_a_specification_is_found_by_what_people_call_its_records(typed: str, meant: str) -> None:
    assert f"Did you mean {meant}? lexer-pipeline specs lists them." in refused("specs", typed)


@pytest.mark.parametrize("name", sorted(path.stem for path in file.PRESETS.glob("*.toml")))
def test_a_misspelt_preset_is_answered_with_the_nearest(name: str) -> None:
    with pytest.raises(UsageError) as stopped:
        file.find(f"{name}s" if not name.endswith("s") else name[:-1])

    assert name in stopped.value.hint
    assert "lexer-pipeline inspect SOURCE" in stopped.value.hint


def test_presets_are_found_by_the_name_of_their_platform() -> None:
    with pytest.raises(UsageError) as stopped:
        file.find("Shopify")

    assert "shopify_orders" in stopped.value.hint
