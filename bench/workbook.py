"""A workbook as a spreadsheet program saves it: texts shared, numbers, dates and booleans as such, the same bytes each time."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FIXED = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}">'
    '<sheets><sheet name="Customers" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{DOCUMENT}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{DOCUMENT}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId3" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    # Style 1 is a date.
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
}
DAY_ZERO = date(1899, 12, 30)


class Texts:
    """The texts of a workbook, each of them once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def cell(self, place: str, value: str) -> str:
        """A cell that refers to a text."""
        number = self.numbers.setdefault(value, len(self.numbers))
        return f'<c r="{place}" t="s"><v>{number}</v></c>'


def typed(header: str, text: str) -> object:
    """What a cell of this column holds in a workbook; a text that is no date or boolean stays a text."""
    if header == "custom_fields.points":
        return int(text)
    if header == "employee_flag":
        return {"true": True, "false": False}.get(text, text)
    if header == "date_of_birth" and text[:4].isdigit():
        return date.fromisoformat(text)
    return text


def write(target: Path, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a workbook of one sheet, and say how many rows stand below its header."""
    texts, count = Texts(), 1
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, text in FIXED.items():
            archive.writestr(entry(name), HEAD + text)
        with archive.open(entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            sheet.write(f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>{row(1, headers, texts)}'.encode())
            for count, cells in enumerate(rows, 2):
                sheet.write(row(count, cells, texts).encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open(entry("xl/sharedStrings.xml"), "w", force_zip64=True) as shared:
            shared.write(f'{HEAD}<sst xmlns="{MAIN}" uniqueCount="{len(texts.numbers)}">'.encode())
            for text in texts.numbers:
                shared.write(f'<si><t xml:space="preserve">{escape(text)}</t></si>'.encode())
            shared.write(b"</sst>")
    return count - 1


def entry(name: str) -> ZipInfo:
    """A member of the archive that says nothing of when it was made."""
    found = ZipInfo(name)
    found.compress_type = ZIP_DEFLATED
    return found


def row(number: int, cells: Sequence[object], texts: Texts) -> str:
    """A row; what is empty has no cell."""
    made = [
        cell(f"{chr(ord('A') + place)}{number}", value, texts)
        for place, value in enumerate(cells)
        if value != ""
    ]
    return f'<row r="{number}">{"".join(made)}</row>'


def cell(place: str, value: object, texts: Texts) -> str:
    """One cell."""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="1"><v>{(value - DAY_ZERO).days}</v></c>'
    if isinstance(value, int):
        return f'<c r="{place}"><v>{value}</v></c>'
    return texts.cell(place, str(value))
