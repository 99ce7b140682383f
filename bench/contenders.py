"""Who runs on what, and what is asked of us beside them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the benchmark: a generated file, and the specification that it is converted to, by a mapping where it has one.

    `sizes` are the scales and `invalid` the shares of invalid records that the part is run with, each
    beside the other; a size is multiplied by `--scale`, except where `fixed` says that it is absolute.
    Asked of us: at most so many `seconds` and `megabytes`, and for the n-th case at most `times[n]` of
    the time of the first.
    """

    name: str
    file: str
    spec: str
    mapping: str = ""
    optional: bool = False
    fixed: bool = False
    sizes: tuple[float, ...] = (1.0,)
    invalid: tuple[float, ...] = (0.01,)
    seconds: float | None = None
    megabytes: float | None = None
    times: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Peer:
    """One way of using one library.

    `exact` outputs are compared with ours. `once` peers take minutes and run in the first round only.
    `target` is the largest wanted ratio of our time to theirs, `memory_target` of our memory to theirs.
    """

    name: str
    part: str
    module: str
    function: str
    exact: bool = False
    once: bool = False
    target: float | None = None
    memory_target: float | None = None


CUSTOMER, PURCHASE = "profile_customer", "commerce_purchases"
KEYS = {CUSTOMER: "customer_id", PURCHASE: "purchase_id"}
LIBRARIES = {
    "with_polars": "polars",
    "with_duckdb": "duckdb",
    "with_pandas": "pandas",
    "with_vendor": "pydantic",
    "with_ourselves": "lexer_pipeline",
}
PARTS = (
    Part("customers", "customers.csv", CUSTOMER, megabytes=200),
    Part("order_lines", "order_lines.csv", PURCHASE, megabytes=200),
    Part("order_lines_shuffled", "order_lines_shuffled.csv", PURCHASE, megabytes=400),
    Part("customers_ndjson", "customers.ndjson", CUSTOMER, megabytes=200),
    Part("purchases_ndjson", "purchases.ndjson", PURCHASE, megabytes=200),
    Part("customers_json", "customers.json", CUSTOMER, megabytes=200),
    Part("api_orders", "api_orders.ndjson", PURCHASE, "shopify_orders_api", invalid=(0.0,), megabytes=200),
    Part("cold", "customers.csv", CUSTOMER, optional=True, fixed=True, sizes=(0.001,), seconds=0.5),
    Part("dirty", "customers.csv", CUSTOMER, optional=True, invalid=(0.0, 0.1, 1.0), times=(1.0, 2.5, 15.0)),
    Part("memory", "customers.csv", CUSTOMER, optional=True, sizes=(1.0, 5.0), megabytes=200),
    Part("memory_order_lines", "order_lines.csv", PURCHASE, optional=True, sizes=(1.0, 5.0), megabytes=200),
    Part("memory_ndjson", "customers.ndjson", CUSTOMER, optional=True, sizes=(1.0, 5.0), megabytes=200),
)
# At least 1.5 times the records a second is at most two thirds of the time.
FASTER = 0.667
PEERS = (
    Peer("polars-csv", "customers", "with_polars", "csv", target=0.75),
    Peer("polars-exact", "customers", "with_polars", "customers_exact", exact=True, target=0.4),
    Peer("duckdb-csv", "customers", "with_duckdb", "csv"),
    Peer("duckdb-exact", "customers", "with_duckdb", "customers_exact", exact=True, target=0.4),
    Peer("pandas-csv", "customers", "with_pandas", "customers", once=True),
    Peer("vendor-csv", "customers", "with_vendor", "customers", once=True),
    Peer("polars-group-by", "order_lines", "with_polars", "order_lines", target=0.75, memory_target=0.2),
    Peer("duckdb-list", "order_lines", "with_duckdb", "order_lines"),
    Peer("duckdb-lines-exact", "order_lines", "with_duckdb", "order_lines_exact", exact=True, once=True),
    Peer("polars-group-by-shuffled", "order_lines_shuffled", "with_polars", "order_lines", target=1.0),
    Peer("duckdb-list-shuffled", "order_lines_shuffled", "with_duckdb", "order_lines"),
    Peer("duckdb-ndjson", "customers_ndjson", "with_duckdb", "ndjson", target=FASTER),
    Peer("polars-ndjson", "customers_ndjson", "with_polars", "ndjson"),
    Peer("duckdb-purchases", "purchases_ndjson", "with_duckdb", "ndjson", target=FASTER),
    Peer("polars-purchases", "purchases_ndjson", "with_polars", "ndjson"),
    Peer("duckdb-array", "customers_json", "with_duckdb", "array"),
    Peer("ready-ndjson", "api_orders", "with_ourselves", "ready", exact=True, target=3.0),
)
