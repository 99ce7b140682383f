"""Polars: as people use it, and made exact."""

import json

import polars as pl

INFER = 10_000
"""Rows that types are inferred from: with the default of 100 the first bad boolean ends the run."""

ESCAPED = {mark: json.dumps(mark)[1:-1] for mark in ['"', "\\", *map(chr, range(0x20))]}
MARKS = r'[\x00-\x1f"\\]'
LINES = "products[]."
OF_SHOP_ORDERS = [
    "Name", "Email", "Financial Status", "Fulfillment Status", "Accepts Marketing", "Currency", "Subtotal", "Shipping",
    "Taxes", "Total", "Discount Code", "Discount Amount", "Created at", "Lineitem quantity", "Lineitem name",
    "Lineitem price", "Lineitem sku", "Billing Name", "Billing Street", "Billing Company", "Billing City", "Billing Zip",
    "Billing Province", "Billing Country", "Billing Phone", "Cancelled at", "Payment Method", "Refunded Amount", "Location",
    "Id", "Tags", "Source", "Lineitem discount", "Phone", "Duties",
]  # fmt: skip


def csv(source: str, target: str) -> None:
    """Read, write: nulls, no nesting, no validation, leading zeros lost."""
    pl.scan_csv(source, infer_schema_length=INFER).sink_ndjson(target)


def shop_orders(source: str, target: str) -> None:
    """The columns that the preset reads, a line for each row: nothing grouped, mapped or worked out."""
    pl.scan_csv(source, infer_schema_length=INFER).select(OF_SHOP_ORDERS).sink_ndjson(target)


def parquet(source: str, target: str) -> None:
    """Read, write: nulls, no nesting, no validation."""
    pl.scan_parquet(source).sink_ndjson(target)


def ndjson(source: str, target: str) -> None:
    """Read, write: nulls, no validation."""
    pl.scan_ndjson(source, infer_schema_length=INFER).sink_ndjson(target)


def customers_exact(source: str, target: str) -> None:
    """Every column as text, records put together from fragments, what is absent left out."""
    rows = pl.scan_csv(source, infer_schema=False)
    plain = [name for name in rows.collect_schema().names() if "." not in name and name != "employee_flag"]
    link = pl.concat_str(pl.lit('{"link":{"email":"'), lowered("link.email"), pl.lit('"}'))
    flag = pl.col("employee_flag").str.to_lowercase()
    written = [pl.lit(f',"employee_flag":{word}') for word in ("true", "false")]
    custom = pl.concat_str(member("custom_fields.tier"), member("custom_fields.points"), ignore_nulls=True)
    record = [
        link.fill_null('{"link":{}'),
        *(member(name, lowered(name) if name == "email" else escaped(name)) for name in plain),
        pl.when(flag == "true").then(written[0]).when(flag == "false").then(written[1]),
        pl.concat_str(pl.lit(',"custom_fields":{'), custom.str.strip_prefix(","), pl.lit("}}")),
    ]
    sink(rows.select(pl.concat_str(record, ignore_nulls=True)), target)


def member(name: str, text: pl.Expr | None = None) -> pl.Expr:
    """`,"name":"text"`, or null where the cell is empty."""
    key = name.rpartition(".")[2]
    return pl.concat_str(pl.lit(f',"{key}":"'), escaped(name) if text is None else text, pl.lit('"'))


def escaped(name: str) -> pl.Expr:
    """The text of a column as JSON writes it."""
    text = pl.col(name)
    marked = text.str.replace_many(list(ESCAPED), list(ESCAPED.values()))
    return pl.when(text.str.contains(MARKS)).then(marked).otherwise(text)


def lowered(name: str) -> pl.Expr:
    """An e-mail address, trimmed and in lower case."""
    return escaped(name).str.strip_chars().str.to_lowercase()


def sink(texts: pl.LazyFrame, target: str) -> None:
    """Write one column of text, a line each."""
    texts.sink_csv(target, include_header=False, quote_style="never")


def order_lines(source: str, target: str) -> None:
    """Lines grouped into nested purchases: nulls, no validation, in any order, `10.50` becomes `10.5`."""
    rows = pl.scan_csv(source, infer_schema_length=INFER)
    names = rows.collect_schema().names()
    once = [name for name in names if not name.startswith(LINES) and name != "purchase_id"]
    line = pl.struct(
        pl.struct(
            pl.col(f"{LINES}product_reference.id").alias("id"),
            pl.col(f"{LINES}product_reference.id_type").alias("id_type"),
        ).alias("product_reference"),
        *(
            pl.col(f"{LINES}{name}").alias(name)
            for name in ("price_paid", "quantity", "full_price", "discount")
        ),
    )
    grouped = rows.group_by("purchase_id").agg(
        *(pl.col(name).drop_nulls().first() for name in once), line.alias("products")
    )
    grouped.select(
        "purchase_id",
        pl.struct(pl.col("link.email").alias("email")).alias("link"),
        *(name for name in once if "." not in name),
        pl.struct(pl.col("store.type").alias("type"), pl.col("store.name").alias("name")).alias("store"),
        pl.struct(pl.col("custom_fields.payment_method").alias("payment_method")).alias("custom_fields"),
        "products",
    ).sink_ndjson(target)
