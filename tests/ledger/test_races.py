"""Commands side by side that share a ledger: each name is given once, and each content is one delivery."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lexer_pipeline.outbox.address import LedgerPlace

from tests.deliveries.helpers import Shop
from tests.upload.store import Store

PEOPLE = ["Ida", "Ole", "Eva", "Per", "Jan", "Liv"]


def test_what_is_made_side_by_side_gets_names_of_its_own_and_goes_once(
    tmp_path: Path, store: Store, at: LedgerPlace
) -> None:
    """In two folders, each content twice."""
    shops = [Shop(tmp_path / f"out{number % 2}", store, at) for number in range(len(PEOPLE) * 2)]

    def make(number: int) -> bool:
        person = PEOPLE[number // 2]
        (batch,) = shops[number].convert(person, name=f"{number}/{person}.csv").batches
        return batch.made

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(len(shops))))
    with ThreadPoolExecutor(2) as pool:
        receipts = [one for some in pool.map(lambda shop: shop.upload(), shops[:2]) for one in some]

    assert sum(made) == len(PEOPLE)
    assert Counter(one.state for one in receipts) == {"sent": len(PEOPLE)}
    assert len(store.objects) == len(set(store.objects.values())) == len(PEOPLE)
    assert len({one.name for one in receipts}) == len(PEOPLE)
