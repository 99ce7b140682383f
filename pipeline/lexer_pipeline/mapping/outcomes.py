"""What the conversions of a mapping make of texts, remembered from chunk to chunk."""

from collections.abc import Sequence

from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.source_texts import UNIT_SEPARATOR, Said
from lexer_pipeline.mapping.target_columns import TargetColumn

# Outcomes that are remembered, for each column that a mapping makes, and the longest texts of one.
MOST_KNOWN, LONGEST_KNOWN = 1 << 12, 256
# A text, the names of what was done to it, and why it could not be converted.
Outcome = tuple[str, tuple[str, ...], conversions.Unconvertible | None]


class Outcomes:
    """What the columns of a mapping made of texts before, of a number of them at most."""

    def __init__(self) -> None:
        self._outcomes: dict[int, dict[Said, Outcome]] = {}

    def of(self, place: int, one: TargetColumn, said: Sequence[Said]) -> list[Outcome]:
        """What becomes of each of some texts in the column at `place`."""
        known, steps = self._outcomes.setdefault(place, {}), one.steps
        outcomes = []
        for texts in said:
            outcome = known.get(texts)
            if outcome is None:
                outcome = converted(one, steps, texts)
                if len(known) >= MOST_KNOWN:
                    known.clear()
                if sum(map(len, texts)) <= LONGEST_KNOWN:
                    known[texts] = outcome
            outcomes.append(outcome)
        return outcomes


def converted(one: TargetColumn, steps: Sequence[conversions.Conversion], said: Sequence[str]) -> Outcome:
    """What some steps make of a column of the mapping where the columns that it reads say `said`, the country last."""
    text, rule = _joined(one, said[: len(said) - len(one.country)]), one.rule
    country = next(filter(None, said[len(said) - len(one.country) :]), "")
    if rule.split:
        parts = [part.strip() for part in text.split(rule.split)]
        filled = [part for part in parts if part]
        if len(filled) > rule.most:
            message = f"has more than {rule.most} items; allow more with most = ... in the mapping"
            return "", (), conversions.Unconvertible("length", f"at most {rule.most} items", message)
        text = filled[one.index] if one.index < len(filled) else ""
    names: list[str] = []
    for step in steps:
        if not text:
            break
        done = step.of(text, country) if isinstance(step, conversions.Phone) else step(text)
        if isinstance(done, conversions.Unconvertible):
            return "", (), done
        names.extend((*done.conversions, *done.warnings))
        text = done.text
    return text, tuple(names), None


def _joined(one: TargetColumn, said: Sequence[str]) -> str:
    if not any(said):
        return ""
    if one.made:
        return UNIT_SEPARATOR.join(said)
    if one.rule.takes_first:
        return next(text for text in said if text)
    if one.rule.join is not None:
        return one.rule.join.join(text for text in said if text)
    if len(one.pieces) == 1:
        return said[0]
    texts = iter(said)
    return "".join(next(texts) if isinstance(piece, int) else piece for piece in one.pieces).strip()
