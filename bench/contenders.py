"""Who runs on what, and what is asked of us beside them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the benchmark: a generated file, and what it is converted to.

    That is a specification, or where `spec` is empty all that the mapping makes; `flags` go with the command.
    A part is run with each of its `sizes` (scales), shares of `invalid` records and numbers of `cores` (0: all
    that there are); a size is multiplied by `--scale`, except where `fixed` says that it is absolute. Parts
    of another `shape` are run in place of the usual ones, `optional` ones where they are named.
    Asked of us: at most so many `seconds` and `megabytes`, and for the n-th case at most `times[n]` of our
    time in the first case of the part, or of the part that `beside` names.
    """

    name: str
    file: str
    spec: str
    mapping: str = ""
    flags: tuple[str, ...] = ()
    optional: bool = False
    shape: bool = False
    fixed: bool = False
    sizes: tuple[float, ...] = (1.0,)
    invalid: tuple[float, ...] = (0.01,)
    cores: tuple[int, ...] = (0,)
    seconds: float | None = None
    megabytes: float | None = None
    beside: str = ""
    times: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """One way of using one library.

    `exact` outputs are compared with ours; in a `blind` one a null counts as absent and a name with dots as a
    path. `once` peers take minutes and run in the first round only.
    `target` is the largest wanted ratio of our time to theirs, `memory_target` of our memory to theirs.
    """

    name: str
    part: str
    module: str
    function: str
    exact: bool = False
    blind: bool = False
    once: bool = False
    target: float | None = None
    memory_target: float | None = None


CUSTOMER, PURCHASE = "profile_customer", "commerce_purchases"
EVENTS = ("bounce", "click", "open", "send", "subscribe")
KEYS = {
    CUSTOMER: "customer_id",
    PURCHASE: "purchase_id",
    **{f"marketing_email_{event}": "email_id" for event in EVENTS},
}
LIBRARIES = {
    "with_polars": "polars",
    "with_duckdb": "duckdb",
    "with_pandas": "pandas",
    "with_vendor": "pydantic",
    "with_ourselves": "lexer_pipeline",
    "with_calamine": "python_calamine",
}
MEGABYTES = 150
PARTS = (
    Part("customers", "customers.csv", CUSTOMER, megabytes=MEGABYTES),
    Part("order_lines", "order_lines.csv", PURCHASE, megabytes=MEGABYTES),
    Part("order_lines_shuffled", "order_lines_shuffled.csv", PURCHASE, megabytes=MEGABYTES),
    Part("customers_ndjson", "customers.ndjson", CUSTOMER, megabytes=MEGABYTES),
    Part("purchases_ndjson", "purchases.ndjson", PURCHASE, megabytes=MEGABYTES),
    # At least 0.8 of the records a second that NDJSON has.
    Part(
        "customers_json", "customers.json", CUSTOMER, megabytes=MEGABYTES,
        beside="customers_ndjson", times=(1.25,),
    ),
    Part("mapped", "shop_orders.csv", "", "shopify_orders", megabytes=MEGABYTES),
    Part("api_orders", "api_orders.ndjson", PURCHASE, "shopify_orders_api", invalid=(0.0,), megabytes=MEGABYTES),
    Part("api_events", "api_events.ndjson", "", "sendgrid_events", invalid=(0.0,), megabytes=MEGABYTES),
    Part("workbook", "customers.xlsx", CUSTOMER),
    Part("parquet", "customers.parquet", CUSTOMER, megabytes=MEGABYTES),
    Part("short_rows", "short_rows.csv", CUSTOMER, shape=True, megabytes=MEGABYTES),
    Part("long_rows", "long_rows.csv", CUSTOMER, shape=True, megabytes=MEGABYTES),
    Part("quoted_text", "quoted_text.csv", CUSTOMER, shape=True, megabytes=MEGABYTES),
    Part("wide_table", "wide_table.csv", CUSTOMER, flags=("--ignore-unknown",), shape=True, megabytes=MEGABYTES),
    Part("cold", "customers.csv", CUSTOMER, fixed=True, sizes=(0.001,), seconds=0.2, megabytes=MEGABYTES),
    Part("dirty", "customers.csv", CUSTOMER, invalid=(0.0, 0.1, 1.0), megabytes=MEGABYTES, times=(1.0, 1.7, 8.0)),
    # Two cores are to be at least 1.7 times as fast as one.
    Part("cores", "customers.csv", CUSTOMER, cores=(1, 2), megabytes=MEGABYTES, times=(1.0, 0.588)),
    Part("memory", "customers.csv", CUSTOMER, optional=True, sizes=(1.0, 5.0), megabytes=MEGABYTES),
    Part("memory_order_lines", "order_lines.csv", PURCHASE, optional=True, sizes=(1.0, 5.0), megabytes=MEGABYTES),
    Part("memory_ndjson", "customers.ndjson", CUSTOMER, optional=True, sizes=(1.0, 5.0), megabytes=MEGABYTES),
)  # fmt: skip
PEERS = (
    Peer("polars-csv", "customers", "with_polars", "csv", target=0.6),
    Peer("polars-exact", "customers", "with_polars", "customers_exact", exact=True, target=0.4),
    Peer("duckdb-csv", "customers", "with_duckdb", "csv"),
    Peer("duckdb-exact", "customers", "with_duckdb", "customers_exact", exact=True, target=0.4),
    Peer("pandas-csv", "customers", "with_pandas", "customers", once=True),
    Peer("vendor-csv", "customers", "with_vendor", "customers", once=True),
    Peer("polars-group-by", "order_lines", "with_polars", "order_lines", target=0.45, memory_target=0.2),
    Peer("duckdb-list", "order_lines", "with_duckdb", "order_lines"),
    Peer("duckdb-lines-exact", "order_lines", "with_duckdb", "order_lines_exact", exact=True, once=True),
    Peer("polars-group-by-shuffled", "order_lines_shuffled", "with_polars", "order_lines", target=0.7),
    Peer("duckdb-list-shuffled", "order_lines_shuffled", "with_duckdb", "order_lines"),
    Peer("duckdb-ndjson", "customers_ndjson", "with_duckdb", "ndjson", target=0.4),
    Peer("polars-ndjson", "customers_ndjson", "with_polars", "ndjson"),
    Peer("duckdb-purchases", "purchases_ndjson", "with_duckdb", "ndjson", target=0.5),
    Peer("polars-purchases", "purchases_ndjson", "with_polars", "ndjson"),
    Peer("duckdb-array", "customers_json", "with_duckdb", "array"),
    Peer("polars-shop-orders", "mapped", "with_polars", "shop_orders", target=0.9),
    Peer("ready-ndjson", "api_orders", "with_ourselves", "ready", exact=True, target=3.0),
    Peer("duckdb-api-orders", "api_orders", "with_duckdb", "api_orders", exact=True, blind=True, target=1.0),
    Peer("polars-short-rows", "short_rows", "with_polars", "csv", exact=True, blind=True),
    Peer("polars-long-rows", "long_rows", "with_polars", "csv", exact=True, blind=True),
    Peer("polars-quoted-text", "quoted_text", "with_polars", "csv", exact=True, blind=True),
    Peer("polars-wide-table", "wide_table", "with_polars", "csv"),
    Peer("calamine", "workbook", "with_calamine", "workbook", target=1.7),
    Peer("polars-parquet", "parquet", "with_polars", "parquet"),
    Peer("duckdb-api-events", "api_events", "with_duckdb", "api_events", exact=True, blind=True, target=1.0),
)
