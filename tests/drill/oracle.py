"""What must be true of the services after a script: a function of the script alone, which imports nothing of the package.

A world is played step by step here as the rules are meant. Kills and faults change nothing of it, but that what a correction
took the place of may not have been sent before, and that what was ordered again may have come once only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.drill.exports import TYPES, Export, md5, sha256

ALIVE = ("waiting", "sent")
A, B = 0, 1
Key = tuple[int, str, str]


@dataclass(eq=False)
class Delivery:
    """One delivery as the rules see it; `place` is where it stands in its series, which a correction takes over."""

    number: int
    series: str
    kind: str
    dataset: str
    content: tuple[bytes, ...]
    folder: int
    state: str
    place: int
    corrects: "Delivery | None" = None
    corrected: bool = False
    resent: int = 0
    any_order: bool = False
    at_once: bool = False  # made beside another night of its series, so that either may be the newer
    to: dict[int, str] = field(default_factory=dict)

    @property
    def md5s(self) -> tuple[str, ...]:
        """Of its parts."""
        return tuple(map(md5, self.content))

    @property
    def sha256s(self) -> tuple[str, ...]:
        """Of its parts."""
        return tuple(map(sha256, self.content))

    @property
    def waits(self) -> bool:
        """Whether it is to be sent and was not."""
        return self.state == "waiting"


@dataclass
class Expectation:
    """What the logs must say: how often each content arrives where, what may replace what, and in which order."""

    times: dict[Key, tuple[int, int]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    replaces: set[tuple[str, str]] = field(default_factory=set)
    chains: list[tuple[int, str, list[tuple[str, ...]]]] = field(default_factory=list)
    in_use: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    deliveries: int = 0


class Oracle:
    """The deliveries of a world so far."""

    def __init__(self) -> None:
        self.all: list[Delivery] = []

    def series(self, one: Delivery) -> Iterator[Delivery]:
        """What goes to the same place for the same purpose, in the order it was made."""
        mine = (one.series, one.kind, one.dataset)
        return (other for other in self.all if (other.series, other.kind, other.dataset) == mine)

    def known(self, series: str, export: Export, dataset: str, content: tuple[bytes, ...]) -> Delivery | None:
        """The newest delivery of this content in its series that was not dropped."""
        for one in reversed(self.all):
            goes_there = one.dataset == dataset or self.may_fill(one)
            same = (one.series, one.kind, one.content) == (series, export.kind, content)
            if same and goes_there and one.state != "dropped":
                return one
        return None

    def offer(
        self, series: str, export: Export, dataset: str, content: tuple[bytes, ...], folder: int, state: str
    ) -> Delivery:
        """What a conversion without --replaces comes to: a new delivery, or one that is there."""
        one = self.known(series, export, dataset, content)
        if one is not None:
            self.fill(one, dataset)
            newer = self.newer(one)
            if one.state == "held" and state == "waiting":
                one.state = "waiting"
                return one
            if one.state not in ALIVE or one.corrected or not newer:
                return one
        return self._new(series, export.kind, dataset, content, folder, state)

    def _new(
        self, series: str, kind: str, dataset: str, content: tuple[bytes, ...], folder: int, state: str
    ) -> Delivery:
        number = len(self.all)
        self.all.append(Delivery(number, series, kind, dataset, content, folder, state, number))
        return self.all[-1]

    def may_fill(self, one: Delivery) -> bool:
        """Whether a dataset may be given to it: what corrects one that went without goes without, too."""
        before = one.corrects
        while before is not None:
            if before.to:
                return False
            before = before.corrects
        return not one.dataset and one.waits

    def fill(self, one: Delivery, dataset: str) -> None:
        """Give it a dataset, if it may have one."""
        if self.may_fill(one):
            one.dataset = dataset

    def newer(self, one: Delivery) -> bool:
        """Whether other content came after this one; what corrects an earlier one stands where that stood."""
        return any(
            other.place > one.number and other.content != one.content and other.state in ALIVE
            for other in self.series(one)
        )

    def correct(self, target: Delivery, content: tuple[bytes, ...], folder: int) -> Delivery:
        """A correction of the newest version of a delivery."""
        made = self._new(target.series, target.kind, target.dataset, content, folder, "waiting")
        made.place, made.corrects = target.place, target
        target.corrected = True
        if target.waits:
            target.state = "superseded"
        return made

    def overtaken(self, one: Delivery, service: int = A) -> bool:
        """Whether a later one of its series was sent already, so that it goes only with --older."""
        return any(other.number > one.number and service in other.to for other in self.series(one))

    def run(self, one: Delivery) -> set[int]:
        """`run` of a delivery: what waits of its series goes first; its exit code."""
        if one.state in ("held", "rejected"):
            return {1}
        codes = {0}
        for other in [other for other in self.series(one) if other.number < one.number and other.waits]:
            codes |= self._send(other)
        return {max(codes | self.named(one))}

    def named(self, one: Delivery, older: bool = False) -> set[int]:
        """One delivery is to be sent; the exit code of that alone."""
        if one.state == "refused":
            return {4}
        return self._send(one, older) if one.waits else {0}

    def _send(self, one: Delivery, older: bool = False) -> set[int]:
        if self.overtaken(one) and not older:
            return {4}
        one.any_order |= older
        one.state, one.to[A] = "sent", one.dataset
        return {0}

    def upload(self, folder: int, datasets: dict[str, str], service: int = A) -> set[int]:
        """`upload` of all that waits in a folder; its exit code."""
        codes = {0}
        for one in self.all:
            if one.folder != folder:
                continue
            if one.state in ("held", "refused"):
                codes.add(4)
            elif service == A and one.waits:
                codes |= self._upload(one, datasets)
            elif service == B and one.state in ALIVE and not one.corrected and B not in one.to:
                if self.overtaken(one, B):
                    codes.add(4)
                else:
                    one.to[B] = one.dataset
        return {max(codes)}

    def _upload(self, one: Delivery, datasets: dict[str, str]) -> set[int]:
        named = datasets.get(one.kind, "")
        if one.dataset and named and named != one.dataset:
            return {4}
        self.fill(one, named)
        elsewhere = any(
            other.number < one.number and other.waits and not self.overtaken(other)
            for other in self.series(one)
        )
        return {4} if elsewhere else self._send(one)

    def sent(self) -> list[Delivery]:
        """What has arrived and is in use."""
        return [one for one in self.all if one.state == "sent" and not one.corrected]

    def expectation(self, exact: bool, order_at: Iterable[int] = (A,)) -> Expectation:
        """What must be true now; `exact` where no fault kept a run from sending."""
        found = Expectation(deliveries=len(self.all))
        for one in self.all:
            for md5_ in one.md5s:
                found.types[md5_] = TYPES[one.kind]
            found.replaces |= set(_replaced(one))
            to = dict(one.to)
            if one.corrected and not exact and one.state in ("sent", "superseded"):
                to = dict.fromkeys(order_at, one.dataset)  # a person ended what was under way first
            for service, dataset in to.items():
                self._count(found, one, service, dataset, exact)
        for service in order_at:
            self._chains(found, service)
        return found

    def _count(self, found: Expectation, one: Delivery, service: int, dataset: str, exact: bool) -> None:
        for number, md5_ in enumerate(one.md5s):
            low, high = found.times.get((service, dataset, md5_), (0, 0))
            again = one.resent if service == A and number == 0 else 0
            # Where a later one went first, by a fault or before this one had a dataset, the same content is there already.
            is_there = any(
                other.number > one.number
                and other.content == one.content
                and other.to.get(service) == dataset
                for other in self.series(one)
            )
            is_exact = exact and service == A
            optional = (one.corrected and not is_exact) or (is_there and not (is_exact and not one.any_order))
            found.times[service, dataset, md5_] = (
                low + (0 if optional else 1) + (again if exact else 0),
                high + 1 + again,
            )
            if not one.corrected:
                found.in_use.setdefault((service, dataset), set()).add(md5_)

    def _chains(self, found: Expectation, service: int) -> None:
        chains: dict[tuple[str, str, str], list[tuple[str, ...]]] = {}
        for one in self.all:
            if service in one.to and not one.any_order:
                chains.setdefault((one.series, one.kind, one.to[service]), []).append(one.md5s)
        found.chains += [(service, dataset, chain) for (_, _, dataset), chain in chains.items()]


def _replaced(one: Delivery) -> Iterator[tuple[str, str]]:
    """What this delivery may stand above, part by part."""
    before = one.corrects
    while before is not None:
        yield from zip(before.md5s, one.md5s, strict=True)
        before = before.corrects
