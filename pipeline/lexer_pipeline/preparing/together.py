"""The sources of a run that feed one specification, seen together: what is there twice, and whom a link stands for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lexer_pipeline.chunks.repeats import Repeats
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.watch import Watch
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.report import SourceReport
from lexer_pipeline.preparing.stages import Stages
from lexer_pipeline.suspicions import Sighting, Sightings
from lexer_pipeline.validating.identities import Identities
from lexer_pipeline.validating.shared_links import SharedLinks


class Together:
    """Sees all records of one specification, source after source."""

    def __init__(self, specification: Specification) -> None:
        self._specification = specification
        self._repeats = Repeats()
        self._field = ""

    def watches(self, number: int, stages: Stages[Any]) -> tuple[Watch, ...]:
        """What looks at the chunks of the source of this number."""
        identities = Identities(self._specification, stages.route.layout)
        shared = SharedLinks(identities)
        own = stages.route.watches
        if not identities.is_known and not shared:
            return own
        return (*own, _Known(identities, self._repeats, number, shared))

    def told(self, reports: Sequence[SourceReport]) -> list[SourceReport]:
        """The reports on all sources, with what came more than once; asked when all were read."""
        found = self._repeats.found()
        code = "key_repeated" if self._specification.key else "record_repeated"
        told = list(reports)
        for number, count in sorted(found.counts.items()):
            seen = Sighting(
                code, self._specification.key or "", count, tuple(found.lines[number]), told[number].path
            )
            sightings = Sightings()
            sightings.update([*told[number].suspicions, seen])
            told[number] = replace(told[number], suspicions=sightings.all())
        return told


@dataclass(frozen=True, slots=True)
class _Known:
    """Watches by what the records of one source are known."""

    identities: Identities
    repeats: Repeats
    number: int
    shared: SharedLinks

    def look(self, checked: Checked) -> None:
        known = self.identities.of(checked)
        if self.identities.is_known:
            self.repeats.add(self.number, self.identities.identity(known), known.lines)
        if self.shared:
            is_same = (
                self.identities.is_known and self.identities.key is None and len(self.identities.links) == 1
            )
            self.shared.look(known, self.repeats.has_any if is_same else None)

    def found(self) -> Iterator[Sighting]:
        return self.shared.found()
