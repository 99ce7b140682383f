"""What stands in the first documents of a source of JSON: by it a mapping finds its paths, and a preset is known."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from itertools import islice
from typing import BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels.path_tree import ITEMS
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.format import Readable
from lexer_pipeline.loading.json_documents import Placing, read_documents
from lexer_pipeline.loading.parents import Parents
from lexer_pipeline.loading.records import documents_of
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.loading.spool import Spool
from lexer_pipeline.mapping.document_paths import SeenPath, paths_in, steps_of
from lexer_pipeline.mapping.document_table import takes_lists
from lexer_pipeline.mapping.rules import DocumentSettings, Mapping

# So many documents, or as many as there are in so many bytes, say what stands in all of them; of a longer one, that one.
MOST_DOCUMENTS, ENOUGH, LONGEST = 250, 1 << 20, 16 << 20
BLOCK = 1 << 18
# As JSON:API calls it.
INCLUDED = "included"


class _Start(Struct):
    """The beginning of a source, read before."""

    name: str

    def read(self, size: int) -> bytes:  # noqa: ARG002 - all of it was given
        return b""


def form_of(mapping: Mapping | None, is_bare: bool = False) -> DocumentForm:
    """How documents lie in a source for a mapping: a list that it reads is none of documents; `is_bare` where these are rejects.

    Without a mapping, what pages include is joined to their records, so that a preset is known by it.
    """
    if mapping is None:
        return DocumentForm(included=INCLUDED, bare=is_bare)
    said = mapping.documents or DocumentSettings()
    return DocumentForm(said.records, said.parent, said.included, frozenset(_lists(mapping)), is_bare)


def _lists(mapping: Mapping) -> Iterator[str]:
    """The keys under which a mapping reads lists."""
    for record in mapping.records:
        rules = [
            (name, takes_lists(rule)) for rule in record.rules for names in rule.columns for name in names
        ]
        for name, is_list in [
            *rules,
            *((name, False) for name in record.columns()),
            (f"{record.each}[]", False),
        ]:
            key, *rest = steps_of(name)
            if isinstance(key, str) and (rest[:1] == [ITEMS] or (is_list and not rest)):
                yield key


class Seen(Struct, frozen=True):
    """The `paths` of the documents of a source, which is to be read from its start as before: `start`, and behind it `body`.

    Whoever reads it closes it: what was read of it may lie in a `copy`.
    """

    paths: Sequence[SeenPath]
    body: Readable
    start: bytes
    copy: BinaryIO | None = None

    def close(self) -> None:
        """Let go of the copy."""
        if self.copy is not None:
            self.copy.close()


def first_paths(loaded: LoadedDocuments, form: DocumentForm) -> Seen:
    """The paths of the first documents of a source."""
    start, ended = loaded.rest, False
    while True:
        is_all = ended or len(start) > LONGEST
        found = documents_at(loaded, start, form, is_all)
        if is_all or (found and len(start) >= ENOUGH) or len(found) >= MOST_DOCUMENTS:
            return Seen(paths_in(found), loaded.stream, start)
        block = loaded.stream.read(max(BLOCK, len(start)))
        ended = not block
        start += block


def all_paths(loaded: LoadedDocuments, form: DocumentForm) -> Seen:
    """The paths of all documents of a source, which is read once more for them."""
    with ExitStack() as held:
        copy = held.enter_context(closing(loaded.scratch.file()))
        spool = Spool(loaded.stream, loaded.rest, copy, loaded.scratch.passed)
        chunks = documents_of(
            replace(loaded, placing=Placing(loaded.placing.is_one_a_line)), form, spool.again()
        )
        seen = Seen(paths_in(_texts(chunks)), spool.again(), b"", copy)
        held.pop_all()
    return seen


def _texts(chunks: Iterable[Documents]) -> Iterator[bytes]:
    return (chunk.text(row) for chunk in chunks for row in range(chunk.records) if row not in chunk.orphans)


def documents_at(
    loaded: LoadedDocuments,
    start: bytes,
    form: DocumentForm,
    is_all: bool = False,
    placing: Placing | None = None,
) -> list[bytes]:
    """The documents at the start of a source that may go on; SourceError where there is none in all that is looked at.

    `placing` is told how they lie in it.
    """
    chunks: list[Documents] = []
    try:
        for chunk in read_documents(
            _Start(loaded.name), start, form, placing or Placing(loaded.placing.is_one_a_line)
        ):
            chunks.append(chunk)
            if not form.parent and sum(one.records for one in chunks) >= MOST_DOCUMENTS:
                break
    except SourceError:
        # It goes on behind what was read; what else is wrong with it whoever reads all of it will say.
        if is_all and not chunks:
            raise
    if form.parent:
        with suppress(SourceError):
            chunks = list(
                Parents(form.parent, loaded.name).brought_home(
                    lambda: iter(chunks), len(start), loaded.scratch
                )
            )
    return list(islice(_texts(chunks), MOST_DOCUMENTS))
