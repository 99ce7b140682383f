"""The checklist on the page's first screen: what to type, and what of it has happened."""

from collections.abc import Sequence
from shlex import quote

from msgspec import Struct

from lexer_pipeline.sandbox import names
from lexer_pipeline.sandbox.entries import LOADED
from lexer_pipeline.sandbox.service import FreshToken, Service
from lexer_pipeline.sandbox.uploads import ShownUpload

UNKNOWN_TOKEN = "..."  # noqa: S105 - stands where a token goes


class Step(Struct, frozen=True):
    """One thing to do; `lines` are to be copied into a terminal, `done` says that it has happened."""

    name: str
    title: str
    hint: str
    lines: tuple[str, ...]
    done: bool


def steps(service: Service, uploads: Sequence[ShownUpload], fresh: FreshToken | None) -> list[Step]:
    """The way from no token to a fault withstood."""
    state = service.state
    has_token = any(not token.revoked_at for token in state.tokens())
    kept = "" if fresh or not has_token else " A token is shown once: if yours is lost, make another below."
    return [
        Step("token", "Make a token", "At Lexer it is made in the Hub, with the type Activity.", (), has_token),
        Step(
            "shell", "Tell your shell where to send", f"In the terminal that will upload.{kept}",
            exports(service, fresh), state.has("granted") or state.has("checked"),
        ),
        Step(
            "convert", "Convert an export", "CSV, Excel or JSON, as it is. The project's folder samples/ holds some to try.",
            ("lexer-pipeline convert export.csv",), any(names.read(one.upload.filename) for one in uploads),
        ),
        Step(
            "upload", "Send it", "Here any dataset will do. Without one, a file waits until a person places it.",
            ("lexer-pipeline upload --dataset trial",), any(one.upload.stored_at for one in uploads),
        ),
        Step(
            "look", "See what was loaded", "Each line is accepted or rejected on its own: see Datasets, below.", (),
            any(one.state == LOADED for one in uploads),
        ),
        Step(
            "fault", "Break something", "Order a fault below, convert and send another file: nothing is lost, nothing sent twice.", (),
            state.has("fault"),
        ),
    ]  # fmt: skip


def exports(service: Service, fresh: FreshToken | None) -> tuple[str, ...]:
    """The lines that make a shell's uploads come here."""
    lines = (
        f"export LEXER_UPLOAD_API_URL={service.address}",
        f"export LEXER_UPLOAD_API_TOKEN={fresh.secret if fresh else UNKNOWN_TOKEN}",
    )
    # The folder may have any name, so it is quoted as a shell reads it.
    return (
        (*lines, f"export LEXER_CA_FILE={quote(str(service.ca_file.resolve()))}")
        if service.ca_file
        else lines
    )
