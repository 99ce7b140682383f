"""What a run reads: each source that it was given, a zip taken apart."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.source import EMPTY_ZIP, ZIP, Source


def expand(sources: Sequence[Source], member: str | None = None) -> list[Source]:
    """The sources, with each zip of exports replaced by its members, or by the one called `member`.

    Raises SourceError for a zip that may do harm, UsageError where there is no such member.
    """
    expanded: list[Source] = []
    has_zip = False
    for source in sources:
        if isinstance(source, str | Path) and str(source) != "-" and _is_zip(Path(source)):
            # zipfile costs as much time to import as a small file to convert.
            archive = import_module("lexer_pipeline.loading.archive")
            if not archive.is_workbook(Path(source)):
                expanded.extend(archive.members(Path(source), member))
                has_zip = True
                continue
        expanded.append(source)
    if member is not None and not has_zip:
        raise UsageError(f"--member {member}: no source is a zip of files", "Leave out --member.")
    return expanded


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(4) in (ZIP, EMPTY_ZIP)
    except OSError:
        return False  # opening it as a source says what is wrong
