"""The verdict on a world of deliveries, from the services' own logs alone and an expectation that the script alone gives."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from typing import Any, Self

from tests.drill.oracle import Expectation
from tests.drill.services import Event

NAME = re.compile(r"(?P<name>[A-Za-z0-9_]+-[0-9]{8})-(?P<version>[A-Za-z0-9_-]+)\.[a-z]+")
HEADS = (
    "deliveries", "commands", "kills", "faults", "doubts", "stored", "lost", "twice", "replaced", "misrouted", "disorder",
    "exits",
)  # fmt: skip


@dataclass(frozen=True)
class Deliveries:
    """What a drill came to; the promises are that `lost` and all behind it are 0."""

    deliveries: int = 0
    commands: int = 0
    kills: int = 0
    faults: int = 0
    doubts: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    replaced: int = 0
    misrouted: int = 0
    disorder: int = 0
    exits: int = 0
    why: tuple[str, ...] = field(default=(), compare=False)

    def __add__(self, other: Self) -> "Deliveries":
        figures = zip(astuple(self)[:-1], astuple(other)[:-1], strict=True)
        return Deliveries(*(one + another for one, another in figures), why=self.why + other.why)

    @property
    def broken(self) -> int:
        """How many promises were broken in all."""
        return self.lost + self.twice + self.replaced + self.misrouted + self.disorder + self.exits


@dataclass
class Upload:
    """One permission and what came of it, from the log of a service."""

    service: int
    id: str
    filename: str
    dataset: str
    record_type: str
    begun: int = 0
    stored: list[tuple[int, str]] = field(default_factory=list)

    @property
    def md5(self) -> str:
        """Of what lies in the store for it, if something does."""
        return self.stored[-1][1] if self.stored else ""


def uploads_of(service: int, log: Sequence[Event], known: Sequence[Mapping[str, Any]]) -> list[Upload]:
    """The permissions of a log; a service that does not log where to has it in its list."""
    places = {str(one["id"]): (one["dataset"] or "", one["record_type"] or "") for one in known}
    found: dict[str, Upload] = {}
    for event in log:
        number = str(event["upload"])
        if event["kind"] == "granted":
            found[number] = Upload(service, number, event["filename"], *places[number])
        elif event["kind"] == "begun" and number in found:
            found[number].begun = found[number].begun or event["id"]
        elif event["kind"] == "stored" and number in found:
            found[number].stored.append((event["id"], event["md5"]))
    return list(found.values())


def judge(
    uploads: Sequence[Upload],
    wanted: Expectation,
    settled: Collection[str] = (),
    told: Collection[tuple[int, str]] = (),
) -> Deliveries:
    """The figures; `settled` are MD5s and file names that a person decided on, `told` what the tool says was sent."""
    by_key: dict[tuple[int, str, str], list[Upload]] = defaultdict(list)
    for one in uploads:
        if one.stored:
            by_key[one.service, one.dataset, one.md5].append(one)
    why: list[str] = []
    lost = _lost(by_key, wanted, why) + _torn(uploads, wanted, settled, why) + _told_wrong(uploads, told, why)
    twice = 0
    for key, some in by_key.items():
        most = wanted.times.get(key, (0, 0))[1]
        if key[2] in wanted.types and len(some) > most and most:
            twice += 1
            why.append(f"sent {len(some)} times, not {most}: {_names(some)}")
    return Deliveries(
        deliveries=wanted.deliveries, stored=sum(map(len, by_key.values())), lost=lost, twice=twice,
        replaced=_replaced(uploads, wanted, why) + _not_in_use(uploads, wanted, why),
        misrouted=_misrouted(uploads, wanted, why), disorder=_disorder(by_key, wanted, settled, why),
        why=tuple(why),
    )  # fmt: skip


Found = Mapping[tuple[int, str, str], Sequence[Upload]]


def _lost(by_key: Found, wanted: Expectation, why: list[str]) -> int:
    lost = 0
    for key, (least, _) in wanted.times.items():
        if len(by_key.get(key, ())) < least:
            lost += 1
            why.append(f"stored {len(by_key.get(key, ()))} times, not {least}: {key}")
    return lost


def _torn(uploads: Sequence[Upload], wanted: Expectation, settled: Collection[str], why: list[str]) -> int:
    """What lies in the store and is no content that was prepared; beside what a person settled or sent again, that is a loss."""
    again = {key[2] for key, (least, most) in wanted.times.items() if least < most}
    looked_at = {one.filename for one in uploads if one.md5 in settled or one.md5 in again} | set(settled)
    torn = [
        one for one in uploads if one.md5 and one.md5 not in wanted.types and one.filename not in looked_at
    ]
    why += [f"stored as it was not prepared: {_names([one])}" for one in torn]
    return len(torn)


def _told_wrong(uploads: Sequence[Upload], told: Collection[tuple[int, str]], why: list[str]) -> int:
    stored = {(one.service, one.id) for one in uploads if one.stored}
    wrong = [one for one in told if one not in stored]
    why += [f"said to be sent, and is not there: {one}" for one in wrong]
    return len(wrong)


def _misrouted(uploads: Sequence[Upload], wanted: Expectation, why: list[str]) -> int:
    contents = {(one.service, one.filename): one.md5 for one in uploads if one.md5 in wanted.types}
    count = 0
    for one in uploads:
        md5 = one.md5 if one.md5 in wanted.types else contents.get((one.service, one.filename), "")
        if not one.begun or not md5:
            continue
        least, most = wanted.times.get((one.service, one.dataset, md5), (0, 0))
        if not most or (one.dataset and one.record_type != wanted.types[md5]):
            count += 1
            why.append(
                f"went where it must not: {_names([one])} dataset {one.dataset or 'none'} {one.record_type}"
            )
    return count


def _by_name(uploads: Sequence[Upload]) -> Mapping[tuple[int, str], list[tuple[str, Upload]]]:
    """What is stored, by service and name before the version, in the order of the versions."""
    found: dict[tuple[int, str], list[tuple[str, Upload]]] = defaultdict(list)
    for one in uploads:
        match = NAME.fullmatch(one.filename)
        if one.stored and match is not None:
            found[one.service, match["name"]].append((match["version"], one))
    return {key: sorted(some, key=lambda pair: (pair[0], int(pair[1].id))) for key, some in found.items()}


def _replaced(uploads: Sequence[Upload], wanted: Expectation, why: list[str]) -> int:
    count = 0
    for some in _by_name(uploads).values():
        for at, (version, one) in enumerate(some):
            for higher, other in some[at + 1 :]:
                both = {one.md5, other.md5} <= wanted.types.keys()
                same = version == higher and one.md5 == other.md5
                if both and not same and (one.md5, other.md5) not in wanted.replaces:
                    count += 1
                    why.append(f"replaced unasked: {_names([one])} by {_names([other])}")
    return count


def _not_in_use(uploads: Sequence[Upload], wanted: Expectation, why: list[str]) -> int:
    """The vendor's reading: of each name the highest version, which together are what nobody corrected."""
    used: dict[tuple[int, str], set[str]] = defaultdict(set)
    for some in _by_name(uploads).values():
        _, last = some[-1]
        used[last.service, last.dataset].add(last.md5)
    count = 0
    for key, md5s in wanted.in_use.items():
        missing = md5s - used[key]
        # What was never asked for anywhere is lost, and counted there.
        missing &= {one.md5 for one in uploads}
        stale = {
            md5
            for md5 in used[key] - md5s
            if md5 in wanted.types and any(wanted.times.get((*key, md5), (0, 0)))
        }
        count += len(missing) + len(stale)
        why += [
            f"not in use at {key}: {_names([one for one in uploads if one.md5 == md5])}" for md5 in missing
        ]
        why += [
            f"still in use at {key}: {_names([one for one in uploads if one.md5 == md5])}" for md5 in stale
        ]
    return count


