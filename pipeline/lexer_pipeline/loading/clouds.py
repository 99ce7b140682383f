"""Objects in the buckets of the clouds, through the file systems of pyarrow; credentials are looked for where each cloud has them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pyarrow as pa
from pyarrow import fs

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.cloud_words import NO_CREDENTIALS, refusal
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.remote import NothingThere, RemoteFile, State, trying
from lexer_pipeline.system.addresses import Address

CONNECT, ANSWER, GOOGLE_TRIES = 5.0, 30.0, 4.0  # seconds
ATTEMPTS = 2
NO_NAME = "-"
AZURE = ".dfs.core.windows.net"
# What Arrow says of a bucket that lies elsewhere.
OTHER_REGION = re.compile(r"while the bucket is located in '([a-z0-9-]+)'")


def opened(address: Address, network: Network) -> RemoteFile:
    """An object, looked at; SourceError where it cannot be."""
    return RemoteFile(address, _Object(_Bucket(address, network)), network)


def is_object(address: Address, network: Network) -> bool | None:
    """Whether an address is that of an object, or of a folder of such; None where there is neither."""
    bucket = _Bucket(address, network)
    found = trying(lambda: bucket.info(address.key), network)
    return None if found.type == fs.FileType.NotFound else found.type == fs.FileType.File


def listed(address: Address, prefix: str, network: Network, *, deep: bool) -> list[str]:
    """The keys of all objects below a prefix of a bucket, which ends with a slash or is empty; with `deep` also in the folders there."""
    bucket = _Bucket(address, network)
    bucket.refuse_missing()
    return trying(lambda: bucket.keys(prefix, deep), network)


class _Bucket:
    """A bucket as pyarrow knows it; of S3 its region is asked for where it is another one than that of the settings."""

    def __init__(self, address: Address, network: Network) -> None:
        refuse_unclear(address)
        self.address = address
        self._network = network
        self._id = (address.scheme, address.host)
        self.name = address.host.partition("@")[0]

    def info(self, key: str) -> Any:
        """What lies at a key."""
        return self._asked(lambda system: system.get_file_info(self._path(key)))

    def refuse_missing(self) -> None:
        """Raise NothingThere where there is no such bucket."""
        if trying(lambda: self.info("").type, self._network) == fs.FileType.NotFound:
            raise NothingThere(f"{self.address}: there is no bucket {self.name}", "Check its name.")

    def keys(self, prefix: str, deep: bool) -> list[str]:
        """The keys of objects below a prefix."""
        chosen = fs.FileSelector(self._path(prefix.rstrip("/")), allow_not_found=True, recursive=deep)
        found = self._asked(lambda system: system.get_file_info(chosen))
        return sorted(one.path.removeprefix(f"{self.name}/") for one in found if one.type == fs.FileType.File)

    def file(self) -> Any:
        """The object, opened."""
        return self._asked(lambda system: system.open_input_file(self._path(self.address.key)))

    def _path(self, key: str) -> str:
        return f"{self.name}/{key}" if key else self.name

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        with naming(self.address):
            system = self._network.opened.get(self._id) or self._opened(_system(self.address, self._network))
            try:
                return ask(system)
            except (OSError, pa.ArrowException) as problem:
                region = OTHER_REGION.search(str(problem))
                if region is not None:
                    return ask(self._opened(_s3(self.address, self._network, region[1])))
                if self._has_none(str(problem)):
                    with suppress(OSError, pa.ArrowException):  # what anybody may read needs none
                        return ask(self._opened(_google(self._network, anonymous=True)))
                raise

    def _has_none(self, said: str) -> bool:
        """Whether Google finds no credentials, and none were named."""
        named = self._network.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        return self.address.scheme == "gs" and not named and NO_CREDENTIALS.search(said) is not None

    def _opened(self, system: Any) -> Any:
        if self.address.scheme == "abfss":
            # Where no credentials are found, this says so; what else is asked first would end the process (pyarrow 26).
            system.get_file_info(f"{self.name}/{self.address.key or NO_NAME}")
        self._network.opened[self._id] = system
        return system


class _Object:
    """An object of a bucket."""

    def __init__(self, bucket: _Bucket) -> None:
        self._bucket = bucket
        self._file: Any = None

    def look(self, size: int) -> tuple[State, bytes]:
        """What it is now, and its first bytes."""
        try:
            self._file = self._bucket.file()
        except NothingThere:
            self._bucket.refuse_missing()
            raise
        with naming(self._bucket.address):
            said = self._file.metadata() or {}
            mark = tuple(f"{name}={_text(value)}" for name, value in sorted(said.items()))
            return State(self._file.size(), mark), self._file.read_at(size, 0) if size else b""

    def read(self, begin: int, size: int, into: bytearray) -> None:
        """Add a range to what came before."""
        with naming(self._bucket.address):
            into += self._file.read_at(size, begin)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def refuse_unclear(address: Address) -> None:
    """Raise UsageError for an address that holds more than the name of an object."""
    if address.user or address.query:
        raise UsageError(
            f"{address}: holds more than the name of an object",
            "Name the object alone; credentials come from where the cloud's own tools look for them.",
        )
    if not address.host:
        raise UsageError(f"{address}: names no bucket", f"Write it as {address.scheme}://BUCKET/KEY.")


@contextmanager
def naming(address: Address) -> Iterator[None]:
    """What a cloud refuses, in words; its own may hold what is nobody's business."""
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as problem:
        raise refusal(address, problem) from None


