"""The other `UploadService`: a store that hands out its own places, and knows no vendor, token or dataset."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from lexer_pipeline.uploading.permit import Grant, Refusal

from tests.upload.store import SIGNATURE, Store


@dataclass(frozen=True)
class Bucket:
    """Places in a store that never expire; none while it is `closed`."""

    store: Store
    closed: Refusal | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    name = "bucket.example.com"
    former_name = ""

    def check(self) -> None:
        """Anybody may ask."""

    def ask(self, file_name: str, record_type: str | None, dataset: str) -> Grant | Refusal:
        if self.closed is not None:
            return self.closed
        place = f"place-{next(self.numbers)}"
        return Grant(
            place, f"{self.store.base}/bucket/{place}?X-Amz-SignedHeaders=host&key={SIGNATURE}", None
        )
