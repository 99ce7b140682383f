"""Whether a database and its user are fit for the ledger that lies there."""

from collections.abc import Iterator

from lexer_pipeline.checkup.check import Check, wrong
from lexer_pipeline.outbox.address import LedgerAddress, LedgerInDatabase

AREA = "ledger"


def fit(found: LedgerInDatabase, address: LedgerAddress) -> Iterator[Check]:
    """Whether the server and its user are fit for a ledger."""
    if not found.is_durable:
        what = f"{address}: its server forgets what was committed when it loses power (fsync is off), so it would be sent again"
        yield wrong(AREA, "durable", what, "Its administrator sets fsync = on.")
    if found.is_standby:
        yield wrong(
            AREA, "rights", f"{address} is a standby, which takes no changes", "Name the server that does."
        )
    if not found.version:
        make = f'CREATE SCHEMA "{address.schema}" AUTHORIZATION "{found.user}"'
        if found.may_make:
            yield Check(AREA, "schema", "its tables are not there yet; the first batch makes them")
        else:
            yield wrong(
                AREA,
                "rights",
                f"{address} has no tables yet, and {found.user} may not make them",
                f"An administrator types: {make}",
            )
    elif not found.may_write:
        grant = f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{address.schema}" TO "{found.user}"'
        yield wrong(
            AREA,
            "rights",
            f"{found.user} may not write all tables of {address}",
            f"An administrator types: {grant}",
        )