def _disorder(by_key: Found, wanted: Expectation, settled: Collection[str], why: list[str]) -> int:
    """Deliveries of a series of which a part left before all parts of the one before had arrived."""
    count = 0
    for service, dataset, chain in wanted.chains:
        seen: dict[str, int] = defaultdict(int)
        among = Counter(md5 for md5s in chain for md5 in md5s)
        before: list[Upload] = []
        for md5s in chain:
            parts = []
            for md5 in md5s:
                there = sorted(by_key.get((service, dataset, md5), ()), key=lambda one: one.begun)
                expected = wanted.times[service, dataset, md5]
                # Where it is open which of several copies came, or one went out of order, none can be compared.
                if expected == (len(there), len(there)) and among[md5] == len(there):
                    parts.append(there[seen[md5]])
                seen[md5] += 1
            if settled and any(md5 in settled for md5 in md5s):
                continue
            if (
                parts
                and before
                and min(one.begun for one in parts) < max(one.stored[-1][0] for one in before)
            ):
                count += 1
                why.append(f"out of order: {_names(parts)} before {_names(before)}")
            before = parts or before
    return count


def _names(uploads: Sequence[Upload]) -> str:
    return (
        ", ".join(f"{one.filename} (service {one.service}, upload {one.id})" for one in uploads) or "nothing"
    )


def with_run(
    figures: Deliveries, commands: int, kills: int, faults: int, doubts: int, strange: Sequence[str]
) -> Deliveries:
    """The figures with what happened beside them."""
    return replace(
        figures,
        commands=commands,
        kills=kills,
        faults=faults,
        doubts=doubts,
        exits=len(strange),
        why=(*figures.why, *strange),
    )


def table(rows: Mapping[str, Deliveries]) -> str:
    """The figures, one line each."""
    width = max(map(len, rows)) + 2
    lines = [" " * width + "".join(f"{head:>11}" for head in HEADS)]
    for name, one in rows.items():
        values = [getattr(one, each.name) for each in fields(one)][:-1]
        lines.append(f"{name:<{width}}" + "".join(f"{value:>11,}" for value in values))
    return "\n".join(lines)
