"""What the sandbox remembers: tokens, uploads, refusals, loads."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from lexer_pipeline.model import Json

LOADING, LOADED, CHECKING, WAITS = "loading", "loaded", "checking", "waits for a person"
UNFINISHED = frozenset({LOADING, CHECKING})


class Token(Struct, frozen=True):
    """A token as it can still be shown: its name, its times and a fingerprint, never the secret."""

    id: int
    name: str
    fingerprint: str
    created_at: str
    revoked_at: str | None


class Upload(Struct, frozen=True):
    """One permission and what came of it; `size` and `md5` are of the object that lies in the store.

    `token` is the name of the token that asked, `service` the address that was asked.
    """

    id: int
    filename: str
    dataset: str | None
    record_type: str | None
    token: str
    granted_at: str
    puts: int
    size: int | None
    md5: str | None
    stored_at: str | None
    service: str | None
    fingerprint: str | None


class Refusal(Struct, frozen=True):
    """A request that was answered with an error: a request for permission, a PUT or a check of a token.

    `upload` is the upload whose PUT was refused; the other requests that were refused have none.
    """

    id: int
    at: str
    on: str
    upload: int | None
    filename: str
    dataset: str | None
    record_type: str | None
    token: str | None
    status: int
    code: str
    message: str


class Reject(Struct, frozen=True):
    """One thing wrong with a line that was not accepted, worded as the product words it; never the value."""

    line: int
    code: str
    path: str
    message: str


class Load(Struct, frozen=True):
    """What checking one uploaded file line by line gave; `rejects` and `preview` are the first few.

    Without a dataset nothing is loaded: a person places the file. Its lines are checked all the same where its
    name says what they are; where nothing says so, `specification` is None and nothing is counted.
    """

    upload: int
    dataset: str | None
    specification: str | None
    record_type: str | None
    state: str
    accepted: int = 0
    rejected: int = 0
    codes: Mapping[str, int] = field(default_factory=dict)
    rejects: Sequence[Reject] = ()
    preview: Sequence[Json] = ()
