"""Which driver speaks with which database, by the scheme of the address: all of them ADBC, which answers in Arrow batches.

To read one more database: a line in DRIVERS.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.database import Query
from lexer_pipeline.system.interruptible import keeping_interrupts

EXTRA = "'lexer-pipeline[query]'"
# A server that is gone without a word is noticed after some two minutes, and not after hours.
ALIVE = {"keepalives_idle": "60", "keepalives_interval": "15", "keepalives_count": "4"}


class Driver(Struct, frozen=True):
    """A driver: its module, what to type to have it, and how it opens the database of an address.

    `before` are said to the database first, in the transaction of the query: a slip of the pen then changes nothing.
    `settings` are of the statement.
    """

    module: str
    install: str
    open: Callable[[Any, Query], Any]
    before: tuple[str, ...] = ()
    is_transaction: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


# The manager of drivers, the driver's module, and what is known of it.
Library = tuple[Any, Any, Driver]


def library_of(query: Query) -> Library:
    """What connects to the database of a query, imported by the thread that hears Ctrl-C; UsageError where it is not installed."""
    driver = DRIVERS[query.scheme]
    try:
        with keeping_interrupts():
            return import_module("adbc_driver_manager.dbapi"), import_module(driver.module), driver
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in (driver.module, "adbc_driver_manager"):
            raise
        raise UsageError(
            f"{query.place}: the driver for {query.scheme} is not installed",
            f"Type: pip install {driver.install}",
        ) from None


def connected(query: Query, library: Library) -> Any:
    """A connection to the database of a query, by which nothing can be changed where the database knows such.

    What the driver raises is its own.
    """
    manager, module, driver = library
    with ExitStack() as on_failure:
        database = driver.open(module, query)
        on_failure.callback(database.close)
        link = import_module("adbc_driver_manager").AdbcConnection(database)
        on_failure.callback(link.close)
        connection = manager.Connection(database, link, autocommit=not driver.is_transaction)
        on_failure.pop_all()
    return connection


def _postgresql(module: Any, query: Query) -> Any:
    sign = "&" if "?" in query.address else "?"
    named = {"fallback_application_name": "lexer-pipeline"} | {
        name: value for name, value in ALIVE.items() if f"{name}=" not in query.address
    }
    return module.connect(query.address + sign + "&".join(f"{name}={value}" for name, value in named.items()))


def _sqlite(module: Any, query: Query) -> Any:
    return module.connect(f"{_file(query).absolute().as_uri()}?mode=ro")


def _duckdb(module: Any, query: Query) -> Any:
    manager = import_module("adbc_driver_manager")
    return manager.AdbcDatabase(
        driver=module.driver_path(),
        entrypoint="duckdb_adbc_init",
        path=str(_file(query)),
        access_mode="READ_ONLY",
    )


def _snowflake(module: Any, query: Query) -> Any:
    return module.connect(query.address.partition("://")[2])


def _bigquery(module: Any, query: Query) -> Any:
    """bigquery://PROJECT/DATASET, as whom Google's own libraries find in this environment."""
    found = urlsplit(query.address)
    settings = {"project_id": found.netloc, "dataset_id": found.path.strip("/")}
    return module.connect({f"adbc.bigquery.sql.{name}": value for name, value in settings.items() if value})


def _file(query: Query) -> Path:
    path = Path(query.path)
    if not path.is_file():
        raise SourceError(
            f"{query.place}: there is no such file",
            f"A path from here on has three slashes, {query.scheme}:///shop.db; one from the root has four, {query.scheme}:////srv/shop.db.",
        )
    return path


DRIVERS: Mapping[str, Driver] = MappingProxyType({
    "postgresql": Driver(
        "adbc_driver_postgresql", EXTRA, _postgresql, ("SET TRANSACTION READ ONLY",), True,
        {"adbc.postgresql.batch_size_hint_bytes": str(1 << 20)},
    ),
    "sqlite": Driver("adbc_driver_sqlite", EXTRA, _sqlite, ("PRAGMA query_only = ON", "PRAGMA busy_timeout = 10000")),
    "duckdb": Driver("adbc_driver_duckdb", "adbc-driver-manager duckdb", _duckdb),
    "snowflake": Driver("adbc_driver_snowflake", "adbc-driver-snowflake", _snowflake),
    "bigquery": Driver("adbc_driver_bigquery", "adbc-driver-bigquery", _bigquery),
})  # fmt: skip
