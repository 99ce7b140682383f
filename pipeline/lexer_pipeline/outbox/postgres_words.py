"""What goes wrong with a ledger in PostgreSQL, in words with a remedy.

None of what the server or its library says is repeated: that may name the user, quote the address, or show a value.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from lexer_pipeline.errors import PersonNeeded, PipelineError, ServiceUnavailable, UsageError
from lexer_pipeline.outbox.address import FORM, LedgerAddress
from lexer_pipeline.outbox.ledger_file import LOCKED, REMEDY

AGAIN = "Try again; what was recorded stays, and the next run goes on from there."
NAMES = re.compile("'[^']*'|\"[^\"]*\"")  # of hosts, users and databases, whatever they are called
# What the server says in its own words where it gives no code, before anybody is let in. Servers that speak another language
# than English are told by the last line.
REFUSALS = (
    ("no password supplied", PersonNeeded, "asks for a password, and there is none", "Put it into PGPASSWORD, ~/.pgpass or LEXER_LEDGER."),
    ("authentication failed", PersonNeeded, "refuses the user or the password", "Check user and password: LEXER_LEDGER, PGPASSWORD, ~/.pgpass."),
    ("no pg_hba.conf entry", PersonNeeded, "lets this user or this machine not in", "Ask its administrator for an entry in pg_hba.conf."),
    ("is not permitted to log in", PersonNeeded, "lets this user not in", "Ask its administrator."),
    ("permission denied for database", PersonNeeded, "lets this user not in", "An administrator types: GRANT CONNECT ON DATABASE."),
    ("certificate", PersonNeeded, "has a certificate that is not trusted", "Name the right one with ?sslrootcert=FILE in the address."),
    ("does not support SSL", PersonNeeded, "speaks no TLS, which the address asks for", "Check sslmode in the address."),
    ("does not exist", UsageError, "has no such database, or no such user", "Check the address in LEXER_LEDGER or [ledger] path."),
    ("read-only", ServiceUnavailable, "is a standby that takes no changes", "Name the server that does, or all with ?target_session_attrs=read-write."),
    ("slots are reserved", ServiceUnavailable, "has no connection left", AGAIN),
    ("too many", ServiceUnavailable, "has no connection left", AGAIN),
    ("starting up", ServiceUnavailable, "is just starting", AGAIN),
    ("shutting down", ServiceUnavailable, "is just shutting down", AGAIN),
    ("", ServiceUnavailable, "cannot be reached, or lets nobody in", f"Is the server running, and its address right? {AGAIN}"),
)  # fmt: skip


@contextmanager
def worded(address: LedgerAddress) -> Iterator[None]:
    """Turn PostgreSQL's errors into words with a remedy."""
    try:
        yield
    except psycopg.Error as error:
        raise _words(error, f"the ledger {address}") from None


def refused(error: psycopg.Error, address: LedgerAddress) -> PipelineError:
    """Why no connection was made."""
    if isinstance(error, psycopg.ProgrammingError):
        return UsageError(
            f"the ledger {address} has a part in its address that PostgreSQL does not know", FORM
        )
    said = NAMES.sub("", str(error))
    _, kind, what, remedy = next(one for one in REFUSALS if one[0] in said)
    return kind(f"the ledger {address} {what}", remedy)


def _words(error: psycopg.Error, ledger: str) -> PipelineError:
    match error:
        case errors.LockNotAvailable():
            return ServiceUnavailable(*LOCKED)
        case errors.DiskFull():
            return PersonNeeded(f"{ledger} has no room left", f"Free some space on its server; {REMEDY}")
        case errors.ReadOnlySqlTransaction():
            remedy = (
                "Name the server that takes them; ?target_session_attrs=read-write finds it among several."
            )
            return PersonNeeded(f"{ledger} takes no changes: a standby, or set to be only read", remedy)
        case errors.InsufficientPrivilege():
            remedy = "An administrator types what docs/ledger says: GRANT USAGE ON SCHEMA, GRANT SELECT, INSERT, UPDATE, DELETE."
            return PersonNeeded(f"{ledger}: this user lacks a right on its tables", remedy)
        case errors.UntranslatableCharacter():
            return PersonNeeded(
                f"{ledger} lies in a database that is not in UTF-8",
                "Make one that is: createdb --encoding=UTF8",
            )
    code = error.sqlstate or ""
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or code[:2] in (
        "08",
        "40",
        "53",
        "57",
        "58",
    ):
        return ServiceUnavailable(
            f"{ledger}: the connection broke, or the server could not go on {f'({code})' if code else ''}".rstrip(),
            AGAIN,
        )
    return PersonNeeded(
        f"{ledger} is damaged, or its tables are not this program's ({code or type(error).__name__})",
        "restore it from a copy of the database; without it nobody knows what was sent (each receipt.json says it for its batch)",
    )
