"""What a place in a store costs, how it is opened, and what is claimed in it."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import pytest
from lexer_pipeline.errors import PersonNeeded, StoreRefused
from lexer_pipeline.model import Manifest
from lexer_pipeline.outbox.entry import BatchState, Offer
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.publish import content_of, publish
from lexer_pipeline.outbox.staging import workspace_in
from lexer_pipeline.outbox.stored_recovery import CLAIM
from lexer_pipeline.system import store_access, store_path, stores
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.timings import Timings
from lexer_pipeline.uploading import outgoing
from lexer_pipeline.uploading.receipts import exit_code

from tests.running import command
from tests.stored.desk import Desk, export
from tests.stored.flaky import way_to
from tests.stores import ACCESS_KEY, SECRET_KEY


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the store was asked for what, from here on."""
    counts: Counter[str] = Counter()
    opened = store_access.opened

    class Counted:
        def __init__(self, store: Any) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Callable[..., Any]:
            counts[name] += 1
            request: Callable[..., Any] = getattr(self._store, name)
            return request

    monkeypatch.setattr(store_access, "opened", lambda *words: Counted(opened(*words)))
    return counts


def test_a_status_of_many_batches_asks_the_store_for_one_list_and_each_manifest(
    desk: Desk, asked: Counter[str]
) -> None:
    desk.convert(desk.source(export(rows=12, bad=0)), max_bytes=400)
    desk.states()
    asked.clear()

    assert len(desk.states()) == 12
    assert asked == {"list": 1, "get": 12}


def test_a_name_that_another_ledger_is_giving_just_now_is_not_taken_and_nothing_of_it_is_touched(
    desk: Desk,
) -> None:
    out = stores.folder(desk.out)
    assert isinstance(out, StorePath)

    def another_comes_first(name: str, _: Manifest, __: stores.Folder) -> Mapping[str, bytes]:
        (out / name / CLAIM).write(b".preparing-elsewhere")
        return {}

    with closing(Ledger(out, file=desk.ledger)) as ledger, Scratch() as scratch:
        work = workspace_in(out, Timings(), scratch)
        part = work.new_part()
        part.write_records(b"{}\n")
        part.counts["records"] = 1
        work.seal()
        none: tuple[Any, ...] = ()
        manifest = Manifest(
            "commerce_purchases", "purchase", "prepared", "", 0, "", 0, 0, 0, 0, 0, {}, {}, {}, none
        )
        offer = Offer(
            "commerce_purchases", "purchase", "commerce_purchases", "20260306", "orders.csv", "", BatchState.PREPARED,
            content_of(work, "prepared"), 1,
        )  # fmt: skip
        with pytest.raises(PersonNeeded, match="two of them give names there"):
            publish(work, ledger, offer, manifest, (), another_comes_first)
        work.discard()
        assert desk.lying() == [f"commerce_purchases-20260306-a/{CLAIM}"]
        assert desk.bucket.get(f"batches/commerce_purchases-20260306-a/{CLAIM}") == b".preparing-elsewhere"
        with ledger.transaction() as connection:
            assert not connection.execute("SELECT 1 FROM batches UNION SELECT 1 FROM staged").fetchall()


def test_what_is_too_large_for_a_copy_within_the_store_goes_by_way_of_this_machine(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_path, "COPIED", 100)
    (made,) = desk.convert(desk.source(export(rows=60))).batches
    assert made.file.read_bytes().count(b"\n") == 59
    assert [one.state for one in desk.upload()] == ["sent"]


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_keys_of_a_profile_are_used_where_no_variable_has_any(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    home = desk.folder / "home"
    (home / ".aws").mkdir(parents=True)
    section = "nights" if file == "credentials" else "profile nights"
    (home / ".aws" / file).write_text(
        f"[{section}]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\nregion = eu-west-1\n"
    )
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
    ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_PROFILE", "nights")
    assert desk.convert(desk.source(export())).batches[0].made

    (home / ".aws" / file).write_text(f"[{section}]\nsso_session = company\n")
    with pytest.raises(StoreRefused, match="by sso_session, which is not read here") as told:
        desk.convert(desk.folder / "orders.csv")
    assert "aws configure export-credentials" in told.value.hint


def test_from_the_command_line_no_key_is_written_anywhere_and_every_line_can_be_typed(desk: Desk) -> None:
    desk.source(export(), "orders-1.csv")
    (desk.folder / "pipeline.toml").write_text(
        f'[ledger]\npath = "ledger.sqlite3"\n\n[job.nightly]\nsources = ["orders-*.csv"]\nspec = "purchase"\nout = "{desk.out}"\nmax_invalid = "50%"\n'
    )
    environ = {
        **desk.bucket.store.environ,
        "LEXER_UPLOAD_API_URL": desk.service.url,
        "LEXER_UPLOAD_API_TOKEN": "token-of-mira-holt-7f3a9c",
    }
    said = []
    for words in (
        ("run", "nightly"), ("run", "nightly"), ("status", "--out", desk.out), ("status", "--out", desk.out, "--json"),
        ("doctor", "--offline", "--out", desk.out), ("upload", "--out", desk.bucket.at("nothing")), ("purge", "--out", desk.out, "--older-than", "0d"),
    ):  # fmt: skip
        done = command(*words, cwd=desk.folder, environ=environ)
        assert done.returncode in (0, 4), (words, done.stdout, done.stderr)
        said.append(done.stdout + done.stderr)
    assert len(desk.service.stored) == 1
    assert b"No file is new" in said[1] or b"no file is new" in said[1]
    everything = b"".join(said) + b"".join(
        one.read_bytes() for one in desk.folder.rglob("*") if one.is_file()
    )
    everything += b"".join(desk.bucket.get(key) for key in desk.bucket.keys())
    assert SECRET_KEY.encode() not in everything
    assert ACCESS_KEY.encode() not in everything
    assert desk.out.encode() in said[0]
    assert not (desk.folder / "batches").exists()


def test_a_review_of_such_batches_says_that_it_works_with_a_disk(desk: Desk) -> None:
    (made,) = desk.convert(desk.source(export())).batches
    done = command(
        "review",
        str(made.path),
        cwd=desk.folder,
        environ={**desk.bucket.store.environ, "LEXER_LEDGER": str(desk.ledger)},
    )
    assert done.returncode == 2
    assert b"works with batches on a disk" in done.stderr


@pytest.mark.parametrize("read_first", [0, 1 << 20])
def test_a_file_that_cannot_be_read_for_now_is_not_changed_and_goes_with_the_next_upload(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, read_first: int
) -> None:
    monkeypatch.setattr(outgoing, "READ_FIRST", read_first)
    monkeypatch.setattr(store_access, "RETRIES", {"max_retries": 0})
    desk.convert(desk.source(export(rows=60)))
    with way_to(desk.bucket.store.endpoint) as way:
        monkeypatch.setenv("AWS_ENDPOINT_URL", way.endpoint)
        way.broken = True
        (receipt,) = desk.upload()
        assert (receipt.state in ("prepared", "sending"), receipt.needs, exit_code([receipt])) == (
            True,
            "time",
            5,
        ), receipt
        assert "cannot be reached" in receipt.reason
        assert way.turned_down
        assert not desk.service.stored

        way.broken = False
        assert [one.state for one in desk.upload()] == ["sent"]
    assert len(desk.service.stored) == 1
