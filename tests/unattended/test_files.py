"""Each file of a job goes once, whatever became of it; what a person mends is tried again."""

import gzip
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock
from lexer_pipeline.loading.network import Network
from lexer_pipeline.system.settings_file import parse
from lexer_pipeline.unattended.job_files import patterns
from lexer_pipeline.unattended.jobs import jobs_in

from tests.running import environment
from tests.unattended.conftest import BAD, GOOD, HEADER, NAME, Place

JOB = '[job.nightly]\nsources = ["in/*.csv"]\nspec = "customer_record"\n'
OTHER = f"{HEADER}jon.eld@example.com,{NAME}\n"


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        ("in/orders.csv", "in/orders.csv"),
        ("in/orders-{date}.csv", "in/orders-2024-03-01.csv"),
        ("in/orders-{yesterday}.csv", "in/orders-2024-02-29.csv"),
        ("{date:%Y}/{date:%m}/{yesterday:%Y%m%d}.csv", "2024/03/20240229.csv"),
        ("{date:%d.%m.%y}-{date:%j-%b}.csv", "01.03.24-061-Mar.csv"),
        ("{date:day %d, %B}*.csv", "day 01, March*.csv"),
    ],
)
def test_days_are_put_into_sources(source: str, meant: str) -> None:
    (job,) = jobs_in(parse(f'[job.j]\nsources = ["{source}"]', "pipeline.toml")).values()

    assert [one.text for one in patterns(job, date(2024, 3, 1), Network())] == [meant]


def test_a_file_whose_name_holds_signs_of_a_pattern_is_that_file(place: Place) -> None:
    for name in ("in/a[1].csv", "in/a1.csv", "in/.hidden.csv", "in/deep/a2.csv"):
        place.export(name)
    texts = '["in/a[1].csv", "in/*.csv", "in/**/*.csv", "in/d*"]'
    (job,) = jobs_in(parse(f"[job.j]\nsources = {texts}", "pipeline.toml")).values()

    assert [one.found for one in patterns(job, date(2024, 3, 1), Network())] == [
        ("in/a[1].csv",), ("in/a1.csv", "in/a[1].csv"), ("in/a1.csv", "in/a[1].csv", "in/deep/a2.csv"), (),
    ]  # fmt: skip


def test_the_day_is_that_of_the_jobs_timezone_or_the_one_that_is_typed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart
        place.job(f'[job.j]\nsources = ["{{date}}"]\ntimezone = "{zone}"\n')
        days[zone] = place.run("run", "--list", "--json").json["jobs"][0]["source"]
        assert (
            place.run("run", "--list", "--json", "--date", "20240306").json["jobs"][0]["source"]
            == "2024-03-06"
        )

    assert len(set(days.values())) == 2
    assert place.run("run", "--list", "--date", "2024").code == 2


def test_a_file_goes_once_and_a_new_one_beside_it_goes_alone(place: Place) -> None:
    place.job(JOB)
    place.export("in/a.csv")
    assert place.run("run", "nightly").code == 0
    place.export("in/b.csv", OTHER)
    second = place.run("run", "nightly", "--json")

    assert second.json["job"] == {
        "name": "nightly",
        "new": ["in/b.csv"],
        "known": ["in/a.csv"],
        "missing": [],
    }
    assert len(place.store.objects) == 2
    assert place.states == ["sent", "sent"]
    third = place.run("run", "nightly")
    assert (third.code, len(place.store.posts)) == (0, 2)
    assert "No file is new." in third.output


def test_packed_files_are_known_by_what_is_in_them(place: Place) -> None:
    def pack(**members: str) -> None:
        with zipfile.ZipFile("in/pages.zip", "w") as archive:
            for name, text in members.items():
                archive.writestr(f"{name}.csv", text)

    place.job('[job.nightly]\nsources = ["in/*"]\nspec = "customer_record"\n')
    place.export("in/.keep")
    Path("in/a.csv.gz").write_bytes(gzip.compress(GOOD.encode()))
    pack(first=OTHER)
    assert len(place.run("run", "nightly", "--json").json["batches"]) == 2
    os.utime("in/pages.zip")
    assert place.run("run", "nightly", "--json").json["job"]["new"] == []
    pack(first=OTHER, second=OTHER.replace("jon", "kit"))
    assert place.run("run", "nightly", "--json").json["job"]["new"] == ["in/pages.zip"]
    assert place.run("run", "nightly", "--json").json["job"]["new"] == []


