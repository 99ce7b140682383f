"""The draft of a mapping, changed column by column, runs as it is and is remembered."""

import tomllib
from pathlib import Path

import pytest
from lexer_pipeline.reviewing.making import make
from lexer_pipeline.reviewing.mapping_step import MappingStep, candidates
from lexer_pipeline.reviewing.mapping_text import MappingText

from tests.review.exports import reviewing

SHOP = """\
Order No,Customer Email,Placed,Channel,Article,Qty,Price,Note
S-1,mira.holt@example.com,06/03/2024,web,0012,1,"$1,019.90",x
S-2,teo.lund@example.com,16/03/2024,store,0013,2,$5.00,
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.csv").write_text(SHOP, "utf-8")


def test_an_unknown_export_is_mapped_prepared_and_known_the_next_time() -> None:
    with reviewing("shop.csv", Path("batches"), None) as session:
        assert session.needs_mapping
        assert candidates(session)[0] == "commerce_purchases"
        step = MappingStep(session, "commerce_purchases")
        by_name = {one.column: one for one in step.columns()}
        assert by_name["Order No"].samples == ("S-1", "S-2")
        assert by_name["Order No"].fields == ("purchase_id",)
        assert "a word for it" in by_name["Order No"].why
        assert step.missing() == ["action_at", "products[].price_paid"]

        step.give("Placed", "action_at")
        step.give("Price", "products[].price_paid")
        step.give("Note", step.custom("Note"))
        assert step.missing() == []
        assert step.questions() == []
        found = step.preview()
        assert '"price_paid": 1019.90' in found.record
        assert (found.report.valid, found.report.invalid) == (2, 0)
        assert step.use() == Path("shop.toml")
        assert session.needs_mapping == ""
        (batch,) = make(session).batches
    assert '"custom_fields":{"note":"x"}' in batch.file.read_text("utf-8")
    with reviewing("shop.csv", Path("batches"), None) as session:
        assert session.mapped_by.endswith("shop.toml, which was used for this header before")


def test_a_mapping_that_is_there_already_stays() -> None:
    Path("shop.toml").write_text("# mine\n", "utf-8")
    with reviewing("shop.csv", Path("batches"), None) as session:
        step = MappingStep(session, "commerce_purchases")
        step.always("action_at", "2024-03-06")
        assert step.use() == Path("shop_2.toml")
    assert Path("shop.toml").read_text("utf-8") == "# mine\n"


DRAFT = """\
title = "shop"
drop = [
    "Note",  # no field is near
]

[[records]]
specification = "profile_customer"

[records.fields]
"link.email" = "E-Mail"  # 0.90: a word for it
first_name = { column = "Name", convert = [{ split = " " }] }  # 0.50: half of it
# last_name = "Name"  # 0.40: not yet
full = { columns = ["Name", "Surname"] }  # both
"""


def made(*steps: tuple[str, ...]) -> dict[str, object]:
    text = MappingText(DRAFT)
    for what, *words in steps:
        if what == "give":
            text.give(words[0], words[1], [])
        elif what == "always":
            text.always(*words)
        else:
            text.leave_out(words[0])
    plain = tomllib.loads(text.text)
    return {"drop": plain["drop"], **plain["records"][0]["fields"]}


@pytest.mark.parametrize(
    ("steps", "changed"),
    [
        ((), {}),
        ([("give", "Note", "mobile")], {"drop": [], "mobile": "Note"}),
        ([("give", "Note", "link.email")], {"drop": ["E-Mail"], "link.email": "Note"}),
        ([("leave", "E-Mail")], {"drop": ["E-Mail", "Note"], "link.email": None}),
        ([("leave", "Name")], {"drop": ["Name", "Note"], "first_name": None, "full": None}),
        ([("always", "country", 'A "u"')], {"country": {"constant": 'A "u"'}}),
        ([("always", "first_name", "x")], {"first_name": {"constant": "x"}}),
        ([("leave", "Note")], {}),
    ],
)
def test_only_what_was_chosen_changes(steps: list[tuple[str, ...]], changed: dict[str, object]) -> None:
    wanted = {**made(), **changed}
    assert made(*steps) == {name: value for name, value in wanted.items() if value is not None}
