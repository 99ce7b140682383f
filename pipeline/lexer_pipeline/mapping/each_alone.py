"""A document with several records in one list, as a document for each of them: so that one of them can be put aside and come back alone."""

from collections.abc import Iterator, Sequence

from lexer_pipeline.loading.json_members import behind_space, items, members


def alone(document: bytes, keys: Sequence[str]) -> Iterator[bytes]:
    """The document with each item of the list under some keys as its only one, in their order; items that are null are left out.

    It is JSON, and has that list.
    """
    at, end = behind_space(document, 0), len(document)
    for key in keys:
        known = members(document, at)
        assert known is not None
        at, end = next((one.start, one.end) for one in known[0] if one.key == key)
    for begin, stop in items(document, at, end) or ():
        if document[begin:stop] != b"null":
            yield document[:at] + b"[" + document[begin:stop] + b"]" + document[end:]
