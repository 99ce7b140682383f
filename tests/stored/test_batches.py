"""Batches in an object store are what batches on a disk are: whole or absent, sent once, fixed, replaced, dropped, purged."""

import json
from dataclasses import replace

import pytest
from lexer_pipeline.errors import StoreRefused, UsageError
from lexer_pipeline.outbox.stored_recovery import CLAIM
from lexer_pipeline.outbox.trace import trace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.system import stores
from lexer_pipeline.uploading.purge import purge
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settle import drop

from tests.stored.desk import BAD, GOOD, Desk, export

NAME = "commerce_purchases-{}-a"


def on(report_name: str) -> str:
    return report_name.rpartition("/")[2]


def test_a_batch_in_a_store_has_the_files_of_one_on_a_disk_and_is_sent_once(desk: Desk) -> None:
    source = desk.source(export())
    (made,) = desk.convert(source).batches
    (beside,) = prepare([source], "purchase", desk.folder / "batches", Options(max_invalid=1.0)).batches

    assert str(made.path) == f"{desk.out}/{beside.path.name}"
    assert desk.lying() == [
        f"{beside.path.name}/{one}" for one in sorted(file.name for file in beside.path.iterdir())
    ]
    for file in beside.path.iterdir():
        assert desk.bucket.get(f"batches/{beside.path.name}/{file.name}") == file.read_bytes(), file.name
    assert desk.states() == {made.path.name: "prepared"}

    (receipt,) = desk.upload()
    assert (receipt.state, list(desk.service.objects.values())) == ("sent", [beside.file.read_bytes()])
    assert (
        json.loads(desk.bucket.get(f"batches/{made.path.name}/receipt.json"))["upload_id"]
        == receipt.upload_id
    )
    assert not desk.convert(source).batches[0].made
    desk.upload()
    assert len(desk.service.stored) == 1


def test_parts_of_a_delivery_and_what_is_rejected_wholly_are_published_alike(desk: Desk) -> None:
    desk.convert(desk.source(export(rows=6, bad=0)), max_bytes=500)
    desk.convert(desk.source(export(rows=2, bad=2), "wrong.csv"))

    found = desk.states()
    assert sorted(found.values()) == ["prepared"] * 3 + ["rejected"]
    assert not [key for key in desk.lying() if key.startswith(".") or CLAIM in key or "records.json" in key]
    assert {one.state for one in desk.upload()} == {"sent"}
    assert len(desk.service.stored) == 3


def test_without_a_named_ledger_the_line_to_type_is_said(desk: Desk) -> None:
    with pytest.raises(UsageError) as told:
        prepare([desk.source(export())], "purchase", desk.out)
    assert "export LEXER_LEDGER=" in told.value.hint
    assert desk.lying() == []


def test_rejects_are_fixed_from_there_and_from_a_file_that_was_fetched(desk: Desk) -> None:
    (made,) = desk.convert(desk.source(export(rows=4, bad=2))).batches
    key = f"batches/{made.path.name}/rejects.csv"
    fetched = desk.source(desk.bucket.get(key).decode().replace(BAD, GOOD, 1), "rejects.csv")
    (first,) = desk.convert(fetched, fix=str(made.path)).batches
    desk.bucket.put(
        f"batches/{first.path.name}/rejects.csv",
        desk.bucket.get(f"batches/{first.path.name}/rejects.csv").replace(BAD.encode(), GOOD.encode()),
    )
    (second,) = desk.convert(fix=first.path.name).batches

    assert [one.manifest.records for one in (made, first, second)] == [2, 1, 1]
    found = trace(str(second.path), (1,), out=desk.out)
    assert (found.lines[0].origins[0].source, found.lines[0].origins[0].lines) == (
        str(desk.folder / "orders.csv"),
        (5,),
    )


def test_a_fix_of_a_held_batch_takes_its_place_with_the_records_beside(desk: Desk) -> None:
    (held,) = desk.convert(desk.source(export(rows=4, bad=3)), max_invalid=0.5).batches
    key = f"batches/{held.path.name}/rejects.csv"
    desk.bucket.put(key, desk.bucket.get(key).replace(BAD.encode(), GOOD.encode(), 2))
    (fixed,) = desk.convert(fix=str(held.path)).batches

    assert (held.manifest.state, fixed.manifest.records, fixed.manifest.rejected) == ("held", 3, 1)
    assert desk.states() == {held.path.name: "superseded", fixed.path.name: "prepared"}


