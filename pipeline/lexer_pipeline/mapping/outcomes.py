"""What the conversions of a mapping make of texts, remembered from chunk to chunk."""

from collections.abc import Sequence

from msgspec.structs import replace

from lexer_pipeline.mapping import conversions
from lexer_pipeline.mapping.source_texts import UNIT_SEPARATOR, Said
from lexer_pipeline.mapping.target_columns import TargetColumn
from lexer_pipeline.specs import signs
from lexer_pipeline.validating.cleaning import LEFT_OUT, Cleaning

# Outcomes that are remembered, for each column that a mapping makes, and the longest texts of one.
MOST_KNOWN, LONGEST_KNOWN = 1 << 12, 256
USUAL = Cleaning()
# The change of a link that is left out since a word for nothing stands in it.
LEFT_PLACEHOLDER = "placeholder_left_out"
# A text, the names of what was done to it, and why it could not be converted.
Outcome = tuple[str, tuple[str, ...], conversions.Unconvertible | None]


class Outcomes:
    """What the columns of a mapping made of texts before, of a number of them at most."""

    def __init__(self, cleaning: Cleaning, leaves_placeholders: bool = False) -> None:
        self._cleaning = cleaning
        self._leaves_placeholders = leaves_placeholders
        self._outcomes: dict[int, dict[Said, Outcome]] = {}

    def of(self, place: int, one: TargetColumn, said: Sequence[Said]) -> list[Outcome]:
        """What becomes of each of some texts in the column at `place`."""
        known, steps = self._outcomes.setdefault(place, {}), one.steps
        outcomes = []
        for texts in said:
            outcome = known.get(texts)
            if outcome is None:
                outcome = converted(one, steps, texts, self._cleaning)
                if outcome[2] is not None and self._leaves_placeholders and one.is_link:
                    outcome = self._forgiven(one, texts, outcome)
                if len(known) >= MOST_KNOWN:
                    known.clear()
                if sum(map(len, texts)) <= LONGEST_KNOWN:
                    known[texts] = outcome
            outcomes.append(outcome)
        return outcomes

    def _forgiven(self, one: TargetColumn, said: Said, outcome: Outcome) -> Outcome:
        """A word for nothing that no conversion reads is no link, where the mapping leaves such records out."""
        text = _joined(one, said[: len(said) - len(one.telling)])
        return ("", (LEFT_PLACEHOLDER,), None) if self._cleaning.is_nothing(text) else outcome


def converted(
    one: TargetColumn,
    steps: Sequence[conversions.Conversion],
    said: Sequence[str],
    cleaning: Cleaning = USUAL,
) -> Outcome:
    """What some steps make of a column of the mapping where the columns that it reads say `said`, those of `telling` last."""
    own = len(said) - len(one.telling)
    text, rule, told = _joined(one, said[:own]), one.rule, next(filter(str.strip, said[own:]), "")
    if rule.split:
        parts = [part.strip() for part in text.split(rule.split)]
        filled = [part for part in parts if part]
        if len(filled) > rule.most:
            message = f"has more than {rule.most} items; allow more with most = ... in the mapping"
            return "", (), conversions.Unconvertible("length", f"at most {rule.most} items", message)
        text = filled[one.index] if one.index < len(filled) else ""
    seen = text if text.isascii() or not one.place.is_exact else signs.without_invisible(text)
    names = ["invisible_signs_removed"] if seen != text else []
    if not seen and text and one.place.identifies:
        # The reference says that it stands for nothing.
        return text, (), None
    text = seen
    for step in steps:
        if not text:
            break
        if isinstance(step, conversions.Hashed) and one.place.identifies:
            # Nobody sees what a hash was made of.
            refused = cleaning.refusal(text)
            if refused is not None:
                return "", (), refused
        done = step.of(text, told) if isinstance(step, conversions.OfRow) else step(text)
        if isinstance(done, conversions.Unconvertible):
            return _refused(one, text, done, cleaning)
        names.extend((*done.conversions, *done.warnings))
        text = done.text
    return text, tuple(names), None


def _refused(one: TargetColumn, text: str, why: conversions.Unconvertible, cleaning: Cleaning) -> Outcome:
    """What becomes of a text that a conversion refuses: an issue, or a field left out that a spreadsheet spoiled."""
    code = "spreadsheet_error" if signs.error_word(text) is not None else why.code
    if code in LEFT_OUT and cleaning.means(text):
        return text, (), None
    if code in LEFT_OUT and one.place.holds_text and not one.place.identifies:
        return "", (LEFT_OUT[code],), None
    told = cleaning.harm(text) if one.place.identifies else None
    return "", (), told or replace(why, message=why.message + signs.remark(text))


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
