"""Rejected records by their signature: those that are wrong in the same way are judged once by the reference.

What the reference says of a row depends on which cells are filled, on the words in columns that the schema compares
with words, and on how each cell that is not certainly right is wrong. Rows alike in all of that have the same
problems, so that a file of nothing but bad rows does not cost a full judgement for each.
"""

from collections.abc import Iterable, Sequence

import jsonschema_rs
import numpy as np

from lexer_pipeline.chunks.cells import Cells
from lexer_pipeline.kernels import codes, dispatch
from lexer_pipeline.kernels.arrays import Bools, Int64s, Integers
from lexer_pipeline.model import Problem, Schema
from lexer_pipeline.specs import signs, values
from lexer_pipeline.validating.branches import Leaf
from lexer_pipeline.validating.columnar import ColumnarChecker, NotColumnar
from lexer_pipeline.validating.dependence import condition_names, is_free
from lexer_pipeline.validating.document import NumberText
from lexer_pipeline.validating.layout import Layout
from lexer_pipeline.validating.reference import ReferenceChecker, validator_of

LEAF_RULES = (
    "type", "enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum",
)  # fmt: skip
# A signature is remembered with its problems, of which one record may have a thousand; and how so many values are wrong.
MOST_PROBLEMS = 1 << 16
MOST = 1 << 14
# Longer values are not remembered: there may be as many as records.
LONGEST = 256
MOST_COMBINED = 1 << 62
Problems = tuple[Problem, ...]


class Remembered:
    """The problems of each signature, as long as they are not too many; owns nothing but that memory."""

    def __init__(self) -> None:
        self._known: dict[object, Problems] = {}
        self._room = MOST_PROBLEMS

    def known(self, signature: object | None) -> Problems:
        """The problems of records of this signature; none where it is new, or cannot be told."""
        return self._known.get(signature, ())

    def learn(self, signature: object | None, problems: Problems) -> None:
        """Remember what the reference said of a record of this signature."""
        if signature is not None and 0 < len(problems) <= self._room:
            self._known[signature] = problems
            self._room -= len(problems)


class RowSignatures(Remembered):
    """Remembers the problems of each signature of rows of one source."""

    def __init__(self, layout: Layout, reference: ReferenceChecker) -> None:
        super().__init__()
        self._layout = layout
        self._reference = reference
        self._wrong: dict[tuple[int, str], tuple[str, ...]] = {}
        self._validators: dict[int, list[jsonschema_rs.Draft202012Validator]] = {}
        names = set(condition_names(reference.schema, False))
        self._repeated = np.array([leaf.is_repeated for leaf in layout.leaves])
        self._told = np.array([not is_free(leaf, reference.tree) for leaf in layout.leaves])
        # Of each list that has an item a row: which of the leaves lie in it.
        lists = [leaf.path.repeated_list for leaf in layout.leaves]
        self._items = [[one == path for one in lists] for path in sorted({one for one in lists if one})]
        # What a schema can be asked does not depend on the rows that it is asked about.
        self._is_askable = _is_askable(reference, layout)
        self.columns = [leaf.column for leaf in layout.leaves]
        # The columns that the schema compares with words: their texts are part of a signature.
        self.compared = [leaf.column for leaf in layout.leaves if leaf.is_compared or leaf.path[-1] in names]

    def of_chunk(self, read: Cells, shaped: Cells) -> "ChunkSignatures | None":
        """The signatures of one chunk; None where the schema says more than columns can be asked.

        `read` are the cells before they were shaped, once-a-record cells in the first row of their record.
        """
        if self._reference.shows or not self._is_askable:
            return None
        checker = ColumnarChecker(self._reference.schema, self._layout.branch, shaped, np.arange(shaped.rows))
        certain = [checker.is_certain(leaf) for leaf in self._layout.leaves]
        filled = np.stack([checker.fills(leaf) for leaf in self._layout.leaves], axis=1)
        doubtful = filled & ~np.stack(certain, axis=1)
        # Behind the first row of a record only what has a value for each row says something.
        shown = self._shown(filled, self._told), self._shown(filled, self._told & self._repeated)
        return ChunkSignatures(self, read, shown, (doubtful, doubtful & self._repeated))

    def _shown(self, filled: Bools, told: Bools) -> Bools:
        """Of each row: which of the leaves told are filled, and which lists have an item."""
        items = [filled[:, places].any(axis=1) for places in self._items]
        return np.column_stack([filled & told, *items])

    def wrongs(self, place: int, text: str) -> tuple[str, ...]:
        """How one cell is wrong: the names of the rules that it breaks, in each view of its field."""
        known = self._wrong.get((place, text))
        if known is None:
            known = tuple(self._broken(place, self._layout.leaves[place], text))
            if len(self._wrong) >= MOST:
                self._wrong.clear()
            self._wrong[place, text] = known
        return known

    def _broken(self, place: int, leaf: Leaf, text: str) -> list[str]:
        reference = self._reference
        done = reference.cleaning.raw(text, leaf.kind) if leaf.is_raw else reference.cell(text, leaf.place)
        if isinstance(done, values.Unconvertible):
            return [done.code, done.rule, done.message]
        value: object = done.text
        if leaf.is_raw:
            value = done.text == "true" if leaf.kind == codes.KIND_BOOLEAN else NumberText(done.text).plain
        if place not in self._validators:
            self._validators[place] = [leaf_validator(view) for view in leaf.place.views]
        return broken_rules(self._validators[place], value)


