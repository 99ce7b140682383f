"""The destination belongs to the batch: said at convert or filled at upload, written down before the first request."""

from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.batch import read
from lexer_pipeline.uploading.dataset_ids import over, parse_datasets
from lexer_pipeline.uploading.status import status
from msgspec.structs import replace

from tests.deliveries.helpers import FIRST, SECOND, Shop, names, states
from tests.upload.store import Store

SAMPLES = Path(__file__).parents[2] / "samples"
ORDERS = SAMPLES / "commerce_purchases" / "good_csv_indexed" / "input.csv"
SHOPIFY = SAMPLES / "exports" / "shopify_orders" / "good_orders" / "orders_export_1.csv"


def test_a_batch_goes_to_the_dataset_it_was_converted_for(shop: Shop) -> None:
    report = shop.convert("mira", datasets={"customer_record": "a1b2c3d4"})
    assert report.batches[0].manifest.destination == "a1b2c3d4"
    (receipt,) = shop.upload()
    assert (receipt.state, receipt.dataset, receipt.service) == ("sent", "a1b2c3d4", shop.settings.service)
    assert shop.destinations() == ["a1b2c3d4"]
    assert (shop.status()[FIRST].dataset, shop.status()[FIRST].service) == ("a1b2c3d4", shop.settings.service)


