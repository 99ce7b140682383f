"""Records are checked again, through the same code as the command: nothing here knows a rule."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.outbox.batch import ISSUES
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import rehearse
from lexer_pipeline.preparing.report import Report
from lexer_pipeline.reviewing.faulty_rows import Fault, FaultyRows, fault_of, lines_of
from lexer_pipeline.system.scratch import Scratch

# What is suspicious, or wrong, by specification and line.
Suspected: TypeAlias = Mapping[str, Mapping[int, Sequence[Fault]]]


class Checks(Struct, frozen=True):
    """How records are checked whose batches lie in `out`; `suspected` tells what is suspicious in the whole source now."""

    out: Path
    options: Options
    spec: str | None
    scratch: Scratch
    suspected: Callable[[], Suspected]

    def check(self, table: FaultyRows, records: Int64s, edits: Path | None) -> None:
        """Tell a table what is wrong with some of its records now, as the file of `edits` says."""
        if table.is_suspected:
            found = self.suspected().get(table.specification, {})
            for record, line in enumerate(table.lines.tolist()):
                table.became(record, tuple(found.get(line, ())))
        else:
            self._again(table, records, edits)

    def _again(self, table: FaultyRows, records: Int64s, edits: Path | None) -> None:
        """A file of their rejects takes the way of every fix."""
        with self.scratch.folder() as folder:
            file = folder / table.file
            with file.open("wb") as written:
                written.writelines(table.rejects(records.tolist()))
            asked = replace(self.options, edits=edits)
            found = rehearse(table.batch.path, [file], self.out, asked, _faults, self.spec)
        for number, record in enumerate(records.tolist()):
            lines = table.told_on(record, number)
            table.became(record, tuple(one for line in lines for one in found.get(line, ())))


def _faults(_: Report, folders: Sequence[Path]) -> dict[int, list[Fault]]:
    """What is rejected still, by line."""
    found: dict[int, list[Fault]] = {}
    for folder in folders:
        for _begin, _end, said in lines_of(folder / ISSUES):
            found.setdefault(said["line"], []).append(fault_of(said))
    return found
