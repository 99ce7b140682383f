"""A key ring for tests: a file of JSON that KEYRING_FILE names, or one that is locked where that is `locked`."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

BACKEND = "tests.keyring_file.FileRing"


class FileRing(KeyringBackend):
    """Keeps everything in plain text."""

    priority = 1  # type: ignore[assignment]
    name = "test ring"

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        held = self._read()
        if held.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError("none")
        self._write(held)

    def _read(self) -> dict[str, str]:
        if os.environ["KEYRING_FILE"] == "locked":
            raise KeyringLocked("s3cr3t words of a key ring")
        file = Path(os.environ["KEYRING_FILE"])
        return json.loads(file.read_bytes()) if file.exists() else {}

    def _write(self, held: dict[str, str]) -> None:
        Path(os.environ["KEYRING_FILE"]).write_text(json.dumps(held))
