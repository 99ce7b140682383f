"""What the grid is told: its columns, where its rows come from, and how it is worked without a mouse."""

from collections.abc import Sequence
from typing import Any

# Rows come by the hundred, and those out of sight are forgotten.
BLOCK, BLOCKS = 100, 10
SOURCE = """{ getRows: p => fetch(`/rows?begin=${p.startRow}&end=${p.endRow}`)
    .then(answer => answer.json()).then(found => p.successCallback(found.rows, found.count)).catch(() => p.failCallback()) }"""

TAB = """p => { if (p.editing) return p.nextCellPosition;
    const same = document.querySelector('.same-fix');
    const to = !p.backwards ? '.after-grid' : same && same.offsetParent ? '.same-fix' : '.before-grid';
    setTimeout(() => document.querySelector(to).focus()); return true }"""


def grid_options(names: Sequence[str], rows: int, has_beyond: bool) -> dict[str, Any]:
    """The options of AG Grid for rows of these columns, some of which may have too many cells."""
    return {
        "columnDefs": [
            _line_column(), _said(), *map(_column, range(len(names)), names),
            *([_beyond()] if has_beyond else []),
        ],
        "defaultColDef": {"sortable": False, "resizable": True, "editable": True, "minWidth": 110},
        "rowModelType": "infinite", "cacheBlockSize": BLOCK, "maxBlocksInCache": BLOCKS,
        "infiniteInitialRowCount": max(1, min(BLOCK, rows)),
        ":datasource": SOURCE, ":getRowId": "p => String(p.data.row)",
        "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "enableClickSelection": False},
        "selectionColumnDef": {"pinned": "left", "width": 44},
        "rowClassRules": {"out": "data && data.state === 'left out'"},
        "enableBrowserTooltips": True, "stopEditingWhenCellsLoseFocus": True, "suppressMovableColumns": True,
        # Arrows move within the grid; Tab leaves it, as a person without a mouse must be able to.
        ":tabToNextCell": TAB,
        "overlayNoRowsTemplate": "No such rows.",
    }  # fmt: skip


def _line_column() -> dict[str, Any]:
    return {
        "headerName": "Line",
        "field": "line",
        "editable": False,
        "pinned": "left",
        "width": 76,
        "minWidth": 60,
    }


def _column(place: int, name: str) -> dict[str, Any]:
    key = str(place)
    return {
        "headerName": name, "colId": key, "field": key, "cellDataType": "text",
        "cellClassRules": {
            "faulty": f"!!data && !!data.faults['{key}']",
            "changed": f"!!data && !data.faults['{key}'] && data.changed.includes('{key}')",
        },
        ":tooltipValueGetter": f"p => p.data ? p.data.faults['{key}'] : ''",
    }  # fmt: skip


def _said() -> dict[str, Any]:
    """What is wrong with the whole row, before its cells."""
    return {
        "headerName": "What is wrong", "colId": "said", "field": "wrong", "editable": False, "width": 240,
        ":tooltipValueGetter": "p => p.data ? p.data.wrong : ''", "cellClassRules": {"faulty": "!!data && !!data.said"},
    }  # fmt: skip


def _beyond() -> dict[str, Any]:
    return {
        "headerName": "Too many cells",
        "colId": "beyond",
        "field": "beyond",
        "editable": False,
        "width": 150,
    }
