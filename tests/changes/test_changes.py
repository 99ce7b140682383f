"""What counts as new or changed: told from what became of the batches before, whatever that was."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.outbox.address import LedgerAddress, LedgerPlace
from lexer_pipeline.outbox.batch import PreparedBatch
from lexer_pipeline.outbox.deliveries import in_folder
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.trace import trace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.uploading.purge_state import purge_state
from lexer_pipeline.uploading.settings import Settings
from lexer_pipeline.uploading.settle import drop
from msgspec.structs import replace

from tests.postgres import Postgres

HERE, THERE = "https://api.example.com/v1/uploads", "https://other.example.com/v1/uploads"
PARTS = ("records", "rejected", "continuations", "blank", "unchanged")
ANN, BO, CY = "a@example.com", "b@example.com", "c@example.com"


class Shop:
    """Exports of customers, batches made of them, and a service of which it is said what became of each."""

    def __init__(self, root: Path, ledger: LedgerPlace | None = None) -> None:
        self.root, self.out, self.ledger = root, root / "batches", ledger
        self.options = Options(
            changed=True, service=HERE, datasets={"*": "d1"}, report=False, date="20240306", ledger=ledger
        )

    def made(self, *people: tuple[str, str], name: str = "customers.csv", **options: Any) -> Report:
        path = self.root / name
        path.write_text("link.email,first_name\n" + "".join(f"{who},{called}\n" for who, called in people))
        wanted = replace(self.options, **options)
        return prepare([str(path)], "customer_record", self.out, wanted)

    def goes(self, batch: PreparedBatch, state: str = "sent", service: str = HERE) -> None:
        """An upload of the batch ends, or stands, in a state."""
        with closing(Ledger(self.out, file=self.ledger)) as ledger:
            with ledger.transaction() as connection:
                one = in_folder(connection, ledger.text_of(batch.path))
            assert one is not None
            entry, found = ledger.ask(ledger.begin(one, service))
            assert found is None
            for step in ("granted", "sending", state):
                entry = ledger.move(entry, step, "as told", upload_id="7")

    def states(self) -> dict[str, str]:
        """What each batch is in itself."""
        with closing(Ledger(self.out, file=self.ledger)) as ledger, ledger.transaction() as connection:
            return {
                Path(folder).name: state
                for folder, state in connection.execute("SELECT folder, state FROM batches")
            }


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def people(report: Report) -> dict[str, str]:
    """Who is in the batch that was made, and as what; nobody where none was."""
    found = [line for one in report.batches if one.made for line in one.file.read_text().splitlines()]
    return {said["link"]["email"]: said["first_name"] for said in map(json.loads, found)}


def batch(report: Report) -> PreparedBatch:
    (found,) = report.batches
    return found


def test_what_is_new_or_changed_is_made_and_all_rows_are_counted(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"), (BO, "Bo"), (CY, "Cy"))))
    found = shop.made(
        (ANN, "Ann"), (BO, "Beau"), ("d@example.com", "Di"), ("nobody", "Ed"), ("", ""), max_invalid=1.0
    )

    assert people(found) == {BO: "Beau", "d@example.com": "Di"}
    manifest = batch(found).manifest
    assert manifest.rows == sum(getattr(manifest, name) for name in PARTS) == 5
    counts = {"new": 1, "changed": 1, "unchanged": 1, "missing": 1}
    assert (manifest.unchanged, manifest.compared_with) == (1, {"service": HERE, "dataset": "d1", **counts})
    lines = trace(batch(found).path, source_lines=["2", "3", "5"]).source_lines
    assert [one.became for one in lines] == ["unchanged", "record", "rejected"]


def test_a_night_without_a_change_makes_nothing_and_names_what_waits(shop: Shop) -> None:
    first = shop.made((ANN, "Ann"))
    again = shop.made((ANN, "Ann"))

    assert ([one.state for one in again.verdicts], again.batches) == (["unchanged"], ())
    assert all(one.is_good for one in again.verdicts)
    assert [path.name for path in again.waiting] == [batch(first).path.name]


@pytest.mark.parametrize(
    ("state", "counts"),
    [("sent", True), ("in_doubt", True), ("refused", False), ("granted", True), ("changed", False)],
)
def test_what_an_upload_came_to_is_what_its_records_came_to(shop: Shop, state: str, counts: bool) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))), state)
    found = shop.made((ANN, "Ann"), (BO, "Bo"))

    assert set(people(found)) == ({BO} if counts else {ANN, BO})


def test_what_was_dropped_or_held_is_made_again(shop: Shop) -> None:
    drop(batch(shop.made((ANN, "Ann"))).path, shop.out, Settings(url=HERE))
    held = shop.made((ANN, "Ann"), min_rows=5)
    found = shop.made((ANN, "Ann"), (BO, "Bo"))

    assert [one.state for one in held.verdicts] == ["held"]
    assert people(found) == {ANN: "Ann", BO: "Bo"}


def test_a_held_batch_is_superseded_by_one_that_has_all_of_its_records(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))))
    held = batch(shop.made((BO, "Bo"), min_rows=5))
    shop.made((CY, "Cy"))
    assert shop.states()[held.path.name] == "held"
    shop.made((BO, "Beau"))

    assert shop.states()[held.path.name] == "superseded"


def test_what_goes_back_to_what_it_was_is_sent_again(shop: Shop) -> None:
    for name in ("Ann", "Anna", "Ann", "Anna"):
        found = shop.made((ANN, name))
        assert people(found) == {ANN: name}
        shop.goes(batch(found))


@pytest.mark.parametrize(
    ("export", "sent"),
    [
        ([(BO, "Bo"), (BO, "Bo")], [(BO, "Bo")]),
        ([(BO, "Bo"), (BO, "Beau")], [(BO, "Bo"), (BO, "Beau")]),
        ([(BO, "Bo"), (BO, "Beau"), (BO, "Bo")], [(BO, "Beau"), (BO, "Bo")]),
        ([(ANN, "Anna"), (ANN, "Ann")], []),
        ([(ANN, "Ann"), (ANN, "Anna")], [(ANN, "Anna")]),
    ],
)
def test_of_a_record_that_stands_twice_the_last_one_is_what_counts(
    shop: Shop, export: list[tuple[str, str]], sent: list[tuple[str, str]]
) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))))
    found = shop.made(*export)

    lines = [json.loads(line) for one in found.batches for line in one.file.read_text().splitlines()]
    assert [(one["link"]["email"], one["first_name"]) for one in lines] == sent
    assert shop.made(*export).batches == ()


def test_a_correction_holds_all_of_what_it_corrects_and_forgets_the_rest(shop: Shop) -> None:
    shop.goes(batch(shop.made((CY, "Cy"))))
    wrong = batch(shop.made((ANN, "Ann"), (BO, "B"), (CY, "Cy")))
    shop.goes(wrong)
    right = shop.made((BO, "Bo"), (CY, "Cy"), replaces=(str(wrong.path),), date=None)
    assert people(right) == {BO: "Bo"}
    shop.goes(batch(right))

    # Nobody knows what became of what only the wrong one held.
    assert people(shop.made((ANN, "Ann"), (BO, "Bo"), (CY, "Cy"))) == {ANN: "Ann"}


def test_what_was_made_before_anything_was_compared_has_a_whole_correction(shop: Shop) -> None:
    plain = batch(shop.made((ANN, "Ann"), changed=False))
    shop.goes(plain)
    with pytest.raises(UsageError, match="made before anything was compared"):
        shop.made((ANN, "Anna"), replaces=(str(plain.path),), date=None)


def test_content_that_was_sent_before_anything_was_compared_is_known_from_then_on(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"), changed=False)))
    first = shop.made((ANN, "Ann"))

    assert not batch(first).made
    assert people(shop.made((ANN, "Ann"), (BO, "Bo"))) == {BO: "Bo"}


def test_a_full_one_sends_all_and_nothing_before_it_counts(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"), (BO, "Bo"))))
    full = shop.made((ANN, "Ann"), full=True)
    assert people(full) == {ANN: "Ann"}
    shop.goes(batch(full))

    assert people(shop.made((ANN, "Ann"), (BO, "Bo"))) == {BO: "Bo"}


def test_a_plain_batch_in_between_is_known_record_by_record(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))))
    shop.goes(batch(shop.made((ANN, "Ann"), (BO, "Bo"), changed=False)))

    assert shop.made((ANN, "Ann"), (BO, "Bo")).batches == ()


@pytest.mark.parametrize("other", [{"service": THERE}, {"datasets": {"*": "d2"}}, {"datasets": {}}])
def test_each_service_and_dataset_has_its_own(shop: Shop, other: Mapping[str, Any]) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))))

    assert people(shop.made((ANN, "Ann"), **other)) == {ANN: "Ann"}


def test_what_vanished_is_counted_among_exports_of_the_same_name_alone(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"), (BO, "Bo"))))
    listed = shop.root / "missing.txt"
    shop.made((CY, "Cy"), name="another.csv", list_missing=listed)
    assert listed.read_text() == ""
    shop.made((ANN, "Ann"), list_missing=listed)
    (line,) = listed.read_text().splitlines()

    assert len(line) == 16
    assert int(line, 16)


def test_another_command_that_changes_what_counts_is_noticed_before_anything_is_made(shop: Shop) -> None:
    first = batch(shop.made((ANN, "Ann")))

    def meanwhile(rows: int, _: int) -> None:
        if rows:
            drop(first.path, shop.out, Settings(url=HERE))

    with pytest.raises(PersonNeeded, match="another command changed meanwhile"):
        shop.made((ANN, "Ann"), (BO, "Bo"), progress=meanwhile)
    assert people(shop.made((ANN, "Ann"), (BO, "Bo"))) == {ANN: "Ann", BO: "Bo"}


def test_what_is_forgotten_is_sent_again(shop: Shop) -> None:
    shop.goes(batch(shop.made((ANN, "Ann"))))
    settings = Settings(url=HERE, datasets={"*": "d1"})
    (state,) = purge_state(shop.out, settings)
    assert (state.batches, state.records) == (1, 1)
    assert shop.made((ANN, "Ann")).batches == ()
    purge_state(shop.out, settings, really=True)

    assert purge_state(shop.out, settings) == ()
    assert people(shop.made((ANN, "Ann"), (BO, "Bo"))) == {ANN: "Ann", BO: "Bo"}


def test_no_value_of_a_record_stands_in_the_ledger(shop: Shop) -> None:
    shop.made(("mira.holt@example.com", "Miranda"))
    data = (shop.out / "ledger.sqlite3").read_bytes()

    assert b"mira" not in data.lower()


def test_rejects_of_a_night_without_a_change_lie_in_a_batch_once(shop: Shop) -> None:
    many = [(f"{number}@example.com", "Ann") for number in range(40)]
    shop.goes(batch(shop.made(*many)))
    first, again = shop.made(*many, ("nobody", "Ed")), shop.made(*many, ("nobody", "Ed"))

    assert [one.manifest.state for one in first.batches] == ["rejected"]
    assert all(one.is_good for one in first.verdicts)
    assert again.batches == ()


def test_lines_of_an_order_are_counted_with_it(shop: Shop) -> None:
    head = "purchase_id,link.email,action_at,type,products[].price_paid,products.quantity\n"
    row = "{},mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,{},1\n"
    path = shop.root / "orders.csv"

    def made(*rows: tuple[str, int]) -> Report:
        path.write_text(head + "".join(row.format(*one) for one in rows))
        return prepare([str(path)], "purchase", shop.out, shop.options)

    shop.goes(batch(made(("A", 1), ("A", 2), ("B", 3))))
    manifest = batch(made(("A", 1), ("A", 2), ("B", 4), ("B", 5), ("C", 6))).manifest

    assert (manifest.records, manifest.continuations, manifest.unchanged, manifest.rows) == (2, 1, 2, 5)


def test_the_mapping_may_say_so_and_by_what_a_record_is_known(shop: Shop) -> None:
    mapping = shop.root / "shop.toml"
    mapping.write_text(
        'changed = true\n[[records]]\nspecification = "profile_customer"\nidentity = "custom_fields"\n'
        '[records.fields]\n"link.email" = "mail"\nfirst_name = "name"\n"custom_fields.id" = "id"\n'
    )
    options = replace(shop.options, changed=False, mapping=str(mapping))
    path = shop.root / "export.csv"

    def made(text: str) -> Report:
        path.write_text(f"mail,name,id\n{text}")
        return prepare([str(path)], None, shop.out, options)

    shop.goes(batch(made(f"{ANN},Ann,1\n{BO},Bo,2\n")))
    assert people(made(f"{ANN},Ann,1\n{CY},Bo,2\n")) == {CY: "Bo"}
    mapping.write_text(mapping.read_text().replace('"custom_fields"', '"links"', 1))
    with pytest.raises(UsageError, match="identity names links"):
        made(f"{ANN},Ann,1\n")


def test_a_ledger_in_a_database_holds_it_too(tmp_path: Path, postgres: Postgres) -> None:
    shop = Shop(tmp_path, LedgerAddress(postgres.database()))
    shop.goes(batch(shop.made((ANN, "Ann"), (BO, "Bo"))))

    assert people(shop.made((ANN, "Ann"), (BO, "Beau"))) == {BO: "Beau"}
