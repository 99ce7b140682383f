"""A status of consent comes only from a word that means it, and what a person opted out of is never left out."""

import zipfile
from pathlib import Path

import pytest
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping.name_words import name_word
from lexer_pipeline.mapping.rules import FieldRule, NameWord
from lexer_pipeline.preparing.prepare import prepare

from tests.presets.exports import KEEP_ALL, Converted, convert, write
from tests.presets.headers import HEADERS

ADDRESSES = ("email", "email address", "email 1", "person - email")
MEMBERS = HEADERS["mailchimp_audience"][0]
TAGGED = HEADERS["mailchimp_audience"][4]
MEMBER = {
    "Email Address": "mira.holt@example.com", "OPTIN_TIME": "2024-03-06 10:15:00", "LAST_CHANGED": "2024-03-06 10:15:00",
}  # fmt: skip
SAID = {
    "subscribed": "subscribed", "unsubscribed": "unsubscribed", "un subscribed": "unsubscribed", "cleaned": "undeliverable",
}  # fmt: skip
NEVER = tuple(NameWord(word, "", "never") for word in ("nonsubscribed", "non subscribed", "not subscribed"))
STATUS = FieldRule(
    "status", (("Status",),), filename=tuple(NameWord(word, said) for word, said in SAID.items()) + NEVER
)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("subscribed_members_export_4f1c2a.csv", "subscribed"),
        ("subscribed_email_audience_export_1a2b3c.csv", "subscribed"),
        ("my subscribed members.csv", "subscribed"),
        ("Subscribed.csv.gz", "subscribed"),
        ("export.zip!folder/SUBSCRIBED-2.csv", "subscribed"),
        ("unsubscribed.zip!subscribed_members.csv", "subscribed"),
        ("unsubscribed/subscribed.csv", "subscribed"),
        ("unsubscribed-2.csv", "unsubscribed"),
        ("un-subscribed.csv", "unsubscribed"),
        ("cleaned_members", "undeliverable"),
    ],
)
def test_a_status_comes_from_a_whole_word_of_the_file_s_name(name: str, status: str) -> None:
    found = name_word(STATUS, name)

    assert (found.text, found.reason) == (status, "")


