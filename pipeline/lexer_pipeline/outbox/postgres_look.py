"""A ledger in a PostgreSQL database, looked at without changing anything."""

from lexer_pipeline.outbox.address import LedgerAddress, LedgerInDatabase
from lexer_pipeline.outbox.postgres_connection import connected, one, version
from lexer_pipeline.outbox.postgres_words import worded

SERVER = """SELECT current_setting('server_version'), current_setting('fsync') = 'on', pg_is_in_recovery(),
    CAST(extract(epoch FROM clock_timestamp()) AS double precision), current_user"""
RIGHTS = """SELECT coalesce(bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
    AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')), true)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'"""
MAY_MAKE = """SELECT CASE WHEN to_regnamespace(%s) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
    ELSE has_schema_privilege(to_regnamespace(%s), 'CREATE') END"""
# Those that hold advisory locks of this database, or wait for one, and are this program.
WORKERS = """SELECT DISTINCT a.pid, a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND a.datname = current_database() AND a.application_name LIKE 'lexer-pipeline%%' ORDER BY 1"""


def look(address: LedgerAddress, states: str) -> LedgerInDatabase:
    """The ledger at this address, and what the query `states` finds in it."""
    schema = f'"{address.schema}"'
    with worded(address), connected(address) as raw:
        server, is_durable, is_standby, at, user = one(raw, SERVER)
        found = version(raw, address)
        (may_make,), (may_write,) = one(raw, MAY_MAKE, schema, schema), one(raw, RIGHTS, address.schema)
        workers = tuple((pid, name) for pid, name in raw.execute(WORKERS, ()))
        with raw.transaction():
            raw.execute(f"SET LOCAL search_path = {schema}")
            uploads = raw.execute(states).fetchall() if found else []
    return LedgerInDatabase(
        server, is_durable, is_standby, at, user, found, may_make, may_write, workers, uploads
    )
