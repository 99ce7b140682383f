"""A job is a run that is written down: its settings are flags, and its name is never mistaken for a file."""

import argparse
import json
from pathlib import Path

import pytest
from lexer_pipeline.cli import arguments
from lexer_pipeline.cli.job_asked import resolve
from lexer_pipeline.cli.mistyped import commands_of
from lexer_pipeline.unattended.jobs import OF_FILES
from lexer_pipeline.uploading import settings as config

from tests.unattended.conftest import Place

SCHEMA = json.loads(config.SCHEMA.read_bytes())["properties"]["job"]["additionalProperties"]["properties"]
# Flags of one run, of one day, or of a person who looks on.
TYPED_ALONE = {
    "help",
    "json",
    "quiet",
    "debug",
    "profile",
    "replaces",
    "full",
    "list_missing",
    "resend",
    "date",
    "job",
    "list",
    "dry_run",
}
JOB = '[job.nightly]\nsources = ["in.csv"]\nspec = "customer_record"\n'


def resolved(*words: str) -> argparse.Namespace:
    asked = arguments.parsed(words)
    asked.typed = words
    resolve(asked)
    return asked


def test_every_setting_of_a_job_is_a_flag_of_run_by_its_name_and_default() -> None:
    flags = {one.dest: one for one in commands_of(arguments.parser())["run"]._actions if one.option_strings}

    assert set(SCHEMA) == {*set(flags) - TYPED_ALONE, *OF_FILES}
    for key, flag in flags.items():
        if key in SCHEMA and (said := SCHEMA[key].get("default")) is not None:
            assert flag.default == (flag.type(str(said)) if callable(flag.type) else said), key
        if key in SCHEMA and flag.choices:
            assert sorted(SCHEMA[key]["enum"]) == sorted(flag.choices), key


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ('spec = "purchase"', "--spec purchase"),
        ('map = "shopify_orders"\nlabel = "sydney"', "--map shopify_orders --label sydney"),
        ('max_invalid = "2%"\nmin_rows = 100', "--max-invalid 2% --min-rows 100"),
        ("max_invalid = 0.00001\nmax_bytes = 500", "--max-invalid 0.001% --max-bytes 500"),
        ('max_bytes = "2g"\nlimit_rate = "500k"\nparallel = 2', "--max-bytes 2g --limit-rate 500k --parallel 2"),
        ('accept = ["shared_link", "keys_repeated"]', "--accept shared_link --accept keys_repeated"),
        ("ignore_unknown = true\nolder = true\nheader_row = 3", "--ignore-unknown --older --header-row 3"),
        ('out = "sent"\ntemp = "/var/tmp"\nhidden = "skip"', "--out sent --temp /var/tmp --hidden skip"),
        ("threads = 2", "--threads 2"),
        ('when_held = "stop"\nmissing = "ok"', "--when-held stop --missing ok"),
    ],
)  # fmt: skip
def test_a_job_is_as_if_its_settings_had_been_typed(place: Place, said: str, typed: str) -> None:
    place.job(f'[job.nightly]\nsources = ["in.csv"]\n{said}\n')
    asked, plain = resolved("run", "nightly"), arguments.parsed(["run", "--job", "nightly", *typed.split()])

    assert asked.refusal is None
    assert {name: getattr(asked, name) for name in vars(plain)} == vars(plain)


def test_what_is_typed_wins_over_the_job_and_what_is_accepted_is_added(place: Place) -> None:
    place.job(f'{JOB}max_invalid = "2%"\naccept = ["shared_link"]\n')
    asked = resolved("run", "nightly", "--max-invalid", "9%", "--accept", "keys_repeated")

    assert (asked.max_invalid, asked.accept) == (0.09, ["shared_link", "keys_repeated"])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[job.nightly]\nspec = 'purchase'\n", 1, "job.nightly.sources is missing"),
        (
            f"{JOB}max-invalid = '5%'\n",
            4,
            "no setting max-invalid in job.nightly\n  Did you mean max_invalid?",
        ),
        (f"{JOB}max_invalid = '5'\n", 4, 'max_invalid must be a share, as "5%" or 0.05'),
        (f"{JOB}max_invalid = 5\n", 4, "max_invalid must be a share"),
        (f"{JOB}min_rows = '100'\n", 4, "min_rows must be a whole number"),
        (f"{JOB}limit_rate = '0k'\n", 4, "limit_rate must be a number of bytes above 0"),
        (f"{JOB}when_held = 'stopp'\n", 4, 'when_held must be "continue" or "stop"\n  Did you mean stop?'),
        (f"{JOB}token = 'x'\n", 4, "holds a token; it is refused there"),
        ("[job.nightly]\nsources = 'in.csv'\n", 2, "sources must be a list of texts"),
        ("[job.nightly]\nsources = []\n", 2, "sources must be a list of texts"),
        ("[job.nightly]\nsources = ['{today}.csv']\n", 2, "in which {date} and {yesterday} stand for days"),
        ("[job.nightly]\nsources = ['{date:%H}.csv']\n", 2, "in which {date} and {yesterday} stand for days"),
        ("[job.'last night']\nsources = ['in.csv']\n", 1, "must have names of letters, digits, _ and -"),
        (
            f"{JOB}[notify]\non = ['sucess']\n",
            5,
            'must be "failure", "held", "success"\n  Did you mean success?',
        ),
        (f"{JOB}[notify]\nurls = ['x']\n", 5, "there is no setting urls in notify"),
    ],
)
def test_what_is_wrong_with_a_job_is_said_with_its_line(
    place: Place, text: str, line: int, words: str
) -> None:
    place.job(text)
    ended = place.run("run", "nightly")

    assert ended.code == 2
    assert f"pipeline.toml: line {line}: " in ended.error
    assert words in ended.error