def test_what_was_sent_stays_sent_under_another_mapping_of_the_same_name(place: Place) -> None:
    mapping = 'drop = ["first_name"]\n[[records]]\nspecification = "customer_record"\n[records.fields]\n"link.email" = "link.email"\n'
    place.job('[job.nightly]\nsources = ["in/*.csv"]\nmap = "own.toml"\n')
    place.export("in/a.csv")
    place.export("own.toml", mapping)
    assert place.run("run", "nightly").code == 0
    place.export("own.toml", mapping.replace('drop = ["first_name"]', "") + 'first_name = "first_name"\n')

    assert (place.run("run", "nightly").code, len(place.store.posts)) == (0, 1)


def test_what_was_read_stays_known_when_its_folder_is_removed(place: Place) -> None:
    place.job('[job.nightly]\nsources = ["in/*.csv"]\nspec = "customer_record"\n')
    for name in "123":
        place.export(f"in/{name}.csv", GOOD.replace("mira", f"mira{name}"))  # one series
    place.run("run", "nightly")
    for folder in Path("batches").glob("profile_customer*"):
        shutil.rmtree(folder)
    place.export("in/4.csv", OTHER)
    ended = place.run("run", "nightly", "--json")

    assert ended.json["job"]["new"] == ["in/4.csv"]
    assert len(place.store.objects) == 4


def test_jobs_side_by_side_read_each_file_once(place: Place) -> None:
    place.job('[job.nightly]\nsources = ["in/*.csv"]\nspec = "customer_record"\n')
    for name in "12345":
        place.export(f"in/{name}.csv", GOOD.replace("mira", f"mira{name}"))
    more = {name: value for name, value in os.environ.items() if name.startswith("LEXER_")}
    call = [sys.executable, "-m", "lexer_pipeline", "run", "nightly"]
    lock = FileLock(Path("batches/.job.lock"))
    Path("batches").mkdir()
    with lock:
        running = [
            subprocess.Popen(call, env=environment(**more), stdout=subprocess.PIPE, text=True) for _ in "ab"
        ]
        for one in running:
            assert one.stdout is not None
            assert "Another job is at work in batches" in one.stdout.readline()
    for one in running:
        one.communicate(timeout=120)

    assert [one.returncode for one in running] == [0, 0]
    assert len(place.store.objects) == 5


@pytest.mark.parametrize("other", ['dataset = "b2"', 'dataset = "a1"\nlabel = "b"'])
def test_another_job_reads_the_same_file_for_itself(place: Place, other: str) -> None:
    job = 'sources = ["in.csv"]\nspec = "customer_record"\n'
    place.job(f'[job.a]\n{job}dataset = "a1"\n[job.b]\n{job}{other}\n')
    place.export("in.csv")
    place.run("run", "a")

    assert len(place.run("run", "b", "--json", "--dry-run").json["sources"]) == 1
    assert place.run("run", "a", "--json").json["job"]["new"] == []


def test_a_batch_that_is_held_is_tried_again_with_what_the_job_says_then(place: Place) -> None:
    place.job(JOB)
    place.export("in/a.csv", BAD)
    place.export("in/b.csv")
    assert (place.run("run", "nightly").code, place.states) == (1, ["held", "sent"])
    assert (place.run("run", "nightly").code, len(place.store.posts)) == (1, 1)
    place.job(f'{JOB}max_invalid = "50%"\n')

    assert (place.run("run", "nightly").code, place.states) == (0, ["sent", "sent"])
    assert (place.run("run", "nightly").code, len(place.store.posts)) == (0, 2)


def test_a_batch_that_a_person_dropped_does_not_come_back(place: Place) -> None:
    place.job(JOB)
    place.export("in/a.csv")
    place.run("convert", "in/a.csv", "--spec", "customer_record", "--date", "20240306")
    place.run("drop", "profile_customer-20240306-a")

    assert (place.run("run", "nightly").code, place.store.posts, place.states) == (0, [], ["dropped"])


