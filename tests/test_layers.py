"""The floors that ARCHITECTURE.md draws are those of the code: folders import only folders below them."""

import ast
import graphlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from lexer_pipeline.kernels import codes

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pipeline" / "lexer_pipeline"
NAME = PACKAGE.name
MOST_BESIDE_THE_FOLDERS = 8


@cache
def floors() -> Mapping[str, int]:
    """The floor of each room, as the table in ARCHITECTURE.md says it."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE)
    return {
        room.strip("` /"): int(floor) for floor, rooms in rows for room in re.findall(r"`([a-z_]+)/?`", rooms)
    }


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package by its dotted name; a folder by the name of its `__init__`."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


@cache
def imported(name: str) -> frozenset[str]:
    """The modules of the package that a module imports, wherever in it the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(modules()[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (below & modules().keys()) or {node.module}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} & modules().keys()  # import_module("lexer_pipeline.x"), asked for late
    return frozenset(one for one in found & modules().keys() if one not in (name, NAME))


def room(name: str) -> str:
    """The folder that a module lies in, or the module itself where it lies beside the folders."""
    return name.split(".")[1]


INSIDE = sorted(set(modules()) - {NAME})


def test_every_room_has_a_floor_and_every_floor_its_rooms() -> None:
    assert {room(name) for name in INSIDE} == set(floors())


def test_few_modules_lie_beside_the_folders() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_BESIDE_THE_FOLDERS


@pytest.mark.parametrize("name", INSIDE)
def test_a_module_imports_only_its_own_folder_and_folders_below(name: str) -> None:
    floor = floors()
    above = {
        one for one in imported(name) if room(one) != room(name) and floor[room(one)] >= floor[room(name)]
    }

    assert above == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    order = graphlib.TopologicalSorter({name: imported(name) for name in INSIDE})

    assert len(list(order.static_order())) >= len(INSIDE)  # a circle raises


def test_the_sandbox_judges_by_rules_of_its_own_and_borrows_only_the_words() -> None:
    used = {one for name in INSIDE if room(name) == "sandbox" for one in imported(name)}

    assert {room(one) for one in used} <= {"sandbox", "system", "errors", "model", "specs", "validating"}
    assert {one for one in used if room(one) == "validating"} == {f"{NAME}.validating.messages"}


def imports_inside_functions() -> Iterator[tuple[str, ast.stmt]]:
    for name in INSIDE:
        for function in ast.walk(ast.parse(modules()[name].read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inside = (
                    node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
                )
                yield from ((name, node) for node in inside)


def test_only_a_command_imports_inside_a_function() -> None:
    assert {room(name) for name, _ in imports_inside_functions()} <= {"cli"}


@pytest.mark.parametrize("name", INSIDE)
def test_a_folder_says_at_its_door_what_it_is_for(name: str) -> None:
    assert ast.get_docstring(ast.parse(modules()[name].read_text("utf-8")))


def test_only_the_command_line_prints() -> None:
    printing = {
        name
        for name in INSIDE
        for node in ast.walk(ast.parse(modules()[name].read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }

    assert printing == set()


def test_every_code_of_the_kernels_is_the_one_that_python_knows() -> None:
    said = (PACKAGE / "kernels" / "codes.pxd").read_text("utf-8")
    made = {name: int(value) for name, value in re.findall(r"^    ([A-Z0-9_]+) = (\d+)$", said, re.MULTILINE)}
    numbers = {
        name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)
    }
    bits = {name.upper(): 1 << bit for bit, name in enumerate(codes.CHANGES)}

    assert made == numbers | bits


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("kernels/*.p*")), ids=lambda path: path.name)
def test_a_kernel_makes_no_code_of_its_own_for_what_python_knows(path: Path) -> None:
    if path.suffix not in (".pyx", ".pxd") or path.stem == "codes":
        return
    own = set(re.findall(r"^    ([A-Z0-9_]+) = -?\d+$", path.read_text("utf-8"), re.MULTILINE))

    assert not own & set(vars(codes))


def test_every_file_that_the_architecture_names_is_there() -> None:
    said = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    inside = set(re.findall(r"(?<![\w/])(?:[a-z_]+/)+[a-z_0-9]+\.(?:pyx|pxd|py)\b", said))
    missing = {name for name in inside if not (PACKAGE / name).exists() and not (ROOT / name).exists()}

    assert len(inside) > 20
    assert missing == set()


def test_the_defaults_of_values_are_made_by_the_library_of_their_class() -> None:
    """`dataclasses.field` in a Struct would be the value itself."""
    mixed = set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            alias.name: node.module
            for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
        }  # fmt: skip
        for node in (one for one in ast.walk(tree) if isinstance(one, ast.ClassDef)):
            made = [
                ast.unparse(one.value.func)
                for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.value, ast.Call)
            ]  # fmt: skip
            library = "dataclasses" if node.decorator_list else "msgspec"
            if {"field", f"{library}.field"} & set(made) and imported.get("field", library) != library:
                mixed.add(f"{path.name}: {node.name}")
            if library == "msgspec" and "dataclasses.field" in made:
                mixed.add(f"{path.name}: {node.name}")
    assert mixed == set()
