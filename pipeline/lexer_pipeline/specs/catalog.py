"""The specifications: one JSON Schema (draft 2020-12) a file, found by looking in a folder."""

import difflib
import json
import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import Field, Schema, Specification
from lexer_pipeline.specs.fields import describes_object, fields_of
from lexer_pipeline.specs.references import check_references
from lexer_pipeline.specs.schema import bad_schema, text_of
from lexer_pipeline.system import files

_PACKAGE = Path(__file__).resolve().parents[1]
SCHEMAS: Path = next(
    path for path in (_PACKAGE / "schemas", _PACKAGE.parents[1] / "schemas") if path.is_dir()
)

# More than there are in the package.
MOST_REMEMBERED = 64
# What people call the records of some types.
CALLED = {
    "purchase": ("order", "sale", "transaction"),
    "return": ("refund",),
    "customer_record": ("customer", "contact", "member", "person", "people", "profile"),
    "product": ("article", "item", "variant"),
}
_NAME = re.compile(r"[A-Za-z0-9_]+")


def names() -> tuple[str, ...]:
    """The names of the specifications in the folder, in alphabetical order."""
    return tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))


def every() -> tuple[Specification, ...]:
    """All specifications of the folder, in the order of `names`."""
    return tuple(load(SCHEMAS / f"{name}.json") for name in names())


def find(word: str) -> Specification:
    """The specification that `word` means: a specification name, a record type or the path of a schema.

    Names come before paths, so a file called `purchase` in the working folder changes nothing.
    """
    known = names()
    if word in known:
        return load(SCHEMAS / f"{word}.json")
    files = {name: SCHEMAS / f"{name}.json" for name in known}
    record_types = {text_of(_read(path), "x-record-type"): path for path in files.values()}
    if word and word in record_types:
        return load(record_types[word])
    if word.endswith(".json") or "/" in word or os.sep in word or os.path.isfile(word):  # noqa: PTH113  # a path too long is no error here
        return load(Path(word))
    raise _unknown(word, [*known, *(kind for kind in record_types if kind)])


def load(path: Path) -> Specification:
    """The specification in one schema file; its name is the file's name without `.json`."""
    if not _NAME.fullmatch(path.stem):
        raise UsageError(
            f"{path}: a specification cannot be called {path.stem!r}",
            "Its name goes into file names: rename the file, with letters, digits and underscores alone.",
        )
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no path"
        raise UsageError(f"{path}: the schema cannot be read: {why}", "Check the path.") from error
    return _loaded(path, found.st_mtime_ns, found.st_size)


@lru_cache(MOST_REMEMBERED)
def _loaded(path: Path, _mtime_ns: int, _size: int) -> Specification:
    """What a schema file holds, read once for each state of it: a run asks for its specifications again and again."""
    schema = _read(path)
    try:
        check_references(schema)
        return _specification(path.stem, schema)
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
    except RecursionError as error:
        raise UsageError(f"{path}: the schema is nested too deeply", "Make it flatter.") from error


def _read(path: Path) -> Schema:
    try:
        schema = json.loads(files.read_settings(path, str(path)))
    except OSError as error:
        raise UsageError(f"{path}: the schema cannot be read: {error.strerror}", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the schema is not JSON", "Give the path of a JSON Schema file.") from error
    if not isinstance(schema, dict):
        raise UsageError(f"{path}: the schema is not a JSON object", "Give the path of a JSON Schema file.")
    return schema


def _specification(name: str, schema: Schema) -> Specification:
    if not describes_object(schema):
        raise bad_schema(
            "the root does not describe an object", 'A record is an object: say "type": "object".'
        )
    fields = fields_of(schema)
    key = text_of(schema, "x-key")
    if key is not None and key not in {field.path for field in fields}:
        raise bad_schema(f"x-key names {key}, which is not a field")
    return Specification(
        name=name,
        record_type=text_of(schema, "x-record-type"),
        area=text_of(schema, "x-area") or "",
        title=text_of(schema, "title") or name,
        evidence=text_of(schema, "x-evidence") or "",
        key=key,
        schema=schema,
        fields=fields,
        identity=_identity(schema, fields),
    )


def _identity(schema: Schema, fields: Sequence[Field]) -> tuple[str, ...]:
    """The fields that x-identity names."""
    named = schema.get("x-identity", [])
    there = {field.path.partition(".")[0] for field in fields}
    if not isinstance(named, list) or not all(isinstance(one, str) and one in there for one in named):
        raise bad_schema("x-identity must be a list of names of fields")
    return tuple(named)


def _unknown(word: str, known: Iterable[str]) -> UsageError:
    wanted = word.lower().strip().replace("-", "_").replace(" ", "_")
    near = [kind for kind, others in CALLED.items() if wanted.removesuffix("s") in others]
    near = near or difflib.get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"The specifications are: {', '.join(names())}."
    return UsageError(
        f"{word!r} is no specification, no record type and no schema file",
        f"{hint} lexer-pipeline specs lists them.",
        instead=(word, near[0]) if near else None,
    )