def test_what_waits_from_a_night_without_the_service_goes_the_next_time(place: Place) -> None:
    place.job(JOB)
    place.export("in/a.csv")
    place.export("in/b.csv", OTHER)
    place.export("in/c.csv", BAD)
    place.run("convert", "in/a.csv", "--spec", "customer_record")
    ended = place.run("run", "nightly", "--json")

    assert (ended.code, ended.json["job"]["known"]) == (1, ["in/a.csv"])
    assert [one["state"] for one in ended.json["uploads"]] == ["sent", "sent"]
    assert place.states == ["sent", "sent", "held"]


def test_when_something_is_held_the_job_can_stop(place: Place) -> None:
    place.job(f'{JOB}when_held = "stop"\n')
    place.export("in/a.csv")
    place.export("in/b.csv", BAD)
    place.export("in/c.csv", OTHER)
    ended = place.run("run", "nightly")

    assert (ended.code, place.states) == (1, ["sent", "held"])
    assert "Nothing of in/b.csv is sent, and 1 more file is not read" in ended.output
    assert (place.run("run", "nightly", "--when-held", "continue").code, len(place.store.objects)) == (1, 2)


def test_together_all_files_are_one_delivery(place: Place) -> None:
    place.job(f"{JOB}together = true\n")
    place.export("in/page-1.csv")
    place.export("in/page-2.csv", OTHER)
    ended = place.run("run", "nightly", "--json")

    assert [one["records"] for one in ended.json["batches"]] == [2]
    assert place.run("run", "nightly", "--json").json["batches"] == []


@pytest.mark.parametrize(("setting", "code"), [("", 3), ('missing = "error"\n', 3), ('missing = "ok"\n', 0)])
def test_a_night_without_a_file_is_an_error_unless_it_is_not(place: Place, setting: str, code: int) -> None:
    place.job(f'[job.nightly]\nspec = "customer_record"\nsources = ["a.csv", "in/*.csv"]\n{setting}')
    none = place.run("run", "nightly")
    place.export("a.csv")
    one = place.run("run", "nightly", "--json")

    assert (none.code, one.code) == (code, code)
    assert "No file is there for a.csv.\nNo file is there for in/*.csv." in none.output
    assert one.json["job"]["missing"] == ["in/*.csv"]
    assert len(place.store.objects) == 1
    if code:
        assert "pipeline.toml: line 3: no file is there for a.csv" in none.error
        assert one.json["error"]["message"] == "pipeline.toml: line 3: no file is there for in/*.csv"
        assert 'write missing = "ok" in [job.nightly]' in none.error


def test_files_that_are_typed_may_be_missing_too(place: Place) -> None:
    place.export("a.csv")
    typed = ("run", "a.csv", "b.csv", "--spec", "customer_record", "--missing", "ok")
    ended = place.run(*typed)

    assert (ended.code, len(place.store.objects)) == (0, 1)
    assert "No file is there for b.csv." in ended.output
    Path("a.csv").unlink()
    assert place.run(*typed).code == 0
    assert place.run(*typed[:-2]).code == 3


def test_a_file_that_cannot_be_read_stops_no_other(place: Place) -> None:
    place.job(JOB)
    place.export("in/a.csv", "%PDF-1.7\n" + "\0" * 50)
    place.export("in/b.csv")
    ended = place.run("run", "nightly", "--json")

    assert (ended.code, ended.json["error"]["code"], len(place.store.objects)) == (3, "source", 1)
    assert ended.error.count("error: in/a.csv") == 1


@pytest.mark.parametrize(
    ("text", "flags", "code"),
    [(GOOD, (), 0), (BAD, (), 1), (BAD, ("--max-invalid", "50%"), 0), (GOOD, ("--min-rows", "2"), 1), ("", ("--date", "20240306"), 3)],
)  # fmt: skip
def test_a_dry_run_says_what_would_become_of_it_and_makes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, text: str, flags: tuple[str, ...], code: int
) -> None:
    monkeypatch.delenv("LEXER_UPLOAD_API_TOKEN")
    place.job(JOB)
    if text:
        place.export("in/a.csv", text)
    ended = place.run("run", "nightly", "--dry-run", *flags)

    assert (ended.code, place.store.posts, Path("batches").exists()) == (code, [], False)
    assert ("would be held" in ended.output) == (code == 1)
