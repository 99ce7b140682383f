"""Every sample and every export of the folder `seen` is taken by its own preset and by no other.

In `seen` lie exports as their platforms write them, with invented people, each in a variant that somebody has seen.
"""

from pathlib import Path

import pytest
from lexer_pipeline.inspecting.inspect import inspect

from tests.golden import source_of
from tests.presets.exports import CASES, name_of

SEEN = Path(__file__).parent / "seen"
# None: no preset is for it.
PRESET_OF = {
    "activecampaign.csv": "activecampaign_contacts",
    "amazon_all_orders.csv": "amazon_all_orders",
    "amazon_unshipped.csv": "amazon_unshipped_orders",
    "bigcommerce_orders.csv": "bigcommerce_orders",
    "brevo_contacts.csv": "brevo_contacts",
    "constant_contact.csv": "constant_contact",
    "dynamics_contacts.csv": "dynamics_contacts",
    "ebay_orders.csv": "ebay_orders",
    "etsy_sold_items.csv": "etsy_sold_items",
    "etsy_sold_orders.csv": "etsy_sold_orders",
    "klaviyo_list_short.csv": "klaviyo_profiles",
    "mailchimp_tags_export.csv": "mailchimp_audience",
    "matrixify_orders.csv": "matrixify_orders",
    "paypal_activity.csv": "paypal_activity",
    "pipedrive_people.csv": "pipedrive_people",
    "salesforce_contacts_report.csv": "salesforce_contacts",
    "shopify_customers_new.csv": "shopify_customers",
    "shopify_orders_full.csv": "shopify_orders",
    "square_items_35.csv": "square_items",
    "squarespace_orders.csv": "squarespace_orders",
    "stripe_payments_min.csv": "stripe_payments",
    "stripe_unified_payments_2025.csv": "stripe_payments",
    "subscribed_email_audience_export_1a2b3c.csv": "mailchimp_audience",
    "tiktok_shop_orders.csv": "tiktok_shop_orders",
    "toast_items.csv": "toast_items",
    "twilio_messages.csv": "twilio_messages",
    "wix_orders.csv": "wix_orders",
    "woo_csv_export_suite.csv": "woocommerce_export_suite",
    "zoho_contacts.csv": "zoho_contacts",
}


def taken_by(source: Path) -> tuple[tuple[str, ...], str]:
    """The presets that fit an export best, and the one that it surely is."""
    found = inspect(str(source))
    return found.presets, found.surely


def test_every_export_that_was_seen_is_in_the_table() -> None:
    assert sorted(PRESET_OF) == sorted(path.name for path in SEEN.iterdir())


@pytest.mark.parametrize("name", PRESET_OF)
def test_an_export_that_was_seen_is_taken_by_its_own_preset_alone(name: str) -> None:
    preset = PRESET_OF[name]

    assert taken_by(SEEN / name) == (((preset,), preset) if preset else ((), ""))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_sample_is_taken_by_its_own_preset_alone(case: Path) -> None:
    preset = case.parent.name

    assert taken_by(source_of(case)) == ((preset,), preset)