def test_a_batch_without_one_is_filled_at_upload_and_that_is_written_down(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.post_faults = ["status:503"]
    before = shop.upload(settings=replace(shop.with_dataset(customer_record="a1b2c3d4"), tries=1))
    assert states(before) == [(FIRST, "prepared")]
    assert read(shop.out / FIRST).manifest.destination == "a1b2c3d4"
    assert states(shop.upload()) == [(FIRST, "sent")], "what was filled stays filled"
    assert shop.destinations() == ["a1b2c3d4", "a1b2c3d4"]


def test_a_batch_that_has_another_is_left_and_named(shop: Shop) -> None:
    shop.convert("mira", datasets={"*": "a1b2c3d4"})
    (receipt,) = shop.upload(settings=shop.with_dataset(any="b2c3d4e5"))
    assert (receipt.state, receipt.needs) == ("prepared", "person")
    assert "belongs to the dataset a1b2c3d4, and b2c3d4e5 was named" in receipt.reason
    assert "--dataset a1b2c3d4" in receipt.hint
    assert shop.store.posts == []
    assert states(shop.upload(settings=shop.with_dataset(any="a1b2c3d4"))) == [(FIRST, "sent")]


def test_the_same_content_with_a_dataset_fills_the_batch_without_one(shop: Shop) -> None:
    shop.convert("mira")
    report = shop.convert("mira", datasets={"*": "a1b2c3d4"})
    assert names(report) == [f"({FIRST})"]
    assert report.batches[0].manifest.destination == "a1b2c3d4"
    assert read(shop.out / FIRST).manifest.destination == "a1b2c3d4"
    assert names(shop.convert("mira")) == [f"({FIRST})"], "made without one, wherever it belongs since"
    assert names(shop.convert("mira", datasets={"*": "b2c3d4e5"})) == [SECOND]


def test_a_held_batch_is_released_and_filled_at_once(shop: Shop) -> None:
    shop.convert("mira", "x?")
    report = shop.convert("mira", "x?", max_invalid=1, datasets={"*": "a1b2c3d4"})
    assert (report.batches[0].manifest.state, report.batches[0].manifest.destination) == (
        "prepared",
        "a1b2c3d4",
    )
    assert states(shop.upload()) == [(FIRST, "sent")]
    assert shop.destinations() == ["a1b2c3d4"]


def test_what_was_sent_without_a_dataset_is_not_sent_to_one(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    assert names(shop.convert("mira", datasets={"*": "a1b2c3d4"})) == [SECOND]
    assert states(shop.upload()) == [(SECOND, "sent")]
    assert shop.destinations() == [None, "a1b2c3d4"]
    assert names(shop.convert("mira", datasets={"*": "a1b2c3d4"})) == [f"({SECOND})"]
    assert shop.upload() == []


def test_what_was_sent_without_a_dataset_goes_to_the_one_that_a_person_names(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    settings = shop.with_dataset(any="a1b2c3d4")
    assert shop.upload(settings=settings) == [], "a setting of every night sends nothing anew"
    (named,) = shop.upload(FIRST, settings=settings)
    assert (named.state, named.dataset, named.needs) == ("sent", None, "person")

    assert states(shop.upload(FIRST, settings=settings, also_there=True)) == [(FIRST, "sent")]
    assert shop.destinations() == [None, "a1b2c3d4"]
    assert states(shop.upload(FIRST, settings=settings, also_there=True)) == [(FIRST, "sent")]
    assert len(shop.store.objects) == 2
    assert [one.dataset for one in status(shop.out, shop.settings.ledger)] == [None, "a1b2c3d4"]
    assert names(shop.convert("mira")) == [f"({FIRST})"]


def test_what_was_sent_to_one_service_is_not_sent_to_another(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    with Store() as other:
        there = Shop(shop.out, other, shop.settings.ledger)
        assert states(there.upload()) == [(FIRST, "sent")]
        assert there.upload() == []
        assert len(other.objects) == 1
        lines = [one for one in status(there.out, shop.settings.ledger) if Path(one.path).name == FIRST]
    assert [one.service for one in lines] == [shop.settings.service, there.settings.service]
    assert shop.upload() == []
    assert sorted(path.name for path in (shop.out / FIRST).glob("receipt*")) == [
        "receipt.json",
        "receipt_02.json",
    ]


def test_accounts_of_one_service_are_told_apart(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload(settings=replace(shop.settings, account="northwind"))
    assert states(shop.upload(settings=replace(shop.settings, account="southwind"))) == [(FIRST, "sent")]
    assert shop.upload(settings=replace(shop.settings, account="northwind")) == []


def test_a_folder_name_used_again_for_other_content_is_other_content(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    other = Shop(shop.out.with_name("others"), shop.store)
    other.convert("noor")
    for path in (shop.out / FIRST).iterdir():
        path.unlink()
    (shop.out / FIRST).rmdir()
    (other.out / FIRST).rename(shop.out / FIRST)

    assert states(shop.upload()) == [(SECOND, "sent")]
    assert len(set(shop.store.objects.values())) == 2
    assert shop.asked() == [f"{FIRST}.json", f"{SECOND}.json"]


def test_one_id_for_records_of_several_types_is_refused_and_nothing_filled(shop: Shop) -> None:
    shop.convert("mira")
    shop.prepare(ORDERS, spec="purchase")
    assert sorted(shop.states().values()) == ["prepared", "prepared"]
    with pytest.raises(UsageError, match="records of several types") as caught:
        shop.upload(settings=shop.with_dataset(any="a1b2c3d4"))
    assert "--dataset customer_record=a1b2c3d4,purchase=ID" in caught.value.hint
    assert shop.store.posts == []
    assert {one.dataset for one in shop.status().values()} == {None}

    found = shop.upload(settings=shop.with_dataset(customer_record="a1b2c3d4", purchase="b2c3d4e5"))
    assert sorted(receipt.dataset or "" for receipt in found) == ["a1b2c3d4", "b2c3d4e5"]


def test_one_id_is_refused_before_a_run_of_several_types_reads_a_row(shop: Shop) -> None:
    with pytest.raises(UsageError, match="records of several types"):
        shop.prepare(SHOPIFY, spec=None, mapping="shopify_orders", datasets={"*": "a1b2c3d4"})
    assert not list(shop.out.glob("*-*"))


def test_a_dry_run_fills_nothing_and_asks_for_nothing(shop: Shop) -> None:
    shop.convert("mira")
    settings = replace(shop.with_dataset(any="a1b2c3d4"), token=None)
    (receipt,) = shop.upload(settings=settings, dry_run=True)
    assert (receipt.state, receipt.dataset, receipt.reason) == ("would_send", "a1b2c3d4", "a delivery")
    assert receipt.bytes == (shop.out / FIRST / f"{FIRST}.json").stat().st_size
    assert shop.status()[FIRST].dataset is None
    assert shop.store.posts == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a1b2c3d4", {"*": "a1b2c3d4"}),
        ("purchase=a1,customer_record=b2", {"purchase": "a1", "customer_record": "b2"}),
        (" purchase=a1 , return=b2 ", {"purchase": "a1", "return": "b2"}),
    ],
)
def test_datasets_are_read_from_one_text(text: str, found: dict[str, str]) -> None:
    assert parse_datasets(text, "--dataset") == found


@pytest.mark.parametrize(
    "text", ["a b", "purchase=", "a1,b2", "purchase=a1,purchase=b2", "purchse=a1", "*=a1,b2", "purchase=a1,"]
)
def test_a_text_that_names_no_datasets_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--dataset"):
        parse_datasets(text, "--dataset")


@pytest.mark.parametrize(
    ("lower", "higher", "both"),
    [
        ({"*": "a"}, {"purchase": "b"}, {"*": "a", "purchase": "b"}),
        ({"purchase": "a"}, {"*": "b"}, {"*": "b"}),
        ({"purchase": "a", "return": "c"}, {"purchase": "b"}, {"purchase": "b", "return": "c"}),
        ({"*": "a"}, {}, {"*": "a"}),
    ],
)
def test_the_higher_place_wins_for_what_it_names(
    lower: dict[str, str], higher: dict[str, str], both: dict[str, str]
) -> None:
    assert over(lower, higher) == both
