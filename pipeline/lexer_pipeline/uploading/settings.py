"""Settings: flags, then the environment, then `pipeline.toml`; the token never comes from a file."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import field

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.address import LedgerAddress, LedgerPlace, is_address
from lexer_pipeline.outbox.datasets import ANY
from lexer_pipeline.system import settings_file
from lexer_pipeline.system.hiding import Hiding
from lexer_pipeline.system.hosts import is_loopback
from lexer_pipeline.system.settings_file import SettingsFile
from lexer_pipeline.system.toml_lines import KeyPath
from lexer_pipeline.uploading import key_ring
from lexer_pipeline.uploading.dataset_ids import over, parse_datasets, unknown_types

API_URL = "https://api.lexer.io/v1/uploads"
VARIABLE = "LEXER_UPLOAD_API_TOKEN"
NOTIFY_URLS = "LEXER_NOTIFY_URLS"  # addresses hold secrets, so they come from no file either
FILE = "pipeline.toml"
SCHEMA = Path(__file__).with_name("settings.schema.json")
PORTS = {"http": 80, "https": 443}
SECONDS, COUNTS = ("connect_timeout", "stall_timeout", "answer_timeout"), ("parallel", "tries")


class Token(Hiding, frozen=True):
    """A secret that shows itself to nobody but the one request header that needs it."""

    HIDDEN = frozenset({"secret"})

    secret: str

    def __repr__(self) -> str:
        return "Token(hidden)"


class Settings(Hiding, frozen=True):
    """What may differ from one place to another; timeouts are seconds, `limit_rate` bytes a second.

    `datasets` are by record type, `*` for all types without their own. `account` tells clients of one service apart.
    `ledger` is where the ledger lies, if not in the folder of batches: a file, or a PostgreSQL database. `limit_rate` is for the whole process and is divided evenly among its parallel uploads.
    """

    HIDDEN = frozenset({"proxy"})

    token: Token | None = None
    url: str = API_URL
    account: str = ""
    ledger: LedgerPlace | None = None
    datasets: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    proxy: str | None = None  # it may hold a password
    ca_file: Path | None = None
    connect_timeout: float = 10.0
    stall_timeout: float = 30.0
    answer_timeout: float = 60.0
    limit_rate: int | None = None
    parallel: int = 4
    tries: int = 6

    @property
    def service(self) -> str:
        """The service as the ledger knows it: scheme, host, port and path, and the account."""
        parts = urlsplit(self.url)
        host = (parts.hostname or "").lower()
        port = "" if parts.port in (None, PORTS.get(parts.scheme)) else f":{parts.port}"
        address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path.rstrip('/')}"
        return f"{address} {self.account}".rstrip()

    @property
    def former_service(self) -> str:
        """The service as ledgers of 0.1.0 know it: the host, whatever its port and path; empty for this machine."""
        host = urlsplit(self.url).hostname or ""
        return "" if is_loopback(host) else host


def read(environ: Mapping[str, str], folder: Path, *, to_send: bool = True) -> Settings:
    """The settings of this environment and of `pipeline.toml` in `folder`, if there is one.

    What sends nothing needs no token, and asks no key ring, which may want a person to unlock it.
    """
    file = settings_in(folder)
    upload = file.table.get("upload", {})
    given: dict[str, Any] = {key: float(upload[key]) for key in SECONDS if key in upload}
    given |= {key: int(upload[key]) or 1 for key in COUNTS if key in upload}
    return Settings(
        token=_token(environ, to_send),
        url=_url(environ, file, upload).rstrip("/"),
        account=upload.get("account", ""),
        ledger=_ledger(environ, folder, file),
        datasets=_datasets(environ, file, upload),
        names=file.table.get("names", {}),
        proxy=_proxy(file, upload),
        ca_file=_ca_file(environ, folder, file),
        limit_rate=int(upload.get("limit_rate", 0)) or None,
        **given,
    )


def safe_url(url: str) -> str:
    """`url`, if a token may be sent to it: https, or http to this machine alone.

    An address with a user name, a query or a fragment is refused: those are places where secrets hide.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check; a bad port raises here
    except ValueError:
        raise UsageError("the upload address is not a URL", f"The usual one is {API_URL}.") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not url.isascii()
        or not url.isprintable()
    ):
        raise UsageError("the upload address is not an http(s) URL", f"The usual one is {API_URL}.")
    if parts.username is not None or parts.query or parts.fragment or " " in url:
        raise UsageError(
            "the upload address must be plain: no user name, query or fragment",
            f"The usual one is {API_URL}.",
        )
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise UsageError("the token is only sent over https", "Plain http is for a sandbox on 127.0.0.1.")
    return url


