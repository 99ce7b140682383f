"""Files that could not be converted, sent as they are: their names, and what a second run, a crash or a correction makes of them."""

import json
import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PersonNeeded, SourceError, UsageError
from lexer_pipeline.model import Receipt
from lexer_pipeline.outbox.ledger import entries
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.uploading.as_is import upload_as_is
from lexer_pipeline.uploading.options import UploadOptions
from lexer_pipeline.uploading.receipts import exit_code
from lexer_pipeline.uploading.send import upload
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.settle import drop, settle
from lexer_pipeline.uploading.status import status
from msgspec.structs import replace

from tests.thoroughness import also_drilled, many
from tests.upload import helpers
from tests.upload.helpers import prepared, settings
from tests.upload.store import TOKEN, Store

DAY = 1709683200.0  # 6 March 2024
CSV = b"email\nmira.holt@example.com\n"


class Desk:
    """A folder of exports that nobody could convert, and the service they go to."""

    def __init__(self, store: Store, out: Path) -> None:
        self.store, self.out, self.settings = store, out, settings(store)
        self.now = [DAY]

    def _tick(self) -> float:
        self.now[0] += 1
        return self.now[0]

    def file(self, name: str, data: bytes = CSV) -> Path:
        path = self.out.parent / name
        path.write_bytes(data)
        return path

    def send(
        self,
        path: Path,
        name: str | None = None,
        *,
        replaces: str | None = None,
        tries: int = 6,
        **asked: Any,
    ) -> Receipt:
        """Sent without real waiting."""
        runtime = Runtime(clock=self._tick, sleep=lambda _: None)
        chosen = replace(asked.pop("settings", self.settings), tries=tries)
        (receipt,) = upload_as_is(
            [path], self.out, chosen, name, UploadOptions(**asked), runtime, replaces=replaces
        )
        return receipt

    def names(self) -> list[str]:
        """The file names that permission was asked for, in order."""
        return [json.loads(post.body)["filename"] for post in self.store.posts]

    def states(self) -> dict[str, str]:
        return {Path(one.path).name: one.state for one in status(self.out)}


@pytest.fixture
def desk(store: Store, out: Path) -> Desk:
    return Desk(store, out)


# ------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("file", "words", "name"),
    [
        ("export.csv", None, "export-20240306-a.csv"),
        ("export.json", None, "export-20240306-a.json"),
        ("export.CSV", None, "export-20240306-a.csv"),
        ("export.csv", "shop", "shop-20240306-a.csv"),
        ("export.csv", "Orders of the shop!", "Orders_of_the_shop-20240306-a.csv"),
        ("Kunden (März).csv", None, "Kunden_M_rz-20240306-a.csv"),
        ("日本.csv", None, "export-20240306-a.csv"),
        ("shop_orders-20240101-b.csv", None, "shop_orders-20240101-b.csv"),
        ("shop_orders-20240101.csv", None, "shop_orders-20240101-a.csv"),
        ("shop_orders-20240101-b.csv", "shop", "shop-20240306-a.csv"),
        ("shop_orders-2024-01-01.csv", None, "shop_orders_2024_01_01-20240306-a.csv"),
        # What a prepared batch goes by is no name for them.
        ("profile_customer.csv", None, "profile_customer_export-20240306-a.csv"),
        ("profile_customer-20240101-b.json", None, "profile_customer_export-20240101-b.json"),
        ("profile_customer_02-20240101-a.json", None, "profile_customer_02_export-20240101-a.json"),
        ("customer_records.csv", None, "customer_records_export-20240306-a.csv"),
        ("orders_part_01.csv", None, "orders_part_01_export-20240306-a.csv"),
        ("part_01.csv", None, "part_01_export-20240306-a.csv"),
        ("profile_customer_notes.csv", None, "profile_customer_notes-20240306-a.csv"),
    ],
)
def test_a_file_is_sent_under_a_name_that_the_vendor_takes(
    desk: Desk, file: str, words: str | None, name: str
) -> None:
    desk.settings = replace(desk.settings, names={"profile_customer": "customer_records"})

    receipt = desk.send(desk.file(file), words)

    assert (receipt.name, receipt.state, receipt.records, receipt.dataset) == (name, "sent", None, None)
    assert json.loads(desk.store.posts[0].body) == {"filename": name}
    assert desk.store.objects == {"101": CSV}
    lies = desk.out / Path(name).stem / "receipt.json"
    assert json.loads(lies.read_bytes()) == receipt.as_json()


