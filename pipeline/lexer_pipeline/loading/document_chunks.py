"""The documents that were found in the bytes of a source, numbered and in chunks of the usual size."""

from collections.abc import Iterator, Sequence

import numpy as np

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.kernels.arrays import Int64s
from lexer_pipeline.limits import MADE_BYTES
from lexer_pipeline.loading.included import NOTHING, Included, Joins
from lexer_pipeline.loading.json_reader import BLOCK


class DocumentChunks:
    """Numbers the documents of one source, and joins to them what their pages include."""

    def __init__(self, joins: Joins) -> None:
        self._joins = joins
        self._number = 0

    def of(
        self, data: bytes, starts: Int64s, ends: Int64s, lines: Int64s, blank: int, pages: Sequence[Included] = ()
    ) -> Iterator[Documents]:  # fmt: skip
        """The documents as a chunk or, where a wrapper was read at once, as chunks of the usual size."""
        if any(page is not NOTHING for page in pages):
            yield from self._joined(data, np.stack((starts, ends, lines), axis=1).tolist(), pages, blank)
            return
        if len(data) <= 4 * BLOCK or not len(starts):
            yield self._chunk(data, starts, ends, lines, blank)
            return
        cuts = np.flatnonzero(np.diff((starts - starts[0]) // BLOCK)) + 1
        for some in np.split(np.arange(len(starts)), cuts):
            first, end = int(starts[some[0]]), int(ends[some[-1]])
            yield self._chunk(data[first:end], starts[some] - first, ends[some] - first, lines[some], blank)
            blank = 0

    def _joined(
        self, data: bytes, places: Sequence[tuple[int, int, int]], pages: Sequence[Included], blank: int
    ) -> Iterator[Documents]:
        texts, lines, size, made = list[bytes](), list[int](), 0, 0
        for (start, end, line), page in zip(places, pages, strict=True):
            texts.append(self._joins.joined(data[start:end], page, line))
            lines.append(line)
            size += len(texts[-1])
            made += len(texts[-1])
            if made > MADE_BYTES:
                raise self._joins.made(line)
            if size > BLOCK:
                yield self._of_texts(texts, lines, blank)
                texts, lines, size, blank = [], [], 0, 0
        if texts:
            yield self._of_texts(texts, lines, blank)

    def _of_texts(self, texts: Sequence[bytes], lines: Sequence[int], blank: int) -> Documents:
        made = Documents.of_texts(texts, lines, self._number + 1, blank)
        self._number += len(texts)
        return made

    def _chunk(self, data: bytes, starts: Int64s, ends: Int64s, lines: Int64s, blank: int) -> Documents:
        numbers = np.arange(self._number + 1, self._number + 1 + len(starts))
        self._number += len(starts)
        starts, ends, lines = (np.ascontiguousarray(one, np.int64) for one in (starts, ends, lines))
        return Documents(data, starts, ends, lines, numbers, blank)
