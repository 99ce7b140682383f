"""DuckDB: as people use it, and made exact."""

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
