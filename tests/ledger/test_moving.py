"""The ledger of a folder is brought into a database: it knows there what it knew, and nothing is sent again."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox import moving
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.ledger_file import FILE, MOVED

from tests.deliveries.helpers import CORRECTED, FIRST, SECOND, Shop, names, raised, states
from tests.upload.store import Store


@pytest.fixture
def shop(out: Path, store: Store) -> Shop:
    """One batch is sent, its correction waits, and another is fixed in part."""
    shop = Shop(out, store)
    shop.convert("Ida")
    shop.upload()
    shop.convert("Ole", replaces=(FIRST,))
    shop.convert("Eva", "Per?", "Jan?", name="more.csv", max_invalid=1.0)
    shop.mend(SECOND, ("maybe", "no"))
    return shop


def all_of(shop: Shop) -> dict[str, list[dict[str, object]]]:
    tables = moving.TABLES
    with closing(Ledger(shop.out, file=shop.settings.ledger)) as ledger, ledger.transaction() as connection:
        found = {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in tables
        }
        for row in found["batches"]:
            row["folder"] = ledger.folder_of(str(row["folder"]))
    return found


def named(shop: Shop, address: LedgerAddress) -> Shop:
    return Shop(shop.out, shop.store, address)


def test_a_ledger_that_was_moved_knows_what_it_knew(shop: Shop, address: LedgerAddress) -> None:
    before, there = all_of(shop), named(shop, address)
    assert "status --move-ledger" in raised(UsageError, there.status).hint

    assert moving.move(shop.out, address, shop.runtime) == shop.out / MOVED

    assert all_of(there) == before
    assert all(before[table] for table in ("batches", "uploads", "events", "sources"))
    assert states(there.upload()) == [(CORRECTED, "sent"), (SECOND, "sent")]
    assert names(there.convert("Ida", "Ole", "Eva")) == [f"profile_customer_03-{FIRST[17:]}"]
    assert len(shop.store.objects) == 3


def test_a_move_that_is_cut_off_before_the_file_is_renamed_is_finished_by_the_next(
    shop: Shop, address: LedgerAddress
) -> None:
    kept = shop.out.parent / "kept"
    shutil.copy(shop.out / FILE, kept)
    moving.move(shop.out, address, shop.runtime)
    (shop.out / MOVED).unlink()
    shutil.copy(kept, shop.out / FILE)

    assert moving.move(shop.out, address, shop.runtime).exists()
    assert not (shop.out / FILE).exists()


def test_two_ledgers_are_not_made_one(shop: Shop, address: LedgerAddress) -> None:
    other = Shop(shop.out.parent / "others", shop.store, address)
    other.convert("Noor")
    with pytest.raises(UsageError, match="cannot be made one"):
        moving.move(shop.out, address, shop.runtime)
    assert (shop.out / FILE).exists()


def test_uploads_that_are_under_way_are_ended_first(shop: Shop, address: LedgerAddress) -> None:
    shop.in_ledger("UPDATE uploads SET state = 'granted', url = 'https://s3.example.com/?X-Amz-Signature=1'")
    with pytest.raises(UsageError, match="under way"):
        moving.move(shop.out, address, shop.runtime)
    assert (shop.out / FILE).exists()


def test_a_folder_whose_ledger_was_moved_gets_no_new_one_by_mistake(
    shop: Shop, address: LedgerAddress
) -> None:
    moving.move(shop.out, address, shop.runtime)

    assert "LEXER_LEDGER" in raised(UsageError, shop.status).hint
    assert "LEXER_LEDGER" in raised(UsageError, shop.upload).hint
    assert not (shop.out / FILE).exists()
    assert "none is named" in raised(UsageError, lambda: moving.move(shop.out, shop.out / FILE)).message
