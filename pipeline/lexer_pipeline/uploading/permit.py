"""The seam between sending and whoever keeps what is sent: asked for a place to put a file, a service gives one or says no.

Ledger, policy, PUT and scheduler know no more of a service than this; lexer_api.py is the vendor's. The contract, to
which `tests/upload/test_services.py` holds each implementation:

* A place is a url that takes one file by an HTTP PUT as S3 has it. Sent twice to one place, the file is there once.
* Each `ask` gives a place of its own, under an id that no other has.
* `name` stays as it is for one service and whoever asks it: by it, and the dataset, the ledger knows what was sent there.
* What network and service do is an answer, never an exception. `ask` tries once: policy.py decides what follows.
* No text of an implementation or of its answers holds a secret, except the url of a grant: the texts go to the ledger,
  to receipts and to screens.
* Several threads ask at once.
"""

import re
from typing import Protocol

from msgspec import Struct

from lexer_pipeline.system.hiding import Hiding
from lexer_pipeline.uploading.presigned import may_receive

UPLOAD_ID = re.compile(r"[\x21-\x7e]{1,200}")


class Grant(Hiding, frozen=True):
    """A permit: the upload id, and a url that is as good as a password until it expires.

    `expires_at` is in Unix seconds; None where nobody says. An id that cannot be printed, or a url that no data may
    be sent to, makes no grant (ValueError).
    """

    HIDDEN = frozenset({"url"})

    upload_id: str
    url: str
    expires_at: float | None

    def __post_init__(self) -> None:
        if not UPLOAD_ID.fullmatch(self.upload_id) or not may_receive(self.url):
            raise ValueError("no usable id and url")


class Refusal(Struct, frozen=True):
    """Why there is no permit, as an HTTP status says it.

    401 and 403 stop the whole run, since nobody of this account is let in; the other 3xx and 4xx refuse this file for
    good, but for 429. Whatever else there is (429, 5xx, 200 where the answer is of no use, 0 where none came) is asked
    again. `words` say what went wrong beyond the status, the service's own where it has some (words.py makes them fit),
    `hint` what a person can do; `retry_after` is the header as it came.
    """

    status: int
    words: str = ""
    hint: str = ""
    retry_after: str = ""


class UploadService(Protocol):
    """Gives places for files; where it is, who asks and how is its own affair."""

    @property
    def name(self) -> str:
        """The text by which the ledger tells this service, and who asks it, from others."""

    @property
    def former_name(self) -> str:
        """The text by which ledgers of 0.1.0 may know it too; empty where none does."""

    def check(self) -> None:
        """UsageError, with words for a person, where it is certain beforehand that nothing can be asked."""

    def ask(self, file_name: str, record_type: str | None, dataset: str) -> Grant | Refusal:
        """A place to put a file of this name; its records of this type are loaded into the dataset, where it is not empty."""
