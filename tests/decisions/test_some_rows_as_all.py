"""Some rows of a source, with what was decided on all of them, become the records that they became among all."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.preparing.decisions import Decisions
from lexer_pipeline.preparing.options import Options

from tests.thoroughness import with_examples

from .helpers import PEOPLE, Passed, passed, plan_of, table

HEADER = ["E-mail", "Name", "Born", "Spent", "Note"]
DAYS = {
    "dd/mm/yyyy": "{d:02}/{m:02}/{y}", "mm/dd/yyyy": "{m:02}/{d:02}/{y}", "yyyy-mm-dd": "{y}-{m:02}-{d:02}",
    "dd.mm.yy": "{d}.{m}.87", "excel": "{serial}",
}  # fmt: skip
AMOUNTS = {".": "{whole},{threes:03}.{cents:02}", ",": "{whole}.{threes:03},{cents:02}"}
SPOILT = ["", "soon", "03/04/1985", "1985-04-03", "31234", "1,234", "1.234", "12,5", "12.5", "1.2.3"]
# Letters by which each encoding is told from its bytes, and words of plain ASCII.
LETTERS = {
    "utf-8": "Zoë Łukasz Ωμέγα", "cp1252": "Zoë Ägidius Çelik René", "cp1250": "Łukasz Żółć Gęśla Źdźbło",
    "cp1251": "Людмила Щукина Юрьевна", "utf-16": "Zoë Łukasz",
}  # fmt: skip

numbers = st.integers(0, 10**6)


@st.composite
def rows(draw: Any, day: str, amount: str) -> list[str]:
    number = draw(numbers)
    born = DAYS[day].format(
        d=number % 28 + 1, m=number % 12 + 1, y=1950 + number % 50, serial=20_000 + number % 9000
    )
    spent = AMOUNTS[amount].format(whole=number % 9 + 1, threes=number % 1000, cents=number % 100)
    spoilt = draw(st.sampled_from([None, None, 0, 2, 3]))
    row = [f"p{number}@example.com", "Ida", born, spent, "x"]
    if spoilt is not None:
        row[spoilt] = draw(st.sampled_from(SPOILT))
    return row


@st.composite
def sources(draw: Any) -> tuple[list[list[str]], str, str, list[list[str]]]:
    """The rows of a table in one style, with rows that tell it and some that are not of it; encoding, delimiter, titles."""
    day, amount = draw(st.sampled_from(sorted(DAYS))), draw(st.sampled_from(sorted(AMOUNTS)))
    encoding = draw(st.sampled_from(sorted(LETTERS)))
    telling = [
        [f"t{n}@example.com", LETTERS[encoding], DAYS[day].format(d=25, m=3, y=1971, serial=26_000),
         AMOUNTS[amount].format(whole=1, threes=0, cents=50), "x"]
        for n in range(3)
    ]  # fmt: skip
    body = [*telling, *draw(st.lists(rows(day, amount), max_size=8))]
    titles = draw(st.sampled_from([[], [["People"], [""]], [["People"], ["of 2024"], [""]]]))
    return draw(st.permutations(body)), encoding, draw(st.sampled_from(",;\t|")), titles


def written(
    folder: str, name: str, titles: list[list[str]], body: list[list[str]], encoding: str, mark: str
) -> Path:
    path = Path(folder, name)
    text = "".join(f"{row[0]}\n" for row in titles) + table([HEADER, *body], mark)
    path.write_bytes(text.encode(encoding))
    return path


def whole(path: Path) -> Passed | None:
    """What all rows become; None where the columns contradict themselves, which is another test's matter."""
    try:
        return passed(plan_of(path, PEOPLE))
    except UsageError:
        return None


