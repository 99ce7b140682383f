"""How such a nightly job is usually written; it takes the words of ours, so that the drill can play the same script.

A name is the specification, the day and the next free letter; what is done stands in a list; after any trouble it begins
again; the dataset is the one of the moment; four files go side by side.
"""

import csv
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import requests

TYPES = {"commerce_products": "product", "profile_customer": "customer_record"}
TRIES = 6


def flag(words: Sequence[str], name: str, otherwise: str = "") -> str:
    return words[words.index(name) + 1] if name in words else otherwise


def record(row: dict[str, str]) -> bytes:
    if "product_id" in row:
        price = row["price"] if row["price"][0].isdigit() else json.dumps(row["price"])
        words = f'{{"product_id":"{row["product_id"]}","name":"{row["name"]}","price":{price}}}\n'
    else:
        words = (
            f'{{"link":{{"customer_id":"{row["link.customer_id"]}"}},'
            f'"first_name":"{row["first_name"]}","date_of_birth":"{row["date_of_birth"]}"}}\n'
        )
    return words.encode()


def parts(lines: Sequence[bytes], most: int) -> list[bytes]:
    found = [b""]
    for line in lines:
        if found[-1] and len(found[-1]) + len(line) > most:
            found.append(b"")
        found[-1] += line
    return found


def convert(words: Sequence[str]) -> list[Path]:
    """Write the files under the next free letter of the day; the very same file is not written again."""
    with Path(words[1]).open(newline="") as file:
        lines = [record(row) for row in csv.DictReader(file)]
    out = Path(flag(words, "--out", "batches"))
    out.mkdir(exist_ok=True)
    day = flag(words, "--date", f"{date.today():%Y%m%d}")
    made = []
    for data in parts(lines, int(flag(words, "--max-bytes", "5000000000"))):
        before = sorted(out.glob(f"{flag(words, '--spec')}-{day}-*.json"))
        same = [file for file in before if file.read_bytes() == data]
        letter = "abcdefghijklmnopqrstuvwxyz"[min(25, len(before))]
        made.append(same[0] if same else out / f"{flag(words, '--spec')}-{day}-{letter}.json")
        made[-1].write_bytes(data)
    return made


def dataset(words: Sequence[str], record_type: str) -> str:
    text = flag(words, "--dataset") or os.environ.get("LEXER_DATASET_ID", "")
    return dict(pair.split("=") for pair in text.split(",") if pair).get(record_type, "")


def send(file: Path, to: str) -> None:
    record_type = TYPES[file.name.split("-")[0]]
    order: dict[str, Any] = {"filename": file.name}
    if to:
        order["destination"] = {
            "destination_type": "dataset_load",
            "dataset_id": to,
            "record_type": record_type,
        }
    verify = os.environ.get("LEXER_CA_FILE") or True
    headers = {"Auth-Api-Token": os.environ["LEXER_UPLOAD_API_TOKEN"]}
    asked = requests.post(
        os.environ["LEXER_UPLOAD_API_URL"], json=order, headers=headers, verify=verify, timeout=20
    )
    asked.raise_for_status()
    requests.put(asked.json()["url"], data=file.read_bytes(), verify=verify, timeout=20).raise_for_status()


def upload(files: Sequence[Path], words: Sequence[str]) -> int:
    done = Path("done.txt")
    known = done.read_text().split() if done.exists() else []

    def one(file: Path) -> bool:
        for _ in range(TRIES):
            try:
                send(file, dataset(words, TYPES[file.name.split("-")[0]]))
            except (requests.RequestException, ValueError, KeyError):
                continue
            with done.open("a") as log:
                log.write(f"{file}\n")
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        wanted = [file for file in files if str(file) not in known and file.exists()]
        return 0 if all(pool.map(one, wanted)) else 5


def main(words: Sequence[str]) -> int:
    """Do what these words ask, as far as such a script knows them."""
    code, batches = 0, []
    try:
        if words[0] in ("run", "convert"):
            made = convert(words)
            code = upload(made, words) if words[0] == "run" else 0
            batches = [
                {"path": str(file), "sha256": hashlib.sha256(file.read_bytes()).hexdigest()} for file in made
            ]
        elif words[0] == "upload" and "--dry-run" not in words:
            named = [Path(word) for word in words[1:] if word.endswith(".json")]
            code = upload(named or sorted(Path(flag(words, "--out", "batches")).glob("*.json")), words)
    except (OSError, ValueError, KeyError, TypeError):
        code = 2
    sys.stdout.write(json.dumps({"batches": batches, "uploads": []}))
    return code
