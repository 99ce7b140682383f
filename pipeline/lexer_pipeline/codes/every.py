"""All codes by kind, found as a person writes them."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from msgspec import Struct

from lexer_pipeline.codes.changes import CHANGES
from lexer_pipeline.codes.ends import ERRORS, EXITS
from lexer_pipeline.codes.entry import Entry
from lexer_pipeline.codes.issues import ISSUES
from lexer_pipeline.codes.obstacles import OBSTACLES
from lexer_pipeline.codes.suspected import SUSPECTED
from lexer_pipeline.codes.warnings import WARNINGS
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Json
from lexer_pipeline.suspicions import HOLD, ISSUE, SUSPICIONS

KINDS: Mapping[str, Mapping[str, Entry]] = MappingProxyType({
    "issue": ISSUES, "suspicion": SUSPECTED, "warning": WARNINGS, "conversion": CHANGES, "obstacle": OBSTACLES, "error": ERRORS, "exit code": EXITS,
})  # fmt: skip
EFFECTS = MappingProxyType({
    "issue": "the record is rejected", "warning": "sent, counted and named", "conversion": "a change of how a value is written, counted",
    "obstacle": "it stands in the way of converting, as inspect says", "error": "the command ends", "exit code": "how the command ended",
})  # fmt: skip


class Code(Struct, frozen=True):
    """A code as one of its kind: `effect` says what it does to the record, the batch or the command."""

    name: str
    kind: str
    effect: str
    entry: Entry

    def as_json(self) -> dict[str, Json]:
        """The code as `explain --json` prints it."""
        entry, example = self.entry, self.entry.example
        return {
            "code": self.name, "kind": self.kind, "effect": self.effect, "meaning": entry.meaning, "remedy": entry.remedy,
            "command": entry.command, "source": entry.source, "before": example.before, "after": example.after,
        }  # fmt: skip


def every() -> tuple[Code, ...]:
    """All codes by kind; a name may be that of several kinds."""
    return tuple(
        Code(name, kind, _effect(name, kind), entry)
        for kind, entries in KINDS.items()
        for name, entry in entries.items()
    )


def _effect(name: str, kind: str) -> str:
    if kind != "suspicion":
        return EFFECTS[kind]
    known = SUSPICIONS[name]
    if known.weight == HOLD:
        above = " where it is in more than a few records" if known.by_share else ""
        return f"the batch is held{above} until a person accepts it"
    return EFFECTS["issue" if known.weight == ISSUE else "warning"]


def named(text: str) -> tuple[Code, ...]:
    """The codes of a name, in any case and with - or blanks for _; UsageError with what may be meant where there is none."""
    name = "_".join(text.casefold().replace("-", " ").replace("_", " ").split())
    name = name.removeprefix("exit_code_").removeprefix("exit_")
    found = tuple(code for code in every() if code.name == name)
    if any(code.kind == "suspicion" for code in found):
        # One that rejects its record is an issue too, of which nothing else is to be said.
        found = tuple(code for code in found if code.kind != "issue")
    if found:
        return found
    near = get_close_matches(name, {code.name: 0 for code in every()}, 1)
    hint = (
        f"Did you mean {near[0]}? lexer-pipeline explain {near[0]}"
        if near
        else "lexer-pipeline explain lists all codes."
    )
    raise UsageError(f"{text}: there is no such code", hint)
