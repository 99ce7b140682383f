"""Which tables a database has, for a person who has not said what to read from it."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from lexer_pipeline.loading.database import Query
from lexer_pipeline.loading.query_batches import Batches

_OF_SCHEMAS = """SELECT CASE table_schema WHEN current_schema() THEN '' ELSE table_schema || '.' END || table_name AS name
 FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"""
_OF_SQLITE = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite#_%' ESCAPE '#' ORDER BY 1"
TABLES: Mapping[str, str] = MappingProxyType(
    {"postgresql": _OF_SCHEMAS, "duckdb": _OF_SCHEMAS, "sqlite": _OF_SQLITE}
)
PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def tables_of(database: Query) -> list[str]:
    """The tables and views that may be read there, as a query names them; none where nobody knows how to ask.

    Raises PipelineError where the database cannot be read.
    """
    asked = TABLES.get(database.scheme)
    batches = Batches(replace(database, sql=asked)) if asked else ()
    names = (name for batch in batches for name in batch.column(0).to_pylist())
    return [
        ".".join(part if PLAIN.fullmatch(part) else f'"{part}"' for part in name.split(".")) for name in names
    ]
