"""A folder, or a pattern such as `exports/*.csv.gz`, stands for the files in it, in the order of their names."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading.other_files import is_about_data, is_other
from lexer_pipeline.loading.source import Source

# What lies in a folder of batches, or in a batch: no source is read from there by accident.
BATCHES = ("ledger.sqlite3", "manifest.json")


def files_meant(sources: Sequence[Source]) -> list[Source]:
    """The sources, with each folder and pattern replaced by its files; SourceError where there is none."""
    return [one for source in sources for one in _files(source)]


def _files(source: Source) -> Sequence[Source]:
    if not isinstance(source, str | Path):
        return (source,)
    if os.path.isdir(source):  # noqa: PTH112 - a text too long for a path is no error here
        return _in_folder(Path(source))
    if isinstance(source, str) and glob.has_magic(source) and not os.path.lexists(source):
        found = sorted(path for path in glob.iglob(source, recursive=True) if not os.path.isdir(path))  # noqa: PTH112, PTH207 - a Path takes no absolute pattern
        if not found:
            raise SourceError(
                f"{source}: no file is called so",
                "Check the pattern; in quotes it reaches this program as it is.",
            )
        return found
    return (source,)


def _in_folder(folder: Path) -> list[Source]:
    if any((folder / name).exists() for name in BATCHES):
        raise SourceError(
            f"{folder}: is a folder of batches, and none of exports", "Name the folder of the exports."
        )
    found = sorted(str(path) for path in _data(folder))
    if not found:
        raise SourceError(
            f"{folder}: is a folder without a file of data", "Name the folder of the exports, or the files."
        )
    return list(found)


def _data(folder: Path) -> Iterator[Path]:
    """The files that may hold data: not hidden ones, pictures, documents, mappings, or words about the data beside them."""
    for path in folder.iterdir():
        if (
            path.is_file()
            and not path.name.startswith(".")
            and not is_other(path.name)
            and not is_about_data(path.name)
        ):
            yield path
