"""A review without its page: rows are fixed, left out and checked again as the command checks them, and end as a batch."""

import json
from pathlib import Path

import pytest
from lexer_pipeline.errors import PersonNeeded, UsageError
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.reviewing.editing import ALL, FIXED, LEFT_OUT, OPEN, Shown
from lexer_pipeline.reviewing.faulty_rows import FaultyRows
from lexer_pipeline.reviewing.making import make, outlook, send
from lexer_pipeline.reviewing.session import Session
from msgspec.structs import replace

from tests.deliveries.helpers import Shop
from tests.review.exports import FAULTS, GOOD, HEAD, editing, export, reviewing, rows
from tests.upload.store import Store


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shop(out: Path, store: Store) -> Shop:
    return Shop(out, store)


def table_of(session: Session, number: int = 0) -> FaultyRows:
    return editing(session).tables[number]


def fix(session: Session) -> None:
    """All faults of one kind at a time, and the short rows left out."""
    work, table = editing(session), table_of(session)
    for kind, (column, text, right, _) in enumerate(FAULTS):
        work.set_cell(table, kind, column, right)
        others = work.alike(table, kind, column, text)
        work.set_cells(table, others, column, right)
    work.leave_out(table, work.rows(table, Shown(OPEN, "ragged_row")).tolist())


def test_forty_faults_of_eight_kinds_end_as_one_batch(tmp_path: Path) -> None:
    source = export(Path("orders.csv"))
    with reviewing(source, Path("batches")) as session:
        work, table = editing(session), table_of(session)
        codes = work.codes(table)
        assert work.counts(table) == {OPEN: 40, FIXED: 0, LEFT_OUT: 0, ALL: 40}
        assert (codes.pop("ragged_row"), set(codes)) == (5, {code for *_, code in FAULTS})

        fix(session)
        assert work.counts(table) == {OPEN: 0, FIXED: 35, LEFT_OUT: 5, ALL: 40}
        found = outlook(session)
        assert [(one.valid, one.invalid) for one in found.report.sources] == [(95, 0)]
        (batch,) = make(session).batches

    assert (batch.manifest.state, batch.manifest.records, batch.manifest.rejected) == ("prepared", 95, 0)
    assert batch.manifest.skipped == {"left out by hand": 5}
    ids = [json.loads(line)["purchase_id"] for line in batch.file.read_text("utf-8").splitlines()]
    assert ids[60:63] == ["F-0-0", "F-0-1", "F-0-2"]  # in the order of the source
    assert sorted(one.name for one in Path("batches").iterdir() if one.is_dir()) == [batch.path.name]


def test_a_cell_is_marked_with_the_sentence_of_the_command_and_a_row_with_its_own(tmp_path: Path) -> None:
    lines = [",".join([*GOOD[:4], "$9.95", "1"]), "S-1,a"]
    with reviewing(export(Path("orders.csv"), lines), Path("batches")) as session:
        work, table = editing(session), table_of(session)
        first, second = work.row(table, 0), work.row(table, 1)

    price = "products[].price_paid is not a number; write digits with a point, as in 12.50"
    assert (first["faults"], first["said"], first["4"]) == ({"4": price}, "", "$9.95")
    assert (second["faults"], second["0"], second["5"]) == ({}, "S-1", "")
    assert "the row has 2 cells where the header has 6" in str(second["said"])


def test_the_next_fault_is_found_by_row_and_column() -> None:
    lines = [
        ",".join([*GOOD[:3], "online", "$9.95", "1"]),
        ",".join([*GOOD[:5], "1"]).replace("A-0", "A-1"),
        "S-1,a",
    ]
    with reviewing(export(Path("orders.csv"), lines), Path("batches")) as session:
        work, table = editing(session), table_of(session)
        view = work.rows(table, Shown(ALL))
        found, at = [], (None, None)
        while (place := work.next_fault(table, view, *at)) is not None:
            found.append(place)
            at = (view.item(place[0]), place[1] if len(place) > 1 else None)
    assert found == [(0, 3), (0, 4), (1,)]


