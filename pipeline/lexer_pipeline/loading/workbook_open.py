"""A workbook opened, and the sheet of it that is meant."""

import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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

COMPOUND = b"\xd0\xcf\x11\xe0"
TRIAL = """
import sys
from python_calamine import CalamineError, CalamineWorkbook
try:
    book = CalamineWorkbook.from_path(sys.argv[1])
    for name in book.sheet_names:
        book.get_sheet_by_name(name)
except CalamineError:
    pass
"""
# All cells up to the last row and column take memory, 2 GiB for so many.
MOST_CELLS = 1 << 26


@dataclass(frozen=True, slots=True)
class Found:
    """The sheet to be read, and the names of the others that hold something."""

    sheet: CalamineSheet
    others: tuple[str, ...]


def opened(path: Path, name: str, wanted: str | None) -> tuple[Found, Path]:
    """The sheet asked for, and the file it was read from: one that the library cannot read is tried once more, mended."""
    try:
        return _sheet_of(path, name, wanted), path
    except PasswordError:
        raise SourceError(f"{name}: is locked with a password", "Save it without one.") from None
    except CalamineError as problem:
        kind = _kind(problem)
    try:
        whole = mended(path)
        return _sheet_of(whole, name, wanted), whole
    except (CalamineError, *BROKEN_ZIP):
        raise SourceError(f"{name}: the workbook is broken ({kind})", "Save it again, or as CSV.") from None


def _sheet_of(path: Path, name: str, wanted: str | None) -> Found:
    with CalamineWorkbook.from_path(path) as book:
        return _chosen(book, path, name, wanted)


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
    raise UsageError(
        f"{name}: there is no sheet called {wanted}",
        f"There are: {', '.join(names)}. Name the one that is meant with --sheet.",
    )


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _chosen(book: CalamineWorkbook, path: Path, name: str, wanted: str | None) -> Found:
    """The sheet asked for, else the first that can be seen and holds something."""
    sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    if wanted is not None:
        wanted = _called(wanted, [one.name for one in sheets], name)
    ordered = sorted(sheets, key=lambda one: (one.name != wanted, one.visible != SheetVisibleEnum.Visible))
    chosen: CalamineSheet | None = None
    others: list[str] = []
    for one in ordered:
        _refuse_far(path, name, one.name)
        sheet = book.get_sheet_by_name(one.name)
        if chosen is None and (sheet.start is not None or one.name == wanted):
            chosen = sheet
        elif sheet.start is not None:
            others.append(one.name)
    if chosen is None or chosen.start is None:
        raise SourceError(f"{name}: is empty", "Nothing can be prepared from it; export it again.")
    return Found(chosen, tuple(others))


def refuse_fatal(path: Path, name: str) -> None:
    """Raise SourceError for an old workbook so broken that the library ends the program that reads it.

    Old workbooks have no checksums: a spoiled length asks for memory without end. So another program tries first.
    """
    with path.open("rb") as file:
        if file.read(4) != COMPOUND:
            return
    done = subprocess.run([sys.executable, "-c", TRIAL, str(path)], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise SourceError(f"{name}: the workbook is broken", "Save it again, or as CSV.")


def _refuse_far(path: Path, name: str, sheet: str) -> None:
    rows, columns = reach(path, sheet)
    if rows * columns > MOST_CELLS:
        raise SourceError(
            f"{name}: the cells of sheet {sheet} reach over {rows} rows and {columns} columns",
            "Remove stray cells far from the table, or save the sheet as CSV.",
        )


def _kind(problem: CalamineError) -> str:
    """What kind of breakage it is; the words of the library may quote the file."""
    return type(problem).__name__