def test_addresses_in_the_settings_are_refused_with_the_place_where_they_belong(place: Place) -> None:
    place.job(f"{JOB}[notify]\nurls = ['json://hooks.example.com/s3cret']\n")
    error = place.run("run", "nightly").error

    assert "LEXER_NOTIFY_URLS or the key ring" in error
    assert "s3cret" not in error


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (["nigtly"], "Did you mean lexer-pipeline run nightly?"),
        (["Nightly"], "Did you mean lexer-pipeline run nightly?"),
        (["--job", "nigtly"], "Did you mean lexer-pipeline run nightly?"),
        (["quarterly"], "The jobs are: nightly."),
        (["--job", "quarterly"], "The jobs are: nightly."),
        (["nightly", "in.csv"], "Type lexer-pipeline run nightly"),
        (["--job", "nightly", "in.csv"], "Type lexer-pipeline run nightly"),
        ([], "lexer-pipeline run --list shows the jobs"),
    ],
)
def test_a_job_that_is_not_there_or_not_alone_is_refused(place: Place, typed: list[str], hint: str) -> None:
    place.job(JOB)
    place.export("in.csv")
    ended = place.run("run", *typed)

    assert (ended.code, place.store.posts) == (2, [])
    assert hint in ended.error


def test_a_name_with_a_dot_or_a_folder_is_a_file_that_is_missing(place: Place) -> None:
    place.job(JOB)

    for name in ("nightly.csv", "./nightly", "in/nightly"):
        assert place.run("run", name, "--spec", "customer_record").code == 3


def test_where_there_are_no_jobs_it_is_said_where_they_are_looked_for(place: Place) -> None:
    ended = place.run("run", "nightly")

    assert ended.code == 2
    assert "nightly: there is no such job in pipeline.toml, and no such file" in ended.error
    assert "in the pipeline.toml of the folder in which the command is run" in ended.error


def test_a_job_that_is_called_like_a_file_is_refused_with_both_ways_to_say_it(place: Place) -> None:
    place.job(JOB)
    place.export("in.csv")
    place.export("nightly", "link.email\njon.eld@example.com\n")
    ended = place.run("run", "nightly")

    assert (ended.code, place.store.posts) == (2, [])
    assert "lexer-pipeline run --job nightly for the job" in ended.error
    assert "lexer-pipeline run ./nightly" in ended.error

    assert place.run("run", "--job", "nightly").code == 0
    assert place.run("run", "./nightly", "--spec", "customer_record").code == 0
    assert [b"mira" in one for one in place.store.objects.values()] == [True, False]


def test_a_folder_that_is_called_like_a_job_is_no_file(place: Place) -> None:
    place.job(JOB)
    place.export("in.csv")
    (place.folder / "nightly").mkdir()

    assert place.run("run", "nightly").code == 0


def test_jobs_are_listed_with_the_files_that_each_looks_for(place: Place) -> None:
    place.job(
        '[job.nightly]\nsources = ["in/{yesterday:%d.%m.%y}-*.csv"]\n[job.weekly]\nsources = ["w.csv"]\n'
    )
    for name in ("in/05.03.24-a.csv", "in/05.03.24-b.csv", "in/06.03.24-a.csv"):
        place.export(name)
    ended = place.run("run", "--list", "--json", "--date", "20240306")

    assert ended.json == {
        "jobs": [
            {"name": "nightly", "source": "in/05.03.24-*.csv", "files": ["in/05.03.24-a.csv", "in/05.03.24-b.csv"]},
            {"name": "weekly", "source": "w.csv", "files": []},
        ]
    }  # fmt: skip
    assert "nightly  in/05.03.24-*.csv      2" in place.run("run", "--list", "--date", "20240306").output
    Path("pipeline.toml").unlink()
    assert "There is no job in pipeline.toml" in place.run("run", "--list").output


def test_a_job_writes_its_log_where_it_says(place: Place) -> None:
    place.job(f'{JOB}log_file = "nightly.log"\n')
    place.export("in.csv")
    place.run("run", "nightly", "--quiet")
    events = [json.loads(line) for line in Path("nightly.log").read_text().splitlines()]

    assert [one["event"] for one in events] == ["started", "files", "source", "batch", "upload", "ended"]
    assert events[1] | {"time": "", "level": ""} == {
        "time": "", "level": "", "event": "files", "job": "nightly", "new": ["in.csv"], "known": [], "missing": [],
    }  # fmt: skip
