"""What is said of an address, and of a database that cannot be used: what to do, and nothing that is secret."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import PersonNeeded, PipelineError, ServiceUnavailable, UsageError
from lexer_pipeline.outbox.address import LedgerAddress
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.postgres_words import worded
from lexer_pipeline.uploading.settings import read
from psycopg import errors

from tests.ledger.helpers import address_in, granted, written
from tests.postgres import PASSWORD, USER, Postgres

SECRET = "hunter2"

BROKEN = [
    f"postgresql://mira:{SECRET}/x@db.example.com/lexer",
    f"postgresql://mira:{SECRET}#x@db.example.com/lexer",
    f"postgresql://mira:{SECRET}?x@db.example.com/lexer",
    f"postgresql://mira:{SECRET}@x@db.example.com/lexer",
    f"postgresql://mira:{SECRET}",
    f"postgresql://mira:{SECRET} @db.example.com/lexer",
    f"postgresql://mira:{SECRET}@db.example.com/lexer\n",
    f"postgresql://mira:{SECRET}@[::1/lexer",
    f"postgresql://mira:{SECRET}@db.example.com/lexer/more",
    f"postgresql:mira:{SECRET}@db.example.com",
    f"mysql://mira:{SECRET}@db.example.com/lexer",
    f"s3://{SECRET}/ledger",
    f"postgresql://db.example.com/lexer?schema={SECRET};drop",
    f"postgresql://db.example.com/lexer?password={SECRET}&schema=",
]


@pytest.mark.parametrize("text", BROKEN)
def test_an_address_that_is_none_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    if text.endswith("schema="):  # nothing asked for is the usual one
        assert LedgerAddress(text).schema == "lexer_pipeline"
        return
    with pytest.raises(UsageError) as in_environment:
        read({"LEXER_LEDGER": text}, tmp_path)
    assert in_environment.value.message.startswith("LEXER_LEDGER: the")
    (tmp_path / "pipeline.toml").write_text(
        f"\n[ledger]\npath = {text!r}\n" if "\n" not in text else '[ledger]\npath = "mysql://x"\n'
    )
    with pytest.raises(UsageError, match="line 3|line 2") as in_file:
        read({}, tmp_path)
    for problem in (in_environment.value, in_file.value):
        assert SECRET not in f"{problem!r} {problem} {problem.message} {problem.hint} {problem.as_json()}"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
def test_a_password_is_refused_or_hidden_however_it_is_written(signs: str) -> None:
    try:
        address = LedgerAddress(f"postgresql://mira:{SECRET}{signs}@db.example.com/lexer")
    except UsageError as problem:
        assert SECRET not in f"{problem.message} {problem.hint}"
    else:
        assert (str(address), address.holds_secret) == ("postgresql://db.example.com/lexer", True)
        assert SECRET in address.conninfo


SHOWN = [
    ("postgresql://db.example.com/lexer", "postgresql://db.example.com/lexer"),
    (
        f"postgres://mira:{SECRET}@db.example.com:6432/lexer?sslmode=require",
        "postgresql://db.example.com:6432/lexer",
    ),
    (f"postgresql://mira:p%40{SECRET}@a:1,b:2/lexer?schema=north", "postgresql://a:1,b:2/lexer?schema=north"),
    (f"postgresql://[::1]:5432/lexer?user=mira&password={SECRET}", "postgresql://[::1]:5432/lexer"),
    (f"postgresql://mira:{SECRET}@/lexer?host=/run/postgresql", "postgresql://%2Frun%2Fpostgresql/lexer"),
    (f"postgresql:///?host=db&dbname=lexer&sslpassword={SECRET}", "postgresql://db/lexer"),
    ("postgresql://", "postgresql:///"),
]


@pytest.mark.parametrize(("text", "shown"), SHOWN)
def test_an_address_is_shown_without_user_and_password(tmp_path: Path, text: str, shown: str) -> None:
    settings = read({"LEXER_LEDGER": text}, tmp_path)

    assert str(settings.ledger) == shown
    assert SECRET not in f"{settings} {settings!r} {settings.ledger!r}"
    (tmp_path / "pipeline.toml").write_text(f'[ledger]\npath = "{text}"\n')
    if SECRET in text:
        with pytest.raises(UsageError, match="line 2: holds a password") as refused:
            read({}, tmp_path)
        assert SECRET not in f"{refused.value.message} {refused.value.hint}"
    else:
        assert read({}, tmp_path).ledger == settings.ledger


@dataclasses.dataclass
class Users:
    """Users of a server with rights of their own, and ledgers at it as they are named to each."""

    postgres: Postgres
    address: LedgerAddress

    def named(
        self, user: str = USER, password: str = PASSWORD, database: str = "postgres", more: str = ""
    ) -> LedgerAddress:
        return LedgerAddress(
            f"{self.postgres.address(database, user, password)}?schema={self.address.schema}{more}"
        )

    def new(self, user: str, *settings: str) -> LedgerAddress:
        self.postgres.sql(f"DROP ROLE IF EXISTS {user}")
        self.postgres.sql(f"CREATE ROLE {user} LOGIN PASSWORD '{SECRET}'")
        for setting in settings:
            self.postgres.sql(f"ALTER ROLE {user} {setting}")
        return self.named(user, SECRET)


@pytest.fixture
def users(postgres: Postgres) -> Iterator[Users]:
    yield Users(postgres, address_in(postgres))


def refused(at: LedgerAddress, kind: type[PipelineError], words: str) -> PipelineError:
    with pytest.raises(kind, match=words) as caught:
        Ledger(Path(), file=at)
    for secret in (SECRET, PASSWORD, "scram", "FATAL"):
        assert secret not in f"{caught.value} {caught.value.hint}"
    assert caught.value.hint
    return caught.value


def test_what_stands_in_the_way_of_a_connection_has_words(users: Users) -> None:
    refused(users.named(password=SECRET), PersonNeeded, "refuses the user or the password")
    refused(users.named(user="nobody"), PersonNeeded, "refuses the user or the password")
    refused(users.named(database="nowhere"), UsageError, "nowhere.* has no such database")
    refused(users.named(more="&colour=red"), UsageError, "that PostgreSQL does not know")
    refused(users.named(more="&sslmode=require"), PersonNeeded, "speaks no TLS")
    refused(LedgerAddress("postgresql://127.0.0.1:1/lexer"), ServiceUnavailable, "cannot be reached")
    refused(LedgerAddress("postgresql://db.invalid/lexer"), ServiceUnavailable, "cannot be reached")
    refused(users.new("crowded", "CONNECTION LIMIT 0"), ServiceUnavailable, "has no connection left")
    refused(users.new("outcast", "NOLOGIN"), PersonNeeded, "lets this user not in")


def test_who_may_not_make_tables_is_told_what_an_administrator_types(users: Users) -> None:
    at = users.new("clerk")
    problem = refused(at, PersonNeeded, "has no tables yet, and its user may not make them")

    users.postgres.sql(problem.hint.partition(": ")[2])

    with closing(Ledger(Path(), file=at)) as ledger:
        assert granted(ledger).state == "granted"


def test_who_may_read_and_write_the_tables_that_another_made_needs_no_more(users: Users) -> None:
    Ledger(Path(), file=users.address).close()
    at, schema = users.new("writer"), users.address.schema
    assert "GRANT USAGE" in refused(at, PersonNeeded, "lacks a right").hint

    users.postgres.sql(f"GRANT USAGE ON SCHEMA {schema} TO writer")
    users.postgres.sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO writer")

    with closing(Ledger(Path(), file=at)) as ledger:
        assert granted(ledger).state == "granted"
        assert ledger.pace() == 0


def test_a_schema_with_tables_of_others_is_left_alone(users: Users) -> None:
    users.postgres.sql(f"CREATE SCHEMA {users.address.schema}")
    users.postgres.sql(f"CREATE TABLE {users.address.schema}.batches (id INT)")
    refused(users.address, UsageError, "holds other tables")


def test_a_database_that_takes_no_changes_has_words(users: Users) -> None:
    Ledger(Path(), file=users.address).close()
    users.postgres.sql("DROP ROLE IF EXISTS standby")
    at = users.new("standby", "SUPERUSER", "SET default_transaction_read_only = on")
    with closing(Ledger(Path(), file=at)) as ledger, pytest.raises(PersonNeeded, match="takes no changes"):
        written(ledger)


def test_a_database_that_is_not_in_utf_8_has_words(users: Users) -> None:
    users.postgres.sql("DROP DATABASE IF EXISTS latin")
    users.postgres.sql("CREATE DATABASE latin ENCODING latin1 TEMPLATE template0")
    with closing(Ledger(Path(), file=users.named(database="latin"))) as ledger:
        entry = granted(ledger)
        with pytest.raises(PersonNeeded, match="not in UTF-8"):
            ledger.move(entry, "granted", "\N{SNOWMAN}")
        assert ledger.move(entry, "granted", "goes on").state == "granted"


def test_what_the_server_is_set_to_changes_no_promise(users: Users) -> None:
    hostile = (
        "synchronous_commit = off", "statement_timeout = 200", "lock_timeout = 1", "idle_in_transaction_session_timeout = 200",
        "default_transaction_isolation = serializable", "search_path = nowhere", "client_encoding = latin1", "standard_conforming_strings = off",
        "extra_float_digits = 0", "datestyle = german",
    )  # fmt: skip
    at = users.new("hampered", "SUPERUSER", *(f"SET {one}" for one in hostile))
    with closing(Ledger(Path(), file=at)) as ledger, closing(Ledger(Path(), file=at)) as other:
        entry = ledger.move(granted(ledger), "granted", "\N{SNOWMAN} \\", expires_at=0.1 + 0.2)
        assert entry.expires_at == 0.1 + 0.2
        with ledger.transaction() as connection:
            (durable,) = connection.execute("SELECT current_setting('synchronous_commit')").fetchone()
            connection.execute("SELECT pg_sleep(0.4)")
        assert durable == "on"
        with ledger.claim("s3://lake/a") as first, ledger.transaction() as connection:
            connection.execute("SELECT pg_sleep(0.4)")
            with other.claim("s3://lake/a") as second:
                assert (first, second) == (True, False)


ENDS = [
    (errors.DiskFull, PersonNeeded, "no room left"),
    (errors.LockNotAvailable, ServiceUnavailable, "locked by another process"),
    (errors.ReadOnlySqlTransaction, PersonNeeded, "takes no changes"),
    (errors.InsufficientPrivilege, PersonNeeded, "lacks a right"),
    (
        errors.AdminShutdown,
        ServiceUnavailable,
        r"the connection broke, or the server could not go on \(57P01\)",
    ),
    (errors.TooManyConnections, ServiceUnavailable, "could not go on"),
    (errors.OutOfMemory, ServiceUnavailable, "could not go on"),
    (errors.IoError, ServiceUnavailable, "could not go on"),
    (errors.SerializationFailure, ServiceUnavailable, "could not go on"),
    (errors.QueryCanceled, ServiceUnavailable, "could not go on"),
    (psycopg.OperationalError, ServiceUnavailable, "the connection broke"),
    (psycopg.InterfaceError, ServiceUnavailable, "the connection broke"),
    (errors.UndefinedTable, PersonNeeded, "is damaged, or its tables are not this program's"),
    (errors.CheckViolation, PersonNeeded, "is damaged"),
    (errors.DataCorrupted, PersonNeeded, "is damaged"),
]


@pytest.mark.parametrize(("error", "kind", "words"), ENDS, ids=lambda one: getattr(one, "__name__", None))
def test_what_a_server_says_is_worded_and_not_repeated(
    error: type[psycopg.Error], kind: type[PipelineError], words: str
) -> None:
    at = LedgerAddress(f"postgresql://mira:{SECRET}@db.example.com/lexer")
    with pytest.raises(kind, match=words) as caught, worded(at):
        raise error(f"Failing row contains ({SECRET})")
    assert caught.value.hint
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"