def test_a_correction_takes_the_place_of_what_waits_and_dropping_it_puts_that_back(desk: Desk) -> None:
    (first,) = desk.convert(desk.source(export())).batches
    (second,) = desk.convert(desk.source(export(rows=5)), replaces=(str(first.path),)).batches

    assert desk.states() == {first.path.name: "superseded", second.path.name: "prepared"}
    dropped, back = drop(str(second.path), stores.folder(desk.out), desk.settings)
    assert ([str(one) for one in dropped], [str(one) for one in back]) == (
        [str(second.path)],
        [str(first.path)],
    )
    assert json.loads(desk.bucket.get(f"batches/{second.path.name}/manifest.json"))["state"] == "dropped"
    assert [one.state for one in desk.upload()] == ["sent"]


def test_purging_removes_the_data_and_keeps_what_tells_of_it(desk: Desk) -> None:
    desk.convert(desk.source(export()))
    desk.upload()
    done = purge(stores.folder(desk.out), -1, desk.settings, really=True)

    assert [one.state for one in done.batches] == ["sent"]
    kept = {one.rpartition("/")[2] for one in desk.lying()}
    assert kept == {"manifest.json", "receipt.json", "report.json", "report.html", "lines.trace"}
    assert desk.states() == {done.batches[0].path.rpartition("/")[2]: "sent"}


def test_a_file_that_was_changed_there_is_not_sent_and_converting_makes_it_anew(desk: Desk) -> None:
    source = desk.source(export())
    (made,) = desk.convert(source).batches
    key, data = f"batches/{made.path.name}/{made.manifest.file}", made.file.read_bytes()
    desk.bucket.put(key, data.replace(b"19.90", b"29.90"))

    assert [one.state for one in desk.upload()] == ["changed"]
    assert desk.convert(source).batches[0].made
    assert [one.state for one in desk.upload()] == ["sent"]
    assert list(desk.service.objects.values()) == [data]


def test_a_store_that_cannot_be_reached_leaves_everything_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = desk.convert(desk.source(export())).batches
    reached = made.path
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(Exception, match="cannot be reached") as told:
        desk.upload()
    assert told.value.exit_code == 5
    monkeypatch.setenv("AWS_ENDPOINT_URL", desk.bucket.store.endpoint)
    assert [one.state for one in upload([str(reached)], desk.out, desk.settings)] == ["sent"]


def test_two_ledgers_never_write_over_each_other(desk: Desk) -> None:
    (first,) = desk.convert(desk.source(export())).batches
    lying = {key: desk.bucket.get(f"batches/{key}") for key in desk.lying()}
    other = replace(desk, folder=desk.folder / "other")
    other.folder.mkdir()
    (second,) = other.convert(other.source(export(rows=5))).batches
    assert second.path != first.path

    # What another ledger is just putting into the same place, so that nobody sees it there yet.
    third = first.path.parent / f"{second.path.name.rpartition('-')[0].replace('_02', '_03')}-a"
    (third / CLAIM).write(b".preparing-elsewhere")
    (further,) = desk.convert(desk.source(export(rows=7))).batches
    assert further.path not in (first.path, second.path, third)
    assert {key: desk.bucket.get(f"batches/{key}") for key in lying} == lying


@pytest.mark.parametrize(
    "address",
    [
        "s3://AKIAINVENTED:hidden-part@bucket/batches",
        "s3://bucket/batches?X-Amz-Signature=hidden-part",
        "ftp://x:hidden-part@host/b",
    ],
)
def test_an_address_with_more_than_a_place_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(UsageError) as told:
        stores.folder(address)
    assert "hidden-part" not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize(
    ("changed", "exit_code", "words"),
    [
        ({"bucket": "s3://no-such-bucket-here/batches"}, 2, "there is no such bucket"),
        ({"AWS_ENDPOINT_URL": "http://store.example.com"}, 2, "without encryption"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": "nights"}, 2, "the profile nights has no keys"),
    ],
)
def test_what_is_wrong_with_a_store_is_said_in_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], exit_code: int, words: str
) -> None:
    out = changed.pop("bucket", desk.out)
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises((StoreRefused, UsageError), match=words) as told:
        prepare([desk.source(export())], "purchase", out, Options(ledger=desk.ledger))
    assert told.value.exit_code == exit_code
    assert told.value.hint