@pytest.mark.parametrize(
    "words", ["profile_customer", "profile customer", "profile_customer_02", "customer_records", "part_01",
              "orders_part_02", "", "!?", "日本"],
)  # fmt: skip
def test_a_name_that_prepared_batches_go_by_is_refused(desk: Desk, words: str) -> None:
    desk.settings = replace(desk.settings, names={"profile_customer": "customer_records"})

    with pytest.raises(UsageError, match="--name"):
        desk.send(desk.file("export.csv"), words)
    assert desk.store.posts == []


@pytest.mark.parametrize("name", ["export.xlsx", "export", "export.csv.gz", "csv"])
def test_what_is_neither_csv_nor_json_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(UsageError, match=r"neither a \.csv nor a \.json"):
        desk.send(desk.file(name))
    assert desk.store.posts == []


def test_a_file_that_is_not_there_is_a_source_that_cannot_be_read(desk: Desk) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        desk.send(desk.out / "absent.csv")


def test_an_empty_file_is_refused(desk: Desk) -> None:
    receipt = desk.send(desk.file("export.csv", b""))

    assert (receipt.state, receipt.reason, exit_code([receipt])) == ("refused", "the file is empty", 4)
    assert (desk.store.posts, desk.states()) == ([], {})


def test_more_than_the_vendor_takes_is_refused_before_a_byte_is_read(desk: Desk) -> None:
    path = desk.file("export.csv")
    with path.open("r+b") as file:
        file.truncate(4 << 40)  # sparse; nobody could read it in the time of a test

    receipt = desk.send(path)

    assert (receipt.state, exit_code([receipt])) == ("refused", 4)
    assert "5000000000" in receipt.reason
    assert (desk.store.posts, desk.states()) == ([], {})


# ------------------------------------------------------------------------------------- what there is already


def test_the_same_file_again_is_sent_once(desk: Desk) -> None:
    first = desk.send(desk.file("export.csv"))

    assert desk.send(desk.file("export.csv")) == first
    assert desk.send(desk.file("copy of it.csv")) == first
    assert desk.send(desk.file("export.csv"), "shop") == first
    assert len(desk.store.posts) == 1


def test_other_content_is_a_further_delivery_and_never_a_higher_version(desk: Desk) -> None:
    for number in range(3):
        desk.send(desk.file("export.csv", CSV * (number + 1)), "shop")

    assert desk.names() == ["shop-20240306-a.csv", "shop_02-20240306-a.csv", "shop_03-20240306-a.csv"]


def test_a_name_of_its_own_is_kept_only_while_it_is_free(desk: Desk) -> None:
    for number, version in enumerate("bbc"):
        desk.send(desk.file(f"shop_orders-20240101-{version}.csv", CSV * (number + 1)))

    assert desk.names() == [
        f"shop_orders{n}-20240101-{v}.csv" for n, v in (("", "b"), ("_02", "a"), ("_03", "a"))
    ]


def test_csv_and_json_of_one_name_do_not_replace_each_other(desk: Desk) -> None:
    desk.send(desk.file("export.csv"))
    desk.send(desk.file("export.json", b"[]"))

    assert desk.names() == ["export-20240306-a.csv", "export_02-20240306-a.json"]


def test_folders_that_share_a_ledger_share_its_names(desk: Desk, tmp_path: Path) -> None:
    desk.settings = replace(desk.settings, ledger=tmp_path / "shared.sqlite3")
    for number, word in enumerate(("one", "two", "three")):
        desk.out = tmp_path / word
        desk.send(desk.file("orders_part_01.csv", CSV * (number + 1)))

    assert len(set(desk.names())) == 3
    assert {name.rpartition("-")[2] for name in desk.names()} == {"a.csv"}


