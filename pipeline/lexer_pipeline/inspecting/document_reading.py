"""How documents lie in a source that is looked at, told from the first of them."""

from collections.abc import Iterator
from itertools import chain

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.inspecting.document_lists import own_list
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.mapping.document_paths import Steps, paths_in
from lexer_pipeline.mapping.document_source import ENOUGH, MOST_DOCUMENTS, documents_at

# By this key the lines of a bulk export name the line that they belong to.
PARENT = "__parentId"


def form_told(loaded: LoadedDocuments) -> DocumentForm:
    """How documents lie in a source, by those at its very beginning."""
    steps = [one.steps for one in paths_in(documents_at(loaded, loaded.rest, DocumentForm(bare=True)))]
    own = own_list(steps)
    return DocumentForm(parent=PARENT if (PARENT,) in steps else "", kept=frozenset([own] if own else []))


def wrapper_of(loaded: LoadedDocuments) -> str:
    """The list that the records were found in, as far as they were read; empty where there is none."""
    return "" if loaded.placing.wrappers is None else loaded.placing.wrappers.list


def first_of(chunks: Iterator[Documents]) -> tuple[Iterator[Documents], list[Steps]]:
    """The same chunks, and the paths of the first documents in them."""
    held: list[Documents] = []
    documents = size = 0
    for chunk in chunks:
        held.append(chunk)
        documents, size = documents + chunk.records, size + chunk.size
        if documents >= MOST_DOCUMENTS or size >= ENOUGH:
            break
    texts = (chunk.text(row) for chunk in held for row in range(min(chunk.records, MOST_DOCUMENTS)))
    return chain(held, chunks), [one.steps for one in paths_in(texts)]
