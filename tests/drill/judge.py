"""The verdict on a drill, from the sandbox's event log alone and never from what a sender says it did."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self

HEADS = ("batches", "kills", "faults", "sent", "lost", "sent twice", "in doubt")


@dataclass(frozen=True)
class Verdict:
    """What a drill came to; each batch is sent, lost or in doubt, and may be sent twice besides."""

    batches: int = 0
    kills: int = 0
    faults: int = 0
    sent: int = 0
    lost: int = 0
    twice: int = 0
    in_doubt: int = 0

    def __add__(self, other: Self) -> "Verdict":
        return Verdict(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


def judge(
    events: Sequence[Mapping[str, Any]], batches: Mapping[str, str], told: Mapping[str, str], kills: int
) -> Verdict:
    """The verdict on `batches` (MD5 by file name), when the sender `told` of each "sent" or "in_doubt".

    Lost is a batch that is not in the store as it was prepared, unless its sender says that a person must look.
    """
    names = {event["upload"]: event["filename"] for event in events if event["kind"] == "granted"}
    stored: dict[str, dict[int, str]] = defaultdict(dict)
    for event in events:
        if event["kind"] == "stored":
            stored[names[event["upload"]]][event["upload"]] = event["md5"]
    states = {name: told.get(name, "") for name in batches}
    there = {name for name, md5 in batches.items() if md5 in stored[name].values()}
    sent = {name for name, state in states.items() if state == "sent" and name in there}
    doubts = {name for name, state in states.items() if state == "in_doubt"}
    return Verdict(
        batches=len(batches),
        kills=kills,
        faults=sum(event["kind"] == "fault" for event in events),
        sent=len(sent),
        lost=len(set(batches) - sent - doubts),
        twice=sum(len(stored[name]) > 1 for name in batches),
        in_doubt=len(doubts),
    )


def may_be_in_doubt(events: Sequence[Mapping[str, Any]], filename: str, killed: bool) -> bool:
    """Whether doubt is allowed: the last PUT was refused, and an earlier one was begun, or may have been.

    A sender that was killed cannot know whether it came as far as the PUT that it had recorded.
    """
    begun = [
        event["upload"] for event in events if event["kind"] == "begun" and event["filename"] == filename
    ]
    answers = [
        event["status"] for event in events if event["kind"] == "answered" and event["upload"] in begun[-1:]
    ]
    return (killed or len(begun) > 1) and bool(answers) and 400 <= answers[-1] < 500


def table(verdicts: Mapping[str, Verdict]) -> str:
    """The figures, one line a sender."""
    width = max(map(len, verdicts)) + 2
    lines = [" " * width + "".join(f"{head:>12}" for head in HEADS)]
    for name, verdict in verdicts.items():
        lines.append(f"{name:<{width}}" + "".join(f"{figure:>12,}" for figure in astuple(verdict)))
    return "\n".join(lines)