def test_content_that_is_back_after_other_content_is_a_further_delivery_once(desk: Desk) -> None:
    for data in (CSV, CSV * 2, CSV, CSV):
        desk.send(desk.file("export.csv", data))

    assert desk.names() == ["export-20240306-a.csv", "export_02-20240306-a.csv", "export_03-20240306-a.csv"]
    assert desk.store.objects["103"] == CSV


def test_an_interrupted_file_goes_on_under_its_name(desk: Desk) -> None:
    desk.store.put_faults = ["stored-reset"] * 8

    first = desk.send(desk.file("export.csv"))
    assert (first.state, exit_code([first])) == ("sending", 5)
    assert (desk.send(desk.file("export.csv")).upload_id, len(entries(desk.out))) == ("101", 1)


def test_a_file_that_changed_while_it_was_on_its_way_is_another_delivery(desk: Desk) -> None:
    desk.store.put_faults = ["refuse:503"] * 2
    desk.send(desk.file("export.csv"), tries=2)

    later = desk.send(desk.file("export.csv", CSV * 2))

    assert (later.state, later.name) == ("prepared", "export_02-20240306-a.csv")
    assert "goes after" in later.reason
    assert "--as-is" in later.hint
    assert "drop" in later.hint
    assert desk.send(desk.file("export.csv")).state == "sent"
    assert desk.send(desk.file("export.csv", CSV * 2)).state == "sent"


def test_a_file_that_is_older_than_what_was_sent_goes_only_when_told(desk: Desk) -> None:
    desk.store.put_faults = ["stored-reset", "refuse:403:AccessDenied:Request has expired"]
    desk.send(desk.file("export.csv"))
    desk.send(desk.file("export.csv", CSV * 2))
    settle("export-20240306-a", False, desk.out, desk.settings)

    receipt = desk.send(desk.file("export.csv"))

    assert (receipt.state, exit_code([receipt])) == ("prepared", 4)
    assert "--as-is --older" in receipt.hint
    assert desk.send(desk.file("export.csv"), older=True).name == "export-20240306-a.csv"
    assert len(desk.store.posts) == 3


def test_all_that_waits_names_a_file_that_must_be_named_again(desk: Desk) -> None:
    desk.store.post_faults = ["status:503"]
    desk.send(desk.file("orders_20240306.csv"), tries=1)

    (receipt,) = upload(None, desk.out, desk.settings)

    assert (receipt.state, receipt.needs, exit_code([receipt])) == ("prepared", "person", 4)
    assert "upload FILE --as-is" in receipt.hint


def test_a_refused_file_is_asked_for_again_only_when_told(desk: Desk) -> None:
    desk.store.post_faults = ["status:400"]
    path = desk.file("export.csv")

    assert [desk.send(path).state for _ in range(2)] == ["refused", "refused"]
    assert len(desk.store.posts) == 1
    assert desk.send(path, resend=True).state == "sent"
    assert desk.names() == ["export-20240306-a.csv"] * 2


def test_a_dropped_file_is_sent_anew_when_it_is_named_again(desk: Desk) -> None:
    desk.store.post_faults = ["status:400"]
    path = desk.file("export.csv")
    desk.send(path)
    drop("export-20240306-a", desk.out)

    assert desk.send(path).name == "export_02-20240306-a.csv"


# --------------------------------------------------------------------------------------------------- crashes


# Each way of dying has a third of the changes, and all together each change; as a drill each way has all.
@also_drilled
@pytest.mark.parametrize(("die", "third"), [("instead", 1), ("before", 2), ("after", 3)])
def test_a_kill_at_any_change_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, die: str, third: int
) -> None:
    every = many(3, drill=1)
    for change in count(min(third, every), every):
        out, path = tmp_path / str(change), tmp_path / f"export_{change}.csv"
        out.mkdir()
        path.write_bytes(CSV)
        with Store() as store:
            order = {"url": store.url, "out": str(out), "as_is": str(path), "die_at": change, "die": die}
            process = helpers.start("tests.upload.driver", order)
            process.communicate(timeout=300)
            ended = process.returncode == 0
            assert ended or process.returncode == -9
            receipt = Desk(store, out).send(path)

        assert (receipt.state, receipt.verified) == ("sent", True), change
        assert list(store.objects) == [receipt.upload_id], change
        assert (out / Path(receipt.name).stem / "receipt.json").exists(), change
        assert len({json.loads(post.body)["filename"] for post in store.posts}) == 1, change
        if ended:
            break
    assert change > 10  # all that a sending comes to