def test_of_an_order_of_several_rows_the_faulty_one_is_marked_and_all_are_fixed_with_it() -> None:
    lines = [",".join([*GOOD[:5], quantity]) for quantity in ("1", "2.7", "3")]
    with reviewing(export(Path("orders.csv"), lines), Path("batches")) as session:
        work, table = editing(session), table_of(session)
        assert [bool(work.row(table, row)["faults"]) for row in range(3)] == [False, True, False]
        work.set_cell(table, 1, 5, "2")
        assert work.counts(table)[FIXED] == 3


def test_a_fix_that_is_wrong_still_says_so_and_undo_takes_back_one_step() -> None:
    with reviewing(export(Path("orders.csv")), Path("batches")) as session:
        work, table = editing(session), table_of(session)
        work.set_cell(table, 3, 4, "cheap")
        assert work.row(table, 3)["faults"]
        work.set_cells(table, [3, 11], 4, "9.95")
        assert work.counts(table)[FIXED] == 2
        work.undo()
        assert (work.counts(table)[FIXED], work.row(table, 3)["4"], work.row(table, 11)["4"]) == (
            0,
            "cheap",
            "$9.95",
        )
        work.undo()
        assert (work.row(table, 3)["4"], work.undo(), work.kept.path.exists()) == ("$9.95", False, False)


def test_a_row_is_written_anew_as_text() -> None:
    with reviewing(export(Path("orders.csv"), ['A-0,"mira.holt@example.com,x']), Path("batches")) as session:
        work, table = editing(session), table_of(session)
        work.set_row(table, 0, ",".join(GOOD))
        assert work.counts(table)[FIXED] == 1
        with pytest.raises(UsageError, match="not one row"):
            work.set_row(table, 0, f'{",".join(GOOD)}\n"{",".join(GOOD)}"')
        assert work.counts(table)[FIXED] == 1


def test_a_review_goes_on_where_it_was_left_and_edits_of_another_content_are_put_aside() -> None:
    source, out = export(Path("orders.csv")), Path("batches")
    with reviewing(source, out) as session:
        fix(session)
    with reviewing(source, out) as session:
        assert editing(session).counts(table_of(session)) == {OPEN: 0, FIXED: 35, LEFT_OUT: 5, ALL: 40}
    export(source, rows(61))
    with reviewing(source, out) as session:
        assert editing(session).counts(table_of(session))[OPEN] == 40
    assert len(list(out.glob("orders.csv.*.edits.toml"))) == 1


def test_what_is_prepared_twice_in_one_review_takes_the_place_of_the_first() -> None:
    with reviewing(export(Path("orders.csv")), Path("batches"), date="20261127") as session:
        first = make(session, share=0.5).batches[0]
        fix(session)
        second = make(session).batches[0]
    names = [first.path.name, second.path.name]
    assert names == ["commerce_purchases-20261127-a", "commerce_purchases-20261127-b"]
    assert (second.manifest.replaces, second.manifest.records) == (names[0], 95)


def test_the_rejects_of_a_batch_that_stays_become_a_further_delivery() -> None:
    source, out = export(Path("orders.csv"), rows(900, 1)), Path("batches")
    (batch,) = prepare([source], "purchase", out).batches
    source.unlink()
    with reviewing(batch.path, out) as session:
        fix(session)
        assert "become a further delivery" in outlook(session).relation[0]
        (further,) = make(session).batches
        assert (further.manifest.fixes, further.manifest.records) == (batch.path.name, 7)
        assert session.batch is further
    assert (batch.path / "edits.toml").exists()


def test_a_batch_that_is_held_is_made_whole() -> None:
    source, out = export(Path("orders.csv")), Path("batches")
    (batch,) = prepare([source], "purchase", out).batches
    with reviewing(batch.path, out) as session:
        fix(session)
        (whole,) = make(session).batches
    assert (batch.manifest.state, whole.manifest.state, whole.manifest.records) == ("held", "prepared", 95)


PEOPLE = "link.email,first_name\n" + "".join(
    f"p{number}@example.com,Jos\u00c3\u00a9\n" for number in range(3)
)


def people() -> Path:
    source = Path("people.csv")
    source.write_text(PEOPLE, "utf-8")
    return source


