"""Phones, identifiers, words and parts of texts."""

import hashlib

import pytest

from tests.conversions.helpers import failure, names, refusal, result


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0491 570 006", "61491570006"),
        ("(02) 9374 4000", "61293744000"),
        ("+61 491 570 006", "61491570006"),
        ("'+61 491 570 006", "61491570006"),
        ("'+61 491 570 006'", "61491570006"),
        ("61491570006", "61491570006"),
        ("491570006", "61491570006"),
        ("491570006.0", "61491570006"),
        ("tel:+61-491-570-006", "61491570006"),
        ("+44 20 7946 0958", "442079460958"),
        ("+39 06 6982 1234", "390669821234"),
        ("12", None),
        ("n/a", None),
        ("0491 570 006 / 0491 570 007", None),
        ("000000000", None),
    ],
)
def test_a_phone_number_becomes_digits_with_its_country_code(text: str, digits: str | None) -> None:
    assert result("phone", "AU", text) == digits


def test_a_phone_number_without_a_country_needs_its_plus() -> None:
    assert result("phone", None, "+61 491 570 006") == "61491570006"
    assert result("phone", None, "0491 570 006") is None


def test_an_extension_that_is_left_out_is_counted() -> None:
    assert names("phone", "au", "(02) 9374 4000 ext. 12") == ("phone_rewritten", "extension_dropped")
    assert names("phone", "AU", "61491570006") == ()


@pytest.mark.parametrize("argument", ["XX", "Australia", "", 61])
def test_a_country_that_does_not_exist_is_refused(argument: object) -> None:
    assert '{ phone = "AU" }' in refusal("phone", argument).hint


@pytest.mark.parametrize("name", ["id", "phone", "digits"])
@pytest.mark.parametrize("text", ["6.14E+10", "6,14E+10", "6.14e+10", "6E+10", "7.41E12", "'6.14E+10"])
def test_digits_that_a_spreadsheet_lost_are_never_made_up(name: str, text: str) -> None:
    assert failure(name, None, text).message == "has lost digits in a spreadsheet; export it again as text"


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#name?", "#########"])
def test_the_error_of_a_spreadsheet_is_no_identifier(text: str) -> None:
    assert "error of a spreadsheet" in failure("id", None, text).message


@pytest.mark.parametrize(
    "text",
    ["0800", "#1001", "12E5", "5E-12", "3e7", "1.10", "a1e+10", "00000000000000000001", "-", "NULL"],
)
def test_an_identifier_stays_as_it_is(text: str) -> None:
    assert result("id", None, text) == text
    assert names("id", None, text) == ()


def test_blanks_around_an_identifier_go() -> None:
    assert result("id", None, " 7 ") == "7"


def test_an_apostrophe_before_an_identifier_goes_and_is_counted() -> None:
    assert result("id", None, "'03182") == "03182"
    assert names("id", None, "'03182") == ("apostrophe_stripped",)
    assert result("strip-apostrophe", None, "''s") == "'s"


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("gid://shopify/Order/1001", "1001"),
        ("gid://shopify/Order/5632178901005?key=7c2f", "5632178901005"),
        ("gid://shopify/Cart/c1-7a2e3f", "c1-7a2e3f"),
        (" gid://shopify/Order/1001 ", "1001"),
        ("1001", "1001"),
        ("0012", "0012"),
        ("gid://shopify/Order/", None),
        ("gid://shopify/Order", None),
        ("gid://shopify/Order/1001/7", None),
        ("gid://shopify/Order/1001\ngid://shopify/Order/1002", None),
        ("https://shop.example/orders/1001", None),
        ("Order/1001", None),
        ("-1001", None),
        ("1001.0", None),
        ("\u0661\u0662", None),
    ],
)
def test_of_a_global_id_the_id_at_its_end_stays(text: str, identifier: str | None) -> None:
    assert result("gid", None, text) == identifier


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+61412555001", "61412555001"),
        ("61412555001", "61412555001"),
        (" +61412555001", "61412555001"),
        ("+123456789012345", "123456789012345"),
        ("+61 412 555 001", None),
        ("0412555001", None),
        ("+0412555001", None),
        ("++61412555001", None),
        ("+6141", None),
        ("+1234567890123456", None),
        ("61412555001.0", None),
        ("6.14E+10", None),
        ("n/a", None),
    ],
)
def test_a_number_in_e164_loses_its_plus(text: str, digits: str | None) -> None:
    assert result("strip-plus", None, text) == digits
    assert digits is not None or 'convert = ["phone"]' in failure("strip-plus", None, text).message


