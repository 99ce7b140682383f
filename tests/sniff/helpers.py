"""Read a source as the pipeline would, with what a person may say of it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.records import load_rows
from lexer_pipeline.loading.source import Loaded, Source, load
from lexer_pipeline.system.scratch import Scratch
from prepare.helpers import MARK, Prepared, of_bytes, prepared

__all__ = ["MARK", "prepared"]
SPEC = "customer_record"
HEADER = "link.mobile,first_name,last_name"


def convert(data: bytes, out: Path) -> Prepared:
    """Prepare customers from `data`, rows conserved and no value in any message."""
    return of_bytes(data, SPEC, out / "out")


def convert_file(path: Path, out: Path) -> Prepared:
    return prepared([path], SPEC, out / "out")


def notes(done: Prepared) -> str:
    return "\n".join(note for source in done.report.sources for note in source.notes)


def counts(done: Prepared) -> tuple[int, int, int]:
    """(valid, invalid, blank)."""
    (source,) = done.report.sources
    return source.valid, source.invalid, source.blank


def where(done: Prepared) -> list[tuple[int, str]]:
    return [(issue["line"], issue["code"]) for issue in done.issues]


def names(done: Prepared) -> list[Any]:
    return [record.get("first_name") for record in done.records]


def expanded(*paths: Path, member: str | None = None) -> list[Source]:
    """What is read of files: themselves, and what is in those that are a zip."""
    with opened_sources(paths, None, Scratch(), is_read_again=False) as found:
        return expand(found, member)


def opened(data: bytes, **said: Any) -> Loaded:
    return load("-", BytesIO(data), ReadOptions(**said))


def cells(loaded: Loaded) -> list[list[str]]:
    """Every row that is not blank, as text."""
    found = []
    for rows in load_rows(loaded, None, ()):
        for row in rows.firsts.tolist():
            wide = range(row * rows.columns, (row + 1) * rows.columns)
            found.append([rows.data[rows.starts[at] : rows.ends[at]].decode() for at in wide])
    return found


def sheet() -> bytes:
    """A workbook of one person."""
    book, file = openpyxl.Workbook(), BytesIO()
    for row in (HEADER.split(","), ["61411111111", "Mira", "Holt"]):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def orders(rows: int, keys: int) -> bytes:
    """Rows of so many orders, in turn."""
    head = (
        b"purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity,"
        b"products[].product_reference.id,products[].product_reference.id_type\n"
    )
    return head + b"".join(
        b"P%d,mira@example.com,2024-03-06T10:15:00Z,ecommerce,1.50,1,S%d,sku\n" % (row % keys, row)
        for row in range(rows)
    )
