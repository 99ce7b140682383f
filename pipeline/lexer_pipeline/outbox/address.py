"""The address of a ledger in a PostgreSQL database; the password in it is shown to nobody."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.hiding import Hiding

SCHEMES = ("postgresql", "postgres")
SCHEMA = "lexer_pipeline"  # where its tables lie, unless the address says another
HOSTS = re.compile(r"((\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._%-]*)(:[0-9]*)?(,|$))+")
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# What of the part behind the question mark is as secret as the password itself.
SECRETS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)
FORM = "Write postgresql://USER@HOST/DATABASE; signs in a password other than letters and digits as in a URL, @ is %40."


def is_address(text: str) -> bool:
    """Whether this is meant for an address, and not for the path of a file."""
    return "://" in text or text.partition(":")[0] in SCHEMES


class LedgerAddress(Hiding, frozen=True):
    """`postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`, as libpq reads it but for the schema; UsageError where it is none.

    Without a password there, PGPASSWORD and ~/.pgpass are asked, as by all programs of PostgreSQL.
    """

    HIDDEN = frozenset({"secret"})

    secret: str

    def __post_init__(self) -> None:
        if self._split().scheme not in SCHEMES:
            raise UsageError("the ledger's address is not one of PostgreSQL", FORM)
        if not NAME.fullmatch(self.schema):
            raise UsageError(
                "the schema in the ledger's address is no plain name",
                "Use small letters, digits and _: ?schema=northwind",
            )

    def __str__(self) -> str:
        """Host, port and database, and the schema where it is not the usual one."""
        parts = self._split()
        asked = dict(parse_qsl(parts.query))
        hosts = parts.netloc.rpartition("@")[2] or asked.get("host", "").replace("/", "%2F")
        database = parts.path if len(parts.path) > 1 else f"/{asked.get('dbname', '')}"
        schema = f"?schema={self.schema}" if self.schema != SCHEMA else ""
        return f"postgresql://{hosts}{database}{schema}"

    def __repr__(self) -> str:
        return f"LedgerAddress({str(self)!r})"

    @property
    def schema(self) -> str:
        """The schema that its tables lie in, so that one database may hold several ledgers."""
        return dict(parse_qsl(self._split().query)).get("schema", SCHEMA)

    @property
    def holds_secret(self) -> bool:
        """Whether there is more in it than people may see."""
        parts = self._split()
        return ":" in parts.netloc.rpartition("@")[0] or any(
            name in SECRETS for name, _ in parse_qsl(parts.query)
        )

    @property
    def conninfo(self) -> str:
        """What libpq is given."""
        parts = self._split()
        asked = [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if name != "schema"
        ]
        return urlunsplit(parts._replace(query=urlencode(asked, quote_via=quote)))

    def _split(self) -> SplitResult:
        """The parts of it; where a sign of the password would be taken for another part, nothing of it may be shown."""
        try:
            parts = urlsplit(self.secret)
        except ValueError:
            raise UsageError("the ledger's address cannot be read", FORM) from None
        rest = parts.path + parts.query + parts.fragment
        user, _, hosts = parts.netloc.rpartition("@")
        is_plain = self.secret.isprintable() and " " not in self.secret and not parts.fragment
        if not is_plain or "@" in rest + user or not HOSTS.fullmatch(hosts) or "/" in parts.path[1:]:
            raise UsageError("the ledger's address cannot be read", FORM)
        return parts


LedgerPlace: TypeAlias = Path | LedgerAddress  # a file, or a database


def in_database(at: LedgerPlace | None) -> TypeGuard[LedgerAddress]:
    """Whether a ledger lies in a database, and so outlives this machine and its folders."""
    return isinstance(at, LedgerAddress)


class LedgerInDatabase(Struct, frozen=True):
    """What was found: `version` of its tables is 0 where there are none; `at` is the server's time in Unix seconds.

    `workers` are the processes that hold a lock of this database, as the server knows them; `uploads` has state, folder and time of each.
    """

    server: str
    is_durable: bool
    is_standby: bool
    at: float
    user: str
    version: int
    may_make: bool
    may_write: bool
    workers: tuple[tuple[int, str], ...]
    uploads: Sequence[Any]
