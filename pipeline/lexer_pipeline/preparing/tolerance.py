"""Which suspicions hold a batch: by their weight and share, and not where a person accepted the code."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from lexer_pipeline.errors import UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.suspicions import HOLD, LEAST, SHARE, SUSPICIONS, Sighting, by_code


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The codes that a person accepted, and from which share of the records on those hold that go by their share."""

    accepted: frozenset[str] = frozenset()
    share: float = SHARE
    least: int = LEAST

    def holding(self, sightings: Iterable[Sighting], records: int) -> Iterator[Sighting]:
        """The suspicions that would hold a batch of so many records (rejected ones included), accepted or not."""
        for one in by_code(sightings).values():
            kind = one.suspicion
            is_many = one.count > self.share * records and one.count >= self.least
            if kind.weight == HOLD and (is_many or not kind.by_share):
                yield one


def tolerance_of(plans: Sequence[Plan], options: Options) -> Tolerance:
    """What flags and mappings say; where sources have mappings of their own, each code must be accepted by all, and the narrowest shares hold."""
    check_accepted(options.accept)
    mappings = [plan.mapping for plan in plans]
    codes = [frozenset(one.accept) if one is not None else frozenset[str]() for one in mappings]
    by_mapping = frozenset[str].intersection(*codes) if codes else frozenset[str]()
    told = [one for one in mappings if one is not None]
    return Tolerance(
        by_mapping | frozenset(options.accept),
        min((one.share for one in told), default=SHARE),
        min((one.least for one in told), default=LEAST),
    )


def check_accepted(codes: Iterable[str]) -> None:
    """UsageError for a code that holds no batch, and so cannot be accepted."""
    known = [code for code, one in SUSPICIONS.items() if one.weight == HOLD]
    for code in codes:
        if code not in known:
            if code in SUSPICIONS:
                weight = SUSPICIONS[code].weight
                raise UsageError(
                    f"--accept: no batch is held for {code}",
                    f"It is of weight {weight} and holds nothing; leave it out.",
                )
            near = get_close_matches(code, known, 1)
            hint = f"Did you mean {near[0]}?" if near else f"These hold a batch: {', '.join(known)}."
            raise UsageError(f"--accept: no batch is held for {code}", hint)
