"""Which suspicions hold a batch: by their weight and share, and not where a person accepted the code."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from lexer_pipeline.errors import UsageError
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.plan import Plan
from lexer_pipeline.suspicions import HOLD, LEAST, SHARE, Sighting, by_code, nearest_holding, not_holding


class Tolerance(Struct, frozen=True):
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
    mappings = [plan.mapping for plan in plans]
    codes = [frozenset(one.accept) if one is not None else frozenset[str]() for one in mappings]
    by_mapping = frozenset[str].intersection(*codes) if codes else frozenset[str]()
    told = [one for one in mappings if one is not None]
    return Tolerance(
        by_mapping | frozenset(options.accept),
        min((one.share for one in told), default=SHARE),
        min((one.least for one in told), default=LEAST),
    )


def check_accepted(options: Options) -> None:
    """UsageError for a code that holds no batch, and so cannot be accepted."""
    for code in options.accept:
        hint = not_holding(code)
        if hint:
            raise UsageError(
                f"--accept: no batch is held for {code}",
                hint,
                instead=(code, meant) if (meant := nearest_holding(code)) else None,
            )
