"""An object store for tests: moto, which speaks S3, in a process of its own on this machine.

It keeps a conditional put (`If-None-Match: *`), answers ranges, and asks nobody for a right signature. A test module takes it with
`from tests.stores import bucket, object_store  # noqa: F401 - fixtures`.
"""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
import requests

# What `make setup` puts beside the environment of the tests, since its dependencies are others.
PYTHON = Path(sys.prefix) / "moto" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
# It ends with its standard input, and so with the tests, however these end.
SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
REGION, ACCESS_KEY, SECRET_KEY = "ap-southeast-2", "AKIAINVENTEDKEY", "invented/secret+of=the-store"
# An object without it is nobody's to read; whether it is right is not asked.
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/us-east-1/s3/aws4_request"}
NAMES = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True, slots=True)
class Store:
    """The server, by its address; `environ` is what a program of this machine would find about it."""

    endpoint: str

    @property
    def environ(self) -> dict[str, str]:
        """Address, credentials and region, and nothing that lies on the machine at hand."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }  # fmt: skip

    def bucket(self) -> "Bucket":
        """A bucket of its own."""
        made = Bucket(self, f"exports-{uuid.uuid4().hex[:12]}")
        requests.put(made.url, headers=SIGNED, timeout=60).raise_for_status()
        return made


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the store, as a test fills it and looks at it."""

    store: Store
    name: str

    @property
    def url(self) -> str:
        """Where plain HTTP finds it."""
        return f"{self.store.endpoint}/{self.name}"

    def at(self, key: str) -> str:
        """The address that a person types."""
        return f"s3://{self.name}/{key}"

    def put(self, key: str, data: bytes, **more: str) -> None:
        """Store an object, with further headers."""
        requests.put(f"{self.url}/{quote(key)}", data, headers=SIGNED | more, timeout=60).raise_for_status()

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        answer = requests.get(f"{self.url}/{quote(key)}", headers=SIGNED, timeout=60)
        answer.raise_for_status()
        return answer.content

    def delete(self, key: str) -> None:
        """Remove an object."""
        requests.delete(f"{self.url}/{quote(key)}", headers=SIGNED, timeout=60).raise_for_status()

    def keys(self) -> list[str]:
        """The keys of all objects, in their order; at most a thousand."""
        answer = requests.get(self.url, {"list-type": "2"}, headers=SIGNED, timeout=60)
        answer.raise_for_status()
        found = ET.fromstring(answer.content).iter(f"{NAMES}Key")  # noqa: S314 - our own server
        return [one.text or "" for one in found]


@contextmanager
def started() -> Iterator[Store]:
    """The server while it runs; the test is skipped where it is not installed."""
    if not PYTHON.is_file():
        pytest.skip(f"no object store for tests is installed at {PYTHON.parents[1]} (make setup does)")
    with subprocess.Popen(
        [PYTHON, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            yield Store(f"http://127.0.0.1:{port}")
        finally:
            server.kill()


@pytest.fixture(scope="session")
def object_store() -> Iterator[Store]:
    """One server for all tests of a worker."""
    with started() as store:
        yield store


@pytest.fixture
def bucket(object_store: Store) -> Bucket:
    """An empty bucket that no other test knows."""
    return object_store.bucket()
