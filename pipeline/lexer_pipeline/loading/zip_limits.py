"""What a zip may unpack to: one of exports (`archive`) as well as a workbook, which is one too."""

import zipfile
from collections.abc import Collection, Sequence
from typing import BinaryIO

from lexer_pipeline.errors import SourceError
from lexer_pipeline.limits import HARMLESS, RATIO

MOST_MEMBERS = 1000
# What only a spreadsheet holds: Office Open XML, and OpenDocument (which has its type for a first file).
WORKBOOKS = ({"xl/workbook.xml"}, {"xl/workbook.bin"}, {"mimetype", "content.xml"})
MOST_WORKBOOK_BYTES = 4 << 30


def unpacked_size(file: BinaryIO, name: str) -> int:
    """What a workbook unpacks to, in bytes; raises SourceError where that is more than it can honestly hold, or it is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, EOFError, ValueError, OverflowError, OSError) as problem:
        raise SourceError(f"{name}: the zip is broken or cut short", "Fetch or pack it again.") from problem
    if not is_of_workbook({one.filename for one in infos}):
        raise SourceError(
            f"{name}: is a zip of files, and it did not come as a file",
            "Name the zip, or unpack it and name its files.",
        )
    refuse_bomb(name, infos, MOST_WORKBOOK_BYTES)
    return sum(one.file_size for one in infos)


def is_of_workbook(names: Collection[str]) -> bool:
    """Whether a zip of such files is a spreadsheet."""
    return any(marks <= set(names) for marks in WORKBOOKS)


def refuse_bomb(path: str, infos: Sequence[zipfile.ZipInfo], most: int) -> None:
    """Raise SourceError where a zip would unpack to more than it can honestly hold."""
    if len(infos) > MOST_MEMBERS:
        raise SourceError(f"{path}: the zip holds {len(infos)} files, more than {MOST_MEMBERS}", "Unpack it.")
    if sum(one.file_size for one in infos) > most:
        raise SourceError(f"{path}: unpacks to more than {most >> 30} GiB", "Export less at a time, as CSV.")
    for one in infos:
        if one.file_size > max(HARMLESS, RATIO * one.compress_size):
            raise SourceError(
                f"{path}!{plain(one.filename)}: unpacks to more than {RATIO} times its size",
                "That is no export; where you know it is one, unpack it yourself.",
            )
    end = 0
    for one in sorted(infos, key=lambda info: info.header_offset):
        if one.header_offset < end:
            raise SourceError(f"{path}: files in the zip share their bytes", "Pack it again.")
        end = one.header_offset + one.compress_size


def plain(name: str) -> str:
    """A name that cannot do harm to a terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)[:200]
