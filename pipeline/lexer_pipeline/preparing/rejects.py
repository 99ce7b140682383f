"""Rejected input in its own form, ready to be fixed and run again; and one issue a line for machines."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import orjson
from msgspec.structs import asdict

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.chunks.records import Records
from lexer_pipeline.chunks.rejected import BOOKKEEPING
from lexer_pipeline.chunks.results import Checked, Chunk, Rejected
from lexer_pipeline.chunks.rows import on_one_line
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.kernels.codes import ROW_BLANK, ROW_OK
from lexer_pipeline.loading.delimited import Head
from lexer_pipeline.model import IssueText
from lexer_pipeline.specs.paths import EACH
from lexer_pipeline.validating.document import Value, parse, write_line

# A path into a document: keys, and EACH for all items of a list.
Steps: TypeAlias = Sequence[str | int]


def file_name(source: int, is_table: bool) -> str:
    """Where the rejects of the source number `source` (from 0) of a delivery go."""
    number = f"-{source + 1}" if source else ""
    return f"rejects{number}.{'csv' if is_table else 'ndjson'}"


def header(head: Head) -> bytes:
    """The first line of a rejects file: what was added, and the header as it stood in the source."""
    added = head.delimiter.join(BOOKKEEPING).encode()
    return added + head.delimiter.encode() + head.raw + b"\n"


def rows_or_documents(
    chunk: Chunk,
    rejected: Iterable[Rejected],
    head: Head | None,
    secret: Sequence[int],
    secret_paths: Sequence[Steps],
) -> bytes:
    """The rejected input of a chunk in its own form, without what is in `secret` columns, or under such paths of a document."""
    if head is None:
        return documents(chunk, rejected, secret_paths)
    return table_rows(chunk, rejected, head, secret)


def table_rows(chunk: Chunk, rejected: Iterable[Rejected], head: Head, secret: Sequence[int] = ()) -> bytes:
    """The rejected rows, byte for byte as they stood in the source, behind their line and issues.

    An empty cell that says what the row before it does is filled, since that row need not be among the rejects. Only the cells of `secret` columns are emptied; a row whose cells cannot be told apart is then left out.

    The added cells come first: behind a row that is too short, or whose quote is open, they would not be cells.
    """
    lines, known = [], dict[tuple[IssueText, ...], bytes]()
    carried = chunk.carried if isinstance(chunk, Records) else None
    raw_of, line_of = chunk.raw, chunk.lines.item
    for record in rejected:
        said = known.get(record.texts)
        if said is None:
            said = known[record.texts] = _said(record.texts, head.delimiter)
        for row in record.rows:
            raw = raw_of(row)
            if carried is not None:
                raw = _filled(raw, carried.texts(chunk.data, row), head)
            if secret:
                raw = _without(raw, secret, head)
            lines.append(b"%d%b%b\n" % (line_of(row), said, raw))
    return b"".join(lines)


def _said(texts: Iterable[IssueText], delimiter: str) -> bytes:
    """The cell of issues between its delimiters, each message once."""
    words = "; ".join(dict.fromkeys(text.message for text in texts)).replace('"', '""')
    return f'{delimiter}"{words}"{delimiter}'.encode()


def _filled(raw: bytes, texts: Mapping[int, bytes], head: Head) -> bytes:
    """A row whose cells are certain with some of its empty ones filled."""
    wide = len(head.names)
    found = dispatch.scan_csv(raw, head.dialect, wide, True, 2, len(raw))
    starts, ends = found.starts.tolist(), found.ends.tolist()
    for column in sorted(texts, reverse=True):
        is_quoted = raw[ends[column] : ends[column] + 1] == b'"'
        text = texts[column]
        if not head.dialect.quotes:
            text = text.replace(b'""', b'"')
        elif not is_quoted and any(sign in text for sign in (head.delimiter.encode(), b'"', b"\r", b"\n")):
            text = b'"' + text + b'"'
        raw = raw[: starts[column]] + text + raw[ends[column] :]
    return raw


def _without(raw: bytes, secret: Sequence[int], head: Head) -> bytes:
    wide = len(head.names)
    found = dispatch.scan_csv(raw, head.dialect, wide, True, 2, len(raw))
    if found.rows != 1 or found.row_faults[0] != ROW_OK:
        return head.delimiter.encode() * (wide - 1)
    starts, ends = found.starts, found.ends
    for column in sorted(secret, reverse=True):
        raw = raw[: starts[column]] + raw[ends[column] :]
    return raw


def accepted(checked: Checked) -> list[int] | list[str]:
    """What a fix accepted of a chunk, by which the next one knows it: rows by their lines, documents by their SHA-256."""
    chunk = checked.shaped.chunk
    gone = [row for record in checked.rejected for row in record.rows]
    if isinstance(chunk, Documents):
        keep = np.ones(len(chunk.lines), np.bool_)
        keep[gone] = False
        return [chunk.sha256(row) for row in np.flatnonzero(keep).tolist()]
    keep = chunk.own
    keep[gone] = False
    if chunk.originals is not None:
        return list(
            {chunk.sha256(row): None for row in np.flatnonzero(keep & (chunk.faults != ROW_BLANK)).tolist()}
        )
    lines: list[int] = chunk.lines[keep & (chunk.faults != ROW_BLANK)].tolist()
    return lines


def first_accepted(checked: Checked) -> list[int] | list[str]:
    """The row with which each accepted record of a chunk begins, as `accepted` calls it."""
    chunk = checked.shaped.chunk
    gone = {row for record in checked.rejected for row in record.rows}
    if isinstance(chunk, Documents):
        gone.update(checked.folded)
        return [chunk.sha256(row) for row in range(chunk.records) if row not in gone]
    gone.update(chunk.firsts[list(checked.folded)].tolist())
    if chunk.originals is not None:
        return [chunk.sha256(row) for row in chunk.firsts.tolist() if row not in gone]
    return [int(chunk.lines[row]) for row in chunk.firsts.tolist() if row not in gone]


def documents(chunk: Chunk, rejected: Iterable[Rejected], secret: Sequence[Steps] = ()) -> bytes:
    """The rejected documents, one a line; rows that a mapping made of one document are that document."""
    lines: list[bytes] = []
    for record in rejected:
        of_record = dict.fromkeys(on_one_line(chunk.raw(row)) for row in record.rows)
        lines += [_without_paths(text, secret) if secret else text for text in of_record]
    return b"".join(line + b"\n" for line in lines)


def _without_paths(text: bytes, secret: Sequence[Steps]) -> bytes:
    """A document with nothing under some paths; one that is no JSON is left out."""
    try:
        document = parse(text, lambda: None)
    except (ValueError, RecursionError):
        return b"{}"
    for path in secret:
        _empty(document, path)
    return write_line(document).rstrip() if isinstance(document, dict) else b"{}"


def _empty(value: Value, path: Steps) -> None:
    key, *rest = path
    if isinstance(value, list) and key == EACH and rest:
        for item in value:
            _empty(item, rest)
    elif isinstance(value, dict) and isinstance(key, str) and key in value:
        if rest and rest != [EACH]:
            _empty(value[key], rest)
        else:
            value[key] = None


def issue_lines(rejected: Iterable[Rejected]) -> bytes:
    """The issues of a chunk as NDJSON."""
    lines: list[bytes] = []
    known: dict[IssueText, bytes] = {}
    sources: dict[str, bytes] = {}
    for record in rejected:
        source = sources.get(record.source)
        if source is None:
            source = sources[record.source] = orjson.dumps({"source": record.source})[:-1]
        for (line, row), text in zip(record.places, record.texts, strict=True):
            said = known.get(text)
            if said is None:
                # Behind the brace; what orjson gives keeps a buffer of four kilobytes at least, and a slice is as large as its text.
                said = known[text] = orjson.dumps(asdict(text))[1:]
            lines.append(b'%b,"line":%d,"row":%d,%b\n' % (source, line, row, said))
    return b"".join(lines)
