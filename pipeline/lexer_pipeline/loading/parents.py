"""Lines that belong to a parent line are put into it, as in Shopify's bulk form; memory stays constant wherever they stand.

Where all of them follow their parents, as the shop writes them, they are put in as they come. Else the root of each line is
found through files on disk, and the lines of some roots at a time are brought together in others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.limits import RECORD_ROWS
from lexer_pipeline.loading.families import Line, about, composed, families, too_large
from lexer_pipeline.loading.lines_apart import DEEPEST, LinesApart
from lexer_pipeline.system.scratch import Scratch

# So many bytes make a chunk.
CHUNK = 1 << 19
Chunks = Callable[[], Iterator[Documents]]


class Parents:
    """Puts lines into those that they name under `parent`; `brought` counts them, once all chunks were taken."""

    def __init__(self, parent: str, source: str) -> None:
        self._parent = parent
        self._source = source
        self._number = 0
        self._blank = 0
        self.brought = 0

    def brought_home(self, chunks: Chunks, size: int, scratch: Scratch) -> Iterator[Documents]:
        """The documents of a source of about `size` bytes with those that belong to them, in the order of the file.

        `chunks` gives them again and again. Those whose parent is nowhere come as `orphans`. SourceError where one would be
        larger than a record may be.
        """
        if self._all_follow(chunks()):
            yield from self._composed(families(self._lines(chunks()), self._source))
        else:
            with closing(LinesApart(size, scratch, self._source)) as apart:
                apart.find_roots(self._lines(chunks()))
                self._blank = 0
                yield from self._composed(
                    ([line] for line in apart.part(self._lines(chunks()))), are_orphans=True
                )
                yield from self._composed(apart.families())
        if self._blank:
            yield self._chunk([], [], frozenset())

    def _all_follow(self, chunks: Iterator[Documents]) -> bool:
        """Whether each line that names a parent follows it, with nothing between them but lines of the same root."""
        depths = dict[str, int]()
        for line in self._lines(chunks):
            if line.above is None:
                depths = {}
            elif depths.get(line.above, DEEPEST) >= DEEPEST:
                return False
            if line.own is not None:
                depths[line.own] = 0 if line.above is None else depths[line.above] + 1
            if len(depths) > RECORD_ROWS:
                raise too_large(self._source, line.line)
        self._blank = 0
        return True

    def _lines(self, chunks: Iterable[Documents]) -> Iterator[Line]:
        number = 0
        for chunk in chunks:
            self._blank += chunk.blank
            for row, line in enumerate(chunk.lines.tolist()):
                text = chunk.text(row)
                yield Line(number, line, text, *about(text, self._parent))
                number += 1

    def _composed(self, some: Iterable[Sequence[Line]], are_orphans: bool = False) -> Iterator[Documents]:
        texts, lines, orphans, size = list[bytes](), list[int](), set[int](), 0
        for family in some:
            text, is_whole = (family[0].text, False) if are_orphans else composed(family)
            if not is_whole:
                orphans.add(len(texts))
            self.brought += len(family) - 1
            texts.append(text)
            lines.append(next(one.line for one in family if one.above is None or are_orphans))
            size += len(text)
            if size > CHUNK:
                yield self._chunk(texts, lines, frozenset(orphans))
                texts, lines, orphans, size = [], [], set(), 0
        if texts:
            yield self._chunk(texts, lines, frozenset(orphans))

    def _chunk(self, texts: Sequence[bytes], lines: Sequence[int], orphans: frozenset[int]) -> Documents:
        made = Documents.of_texts(texts, lines, self._number + 1, self._blank, orphans)
        self._number, self._blank = self._number + len(texts), 0
        return made
