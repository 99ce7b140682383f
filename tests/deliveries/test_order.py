"""What waits goes in order: deliveries of one series one after another, and what is older than what was sent not by itself."""

from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.uploading.status import status
from msgspec.structs import replace

from tests.deliveries.helpers import DATE, FIRST, SECOND, Shop, names, states
from tests.upload.store import Store

THIRD = f"profile_customer_03-{DATE}-a"


def test_deliveries_of_one_series_go_in_the_order_they_were_made(shop: Shop) -> None:
    for person in ("mira", "noor", "ada"):
        shop.convert(person)
    shop.store.put_faults = ["slow:0.3"]
    assert states(shop.upload()) == [(FIRST, "sent"), (SECOND, "sent"), (THIRD, "sent")]
    assert shop.asked() == [f"{name}.json" for name in (FIRST, SECOND, THIRD)]


def test_one_that_cannot_go_now_stops_those_after_it(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor")
    shop.convert("ada", name="members.csv")
    shop.store.post_faults = ["status:503"]
    found = shop.upload(settings=replace(shop.settings, tries=1, parallel=1))
    assert states(found) == [(FIRST, "prepared"), (SECOND, "prepared"), (THIRD, "sent")]
    assert f"goes after {FIRST}" in found[1].reason
    assert {receipt.needs for receipt in found} == {"time", ""}
    assert states(shop.upload()) == [(FIRST, "sent"), (SECOND, "sent")]


def test_one_that_ended_lets_those_after_it_go(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor")
    shop.store.post_faults = ["status:400"]
    assert states(shop.upload()) == [(FIRST, "refused"), (SECOND, "sent")]


def test_a_newer_one_alone_is_left_with_the_command_that_sends_both(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("noor")
    (receipt,) = shop.upload(SECOND)
    assert (receipt.state, receipt.needs) == ("prepared", "person")
    assert "goes after" in receipt.reason
    assert FIRST in receipt.hint
    assert states(shop.upload(SECOND, FIRST)) == [(SECOND, "sent"), (FIRST, "sent")]
    assert shop.asked() == [f"{FIRST}.json", f"{SECOND}.json"]


def test_what_is_older_than_what_was_sent_goes_only_when_told(shop: Shop) -> None:
    shop.convert("mira", "x?")
    shop.convert("noor")
    assert states(shop.upload()) == [(FIRST, "held"), (SECOND, "sent")]
    shop.convert("mira", "x?", max_invalid=1)

    (receipt,) = shop.upload()
    assert (receipt.state, receipt.needs) == ("prepared", "person")
    assert SECOND in receipt.reason
    assert "--older" in receipt.hint
    assert states(shop.upload(older=True)) == [(FIRST, "sent")]


def test_what_is_resent_after_a_newer_one_goes_only_when_told(shop: Shop) -> None:
    shop.convert("mira")
    shop.upload()
    shop.convert("noor")
    shop.upload()
    (receipt,) = shop.upload(FIRST, resend=True)
    assert (receipt.state, receipt.needs) == ("sent", "person")
    assert "was not sent again" in receipt.reason
    assert len(shop.store.posts) == 2
    assert states(shop.upload(FIRST, resend=True, older=True)) == [(FIRST, "sent")]
    assert len(shop.store.posts) == 3


def test_what_is_settled_as_not_arrived_after_a_newer_one_goes_only_when_told(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.put_faults = ["unstored-reset"]
    shop.upload(settings=replace(shop.settings, tries=1))
    shop.store.expired.add("101")
    shop.convert("noor")
    assert states(shop.upload()) == [(FIRST, "in_doubt"), (SECOND, "sent")]
    assert shop.settle(FIRST, arrived=False).state == "prepared"
    assert [receipt.needs for receipt in shop.upload()] == ["person"]
    assert states(shop.upload(older=True)) == [(FIRST, "sent")]


def test_run_sends_first_what_waits_of_its_series_and_nothing_else(shop: Shop) -> None:
    shop.convert("mira")
    shop.convert("ada", name="members.csv")
    report = shop.convert("noor")
    assert states(shop.upload(*report.batches, earlier=True)) == [(FIRST, "sent"), (THIRD, "sent")]
    assert shop.states()[SECOND] == "prepared"


@pytest.mark.parametrize(
    ("elsewhere", "sent"),
    [("https://api.example.com/v1/uploads", [SECOND]), ("http://127.0.0.1:9/v1/uploads", [FIRST, SECOND])],
)
def test_what_another_service_has_is_not_waited_for_unless_it_was_a_sandbox(
    shop: Shop, elsewhere: str, sent: list[str]
) -> None:
    shop.convert("mira")
    with Store() as other:
        Shop(shop.out, other, shop.settings.ledger).upload()
    shop.in_ledger("UPDATE uploads SET service = ?", elsewhere)
    report = shop.convert("noor")
    assert states(shop.upload(*report.batches, earlier=True)) == [(name, "sent") for name in sent]


def test_what_a_sandbox_has_can_be_dropped_so_that_no_service_gets_it(shop: Shop) -> None:
    shop.convert("mira")
    with Store() as sandbox:
        Shop(shop.out, sandbox, shop.settings.ledger).upload()
    shop.drop(FIRST)
    assert shop.upload() == []
    lines = status(shop.out, shop.settings.ledger)
    assert [(one.state, one.service is None) for one in lines] == [("sent", False), ("dropped", True)]


def test_a_refused_token_leaves_what_was_sent_as_it_was(shop: Shop) -> None:
    shop.convert("mira")
    (sent,) = shop.upload()
    shop.store.post_faults = ["status:401"]
    (receipt,) = shop.upload(FIRST, resend=True)
    assert (receipt.state, receipt.needs, receipt.upload_id) == ("sent", "person", sent.upload_id)
    assert shop.upload(FIRST) == [sent]


def test_settle_and_drop_say_where_there_is_nothing_to_do(shop: Shop) -> None:
    shop.convert("mira")
    with pytest.raises(UsageError, match="not in doubt"):
        shop.settle(FIRST, arrived=True)
    shop.upload()
    with pytest.raises(UsageError, match="was sent"):
        shop.drop(FIRST)
    shop.convert("noor")
    shop.drop(SECOND)
    shop.drop(SECOND)  # as it is already
    with pytest.raises(UsageError, match="not a prepared batch"):
        shop.drop("nowhere")


def test_what_may_have_arrived_cannot_be_dropped(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.put_faults = ["stored-reset"]
    shop.upload(settings=replace(shop.settings, tries=1))
    with pytest.raises(PersonNeeded, match="may have arrived"):
        shop.drop(FIRST)
    shop.store.expired.add("101")
    shop.upload()
    with pytest.raises(PersonNeeded, match="nobody knows whether it arrived"):
        shop.drop(FIRST)
    shop.settle(FIRST, arrived=False)
    shop.drop(FIRST)
    assert shop.states() == {FIRST: "dropped"}


def test_what_was_only_asked_for_is_dropped_and_its_name_stays_taken(shop: Shop) -> None:
    shop.convert("mira")
    shop.store.put_faults = ["reset-at-once"]
    shop.upload(settings=replace(shop.settings, tries=1))
    shop.drop(FIRST)
    assert shop.upload() == []
    assert names(shop.convert("noor")) == [SECOND]


def test_a_broken_folder_stops_only_itself(shop: Shop) -> None:
    shop.convert("mira")
    broken = shop.out / f"customers-{DATE}-a"
    broken.mkdir()
    (broken / "manifest.json").write_text("{")
    for named in ((), (broken, FIRST)):
        found = shop.upload(*named)
        assert {(Path(one.batch).name, one.state, one.needs) for one in found if one.state != "sent"} == {
            (broken.name, "broken", "person")
        }
    assert shop.states() == {FIRST: "sent", broken.name: "broken"}


def test_what_the_ledger_knows_is_sent_though_its_manifest_is_broken(shop: Shop) -> None:
    shop.convert("mira")
    (shop.out / FIRST / "manifest.json").write_text("{")
    assert states(shop.upload()) == [(FIRST, "sent")]


def test_a_folder_that_is_gone_stops_nothing_of_its_series(shop: Shop) -> None:
    shop.convert("mira")
    for path in (shop.out / FIRST).iterdir():
        path.unlink()
    (shop.out / FIRST).rmdir()
    shop.convert("noor")
    assert states(shop.upload()) == [(FIRST, "changed"), (SECOND, "sent")]
    assert [receipt.needs for receipt in shop.upload()] == ["person"]
    assert names(shop.convert("mira")) == [f"profile_customer_03-{DATE}-a"]
    shop.drop(FIRST)
    assert states(shop.upload()) == [(f"profile_customer_03-{DATE}-a", "sent")]