@pytest.mark.parametrize("command", ["as_is", "upload", "status", "settle", "drop"])
def test_a_receipt_that_a_crash_left_out_is_written_by_the_next_command(desk: Desk, command: str) -> None:
    sent = desk.send(desk.file("export.csv"))
    lies = desk.out / "export-20240306-a" / "receipt.json"
    lies.unlink()

    if command == "as_is":
        desk.send(desk.file("other.csv", CSV * 2))
    elif command == "upload":
        upload(None, desk.out, desk.settings)
    elif command == "status":
        status(desk.out)
    else:
        with pytest.raises(UsageError):
            settle(lies.parent, True, desk.out, desk.settings) if command == "settle" else drop(
                lies.parent, desk.out, desk.settings
            )

    assert json.loads(lies.read_bytes()) == sent.as_json()


def test_a_receipt_of_a_second_service_is_written_beside_the_first(desk: Desk) -> None:
    desk.send(desk.file("export.csv"))
    with Store() as other:
        there = desk.send(desk.file("export.csv"), settings=settings(other))
    lies = desk.out / "export-20240306-a" / "receipt_02.json"
    assert json.loads(lies.read_bytes()) == there.as_json()
    lies.unlink()

    status(desk.out)

    assert json.loads(lies.read_bytes()) == there.as_json()


# ------------------------------------------------------------------------------------------------------ doubt


@pytest.mark.parametrize(("arrived", "posts"), [(True, 1), (False, 2)])
def test_a_doubt_is_named_until_it_is_settled(desk: Desk, arrived: bool, posts: int) -> None:
    desk.store.put_faults = ["stored-reset", "refuse:403:AccessDenied:Request has expired"]
    path = desk.file("export.csv")
    for _ in range(2):
        receipt = desk.send(path)
        assert (receipt.state, exit_code([receipt])) == ("in_doubt", 4)
        assert "settle" in receipt.hint
    assert upload(None, desk.out, desk.settings)[0].state == "in_doubt"

    settle("export-20240306-a", arrived, desk.out, desk.settings)

    assert desk.send(path).state == "sent"
    assert len(desk.store.posts) == posts


# ------------------------------------------------------------------------------------------------ corrections


def test_a_correction_has_the_next_version_and_the_date_of_what_it_corrects(desk: Desk) -> None:
    desk.send(desk.file("export.csv"), "shop")
    desk.now[0] += 86_400 * 3

    receipt = desk.send(desk.file("export.csv", CSV * 2), replaces="shop-20240306-a")
    again = desk.send(desk.file("export.csv", CSV * 3), replaces="shop-20240306-a")

    assert desk.names() == ["shop-20240306-a.csv", "shop-20240306-b.csv", "shop-20240306-c.csv"]
    assert (receipt.replaces, again.replaces) == ("shop-20240306-a", "shop-20240306-b")
    assert {one.replaced_by for one in status(desk.out)} == {"shop-20240306-c", None}


def test_the_same_correction_twice_is_one(desk: Desk) -> None:
    desk.send(desk.file("export.csv"))
    path = desk.file("export.csv", CSV * 2)

    assert desk.send(path, replaces="export-20240306-a").upload_id == "102"
    assert desk.send(path, replaces="export-20240306-a").upload_id == "102"
    assert len(desk.store.posts) == 2


def test_going_back_to_the_first_content_is_a_correction(desk: Desk) -> None:
    desk.send(desk.file("export.csv"))
    desk.send(desk.file("export.csv", CSV * 2), replaces="export-20240306-a")

    receipt = desk.send(desk.file("export.csv"), replaces="export-20240306-b")

    assert (receipt.name, receipt.state, receipt.upload_id) == ("export-20240306-c.csv", "sent", "103")


