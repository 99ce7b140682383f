"""What every address of the sandbox needs: its state, settings, faults, store, loader and clock."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct, field

from lexer_pipeline.sandbox import aws
from lexer_pipeline.sandbox.faults import Fault, FaultBook
from lexer_pipeline.sandbox.kinds import Kinds
from lexer_pipeline.sandbox.loads import Loader
from lexer_pipeline.sandbox.settings import Settings
from lexer_pipeline.sandbox.state import State
from lexer_pipeline.sandbox.store import Store

BUCKET = "lexer-client-upload-local"
API = "/v1/uploads"
USERS = "/v1/users"


class FreshToken(Struct, frozen=True):
    """A token that was made on the page a moment ago; who knows `page` may see it until another is made."""

    page: str
    id: int
    secret: str


class Service(Struct):
    """The parts of one running sandbox; `host` is known once the front is bound, `arriving` are the uploads whose bytes come in."""

    state: State
    store: Store
    keys: aws.Keys
    kinds: Kinds
    loader: Loader
    settings: Settings
    faults: FaultBook = field(default_factory=FaultBook)
    scheme: str = "http"
    host: str = ""
    ca_file: Path | None = None
    fresh: FreshToken | None = None
    arriving: set[int] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """Where the front is, as urls begin."""
        return f"{self.scheme}://{self.host}"

    @property
    def address(self) -> str:
        """The address that uploads are asked for at."""
        return f"{self.origin}{API}"

    def clock(self) -> datetime:
        """The time by the service's clock."""
        return datetime.now(UTC) + timedelta(seconds=self.settings.clock_offset)

    def presign(self, path: str, at: datetime, seconds: int) -> str:
        """A target that allows a PUT to `path` here."""
        return aws.presign(self.host, path, self.keys, at, seconds)

    def fault(self, on: str, filename: str, upload: int | None = None) -> Fault | None:
        """The fault that is due for this request, noted in the event log."""
        fault = self.faults.take(on, filename)
        if fault:
            self.state.log("fault", upload, on=on, do=fault.do, filename=filename)
        return fault
