"""Wrappers around records, as the answers of APIs are: `{"orders": [...], "next": ...}`, a page of GraphQL, lists of pages.

A document is a wrapper where exactly one list of objects is in it and nothing speaks for a document of its own. That is told
from the document as a whole or, where it is longer than any document may be, from what stands before the list.
"""

import re
from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lexer_pipeline.loading.json_members import EMPTY_LIST, Member, behind_space, members

FULL_LIST = re.compile(rb"\[[ \t-\r]*\{")
# What APIs call the list of what was asked for.
USUAL = frozenset((
    "orders", "data", "results", "items", "customers", "records", "contacts", "events", "elements", "value", "values", "rows",
    "list", "entries", "nodes", "edges", "people", "subscribers", "profiles", "members", "messages", "charges",
    "transactions", "products", "objects", "response", "content",
))  # fmt: skip
# What they put around it: GraphQL, HAL, OData, Elasticsearch, QuickBooks.
AROUND = frozenset((
    "data", "response", "result", "results", "body", "payload", "content", "d", "_embedded", "hits", "queryresponse",
))  # fmt: skip
# Lists beside it that hold no records: what JSON:API and others add.
ADDED = frozenset(("included", "links", "_links", "errors", "warnings"))
# What may stand in a document of JSON:API.
RESOURCE = frozenset(("data", "included", "links", "meta", "jsonapi", "errors"))
# A document is known by what it says of itself; a wrapper at most says whose request it was, or on which list.
OWN = frozenset(("id", "_id", "uuid", "gid", "email"))
OWNERS = re.compile(
    r"customer|user|person|contact|client|profile|subscriber|visitor|order|purchase|transaction|checkout|cart|invoice|payment"
    r"|charge|refund|return|event|message|session|email"
)
# A wrapper without records is known by keys of such words alone; an empty list in anything else is a document's own.
PAGING = frozenset((
    "after", "api", "before", "code", "context", "count", "current", "cursor", "done", "empty", "end", "error", "errors",
    "extensions", "first", "found", "has", "http", "included", "info", "is", "kind", "last", "limit", "link", "links", "max",
    "message", "meta", "metadata", "more", "next", "number", "object", "odata", "of", "offset", "ok", "page", "pageable", "pages",
    "pagination", "paging", "per", "prev", "previous", "query", "records", "results", "self", "size", "sort", "start", "status",
    "success", "time", "timestamp", "token", "total", "totals", "uri", "url", "version", "warnings",
)) | USUAL  # fmt: skip
WORD = re.compile(r"[A-Z]*[a-z]+|[A-Z]+|\d+")
# So many objects stand around a list at most: {"data": {"shop": {"orders": {"nodes": [...]}}}}.
DEEPEST = 4


class Found(Struct, frozen=True):
    """The list at `at`, which `keys` lead to; the records lie below `inner` in each of its items.

    Beside it stand the lists called `added`, which hold no records. What a person named may be one object (`is_list` is False).
    """

    keys: tuple[str, ...]
    at: int
    inner: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    is_list: bool = True
    is_empty: bool = False


def is_records(data: bytes, one: Member, depth: int, beside: Collection[str] = ADDED) -> bool:
    """Whether what stands under a key, so many objects deep in a document, is a list of records or leads to one."""
    if one.key.casefold() in beside:
        return False
    return FULL_LIST.match(data, one.start) is not None or any(
        not way.is_empty for way in _inner_ways(data, one, depth, beside)
    )


def by_itself(data: bytes, kept: Collection[str], beside: Collection[str] = ADDED) -> Found | None:
    """The one list of objects in a document; None where nothing tells which it is, or the document speaks for itself.

    What is called as one of `beside` is none.
    """
    ways = _ways(data, 0, kept, 0, beside)
    return ways[0] if len(ways) == 1 else None


def one_resource(data: bytes, kept: Collection[str], included: str) -> Found | None:
    """The one object of a document of JSON:API that is no list: it has a type and an id, and nothing stands around it but what may."""
    known = members(data, 0)
    every = known[0] if known is not None else []
    found = [one for one in every if one.key == "data" and data[one.start : one.start + 1] == b"{"]
    if not found or "data" in kept or any(one.key not in RESOURCE and one.key != included for one in every):
        return None
    inner = members(data, found[0].start)
    is_one = inner is not None and {"type", "id"} <= {one.key for one in inner[0]}
    return Found(("data",), found[0].start, is_list=False) if is_one else None


def _ways(data: bytes, at: int, kept: Collection[str], depth: int, beside: Collection[str]) -> list[Found]:
    """The lists of objects in the object at `at` and in what stands around a list; a list without items only where there is no other."""
    known = members(data, at)
    if known is None:
        return []
    every, end = known
    lists = [one for one in every if FULL_LIST.match(data, one.start)]
    added = tuple(one.key for one in lists if one.key.casefold() in beside)
    ways = [Found((one.key,), one.start, _of_edges(data, one)) for one in lists if one.key not in added]
    ways += [
        replace(found, keys=(one.key, *found.keys))
        for one in every
        for found in _inner_ways(data, one, depth, beside)
    ]
    words = [word for one in every if one.key.casefold() not in beside for word in WORD.findall(one.key)]
    if end >= 0 and all(word.casefold() in PAGING for word in words):
        empty = [one for one in every if one.key.casefold() in USUAL and EMPTY_LIST.match(data, one.start)]
        ways += [Found((one.key,), one.start, is_empty=True) for one in empty]
    if any(_is_document(data, every, one.keys[0], kept) for one in ways):
        return []
    ways = [one for one in ways if not one.is_empty] or ways[:1]
    return [replace(one, added=(*one.added, *added)) for one in ways]


def _inner_ways(data: bytes, one: Member, depth: int, beside: Collection[str]) -> list[Found]:
    """The lists that an object leads to; in a document only what APIs put around their lists does."""
    word, is_object = one.key.casefold(), data[one.start : one.start + 1] == b"{"
    if not is_object or word in beside or depth > DEEPEST or (depth == 0 and word not in AROUND):
        return []
    return _ways(data, one.start, (), depth + 1, beside)


def _of_edges(data: bytes, one: Member) -> tuple[str, ...]:
    """Where the records lie in the items of a list: in GraphQL those of `edges` are in their `node`."""
    if one.key != "edges":
        return ()
    known = members(data, behind_space(data, one.start + 1))
    nodes = [one for one in known[0] if one.key == "node"] if known is not None else []
    return ("node",) if nodes and data[nodes[0].start : nodes[0].start + 1] == b"{" else ()


def _is_document(data: bytes, every: Sequence[Member], chosen: str, kept: Collection[str]) -> bool:
    """Whether an object speaks of itself, so that the list in it is its own."""
    others = [one for one in every if one.key != chosen]
    own = [one for one in others if one.key in kept]
    if chosen in kept or len(own) > 1 or any(data[one.start : one.start + 1] == b"{" for one in own):
        return True
    words = [one.key.casefold() for one in others]
    ids = [word for word in words if word.endswith("id")]
    is_usual = chosen.casefold() in USUAL | AROUND
    return not OWN.isdisjoint(words) or any(not is_usual or OWNERS.search(word) for word in ids)