def test_what_was_dropped_cannot_be_corrected(desk: Desk) -> None:
    desk.store.post_faults = ["status:400"]
    desk.send(desk.file("export.csv"))
    drop("export-20240306-a", desk.out)

    with pytest.raises(UsageError, match="was dropped"):
        desk.send(desk.file("export.csv", CSV * 2), replaces="export-20240306-a")


def test_what_is_on_its_way_or_in_doubt_cannot_be_corrected_yet(desk: Desk) -> None:
    desk.store.put_faults = ["stored-reset", "refuse:403:AccessDenied:Request has expired"]
    desk.send(desk.file("export.csv"))

    with pytest.raises(PersonNeeded, match="in doubt"):
        desk.send(desk.file("export.csv", CSV * 2), replaces="export-20240306-a")
    assert len(desk.store.posts) == 1


def test_a_correction_is_of_the_same_kind(desk: Desk) -> None:
    desk.send(desk.file("export.csv"))

    with pytest.raises(UsageError, match=r"cannot be replaced by a \.json file"):
        desk.send(desk.file("export.json", b"[]"), replaces="export-20240306-a")
    assert list(desk.states()) == ["export-20240306-a"]


def test_a_prepared_batch_is_corrected_by_convert_alone(desk: Desk) -> None:
    batch = prepared(desk.out)

    with pytest.raises(UsageError, match="is a prepared batch") as caught:
        desk.send(desk.file("customers.json", b"[]"), replaces=batch.path.name)
    assert "convert --replaces" in caught.value.hint
    assert desk.states() == {batch.path.name: "prepared"}


def test_one_file_is_corrected_at_a_time(desk: Desk) -> None:
    paths = [desk.file("a.csv"), desk.file("b.csv", CSV * 2)]

    with pytest.raises(UsageError, match="one file"):
        upload_as_is(paths, desk.out, desk.settings, replaces="export-20240306-a")
    with pytest.raises(UsageError, match="needs the files"):
        upload_as_is([], desk.out, desk.settings)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_what_is_no_file_is_not_sent_as_it_is(desk: Desk) -> None:
    os.mkfifo(desk.out.parent / "export.csv")

    with pytest.raises(UsageError, match="is no file but a pipe"):
        desk.send(desk.out.parent / "export.csv")
    assert desk.states() == {}


class Growing(type(Path())):  # type: ignore[misc]
    """A file that another program writes on to, each time that it is opened."""

    def open(self, *words: Any, **more: Any) -> Any:
        opened = super().open(*words, **more)
        with open(self, "ab") as file:
            file.write(b"ida@example.com\n")
        return opened


def test_a_file_that_grows_while_it_is_looked_at_is_not_sent_and_leaves_no_trace(desk: Desk) -> None:
    with pytest.raises(SourceError, match="was changed while it was read"):
        desk.send(Growing(desk.file("export.csv")))
    assert (desk.states(), desk.store.posts) == ({}, [])


# ---------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_says_what_would_be_sent_and_writes_nothing_down(desk: Desk) -> None:
    dry = {"dry_run": True, "settings": Settings(url=desk.store.url)}  # without a token
    path = desk.file("export.csv")

    receipt = desk.send(path, **dry)
    assert (receipt.state, receipt.name, receipt.reason) == (
        "would_send",
        "export-20240306-a.csv",
        "a delivery",
    )
    assert (receipt.bytes, receipt.service, exit_code([receipt])) == (len(CSV), desk.settings.service, 0)
    assert (desk.store.posts, desk.states()) == ([], {})

    sent = desk.send(path)
    assert desk.send(path, **dry) == sent
    correction = desk.send(desk.file("export.csv", CSV * 2), replaces="export-20240306-a", **dry)
    assert (correction.name, correction.reason, correction.replaces) == (
        "export-20240306-b.csv",
        "a correction of export-20240306-a",
        "export-20240306-a",
    )
    assert len(desk.store.posts) == 1


def test_the_token_is_in_nothing_that_is_left(desk: Desk) -> None:
    desk.store.post_faults = [f"words:400:{TOKEN} is wrong"]
    desk.send(desk.file("export.csv"))

    for path in desk.out.rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()
