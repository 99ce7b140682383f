"""The floors of ARCHITECTURE.md hold."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "pipeline"


def floors() -> dict[str, int]:
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    return {f"pipeline.{name.strip()}": int(floor) for floor, names in rows for name in names.split(",")}


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("pipeline")}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pipeline"):
            below = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            names |= {below[name] if below[name] in modules() else node.module for name in below}
    return names


STAGE_MODULES = [name for name in modules() if not name.startswith("pipeline.sandbox") and name != "pipeline"]


def test_every_module_has_a_floor_and_every_floor_its_modules() -> None:
    assert set(STAGE_MODULES) == set(floors())


@pytest.mark.parametrize("name", STAGE_MODULES)
def test_a_module_imports_only_from_floors_below(name: str) -> None:
    floor = floors()
    above = {
        one for one in imported(modules()[name]) if one in floor and one != name and floor[one] >= floor[name]
    }

    # A command imports its own library call, and the sandbox is one of them.
    assert above == set()


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("pipeline.sandbox")])
def test_the_sandbox_imports_no_stage(name: str) -> None:
    stages = {"load", "shape", "validate", "convert", "name", "upload", "run", "send", "cli"}

    assert not {one for one in imported(modules()[name]) if one.removeprefix("pipeline.") in stages}


@pytest.mark.parametrize("name", modules())
def test_imports_stand_at_the_top_but_for_commands(name: str) -> None:
    tree = ast.parse(modules()[name].read_text())
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert not inside or name == "pipeline.cli"


def test_only_the_command_line_prints() -> None:
    printing = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert printing == set()
