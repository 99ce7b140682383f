"""A draft of the mapping of documents: they become a table of their paths, on which all guesses are tested as on any other."""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.inspecting.document_columns import table_of
from lexer_pipeline.inspecting.document_lists import given_back, repeats_in, wrapped_in
from lexer_pipeline.inspecting.document_profile import ListProfile
from lexer_pipeline.inspecting.document_reading import first_of, form_told, wrapper_of
from lexer_pipeline.inspecting.draft import Draft, draft
from lexer_pipeline.inspecting.draft_text import DocumentPage
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.json_documents import Placing
from lexer_pipeline.loading.records import load_documents
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.mapping.document_paths import SeenPath, paths_in
from lexer_pipeline.mapping.document_source import documents_at, first_paths, form_of
from lexer_pipeline.model import Specification

Watched = Callable[[Iterator[Documents]], Iterator[Documents]]


def draft_of_documents(
    title: str, loaded: LoadedDocuments, specification: Specification, watched: Watched
) -> tuple[Draft, Sequence[SeenPath]]:
    """The draft, and the paths of the first documents as a preset is known by them."""
    form = form_told(loaded)
    first = first_paths(loaded, replace(form_of(None), kept=form.kept))
    loaded, seen = replace(loaded, rest=first.start), first.paths
    if records := _dumped(loaded, form, specification):
        form = DocumentForm(records)
    chunks, paths = first_of(load_documents(loaded, form))
    repeats = repeats_in(paths, specification)
    found = table_of(watched(chunks), repeats, records or wrapper_of(loaded))
    page = DocumentPage(
        {one.path.removesuffix("[]"): _word(one) for one in found.lists if one.path.count("[]") == 1},
        form.records, form.parent, repeats.each, refunds="" if repeats.each or not repeats.rows else given_back(paths),
    )  # fmt: skip
    return draft(title, found.names, found.table, specification, documents=page), seen


def _dumped(loaded: LoadedDocuments, form: DocumentForm, specification: Specification) -> str:
    """The list that holds the records, where the source is one object that has several; empty where it is not."""
    placing = Placing()
    documents = documents_at(loaded, loaded.rest, form, placing=placing)
    is_wrapped = placing.wrappers is not None and bool(placing.wrappers.list)
    if is_wrapped or len(documents) != 1:
        return ""
    return wrapped_in([one.steps for one in paths_in(documents)], specification)


def _word(one: ListProfile) -> str:
    """What is said of a list that nothing reads."""
    if one.of_objects:
        return "a list of its own; one of its values can be kept with pick, first or count"
    return 'a list; to keep it, convert = [{ join = ", " }]'
