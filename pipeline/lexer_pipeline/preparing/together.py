"""The sources of a run that feed one specification, seen together: what is there twice, and whom a link stands for."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace

from lexer_pipeline.chunks.repeats import ACCEPTED, LEFT_OUT, REJECTED, Noted, Repeated, Repeats
from lexer_pipeline.chunks.results import Checked
from lexer_pipeline.chunks.watch import Watch
from lexer_pipeline.model import Specification
from lexer_pipeline.preparing.left_out import keys_left_out
from lexer_pipeline.preparing.report import SourceReport
from lexer_pipeline.preparing.routes import Route
from lexer_pipeline.preparing.stages import Stages
from lexer_pipeline.suspicions import Sighting, Sightings
from lexer_pipeline.system.scratch import Scratch
from lexer_pipeline.validating.identities import Identities, Known, joined
from lexer_pipeline.validating.shared_links import SharedLinks

# So many records are looked at together.
AT_ONCE = 1 << 14


class Together:
    """Sees all records of one specification, source after source; those of `several` may have a key in common.

    Where it `leaves_earlier` ones out, what two sources have is the later one's.
    `shared` are then the hashes of the keys that more than one source has, known once it `told` all.
    """

    def __init__(
        self, specification: Specification, several: bool, scratch: Scratch, files_before: int = 0,
        links: type[SharedLinks] = SharedLinks, leaves_earlier: bool = False,
    ) -> None:  # fmt: skip
        self._specification = specification
        self._several = several and specification.key is not None and not leaves_earlier
        self.shared = np.zeros(0, np.uint64)
        self._repeats = Repeats(scratch)
        self._files = files_before
        self._links = links
        self._leaves_earlier = leaves_earlier

    def watches(self, number: int, stages: Stages[Any]) -> tuple[Watch, ...]:
        """What looks at the chunks of the source of this number."""
        identities = Identities(self._specification, stages.route.layout)
        shared = self._links(identities)
        own = stages.route.watches
        self._files += not stages.plan.is_further
        if not identities.is_known and not shared:
            return own
        seen = _Seen(identities, self._repeats, number, self._files, shared, self._leaves_earlier)
        if self._several and identities.key is not None:
            return (*own, seen, _Unsent(identities, self._repeats, number, self._files, stages.route))
        return (*own, seen)

    def told(self, reports: Sequence[SourceReport]) -> list[SourceReport]:
        """The reports on all sources, with what came more than once; asked when all were read."""
        found = self._repeats.found()
        if self._several:
            self.shared = found.shared
        return repeats_told(reports, self._specification, found)

    def noted(self) -> Iterator[Noted]:
        """All that was noted of the records, for who looks at those of other sources too."""
        return self._repeats.noted()


def repeats_told(
    reports: Sequence[SourceReport], specification: Specification, found: Repeated
) -> list[SourceReport]:
    """The reports on all sources, with what came more than once."""
    code = "key_repeated" if specification.key else "record_repeated"
    told = list(reports)
    for number, count in sorted(found.counts.items()):
        seen = Sighting(code, specification.key or "", count, tuple(found.lines[number]), told[number].path)
        sightings = Sightings()
        sightings.update([*told[number].suspicions, seen])
        told[number] = replace(told[number], suspicions=sightings.all())
    return told


class _Seen:
    """Watches by what the records of one source are known, some thousands at a time."""

    def __init__(
        self, identities: Identities, repeats: Repeats, number: int, file: int, shared: SharedLinks, leaves_earlier: bool,
    ) -> None:  # fmt: skip
        self._identities = identities
        self._repeats = repeats
        self._number = number
        self._file = file
        self.shared = shared
        # People are looked at chunk by chunk where the rows of several make a record, or earlier records are left out.
        self._by_chunk = identities.folds_people or leaves_earlier
        self._held: list[Known] = []
        self._count = 0

    def look(self, checked: Checked) -> None:
        known = self._identities.of(checked)
        self._held.append(known)
        self._count += len(known.lines)
        if self.shared and self._by_chunk:
            folds, whole = self._identities.folds_people, checked.whole or checked
            people = self._identities.of_each_row(whole) if folds else self._identities.of(whole)
            self.shared.look(people)
        if self._count > AT_ONCE:
            self._settle()

    def found(self) -> Iterator[Sighting]:
        self._settle()
        return self.shared.found()

    def _settle(self) -> None:
        known = joined(self._held)
        self._held, self._count = [], 0
        if self._identities.is_known:
            self._repeats.add(
                self._number, self._identities.identity(known), known.lines, ACCEPTED, self._file
            )
        if self.shared and not self._by_chunk:
            self.shared.look(known)


class _Unsent:
    """Watches the keys of records that are not sent, rejected or left out: another source may have more of them."""

    def __init__(
        self, identities: Identities, repeats: Repeats, number: int, file: int, route: Route[Any, Any]
    ) -> None:
        self._identities = identities
        self._repeats = repeats
        self._number = number
        self._file = file
        self._route = route

    def look(self, checked: Checked) -> None:
        if checked.rejected:
            keys, lines = self._identities.keys_of_rejected(checked)
            self._repeats.add(self._number, keys, lines, REJECTED, self._file)
        for keys, lines, _ in keys_left_out(self._identities, self._route, checked.shaped):
            self._repeats.add(self._number, keys, lines, LEFT_OUT, self._file)

    def found(self) -> Iterator[Sighting]:
        return iter(())
