"""--replaces: a correction has the name, the date and the destination of what it corrects, and takes its place."""

import pytest
from lexer_pipeline.errors import PersonNeeded, UsageError
from msgspec.structs import replace

from tests.deliveries.helpers import CORRECTED, DATE, FIRST, SECOND, Shop, export, names, states
from tests.upload.store import Store


def test_a_correction_of_what_was_never_asked_for_supersedes_it(shop: Shop) -> None:
    shop.convert("mira")
    assert names(shop.convert("noor", replaces=(FIRST,))) == [CORRECTED]
    assert shop.states() == {FIRST: "superseded", CORRECTED: "prepared"}
    assert shop.status()[CORRECTED].replaces == FIRST
    assert shop.status()[FIRST].replaced_by == CORRECTED
    assert states(shop.upload()) == [(CORRECTED, "sent")]
    assert shop.asked() == [f"{CORRECTED}.json"]


def test_a_correction_of_what_was_sent_leaves_it_sent_and_says_so(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    shop.convert("noor", replaces=(str(shop.out / FIRST),))
    shop.upload()

    found = shop.status()
    assert (found[FIRST].state, found[FIRST].replaced_by) == ("sent", CORRECTED)
    assert (found[CORRECTED].state, found[CORRECTED].replaces) == ("sent", FIRST)
    assert shop.asked() == [f"{FIRST}.json", f"{CORRECTED}.json"]


def test_the_newest_of_a_name_is_corrected(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor", replaces=(FIRST,))
    assert names(shop.convert("ada", replaces=(FIRST,))) == [f"profile_customer-{DATE}-c"]
    assert shop.states() == {
        FIRST: "superseded",
        CORRECTED: "superseded",
        f"profile_customer-{DATE}-c": "prepared",
    }
    assert shop.status()[f"profile_customer-{DATE}-c"].replaces == CORRECTED


def test_going_back_to_earlier_content_is_a_correction_like_any_other(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    shop.convert("noor", replaces=(FIRST,))
    shop.upload()
    assert names(shop.convert("mira", replaces=(CORRECTED,))) == [f"profile_customer-{DATE}-c"]
    assert states(shop.upload()) == [(f"profile_customer-{DATE}-c", "sent")]


def test_the_same_correction_twice_is_one(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor", replaces=(FIRST,))
    assert names(shop.convert("noor", replaces=(FIRST,))) == [f"({CORRECTED})"]


@pytest.mark.parametrize("is_sent", [False, True])
def test_the_old_content_without_replaces_makes_nothing_and_names_the_correction(
    shop: Shop, is_sent: bool
) -> None:
    """Going back to earlier content is a correction, which a person asks for."""
    shop.convert("mira")
    if is_sent:
        shop.upload()
    shop.convert("noor", replaces=(FIRST,))
    report = shop.convert("mira")
    assert names(report) == [f"({FIRST})"]
    assert f"--replaces {CORRECTED}" in report.batches[0].note


def test_dropping_a_correction_puts_its_target_back(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor", replaces=(FIRST,))
    shop.drop(CORRECTED)
    assert shop.states() == {FIRST: "prepared", CORRECTED: "dropped"}
    assert names(shop.convert("noor", replaces=(FIRST,))) == [f"profile_customer-{DATE}-c"]
    shop.drop(f"profile_customer-{DATE}-c")
    assert states(shop.upload()) == [(FIRST, "sent")]


def test_a_correction_that_is_held_takes_nobodys_place_until_it_is_released(shop: Shop) -> None:
    shop.convert("mira")
    assert names(shop.convert("noor", "x?", replaces=(FIRST,))) == [CORRECTED]
    assert shop.states() == {FIRST: "prepared", CORRECTED: "held"}
    report = shop.convert("noor", "x?", replaces=(FIRST,), max_invalid=0.6)
    assert names(report) == [f"({CORRECTED})"]
    assert shop.states() == {FIRST: "superseded", CORRECTED: "prepared"}


def test_what_is_on_its_way_or_in_doubt_cannot_be_corrected_yet(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.put_faults = ["stored-reset"]
    shop.upload(settings=replace(shop.settings, tries=1))
    assert shop.states()[FIRST] == "sending"
    with pytest.raises(PersonNeeded, match="on its way or in doubt"):
        shop.convert("noor", replaces=(FIRST,))

    shop.store.expired.add("101")
    assert states(shop.upload()) == [(FIRST, "in_doubt")]
    with pytest.raises(PersonNeeded, match="on its way or in doubt"):
        shop.convert("noor", replaces=(FIRST,))

    shop.settle(FIRST, arrived=True)
    assert names(shop.convert("noor", replaces=(FIRST,))) == [CORRECTED]


def test_date_and_label_are_those_of_the_target(shop: Shop) -> None:
    shop.convert("mira", date="20250101", label="sydney")
    assert names(shop.convert("noor", replaces=("profile_customer_sydney-20250101-a",))) == [
        "profile_customer_sydney-20250101-b"
    ]
    for more in ({"date": "20250101"}, {"label": "sydney"}):
        with pytest.raises(UsageError, match="has the name and the date"):
            shop.convert("ada", replaces=("profile_customer_sydney-20250101-b",), **more)


def test_one_batch_for_each_specification_that_the_run_makes(shop: Shop) -> None:
    shop.convert("mira")
    with pytest.raises(UsageError, match="no such batch"):
        shop.convert("noor", replaces=("nowhere",))
    with pytest.raises(UsageError, match="two batches"):
        shop.convert("noor", replaces=(FIRST, FIRST))
    with pytest.raises(UsageError, match="this run makes"):
        shop.prepare(shop.out.parent / "people.csv", spec="product", replaces=(FIRST,), ignore_unknown=True)


def test_a_correction_has_as_many_parts(shop: Shop) -> None:
    size = len(export("mira")) * 3
    first = names(shop.convert(*(f"mira{one}" for one in "abcd"), max_bytes=size))
    with pytest.raises(UsageError, match="parts"):
        shop.convert("noor", replaces=(first[1],))
    second = names(shop.convert(*(f"noor{one}" for one in "abcd"), max_bytes=size, replaces=(first[1],)))
    assert second == [name[:-1] + "b" for name in first]
    assert {shop.states()[name] for name in first} == {"superseded"}
    assert {shop.status()[name].replaces for name in second} == set(first)


def test_a_correction_belongs_where_its_target_does(shop: Shop) -> None:
    shop.convert("mira", datasets={"*": "a1b2c3d4"})
    report = shop.convert("noor", replaces=(FIRST,))
    assert report.batches[0].manifest.destination == "a1b2c3d4"
    with pytest.raises(UsageError, match="belongs to the dataset a1b2c3d4"):
        shop.convert("ada", replaces=(CORRECTED,), datasets={"*": "b2c3d4e5"})


def test_a_dropped_batch_is_no_target(shop: Shop) -> None:
    shop.convert("mira")
    shop.drop(FIRST)
    with pytest.raises(UsageError, match="dropped"):
        shop.convert("noor", replaces=(FIRST,))


def test_a_batch_that_was_corrected_is_sent_to_no_further_service(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    shop.convert("noor", replaces=(FIRST,))
    with Store() as other:
        there = Shop(shop.out, other, shop.settings.ledger)
        assert states(there.upload()) == [(CORRECTED, "sent")]
        (receipt,) = there.upload(FIRST)
    assert receipt.state == "superseded"
    assert CORRECTED in receipt.reason


def test_a_further_delivery_is_no_correction(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor")
    assert {one.replaced_by for one in shop.status().values()} == {None}
    assert names(shop.convert("ada", replaces=(SECOND,))) == [f"profile_customer_02-{DATE}-b"]
