"""The file of what a person changed by hand: what, where, when; and what of it belongs to a source.

It holds values of records, so it is readable by its owner alone.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct

from lexer_pipeline.chunks.edits import Edits
from lexer_pipeline.errors import UsageError
from lexer_pipeline.model import SourceUse
from lexer_pipeline.outbox.part import Part
from lexer_pipeline.system import files

# In the folder of a batch: what is to be applied to its rejects, and what was applied before it was made.
FILE, APPLIED = "edits.toml", "edits_applied.toml"
KINDS: Mapping[str, type] = {
    "when": str, "source": str, "lines": list, "column": str, "to": str, "row": str, "left_out": bool, "document": str,
}  # fmt: skip
REMEDY = "Take the file that lexer-pipeline review wrote, or leave it out."


class Edit(Struct, frozen=True):
    """One thing that a person did: the cells of a `column` on some lines were made `to` a text, a whole `row` was written anew, or rows were left out.

    A `document` is known by its SHA-256; `to` is then its text, and `column` the place in it.
    """

    when: str
    source: str
    lines: tuple[int, ...]
    column: str = ""
    to: str | None = None
    row: str | None = None
    left_out: bool = False
    document: str = ""


class EditsFile(Struct, frozen=True):
    """What a person did to some sources, in order; `sources` are their names and checksums."""

    path: Path
    sources: Mapping[str, str]
    edits: tuple[Edit, ...] = ()

    def of(self, name: str) -> Edits | None:
        """What was done to a source, the last word on each cell; None where it was left as it is."""
        known = self._known(name)
        some = [one for one in self.edits if one.source == known]
        return compiled(some) if some else None

    def refuse_others(self, used: Iterable[SourceUse]) -> None:
        """Raise UsageError where a source is not the one that was edited, or none of them is."""
        seen = {self._known(one.path): one.sha256 for one in used}
        for name, sha256 in self.sources.items():
            if seen.get(name, "") != sha256:
                what = (
                    "is not the file that was edited" if name in seen else "was edited, and is no source here"
                )
                raise UsageError(
                    f"{name}: {what} ({self.path})",
                    "Name the file of that content, or leave out --fix and review the new one.",
                )

    def _known(self, name: str) -> str:
        """The source that is meant: by its name, or by that of its file where it lies elsewhere now."""
        alike = [one for one in self.sources if PurePath(one).name == PurePath(name).name]
        return alike[0] if name not in self.sources and len(alike) == 1 else name

    def text(self) -> str:
        """The file as it is written."""
        lines = [
            "# What was changed by hand. It holds values of records: keep it as private as the export itself.",
            "# convert --fix applies it: lexer-pipeline convert --help",
        ]
        for name, sha256 in self.sources.items():
            lines += ["", "[[sources]]", f"path = {_quoted(name)}", f"sha256 = {_quoted(sha256)}"]
        for one in self.edits:
            lines += ["", "[[edits]]", *_said(one)]
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        """Put it on the disk, or take it away where nothing was done."""
        if self.edits:
            files.write_whole(self.path, self.text().encode())
        else:
            self.path.unlink(missing_ok=True)


def keep_applied(edits: EditsFile | None, parts: Iterable[Part]) -> None:
    """Put what was applied beside the batches that come of it."""
    if edits is not None:
        for part in parts:
            files.write_whole(part.folder / APPLIED, edits.text().encode())


def compiled(edits: Iterable[Edit]) -> Edits:
    """The last word on each cell, row and document; who writes a row anew takes back what was said of it before."""
    cells: dict[int, dict[str, str]] = {}
    rows: dict[int, str] = {}
    left_out: set[int] = set()
    documents: dict[str, str | None] = {}
    for one in edits:
        if one.document:
            documents[one.document] = None if one.left_out else one.to
            left_out.difference_update(one.lines)
            left_out.update(one.lines if one.left_out else ())
            continue
        for line in one.lines:
            left_out.discard(line)
            if one.left_out:
                left_out.add(line)
            elif one.row is not None:
                rows[line] = one.row
                cells.pop(line, None)
            elif one.to is not None:
                cells.setdefault(line, {})[one.column] = one.to
    return Edits(cells, rows, frozenset(left_out), documents)


def read(path: Path) -> EditsFile:
    """The edits in a file; UsageError where it is none."""
    try:
        plain = tomllib.loads(path.read_text("utf-8"))
        sources = {str(one["path"]): str(one["sha256"]) for one in plain.get("sources", [])}
        edits = tuple(_edit(one) for one in plain.get("edits", []))
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file", "Check the path.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        where = f" ({problem})" if isinstance(problem, tomllib.TOMLDecodeError) else ""
        raise UsageError(f"{path}: is no file of edits{where}", REMEDY) from None
    unknown = sorted({one.source for one in edits} - set(sources))
    if unknown:
        raise UsageError(f"{path}: edits {unknown[0]}, which is not among its sources", REMEDY)
    return EditsFile(path, sources, edits)


def _edit(said: Mapping[str, Any]) -> Edit:
    if any(not isinstance(said[name], KINDS[name]) for name in said):
        raise TypeError
    lines = tuple(int(line) for line in said.get("lines", ()))
    return Edit(**{**said, "lines": lines})


def _said(one: Edit) -> Sequence[str]:
    texts = {"document": one.document, "column": one.column}
    lines = [f"when = {_quoted(one.when)}", f"source = {_quoted(one.source)}"]
    lines += [f"{name} = {_quoted(text)}" for name, text in texts.items() if text]
    lines.append(f"lines = [{', '.join(map(str, one.lines))}]")
    lines += [f"row = {_quoted(one.row)}"] if one.row is not None else []
    lines += [f"to = {_quoted(one.to)}"] if one.to is not None else []
    return [*lines, "left_out = true"] if one.left_out else lines


def _quoted(text: str) -> str:
    """A TOML basic string (TOML 1.0): what JSON writes, with DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