@pytest.mark.parametrize(
    "name", ["nonsubscribed_email_audience_export_1a2b3c.csv", "non-subscribed.csv", "not subscribed (2).csv"]
)
def test_the_longest_words_that_fit_are_taken(name: str) -> None:
    assert name_word(STATUS, name).reason == "never"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("members.csv", "does not say"), ("subscribedmembers.csv", "does not say"), ("subscribed2.csv", "does not say"),
        ("resubscribed.csv", "does not say"), ("subscribed_unsubscribed.csv", "subscribed and unsubscribed"),
        ("unsubscribed, cleaned.csv", "unsubscribed and cleaned"), ("no-subscribed.csv", "no subscribed"),
        ("not unsubscribed.csv", "not unsubscribed"), ("-", "does not say"),
    ],
)  # fmt: skip
def test_a_name_that_says_nothing_or_two_things_is_refused_with_the_words(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        name_word(STATUS, name)

    assert caught.value.exit_code == 2
    assert "subscribed, unsubscribed" in caught.value.hint
    assert "a column Status" in caught.value.hint


PLAIN = FieldRule("status", filename=(NameWord("subscribed", "subscribed"),))


@pytest.mark.parametrize(
    "name",
    [
        "no_longer_subscribed.csv", "formerly_subscribed.csv", "previously subscribed.csv", "pending_subscribed.csv",
        "unsubscribed_subscribed.csv", "subscribed_and_cleaned.csv", "subscribed, no longer.csv", "never subscribed.csv",
        "not_yet_subscribed.csv", "pre-subscribed.csv", "ex-subscribed.csv", "was-subscribed.csv", "old subscribed.csv",
        "subscribed_or_bounced.csv", "subscribed + optout.csv", "subscribed (opted out).csv",
    ],
)  # fmt: skip
def test_what_takes_a_word_of_consent_back_stops_a_table_that_does_not_know_it(name: str) -> None:
    with pytest.raises(UsageError, match="so it is not clear what status is"):
        name_word(PLAIN, name)


@pytest.mark.parametrize(
    "name", ["subscribed_no_2.csv", "old_town_subscribed.csv", "subscribed (old).csv", "2024 subscribed.csv"]
)
def test_other_words_beside_a_word_of_consent_are_no_doubt(name: str) -> None:
    assert name_word(PLAIN, name).text == "subscribed"


@pytest.mark.parametrize(
    "name", ["pending_online.csv", "previously_online.csv", "old online.csv", "online_bounced.csv"]
)
def test_only_consent_is_taken_back_by_words_of_time(name: str) -> None:
    assert name_word(FieldRule("type", filename=(NameWord("online", "ecommerce"),)), name).text == "ecommerce"


def audience(*words: str) -> Converted:
    """A zip of files with one person each."""
    with zipfile.ZipFile("audience.zip", "w") as archive:
        for word in words:
            row = {**MEMBER, "Email Address": f"{word}@example.com"}
            archive.write(write(f"{word}_email_audience_export_1a2b3c.csv", MEMBERS, row))
    report = prepare(["audience.zip"], None, "batches", KEEP_ALL)
    return Converted(report, {one.manifest.specification: one for one in report.batches})


def test_people_who_never_subscribed_are_customers_with_that_state_and_have_no_event(folder: Path) -> None:
    made = audience("subscribed", "unsubscribed", "nonsubscribed", "cleaned")

    events = made.records("marketing_email_subscribe")
    assert {one["link"]["email"].partition("@")[0]: one["status"] for one in events} == {
        "subscribed": "subscribed", "unsubscribed": "unsubscribed", "cleaned": "undeliverable",
    }  # fmt: skip
    assert {one["email"]: one.get("custom_fields") for one in made.records("profile_customer")} == {
        "subscribed@example.com": None, "unsubscribed@example.com": None, "cleaned@example.com": None,
        "nonsubscribed@example.com": {"email_status": "nonsubscribed"},
    }  # fmt: skip
    manifest = made.batches["marketing_email_subscribe"].manifest
    assert manifest.skipped == {"a person who never subscribed has no event": 1}


def test_nobody_leaves_at_the_time_they_came(folder: Path) -> None:
    row = {**MEMBER, "CONFIRM_TIME": "2024-03-06 10:16:00", "LAST_CHANGED": "2025-01-02 03:04:05"}

    left = convert(write("unsubscribed.csv", MEMBERS, row)).records("marketing_email_subscribe")
    told = convert(write("all.csv", TAGGED, {**row, "Status": "cleaned"})).records(
        "marketing_email_subscribe"
    )
    came = convert(write("subscribed.csv", MEMBERS, row)).records("marketing_email_subscribe")

    assert [one["action_at"] for one in (*left, *told)] == ["2025-01-02T03:04:05Z"] * 2
    assert [one["action_at"] for one in came] == ["2024-03-06T10:16:00Z"]


def test_an_unclear_name_leaves_nothing_behind(folder: Path) -> None:
    with pytest.raises(UsageError, match="subscribed and unsubscribed"):
        convert(write("subscribed_unsubscribed.csv", MEMBERS, MEMBER))

    assert not list(Path("batches").glob("*/*"))


def test_the_nonsubscribed_file_alone_makes_customers_alone(folder: Path) -> None:
    assert set(audience("nonsubscribed").batches) == {"profile_customer"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("subscribed", "subscribed"), ("Unsubscribed", "unsubscribed"), ("cleaned", "undeliverable"),
        ("non-subscribed", None), ("nonsubscribed", None), ("transactional", None), ("pending", None), ("archived", None),
    ],
)  # fmt: skip
def test_a_status_column_beats_the_name_of_the_file(word: str, status: str | None, folder: Path) -> None:
    other = {**MEMBER, "Email Address": "teo@example.com", "Status": "unsubscribed"}

    made = convert(write("subscribed_tagged.csv", TAGGED, {**MEMBER, "Status": word}, other))

    found = [one["status"] for one in made.records("marketing_email_subscribe")]
    assert found == [*([status] if status else []), "unsubscribed"]
    assert made.records("profile_customer")[0]["custom_fields"]["email_status"] == word


