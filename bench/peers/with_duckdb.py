"""DuckDB: as people use it, and made exact."""

from pathlib import Path

import duckdb

# One column of text, nothing quoted: a delimiter that JSON cannot hold is never met.
AS_TEXT = "(FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
AS_JSON = "(FORMAT json)"
PRODUCT = "products[]."


def copy(query: str, target: str, form: str) -> None:
    """Write the rows of a query."""
    with duckdb.connect() as database:
        database.execute(f"COPY ({query}) TO {quoted(target)} {form}")


def quoted(text: str) -> str:
    """A string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def csv(source: str, target: str) -> None:
    """Read, write: nulls, no nesting, no validation."""
    copy(f"FROM read_csv({quoted(source)})", target, AS_JSON)


def ndjson(source: str, target: str) -> None:
    """Read, write: nulls, no validation."""
    copy(f"FROM read_ndjson({quoted(source)})", target, AS_JSON)


def array(source: str, target: str) -> None:
    """Read a JSON array, write lines: nulls, no validation."""
    copy(f"FROM read_json({quoted(source)}, format = 'array')", target, AS_JSON)


def customers_exact(source: str, target: str) -> None:
    """Every column as text, records put together from fragments, what is absent left out."""
    rows = f"read_csv({quoted(source)}, all_varchar = true)"
    with duckdb.connect() as database:
        names = [str(row[0]) for row in database.execute(f"DESCRIBE FROM {rows}").fetchall()]
    plain = [name for name in names if "." not in name and name != "employee_flag"]
    custom = ", ".join(member(name) for name in names if name.startswith("custom_fields."))
    fragments = [
        f"'{{\"link\":{{' || coalesce(substr({member('link.email', lower=True)}, 2), '') || '}}'",
        *(member(name, lower=name == "email") for name in plain),
        literal("employee_flag"),
        f"',\"custom_fields\":{{' || substr(concat({custom}), 2) || '}}}}'",
    ]
    copy(f"SELECT concat({', '.join(fragments)}) FROM {rows}", target, AS_TEXT)


def member(name: str, lower: bool = False) -> str:
    """SQL for `,"name":"text"`, null where the cell is empty."""
    text = f'lower(trim("{name}"))' if lower else f'"{name}"'
    return f"""',"{name.rpartition(".")[2]}":' || to_json({text})::VARCHAR"""


def literal(name: str) -> str:
    """SQL for a boolean member, null where the cell is neither true nor false."""
    cases = " ".join(f"""WHEN '{word}' THEN ',"{name}":{word}'""" for word in ("true", "false"))
    return f"""CASE lower("{name}") {cases} END"""


def order_lines(source: str, target: str) -> None:
    """Lines grouped into nested purchases with list(): nulls, no validation, in any order."""
    line = ", ".join(
        f'{name}: "{PRODUCT}{name}"' for name in ("price_paid", "quantity", "full_price", "discount")
    )
    reference = ", ".join(f'{name}: "{PRODUCT}product_reference.{name}"' for name in ("id", "id_type"))
    query = f"""
        SELECT purchase_id, {{email: any_value("link.email")}} AS link,
               any_value(action_at) AS action_at, any_value(type) AS type, any_value(currency) AS currency,
               {{type: any_value("store.type"), name: any_value("store.name")}} AS store,
               {{payment_method: any_value("custom_fields.payment_method")}} AS custom_fields,
               list({{product_reference: {{{reference}}}, {line}}}) AS products
        FROM read_csv({quoted(source)}) GROUP BY purchase_id"""
    copy(query, target, AS_JSON)


def order_lines_exact(source: str, target: str) -> None:
    """Purchases in the order of their first line, lines in the order of the file, numbers as written."""
    reference = ", ".join(member(f"{PRODUCT}product_reference.{name}") for name in ("id", "id_type"))
    numbers = ", ".join(
        f"""',"{name}":' || "{PRODUCT}{name}\""""
        for name in ("price_paid", "quantity", "full_price", "discount")
    )
    product = f"""'{{"product_reference":{{' || substr(concat({reference}), 2) || '}}' || concat({numbers}) || '}}'"""
    store = ", ".join(member(name) for name in ("store.type", "store.name"))
    once = (
        "link.email",
        "action_at",
        "type",
        "currency",
        "store.type",
        "store.name",
        "custom_fields.payment_method",
    )
    firsts = ", ".join(f"""any_value("{name}" ORDER BY line) AS "{name}\"""" for name in once)
    rows = f"SELECT *, row_number() OVER () AS line FROM read_csv({quoted(source)}, all_varchar = true)"
    grouped = f"""SELECT purchase_id, {firsts}, string_agg({product}, ',' ORDER BY line) AS products,
                         min(line) AS line FROM ({rows}) GROUP BY purchase_id"""
    fragments = ", ".join([
        "'{' || substr(" + member("purchase_id") + ", 2)",
        f"',\"link\":{{' || substr({member('link.email', lower=True)}, 2) || '}}'",
        *(member(name) for name in ("action_at", "type", "currency")),
        f"CASE WHEN \"store.type\" IS NOT NULL THEN ',\"store\":{{' || substr(concat({store}), 2) || '}}' END",
        f"',\"custom_fields\":{{' || substr({member('custom_fields.payment_method')}, 2) || '}}'",
        "',\"products\":[' || products || ']}'",
    ])  # fmt: skip
    copy(f"SELECT concat({fragments}) FROM ({grouped}) ORDER BY line", target, AS_TEXT)


