"""A further delivery never replaces: other content for a name that is taken gets another first part."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import names as naming
from lexer_pipeline.outbox.names import Given
from lexer_pipeline.uploading.status import status
from msgspec.structs import replace

from tests.deliveries.helpers import DATE, FIRST, SECOND, Shop, export, names
from tests.upload.store import Store


@pytest.fixture
def shop(out: Path, store: Store) -> Shop:
    return Shop(out, store)


def test_other_content_of_the_day_differs_in_the_first_part_of_its_name(shop: Shop) -> None:
    assert names(shop.convert("mira", name="melbourne.csv")) == [FIRST]
    assert names(shop.convert("noor", name="sydney.csv")) == [SECOND]
    assert names(shop.convert("ada", name="hobart.csv")) == [f"profile_customer_03-{DATE}-a"]


def test_a_name_that_was_asked_for_stays_taken_and_so_does_one_that_waits(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    assert names(shop.convert("noor")) == [SECOND]
    shop.drop(SECOND)
    assert names(shop.convert("ada")) == [f"profile_customer_02-{DATE}-b"], (
        "free again, in a version of its own"
    )


def test_a_label_stands_in_the_name(shop: Shop) -> None:
    assert names(shop.convert("mira", label="Sydney CBD")) == [f"profile_customer_Sydney_CBD-{DATE}-a"]
    assert names(shop.convert("noor", label="Sydney CBD")) == [f"profile_customer_Sydney_CBD_02-{DATE}-a"]
    assert names(shop.convert("ada")) == [FIRST]


@pytest.mark.parametrize(
    "label", ["02", "7", "part_01", "part 1", "Part-2", "part", "shop_part_01", "...", "", "é"]
)
def test_a_label_that_means_something_else_in_a_name_is_refused(shop: Shop, label: str) -> None:
    with pytest.raises(UsageError, match="--label"):
        shop.convert("mira", label=label)
    assert not list(shop.out.glob("profile*"))


def test_parts_of_a_further_delivery_have_its_number(shop: Shop) -> None:
    size = len(export("mira")) * 3
    first = shop.convert(*(f"mira{one}" for one in "abcd"), max_bytes=size)
    second = shop.convert(*(f"noor{one}" for one in "abcd"), max_bytes=size)

    assert names(first)[:2] == [f"profile_customer_part_01-{DATE}-a", f"profile_customer_part_02-{DATE}-a"]
    assert names(second)[:2] == [
        f"profile_customer_02_part_01-{DATE}-a",
        f"profile_customer_02_part_02-{DATE}-a",
    ]


def test_folders_that_share_a_ledger_share_its_names(shop: Shop, tmp_path: Path) -> None:
    shop.settings = replace(shop.settings, ledger=tmp_path / "ledger.sqlite3")
    other = Shop(tmp_path / "others", shop.store)
    other.settings = shop.settings

    assert names(shop.convert("mira", name="melbourne.csv")) == [FIRST]
    assert names(other.convert("noor", name="sydney.csv")) == [SECOND]
    assert not (shop.out / "ledger.sqlite3").exists()


def test_converts_at_the_same_time_never_take_one_name(shop: Shop, tmp_path: Path) -> None:
    shop.settings = replace(shop.settings, ledger=tmp_path / "ledger.sqlite3")
    others = [Shop(tmp_path / f"out{number % 2}", shop.store) for number in range(8)]
    for one in others:
        one.settings = shop.settings

    def convert(number: int) -> list[str]:
        return names(others[number].convert(f"mira{number}", name=f"shop_{'abcdefgh'[number]}.csv"))

    with ThreadPoolExecutor(8) as pool:
        found = [name for made in pool.map(convert, range(8)) for name in made]

    assert len(set(found)) == 8


def test_what_lies_there_and_is_no_batch_is_left_alone(shop: Shop) -> None:
    (shop.out / FIRST).mkdir()
    (shop.out / FIRST / "notes.txt").write_text("mine")

    assert names(shop.convert("mira")) == [SECOND]
    assert (shop.out / FIRST / "notes.txt").read_text() == "mine"


KNOWN = ("profile_customer", "profile_customer_02", "commerce_purchases", "x_sydney")
FIRSTS = st.sampled_from(KNOWN)


@given(
    first=FIRSTS,
    given=st.dictionaries(
        st.sampled_from(
            [f"{first}{number}-{DATE}" for first in KNOWN for number in ("", "_02", "_03", "_10")]
        ),
        st.builds(Given, st.booleans(), st.sampled_from(["a", "b", "y", "z", "za", "zz", "rc_1"])),
        max_size=6,
    ),
)
def test_a_chosen_name_is_free_and_its_version_above_all_that_it_ever_had(
    first: str, given: dict[str, Given]
) -> None:
    chosen, version = naming.choose(first, DATE, given)

    known = given.get(f"{chosen}-{DATE}")
    assert chosen.startswith(first)
    assert known is None or (not known.taken and version > known.version)
    assert naming.FILE_NAME.fullmatch(f"{chosen}-{DATE}-{version}.json")


@given(st.lists(st.none(), min_size=1, max_size=120))
def test_versions_rise_in_plain_string_order(steps: list[None]) -> None:
    seen = [""]
    for _ in steps:
        seen.append(naming.next_version(seen[-1]))
    assert seen == sorted(set(seen))


def test_a_folder_with_a_ledger_of_its_own_is_not_opened_by_another(shop: Shop, tmp_path: Path) -> None:
    shop.convert("mira")
    shop.upload()
    shop.settings = replace(shop.settings, ledger=tmp_path / "ledger.sqlite3")
    for act in (lambda: shop.convert("noor"), shop.upload, shop.status):
        with pytest.raises(UsageError, match="has a ledger of its own"):
            act()
    shop.settings = replace(shop.settings, ledger=shop.out / "ledger.sqlite3")
    assert shop.upload() == []


def test_a_look_makes_no_ledger_that_would_stop_the_one_that_is_there(shop: Shop, tmp_path: Path) -> None:
    shop.settings = replace(shop.settings, ledger=tmp_path / "ledger.sqlite3")
    shop.convert("mira")
    shop.upload()
    plain = replace(shop.settings, ledger=None)
    status(shop.out, shop.settings.ledger)
    shop.upload(settings=replace(plain, token=None), dry_run=True)
    assert not (shop.out / "ledger.sqlite3").exists()
    assert shop.upload() == []


def test_a_ledger_that_knows_of_nothing_asked_for_stops_no_other(shop: Shop, tmp_path: Path) -> None:
    shop.convert("mira")
    shop.settings = replace(shop.settings, ledger=tmp_path / "ledger.sqlite3")
    assert names(shop.convert("noor", name="sydney.csv")) == [SECOND]
    assert set(shop.states().values()) == {"prepared"}