@pytest.mark.parametrize("word", ["resubscribed", "subscribed?", "active", ""])
def test_a_status_that_means_none_of_the_four_is_an_issue_and_not_guessed(word: str, folder: Path) -> None:
    other = {**MEMBER, "Email Address": "teo@example.com", "Status": "unsubscribed"}

    made = convert(write("subscribed.csv", TAGGED, {**MEMBER, "Status": word}, other))

    (issue,) = made.issues("marketing_email_subscribe")
    assert (issue["path"], issue["line"]) == ("status", 2)
    assert [one["status"] for one in made.records("marketing_email_subscribe")] == ["unsubscribed"]


@pytest.mark.parametrize(
    ("preset", "said"),
    [
        ("hubspot_contacts", {"Marketing contact status": "Non-marketing contact"}),
        ("hubspot_contacts", {"Unsubscribed from all email": "true"}),
        ("salesforce_contacts", {"HasOptedOutOfEmail": "1", "HasOptedOutOfFax": "1", "DoNotCall": "1"}),
        ("salesforce_contacts", {"Email Opt Out": "1", "Do Not Call": "1"}),
        (
            "klaviyo_profiles",
            {"Email Suppressions": "[UNSUBSCRIBE]", "SMS Marketing Consent": "UNSUBSCRIBED"},
        ),
        ("shopify_customers", {"Accepts Email Marketing": "no", "Accepts SMS Marketing": "no"}),
        ("brevo_contacts", {"EMAIL_BLACKLISTED": "Yes", "SMS_BLACKLISTED": "Yes"}),
        ("zoho_contacts", {"Email Opt Out": "true"}),
        ("constant_contact", {"Email status": "Unsubscribed", "Email permission status": "Unsubscribed"}),
        ("activecampaign_contacts", {"Status": "Unsubscribed"}),
        (
            "dynamics_contacts",
            {"Do not allow Emails": "Do Not Allow", "Do not allow Phone Calls": "Do Not Allow"},
        ),
        ("pipedrive_people", {"Person - Marketing status": "Unsubscribed", "Person - Double opt-in": "Yes"}),
        ("campaign_monitor", {"Permission to track": "No"}),
        ("braze_segment", {"email_subscribe": "unsubscribed", "push_subscribe": "unsubscribed"}),
        ("magento_customers", {"is_subscribed": "0"}),
    ],
)
def test_an_opt_out_without_a_time_is_a_custom_field(preset: str, said: dict[str, str], folder: Path) -> None:
    header = dict.fromkeys([*HEADERS[preset][0], *said])
    email = next(name for name in header if name.casefold() in ADDRESSES)

    made = convert(write("export.csv", list(header), {**said, email: "mira.holt@example.com"}))

    (one,) = made.records("profile_customer")
    assert sorted(said.values()) == sorted(
        text for text in one["custom_fields"].values() if text in said.values()
    )
    assert set(made.batches) == {"profile_customer"}