def _is_askable(reference: ReferenceChecker, layout: Layout) -> bool:
    """Whether all that the schema says can be asked of columns."""
    places, flags = np.zeros(layout.columns, np.int32), np.zeros(layout.columns, np.uint8)
    empty = Cells(b"", layout.columns, places, places, flags)
    checker = ColumnarChecker(reference.schema, layout.branch, empty, np.zeros(1, np.int64))
    try:
        checker.ask()
        for leaf in layout.leaves:
            checker.is_certain(leaf)
    except NotColumnar:
        return False
    return True


class ChunkSignatures:
    """The signatures of the records of one chunk, each given by its rows.

    `shown` has for each row what its signature depends on, `doubtful` the leaves that are not certain; both for a row that is
    the first of its record, and for one that is not.
    """

    def __init__(
        self,
        signatures: RowSignatures,
        read: Cells,
        shown: tuple[Bools, Bools],
        doubtful: tuple[Bools, Bools],
    ) -> None:
        self._signatures = signatures
        self._read = read
        self._shown = shown
        self._doubtful = doubtful
        self._in_rows = tuple(_by_row(mask) for mask in doubtful)

    def of(self, rows: Sequence[int]) -> tuple[object, ...]:
        """What the reference's word on a record depends on, whose rows agree with each other."""
        signatures, text = self._signatures, self._read.text
        parts: list[object] = []
        view = 0
        for row in rows:
            parts.append(self._shown[view][row].tobytes())
            for place in self._in_rows[view].get(row, ()):
                parts += (place, signatures.wrongs(place, text(row, signatures.columns[place])))
            parts += [text(row, column) for column in signatures.compared]
            view = 1
        return tuple(parts)

    def kinds(self, rows: Integers) -> Integers:
        """Numbers for records of one row each; those of one number have one signature, all columns looked at once."""
        signatures, doubtful = self._signatures, self._doubtful[0][rows]
        found: list[tuple[Integers, int]] = [(words, 1 << 32) for words in _in_words(self._shown[0][rows])]
        for place in np.flatnonzero(doubtful.any(axis=0)).tolist():
            some = np.flatnonzero(doubtful[:, place])
            numbers, texts = self._told_apart(rows[some], signatures.columns[place])
            known: dict[tuple[str, ...], int] = {}
            wrongs = [known.setdefault(signatures.wrongs(place, text), len(known) + 1) for text in texts]
            how = np.zeros(len(rows), np.int64)
            how[some] = np.array(wrongs, np.int64)[numbers]
            found.append((how, len(known) + 1))
        for column in signatures.compared:
            numbers, texts = self._told_apart(rows, column)
            found.append((numbers, len(texts)))
        return _combined(found)

    def _told_apart(self, rows: Integers, column: int) -> tuple[Integers, list[str]]:
        """For each row the number of its text in a column, and the texts."""
        read, at = self._read, rows * self._read.columns + column
        numbers, first = dispatch.distinct(read.data, read.starts[at], read.ends[at], read.flags[at])
        return numbers, [read.text(row, column) for row in rows[first].tolist()]


def _in_words(shown: Bools) -> list[Int64s]:
    """The columns of each row as bits of a few numbers, none of which has more than 32."""
    bits = np.packbits(shown, axis=1)
    words = np.zeros((len(bits), -(-bits.shape[1] // 4) * 4), np.uint8)
    words[:, : bits.shape[1]] = bits
    return list(words.view(np.uint32).astype(np.int64).T)


def _combined(found: Iterable[tuple[Integers, int]]) -> Integers:
    """One number for each combination of numbers that rows have; of each it is known how many there may be."""
    whole, most = np.zeros(1, np.int64), 1
    for numbers, count in found:
        if most * count > MOST_COMBINED:
            values, whole = np.unique(whole, return_inverse=True)
            most = len(values)
        whole, most = whole * count + numbers, most * count
    return whole


def _by_row(mask: Bools) -> dict[int, list[int]]:
    """The leaves with a True of each row that has one."""
    found: dict[int, list[int]] = {}
    for row, place in zip(*(places.tolist() for places in np.nonzero(mask)), strict=True):
        found.setdefault(row, []).append(place)
    return found


def broken_rules(validators: Sequence[jsonschema_rs.Draft202012Validator], value: object) -> list[str]:
    """The rules that a value breaks, by validator, and what an issue says of its signs."""
    names = [
        f"{number} {error.kind.name}"
        for number, validator in enumerate(validators)
        for error in validator.iter_errors(value)
    ]
    return [*names, signs.remark_on_value(value)] if names and isinstance(value, str) else names


def leaf_validator(view: Schema) -> jsonschema_rs.Draft202012Validator:
    """The validator of what a view says of one value."""
    rules = {key: value for key, value in view.items() if key in LEAF_RULES}
    return validator_of(rules)
