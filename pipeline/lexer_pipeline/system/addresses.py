"""Addresses of what lies elsewhere (`s3://bucket/key`): taken apart, and said without what is secret in them."""

import re

from lexer_pipeline.system.hiding import Hiding

CLOUDS = ("s3", "gs", "abfss")
WEB = ("https", "http")
# Databases behind a server; postgres is short for postgresql.
SERVERS = ("postgresql", "postgres", "snowflake", "bigquery")
# A drive of Windows has one letter; of an address that was made a Path one slash is left.
_SCHEME = rf"([a-z][a-z0-9+.-]+(?=://)|(?:{'|'.join((*CLOUDS, *WEB))})(?=:/)):/{{1,2}}"
_ADDRESS = re.compile(rf"{_SCHEME}([^/?#\s]*)(\S*)", re.IGNORECASE)
_WHOLE = re.compile(rf"{_SCHEME}([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
# A key of an object may hold any sign; what looks like the query of a signed address is one.
_QUERY = re.compile(r"\?[^/]*=.*", re.DOTALL)
_FRAGMENT = re.compile(r"[?#].*", re.DOTALL)
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?")
# Stands where a query was, in a line that is to be typed.
PLACEHOLDER = "?..."


class Address(Hiding, frozen=True):
    """An address: `host` is the bucket, the host with its port, or of Azure `container@account...`; `path` is all behind it.

    `text` is what was typed, with whatever is secret in it.
    """

    HIDDEN = frozenset({"user", "query", "text"})

    scheme: str
    user: str
    host: str
    path: str
    query: str
    text: str

    def __str__(self) -> str:
        """The address without user, password, query and fragment."""
        return f"{self.scheme}://{self.host}{self.path}"

    @property
    def key(self) -> str:
        """The name of an object in its bucket; of a folder with a slash at its end."""
        return self.path.removeprefix("/")

    @property
    def is_cloud(self) -> bool:
        """Whether it names an object in a bucket."""
        return self.scheme in CLOUDS


def address_of(text: object) -> Address | None:
    """What was typed as an address; None where it is a path of this machine."""
    found = _WHOLE.fullmatch(str(text))
    return _taken_apart(str(text), found) if found else None


def _taken_apart(text: str, found: re.Match[str]) -> Address:
    scheme, authority, rest = found[1].lower(), found[2], found[3]
    if scheme in SERVERS:
        return _database(text, scheme, authority + rest)
    if scheme not in CLOUDS and "@" not in authority and not _HOST.fullmatch(authority):
        # The password of a user holds a sign that should be %xx, and goes on behind it.
        return Address(scheme, authority + rest, "...", "", "", text)
    user, _, host = authority.rpartition("@")
    if scheme == "abfss":
        container, _, user = user.partition(":")
        host = f"{container}@{host}" if container else host
    query = (_QUERY if scheme in CLOUDS else _FRAGMENT).search(rest)
    path = rest[: query.start()] if query else rest
    return Address(
        scheme, user, host if scheme in CLOUDS else host.lower(), path, query[0] if query else "", text
    )


def _database(text: str, scheme: str, rest: str) -> Address:
    """An address of a database, in whose password people write what should be %xx: whatever may be a part of it is none of the host."""
    place, mark, query = rest.partition("?")
    user, _, place = place.rpartition("@")
    host, slash, path = ("..." if "@" in query else place).partition("/")
    return Address(scheme, user, host, slash + path, mark + query, text)


def shown(text: object) -> str:
    """A source as it may be shown: an address without what is secret in it, and all else as it is."""
    address = address_of(text)
    return str(text) if address is None else str(address)


def without_secrets(words: str) -> str:
    """A sentence or a word that was typed, each address in it without what is secret; that there was a query is seen."""
    return _ADDRESS.sub(_without, words)


def _without(found: re.Match[str]) -> str:
    address = _taken_apart(found[0], found)
    return f"{address}{PLACEHOLDER if address.query else ''}" if address.user or address.query else found[0]