@pytest.mark.parametrize(
    ("preset", "number", "said"),
    [
        ("zoho_contacts", 0, {"Email Opt Out": "true", "Unsubscribed Time": "2026-02-02 10:00:00"}),
        ("zoho_contacts", 0, {"Unsubscribed Time": "2026-02-02 10:00:00"}),
        (
            "constant_contact",
            1,
            {"Email status": "Unsubscribed", "Confirmed Opt-Out Date": "2026-02-02 10:00:00 +0000"},
        ),
        ("braze_segment", 0, {"unsubscribed_from_emails_at": "2026-02-02T10:00:00Z"}),
    ],
)
def test_an_opt_out_with_its_time_is_a_subscription_that_ends(
    preset: str, number: int, said: dict[str, str], folder: Path
) -> None:
    header = HEADERS[preset][number]
    email = next(name for name in header if name.casefold() in ("email", "email address"))

    made = convert(write("export.csv", header, {**said, email: "mira.holt@example.com"}))

    (one,) = made.records("marketing_email_subscribe")
    assert (one["status"], one["action_at"][:19]) == ("unsubscribed", "2026-02-02T10:00:00")


@pytest.mark.parametrize(
    ("preset", "number", "said"),
    [
        ("zoho_contacts", 0, {"Email Opt Out": "false", "Unsubscribed Time": "2026-02-02 10:00:00"}),
        (
            "constant_contact",
            1,
            {"Email status": "Active", "Confirmed Opt-Out Date": "2026-02-02 10:00:00 +0000"},
        ),
    ],
)
def test_who_takes_e_mail_again_has_not_left(
    preset: str, number: int, said: dict[str, str], folder: Path
) -> None:
    header = HEADERS[preset][number]
    email = next(name for name in header if name.casefold() in ("email", "email address"))

    made = convert(write("export.csv", header, {**said, email: "mira.holt@example.com"}))

    assert set(made.batches) == {"profile_customer"}


def test_when_somebody_opted_out_once_is_kept_of_those_who_take_e_mail_again(folder: Path) -> None:
    header = (*HEADERS["constant_contact"][0], "Confirmed Opt-Out Date")
    person = {
        "Email address": "mira.holt@example.com",
        "Email status": "Active",
        "Email permission status": "Express",
    }
    made = convert(
        write("people.csv", header, {**person, "Confirmed Opt-Out Date": "2022-01-01 10:00:00 +0000"})
    )

    (record,) = made.records("profile_customer")
    assert record["custom_fields"]["opt_out_date"] == "2022-01-01 10:00:00 +0000"
    assert "marketing_email_subscribe" not in made.batches


@pytest.mark.parametrize(
    ("column", "word", "is_suppressed"),
    [
        ("Email Suppressions", '["USER_SUPPRESSED"]', True), ("Email Suppressions", "HARD_BOUNCE", True), ("Email Suppressions", "[]", False),
        ("Email Suppressions", "", False), ("Suppressed", "True", True), ("Suppressed", "yes", True), ("Suppressed", "False", False),
        ("Suppressed", "", False),
    ],
)  # fmt: skip
def test_nobody_who_is_suppressed_is_subscribed(
    column: str, word: str, is_suppressed: bool, folder: Path
) -> None:
    header = [*dict.fromkeys([*HEADERS["klaviyo_profiles"][0], "Email Suppressions", "Suppressed"])]
    at = {"Email Marketing Consent Timestamp": "2024-01-01 10:00:00"}
    rows = [
        {"Email": "in@example.com", "Email Marketing Consent": "SUBSCRIBED", column: word, **at},
        {"Email": "out@example.com", "Email Marketing Consent": "UNSUBSCRIBED", column: word, **at},
        {"Email": "free@example.com", "Email Marketing Consent": "SUBSCRIBED", **at},
    ]

    made = convert(write("people.csv", header, *rows))

    events = {one["link"]["email"]: one["status"] for one in made.records("marketing_email_subscribe")}
    some = {} if is_suppressed else {"in@example.com": "subscribed"}
    assert events == {**some, "out@example.com": "unsubscribed", "free@example.com": "subscribed"}
    reason = "a person who is suppressed gets no e-mail, whatever the consent was"
    skipped = made.batches["marketing_email_subscribe"].manifest.skipped
    assert skipped == ({reason: 1} if is_suppressed else {})
    kept = made.records("profile_customer")[0].get("custom_fields", {})
    assert kept.get(column.lower().replace(" ", "_"), "") == word
