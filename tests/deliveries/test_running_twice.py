"""Running twice changes nothing: the same content as the newest of its series makes no batch."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.outbox.batch import read

from tests.deliveries.helpers import CORRECTED, DATE, FIRST, SECOND, Shop, export, names, states


def test_the_same_content_is_there_already_whether_it_waits_or_was_sent(shop: Shop) -> None:
    first = shop.convert("mira")
    assert first.batches[0].as_json()["made"] is True
    again = shop.convert("mira")
    assert names(again) == [f"({FIRST})"]
    assert again.batches[0].as_json()["made"] is False
    assert again.batches[0].as_json() == {**first.batches[0].as_json(), "made": False}
    assert "waits to be sent" in again.batches[0].note
    shop.upload()
    assert "was sent on 2026-11-1" in shop.convert("mira").batches[0].note
    assert shop.upload() == []
    assert len(shop.store.objects) == 1


def test_files_of_other_days_are_one_series_and_other_names_are_another(shop: Shop) -> None:
    shop.convert("mira", name="people_20261126.csv")
    assert names(shop.convert("mira", name="people_20261127.csv", date="20261127")) == [f"({FIRST})"]
    assert names(shop.convert("mira", name="members.csv")) == [SECOND]
    assert names(shop.convert("mira", name="members.csv", label="vip")) == [f"profile_customer_vip-{DATE}-a"]


def test_content_in_another_series_is_not_sent_to_the_same_place_again(shop: Shop) -> None:
    shop.convert("mira", name="people.csv")
    shop.convert("mira", name="members.csv")
    sent, refused = shop.upload(shop.out / FIRST, shop.out / SECOND)
    assert (sent.state, refused.state, refused.needs) == ("sent", "refused", "person")
    assert "the same content was sent" in refused.reason
    assert len(shop.store.objects) == 1


def test_content_that_is_back_after_other_content_is_a_further_delivery(shop: Shop) -> None:
    """A, B, A: a price goes back."""
    shop.convert("mira")
    shop.convert("noor")
    report = shop.convert("mira")
    assert names(report) == [f"profile_customer_03-{DATE}-a"]
    assert report.batches[0].note == f"the content of {FIRST} is back after {SECOND}: a further delivery"
    assert [state for _, state in states(shop.upload())] == ["sent", "sent", "sent"]
    assert names(shop.convert("mira")) == [f"(profile_customer_03-{DATE}-a)"]


def test_what_was_held_rejected_dropped_or_refused_is_nothing_newer(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    assert shop.convert("noor", "x?").verdicts[0].state == "held"
    assert names(shop.convert("mira")) == [f"({FIRST})"]
    assert shop.convert("x?").verdicts[0].state == "rejected"
    assert names(shop.convert("mira")) == [f"({FIRST})"]
    dropped = names(shop.convert("ada"))[0]
    shop.drop(dropped)
    assert names(shop.convert("mira")) == [f"({FIRST})"]
    shop.convert("ada")
    shop.store.post_faults = ["status:400"]
    assert [state for _, state in states(shop.upload())] == ["held", "refused"]
    assert names(shop.convert("mira")) == [f"({FIRST})"]


def test_held_content_is_released_by_a_run_that_accepts_what_held_it(shop: Shop) -> None:
    first = shop.convert("mira", "x?")
    assert first.batches[0].manifest.state == "held"
    assert "more than --max-invalid" in first.batches[0].manifest.held_for[0]
    assert names(shop.convert("mira", "x?")) == [f"({FIRST})"]
    assert shop.states() == {FIRST: "held"}

    released = shop.convert("mira", "x?", max_invalid=0.5)

    manifest = read(shop.out / FIRST).manifest
    assert names(released) == [f"({FIRST})"]
    assert (manifest.state, manifest.accepted, manifest.held_for) == ("prepared", ("too_many_rejects",), ())
    assert states(shop.upload()) == [(FIRST, "sent")]


def test_a_stricter_run_holds_nothing_that_is_prepared_and_ends_with_its_own_verdict(shop: Shop) -> None:
    shop.convert("mira", "x?", max_invalid=0.5)
    report = shop.convert("mira", "x?")
    assert names(report) == [f"({FIRST})"]
    assert [(one.state, one.is_good) for one in report.verdicts] == [("held", False)]
    assert shop.states() == {FIRST: "prepared"}


def test_a_file_that_is_gone_or_changed_is_made_anew_in_its_place(shop: Shop) -> None:
    shop.convert("mira")
    file = shop.out / FIRST / f"{FIRST}.json"
    data = file.read_bytes()
    for spoil in (file.unlink, lambda: file.write_bytes(b"short"), lambda: _remove(file.parent)):
        spoil()
        assert names(shop.convert("mira")) == [FIRST]
        assert file.read_bytes() == data
        assert (file.parent / "manifest.json").is_file()
    file.write_bytes(b"x" * len(data))
    assert states(shop.upload()) == [(FIRST, "changed")]
    assert names(shop.convert("mira")) == [FIRST]
    assert states(shop.upload()) == [(FIRST, "sent")]


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_what_was_sent_and_removed_is_not_made_again(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    _remove(shop.out / FIRST)
    assert names(shop.convert("mira")) == [f"({FIRST})"]
    assert not (shop.out / FIRST).exists()


def test_refused_content_is_named_with_the_way_to_ask_anew(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.post_faults = ["status:400"]
    shop.upload()
    report = shop.convert("mira")
    assert names(report) == [f"({FIRST})"]
    assert "--resend" in report.batches[0].note
    assert states(shop.upload(FIRST, resend=True)) == [(FIRST, "sent")]


def test_dropped_content_is_made_anew_in_a_version_of_its_own(shop: Shop) -> None:
    shop.convert("mira")
    shop.drop(FIRST)
    assert names(shop.convert("mira")) == [CORRECTED]
    assert states(shop.upload()) == [(CORRECTED, "sent")]


def test_other_rejects_of_the_same_content_lie_beside_under_names_of_their_own(shop: Shop) -> None:
    shop.convert("mira", "x?", max_invalid=1)
    first = (shop.out / FIRST / "rejects.csv").read_bytes()
    shop.convert("mira", "x?", max_invalid=1)
    assert not (shop.out / FIRST / "rejects_02.csv").exists(), "the same rows"

    for number, person in ((2, "y?"), (3, "z?"), (3, "z?"), (3, "y?")):
        shop.convert("mira", "x?", person, max_invalid=1)
        assert (
            person.encode() in (shop.out / FIRST / f"rejects_{number:02}.csv").read_bytes() or person == "y?"
        )
    (shop.out / FIRST / "rejects.csv").write_bytes(b"mended by hand")
    shop.convert("mira", "x?", max_invalid=1)

    lies = sorted(path.name for path in (shop.out / FIRST).iterdir())
    assert [name for name in lies if name.startswith(("rejects", "issues"))] == [
        "issues.ndjson", "issues_02.ndjson", "issues_03.ndjson", "rejects.csv", "rejects_02.csv", "rejects_03.csv",
    ]  # fmt: skip
    assert (shop.out / FIRST / "rejects.csv").read_bytes() == b"mended by hand"
    assert b"x?" in first
    issues = (shop.out / FIRST / "issues_02.ndjson").read_text().splitlines()
    assert [json.loads(line)["line"] for line in issues] == [3, 4]


def test_rejects_alone_are_the_same_rejects_the_second_time(shop: Shop) -> None:
    assert names(shop.convert("x?")) == [FIRST]
    assert names(shop.convert("x?")) == [f"({FIRST})"]
    assert names(shop.convert("x?", "y?")) == [SECOND]


def test_the_parts_of_a_delivery_are_known_together(shop: Shop) -> None:
    size = len(export("mira")) * 3
    people = [f"mira{one}" for one in "abcdefgh"]
    first = shop.convert(*people, max_bytes=size)
    again = shop.convert(*people, max_bytes=size)
    assert len(first.batches) > 1
    assert names(again) == [f"({name})" for name in names(first)]


def test_a_data_frame_of_the_same_rows_is_there_already(shop: Shop) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"link.email": ["mira@example.com"], "first_name": ["Mira"]})
    assert [names(shop.prepare(frame)) for _ in range(2)] == [[FIRST], [f"({FIRST})"]]


def test_how_the_records_were_split_does_not_matter(shop: Shop) -> None:
    size = len(export("mira")) * 3
    people = [f"mira{one}" for one in "abcdefgh"]
    first = names(shop.convert(*people, max_bytes=size))
    assert len(first) > 1
    assert names(shop.convert(*people)) == [f"({name})" for name in first]
    shop.upload()
    assert shop.convert(*people).batches[0].note.startswith("the same content was sent")


def test_what_came_after_a_release_is_newer_also_by_a_clock_that_was_set_back(shop: Shop) -> None:
    shop.convert("Ida", "Ole?")
    shop.convert("Ida", "Ole?", max_invalid=1.0)
    shop.now[0] -= 86_400
    shop.convert("Eva")

    (back,) = shop.convert("Ida", "Ole?", max_invalid=1.0).batches

    assert back.made