@with_examples(50, drill=600)
@given(sources(), st.data())
def test_any_rows_with_the_decisions_of_all_become_what_they_became_among_all(
    source: tuple[list[list[str]], str, str, list[list[str]]], data: Any
) -> None:
    body, encoding, mark, titles = source
    with TemporaryDirectory() as folder:
        path = written(folder, "all.csv", titles, body, encoding, mark)
        all_of_them = whole(path)
        if all_of_them is None:
            return
        chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(body))), min_size=1)))
        some = written(folder, "some.csv", titles, [body[at] for at in chosen], encoding, mark)

        done = passed(plan_of(some, PEOPLE).read_as(all_of_them.decisions))

        above = len(titles) + 2
        among_all = [all_of_them.by_line.get(above + at) for at in chosen]
        alone = [done.by_line.get(above + at) for at in range(len(chosen))]
        assert alone == among_all


@with_examples(40, drill=400)
@given(sources())
def test_rejects_that_nobody_touched_are_rejected_again_byte_for_byte(
    source: tuple[list[list[str]], str, str, list[list[str]]],
) -> None:
    body, encoding, mark, titles = source
    with TemporaryDirectory() as folder:
        first = whole(written(folder, "all.csv", titles, body, encoding, mark))
        if first is None or not first.rejects:
            return
        path = Path(folder, "rejects.csv")
        path.write_bytes(first.rejects)

        again = passed(plan_of(path, PEOPLE).fixing(first.decisions, f"{folder}/all.csv"))

        assert (again.records, again.rejects) == ([], first.rejects)
        assert [(issue.source, issue.line, issue.message) for issue in again.issues] == [
            (issue.source, issue.line, issue.message) for issue in first.issues
        ]


@pytest.mark.parametrize(("form", "born", "read"), [
    ("dd/mm/yyyy", "03/04/1985", "1985-04-03"), ("mm/dd/yyyy", "03/04/1985", "1985-03-04"),
    ("dd.mm.yy", "3.4.85", "1985-04-03"), ("excel", "31234", "1985-07-06"), ("yyyy-mm-dd", "1985-04-03", "1985-04-03"),
])  # fmt: skip
def test_a_date_is_read_as_its_column_told_the_first_time(
    tmp_path: Path, form: str, born: str, read: str
) -> None:
    path = written(str(tmp_path), "some.csv", [], [["a@b.co", "Ida", born, "", ""]], "utf-8", ",")

    told = Decisions(ReadOptions(form="table"), {"date_of_birth": {"date": (form,)}})

    assert passed(plan_of(path, PEOPLE).read_as(told)).records[0]["date_of_birth"] == read


@pytest.mark.parametrize(("mark", "read"), [(".", 1234), (",", 1.234)])
def test_an_amount_is_read_with_the_mark_that_its_column_told(tmp_path: Path, mark: str, read: float) -> None:
    path = written(str(tmp_path), "some.csv", [], [["a@b.co", "Ida", "", "1,234", ""]], "utf-8", ",")
    told = Decisions(ReadOptions(form="table"), {"custom_fields.spent": {"money": (mark,)}})

    assert passed(plan_of(path, PEOPLE).read_as(told)).records[0]["custom_fields"]["spent"] == f"{read}"


def test_with_a_decision_nothing_is_asked_of_the_column(tmp_path: Path) -> None:
    path = written(
        str(tmp_path),
        "x.csv",
        [],
        [["a@b.co", "I", "25/03/1985", "", ""], ["b@b.co", "I", "03/25/1985", "", ""]],
        "utf-8",
        ",",
    )
    with pytest.raises(UsageError, match="contradicts itself"):
        passed(plan_of(path, PEOPLE))

    done = passed(
        plan_of(path, PEOPLE).read_as(
            Decisions(ReadOptions(form="table"), {"date_of_birth": {"date": ("dd/mm/yyyy",)}})
        )
    )

    assert (len(done.records), [issue.line for issue in done.issues]) == (1, [3])


