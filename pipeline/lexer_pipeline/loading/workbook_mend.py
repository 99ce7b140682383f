"""An XLSX without what other programs write and the library that reads it takes for broken."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from lexer_pipeline.loading.workbook_xml import rows_in

SHEETS = re.compile(r"xl/worksheets/[^/]+\.xml")
RANGE = r"[A-Za-z]{1,3}[1-9][0-9]{0,6}(:[A-Za-z]{1,3}[1-9][0-9]{0,6})?"
# The size of a sheet is a help alone, and some programs write `1:7`; so are merged cells of no range.
DIMENSION = re.compile(rb"<(?:\w+:)?dimension\b[^<>]*/>")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*/>")
REFERENCE = re.compile(rb"""\sref\s*=\s*["']""" + RANGE.encode() + rb"""["']""")
# Errors that are not in the list of ECMA-376 part 1, 18.18.11: #SPILL!, #ERROR!, Err:502. As a text their word is kept.
ERROR = re.compile(rb"""(<(?:\w+:)?c(?:\s[^<>]*?)?\st\s*=\s*)(?:"e"|'e')""")


def mended(file: BinaryIO) -> BytesIO:
    """A copy of an XLSX whose sheets say nothing that can be left unsaid, and whose errors are texts."""
    made = BytesIO()
    with (
        zipfile.ZipFile(file) as archive,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for info in archive.infolist():
            with copy.open(info.filename, "w", force_zip64=True) as part:
                for piece in _pieces(archive, info.filename):
                    part.write(piece)
    return made


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    is_sheet = SHEETS.fullmatch(name) is not None
    for piece in rows_in(archive, name):
        yield _plain(piece) if is_sheet else piece


def _plain(piece: bytes) -> bytes:
    piece = ERROR.sub(rb'\1"str"', DIMENSION.sub(b"", piece))
    return MERGED.sub(lambda found: found[0] if REFERENCE.search(found[0]) else b"", piece)