def test_a_fraction_of_zeros_on_an_identifier_is_for_its_owner_to_judge() -> None:
    assert "strip-fraction" in failure("id", None, "1234.0").message
    assert result("id", "strip-fraction", "'1234.0") == "1234"
    assert names("id", "strip-fraction", "'1234.0") == ("apostrophe_stripped", "fraction_stripped")
    assert result("id", "keep-fraction", "1234.0") == "1234.0"
    assert result("id", "strip-fraction", "1.10") == "1.10"
    assert result("digits", None, "1234.0") is None


def test_digits_keeps_digits_and_refuses_a_text_without_any() -> None:
    assert result("digits", None, "+61 (491) 570-006") == "61491570006"
    assert result("digits", None, "none") is None


def test_an_address_is_cleaned_before_it_is_hashed() -> None:
    plain = b"mira@example.com"

    assert result("email", None, " Mira@Example.com ") == plain.decode()
    assert result("sha256", None, " Mira@Example.com ") == hashlib.sha256(plain).hexdigest()
    assert result("md5", None, " Mira@Example.com ") == hashlib.md5(plain).hexdigest()


@pytest.mark.parametrize("text", ["none", "n/a", "@", "mira@", "mira holt@example.com"])
def test_what_is_no_address_has_no_hash(text: str) -> None:
    assert result("sha256", None, text) is None


@pytest.mark.parametrize(
    ("text", "word"), [("TRUE", "true"), ("Yes", "true"), (" n ", "false"), ("0", "false"), ("maybe", None)]
)
def test_words_for_true_and_false(text: str, word: str | None) -> None:
    assert result("boolean", None, text) == word


@pytest.mark.parametrize(
    ("name", "text", "becomes"),
    [
        ("lower", "MIRA", "mira"),
        ("upper", "vic", "VIC"),
        ("trim", "\u00a0 Mira\u202f", "Mira"),
        ("trim", "a", "a"),
    ],
)
def test_case_and_blanks(name: str, text: str, becomes: str) -> None:
    assert result(name, None, text) == becomes
    assert bool(names(name, None, text)) == (text != becomes)


STATES = {"Paid": "purchase", "voided": "", "Open": True, "Level": 3}


@pytest.mark.parametrize(
    ("text", "word"),
    [("PAID ", "purchase"), ("Voided", ""), ("open", "true"), ("level", "3"), ("lost", None)],
)
def test_a_table_translates_words_in_any_case(text: str, word: str | None) -> None:
    assert result("enum", STATES, text) == word


def test_a_word_that_the_table_lacks_is_answered_with_the_words_it_has() -> None:
    assert failure("enum", STATES, "lost").message.endswith("which has: Paid, voided, Open, Level")


def test_a_long_table_is_not_told_whole() -> None:
    assert failure("enum", {f"w{at}": "x" for at in range(50)}, "lost").message.endswith("w19 and others")


def test_a_star_is_for_every_other_word() -> None:
    assert result("enum", {**STATES, "*": "other"}, "lost") == "other"
    assert names("enum", {**STATES, "*": "other"}, "lost") == ("word_defaulted",)
    assert result("enum", {"*": "always"}, "*") == "always"


@pytest.mark.parametrize("argument", [None, {}, "x", {"a": [1]}, {"a": 1.5}])
def test_a_table_that_is_none_is_refused(argument: object) -> None:
    assert "table of words" in refusal("enum", argument).message


