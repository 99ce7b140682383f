"""What becomes of a chunk: shaped by its fields, then each record accepted or rejected."""

from collections.abc import Mapping

from msgspec import Struct, field

from lexer_pipeline.chunks.cells import Cells
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Change, Records
from lexer_pipeline.kernels.arrays import Bools, Int64s
from lexer_pipeline.model import Issue, IssueText
from lexer_pipeline.suspicions import Sighting

Chunk = Records | Documents


class ShapedRows(Struct, frozen=True):
    """Rows whose cells have the form of their types; `doubtful` marks the rows that may not."""

    chunk: Records
    cells: Cells
    doubtful: Bools
    conversions: tuple[Change, ...]
    warnings: tuple[Change, ...]


class ShapedDocuments(Struct, frozen=True):
    """Documents of which some need nothing but to be written: document i is data[ends[i - 1]:ends[i]] as NDJSON.

    That is empty where a document may not satisfy the schema or may need another conversion than those that
    `conversions` counts, by name and field.
    """

    chunk: Documents
    data: bytes
    ends: Int64s
    conversions: Mapping[tuple[str, str], int]


Shaped = ShapedRows | ShapedDocuments


class Rejected(Struct, frozen=True):
    """A record that cannot be sent: its rows in the chunk (blank ones left out), and why.

    Records that are wrong in the same way share the `texts` of their issues; `places` are the line and row number of each.
    `values` are those that issues show, where somebody asked for them.
    """

    rows: tuple[int, ...]
    source: str
    places: tuple[tuple[int, int], ...]
    texts: tuple[IssueText, ...]
    values: tuple[str, ...] = ()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is wrong with it."""
        values = self.values or [""] * len(self.texts)
        return tuple(
            Issue(
                self.source, line, number, text.path, text.column, text.code, text.rule, text.message, value
            )
            for (line, number), text, value in zip(self.places, self.texts, values, strict=True)
        )


class Checked(Struct, frozen=True):
    """A chunk with each record accepted or rejected.

    The records `vouched` are accepted as shaped; `lines` holds the NDJSON of those that the reference
    accepted, by record; the records `folded` are part of what another source has, and those with one number in `groups` are of one. `taken` rows are left to
    another record of the mapping. `rows` = `records` + the rows rejected + `continuations` + `blank` + `unchanged`: rows of
    `unchanged_records`, which are accepted and at the destination already; `sent` says, where there may be such, which accepted ones are not.
    Where records were left out for a later one of the same, `whole` is the chunk with them: who looks at people has to see all.
    """

    shaped: Shaped
    vouched: Bools
    lines: Mapping[int, bytes]
    rejected: tuple[Rejected, ...]
    rows: int
    records: int
    continuations: int
    blank: int
    conversions: Mapping[tuple[str, str], int]
    warnings: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    suspicions: tuple[Sighting, ...] = ()
    folded: tuple[int, ...] = ()
    taken: int = 0
    groups: Mapping[int, int] = field(default_factory=dict)
    unchanged: int = 0
    unchanged_records: int = 0
    sent: Bools | None = None
    whole: "Checked | None" = None
