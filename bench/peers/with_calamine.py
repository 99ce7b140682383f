"""calamine, which this tool reads workbooks with: what is left is what this tool adds."""

from pathlib import Path

from python_calamine import CalamineWorkbook


def workbook(source: str, target: str) -> None:
    """Read every cell, and say how many rows there are: nothing is written."""
    rows = CalamineWorkbook.from_path(source).get_sheet_by_index(0).to_python()
    Path(target).write_text(f'{{"rows": {len(rows) - 1}}}\n')
