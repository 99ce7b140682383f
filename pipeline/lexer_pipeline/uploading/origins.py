"""Where each setting comes from, and what is set in vain: a setting that was forgotten looks like a service that is gone."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from lexer_pipeline.outbox.address import LedgerAddress, is_address
from lexer_pipeline.system.settings_file import SettingsFile, named
from lexer_pipeline.system.toml_lines import KeyPath, line_of
from lexer_pipeline.uploading.settings import FILE, NOTIFY_URLS, SCHEMA, VARIABLE
from lexer_pipeline.uploading.words import address

# By the variable that wins over them.
VARIABLES: Mapping[KeyPath, str] = {
    ("upload", "url"): "LEXER_UPLOAD_API_URL",
    ("upload", "dataset"): "LEXER_DATASET_ID",
    ("upload", "ca_file"): "LEXER_CA_FILE",
    ("ledger", "path"): "LEXER_LEDGER",
}
OURS = "LEXER_"
DEFAULT = "default"


class Setting(Struct, frozen=True):
    """A setting as it holds, fit to be shown; `unused` is the place that says otherwise and loses."""

    name: str
    value: str
    source: str
    unused: str = ""


def settings_of(environ: Mapping[str, str], file: SettingsFile) -> Iterator[Setting]:
    """Every setting but the token, with its source; of settings that were read without a fault."""
    schema = json.loads(SCHEMA.read_bytes())["properties"]
    fixed = [(table, key) for table in ("upload", "ledger") for key in schema[table]["properties"]]
    free = [(table, key) for table in ("datasets", "names") for key in file.table.get(table, {})]
    for path in chain(fixed, free):
        table, key = path
        in_file = file.table.get(table, {}).get(key)
        default = schema[table].get("properties", {}).get(key, {}).get("default")
        yield _setting(path, environ.get(VARIABLES.get(path, ""), ""), in_file, default, file)


def _setting(path: KeyPath, in_environ: str, in_file: Any, default: Any, file: SettingsFile) -> Setting:
    line = f"{FILE} line {line_of(file.text, path)}"
    has_line = in_file not in (None, "")
    if in_environ:
        unused = line if has_line and in_file != in_environ else ""
        return Setting(named(path), _shown(path, in_environ), VARIABLES[path], unused)
    if has_line:
        return Setting(named(path), _shown(path, in_file), line)
    return Setting(named(path), "none" if default is None else str(default), DEFAULT)


def _shown(path: KeyPath, value: Any) -> str:
    """A value without the user and the password that an address may hold."""
    if path == ("upload", "proxy"):
        return address(value)
    return str(LedgerAddress(value)) if path == ("ledger", "path") and is_address(value) else str(value)


def strangers(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that begin as ours do and are none, each with the one that may have been meant."""
    known = [VARIABLE, NOTIFY_URLS, *VARIABLES.values()]
    for name in sorted(environ):
        if name.upper().startswith(OURS) and name not in known:
            near = get_close_matches(name.upper(), known, 1, 0.5)
            yield name, near[0] if near else ""


def elsewhere(folder: Path) -> Path | None:
    """A file of settings in a folder above, which nobody reads, where there is none here."""
    if (folder / FILE).exists():
        return None
    return next((above / FILE for above in folder.resolve().parents if (above / FILE).is_file()), None)
