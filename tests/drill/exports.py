"""Exports of an invented shop, each with the NDJSON that must come of it, by a writer that shares no code with the package."""

import hashlib
from dataclasses import dataclass

SPECS = {"products": "commerce_products", "customers": "profile_customer"}
TYPES = {"products": "product", "customers": "customer_record"}
HEADS = {"products": "product_id,name,price", "customers": "link.customer_id,first_name,date_of_birth"}
NAMES = ("Kettle", "Teapot", "Tray", "Cup")
PEOPLE = ("Mira", "Noor", "Piet", "Vera")
MANY = 5_000_000_000


@dataclass(frozen=True)
class Export:
    """One table: its kind, a number that stands in every row, how many rows there are and how many are bad."""

    kind: str
    serial: int
    rows: int
    bad: int = 0

    def text(self) -> str:
        """The export as a file holds it; the bad rows come last."""
        rows = [HEADS[self.kind]]
        for row in range(1, self.rows + 1):
            is_bad = row > self.rows - self.bad
            if self.kind == "products":
                price = "dear" if is_bad else f"{row}.{self.serial % 90 + 10}"
                rows.append(f"P-{self.serial}-{row},{NAMES[row % 4]},{price}")
            else:
                born = "soon" if is_bad else f"19{row % 90 + 10}-0{row % 9 + 1}-14"
                rows.append(f"C-{self.serial}-{row},{PEOPLE[row % 4]},{born}")
        return "\n".join(rows) + "\n"

    def lines(self) -> list[bytes]:
        """The records that must come of it."""
        lines = []
        for row in range(1, self.rows - self.bad + 1):
            if self.kind == "products":
                price = f"{row}.{self.serial % 90 + 10}"
                words = (
                    f'{{"product_id":"P-{self.serial}-{row}","name":"{NAMES[row % 4]}","price":{price}}}\n'
                )
            else:
                born = f"19{row % 90 + 10}-0{row % 9 + 1}-14"
                words = (
                    f'{{"link":{{"customer_id":"C-{self.serial}-{row}"}},'
                    f'"first_name":"{PEOPLE[row % 4]}","date_of_birth":"{born}"}}\n'
                )
            lines.append(words.encode())
        return lines

    def parts(self, most: int = MANY) -> list[bytes]:
        """Its records in files of at most so many bytes, each as full as it can be."""
        parts = [b""]
        for line in self.lines():
            if parts[-1] and len(parts[-1]) + len(line) > most:
                parts.append(b"")
            parts[-1] += line
        return parts


def md5(data: bytes) -> str:
    """What a store says of these bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def sha256(data: bytes) -> str:
    """What a manifest says of these bytes."""
    return hashlib.sha256(data).hexdigest()
