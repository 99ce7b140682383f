"""Deliveries of one series: in which order they go, what a correction is among them, and where it goes."""

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from lexer_pipeline.cli import asked
from lexer_pipeline.cli.arguments import parser
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.outbox.locks import locked
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload
from msgspec.structs import replace

from tests.upload.helpers import settings
from tests.upload.store import Store

IN_ONE = {"product": "d1"}
HASTE = Runtime(sleep=lambda _: None, random=lambda: 0.0)


def convert(out: Path, serial: int, bad: int = 0, **options: object) -> PreparedBatch:
    """One night of a shop, of ten rows."""
    rows = [f"P-{serial}-{row},{'dear' if row < bad else row}" for row in range(10)]
    source = out.parent / f"shop_{serial}.csv"
    source.write_text("\n".join(["product_id,price", *rows]) + "\n")
    given = {"date": None if "replaces" in options else "20261101", "datasets": IN_ONE, **options}
    (batch,) = prepare([source], "commerce_products", out, Options(**given)).batches  # type: ignore[arg-type]
    return batch


def send(
    store: Store, out: Path, batches: Sequence[PreparedBatch] | None = None, datasets: dict[str, str] = IN_ONE, **options: bool
) -> tuple[Receipt, ...]:  # fmt: skip
    there = replace(settings(store, tries=2), datasets=datasets)
    return upload(batches, out, there, UploadOptions(**options), HASTE)


def asked_for(store: Store) -> list[str]:
    """The file names, in the order in which permission was asked for."""
    return [json.loads(post.body)["filename"] for post in store.posts]


def overtaken(store: Store, out: Path) -> PreparedBatch:
    """A batch that was held, and released after a newer one of its series was sent."""
    convert(out, 1, bad=3)
    send(store, out, [convert(out, 2)])
    released = convert(out, 1, bad=3, max_invalid=0.5)
    assert released.manifest.state == "prepared"
    return released


def test_one_that_was_overtaken_is_named_and_holds_up_nothing(store: Store, out: Path) -> None:
    old = overtaken(store, out)
    new = convert(out, 3)

    first, second = send(store, out, [new], earlier=True)

    assert (first.batch, first.needs, "--older" in first.hint) == (old.path.name, "person", True)
    assert second.state == "sent"
    assert send(store, out, [new])[0].state == "sent"


def test_one_that_was_overtaken_goes_with_older(store: Store, out: Path) -> None:
    assert send(store, out, [overtaken(store, out)], older=True)[0].state == "sent"


def test_what_fails_for_now_holds_up_what_comes_after_it(store: Store, out: Path) -> None:
    convert(out, 1)
    new = convert(out, 2)
    store.post_faults = ["status:503"] * 2

    found = send(store, out, [new], earlier=True)

    assert [(one.state, one.needs) for one in found] == [("prepared", "time"), ("prepared", "time")]
    assert len(store.posts) == 2


def test_a_file_that_was_made_anew_waits_again_before_what_is_newer(store: Store, out: Path) -> None:
    old = convert(out, 1)
    old.file.write_bytes(old.file.read_bytes()[::-1])
    assert send(store, out)[0].state == "changed"
    assert convert(out, 1).made
    new = convert(out, 2)

    send(store, out, [new], earlier=True)

    assert asked_for(store) == [old.manifest.file, new.manifest.file]


def test_a_correction_that_is_typed_again_while_it_is_on_its_way_goes_on(store: Store, out: Path) -> None:
    send(store, out, [old := convert(out, 1)])
    store.put_faults = ["cut:0.5"] * 2
    made = convert(out, 2, replaces=(str(old.path),))
    assert send(store, out, [made])[0].state == "sending"

    again = convert(out, 2, replaces=(str(old.path),))

    assert (again.path, again.made) == (made.path, False)
    assert send(store, out, [again])[0].state == "sent"
    assert len(store.posts) == 2


def test_other_content_takes_the_place_of_nothing_that_is_on_its_way(store: Store, out: Path) -> None:
    old = convert(out, 1)
    store.put_faults = ["cut:0.5"] * 2
    send(store, out, [old])

    with pytest.raises(PersonNeeded, match="on its way"):
        convert(out, 2, replaces=(str(old.path),))


def test_a_correction_of_an_older_one_leaves_the_newest_the_newest(store: Store, out: Path) -> None:
    old, newest = convert(out, 1), convert(out, 2)
    send(store, out)
    send(store, out, [convert(out, 3, replaces=(str(old.path),))])

    again = convert(out, 2)

    assert (again.path, again.made) == (newest.path, False)
    assert not convert(out, 3).made
    assert len(store.posts) == 3


def test_what_was_newest_and_is_no_longer_is_a_further_delivery(store: Store, out: Path) -> None:
    convert(out, 1)
    convert(out, 2)

    assert convert(out, 1).made
    send(store, out)
    assert len(store.posts) == 3


def test_a_release_that_is_typed_again_makes_nothing(store: Store, out: Path) -> None:
    old = overtaken(store, out)

    again = convert(out, 1, bad=3, max_invalid=0.5)

    assert (again.path, again.made) == (old.path, False)


def test_what_was_released_and_is_no_longer_the_newest_is_a_further_delivery(store: Store, out: Path) -> None:
    overtaken(store, out)
    convert(out, 3)

    assert convert(out, 1, bad=3, max_invalid=0.5).made


def test_a_batch_is_published_by_one_folder_of_a_ledger_at_a_time(tmp_path: Path, out: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    convert(out, 1, ledger=ledger)
    done = threading.Event()

    def another() -> None:
        convert(tmp_path / "two", 2, ledger=ledger)
        done.set()

    with locked(ledger.parent):
        thread = threading.Thread(target=another)
        thread.start()
        # However slow the machine is, it cannot be done; that it came as far as the lock is seen below.
        assert not done.wait(0.5)
    thread.join()
    assert done.is_set()


def test_a_correction_goes_without_a_dataset_where_what_it_corrects_went_so(store: Store, out: Path) -> None:
    old = convert(out, 1, datasets={})
    send(store, out, [old], datasets={})
    made = convert(out, 2, datasets={}, replaces=(str(old.path),))

    send(store, out)

    assert made.manifest.destination is None
    assert [json.loads(post.body).get("destination") for post in store.posts] == [None, None]
    with pytest.raises(UsageError, match="belongs to no dataset"):
        convert(out, 3, replaces=(str(made.path),))


def test_a_correction_gets_a_dataset_where_nothing_was_asked_for(store: Store, out: Path) -> None:
    old = convert(out, 1, datasets={})
    convert(out, 2, datasets={}, replaces=(str(old.path),))

    send(store, out)

    assert [one.dataset for one in entries(out)] == ["d1"]


def test_content_that_was_corrected_before_it_was_sent_needs_nobody(store: Store, out: Path) -> None:
    old = convert(out, 1)
    convert(out, 2, replaces=(str(old.path),))

    (receipt,) = send(store, out, [again := convert(out, 1)])

    assert (again.path, again.made, receipt.state, receipt.needs) == (old.path, False, "superseded", "")
    assert (exit_code([receipt]), len(store.posts)) == (0, 0)


def test_batches_of_several_folders_are_named_at_once_where_these_share_a_ledger(tmp_path: Path) -> None:
    words = parser().parse_args(["upload", "one/a", "two/b"])

    assert asked.out(words, tmp_path / "ledger.sqlite3") == Path("one")
    with pytest.raises(UsageError, match="several folders"):
        asked.out(words, None)
