"""Settings in a TOML file, checked by a JSON Schema that says of each what it must be and what to write.

Beside the keywords of draft 2020-12 a schema here has `x-wanted`, what the message says of a setting that is not as
it must be, and `x-remedy`, the hint. No message that is made here shows a value, since it may be a secret.
"""

import json
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, time
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system import files
from lexer_pipeline.system.toml_lines import KeyPath, line_of, places

# More than any setting needs, and far less than what the engines can take.
DEEPEST, MOST_DIGITS = 50, 300
LONG_NUMBER = re.compile(rf"[+-]?(?:_?[0-9]){{{MOST_DIGITS + 1},}}")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
POSITION = re.compile(r" \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)$")
NEAR = 0.55  # `rate` finds `limit_rate`
TOO_DEEP = ("has more lists or tables in each other than any setting", "Check its brackets and dots.")
TOO_LONG = (f"is a number of more than {MOST_DIGITS} digits", "Put it in quotes, if it is a text.")
NO_TOML = "Texts stand in quotes, lists in [ ], tables in { } on one line; see https://toml.io."


class SettingsFile(Struct, frozen=True):
    """A file of settings as it was read; `name` is what messages call it.

    What JSON does not have is told as a schema for editors sees it: a date is its text, and what is no number null.
    """

    name: str
    text: str = ""
    table: Any = None

    def fault(self, path: KeyPath, message: str, hint: str) -> UsageError:
        """The error of a setting, with the line on which it stands."""
        return self.fault_on(line_of(self.text, path), message, hint)

    def refusal(self, path: KeyPath, what: str, hint: str) -> UsageError:
        """The error of a setting of which `what` says what it is or must be."""
        return self.fault(path, f"{named(path) or 'the file'} {what}", hint)

    def fault_on(self, line: int, message: str, hint: str) -> UsageError:
        """The error of a line."""
        return UsageError(f"{self.name}: line {line}: {message}", hint)

    def plain(self, value: Any, path: KeyPath = ()) -> Any:
        """A value of TOML as one of JSON; UsageError where it is out of all bounds."""
        if len(path) > DEEPEST:
            raise self.refusal(path, *TOO_DEEP)
        if isinstance(value, dict):
            return {key: self.plain(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item, (*path, number)) for number, item in enumerate(value)]
        if isinstance(value, date | time):
            return value.isoformat()
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
            raise self.refusal(path, *TOO_LONG)
        return value


def named(path: KeyPath) -> str:
    """A setting as a dotted key of TOML, without the numbers of items."""
    keys = (key for key in path if isinstance(key, str))
    return ".".join(key if BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False) for key in keys)


def read(path: Path, name: str) -> SettingsFile:
    """The settings of a TOML file, not checked yet; UsageError with the line where it is no TOML."""
    try:
        text = files.read_settings(path, name).decode()
        return parse(text.replace("\r\n", "\n").replace("\r", "\n"), name)
    except OSError as problem:
        raise UsageError(f"{name}: cannot be read ({problem.strerror})", "Check the path.") from None
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise SettingsFile(name).fault_on(line, "is not UTF-8", "Save the file as UTF-8.") from None


def parse(text: str, name: str) -> SettingsFile:
    """The settings of a text in TOML, not checked yet; UsageError with the line where it is no TOML."""
    file = SettingsFile(name, text)
    try:
        return replace(file, table=file.plain(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as problem:
        raise _no_toml(file, str(problem)) from None
    except RecursionError:
        deep = (place.path for place in places(file.text) if len(place.path) > DEEPEST)
        raise file.refusal(next(deep, ()), *TOO_DEEP) from None
    except ValueError:  # Python reads no number of more than 4300 digits
        long = (place.path for place in places(file.text) if LONG_NUMBER.fullmatch(place.text))
        raise file.refusal(next(long, ()), *TOO_LONG) from None


def _no_toml(file: SettingsFile, problem: str) -> UsageError:
    """The parser quotes at most one character of a value, and the names of keys."""
    position = POSITION.search(problem)
    line = position["line"] if position else None
    last = file.text.rstrip().count("\n") + 1
    return file.fault_on(int(line or last), f"is not TOML: {POSITION.sub('', problem)}", NO_TOML)


def check(file: SettingsFile, schema_file: Path) -> None:
    """Check settings by a schema; UsageError words one fault, with its line and what to write instead.

    The fast engine vouches; only a file that is wrong waits a second for the one that picks the fault to name.
    """
    schema = json.loads(schema_file.read_bytes())
    if not import_module("jsonschema_rs").validator_for(schema).is_valid(file.table):
        raise _worded(file, schema)


def _worded(file: SettingsFile, schema: Mapping[str, Any]) -> UsageError:
    library = import_module("jsonschema")
    error = library.exceptions.best_match(library.Draft202012Validator(schema).iter_errors(file.table))
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        return _unknown(file, path, error)
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        remedy = error.schema["properties"][missing]["x-remedy"]
        return file.fault(path, f"the setting {named((*path, missing))} is missing", remedy)
    is_word = error.validator == "enum" and isinstance(error.instance, str)
    remedy = _nearest(error.instance, error.validator_value) if is_word else ""
    while "x-wanted" not in error.schema:  # it is one of the alternatives of what the setting may be
        error = error.parent
    return file.refusal(path, error.schema["x-wanted"], remedy or error.schema["x-remedy"])


def _unknown(file: SettingsFile, path: KeyPath, error: Any) -> UsageError:
    known = error.schema["properties"]
    key = next(key for key in error.instance if key not in known)
    remedy = f"{_nearest(key, known)} {error.schema.get('x-remedy-unknown', '')}".rstrip()
    where = f" in {named(path)}" if path else ""
    return file.fault((*path, key), f"there is no setting {named((key,))}{where}", remedy)


def _nearest(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, 1, NEAR)
    return f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