def test_a_suspicious_row_that_was_accepted_is_changed_and_its_batch_made_anew(shop: Shop) -> None:
    people()
    (batch,) = shop.prepare("people.csv").batches
    with reviewing(batch.path, shop.out, None, shop.settings) as session:
        work, table = editing(session), table_of(session)
        assert (table.is_suspected, list(work.codes(table))) == (True, ["double_encoded"])
        work.set_cells(table, range(3), 1, "José")
        assert work.counts(table)[FIXED] == 3
        assert "is made anew" in outlook(session).relation[0]
        (anew,) = make(session).batches
    assert (anew.manifest.replaces, shop.states()[batch.path.name]) == (batch.path.name, "superseded")
    assert anew.file.read_text("utf-8").count("José") == 3


def test_such_a_change_of_what_was_sent_is_a_correction_and_is_sent(shop: Shop) -> None:
    people()
    (batch,) = shop.prepare("people.csv").batches
    shop.upload()
    with reviewing(batch.path, shop.out, None, shop.settings) as session:
        editing(session).set_cell(table_of(session), 0, 1, "José")
        assert "is its correction" in outlook(session).relation[0]
        make(session)
        assert [one.state for one in send(session)] == ["sent"]
    assert shop.status()[batch.path.name].replaced_by == shop.asked()[-1].removesuffix(".json")


def test_such_a_change_of_what_is_on_its_way_is_refused(shop: Shop) -> None:
    people()
    (batch,) = shop.prepare("people.csv").batches
    shop.store.put_faults = ["stored-reset"]
    shop.upload(settings=replace(shop.settings, tries=1))
    with reviewing(batch.path, shop.out, None, shop.settings) as session:
        editing(session).set_cell(table_of(session), 0, 1, "José")
        assert "on its way or in doubt" in outlook(session).refused
        with pytest.raises(PersonNeeded, match="on its way or in doubt"):
            make(session)


def test_such_a_change_needs_the_source_as_it_was(shop: Shop) -> None:
    source = people()
    (batch,) = shop.prepare("people.csv").batches
    with reviewing(batch.path, shop.out, None, shop.settings) as session:
        editing(session).set_cell(table_of(session), 0, 1, "José")
        source.write_text(PEOPLE + "x@example.com,Lena\n", "utf-8")
        with pytest.raises(UsageError, match="its source is not there any more"):
            outlook(session)


def test_a_batch_that_was_dropped_is_refused_at_once(shop: Shop) -> None:
    export(Path("orders.csv"))
    (batch,) = shop.prepare("orders.csv", spec="purchase").batches
    shop.drop(batch.path.name)
    with pytest.raises(UsageError, match="was dropped"), reviewing(batch.path, shop.out):
        pass


@pytest.mark.parametrize(
    ("column", "text", "right"),
    [("products[0].price_paid", '"9.95"', 9.95), ("type", '"online"', "ecommerce")],
)
def test_a_rejected_document_is_fixed_in_its_fields(column: str, text: str, right: object) -> None:
    good = {"purchase_id": "A-1", "link": {"email": "mira.holt@example.com"}, "action_at": "2024-03-06T10:15:00Z",
            "type": "ecommerce", "products": [{"price_paid": 9.95, "quantity": 1}]}  # fmt: skip
    was = "9.95" if column != "type" else '"ecommerce"'
    source = Path("orders.ndjson")
    bad = json.dumps(good | {"purchase_id": "A-2"}).replace(f": {was}", f": {text}")
    source.write_text(f"{json.dumps(good)}\n{bad}\n[1]\n", "utf-8")
    with reviewing(source, Path("batches")) as session:
        work, table = editing(session), table_of(session)
        place = table.names.index(column)
        assert list(work.row(table, 0)["faults"]) == [str(place)]  # type: ignore[call-overload]
        work.set_cell(table, 0, place, str(right))
        work.leave_out(table, [1])
        assert work.counts(table) == {OPEN: 0, FIXED: 1, LEFT_OUT: 1, ALL: 2}
        assert outlook(session).report.valid == 1
        (batch,) = make(session).batches
    assert [json.loads(line) for line in batch.file.read_text("utf-8").splitlines()][1] == good | {
        "purchase_id": "A-2"
    }
    assert batch.manifest.state == "prepared"


def test_a_header_that_no_preset_knows_asks_for_a_mapping(tmp_path: Path) -> None:
    Path("shop.csv").write_text(HEAD.replace("purchase_id", "Order No") + "\n", "utf-8")
    with reviewing("shop.csv", Path("batches"), None) as session:
        assert (session.editing, session.needs_mapping) == (None, "shop.csv: looks like none of the presets.")
