"""What 0.1.0 left goes on: sent to the service, converted again, corrected, settled and dropped as batches of today are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from lexer_pipeline import prepare
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.as_is import upload_as_is
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.settle import drop, settle
from lexer_pipeline.uploading.status import status
from msgspec.structs import replace

from tests.migration import after
from tests.migration.after import NOTHING, SAME, SENT, UPLOADED, UPLOADED_LATER, place
from tests.migration.fixture import unpack
from tests.migration.service import DATASET, FIRST_NEW, LATER, WITHIN, point_to, upload_all
from tests.migration.table import BATCHES, VENDOR
from tests.thoroughness import sweep
from tests.upload.helpers import settings
from tests.upload.store import Store

MANIFESTS = {batch.folder for batch in BATCHES if batch.manifest}
AT_LATER = Runtime(clock=lambda: LATER, sleep=lambda _: None)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return unpack(tmp_path)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as store:
        yield store


def ended(receipts: tuple[Receipt, ...]) -> dict[str, str]:
    """What became of each batch."""
    found = {}
    for one in receipts:
        new = int(one.upload_id or 0) > FIRST_NEW
        found[one.batch] = (SENT if new else SAME) if one.state == "sent" else one.state
    return found


def expected(table: Mapping[str, str]) -> dict[str, str]:
    ends = {place(batch.folder): table.get(batch.folder, SENT) for batch in BATCHES}
    return {name: end for name, end in ends.items() if end != NOTHING}


@pytest.mark.parametrize(("clock", "table"), [(WITHIN, UPLOADED), (LATER, UPLOADED_LATER)])
def test_each_batch_ends_where_its_state_says(
    out: Path, store: Store, clock: float, table: Mapping[str, str]
) -> None:
    point_to(out, store)
    store.expired = {str(number) for number in range(60)} if clock == LATER else set()

    receipts = upload_all(out, store, clock)

    assert ended(receipts) == expected(table)
    assert {one.dataset for one in receipts if one.state == "sent"} == {DATASET}
    # What may have arrived before is not sent again; nothing is there twice, and nothing under two names.
    sent = [one for one in receipts if one.state == "sent"]
    assert sorted(store.objects) == sorted(one.upload_id for one in sent)
    assert len({one.sha256 for one in sent}) == len({one.name for one in sent}) == len(sent)


def test_a_second_and_a_third_upload_send_nothing_more(out: Path, store: Store) -> None:
    point_to(out, store)
    upload_all(out, store, WITHIN)
    posts, puts, first = len(store.posts), len(store.puts), status(out)

    again = [ended(upload_all(out, store, WITHIN)) for _ in range(2)]

    assert (len(store.posts), len(store.puts)) == (posts, puts)
    waits = {name: end for name, end in expected(UPLOADED).items() if end not in (SENT, SAME)}
    assert again == [waits, waits]
    assert [replace(one, updated_at="") for one in status(out)] == [
        replace(one, updated_at="") for one in first
    ]


def test_a_dry_run_says_the_same_and_asks_for_nothing(out: Path, store: Store) -> None:
    would = {one.batch for one in upload_all(out, store, WITHIN, dry_run=True) if one.state == "would_send"}

    assert {name for name, end in expected(UPLOADED).items() if end in (SENT, SAME)} <= would
    assert would <= {name for name, end in expected(UPLOADED).items() if end not in ("held", "prepared")}
    assert (store.posts, store.puts) == ([], [])


def test_while_the_store_of_before_is_gone_what_may_have_arrived_waits_and_the_rest_is_asked_for_anew(
    out: Path, store: Store
) -> None:
    with Store() as gone:
        point_to(out, gone)
    store.first_id = FIRST_NEW
    receipts = {one.batch: one for one in upload_all(out, store, LATER)}

    for day in ("20240508", "20240510"):
        assert (
            receipts[f"commerce_purchases-{day}-a"].state,
            receipts[f"commerce_purchases-{day}-a"].needs,
        ) == (
            "sending",
            "time",
        )
    for day in ("20240506", "20240507", "20240509"):
        assert receipts[f"commerce_purchases-{day}-a"].state == "sent"


def test_receipts_of_before_stay_beside_those_of_the_service(out: Path, store: Store) -> None:
    folder = out / "profile_customer-20240105-a"
    before = (folder / "receipt.json").read_bytes()

    upload_all(out, store, WITHIN)

    assert (folder / "receipt.json").read_bytes() == before
    assert json.loads((folder / "receipt_02.json").read_bytes())["service"] == f"https://{VENDOR}/v1/uploads"
    assert (
        json.loads((out / "profile_customer-20240128-a" / "receipt.json").read_bytes())["upload_id"] == "26"
    )


# ------------------------------------------------------------------------------------------------- converted again


def test_converting_the_same_content_again_finds_the_batch_of_before(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {}
    for folder in sorted(MANIFESTS - after.OVERTAKEN):
        manifest = json.loads((out / folder / "manifest.json").read_bytes())
        sources[folder] = manifest["sources"][0]["path"], manifest["specification"]
    monkeypatch.chdir(out.parent)

    made = {}
    for folder, (source, specification) in sources.items():
        preset = source.endswith("orders_export_1.csv")
        if preset:
            # What the presets make of an export has become more since: that is other content.
            continue
        options = Options(max_bytes=150 if "_part_" in folder else 1_000_000)
        report = prepare([source], None if preset else specification, out.name, options)
        assert place(folder) in {one.path.name for one in report.batches}, folder
        made[folder] = any(one.made for one in report.batches)

    assert {folder for folder, is_made in made.items() if is_made} == after.MADE_ANEW


@pytest.mark.parametrize("folder", sorted(after.OVERTAKEN))
def test_content_that_newer_content_came_after_is_a_further_delivery(
    out: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    manifest = json.loads((out / folder / "manifest.json").read_bytes())
    monkeypatch.chdir(out.parent)

    (batch,) = prepare(
        [manifest["sources"][0]["path"]], manifest["specification"], out.name, Options(date="20261231")
    ).batches

    assert (batch.made, batch.path.name) == (True, f"{manifest['specification']}-20261231-a")


def test_converting_with_a_dataset_gives_it_to_what_was_never_asked_for(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)

    (batch,) = prepare(
        ["exports/sydney.csv"], "profile_customer", out.name, Options(datasets={"customer_record": DATASET})
    ).batches

    assert (batch.made, batch.path.name) == (False, "profile_customer_02-20240104-a")
    assert json.loads((batch.path / "manifest.json").read_bytes())["destination"] == DATASET


def test_what_was_sent_without_a_dataset_is_a_further_delivery_into_one(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    options = Options(datasets={"customer_record": DATASET}, date="20240125")

    (batch,) = prepare(["exports/vendor_without_dataset.csv"], "profile_customer", out.name, options).batches

    assert (batch.made, batch.path.name) == (True, "profile_customer_02-20240125-a")


# ------------------------------------------------------------------------------------- corrected, settled, dropped


# Never asked for, nothing can have landed, and in doubt.
@pytest.mark.parametrize(
    "day",
    sweep(
        ["20240405", "20240406", "20240407", "20240408", "20240409", "20240410", "20240411"],
        usual=["20240405", "20240409", "20240411"],
    ),
)
def test_whatever_became_of_it_in_a_sandbox_of_before_it_can_be_corrected(
    out: Path, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.chdir(out.parent)
    options = Options(replaces=(f"profile_customer-{day}-a",))

    (batch,) = prepare(["exports/sydney.csv"], "profile_customer", out.name, options).batches

    assert (batch.made, batch.path.name) == (True, f"profile_customer-{day}-b")


@pytest.mark.parametrize("day", sweep(["20240506", "20240508", "20240511"], usual=["20240508", "20240511"]))
def test_what_is_on_its_way_to_the_service_can_not_be_corrected_yet(
    out: Path, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    monkeypatch.chdir(out.parent)
    options = Options(replaces=(f"commerce_purchases-{day}-a",))

    with pytest.raises(PersonNeeded, match="on its way or in doubt"):
        prepare(["exports/vendor_sent.csv"], "commerce_purchases", out.name, options)


# Sent below a higher version, killed while it sent, and changed.
@pytest.mark.parametrize(
    "day",
    sweep(
        ["20240105", "20240401", "20240406", "20240408", "20240410", "20240411", "20240415"],
        usual=["20240105", "20240408", "20240415"],
    ),
)
def test_whatever_became_of_it_in_a_sandbox_of_before_it_can_be_dropped(
    out: Path, store: Store, day: str
) -> None:
    dropped, _ = drop(out / f"profile_customer-{day}-a", out)

    assert [folder.name for folder in dropped] == [f"profile_customer-{day}-a"]
    assert f"profile_customer-{day}-a" not in ended(upload_all(out, store, WITHIN))


@pytest.mark.parametrize("folder", ["commerce_purchases-20240501-a", "commerce_purchases-20240511-a"])
def test_what_was_sent_or_may_have_arrived_at_the_service_is_not_dropped(out: Path, folder: str) -> None:
    with pytest.raises((PersonNeeded, UsageError), match="was sent|nobody knows"):
        drop(out / folder, out)


# Killed while it sent, and in doubt already.
@pytest.mark.parametrize(
    ("day", "arrived"),
    sweep(
        [(day, arrived) for day in ("20240508", "20240510", "20240511") for arrived in (True, False)],
        usual=[("20240508", False), ("20240511", True)],
    ),
)
def test_a_doubt_of_before_is_settled(out: Path, store: Store, day: str, arrived: bool) -> None:
    point_to(out, store)
    folder = out / f"commerce_purchases-{day}-a"

    settle(folder, arrived, out, Settings(), AT_LATER)

    now = ended(upload_all(out, store, LATER))
    assert now.get(folder.name, NOTHING) == (NOTHING if arrived else SENT)


def test_what_may_have_arrived_is_not_settled_while_its_url_holds(out: Path) -> None:
    with pytest.raises(UsageError, match="not in doubt"):
        settle(out / "commerce_purchases-20240508-a", True, out, Settings(), Runtime(clock=lambda: WITHIN))


# ---------------------------------------------------------------------------------------------- as they were there


def test_a_file_that_was_sent_as_it_is_goes_on_under_its_name(
    out: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    files = [Path("exports") / name for name in ("gift_cards-20240307-a.csv", "store visits 2.csv")]

    receipts = upload_as_is(files, Path(out.name), settings(store), None)

    assert [(one.state, one.name) for one in receipts] == [
        ("sent", "gift_cards-20240307-a.csv"),
        ("sent", "store_visits-20261126-b.csv"),
    ]
    assert len(entries(out)) == len({(one.batch, one.service, one.dataset) for one in entries(out)})


def test_with_the_ledger_lost_what_a_receipt_says_is_not_sent_again(out: Path, store: Store) -> None:
    point_to(out, store)
    sent = {one.batch for one in upload_all(out, store, WITHIN) if one.state == "sent"}
    (out / "ledger.sqlite3").unlink()

    again = {one.batch: one.state for one in upload_all(out, store, WITHIN)}

    assert {again[batch] for batch in sent} == {"refused"}
    assert again["commerce_purchases-20240501-a"] == "refused"