def settings_in(folder: Path) -> SettingsFile:
    """The file of settings in a folder, checked; an empty one where there is none."""
    path = folder / FILE
    if not path.exists():
        return SettingsFile(FILE, table={})
    file = settings_file.read(path, FILE)
    found = next(_tokens(file.table, ()), None)
    if found is not None:
        raise file.fault(
            found,
            "holds a token; it is refused there, since such files are shared",
            f"Revoke it, and put another one into the key ring: lexer-pipeline login; or into the environment variable {VARIABLE}.",
        )
    settings_file.check(file, SCHEMA)
    return file


def _tokens(value: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The settings that are called a token, however deep."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        if "token" in str(key).lower():
            yield (*path, key)
        yield from _tokens(item, (*path, key))


def _url(environ: Mapping[str, str], file: SettingsFile, upload: Mapping[str, Any]) -> str:
    if asked := environ.get("LEXER_UPLOAD_API_URL"):
        try:
            return safe_url(asked)
        except UsageError as problem:
            raise UsageError(f"LEXER_UPLOAD_API_URL: {problem.message}", problem.hint) from None
    try:
        return safe_url(upload.get("url") or API_URL)
    except UsageError as problem:
        raise file.fault(("upload", "url"), f"upload.url: {problem.message}", problem.hint) from None


def _datasets(environ: Mapping[str, str], file: SettingsFile, upload: Mapping[str, Any]) -> dict[str, str]:
    one = {ANY: upload["dataset"]} if upload.get("dataset") else {}
    for kind, hint in unknown_types(file.table.get("datasets", {})):
        raise file.refusal(("datasets", kind), "is no record type", hint)
    in_file = over(file.table.get("datasets", {}), one)
    return over(in_file, parse_datasets(environ.get("LEXER_DATASET_ID", ""), "LEXER_DATASET_ID"))


def _ledger(environ: Mapping[str, str], folder: Path, file: SettingsFile) -> LedgerPlace | None:
    """The ledger makes its file, but no folder for it: one that is not there is a slip of the pen, or a disk that is gone."""
    asked, named = environ.get("LEXER_LEDGER", ""), file.table.get("ledger", {}).get("path", "")
    if is_address(asked):
        try:
            return LedgerAddress(asked)
        except UsageError as problem:
            raise UsageError(f"LEXER_LEDGER: {problem.message}", problem.hint) from None
    if is_address(named) and not asked:
        return _address_in(file, named)
    fault = "names a file in a folder that does not exist"
    return _path(environ, "LEXER_LEDGER", folder, file, ("ledger", "path"), _is_in_a_folder, fault)


def _address_in(file: SettingsFile, named: str) -> LedgerAddress:
    try:
        address = LedgerAddress(named)
    except UsageError as problem:
        raise file.fault(("ledger", "path"), f"ledger.path: {problem.message}", problem.hint) from None
    if address.holds_secret:
        raise file.fault(
            ("ledger", "path"),
            "holds a password; it is refused there, since such files are shared",
            "Change it, and put the new one into PGPASSWORD or ~/.pgpass, or the whole address into the environment variable LEXER_LEDGER.",
        )
    return address


def _is_in_a_folder(path: Path) -> bool:
    return os.path.isdir(path.parent)  # noqa: PTH112  # a path too long is no error here


def _proxy(file: SettingsFile, upload: Mapping[str, Any]) -> str | None:
    proxy = upload.get("proxy")
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        parts.port  # noqa: B018 - reading it is the check; a bad port raises here
    except ValueError:
        raise file.refusal(("upload", "proxy"), "is no address", "Check its brackets and its port.") from None
    return str(proxy)


def _ca_file(environ: Mapping[str, str], folder: Path, file: SettingsFile) -> Path | None:
    fault = "names a file that does not exist"
    return _path(environ, "LEXER_CA_FILE", folder, file, ("upload", "ca_file"), os.path.isfile, fault)


def _path(
    environ: Mapping[str, str], variable: str, folder: Path, file: SettingsFile, key: KeyPath,
    is_good: Callable[[Path], bool], fault: str,
) -> Path | None:  # fmt: skip
    """A path of the environment or of the file, from `folder` on; of one that is no good the fault says where it was named."""
    if asked := environ.get(variable):
        if not is_good(folder / asked):
            raise UsageError(f"{variable} {fault}", "Check its path.")
        return folder / asked
    table, name = key
    named = file.table.get(table, {}).get(name)
    if named and not is_good(folder / named):
        raise file.refusal(key, fault, "Check its path.")
    return folder / named if named else None


def _token(environ: Mapping[str, str], to_send: bool) -> Token | None:
    in_environment = environ.get(VARIABLE, "").strip()
    secret = in_environment or (key_ring.look(VARIABLE).secret if to_send else "")
    return token_of(secret, VARIABLE if in_environment else "the token in the key ring") if secret else None


def token_of(secret: str, where: str) -> Token:
    """A token from `where`; UsageError, which does not repeat it, where no request could carry it."""
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        # An HTTP library would quote the whole header in its own error.
        raise UsageError(
            f"{where} holds characters that no token has",
            "Copy it anew, without line breaks: lexer-pipeline login asks for it.",
        )
    return Token(secret)
