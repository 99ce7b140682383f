"""How such scripts are usually written: `python -m tests.drill.naive ORDER`. The drill must catch it.

Ask, read the whole file, PUT; after any trouble begin again; a list of what is done, so that a second run goes on.
ORDER is JSON: url, token, ca_file, done, files.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import requests

TRIES = 6


def send(file: Path, url: str, token: str, verify: str | bool) -> None:
    """One file, the simple way."""
    asked = requests.post(
        url, json={"filename": file.name}, headers={"Auth-Api-Token": token}, verify=verify, timeout=1
    )
    asked.raise_for_status()
    requests.put(asked.json()["url"], data=file.read_bytes(), verify=verify, timeout=1).raise_for_status()


def main(order: dict[str, Any]) -> int:
    """Send what is not on the list of what is done."""
    done = Path(order["done"])
    known = done.read_text().split() if done.exists() else []
    for file in map(Path, order["files"]):
        for _ in range(0 if file.name in known else TRIES):
            try:
                send(file, order["url"], order["token"], order["ca_file"] or True)
            except (requests.RequestException, ValueError, KeyError):
                time.sleep(0.1)
                continue
            with done.open("a") as log:
                log.write(f"{file.name}\n")
            break
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
