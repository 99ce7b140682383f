"""A folder, or a pattern such as `exports/*.csv.gz`, stands for the files in it, in the order of their names; in a bucket too."""

import glob
import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path, PurePosixPath

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.network import Network
from lexer_pipeline.loading.other_files import is_about_data, is_other
from lexer_pipeline.loading.remote import NothingThere
from lexer_pipeline.loading.source import Source
from lexer_pipeline.system.addresses import Address, address_of

# What lies in a folder of batches, or in a batch: no source is read from there by accident.
BATCHES = ("ledger.sqlite3", "manifest.json")


def files_meant(sources: Sequence[Source], network: Network) -> list[Source]:
    """The sources, with each folder and pattern replaced by its files; SourceError where there is none."""
    return [one for source in sources for one in _files(source, network)]


def _files(source: Source, network: Network) -> Sequence[Source]:
    if not isinstance(source, str | Path):
        return (source,)
    if address := address_of(source):
        return objects_meant(address, network) if address.is_cloud else (source,)
    if os.path.isdir(source):  # noqa: PTH112 - a text too long for a path is no error here
        return _in_folder(Path(source))
    if isinstance(source, str) and glob.has_magic(source) and not os.path.lexists(source):
        found = sorted(path for path in glob.iglob(source, recursive=True) if not os.path.isdir(path))  # noqa: PTH112, PTH207 - a Path takes no absolute pattern
        if not found:
            raise _none_called_so(source)
        return found
    return (source,)


def objects_meant(address: Address, network: Network) -> list[str]:
    """The objects that an address means: itself, those of a folder or of a pattern; SourceError where there is none."""
    is_pattern = glob.has_magic(address.key)
    if address.key and not address.key.endswith("/"):
        clouds = import_module("lexer_pipeline.loading.clouds")
        is_object = clouds.is_object(address, network)
        # Whoever opens what is not there says so.
        if is_object or (is_object is None and not is_pattern):
            return [address.text]
    return _called_so(address, network) if is_pattern else _in_bucket(address, network)


def _called_so(address: Address, network: Network) -> list[str]:
    """The objects whose keys have the form of a pattern."""
    parts = address.key.split("/")
    plain = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    prefix = "".join(f"{part}/" for part in parts[:plain])
    keys = import_module("lexer_pipeline.loading.clouds").listed(
        address, prefix, network, deep=plain < len(parts) - 1
    )
    found = [f"{address.scheme}://{address.host}/{key}" for key in keys if _has_form(key.split("/"), parts)]
    if not found:
        raise _none_called_so(str(address))
    return found


def _has_form(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether the names along a key are those of a pattern, as glob has them: `**` is any number of folders, none of them hidden."""
    if not parts or not names:
        return not parts and not names
    if parts[0] == "**" and len(parts) > 1:
        return _has_form(names, parts[1:]) or (not names[0].startswith(".") and _has_form(names[1:], parts))
    is_hidden = names[0].startswith(".") and not parts[0].startswith(".")
    return not is_hidden and fnmatchcase(names[0], parts[0]) and _has_form(names[1:], parts[1:])


def _in_bucket(address: Address, network: Network) -> list[str]:
    prefix = f"{address.key.rstrip('/')}/" if address.key.strip("/") else ""
    keys = import_module("lexer_pipeline.loading.clouds").listed(address, prefix, network, deep=False)
    names = [PurePosixPath(key).name for key in keys]
    if any(name in BATCHES for name in names):
        raise _of_batches(str(address))
    found = [
        f"{address.scheme}://{address.host}/{key}"
        for key, name in zip(keys, names, strict=True)
        if _is_data(name)
    ]
    if not found:
        raise _without_data(str(address))
    return found


def _none_called_so(pattern: str) -> SourceError:
    return NothingThere(
        f"{pattern}: no file is called so", "Check the pattern; in quotes it reaches this program as it is."
    )


def _of_batches(folder: str) -> SourceError:
    return SourceError(
        f"{folder}: is a folder of batches, and none of exports", "Name the folder of the exports."
    )


def _without_data(folder: str) -> SourceError:
    return NothingThere(
        f"{folder}: is a folder without a file of data", "Name the folder of the exports, or the files."
    )


def _in_folder(folder: Path) -> list[Source]:
    if any((folder / name).exists() for name in BATCHES):
        raise _of_batches(str(folder))
    found = sorted(str(path) for path in folder.iterdir() if path.is_file() and _is_data(path.name))
    if not found:
        raise _without_data(str(folder))
    return list(found)


def _is_data(name: str) -> bool:
    """Whether a file may hold data: no hidden one, no picture, document, mapping, or words about the data beside it."""
    return not name.startswith(".") and not is_other(name) and not is_about_data(name)
