"""Settings: flags, then the environment, then `pipeline.toml`; the token never comes from a file."""

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lexer_pipeline.errors import UsageError

try:
    import keyring  # type: ignore[import-not-found, unused-ignore]  # optional: used where it is installed
except ImportError:
    keyring = None  # type: ignore[assignment, unused-ignore]

API_URL = "https://api.lexer.io/v1/uploads"
VARIABLE = "LEXER_UPLOAD_API_TOKEN"
FILE = "pipeline.toml"
SERVICE = "lexer-pipeline"
TABLES = ("datasets", "names", "upload")
KEYS = (
    "url", "dataset", "proxy", "ca_file", "connect_timeout", "stall_timeout", "answer_timeout",
    "limit_rate", "parallel", "tries",
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A secret that shows itself to nobody but the one request header that needs it."""

    secret: str

    def __repr__(self) -> str:
        return "Token(hidden)"


@dataclass(frozen=True, slots=True)
class Settings:
    """What may differ from one place to another; timeouts are seconds, `limit_rate` bytes a second.

    `dataset` (flag or environment) wins over `datasets`, which is by record type.
    `limit_rate` is for the whole process and is divided evenly among its parallel uploads.
    """

    token: Token | None = None
    url: str = API_URL
    dataset: str | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    ca_file: Path | None = None
    connect_timeout: float = 10.0
    stall_timeout: float = 30.0
    answer_timeout: float = 60.0
    limit_rate: int | None = None
    parallel: int = 4
    tries: int = 6

    @property
    def host(self) -> str:
        """The host of the upload API, which stands for the destination's account."""
        return urlsplit(self.url).hostname or ""

    def dataset_for(self, record_type: str | None) -> str | None:
        """The dataset that records of this type go to, if one is known."""
        if record_type is None:
            return None
        return self.dataset or self.datasets.get(record_type)


def read(environ: Mapping[str, str], folder: Path) -> Settings:
    """The settings of this environment and of `pipeline.toml` in `folder`, if there is one."""
    table = _toml(folder / FILE)
    _refuse_token(table)
    _known(table, TABLES, "table")
    upload = _table(table, "upload")
    _known(upload, KEYS, "[upload] key")
    ca_file = environ.get("LEXER_CA_FILE") or _text(upload, "ca_file")
    dataset = environ.get("LEXER_DATASET_ID") or _text(upload, "dataset")
    return Settings(
        token=_token(environ),
        url=safe_url(environ.get("LEXER_UPLOAD_API_URL") or _text(upload, "url") or API_URL),
        dataset=_dataset(dataset, "LEXER_DATASET_ID") if dataset else None,
        datasets={
            key: _dataset(value, f"[datasets] {key}") for key, value in _table(table, "datasets").items()
        },
        names={key: _name(value, f"[names] {key}") for key, value in _table(table, "names").items()},
        proxy=_proxy(_text(upload, "proxy")),
        ca_file=_existing(folder / ca_file) if ca_file else None,
        connect_timeout=_seconds(upload, "connect_timeout", 10.0),
        stall_timeout=_seconds(upload, "stall_timeout", 30.0),
        answer_timeout=_seconds(upload, "answer_timeout", 60.0),
        limit_rate=_count(upload, "limit_rate", 0) or None,
        parallel=_count(upload, "parallel", 4) or 1,
        tries=_count(upload, "tries", 6) or 1,
    )


def safe_url(url: str) -> str:
    """`url`, if a token may be sent to it: https, or http to this machine alone.

    An address with a user name, a query or a fragment is refused: those are places where secrets hide.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check; a bad port raises here
    except ValueError:
        raise UsageError("the upload address is not a URL", f"the usual one is {API_URL}") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not url.isascii()
        or not url.isprintable()
    ):
        raise UsageError("the upload address is not an http(s) URL", f"the usual one is {API_URL}")
    if parts.username is not None or parts.query or parts.fragment or " " in url:
        raise UsageError("the upload address must be plain: no user name, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError("the token is only sent over https", "plain http is for a sandbox on 127.0.0.1")
    return url


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{FILE} cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        # The parser quotes at most one character of the file, and the place helps.
        raise UsageError(f"{FILE} is not TOML: {error}") from None


def _refuse_token(table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if "token" in key.lower():
            raise UsageError(
                f"{FILE} holds a token; it is refused there, since such files are shared",
                f"put it into the environment variable {VARIABLE} and revoke the one in the file",
            )
        if isinstance(value, dict):
            _refuse_token(value)


def _known(table: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise UsageError(f"{FILE}: there is no {what} {key!r}", hint)


def _table(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"{FILE}: {name} must be a table", f"write [{name}] on a line of its own")
    return value


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{FILE}: {key} must be text in quotes")
    return value


def _seconds(table: Mapping[str, Any], key: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise UsageError(f"{FILE}: {key} must be a number of seconds above 0 and at most 86400")
    return float(value)


def _count(table: Mapping[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{FILE}: {key} must be a whole number, 0 or more")
    return value


def _name(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_]+", value):
        raise UsageError(f"{where}: a name in file names has letters, digits and underscores only")
    return value


def _dataset(value: object, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", value):
        raise UsageError(f"{where} is not a dataset id", "Hub > Manage > Datasets > View shows it")
    return value


def _proxy(value: str | None) -> str | None:
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise UsageError(f"{FILE}: proxy must be an http:// or https:// URL")
    return value or None


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"the certificate file {path} does not exist")
    return path


def _token(environ: Mapping[str, str]) -> Token | None:
    secret = environ.get(VARIABLE, "").strip() or _from_keyring()
    if not secret:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        # An HTTP library would quote the whole header in its own error.
        raise UsageError(
            f"{VARIABLE} holds characters that no token has", "copy it anew, without line breaks"
        )
    return Token(secret)


def _from_keyring() -> str:
    if keyring is None:
        return ""
    try:
        return (keyring.get_password(SERVICE, VARIABLE) or "").strip()
    except keyring.errors.KeyringError:
        return ""  # a locked or absent key ring is the same as none