def _system(address: Address, network: Network) -> Any:
    if address.scheme == "s3":
        return _s3(address, network)
    if address.scheme == "gs":
        return _google(network)
    return _azure(address, network)


def _s3(address: Address, network: Network, region: str | None = None) -> Any:
    environ = network.environ
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    ca_file = network.ca_file or environ.get("AWS_CA_BUNDLE")
    # The names of types that pyarrow has beside it do not know this one yet.
    more: dict[str, Any] = {"tls_ca_file_path": str(ca_file)} if ca_file else {}
    return fs.S3FileSystem(
        region=region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"), endpoint_override=endpoint or None,
        proxy_options=_proxy(endpoint or f"https://{address.host}.s3.amazonaws.com", network),
        connect_timeout=CONNECT, request_timeout=ANSWER, retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
        **more,
    )  # fmt: skip


def _proxy(url: str, network: Network) -> str | None:
    """The proxy by which a url is reached; the library of AWS does not look into the environment for it."""
    parts = urlsplit(url)
    if network.proxy or proxy_bypass(parts.hostname or ""):
        return network.proxy
    return getproxies().get(parts.scheme)


def _google(network: Network, *, anonymous: bool = False) -> Any:
    limit = timedelta(seconds=GOOGLE_TRIES)
    if emulator := network.environ.get("STORAGE_EMULATOR_HOST"):
        parts = urlsplit(emulator if "//" in emulator else f"http://{emulator}")
        return fs.GcsFileSystem(
            anonymous=True, scheme=parts.scheme, endpoint_override=parts.netloc, retry_time_limit=limit
        )
    return fs.GcsFileSystem(anonymous=anonymous, retry_time_limit=limit)


def _azure(address: Address, network: Network) -> Any:
    environ = network.environ
    account, _, authority = address.host.partition("@")[2].partition(".")
    account = account or environ.get("AZURE_STORAGE_ACCOUNT", "")
    if not account:
        raise UsageError(
            f"{address}: names no storage account",
            "Write it as abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PATH, or set AZURE_STORAGE_ACCOUNT.",
        )
    dfs = f".{authority}" if authority else AZURE
    is_meant = environ.get("AZURE_STORAGE_ACCOUNT", account) == account
    key, sas = environ.get("AZURE_STORAGE_KEY"), environ.get("AZURE_STORAGE_SAS_TOKEN")
    # Arrow puts the signature behind the address as it is.
    signed = f"?{sas.removeprefix('?')}" if sas and is_meant and not key else None
    return fs.AzureFileSystem(
        account, account_key=key if is_meant else None, sas_token=signed,
        dfs_storage_authority=dfs, blob_storage_authority=dfs.replace(".dfs.", ".blob."),
    )  # fmt: skip
