"""A workbook opened, and the sheet of it that is meant."""

import unicodedata
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.workbook_mend import mended
from lexer_pipeline.loading.workbook_xml import BROKEN_ZIP, reach
from lexer_pipeline.system.process import allow_memory

COMPOUND = b"\xd0\xcf\x11\xe0"
# All cells up to the last row and column take memory, 2 GiB for so many.
MOST_CELLS = 1 << 26
MEMORY_A_CELL = 32


class Found(NamedTuple):
    """The sheet to be read, and the names of the others that hold something."""

    sheet: CalamineSheet
    others: tuple[str, ...]


def opened(file: BinaryIO, name: str, wanted: str | None, memory: int) -> tuple[Found, BinaryIO]:
    """The sheet asked for, and the file it was read from: one that the library cannot read is tried once more, mended.

    It may take `memory`, beside that for the area of a sheet.
    """
    try:
        return _sheet_of(file, name, wanted, memory), file
    except PasswordError:
        raise SourceError(f"{name}: is locked with a password", "Save it without one.") from None
    except CalamineError as problem:
        kind = _kind(problem)
    try:
        whole = mended(file)
        return _sheet_of(whole, name, wanted, memory), whole
    except (CalamineError, *BROKEN_ZIP):
        raise SourceError(f"{name}: the workbook is broken ({kind})", "Save it again, or as CSV.") from None


def _sheet_of(file: BinaryIO, name: str, wanted: str | None, memory: int) -> Found:
    file.seek(0)
    with CalamineWorkbook.from_filelike(file) as book:
        return _chosen(book, file, name, wanted, memory)


def _called(wanted: str, names: Sequence[str], name: str) -> str:
    """The sheet of that name, in whatever case and with blanks around."""
    near = [one for one in names if _plain(one) == _plain(wanted)]
    if wanted in names or len(near) == 1:
        return wanted if wanted in names else near[0]
    if near:
        raise UsageError(
            f"{name}: more than one sheet is called like {wanted}: {', '.join(near)}",
            "Name one of them exactly with --sheet.",
        )
    meant = names[0] if len(names) == 1 else _nearest(wanted, names)
    raise UsageError(
        f"{name}: there is no sheet called {wanted}",
        f"There are: {', '.join(names)}. Name the one that is meant with --sheet.",
        instead=(wanted, meant),
    )


def _nearest(wanted: str, names: Sequence[str]) -> str:
    """The sheet that shares most pairs of letters with a misspelt name, if it shares half of them; difflib would take too long to import."""

    def pairs(name: str) -> set[str]:
        return {name[at : at + 2] for at in range(len(name) - 1)}

    mine = pairs(_plain(wanted))
    shared, best = max(
        (2 * len(mine & theirs) / (len(mine | theirs) + len(mine & theirs) or 1), one)
        for one in names
        for theirs in [pairs(_plain(one))]
    )
    return best if shared >= 0.5 else ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _chosen(
    book: CalamineWorkbook, file: BinaryIO, name: str, wanted: str | None, memory: int
) -> Found:  # fmt: skip
    """The sheet asked for, else the first that can be seen and holds something."""
    sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    if wanted is not None:
        wanted = _called(wanted, [one.name for one in sheets], name)
    ordered = sorted(sheets, key=lambda one: (one.name != wanted, one.visible != SheetVisibleEnum.Visible))
    chosen: CalamineSheet | None = None
    others: list[str] = []
    for one in ordered:
        allow_memory(memory + MEMORY_A_CELL * _area(file, name, one.name))
        sheet = book.get_sheet_by_name(one.name)
        if chosen is None and (sheet.start is not None or one.name == wanted):
            chosen = sheet
        elif sheet.start is not None:
            others.append(one.name)
    if chosen is None or chosen.start is None:
        raise SourceError(f"{name}: is empty", "Nothing can be prepared from it; export it again.")
    return Found(chosen, tuple(others))


def _area(file: BinaryIO, name: str, sheet: str) -> int:
    """How many cells a sheet reaches over; raises SourceError where those are too many."""
    rows, columns = reach(file, sheet)
    if rows * columns > MOST_CELLS:
        raise SourceError(
            f"{name}: the cells of sheet {sheet} reach over {rows} rows and {columns} columns",
            "Remove stray cells far from the table, or save the sheet as CSV.",
        )
    return rows * columns


def _kind(problem: CalamineError) -> str:
    """What kind of breakage it is; the words of the library may quote the file."""
    return type(problem).__name__
