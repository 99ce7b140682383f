"""One thing that was looked at, and what became of it."""

from enum import StrEnum

from msgspec import Struct, to_builtins

from lexer_pipeline.errors import ServiceUnavailable, UsageError
from lexer_pipeline.model import Json


class Verdict(StrEnum):
    """How a thing is: right, worth a look, or in the way."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


class Check(Struct, frozen=True):
    """What was looked at, what was found and, where that is not as it should be, what to do.

    `is_service` says that the fault lies with the service or the way to it, and not with what is set up here.
    """

    area: str
    what: str
    found: str
    verdict: Verdict = Verdict.OK
    remedy: str = ""
    is_service: bool = False

    def as_json(self) -> Json:
        """The check as `--json` shows it."""
        return {**to_builtins(self), "verdict": str(self.verdict)}


def look(area: str, what: str, found: str, remedy: str) -> Check:
    """Something that may be meant, or may be in the way later."""
    return Check(area, what, found, Verdict.LOOK, remedy)


def wrong(area: str, what: str, found: str, remedy: str) -> Check:
    """Something that is in the way, and is fixed here."""
    return Check(area, what, found, Verdict.WRONG, remedy)


def unanswered(area: str, what: str, found: str, remedy: str) -> Check:
    """A service that does not answer as it should."""
    return Check(area, what, found, Verdict.WRONG, remedy, is_service=True)


def exit_code(checks: tuple[Check, ...]) -> int:
    """0, or that of the configuration before that of the service."""
    found = {one.is_service for one in checks if one.verdict == Verdict.WRONG}
    if not found:
        return 0
    return UsageError.exit_code if False in found else ServiceUnavailable.exit_code
