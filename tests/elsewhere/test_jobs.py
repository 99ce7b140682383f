"""A job reads files elsewhere as it reads those on disk: each goes once, by its bytes, whatever it is called."""

import zipfile
from io import BytesIO

import pytest

from tests.elsewhere.site import Site
from tests.stores import Bucket
from tests.unattended.conftest import GOOD, NAME, Place, place  # noqa: F401 - a fixture

OTHER = GOOD.replace("mira.holt", "jon.eld")
JOB = '[job.nightly]\nsources = ["{}"]\nspec = "customer_record"\n'


@pytest.mark.parametrize("source", ["in/*.csv", "in/{date:%Y}*.csv"])
def test_objects_of_a_bucket_go_once_each(exports: Bucket, place: Place, source: str) -> None:  # noqa: F811
    place.job(JOB.format(exports.at(source)))
    for day in ("01", "02"):
        exports.put(f"in/202403{day}.csv", GOOD.replace("mira", f"mira{day}").encode())
        ended = place.run("run", "nightly", "--date", f"202403{day}", "--json")
        assert (ended.code, ended.json["job"]["new"]) == (0, [exports.at(f"in/202403{day}.csv")])
    assert place.states == ["sent", "sent"]

    exports.put("in/20240303.csv", GOOD.replace("mira", "mira01").encode())
    again = place.run("run", "nightly", "--date", "20240303", "--json")
    assert (again.code, again.json["batches"], again.json["job"]["new"]) == (0, [], [])
    assert place.states == ["sent", "sent"]


def test_a_zip_elsewhere_is_known_by_its_members(exports: Bucket, place: Place) -> None:  # noqa: F811
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", GOOD)
    exports.put("a.zip", file.getvalue())
    place.job(JOB.format(exports.at("a.zip")))

    assert place.run("run", "nightly").code == 0
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"packed anew"
    exports.put("a.zip", file.getvalue())
    assert place.run("run", "nightly", "--json").json["job"]["new"] == []


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_file_of_a_web_server_goes_once_whatever_its_signature(
    site: Site,
    place: Place,  # noqa: F811
    knows_ranges: bool,
) -> None:
    site.knows_ranges = knows_ranges
    for signature in ("opensesame", "openbarley"):
        place.job(JOB.format(f"{site.put('/latest.csv', GOOD.encode())}?sig={signature}"))
        ended = place.run("run", "nightly")
        assert ended.code == 0
        assert signature not in ended.output + ended.error
        assert f"{site.url}/latest.csv" in ended.error + ended.output
    assert place.states == ["sent"]


def test_one_that_cannot_be_read_stops_no_other_and_one_that_is_missing_is_said(
    site: Site,
    exports: Bucket,
    place: Place,  # noqa: F811
) -> None:
    exports.put("a.csv", GOOD.encode())
    site.needs = "nobody has it"
    sources = [
        site.put("/b.csv", OTHER.encode()),
        exports.at("a.csv"),
        exports.at("none-*.csv"),
        f"{site.url}/gone.csv",
    ]
    place.job(
        f'[job.nightly]\nsources = {sources}\nspec = "customer_record"\nmissing = "ok"\n'.replace("'", '"')
    )

    ended = place.run("run", "nightly")

    assert ended.code == 3
    assert "/b.csv: asks for a user name and a password (401)" in ended.error
    assert f"No file is there for {exports.at('none-*.csv')}." in ended.output
    assert place.states == ["sent"]


def test_a_service_that_fails_stops_no_other_either(site: Site, exports: Bucket, place: Place) -> None:  # noqa: F811
    exports.put("a.csv", GOOD.encode())
    address = site.put("/b.csv", OTHER.encode())
    site.before = lambda _: site.faults.append(503)
    place.job(f'[job.nightly]\nsources = ["{address}", "{exports.at("a.csv")}"]\nspec = "customer_record"\n')

    ended = place.run("run", "nightly")

    assert (ended.code, place.states) == (5, ["sent"])
    assert "/b.csv: the server answers 503, again and again" in ended.error
    assert NAME not in ended.error


def test_files_typed_that_are_not_there_may_be_missing(exports: Bucket, place: Place) -> None:  # noqa: F811
    exports.put("a.csv", GOOD.encode())
    words = ("run", exports.at("none.csv"), exports.at("a.csv"), "--spec", "customer_record")

    assert place.run(*words).code == 3
    ended = place.run(*words, "--missing", "ok")
    assert (ended.code, place.states) == (0, ["sent"])
    assert f"No file is there for {exports.at('none.csv')}." in ended.output
