"""What lexer_pipeline offers: typed, documented, complete, and imported only when it is asked for."""

import ast
import dataclasses
import inspect as introspection
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path

import lexer_pipeline
import pytest
from lexer_pipeline import model
from msgspec import Struct

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pipeline" / "lexer_pipeline"
WANTED = {"prepare", "validate", "inspect", "upload", "Options", "Report", "PipelineError"}
PUBLIC = {name: getattr(lexer_pipeline, name) for name in lexer_pipeline.__all__}


def hints_of(thing: object) -> dict[str, typing.Any]:
    """The annotations of a thing; `Json`, which speaks of itself, is known where it is made."""
    return typing.get_type_hints(thing, localns=vars(model))


def named_in(annotation: object) -> Iterator[type]:
    """The classes of the package that an annotation speaks of."""
    for inner in typing.get_args(annotation):
        yield from named_in(inner)
    if isinstance(annotation, list | tuple):
        for inner in annotation:
            yield from named_in(inner)
    if isinstance(annotation, type) and annotation.__module__.startswith("lexer_pipeline."):
        yield annotation


def fields_of(kind: type) -> Sequence[str]:
    """The names of what a value holds."""
    if issubclass(kind, Struct):
        return kind.__struct_fields__
    return [one.name for one in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []


def annotations_of(thing: object) -> Iterator[object]:
    """What a caller sees of a public thing: arguments, fields, properties and what methods return."""
    if isinstance(thing, types.FunctionType):
        yield from hints_of(thing).values()
    elif isinstance(thing, type) and (names := fields_of(thing)):
        hints = hints_of(thing)
        yield from (hints[name] for name in names if not name.startswith("_"))
        for name, member in vars(thing).items():
            if name.startswith("_"):
                continue
            if isinstance(member, property) and member.fget is not None:
                yield from hints_of(member.fget).values()
            elif isinstance(member, types.FunctionType):
                yield from hints_of(member).values()


def test_what_callers_need_is_there() -> None:
    assert set(PUBLIC) >= WANTED


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_says_what_it_promises(name: str) -> None:
    assert introspection.getdoc(PUBLIC[name])


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_whatever_a_public_name_takes_or_gives_is_public_too(name: str) -> None:
    spoken_of = {one for annotation in annotations_of(PUBLIC[name]) for one in named_in(annotation)}
    classes = {one.__name__ for one in spoken_of if not getattr(one, "_is_protocol", False)}

    # A source may be one that the command line opened before; a caller has a path or a frame.
    assert classes - {"NamedFile", "RemoteFile", "Stream", "Member", "Answer"} <= set(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_the_page_for_programmers_names_all_of_it(name: str) -> None:
    page = (ROOT / "docs" / "library.md").read_text("utf-8")

    assert re.search(rf"^\|.*`{name}[`(]", page, re.M)


def test_every_error_is_public() -> None:
    errors = ast.parse((PACKAGE / "errors.py").read_text("utf-8"))

    assert {node.name for node in errors.body if isinstance(node, ast.ClassDef)} <= set(PUBLIC)


def test_type_checkers_are_told_the_same_names() -> None:
    stub = (PACKAGE / "__init__.pyi").read_text("utf-8")

    assert set(re.findall(r"import (\w+) as \1$", stub, re.M)) == set(PUBLIC)
    assert (PACKAGE / "py.typed").exists()


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = lexer_pipeline.no_such_thing  # type: ignore[attr-defined]


def test_importing_the_package_imports_no_library() -> None:
    heavy = (
        "numpy",
        "pyarrow",
        "pandas",
        "requests",
        "pycurl",
        "jsonschema",
        "jsonschema_rs",
        "orjson",
        "rich",
    )
    code = f"import sys, lexer_pipeline; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_caller_who_uses_all_of_it_satisfies_a_strict_type_checker(tmp_path: Path) -> None:
    program = tmp_path / "caller.py"
    program.write_text(
        "from pathlib import Path\n"
        "from lexer_pipeline import Options, PipelineError, Report, inspect, prepare, upload, validate\n\n\n"
        "def send(source: Path) -> list[str]:\n"
        "    try:\n"
        "        inspect(source)\n"
        '        checked: Report = validate([source], "purchase", Options(max_invalid=0.1))\n'
        '        made = prepare([source], "purchase", "batches")\n'
        "        receipts = upload(made.batches)\n"
        "    except PipelineError as problem:\n"
        "        return [problem.message, problem.hint, str(problem.exit_code)]\n"
        "    return [str(checked.valid), *(receipt.upload_id for receipt in receipts)]\n"
    )
    call = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--cache-dir={tmp_path}/cache",
        str(program),
    ]

    done = subprocess.run(
        call, cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"MYPYPATH": str(ROOT / "pipeline"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip

    assert done.stdout.startswith("Success"), done.stdout