def test_two_meanings_of_one_word_are_refused() -> None:
    assert "two meanings" in refusal("enum", {"Paid": "a", "paid ": "b"}).message


@pytest.mark.parametrize(
    ("text", "left"), [("#N/A", ""), (" - ", ""), ("NULL", ""), ("Null", "Null"), ("x-", "x-")]
)
def test_only_the_texts_of_the_list_mean_nothing(text: str, left: str) -> None:
    assert result("absent", ["#N/A", "NULL", "-"], text) == left


@pytest.mark.parametrize("argument", [None, [], 5, [5], [""]])
def test_a_list_that_is_none_is_refused(argument: object) -> None:
    assert "list of texts" in refusal("absent", argument).message


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("(+1)775*****54", ""),
        ("A**", ""),
        ("0a1b@Members.eBay.com ", ""),
        ("-", ""),
        ("mira@example.com", "mira@example.com"),
        ("members.ebay.com@example.com", "members.ebay.com@example.com"),
        ("--", "--"),
    ],
)
def test_a_text_that_is_masked_becomes_absent(text: str, left: str) -> None:
    assert result("absent", {"is": ["-"], "holds": ["*"], "ends": ["@members.ebay.com"]}, text) == left


@pytest.mark.parametrize("argument", [{}, {"holds": []}, {"holds": 1}, {"ends": [""]}])
def test_what_is_absent_is_told_by_lists_of_texts(argument: object) -> None:
    assert "list of texts" in refusal("absent", argument).message


def test_a_setting_that_absent_does_not_have_is_refused_with_the_nearest() -> None:
    assert "Did you mean ends?" in refusal("absent", {"end": ["x"]}).hint


LINE = "name:Mug | big|product_id:12|sku:|Quantity:2|total:24.00|link:https://example.com/a"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("quantity", "2"),
        ("name", "Mug | big"),
        ("sku", ""),
        ("colour", ""),
        ("link", "https://example.com/a"),
    ],
)
def test_a_part_is_found_by_its_key(key: str, value: str) -> None:
    assert result("part", {"separator": "|", "key": key}, LINE) == value


def test_the_separator_and_the_mark_of_parts_may_be_others() -> None:
    assert result("part", {"separator": ";", "mark": "=", "key": "b"}, "a=1; b=2") == "2"


@pytest.mark.parametrize(
    "argument", [None, "quantity", {}, {"separator": "|"}, {"key": ""}, {"key": "a", "mark": 5}]
)
def test_a_part_needs_a_key(argument: object) -> None:
    assert 'key = "quantity"' in refusal("part", argument).message


@pytest.mark.parametrize(
    ("name", "text", "becomes"),
    [
        ("before", "Holt, Mira", "Holt"),
        ("after", "Holt, Mira", "Mira"),
        ("before", "Holt", "Holt"),
        ("after", "Holt", ""),
    ],
)
def test_the_text_before_and_after_a_separator(name: str, text: str, becomes: str) -> None:
    assert result(name, ",", text) == becomes


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("Mira Holt (mholt)", "mholt"),
        ("Mira (JJ) Holt ( mholt ) ", "mholt"),
        ("mholt", "mholt"),
        ("Mira (JJ) Holt", "Mira (JJ) Holt"),
        ("Mira Holt ()", "Mira Holt ()"),
        ("mholt)", "mholt)"),
        (" ", ""),
    ],
)
def test_of_a_name_with_a_handle_behind_it_the_handle_stays(text: str, becomes: str) -> None:
    assert result("between", "()", text) == becomes


@pytest.mark.parametrize("argument", [None, "(", "(.)", ["(", ")"]])
def test_between_wants_two_signs(argument: object) -> None:
    assert "the two signs" in refusal("between", argument).message


@pytest.mark.parametrize("argument", [None, "", 5])
@pytest.mark.parametrize("name", ["before", "after"])
def test_a_separator_must_be_given(name: str, argument: object) -> None:
    assert "separator" in refusal(name, argument).message