# Amounts of two decimals; a DECIMAL that is as wide as a float is exact keeps its zeros, a narrower one is written as a float.
MONEY = "DECIMAL(18,2)"
API_ORDER = """{
    name: 'VARCHAR', email: 'VARCHAR', contact_email: 'VARCHAR', created_at: 'VARCHAR', source_name: 'VARCHAR',
    currency: 'VARCHAR', id: 'VARCHAR', financial_status: 'VARCHAR', test: 'BOOLEAN', subtotal_price: 'VARCHAR',
    total_discounts: 'VARCHAR', total_tax: 'VARCHAR', total_price: 'VARCHAR', tags: 'VARCHAR', cancelled_at: 'VARCHAR',
    payment_gateway_names: 'VARCHAR[]', customer: 'STRUCT(email VARCHAR)', shipping_lines: 'STRUCT(price DECIMAL(18,2))[]',
    discount_codes: 'STRUCT(code VARCHAR)[]',
    line_items: 'STRUCT(sku VARCHAR, name VARCHAR, quantity INTEGER, price DECIMAL(18,2), total_discount DECIMAL(18,2))[]'
}"""


def api_orders(source: str, target: str) -> None:
    """The purchases that orders of an API are: nulls, no validation.

    It knows what these orders are like: taxes are contained in prices, nothing was paid back, and who bought has an e-mail address.
    """
    kind = "if(source_name = 'pos', 'physical', 'ecommerce')"
    product = f"""{{product_reference: {{id: line.sku, id_type: 'sku'}}, quantity: line.quantity, full_price: line.price,
        discount: line.total_discount, price_paid: (line.quantity * line.price - line.total_discount)::{MONEY}}}"""
    off = f"(total_discounts::{MONEY} - list_sum([line.total_discount for line in line_items]))::{MONEY}"
    shipping = f"list_sum([one.price for one in shipping_lines])::{MONEY}"
    adjustments = f"""[one for one in [
        {{price_adjustment: (-{off})::{MONEY}, reason: coalesce(nullif(list_aggr([one.code for one in discount_codes], 'string_agg', ', '), ''), 'Discount')}},
        {{price_adjustment: {shipping}, reason: 'Shipping'}}] if one.price_adjustment <> 0]"""
    query = f"""
        SELECT name AS purchase_id, {{email: lower(trim(coalesce(email, contact_email, customer.email)))}} AS link,
               created_at AS action_at, {kind} AS type, currency,
               [{product} for line in line_items] AS products, {adjustments} AS adjustments,
               [{{name: array_to_string(payment_gateway_names, ' + ')}}] AS payment_types,
               {{order_id: id, financial_status: financial_status, source: source_name, subtotal: subtotal_price,
                discount_amount: if(total_discounts::{MONEY} = 0, NULL, total_discounts), taxes: total_tax, total: total_price,
                refunded_amount: '0.00', cancelled_at: cancelled_at, tags: nullif(tags, ''),
                products: [line.name for line in line_items]}} AS custom_fields
        FROM read_ndjson({quoted(source)}, columns = {API_ORDER})
        WHERE NOT test AND financial_status NOT IN ('voided', 'expired', 'pending')"""
    copy(query, target, AS_JSON)


API_EVENT = """{
    email: 'VARCHAR', timestamp: 'BIGINT', event: 'VARCHAR', sg_message_id: 'VARCHAR', sg_event_id: 'VARCHAR',
    singlesend_id: 'VARCHAR', marketing_campaign_id: 'VARCHAR', asm_group_id: 'VARCHAR', sg_machine_open: 'BOOLEAN', url: 'VARCHAR'
}"""
# What each specification takes of the events, and what it has beside the person, the time and the message.
TO, CAMPAIGN = "{email: person} AS to", "coalesce(singlesend_id, marketing_campaign_id) AS campaign_id"
STATUS = "if(event = 'group_resubscribe', 'subscribed', 'unsubscribed') AS status"
LIST = "if(event = 'unsubscribe', NULL, {id: asm_group_id, name: 'SendGrid group ' || asm_group_id}) AS list"
OF_EVENTS = {
    "send": ("event = 'delivered'", f"{CAMPAIGN}, {TO}"),
    "open": ("event = 'open' AND sg_machine_open IS NOT TRUE", f"{CAMPAIGN}, {TO}"),
    "click": ("event = 'click'", f"{CAMPAIGN}, {TO}, {{url: url}} AS clicked_link"),
    "bounce": ("event = 'bounce'", TO),
    "subscribe": ("event IN ('unsubscribe', 'group_unsubscribe', 'group_resubscribe')", f"{LIST}, {STATUS}"),
}


def api_events(source: str, target: str) -> None:
    """The records that events are, a file for each specification: read once, nulls, no validation."""
    message = "coalesce(sg_message_id, sg_event_id)"
    for tail in (".filter", ".recvd", ".stfilter"):
        message = f"split_part({message}, '{tail}', 1)"
    with duckdb.connect() as database:
        database.execute(f"""CREATE TABLE events AS
            SELECT *, lower(trim(email)) AS person, {message} AS email_id,
                   strftime(make_timestamp(timestamp * 1000000), '%Y-%m-%dT%H:%M:%SZ') AS action_at
            FROM read_ndjson({quoted(source)}, columns = {API_EVENT})""")
        for name, (taken, more) in OF_EVENTS.items():
            file = Path(target).with_name(f"marketing_email_{name}.ndjson")
            query = f"SELECT {{email: person}} AS link, action_at, email_id, {more} FROM events WHERE {taken}"
            database.execute(f"COPY ({query}) TO {quoted(str(file))} {AS_JSON}")
