"""What lies in fixture_0_1_0, which version 0.1.0 (195d7c2) made: each batch, and what its ledger says of it.

The sandboxes answered as 127.0.0.1 and localhost. For the rows of api.lexer.io that version was told this host's name
in place of the sandbox's; the urls of rows that have one, and the path of the folder outside, are invented.
"""

from dataclasses import dataclass

HERE, LOCAL, VENDOR = "127.0.0.1", "localhost", "api.lexer.io"


@dataclass(frozen=True)
class Row:
    """One row of the ledger; `asked` where an event says that permission was asked for."""

    state: str
    destination: str
    asked: bool = True


@dataclass(frozen=True)
class Known:
    """One batch: its folder, the state in its manifest (None: it has none), its rows, and whether the folder is there."""

    folder: str
    manifest: str | None
    what: str
    rows: tuple[Row, ...]
    there: bool


def known(folder: str, manifest: str | None, what: str, *rows: Row, there: bool = True) -> Known:
    return Known(folder, manifest, what, rows, there)


def into(host: str, record_type: str) -> str:
    """A destination with the dataset of this fixture, as 0.1.0 wrote it."""
    return f"{host} dataset=a1b2c3d4 type={record_type}"


# fmt: off
BATCHES = (
    known("profile_customer-20240101-a", "prepared", "never asked for"),
    known("profile_customer-20240102-a", "prepared", "never asked for, with a reject"),
    known("profile_customer-20240103-a", "held", "held"),
    known("profile_customer-20240104-a", "prepared", "the first of two shops on one day"),
    known("profile_customer-20240104-b", "prepared", "the second shop: it would replace the first"),
    known("profile_customer-20240105-a", "prepared", "sent", Row("sent", HERE)),
    known("profile_customer-20240105-b", "prepared", "a higher version that was never asked for, beside one that was sent"),
    known("profile_customer-20240106-a", "prepared", "sent, then replaced", Row("sent", HERE)),
    known("profile_customer-20240106-b", "prepared", "sent: it replaces the one before", Row("sent", HERE)),
    known("profile_customer-20240107-a", "held", "held"),
    known("profile_customer-20240107-b", "prepared", "the same export, mended, as a version above the held one"),
    known("profile_customer-20240108-a", "prepared", "never asked for, below a version that was sent"),
    known("profile_customer-20240108-b", "prepared", "sent without the one below", Row("sent", HERE)),
    known("profile_customer-20240109-a", "prepared", "sent", Row("sent", HERE)),
    known("profile_customer-20240109-b", "prepared", "asked for, and the permission may exist, though the row says prepared", Row("prepared", HERE)),
    known("profile_customer-20240110-c", "prepared", "--version c, the only one of its name"),
    known("profile_customer-20240111-z", "prepared", "--version z", Row("sent", HERE)),
    known("profile_customer-20240111-za", "prepared", "the version after z, never asked for"),
    known("profile_customer-20240112-rc_1-final", "prepared", "--version rc_1-final"),
    known("profile_customer-20240113-a", "prepared", "one of three versions never asked for"),
    known("profile_customer-20240113-b", "prepared", "one of three versions never asked for"),
    known("profile_customer-20240113-c", "prepared", "one of three versions never asked for"),
    known("profile_customer_part_01-20240114-a", "prepared", "a part of two, none asked for"),
    known("profile_customer_part_02-20240114-a", "prepared", "a part of two, none asked for"),
    known("profile_customer_part_01-20240115-a", "prepared", "a part of two, of which one was sent", Row("sent", HERE)),
    known("profile_customer_part_02-20240115-a", "prepared", "a part of two, of which one was sent"),
    known("profile_customer_part_01-20240116-a", "prepared", "a part of two, both sent", Row("sent", HERE)),
    known("profile_customer_part_02-20240116-a", "prepared", "a part of two, both sent", Row("sent", HERE)),
    known("profile_customer_part_01-20240116-b", "prepared", "a part of two that would replace those that were sent"),
    known("profile_customer_part_02-20240116-b", "prepared", "a part of two that would replace those that were sent"),
    known("profile_customer-20240117-a", "held", "held, and sent by --even-held", Row("sent", HERE)),
    known("profile_customer-20240118-a", "prepared", "sent into a dataset", Row("sent", into(HERE, "customer_record"))),
    known("profile_customer-20240119-a", "prepared", "sent to another host", Row("sent", LOCAL)),
    known("profile_customer-20240120-a", "prepared", "sent to another port of the same host", Row("sent", HERE)),
    known("profile_customer-20240121-a", "prepared", "sent to two hosts", Row("sent", HERE), Row("sent", LOCAL)),
    known("profile_customer-20240122-a", "prepared", "sent without a dataset and into one", Row("sent", HERE), Row("sent", into(HERE, "customer_record"))),
    known("profile_customer-20240123-a", "prepared", "sent to a sandbox, then to the service", Row("sent", HERE), Row("sent", into(VENDOR, "customer_record"))),
    known("profile_customer-20240124-a", "prepared", "sent to a sandbox, then asked for at the service", Row("sent", HERE), Row("prepared", into(VENDOR, "customer_record"))),
    known("profile_customer-20240125-a", "prepared", "sent without a dataset", Row("sent", VENDOR)),
    known("commerce_purchases-20240126-a", "prepared", "sent, then replaced", Row("sent", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240126-b", "prepared", "sent: it replaces the one before", Row("sent", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240127-a", "prepared", "sent", Row("sent", into(VENDOR, "purchase"))),
    known("compliance_forget-20240127-a", "prepared", "of a specification without a record type, so without a dataset", Row("sent", VENDOR)),
    known("commerce_purchases-20240127-b", "prepared", "a higher version that was never asked for, beside one that was sent"),
    known("profile_customer-20240128-a", "prepared", "sent; a crash left the receipt out", Row("sent", HERE)),
    known("profile_customer-20240129-a", None, "sent, its folder is gone", Row("sent", HERE), there=False),
    known("profile_customer-20240130-a", None, "asked for in vain, its folder is gone", Row("prepared", HERE), there=False),
    known("profile_customer-20240131-a", "prepared", "sent, as its receipt says; the ledger was lost"),
    known("/srv/exports/elsewhere/profile_customer-20240201-a", None, "sent from a folder outside", Row("sent", HERE), there=False),
    known("profile_customer-20240202-a", "prepared", "sent, and sent again by --resend", Row("sent", HERE)),
    known("commerce_purchases-20240203-a", "prepared", "one of two that one export made", Row("sent", HERE)),
    known("profile_customer-20240203-a", "prepared", "one of two that one export made"),
    known("profile_customer-20240204-a", "prepared", "sent", Row("sent", HERE)),
    known("profile_customer-20240204-b", "held", "held, above one that was sent"),
    known("profile_customer-20240205-a", "prepared", "never asked for"),
    known("profile_customer_02-20240205-a", "prepared", "its name comes from [names]"),
    known("profile_customer-20240205-b", "prepared", "never asked for, and the next free name of its day is taken"),
    known("loyalty_members-20240306-a", None, "as is, sent", Row("sent", HERE)),
    known("loyalty_members-20240306-b", None, "as is, sent under the higher version in its own name", Row("sent", HERE)),
    known("gift_cards-20240307-a", None, "as is, asked for in vain", Row("prepared", HERE)),
    known("gift_cards-20240308-a", None, "as is, the PUT without an answer", Row("sending", HERE)),
    known("profile_customer-20240401-a", "prepared", "sent", Row("sent", HERE)),
    known("profile_customer-20240402-a", "prepared", "sent, the checksum could not be compared", Row("sent", HERE)),
    known("profile_customer-20240403-a", "prepared", "asked for in vain (503)", Row("prepared", HERE)),
    known("profile_customer-20240404-a", "prepared", "the token was refused (401)", Row("prepared", HERE)),
    known("profile_customer-20240405-a", "prepared", "in a run that a refused token ended before this one was asked for", Row("prepared", HERE, asked=False)),
    known("profile_customer-20240406-a", "prepared", "killed while it asked", Row("asked", HERE)),
    known("profile_customer-20240407-a", "prepared", "the store could not be reached", Row("granted", HERE)),
    known("profile_customer-20240408-a", "prepared", "killed while it sent", Row("sending", HERE)),
    known("profile_customer-20240409-a", "prepared", "turned away for now (503): nothing can have landed", Row("sending", HERE)),
    known("profile_customer-20240410-a", "prepared", "the whole body left, no answer came", Row("sending", HERE)),
    known("profile_customer-20240411-a", "prepared", "the same, and the url expired", Row("in_doubt", HERE)),
    known("profile_customer-20240412-a", "prepared", "the permission was refused (422)", Row("refused", HERE)),
    known("profile_customer-20240413-a", "prepared", "the store refused the file", Row("refused", HERE)),
    known("profile_customer-20240414-a", "prepared", "the content of the one that was sent, under another name", Row("refused", HERE, asked=False)),
    known("profile_customer-20240415-a", "prepared", "the file was changed", Row("changed", HERE, asked=False)),
    known("profile_customer-20240416-a", "prepared", "the file is missing", Row("changed", HERE, asked=False)),
    known("profile_customer-20240417-a", "prepared", "the file was changed after a PUT without an answer", Row("changed", HERE)),
    known("commerce_purchases-20240501-a", "prepared", "sent", Row("sent", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240502-a", "prepared", "sent, the checksum could not be compared", Row("sent", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240503-a", "prepared", "asked for in vain (503)", Row("prepared", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240504-a", "prepared", "the token was refused (401)", Row("prepared", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240505-a", "prepared", "in a run that a refused token ended before this one was asked for", Row("prepared", into(VENDOR, "purchase"), asked=False)),
    known("commerce_purchases-20240506-a", "prepared", "killed while it asked", Row("asked", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240507-a", "prepared", "the store could not be reached", Row("granted", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240508-a", "prepared", "killed while it sent", Row("sending", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240509-a", "prepared", "turned away for now (503): nothing can have landed", Row("sending", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240510-a", "prepared", "the whole body left, no answer came", Row("sending", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240511-a", "prepared", "the same, and the url expired", Row("in_doubt", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240512-a", "prepared", "the permission was refused (422)", Row("refused", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240513-a", "prepared", "the store refused the file", Row("refused", into(VENDOR, "purchase"))),
    known("commerce_purchases-20240514-a", "prepared", "the content of the one that was sent, under another name", Row("refused", into(VENDOR, "purchase"), asked=False)),
    known("commerce_purchases-20240515-a", "prepared", "the file was changed", Row("changed", into(VENDOR, "purchase"), asked=False)),
    known("commerce_purchases-20240516-a", "prepared", "the file is missing", Row("changed", into(VENDOR, "purchase"), asked=False)),
    known("commerce_purchases-20240517-a", "prepared", "the file was changed after a PUT without an answer", Row("changed", into(VENDOR, "purchase"))),
    known("store_visits-20261126-a", None, "as is, sent under the words of --name", Row("sent", HERE)),
    known("store_visits-20261126-b", None, "as is, sent: it replaces the one before", Row("sent", HERE)),
)
# fmt: on
