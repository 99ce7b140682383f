"""What an export cannot say, and a draft says of all its rows: whether it is of a shop or a till, how many pieces, which message."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from lexer_pipeline.inspecting.column_roles import words_of
from lexer_pipeline.inspecting.draft_text import Drafted, quoted
from lexer_pipeline.inspecting.drafting import Drafting
from lexer_pipeline.inspecting.findings import QUANTITY
from lexer_pipeline.inspecting.status_words import sale_types
from lexer_pipeline.specs.names import normalised
from lexer_pipeline.specs.paths import FieldPath

TYPE, STORE = FieldPath(("type",)), FieldPath(("store",))
# Words of a header that only a till writes, and that only an online shop writes.
TILL = frozenset(
    [
        "till",
        "register",
        "pos",
        "cashier",
        "server",
        "terminal",
        "table",
        "kasse",
        "kassierer",
        "caisse",
        "caissier",
        "cassa",
        "receipt",
        "bon",
        "beleg",
        "filiale",
        "branch",
        "outlet",
        "tender",
        "caja",
        "dining",
        "location",
        "shop",
        "device",
        "pan",
    ]
)
SHOP = frozenset(
    [
        "shipping",
        "ship",
        "shipped",
        "delivery",
        "fulfillment",
        "fulfilment",
        "fulfilled",
        "tracking",
        "versand",
        "lieferung",
        "livraison",
        "envío",
        "url",
        "website",
        "cart",
        "parcel",
        "postage",
        "refund",
        "checkout",
    ]
)
# Beside one of these a word says where a receipt is sent.
REACHED = frozenset({"email", "url"})
# Columns that may say how something was sold.
CHANNEL = (
    "ordertype",
    "channel",
    "saleschannel",
    "source",
    "salessource",
    "ordersource",
    "typ",
    "verkaufskanal",
    "canal",
)


def constants(lines: Sequence[Drafted], drafting: Drafting) -> Iterator[Drafted]:
    """The lines that an export of this kind needs beside its columns."""
    has = {line.field.general for line in lines}
    if TYPE in drafting.fields and TYPE not in has:
        yield _type(drafting)
    if any(path.is_within(STORE) for path in has) and STORE / "type" not in has and TYPE in drafting.fields:
        yield replace(_type(drafting), field=STORE / "type")
    if (
        QUANTITY in drafting.fields
        and QUANTITY not in has
        and any(path.is_within(QUANTITY.parent) for path in has)
    ):
        count = "-1" if "at most" in drafting.fields[QUANTITY].rule else "1"
        yield Drafted(
            QUANTITY, "", 0, "no column says how many; each row is one", f"{{ constant = {count} }}"
        )
    if drafting.specification.record_type in ("email_subscribe", "sms_subscribe"):
        path = FieldPath(
            ("email_id" if drafting.specification.record_type == "email_subscribe" else "sms_id",)
        )
        if path not in has:
            yield Drafted(path, "", 0, "no single message stands behind consent", '{ constant = "consent" }')


def _type(drafting: Drafting) -> Drafted:
    """Whether all was sold online or at a till, by a column that says it, else by what the header speaks of."""
    for place, name in enumerate(drafting.names):
        found = sale_types(drafting.texts(place)) if normalised(drafting.called(place)) in CHANNEL else None
        if found and drafting.can_be_named(place):
            table = ", ".join(f"{quoted(word)} = {quoted(kind)}" for word, kind in found.items())
            value = f"{{ column = {quoted(name)}, convert = [{{ enum = {{ {table} }} }}] }}"
            return Drafted(TYPE, name, 0.8, "its words say it", value)
    called = (words_of(drafting.called(place)) for place in range(len(drafting.names)))
    words = {word for said in called if not REACHED & {*said} for word in said}
    if len(TILL & words) > len(SHOP & words):
        return Drafted(TYPE, "", 0, "a till; write ecommerce for an online shop", '{ constant = "physical" }')
    return Drafted(TYPE, "", 0, "an online shop; write physical for a till", '{ constant = "ecommerce" }')
