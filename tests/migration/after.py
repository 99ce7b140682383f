"""What becomes of each batch of the fixture: the folder where it lies, what `upload` to the service makes of it, and `convert`.

`upload` has the datasets of the service, so that it fills the batches that have none. What went to a sandbox says nothing
about the service and waits there.
"""

from tests.migration.table import BATCHES

# A version above the first that was never asked for, or the first below one that was, becomes a further delivery.
RENAMED = {
    "profile_customer-20240104-b": "profile_customer_02-20240104-a",
    "profile_customer-20240105-b": "profile_customer_02-20240105-a",
    "profile_customer-20240107-b": "profile_customer_02-20240107-a",
    "profile_customer-20240108-a": "profile_customer_02-20240108-a",
    "profile_customer-20240110-c": "profile_customer-20240110-a",
    "profile_customer-20240111-za": "profile_customer_02-20240111-a",
    "profile_customer-20240112-rc_1-final": "profile_customer-20240112-a",
    "profile_customer-20240113-b": "profile_customer_02-20240113-a",
    "profile_customer-20240113-c": "profile_customer_03-20240113-a",
    "profile_customer_part_01-20240116-b": "profile_customer_02_part_01-20240116-a",
    "profile_customer_part_02-20240116-b": "profile_customer_02_part_02-20240116-a",
    "commerce_purchases-20240127-b": "commerce_purchases_02-20240127-a",
    "profile_customer-20240204-b": "profile_customer_02-20240204-a",
    "profile_customer-20240205-b": "profile_customer_03-20240205-a",
}
REPLACED_BY = {
    "profile_customer-20240106-a": "profile_customer-20240106-b",
    "profile_customer-20240109-a": "profile_customer-20240109-b",
    "commerce_purchases-20240126-a": "commerce_purchases-20240126-b",
    "loyalty_members-20240306-a": "loyalty_members-20240306-b",
    "store_visits-20261126-a": "store_visits-20261126-b",
}

SENT, SAME, NOTHING = (
    "sent under a new permission",
    "sent under the permission of before",
    "says nothing of it",
)
# By what `upload` makes of them while the urls hold; all others are sent under a new permission.
UPLOADED = {
    "profile_customer-20240103-a": "held",
    "profile_customer-20240106-a": NOTHING,  # replaced
    "profile_customer-20240107-a": "held",
    "profile_customer-20240109-a": NOTHING,  # replaced
    "profile_customer-20240117-a": "held",  # --even-held was for a sandbox
    "profile_customer-20240123-a": NOTHING,  # there
    "profile_customer-20240125-a": NOTHING,  # there, without a dataset
    "commerce_purchases-20240126-a": NOTHING,
    "commerce_purchases-20240126-b": NOTHING,
    "commerce_purchases-20240127-a": NOTHING,
    "compliance_forget-20240127-a": NOTHING,
    "profile_customer-20240129-a": "changed",  # its folder is gone
    "profile_customer-20240130-a": "changed",
    "profile_customer-20240131-a": "refused",  # its receipt says that it was sent
    "/srv/exports/elsewhere/profile_customer-20240201-a": NOTHING,  # not of this folder
    "profile_customer-20240204-b": "held",
    "loyalty_members-20240306-a": NOTHING,  # replaced
    "loyalty_members-20240306-b": "prepared",  # a file that is sent as it is has to be named
    "gift_cards-20240307-a": "prepared",
    "gift_cards-20240308-a": "prepared",
    "profile_customer-20240414-a": "refused",  # the same content as that of the first of April
    "profile_customer-20240415-a": "changed",
    "profile_customer-20240416-a": "changed",
    "profile_customer-20240417-a": "changed",
    "commerce_purchases-20240501-a": NOTHING,
    "commerce_purchases-20240502-a": NOTHING,
    "commerce_purchases-20240507-a": SAME,
    "commerce_purchases-20240508-a": SAME,
    "commerce_purchases-20240509-a": SAME,
    "commerce_purchases-20240510-a": SAME,
    "commerce_purchases-20240511-a": "in_doubt",
    "commerce_purchases-20240512-a": "refused",
    "commerce_purchases-20240513-a": "refused",
    "commerce_purchases-20240514-a": "refused",
    "commerce_purchases-20240515-a": "changed",
    "commerce_purchases-20240516-a": "changed",
    "commerce_purchases-20240517-a": "changed",
    "store_visits-20261126-a": NOTHING,
    "store_visits-20261126-b": "prepared",
}
# What is different once the urls have expired: what may have arrived is never asked for anew.
UPLOADED_LATER = UPLOADED | {
    "commerce_purchases-20240507-a": SENT,
    "commerce_purchases-20240508-a": "in_doubt",
    "commerce_purchases-20240509-a": SENT,
    "commerce_purchases-20240510-a": "in_doubt",
}

MADE_ANEW = {
    "profile_customer-20240415-a", "profile_customer-20240416-a", "profile_customer-20240417-a",
    "commerce_purchases-20240515-a", "commerce_purchases-20240516-a",
}  # fmt: skip
# Newer content of their series came after them, so that converting theirs is a further delivery.
OVERTAKEN = {
    "profile_customer-20240105-a", "profile_customer-20240106-b", "commerce_purchases-20240126-b",
}  # fmt: skip


def place(folder: str) -> str:
    """Where a batch of 0.1.0 lies after all."""
    return RENAMED.get(folder, folder)


def shown() -> dict[tuple[str, str | None], str]:
    """What `status` shows right after: the state of each batch and service."""
    found: dict[tuple[str, str | None], str] = {}
    for batch in BATCHES:
        # What was begun and never asked for was an intention; what is held belongs to nobody yet.
        rows = [row for row in batch.rows if row.asked or row.state != "prepared"]
        if batch.manifest == "held" or not rows:
            found[place(batch.folder), None] = batch.manifest or "prepared"
        for row in rows if batch.manifest != "held" else (row for row in rows if row.state == "sent"):
            found[place(batch.folder), row.destination] = row.state
    return found
