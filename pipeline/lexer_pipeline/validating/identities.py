"""By what the accepted records of a chunk are known: hashes of their key, their link and the names in them."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson
from msgspec import Struct

from lexer_pipeline.chunks.results import Checked, Shaped, ShapedDocuments, ShapedRows
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.arrays import Bools, Int32s, Int64s, UInt64s
from lexer_pipeline.kernels.codes import HAS_DOUBLED
from lexer_pipeline.model import Specification
from lexer_pipeline.specs.identity import REFERENCE, REFERENCES
from lexer_pipeline.validating.layout import Layout

LINK = "link"
# What may stand for a person in a link; and those of them that people may share by mistake, hashes being e-mails again.
LINKS = ("email", "email_sha256", "email_md5", "customer_id", "mobile", "external_id", "link_value")
SHAREABLE = ("email", "customer_id", "mobile", "external_id", "link_value")
NAMES = ("first_name", "last_name")
# The last part of a custom field that holds the whole name of who bought.
WHOLE_NAMES = ("name", "full_name", "customer_name")
EMAIL = "email"
NEVER = 1 << 63
# Hashes of fields of some records, by the path of the field; of those that none of them fills there may be none.
Hashes = dict[str, UInt64s]


class Known(Struct, frozen=True):
    """The hashes of some fields of records, by path, 0 where one is not filled, and the line on which each begins."""

    fields: Mapping[str, UInt64s]
    lines: Int64s

    def of(self, path: str) -> UInt64s:
        """The hashes of one field."""
        return self.fields[path] if path in self.fields else np.zeros(len(self.lines), np.uint64)

    def all_of(self, paths: Sequence[str]) -> UInt64s:
        """One hash of several fields together; 0 where none is filled."""
        total = np.zeros(len(self.lines), np.uint64)
        for number, path in enumerate(paths):
            if path in self.fields:
                total += self.fields[path] * np.uint64(2 * number + 1)
        return total

    def first_of(self, paths: Sequence[str]) -> UInt64s:
        """The hash of the first of several fields that is filled."""
        found = np.zeros(len(self.lines), np.uint64)
        for path in paths:
            if path in self.fields:
                found = np.where(found == 0, self.fields[path], found)
        return found

    def in_order(self) -> "Known":
        """The same records in the order of their lines."""
        order = np.argsort(self.lines, kind="stable")
        return Known({path: hashes[order] for path, hashes in self.fields.items()}, self.lines[order])

    def reference(self) -> UInt64s:
        """By what orders name a product: the id that its type of reference says, or the first that it has."""
        said = self.fields.get(REFERENCE)
        found = np.zeros(len(self.lines), np.uint64)
        for number, name in enumerate(REFERENCES):
            if name in self.fields:
                ids = self.fields[name] * np.uint64(2 * number + 1)
                found = np.where(found == 0, ids, found)
                if said is not None:
                    is_meant = (said == np.uint64(dispatch.hash_text(name.encode(), False))) & (ids != 0)
                    found = np.where(is_meant, ids, found)
        return found


def joined(parts: Sequence[Known]) -> Known:
    """Some records and those that came after them."""
    if len(parts) == 1:
        return parts[0]
    fields = {path for one in parts for path in one.fields}
    return Known(
        {path: np.concatenate([one.of(path) for one in parts]) for path in fields},
        np.concatenate([np.zeros(0, np.int64), *(one.lines for one in parts)]),
    )


class Identities:
    """Reads what the records of one source are known by; with a layout those fields alone that its columns fill."""

    def __init__(self, specification: Specification, layout: Layout | None) -> None:
        there = {field.path for field in specification.fields}
        self._columns: dict[str, int] = {}
        if layout is not None:
            self._columns = {str(leaf.path): leaf.column for leaf in layout.leaves if not leaf.is_repeated}
            there &= self._columns.keys()
        self.key = specification.key if specification.key in there else None
        self.is_product = REFERENCE in {field.path for field in specification.fields}
        self.is_person = set(NAMES) <= {field.path for field in specification.fields}
        self.whole_names = tuple(
            path for path in self._columns
            if path.startswith("custom_fields.") and path.rpartition(".")[2] in WHOLE_NAMES
        )  # fmt: skip
        links = LINKS if self.is_person or self.whole_names else ()
        self.links = tuple(f"{LINK}.{name}" for name in links if f"{LINK}.{name}" in there)
        self.names = tuple(name for name in NAMES if name in there)
        self.folds_people = self.is_person and layout is not None and layout.folds
        references = [REFERENCE, *REFERENCES] if self.is_product else []
        wanted = [
            *([self.key] if self.key else []), *references, *self.links, *self.names, *([EMAIL] if self.is_person else []),
        ]  # fmt: skip
        self.fields = (*(path for path in wanted if path in there), *self.whole_names)

    @property
    def columns(self) -> list[tuple[int, bool]]:
        """The column of each of the fields, and whether the case of letters makes no difference in it."""
        return [(self._columns[path], self._is_name(path)) for path in self.fields]

    @property
    def is_known(self) -> bool:
        """Whether a record of this source must not be there twice."""
        return self.key is not None or self.is_product or (self.is_person and bool(self.links))

    def identity(self, known: Known) -> UInt64s:
        """What a record must not share with another one: its key, its reference or its link; 0 where it has none."""
        if self.key is not None:
            return known.of(self.key)
        if self.is_product:
            return known.reference()
        return known.all_of(self.links) if self.is_person else np.zeros(len(known.lines), np.uint64)

    def of(self, checked: Checked) -> Known:
        """The accepted records of a chunk."""
        shaped = checked.shaped
        if isinstance(shaped, ShapedRows):
            return joined(self._of_rows(checked, shaped))
        return joined(self._of_documents(checked, shaped))

    def of_each_row(self, checked: Checked) -> Known:
        """The rows of the accepted records of a chunk, each as if it were a record: several people may be folded into one."""
        shaped = checked.shaped
        if not isinstance(shaped, ShapedRows):
            return self.of(checked)
        chunk = shaped.chunk
        accepted = checked.vouched.copy()
        accepted[list(checked.lines)] = True
        return self._in_cells(shaped, np.flatnonzero(chunk.rows_of(accepted)).astype(np.int32))

    def keys_of(self, shaped: Shaped) -> UInt64s:
        """The key of each record of a chunk of which nothing is written, accepted or not; 0 where it cannot be read."""
        if isinstance(shaped, ShapedRows):
            return self._cells(shaped, shaped.chunk.firsts, self._columns[self.key or ""], False)
        return np.array(
            [self._key_in(shaped.chunk.text(row)) for row in range(shaped.chunk.records)], np.uint64
        )

    def keys_of_rejected(self, checked: Checked) -> tuple[UInt64s, Int64s]:
        """The keys of the records that were rejected, as far as they can be read, and their lines."""
        shaped = checked.shaped
        rows = np.array([one.rows[0] for one in checked.rejected], np.int32)
        lines = shaped.chunk.lines[rows]
        if isinstance(shaped, ShapedRows):
            firsts = shaped.chunk.firsts[np.searchsorted(shaped.chunk.firsts, rows, "right") - 1]
            return self._cells(shaped, firsts, self._columns[self.key or ""], False), lines
        return np.array([self._key_in(shaped.chunk.text(row)) for row in rows.tolist()], np.uint64), lines

    def _key_in(self, text: bytes) -> int:
        try:
            said = orjson.loads(text)
        except ValueError:
            return 0
        return _hash(said.get(self.key), False) if isinstance(said, dict) else 0

    def _of_rows(self, checked: Checked, shaped: ShapedRows) -> list[Known]:
        chunk = shaped.chunk
        accepted = checked.vouched.copy()
        accepted[list(checked.lines)] = True
        firsts = chunk.firsts[accepted]
        parts = [self._in_cells(shaped, firsts)] if len(firsts) else []
        if (written := chunk.written) is not None:
            hashes = {path: written.hashes[:, place] for place, path in enumerate(self.fields)}
            parts.append(Known(hashes, written.lines))
        return parts

    def _in_cells(self, shaped: ShapedRows, rows: Int32s) -> Known:
        found = {
            path: self._cells(shaped, rows, self._columns[path], self._is_name(path)) for path in self.fields
        }
        return Known(found, shaped.chunk.lines[rows])

    def _is_name(self, path: str) -> bool:
        return path in NAMES or path in self.whole_names

    def _cells(self, shaped: ShapedRows, firsts: Int32s, column: int, folded: bool) -> UInt64s:
        cells = shaped.cells
        hashes = dispatch.hash_cells(cells, column, firsts, folded)
        flags = cells.flags[firsts.astype(np.int64) * cells.columns + column]
        for place in np.flatnonzero(flags & HAS_DOUBLED).tolist():
            at = int(firsts[place]) * cells.columns + column
            text = cells.data[cells.starts[at] : cells.ends[at]].replace(b'""', b'"')
            hashes[place] = dispatch.hash_text(text, folded)
        return hashes

    def _of_documents(self, checked: Checked, shaped: ShapedDocuments) -> list[Known]:
        written: Bools = checked.vouched
        rows = sorted(checked.lines)
        lines = shaped.chunk.lines
        parts = [Known(self._hashes(shaped.data, shaped.ends[written]), lines[written])]
        if rows:
            ends = np.cumsum([len(checked.lines[row]) for row in rows], dtype=np.int64)
            decided = b"".join([checked.lines[row] for row in rows])
            parts.append(Known(self._hashes(decided, ends), lines[rows]))
        return parts

    def _hashes(self, data: bytes, ends: Int64s) -> Hashes:
        """The hashes of the fields of each line of NDJSON, by the places behind the lines."""
        keys = tuple(path.removeprefix(f"{LINK}.").encode() for path in self.fields)
        linked = [path.startswith(f"{LINK}.") for path in self.fields]
        folded = [path in NAMES for path in self.fields]
        hashes, met, odd = dispatch.hash_lines(
            data, np.ascontiguousarray(ends), keys, linked, folded, self._enough()
        )
        if odd:
            begins = np.append(0, ends)
            for place in odd:
                record = orjson.loads(data[begins[place] : ends[place]])
                for number, key in enumerate(keys):
                    holder = record.get(LINK, {}) if linked[number] else record
                    hashes[number, place] = _hash(holder.get(key.decode()), folded[number])
        return {path: hashes[place] for place, path in enumerate(self.fields) if odd or met >> place & 1}

    def _enough(self) -> int:
        """The fields behind which nothing more is looked for: an e-mail tells people apart where there is no name alone."""
        if self.is_product or (self.is_person and len(self.names) < len(NAMES)):
            return NEVER
        wanted = [self.fields.index(path) for path in (*([self.key] if self.key else []), *self.names)]
        return sum(1 << place for place in [*wanted, *([len(self.fields)] if self.links else [])]) or NEVER


def _hash(value: object, folded: bool) -> int:
    return dispatch.hash_text(value.encode(), folded) if isinstance(value, str) else 0
