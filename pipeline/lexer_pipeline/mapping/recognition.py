"""Which preset a header belongs to: one that knows it, several between which a person must choose, or none but the nearest."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lexer_pipeline.mapping.file import presets
from lexer_pipeline.mapping.header import is_named, named_columns
from lexer_pipeline.mapping.rules import Mapping
from lexer_pipeline.mapping.synonyms import is_of_money, is_of_person
from lexer_pipeline.specs.names import normalised

# A column that looks like money or an order weighs as much as so many of a person.
MONEY = 3
# Fewer columns that are known say nothing of where an export comes from.
LEAST_KNOWN = 4


@dataclass(frozen=True, slots=True)
class Fit:
    """How a preset fits a header.

    `lacks` are columns that it must have, `has` those that it never has, `known` counts those that the preset reads or leaves out
    on purpose, of all `columns`. `strange` are columns that it does not know though they are called like fields; they weigh against it.
    """

    mapping: Mapping
    lacks: tuple[str, ...]
    has: tuple[str, ...]
    known: int
    strange: tuple[str, ...]
    columns: int

    @property
    def is_mostly_known(self) -> bool:
        """Whether at least half of the header is known."""
        return 2 * self.known >= self.columns

    @property
    def fits(self) -> bool:
        """Whether the header has what it must have and nothing that it never has."""
        return not self.lacks and not self.has

    @property
    def weight(self) -> int:
        """What the strange columns weigh."""
        return sum(MONEY if is_of_money(name) else 1 for name in self.strange)

    @property
    def score(self) -> int:
        """Known columns less what the strange ones weigh."""
        return self.known - self.weight

    @property
    def is_doubtful(self) -> bool:
        """Whether the strange columns weigh as much as half of those that are known."""
        return 2 * self.weight >= self.known and self.weight > 0


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a header was found to be: `fitting` are the presets of the best score, `nearest` those that come next, equally near, if none fits."""

    fitting: tuple[Fit, ...]
    nearest: tuple[Fit, ...]

    @property
    def sure(self) -> Mapping | None:
        """The one preset that it is, without a doubt."""
        is_sure = len(self.fitting) == 1 and not self.fitting[0].is_doubtful
        return self.fitting[0].mapping if is_sure else None


def recognise(header: Sequence[str], is_of_documents: bool = False) -> Recognised:
    """What a header is: the presets whose signature it has, of which those are taken that know most of its columns.

    Presets for documents are those of a header that is made of their paths alone.
    """
    have = {normalised(name) for name in header}
    strange = frozenset(name for name in header if is_of_person(name) or is_of_money(name))
    known = (
        one for one in presets() if one.recognise.required and (is_of_documents or one.documents is None)
    )
    fits = [_fit(one, header, have, strange) for one in known]
    whole = [one for one in fits if one.fits]
    best = max((one.score for one in whole), default=0)
    near = [] if whole else [one for one in fits if _is_near(one)]
    least = max(map(_nearness, near), default=None)
    return Recognised(
        tuple(one for one in whole if one.score == best),
        tuple(one for one in near if _nearness(one) == least),
    )


def _fit(mapping: Mapping, header: Sequence[str], have: AbstractSet[str], strange: AbstractSet[str]) -> Fit:
    required = mapping.recognise.required
    named = named_columns(mapping) | {normalised(name) for names in required for name in names}
    unknown = [name for name in header if not is_named(name, named)]
    return Fit(
        mapping, tuple(names[0] for names in required if have.isdisjoint(map(normalised, names))),
        tuple(name for name in mapping.recognise.excluding if normalised(name) in have), len(header) - len(unknown),
        # An export that cannot be converted has none of the columns of its mapping named. An API answers with all that it has.
        () if mapping.refuse or mapping.documents is not None else tuple(name for name in unknown if name in strange), len(header),
    )  # fmt: skip


def _is_near(fit: Fit) -> bool:
    """Whether a header has a fair share of what it must have; of an export that cannot be converted most of it, and is mostly known.

    What speaks against such an export is not known, so a few columns that others have too say nothing.
    """
    if fit.is_doubtful or fit.known < LEAST_KNOWN:
        return False
    if fit.mapping.refuse:
        return _nearness(fit)[0] >= 0.6 and fit.is_mostly_known
    return _nearness(fit)[0] >= 1 / 3


def _nearness(fit: Fit) -> tuple[float, int]:
    """The share of the columns that it must have and has, and how many it knows."""
    required = len(fit.mapping.recognise.required)
    return (required - len(fit.lacks) - len(fit.has)) / required, fit.score
