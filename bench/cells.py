"""Cells as CSV writes them."""


def csv_cell(cell: str) -> str:
    """The cell as CSV writes it (RFC 4180)."""
    return '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"\n') else cell
