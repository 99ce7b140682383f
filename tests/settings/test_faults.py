"""Whatever a settings file says, it is understood or refused with file, line, setting and remedy, and without values."""

import json
import re
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import UsageError
from lexer_pipeline.mapping import file
from lexer_pipeline.system import settings_file
from lexer_pipeline.uploading import settings as config

MAPPING = """\
title = "Till receipts"
accept = "several_currencies"
changed = true
suspicions = { share = 0.02, records = 5 }
country = "AU"
placeholders = { add = ["WALKIN"], not = "0" }
recognise = { required = ["Receipt", ["Till", "Register"]], excluding = "Invoice" }
drop = ["Till", "Cashier"]
secret = "Card"
sheet = "Receipts"
rest = "custom_fields"
columns_vary = true
options = ["strict"]
documents = { records = "data.orders", parent = "__parentId" }

[[records]]
specification = "commerce_purchases"
each = "refunds"
key = "purchase_id"
differ = "first"
together = ["store.name", "type"]
carry = ["Shop"]
unlinked = "skip"
needs = "Status"
lacks = ["State"]
identity = ["purchase_id"]
repeated = "last"

[records.reconcile]
total = { column = "Total", convert = ["money"] }
on_top = { "products[].price_paid" = "custom_fields.name" }
contained = { "products[].quantity" = "custom_fields.name" }
each_line = true
plus = ["products[].quantity"]

[[records.skip]]
column = "Status"
is = ["void", "lost"]
reason = "a void receipt is no purchase"

[[records.skip]]
column = ["Paid", "Paid at"]
empty = true
reason = "not paid"
contradicts = false
whole = true
optional = true
option = "strict"

[[records.skip]]
column = "Customer"
empty = false
own = true
taken = true

[[records.skip]]
column = "Consent"
is = ["given"]
and = { column = "Suppressed", is = ["true"] }
reason = "suppressed"

[[records.skip]]
columns = ["Price", "Barcode"]
empty = true
reason = "a picture"

[[records.skip]]
column = "Phone"
starts = ["whatsapp:"]
reason = "another channel"

[records.fields]
purchase_id = "Receipt"
action_at = { column = "When", convert = [{ date = { format = "%d/%m/%Y", zone = "Europe/Paris" } }] }
type = { column = "Shop", convert = ["trim", { enum = { Web = "ecommerce", "*" = "physical" } }], default = "ecommerce" }
"store.name" = { template = "{Shop} ({City})" }
"store.type" = { constant = true, with = "store.name" }
"link.email" = { first = ["E-mail", "Contact"] }
"link.mobile" = { column = "Phone", convert = { phone = "AU" }, unless = ["link.email"] }
"custom_fields.name" = { columns = ["First", "Last"], join = " " }
"products[].quantity" = "Pieces"
"products[].price_paid" = { fields = ["products[].quantity"], convert = "line-total" }
"images[]" = { column = "Images", split = ",", most = 10 }
"custom_fields.list" = { filename = { unsubscribed = "no", "all" = 1, none = { skip = "they never subscribed" }, some = { elsewhere = true } } }
"""
SETTINGS = """\
[datasets]
purchase = "a1b2c3d4"
[names]
profile_customer = "customer_records"
[upload]
url = "https://api.example.com/v1"
account = "northwind"
dataset = "a1b2"
proxy = "http://mira:holt@proxy.example.com:3128"
connect_timeout = 10
stall_timeout = 2.5
answer_timeout = 60
limit_rate = 2000000
parallel = 2
tries = 6
[job.nightly]
sources = ["exports/orders-{yesterday}.csv", "{date:%Y%m%d}/*.json"]
together = true
missing = "ok"
when_held = "stop"
spec = "purchase"
map = "shopify_orders"
dataset = "purchase=a1b2c3d4"
label = "sydney"
timezone = "Australia/Sydney"
date_format = "%d/%m/%Y"
country = "AU"
unknown = "reject"
ignore_unknown = true
keep_rest = true
changed = true
engine = "spark"
master = "spark://127.0.0.1:7077"
accept = ["shared_link"]
min_rows = 100
max_invalid = "2%"
max_bytes = 500
encoding = "cp1252"
header_row = 3
sheet = "Orders"
hidden = "skip"
member = "orders.csv"
query = "@orders.sql"
older = true
parallel = 2
limit_rate = "500k"
out = "sent"
temp = "/var/tmp"
threads = 2
no_report = true
log_format = "json"
log_file = "nightly.log"
[notify]
on = ["failure", "success"]
attach_report = true
"""
# What a mapping for documents cannot have.
PACKED = """\
[packed.Articles]
items = "|"
parts = [", ", "; "]
mark = ": "
escape = "\\\\"
names = ["ID", "Qty"]

[[records]]
specification = "commerce_purchases"

[records.fields]
purchase_id = "Order"
"products[].quantity" = "Articles[].Qty"
"products[].product_reference.id" = "Articles[].ID"

[records.reconcile]
total = "Total"
discount = { where = "custom_fields.coupon", reason = "Coupon" }
"""
TEXTS = {"mapping": MAPPING, "packed": PACKED, "settings": SETTINGS}
GOOD = {kind: tomllib.loads(text) for kind, text in TEXTS.items()}
SCHEMAS = {"mapping": file.SCHEMA, "packed": file.SCHEMA, "settings": config.SCHEMA}
# A value that no message of pipeline.toml may hold.
SECRET = "Zq7Secret"
TOLD = re.compile(r"(own|pipeline)\.toml: line [1-9][0-9]*: \S")


