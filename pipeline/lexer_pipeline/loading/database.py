"""A database as a source: its address, the query that is put to it, and what messages call the two.

An address may hold a user name and a password, and a query what nobody else should read: neither is ever repeated.
"""

import hashlib
import re
from urllib.parse import parse_qs

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.addresses import SERVERS, shown
from lexer_pipeline.system.hiding import Hiding

# Databases that are a file here.
FILES = ("sqlite", "duckdb")
# A path has no two slashes in a row.
ADDRESS = re.compile(rf"({'|'.join((*FILES, *SERVERS))}):/+", re.IGNORECASE)
# What is special in an address is written as %xx where it is meant as a letter, so that each part ends where it seems to.
_HOST = r"(?:\[[0-9a-f:.%]*\]|[^:/?#@,\s]*)(?::[0-9]*)?"
SERVER = re.compile(
    rf"[a-z]+://(?:(?P<user>[^:/?#@\s]*)(?P<password>:[^/?#@\s]*)?@)?"
    rf"(?P<place>{_HOST}(?:,{_HOST})*(?:/[^:?#@\s]*)?)(?:\?(?P<settings>[^?#@\s]*))?",
    re.IGNORECASE,
)
SECRET = re.compile("pass|pwd|secret|token|key|cred", re.IGNORECASE)
NAMES_A_FILE = ("passfile", "sslkey")
# A statement that answers with rows may begin so, behind comments and brackets.
ASKS = re.compile(
    r"(?:\s|\(|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*(?:select|with|values|table|from)\b", re.IGNORECASE | re.DOTALL
)
# Where a semicolon divides no statements.
QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|`[^`]*`|\$\$.*?\$\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
QUERY = re.compile(r"(.*) \(query [a-p]{8}\)", re.DOTALL)
LETTERS = str.maketrans("0123456789", "ghijklmnop")


def place_of(name: str) -> str | None:
    """The database that is asked, of a source that is called `name`; None where that is no query."""
    found = QUERY.fullmatch(name)
    return found[1] if found else None


def is_address(text: str) -> bool:
    """Whether a text is the address of a database, be it written well or not."""
    return ADDRESS.match(text) is not None


def refuse_unasked(text: str) -> None:
    """Raise UsageError where what was named as a file is a database."""
    if is_address(text):
        raise UsageError(
            f"{shown(text)}: is a database, and it is not said what to read from it",
            'Say it with --query "SELECT ... FROM TABLE", or --query @FILE.sql (in Python: Query).',
        )


class Query(Hiding, frozen=True):
    """One SELECT put to the database at an address, as a source: `Query("postgresql://host/db", "SELECT ...")`.

    The address may hold a password, though PGPASSWORD, PGSERVICE or ~/.pgpass are better places for it.
    """

    HIDDEN = frozenset({"address", "sql"})

    address: str
    sql: str

    def __post_init__(self) -> None:
        if not is_address(self.address):
            raise UsageError(
                "the address of the database is none",
                "It begins with one of: " + ", ".join(f"{one}://" for one in (*SERVERS, *FILES)),
            )
        if not self.is_file and SERVER.fullmatch(self.address) is None:
            raise UsageError(
                f"{self.scheme}://...: the address of the database is not well written",
                f"Write {self.scheme}://HOST:PORT/DATABASE, and what is special in a user name or password as %xx: @ as %40, / as %2F, : as %3A.",
            )
        if ASKS.match(self.sql) is None:
            raise UsageError(
                f"{self.place}: the query is no SELECT",
                "It must be one statement that reads: SELECT, WITH ... SELECT, VALUES or TABLE.",
            )
        # PostgreSQL and SQLite say so themselves, and better.
        if self.scheme not in ("postgresql", "sqlite") and ";" in QUOTED.sub("", self.statement):
            raise UsageError(
                f"{self.place}: the query is more than one statement", "Put one SELECT, without a semicolon."
            )

    @property
    def scheme(self) -> str:
        """Which kind of database it is."""
        found = self.address.partition(":")[0].lower()
        return "postgresql" if found == "postgres" else found

    @property
    def is_file(self) -> bool:
        """Whether the database is a file of this machine."""
        return self.scheme in FILES

    @property
    def path(self) -> str:
        """The file that the database is: sqlite:///shop.db is shop.db, and sqlite:////srv/shop.db is /srv/shop.db."""
        return self.address.partition("://")[2].removeprefix("/")

    @property
    def holds_secret(self) -> bool:
        """Whether a password, or what else opens doors, stands in the address."""
        found = None if self.is_file else SERVER.fullmatch(self.address)
        names = parse_qs(found["settings"] or "", keep_blank_values=True) if found else {}
        return bool(found and found["password"]) or any(
            SECRET.search(name) and name not in NAMES_A_FILE for name in names
        )

    @property
    def place(self) -> str:
        """The address as messages have it: without user name, password and settings, but for the name of a service."""
        found = None if self.is_file else SERVER.fullmatch(self.address)
        if found is None:
            return f"{self.scheme}:///{self.path}"
        service = parse_qs(found["settings"] or "").get("service", [])
        return f"{self.scheme}://{found['place']}{f'?service={service[0]}' if service else ''}"

    @property
    def statement(self) -> str:
        """The query without the semicolon at its end, and with an end of line, behind which no comment reaches."""
        return self.sql.rstrip("; \t\r\n") + "\n"

    @property
    def name(self) -> str:
        """What messages, manifests and the series call the source: the place, and letters that tell its queries apart.

        The same query has the same letters each night. They are no digits, since a series is known by its name without these.
        """
        known = hashlib.sha256(f"{self.place}\0{self.statement}".encode())
        return f"{self.place} (query {known.hexdigest()[:8].translate(LETTERS)})"

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Query({self.name})"
