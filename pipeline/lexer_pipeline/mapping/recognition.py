"""Which preset a header belongs to: one that knows it, several between which a person must choose, or none but the nearest."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.mapping.file import presets, trusted
from lexer_pipeline.mapping.header import is_named, named_columns
from lexer_pipeline.mapping.rules import Mapping
from lexer_pipeline.mapping.synonyms import is_of_money, is_of_person
from lexer_pipeline.specs.names import normalised

# A column that looks like money or an order weighs as much as so many of a person.
MONEY = 3
# Fewer columns that are known say nothing of where an export comes from, unless they are all that it has.
LEAST_KNOWN, LEAST_WHOLE = 4, 3
# More presets that are equally near say nothing either.
MOST_NEAR = 3
# Records of these need nothing but somebody to link to.
OF_PEOPLE = frozenset({"profile_customer", "marketing_email_subscribe", "marketing_sms_subscribe"})


class Fit(Struct, frozen=True):
    """How a preset fits a header.

    `lacks` are columns that it must have, `has` those that it never has, `known` counts those that the preset reads or leaves out
    on purpose, of all `columns`. `strange` are columns that it does not know though they are called like fields; they weigh against it.
    One that is `linked` has a column by which the preset knows a person; one that `tells` has one of its columns that is not called like a
    field, as those of all people are.
    """

    mapping: Mapping
    lacks: tuple[str, ...]
    has: tuple[str, ...]
    known: int
    strange: tuple[str, ...]
    columns: int
    linked: bool
    tells: bool

    @property
    def is_mostly_known(self) -> bool:
        """Whether at least half of the header is known."""
        return 2 * self.known >= self.columns

    @property
    def fits(self) -> bool:
        """Whether the header has what it must have and nothing that it never has."""
        return not self.lacks and not self.has

    @property
    def would_run(self) -> bool:
        """Whether the preset makes something of the export all the same, though it does not fit.

        A list of people needs somebody to link to; of any other it may be one column that is missing, if that tells no rows apart.
        """
        if self.has or self.mapping.refuse or not (self.mapping.columns_vary and self.is_mostly_known):
            return False
        if all(record.specification in OF_PEOPLE for record in self.mapping.records):
            return self.linked
        return len(self.lacks) == 1 and self.lacks[0] not in _keys(self.mapping)

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


class Recognised(Struct, frozen=True):
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
    return Recognised(tuple(one for one in whole if one.score == best), _nearest(near))


def _nearest(near: Sequence[Fit]) -> tuple[Fit, ...]:
    """Those that know most: of several those that would run, else those that have most of what they must have."""
    most = max((one.score for one in near), default=0)
    alike = [one for one in near if one.score == most]
    share = max(map(_share, alike), default=0)
    found = [one for one in alike if one.would_run] or [one for one in alike if _share(one) == share]
    return tuple(found) if len(found) <= MOST_NEAR else ()


@cache
def _named(preset: Path) -> frozenset[str]:
    """The columns that a preset names: every header is compared with those of all presets."""
    mapping = trusted(preset)
    required = (name for names in mapping.recognise.required for name in names)
    return named_columns(mapping) | {normalised(name) for name in required}


def _fit(mapping: Mapping, header: Sequence[str], have: AbstractSet[str], strange: frozenset[str]) -> Fit:
    required, named = mapping.recognise.required, _named(mapping.path)
    unknown = [name for name in header if not is_named(name, named)]
    return Fit(
        mapping, tuple(names[0] for names in required if have.isdisjoint(map(normalised, names))),
        tuple(name for name in mapping.recognise.excluding if normalised(name) in have), len(header) - len(unknown),
        # An export that cannot be converted has none of the columns of its mapping named. An API answers with all that it has.
        () if mapping.refuse or mapping.documents is not None else tuple(name for name in unknown if name in strange), len(header),
        any(normalised(name) in have for name in _links(mapping)), not strange | set(unknown) >= set(header),
    )  # fmt: skip


def _links(mapping: Mapping) -> Iterator[str]:
    """The names of the columns by which a preset knows a person."""
    rules = (rule for record in mapping.records for rule in record.fields)
    return (
        name for rule in rules if rule.target.startswith("link.") for names in rule.columns for name in names
    )


def _keys(mapping: Mapping) -> AbstractSet[str]:
    """The names of the columns that tell which rows make one record."""
    keys = {record.key for record in mapping.records if record.key}
    rules = (rule for record in mapping.records for rule in record.fields if rule.target == record.key)
    return keys | {name for rule in rules for names in rule.columns for name in names}


def _is_near(fit: Fit) -> bool:
    """Whether a header has a fair share of what it must have; of an export that cannot be converted most of it, and is mostly known.

    What speaks against such an export is not known, so a few columns that others have too say nothing.
    """
    if fit.is_doubtful or not fit.tells:
        return False
    if fit.mapping.refuse:
        return fit.known >= LEAST_KNOWN and _share(fit) >= 0.6 and fit.is_mostly_known
    if fit.known == fit.columns >= LEAST_WHOLE and _share(fit) >= 1 / 2:
        return True
    return fit.known >= LEAST_KNOWN and _share(fit) >= 1 / 3


def _share(fit: Fit) -> float:
    """The share of the columns that it must have and has."""
    required = len(fit.mapping.recognise.required)
    return (required - len(fit.lacks) - len(fit.has)) / required
