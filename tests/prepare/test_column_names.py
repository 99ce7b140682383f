"""A column is found by its exact name first; of two that are called alike, one is named exactly or nothing is read."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline import Options, prepare, validate
from lexer_pipeline.errors import UsageError
from lexer_pipeline.inspecting.propose import propose
from lexer_pipeline.specs.names import normalised, shown, told_apart

from .helpers import prepared

SPEC = "customer_record"
HIDDEN = "\u200b"


def table(folder: Path, header: str, row: str) -> Path:
    path = folder / "people.csv"
    path.write_text(f"{header}\n{row}\n", "utf-8")
    return path


def mapping(folder: Path, fields: str, above: str = "") -> Options:
    path = folder / "people.toml"
    path.write_text(
        f'{above}\n[[records]]\nspecification = "profile_customer"\n[records.fields]\n{fields}\n', "utf-8"
    )
    return Options(mapping=str(path))


def made(source: Path, out: Path, options: Options) -> dict[str, Any]:
    (record,) = prepared([source], None, out, options).records
    return dict(record)


@pytest.mark.parametrize("name", ["Email", "E-mail"])
def test_a_mapping_that_names_one_of_two_columns_exactly_reads_that_one(tmp_path: Path, name: str) -> None:
    source = table(tmp_path, "Email,E-mail", "a@example.com,b@example.com")
    other = {"Email": "E-mail", "E-mail": "Email"}[name]
    options = mapping(tmp_path, f'email = "{name}"\n"link.email" = "{name}"', f'drop = ["{other}"]')

    assert made(source, tmp_path / "out", options)["email"] == f"{'ab'[name == 'E-mail']}@example.com"


def test_both_of_two_columns_called_alike_can_be_read_by_their_exact_names(tmp_path: Path) -> None:
    source = table(tmp_path, "Email,E-mail", "a@example.com,b@example.com")
    options = mapping(tmp_path, '"link.email" = "E-mail"\n"custom_fields.other" = "Email"')

    assert made(source, tmp_path / "out", options) == {
        "link": {"email": "b@example.com"}, "custom_fields": {"other": "a@example.com"},
    }  # fmt: skip


@pytest.mark.parametrize("asked", ["email", "EMAIL", "e_mail"])
def test_a_mapping_that_names_neither_exactly_is_refused_with_both(tmp_path: Path, asked: str) -> None:
    source = table(tmp_path, "Email,E-mail", "a@example.com,b@example.com")
    with pytest.raises(UsageError, match="Email and E-mail") as problem:
        validate([source], None, mapping(tmp_path, f'"link.email" = "{asked}"', 'drop = ["Email", "E-mail"]'))
    assert "exactly" in problem.value.hint


def test_a_column_called_like_one_that_is_read_is_not_read_in_silence(tmp_path: Path) -> None:
    source = table(tmp_path, "Email,E-mail", "a@example.com,b@example.com")
    with pytest.raises(UsageError, match="says nothing of the columns E-mail"):
        validate([source], None, mapping(tmp_path, '"link.email" = "Email"'))


def test_a_sign_that_nobody_sees_is_named_where_two_columns_differ_by_it(tmp_path: Path) -> None:
    source = table(tmp_path, f"Email,Email{HIDDEN}", "a@example.com,b@example.com")
    with pytest.raises(UsageError, match=r"Email \(with U\+200B zero width space\)"):
        validate([source], None, mapping(tmp_path, '"link.email" = "email"'))


def test_two_columns_of_one_very_name_are_told_apart_by_a_number(tmp_path: Path) -> None:
    source = table(tmp_path, "Email,City,City", "a@example.com,Perth,Hobart")
    with pytest.raises(UsageError, match="2 columns are called City") as problem:
        validate([source], None, mapping(tmp_path, '"link.email" = "Email"\ncity = "City"'))
    assert '"City (1)" or "City (2)"' in problem.value.hint

    options = mapping(tmp_path, '"link.email" = "Email"\ncity = "City (2)"', 'drop = ["City (1)"]')
    assert made(source, tmp_path / "out", options)["city"] == "Hobart"


def test_columns_of_one_very_name_that_nobody_asks_for_do_no_harm(tmp_path: Path) -> None:
    source = table(tmp_path, "Email,Birthday,Birthday", "a@example.com,1,2")
    options = mapping(tmp_path, '"link.email" = "Email"', 'drop = ["Birthday"]')

    assert made(source, tmp_path / "out", options) == {"link": {"email": "a@example.com"}}


@pytest.mark.parametrize(("written", "asked"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_an_accent_of_one_sign_or_two_is_one_name(tmp_path: Path, written: Any, asked: Any) -> None:
    name = "Prénom"
    source = table(
        tmp_path, f"Email,{unicodedata.normalize(written, name)},nom{HIDDEN}", "a@example.com,Zoé,Holt"
    )
    fields = f'"link.email" = "Email"\nfirst_name = "{unicodedata.normalize(asked, name)}"\nlast_name = "Nom"'

    assert made(source, tmp_path / "out", mapping(tmp_path, fields))["first_name"] == "Zoé"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("link.email,First Name", "First Name as first_name"),
        ("Link.Email,first_name", "Link.Email as link.email"),
        ("LINK EMAIL,FIRST-NAME", "LINK EMAIL as link.email, FIRST-NAME as first_name"),
        (f"link.email{HIDDEN},first_name", "link.email (with U+200B zero width space) as link.email"),
        ("\u00adlink.email,first_name", "link.email (with U+00AD soft hyphen) as link.email"),
    ],
)
def test_without_a_mapping_a_column_is_the_field_that_it_is_called_and_a_note_says_so(
    tmp_path: Path, header: str, said: str
) -> None:
    done = prepared([table(tmp_path, header, "mira@example.com,Mira")], SPEC, tmp_path / "out")

    assert done.records == [{"link": {"email": "mira@example.com"}, "first_name": "Mira"}]
    assert f"columns that are not called exactly as their field: {said}" in done.report.sources[0].notes


def test_a_list_is_filled_by_columns_that_are_called_alike(tmp_path: Path) -> None:
    header = "Purchase_ID,link.email,action_at,type,Products[0].Price Paid,Products[0].Quantity"
    row = "A-1,mira@example.com,2024-03-06T10:15:00Z,ecommerce,10.00,1"
    done = prepared([table(tmp_path, header, row)], "purchase", tmp_path / "out")

    assert done.records[0]["products"] == [{"price_paid": 10.0, "quantity": 1}]


def test_without_a_mapping_the_exact_name_wins_and_the_other_is_no_field(tmp_path: Path) -> None:
    source = table(tmp_path, "link.email,First Name,first_name", "mira@example.com,M,Mira")
    with pytest.raises(UsageError, match="1 column is not in the specification"):
        validate([source], SPEC)
    report = prepare([source], SPEC, tmp_path / "out", Options(ignore_unknown=True))

    assert report.batches[0].manifest.left_out == ("First Name",)
    assert "columns left out: First Name" in report.sources[0].notes


def test_without_a_mapping_two_columns_called_alike_are_refused_with_both(tmp_path: Path) -> None:
    source = table(tmp_path, "link.email,First Name,First-Name", "mira@example.com,M,Mira")
    for ignores in (True, False):
        with pytest.raises(UsageError, match="First Name and First-Name have nearly one name"):
            validate([source], SPEC, Options(ignore_unknown=ignores))


def test_an_unknown_column_with_a_sign_that_nobody_sees_is_named(tmp_path: Path) -> None:
    source = table(tmp_path, f"link.email,shoe{HIDDEN}size,‘smart’", "mira@example.com,42,x")
    with pytest.raises(UsageError, match=r"shoesize \(with U\+200B zero width space\)") as problem:
        validate([source], SPEC)
    assert "‘smart’" in problem.value.message


def test_the_manifest_names_what_was_left_out_of_all_sources(tmp_path: Path) -> None:
    first = table(tmp_path, "link.email,shoe size", "mira@example.com,42")
    second = tmp_path / "more.csv"
    second.write_text("link.email,hat,shoe size\nteo@example.com,x,43\n")
    done = prepare([first, second], SPEC, tmp_path / "out", Options(ignore_unknown=True))

    assert done.batches[0].manifest.left_out == ("shoe size", "hat")


def test_the_manifest_names_what_a_mapping_drops_or_keeps_secret(tmp_path: Path) -> None:
    source = table(tmp_path, "Email,Till,Card,Odd", "mira@example.com,3,4242,x")
    options = mapping(tmp_path, '"link.email" = "Email"', 'drop = "Till"\nsecret = "Card"')
    done = prepare([source], None, tmp_path / "out", Options(mapping=options.mapping, ignore_unknown=True))

    assert done.batches[0].manifest.left_out == ("Till", "Card", "Odd")
    assert "columns left out: Odd" in done.sources[0].notes


@pytest.mark.parametrize("header", ["Email,E-mail,First Name", "Email,Email,First Name", "Email,First Name,First Name"])  # fmt: skip
def test_a_draft_lists_both_columns_and_runs_as_it_is(tmp_path: Path, header: str) -> None:
    source = table(tmp_path, header, "a@example.com,b@example.com,Mira")
    drafted = propose(source, SPEC, tmp_path / "draft.toml", out=tmp_path / "out")
    text = drafted.path.read_text()

    assert all(f'"{name}"' in text for name in told_apart(header.split(",")))
    assert validate([source], None, Options(mapping=str(drafted.path))).valid == 1


@given(st.lists(st.text("aB -(12)\u200b", max_size=6), max_size=8))
def test_names_told_apart_are_all_different(names: list[str]) -> None:
    apart = [name for name in told_apart(names) if name]

    assert len(set(apart)) == len(apart)
    assert all(
        one == name for one, name in zip(told_apart(names), names, strict=True) if names.count(name) == 1
    )


@given(st.text(max_size=20))
def test_a_name_is_alike_in_either_form_any_case_and_with_signs_that_nobody_sees(text: str) -> None:
    assert normalised(unicodedata.normalize("NFD", text)) == normalised(unicodedata.normalize("NFC", text))
    assert normalised(f"{HIDDEN}{text}\ufeff") == normalised(text)
    assert normalised(normalised(text)) == normalised(text)


def test_letters_that_are_marks_tell_names_apart() -> None:
    assert normalised("कि") != normalised("का")
    assert shown("plain") == "plain"