def read(kind: str, folder: Path) -> Any:
    """What the file of that kind in `folder` says."""
    return config.read({}, folder) if kind == "settings" else file.read(folder / "own.toml")


def path_of(kind: str, folder: Path) -> Path:
    return folder / ("pipeline.toml" if kind == "settings" else "own.toml")


def understood_or_refused(kind: str, folder: Path, text: str | bytes) -> UsageError | None:
    """The error of a text, which names its line and what to do; None if it is understood."""
    path_of(kind, folder).write_bytes(text.encode() if isinstance(text, str) else text)
    try:
        read(kind, folder)
    except UsageError as refusal:
        assert TOLD.match(refusal.message.removeprefix(f"{folder}/")), refusal.message
        assert kind != "settings" or SECRET not in refusal.message + refusal.hint
        return refusal
    return None


def written(value: Any) -> str:
    """A value as TOML writes it on one line; a text that begins with ! is written as it is, without quotes."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {written(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str) and value.startswith("!"):
        return value[1:]
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def document(table: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {written(value)}\n" for key, value in table.items())


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each place in a value: the table or list, and the key or number in it."""
    inside = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [(value, key) for key, _ in inside] + [place for _, item in inside for place in places(item)]


KINDS = st.sampled_from(sorted(GOOD))
WORDS = sorted(
    set(re.findall(r"[a-z_-]+", MAPPING + SETTINGS))
    | {"", "#", "*", "date", "id", "part", "money", "x" * 300}
)
SCALARS = st.one_of(
    st.sampled_from([SECRET, "", "!inf", "!nan", "!1e999", "!1979-05-27", "!1979-05-27 07:32:00Z", "!07:32:00",
                     "!0x" + "f" * 5000, "!" + "9" * 5000, "!" + "9" * 301, "!-0", "!1_0", "!20.0", "!'''\n'''"]),
    st.sampled_from(WORDS), st.text(max_size=5), st.booleans(), st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
SOME_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def spoiled(draw: Any) -> tuple[str, str]:
    """A kind of file, and a good one with a value replaced, added or taken away."""
    kind = draw(KINDS)
    table = deepcopy(GOOD[kind])
    for _ in range(draw(st.integers(1, 2))):
        around, key = draw(st.sampled_from(places(table))) if places(table) else (table, "upload")
        change = draw(st.sampled_from(["replaced", "added", "gone"]))
        if change == "gone":
            del around[key]
        elif change == "added" and isinstance(around, dict):
            around[draw(st.sampled_from(WORDS))] = draw(VALUES)
        else:
            around[key] = draw(VALUES)
    return kind, document(table)


@SOME_FOLDER
@given(file_of=spoiled())
def test_any_value_in_any_place_is_understood_or_refused(file_of: tuple[str, str], tmp_path: Path) -> None:
    kind, text = file_of

    understood_or_refused(kind, tmp_path, text)


@SOME_FOLDER
@given(kind=KINDS, cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
       between=st.text(alphabet="a1.=[]{}\"'#,\n\\ \r\x00é") | st.binary(max_size=3))  # fmt: skip
def test_any_text_is_understood_or_refused(
    kind: str, cuts: tuple[float, float], between: str | bytes, tmp_path: Path
) -> None:
    text = TEXTS[kind].encode()
    start, end = sorted(round(cut * len(text)) for cut in cuts)

    between = between if isinstance(between, bytes) else between.encode()
    understood_or_refused(kind, tmp_path, text[:start] + between + text[end:])


@SOME_FOLDER
@given(file_of=spoiled())
def test_both_engines_find_the_same_files_good(file_of: tuple[str, str], tmp_path: Path) -> None:
    kind, text = file_of
    path_of(kind, tmp_path).write_text(text, "utf-8")
    try:
        table = settings_file.read(path_of(kind, tmp_path), "x").table
    except UsageError:
        return
    schema = json.loads(SCHEMAS[kind].read_bytes())

    assert jsonschema_rs.validator_for(schema).is_valid(table) == jsonschema.Draft202012Validator(
        schema
    ).is_valid(table)
