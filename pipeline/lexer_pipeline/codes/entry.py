"""What is said of one code, and the example that shows it."""

from msgspec import Struct


class Example(Struct, frozen=True):
    """What gives a code, and what gives it no longer: the text of a file (or, without `file`, what is typed) before and after.

    `command` reads the file before; `mended` the one after, where that is another command. `beside` is a further file: its name and its
    text; `other` the one that `mended` has in its place. An ellipsis in the texts stands for `long`: a text, and how many times it stands there. `earlier` is the text of the file that the same command read before that. `along` are
    the codes that always come with this one.
    """

    before: str
    after: str
    file: str = ""
    command: str = ""
    mended: str = ""
    beside: tuple[str, str] | None = None
    other: tuple[str, str] | None = None
    long: tuple[str, int] | None = None
    earlier: str = ""
    along: tuple[str, ...] = ()

    def bytes_of(self, text: str) -> bytes:
        """One of the texts as it lies in a file."""
        written = text.replace("…", self.long[0] * self.long[1]) if self.long else text
        return written.encode("utf-8", "surrogateescape")


class Entry(Struct, frozen=True):
    """One code: what it is, what to do, the command to type, where the rule comes from, and an example."""

    meaning: str
    remedy: str
    command: str
    source: str
    example: Example


# A mapping of orders whose buyer and time are no matter, as far as its lines.
AN_ORDER = """\
[[records]]
specification = "commerce_purchases"
[records.fields]
purchase_id = "Order"
"link.email" = { constant = "mira.holt@example.com" }
action_at = { constant = "2024-03-06T10:15:00Z" }
type = { constant = "ecommerce" }
"""


def customers(
    header: str,
    before: str,
    after: str,
    flags: str = "",
    mended: str = "",
    long: tuple[str, int] | None = None,
) -> Example:
    """Rows of customers below a header whose columns are fields."""
    command = "validate customers.csv --spec customer_record"
    return Example(
        f"{header}\n{before}\n",
        f"{header}\n{after}\n",
        "customers.csv",
        command + flags,
        command + mended if mended else "",
        long=long,
    )


def orders(
    header: str, before: str, after: str, flags: str = "", long: tuple[str, int] | None = None
) -> Example:
    """Rows of purchases below a header whose columns are fields."""
    return Example(
        f"{header}\n{before}\n",
        f"{header}\n{after}\n",
        "orders.csv",
        f"validate orders.csv --spec purchase{flags}",
        long=long,
    )


def documents(
    spec: str, before: str, after: str, flags: str = "", long: tuple[str, int] | None = None
) -> Example:
    """Documents, one a line."""
    return Example(
        f"{before}\n",
        f"{after}\n",
        "export.ndjson",
        f"validate export.ndjson --spec {spec}{flags}",
        long=long,
    )