def test_where_all_dates_read_alike_a_later_one_that_does_not_is_no_guess(tmp_path: Path) -> None:
    alike = [["a@b.co", "Ida", "02/02/1985", "", ""], ["b@b.co", "Ida", "03/03/1985", "", ""]]
    told = passed(plan_of(written(str(tmp_path), "all.csv", [], alike, "utf-8", ","), PEOPLE)).decisions
    assert told.fields == {"date_of_birth": {"date": ("dd/mm/yyyy", "mm/dd/yyyy")}}
    later = [alike[0], ["c@b.co", "Ida", "03/04/1985", "", ""], ["d@b.co", "Ida", "25/04/1985", "", ""]]

    done = passed(plan_of(written(str(tmp_path), "x.csv", [], later, "utf-8", ","), PEOPLE).read_as(told))

    assert [one["date_of_birth"] for one in done.records] == ["1985-02-02", "1985-04-25"]
    assert [issue.line for issue in done.issues] == [3]


def test_where_all_amounts_read_alike_a_later_one_that_does_not_is_no_guess(tmp_path: Path) -> None:
    alike = [["a@b.co", "Ida", "", "12", ""], ["b@b.co", "Ida", "", "1 234", ""]]
    told = passed(plan_of(written(str(tmp_path), "all.csv", [], alike, "utf-8", ","), PEOPLE)).decisions
    assert told.fields == {"custom_fields.spent": {"money": (".", ",")}}
    later = [["c@b.co", "Ida", "", one, ""] for one in ("7", "1,234", "1.234", "12,50", "12.50", "x")]

    done = passed(plan_of(written(str(tmp_path), "x.csv", [], later, "utf-8", ","), PEOPLE).read_as(told))

    assert [one["custom_fields"]["spent"] for one in done.records] == ["7", "12.50", "12.50"]
    assert [issue.line for issue in done.issues] == [3, 4, 7]


def test_a_column_that_told_nothing_may_tell_it_later(tmp_path: Path) -> None:
    bad = [["a@b.co", "Ida", "soon", "free", ""], ["b@b.co", "Ida", "", "", ""]]
    told = passed(plan_of(written(str(tmp_path), "all.csv", [], bad, "utf-8", ","), PEOPLE)).decisions
    assert told.fields == {}
    mended = [["a@b.co", "Ida", "25/03/1985", "12,50", ""]]

    done = passed(plan_of(written(str(tmp_path), "x.csv", [], mended, "utf-8", ","), PEOPLE).read_as(told))

    assert done.records[0]["date_of_birth"] == "1985-03-25"
    assert done.decisions.fields == {
        "date_of_birth": {"date": ("dd/mm/yyyy",)},
        "custom_fields.spent": {"money": (",",)},
    }


def test_a_row_that_looks_like_a_footer_is_none_where_the_source_had_none(tmp_path: Path) -> None:
    body = [["(2 rows affected)", "", "", "", ""], ["a@b.co", "Ida", "", "", ""]]
    told = passed(plan_of(written(str(tmp_path), "all.csv", [], body, "utf-8", ","), PEOPLE)).decisions
    last = written(str(tmp_path), "some.csv", [], body[::-1], "utf-8", ",")

    assert not passed(plan_of(last, PEOPLE)).issues
    assert [issue.line for issue in passed(plan_of(last, PEOPLE).read_as(told)).issues] == [3]


def test_without_a_mapping_the_dates_of_a_flag_are_kept_apart_from_decisions(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("link.email,date_of_birth\na@b.co,03/04/1985\n")

    done = passed(plan_of(path, "", "customer_record"), Options(date_format="%d/%m/%Y"))

    assert (done.records[0]["date_of_birth"], done.decisions.fields) == ("1985-04-03", {})
    assert done.decisions.as_json() == {
        "reading": {"form": "table", "encoding": "UTF-8", "delimiter": ",", "header_row": 1, "footer": False}, "fields": {},
    }  # fmt: skip


@pytest.mark.parametrize(("text", "form"), [
    ('{"link":{"mobile":"1"}}\n{"link":1}\n', "ndjson"), ('[{"link":{"mobile":"1"}},\n{"link":1}]', "json"),
])  # fmt: skip
def test_json_says_how_its_documents_are_placed(tmp_path: Path, text: str, form: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(text)

    done = passed(plan_of(path, "", "customer_record"))

    assert done.decisions == Decisions(ReadOptions("UTF-8", form=form), {})
    assert passed(plan_of(path, "", "customer_record").read_as(done.decisions)).records == done.records
