"""What stands for nothing names nobody: in links and keys it is an issue, and ids lose what only protects them."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels import codes
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.tolerance import check_accepted
from lexer_pipeline.specs import catalog, signs
from lexer_pipeline.specs.placeholders import MAILBOXES, WORDS, Placeholders
from lexer_pipeline.specs.schema_tree import Place, SchemaTree
from lexer_pipeline.specs.values import Converted
from lexer_pipeline.validating.cleaning import Cleaning
from msgspec.structs import replace

from tests.thoroughness import also_drilled, with_examples

from .helpers import KEEP_ALL, in_plain_python, of_bytes
from .test_fast_against_slow import _is_text, status_of, table_of
from .test_vouched_documents import same_both_ways

MAPPING = """\
title = "Members"
placeholders = { add = ["WALKIN", "999999", "nobody@"], not = ["0", "test@", "1E+05"] }
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = { column = "Id", convert = ["id"], unless = "link.email" }
"link.email" = { column = "Mail", convert = ["email"] }
first_name = "Name"
"custom_fields.card" = { column = "Card", convert = ["id"] }
"custom_fields.note" = { column = "Note", convert = ["unescape", "fix-encoding"] }
"""


def place(path: str, specification: str = "profile_customer") -> Place:
    found = SchemaTree(catalog.find(specification).schema).at(tuple(path.split(".")))
    assert found is not None
    return found


def people(cells: bytes, tmp_path: Path, column: str = "link.customer_id") -> Any:
    return of_bytes(column.encode() + b",first_name\n" + cells, "customer_record", tmp_path)


@pytest.mark.parametrize("word", [*WORDS, "NULL", "N/A", " Undefined ", "NaN"])
def test_a_word_for_nothing_is_no_link_in_a_table_or_a_document(word: str, tmp_path: Path) -> None:
    table = people(word.encode() + b",Mira\nC-1,Teo\n", tmp_path / "table")
    document = {"link": {"customer_id": word}, "first_name": word}
    documents = of_bytes(
        json.dumps(document).encode() + b'\n{"link":{"mobile":"1"}}', "customer_record", tmp_path / "json"
    )

    for made in (table, documents):
        assert made.manifest.issues == {"placeholder": 1}
        assert made.manifest.suspicions["placeholder"]["count"] == 1
        assert "placeholders = { not = [" in made.issues[0]["message"]


@pytest.mark.parametrize("specification", ["profile_unify", "compliance_forget"])
def test_links_are_found_wherever_a_schema_has_them(specification: str, tmp_path: Path) -> None:
    links = [{"customer_id": "NULL"}, {"customer_id": "C-1"}]
    documents = [{"records": links}] if specification == "profile_unify" else links
    made = of_bytes("\n".join(map(json.dumps, documents)).encode(), specification, tmp_path)

    assert made.manifest.issues == {"placeholder": 1}


@pytest.mark.parametrize("mailbox", MAILBOXES)
def test_an_address_that_nobody_has_is_no_link(mailbox: str, tmp_path: Path) -> None:
    made = people(
        f"{mailbox.upper()}shop.example,Mira\nmira@shop.example,Mira\n".encode(), tmp_path, "link.email"
    )

    assert made.manifest.issues == {"placeholder": 1}
    assert made.records == [{"link": {"email": "mira@shop.example"}, "first_name": "Mira"}]


def test_honest_words_stay_as_they_are(tmp_path: Path) -> None:
    words = [
        "Null",
        "None",
        "Nil",
        "Unknown",
        "0",
        "-",
        "N/A",
        "12E10",
        "1E5",
        "SÃO PAULO",
        "AT&T; Co",
        "#1",
        "R&D",
        "MANHÃ”",
    ]
    data = "\n".join(
        ["link.customer_id,last_name,customer_id", *(f"NA-{n},{w},{w}" for n, w in enumerate(words, 1))]
    )
    made = of_bytes(data.encode(), "customer_record", tmp_path)

    assert [one["last_name"] for one in made.records] == words
    assert made.manifest.suspicions == {}
    assert made.manifest.conversions == {}


@pytest.mark.parametrize(
    "protected", ["'0012", '="0012"', "0012\t", "\u00a00012\u00a0", "\ufeff0012", "\u200e'0012"]
)
@pytest.mark.parametrize("field", ["link.customer_id", "customer_id"])
def test_an_id_loses_what_only_protects_it(protected: str, field: str) -> None:
    done = Cleaning().text(protected, place(field))

    assert isinstance(done, Converted)
    assert done.text == "0012"
    assert set(done.conversions) <= {"apostrophe_stripped", "protection_removed", "invisible_signs_removed"}


def test_blanks_around_an_id_stay() -> None:
    assert Cleaning().text(" C-1 ", place("link.customer_id")) == Converted(" C-1 ")


@pytest.mark.parametrize(("text", "code"), [("#N/A", "spreadsheet_error"), ("#WERT!", "spreadsheet_error"),
                                            ("####", "spreadsheet_error"), ("5.61235E+12", "digits_lost"), ("6,1e+10", "digits_lost")])  # fmt: skip
def test_what_a_spreadsheet_spoiled_is_no_key_and_in_another_field_left_out(
    text: str, code: str, tmp_path: Path
) -> None:
    made = of_bytes(
        f'link.customer_id,city,employee_flag\n"{text}",Perth,\nC-1,"{text}",true\n'.encode(),
        "customer_record",
        tmp_path,
    )

    assert made.manifest.issues == {code: 1}
    assert made.records == [{"link": {"customer_id": "C-1"}, "employee_flag": True}]
    left = {"spreadsheet_error": "error_cell", "digits_lost": "digits_lost_in_field"}[code]
    assert made.manifest.suspicions[left] == {"weight": "warning", "count": 1, "lines": [3]}


def test_what_a_spreadsheet_shows_stays_in_a_document(tmp_path: Path) -> None:
    made = of_bytes(
        b'{"link":{"customer_id":"C-1"},"city":"#N/A","state":"1E+05"}', "customer_record", tmp_path
    )

    assert made.records == [{"link": {"customer_id": "C-1"}, "city": "#N/A", "state": "1E+05"}]
    assert made.manifest.suspicions == {}


@pytest.mark.parametrize(("text", "code"), [
    ("JosÃ©", "double_encoded"), ("KÃ¶ln", "double_encoded"), ("Jos\ufffd", "replacement_character"), ("Tom &amp; Jo", "html_entity"),
    ("O&#039;Connor", "html_entity"), ("Caf&eacute;", "html_entity"), ("Mira\u200b", "invisible_sign"),
    ("\U0001f469\u200d\U0001f4bb", "invisible_sign"), ("soft\u00adhyphen", "invisible_sign"),
])  # fmt: skip
@pytest.mark.parametrize("is_escaped", [True, False])
def test_a_text_with_a_sign_that_is_not_meant_is_sent_and_told(
    text: str, code: str, is_escaped: bool, tmp_path: Path
) -> None:
    document = {"link": {"customer_id": "C-1"}, "first_name": text, "custom_fields": {"a": text}}
    made = of_bytes(
        json.dumps(document, ensure_ascii=is_escaped).encode(), "customer_record", tmp_path / "json"
    )
    table = people(f"C-1,{text}\n".encode(), tmp_path / "table")

    assert made.records == [document]
    assert made.manifest.suspicions[code]["count"] == 2
    assert table.records == [{"link": {"customer_id": "C-1"}, "first_name": text}]
    assert table.manifest.suspicions == {code: {"weight": "warning", "count": 1, "lines": [2]}}


def test_signs_that_nobody_sees_are_taken_off_addresses_numbers_and_dates(tmp_path: Path) -> None:
    data = (
        "link.email,date_of_birth,employee_flag,email\n"
        "\u202amira@example.com\u202c,\u200e1989-09-14,tr\u200bue,\u200b\n"
        "\u200b,,,\n"
    )
    made = of_bytes(data.encode(), "customer_record", tmp_path)

    assert made.records == [
        {"link": {"email": "mira@example.com"}, "date_of_birth": "1989-09-14", "employee_flag": True}
    ]
    assert made.manifest.issues == {"placeholder": 1}
    assert made.manifest.conversions["invisible_signs_removed"] == 4


def test_a_postcode_is_a_code_without_what_nobody_sees(tmp_path: Path) -> None:
    made = of_bytes(
        "link.mobile,postcode,zip\n0400,\u200e3067,'02134\n".encode(), "customer_record", tmp_path
    )

    assert [(one["postcode"], one["zip"]) for one in made.records] == [("3067", "02134")]


@pytest.mark.parametrize("text", ["####", "#######", "#n/a", "0", "00", "n.a", "–", "(blank)"])
def test_the_line_that_an_issue_names_lifts_it(text: str, tmp_path: Path) -> None:
    first = people(text.encode() + b",A\n", tmp_path / "first")
    named = re.search(r"placeholders = \{ not = \[.*?\] \}", first.issues[0]["message"])
    assert named is not None
    mapping = tmp_path / "meant.toml"
    mapping.write_text(f"""
{named[0]}
[[records]]
specification = "profile_customer"
[records.fields]
"link.customer_id" = "link.customer_id"
""")
    made = of_bytes(
        f"link.customer_id\n{text}\n".encode(),
        None,
        tmp_path / "then",
        replace(KEEP_ALL, mapping=str(mapping)),
    )

    assert [one["link"]["customer_id"] for one in made.records] == [text]


@pytest.mark.parametrize(
    ("code", "hint"),
    [("record_repeated", "What it warns of is sent."), ("placeholder", "Its records are rejected.")],
)
def test_a_code_that_holds_nothing_need_not_be_accepted(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_accepted(Options(accept=(code,)))
    assert caught.value.hint == hint


def test_an_issue_names_the_sign_that_nobody_sees(tmp_path: Path) -> None:
    data = '{"link":{"email":"a@b.co"},"action_at":"2024-03-06T10:15:00Z","email_id":"1","status":"subscribed\u200e"}'
    made = of_bytes(data.encode(), "email_subscribe", tmp_path)

    assert "U+200E left-to-right mark" in made.issues[0]["message"]


def test_a_mapping_adds_words_for_nothing_and_says_which_are_meant(tmp_path: Path) -> None:
    mapping = tmp_path / "members.toml"
    mapping.write_text(MAPPING)
    rows = ["Id,Mail,Name,Card,Note", "walkin,,A,,", "999999,,B,,", ",nobody@shop.example,C,,", "0,,D,,", ",test@shop.example,E,,",
            "1E+05,,F,6.14E+10,JosÃ© &amp; Co", "\u200e'0012,,G,=\"0013\",", "#N/A,,H,,", ",none@shop.example,I,,"]  # fmt: skip
    made = of_bytes("\n".join(rows).encode(), None, tmp_path / "out", replace(KEEP_ALL, mapping=str(mapping)))

    assert [issue["line"] for issue in made.issues] == [2, 3, 4, 9, 10]
    assert made.manifest.issues == {"placeholder": 4, "spreadsheet_error": 1}
    assert made.records == [
        {"link": {"customer_id": "0"}, "first_name": "D"},
        {"link": {"email": "test@shop.example"}, "first_name": "E"},
        {"link": {"customer_id": "1E+05"}, "first_name": "F", "custom_fields": {"note": "José & Co"}},
        {"link": {"customer_id": "0012"}, "first_name": "G", "custom_fields": {"card": "0013"}},
    ]
    assert set(made.manifest.suspicions) == {"placeholder", "spreadsheet_error", "digits_lost_in_field"}


def test_nobody_hides_behind_a_hash(tmp_path: Path) -> None:
    mapping = tmp_path / "members.toml"
    mapping.write_text(
        '[[records]]\nspecification = "profile_customer"\n[records.fields]\n'
        '"link.email_sha256" = { column = "Mail", convert = ["sha256"] }\n'
    )
    made = of_bytes(
        b"Mail\nnoemail@shop.example\nmira@shop.example\n",
        None,
        tmp_path / "out",
        replace(KEEP_ALL, mapping=str(mapping)),
    )

    assert made.manifest.issues == {"placeholder": 1}
    assert made.manifest.records == 1


# ------------------------------------------------------------------------------------ the kernels

PLACES = {
    codes.KIND_IDENTITY: place("link.customer_id"), codes.KIND_ID: place("customer_id"), codes.KIND_TEXT: place("city"),
    codes.KIND_EMAIL: place("link.email"), codes.KIND_HASH: place("link.email_md5"),
}  # fmt: skip
PIECES = (
    *WORDS, *MAILBOXES, *sorted(signs.ERRORS), "#", "##", "###", "5.61235E+12", "1e+10", "E+", "12", "9", "0", "'", '="', '"', "=", "\t",
    "\u00a0", " ", "\u200b", "\u200e", "\u2060", "\ufeff", "\u00ad", "\ufffd", "&", "&amp;", "&#039;", ";", "Ã", "Â", "©", "é", "ÃƒÂ",
    "€", "™", "ð\u009f\u0098\u0080", "a", "N", "u", "x@b.co", "abcdef0123456789abcdef0123456789",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join) | st.text(
    min_size=1, max_size=6
)


@also_drilled
@pytest.mark.parametrize("kind", PLACES)
def test_a_kernel_vouches_for_no_text_that_the_reference_changes_or_tells(kind: int) -> None:
    cleaning = Cleaning(placeholders=Placeholders.of(["WALKIN9", "nobody@"]))
    words = (b"walkin9", b"nobody@") if kind != codes.KIND_TEXT else ()

    @with_examples(150, drill=2000)
    @given(texts | st.sampled_from(["walkin9", "WalkIn9", "Nobody@b.co", "nobody@b.co"]))
    def holds(text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            return
        if status_of(text, kind, words=words) == codes.CELL_GOOD:
            assert cleaning.cell(text, PLACES[kind]) == Converted(text)

    holds()


@pytest.mark.parametrize("text", ["C-00123", "000123", "#1001", "gid://shopify/Order/5612345678905", "Mira Holt", "mira",
                                  "3f2a9c1e-0b7d-4c55-9a61-2d1f0c9b7e11", "61491570006"])  # fmt: skip
def test_ids_as_exports_have_them_are_vouched_for(text: str) -> None:
    assert status_of(text, codes.KIND_IDENTITY) == codes.CELL_GOOD
    assert status_of(text, codes.KIND_ID) == codes.CELL_GOOD


@pytest.mark.parametrize(
    "text",
    ["Mira", "Zoë", "São Paulo", "Straße 5", "12 Mill Lane", "#4/12 High St", "Œuvre – “neuf”", "3065"],
)
def test_texts_as_exports_have_them_are_vouched_for(text: str) -> None:
    assert status_of(text, codes.KIND_TEXT) == codes.CELL_GOOD


@with_examples(12, drill=150)
@given(st.lists(st.fixed_dictionaries({
    "link": st.fixed_dictionaries({"customer_id": texts | st.just("C-1")}) | st.fixed_dictionaries({"email": texts | st.just("a@b.co")}),
    "first_name": texts, "customer_id": texts, "custom_fields": st.dictionaries(st.just("a"), texts),
}), min_size=1, max_size=6))  # fmt: skip
def test_documents_fare_the_same_with_the_kernel_and_without(documents: list[Any]) -> None:
    same_both_ways([one for one in documents if _is_text(one)], "customer_record")


@with_examples(12, drill=150)
@given(st.lists(st.tuples(texts, texts, texts | st.just("C-1"), st.booleans()), min_size=1, max_size=12))
def test_tables_fare_the_same_with_kernels_and_without(rows: list[tuple[str, str, str, bool]]) -> None:
    columns = ["first_name", "customer_id", "link.customer_id", "link.email_md5"]
    cells = [(one, two, three if a else "", "" if a else three) for one, two, three, a in rows]
    records = [dict(zip(columns, row, strict=True)) for row in cells]
    data = table_of([one for one in records if _is_text(one)], columns)
    with TemporaryDirectory() as folder:
        fast = of_bytes(data, "customer_record", Path(folder, "fast"))
        with in_plain_python():
            slow = of_bytes(data, "customer_record", Path(folder, "slow"))
    assert fast.files == slow.files
    assert fast.report.sources == slow.report.sources
