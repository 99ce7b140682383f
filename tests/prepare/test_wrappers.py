"""A list of records in a wrapper gives its records, whatever stands around it; a document with a list of its own stays one."""

import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.loading import document_chunks, json_documents, json_reader
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.json_documents import Placing, read_documents
from msgspec.structs import replace

from .helpers import KEEP_ALL, in_plain_python, of_bytes, prepared
from .test_fast_against_slow import Drops

ORDERS = [{"id": 1, "lines": [{"sku": "a"}]}, {"id": 2, "lines": []}, {"id": 3, "note": "]}"}]
EVENT = {"event_name": "purchase", "user_pseudo_id": "1.2", "items": [{"item_id": "7"}], "event_params": []}


def chunks(
    data: bytes, form: DocumentForm, sizes: Sequence[int] = (), placing: Placing | None = None
) -> list[Documents]:
    source = Drops(data, sizes or [len(data)])
    return list(read_documents(source, source.read(5), form, placing))


def found(data: bytes, form: DocumentForm = DocumentForm(), sizes: Sequence[int] = ()) -> list[Any]:  # noqa: B008 - frozen
    return [json.loads(one.text(row)) for one in chunks(data, form, sizes) for row in range(one.records)]


def spellings(value: Any) -> list[bytes]:
    """A value on one line, and on many."""
    return [json.dumps(value, indent=indent).encode() for indent in (None, 1)]


# ------------------------------------------------------------------------------------ found by itself

WRAPPERS = {
    "the list alone": {"orders": ORDERS},
    "a key that no list of words has": {"bestellungen": ORDERS},
    "keys before and behind": {"page": 1, "next": None, "orders": ORDERS, "links": {"self": "https://a.example"}},
    "paging with lists of scalars": {"fields": ["a", "b"], "data": ORDERS, "paging": {"next": {"after": "151"}}},
    "a request and an account": {"request_id": "r", "account_id": 7, "data": ORDERS},
    "Stripe": {"object": "list", "url": "/v1/events", "has_more": False, "data": ORDERS},
    "Salesforce": {"totalSize": 3, "done": True, "records": ORDERS},
    "Mailchimp": {"members": ORDERS, "list_id": "x", "total_items": 3, "_links": [{"rel": "self"}]},
    "JSON:API": {"data": ORDERS, "included": [{"type": "profile", "id": 9}], "links": {"next": None}},
    "HAL": {"_embedded": {"orders": ORDERS}, "_links": {"self": {"href": "x"}}, "page": {"size": 3}},
    "OData": {"d": {"results": ORDERS, "__count": "3"}},
    "GraphQL nodes": {"data": {"orders": {"nodes": ORDERS, "pageInfo": {"hasNextPage": False}}}},
    "GraphQL edges": {"data": {"orders": {"edges": [{"cursor": "c", "node": one} for one in ORDERS], "pageInfo": {}}},
                      "extensions": {"cost": {"actual": 3}}},
    "GraphQL with errors": {"errors": [{"message": "part"}], "data": {"shop": {"orders": {"nodes": ORDERS}}}},
    "an empty list of another kind": {"orders": ORDERS, "messages": []},
    "a list of pages": [{"orders": ORDERS[:1], "n": 1}, {"orders": []}, {"orders": ORDERS[1:]}],
    "a list of lists": [ORDERS[:2], [], ORDERS[2:]],
}  # fmt: skip
DOCUMENTS = {
    "an order": {"id": 1, "line_items": [{"sku": "a"}]},
    "an event": EVENT,
    "an order of another name": {"purchase_id": "A", "items": [{"sku": "a"}]},
    "ids of another case": {"Id": "003", "Contacts": [{"a": 1}]},
    "ids beside a list without a usual name": {"clientRef": "7", "accountId": 5, "lines": [{"sku": "a"}]},
    "a customer with orders": {"email": "a@b.example", "orders": [{"total": 1}]},
    "two lists": {"orders": [{"a": 1}], "refunds": [{"a": 1}]},
    "a list of scalars": {"tags": ["a", "b"], "orders": [1, 2]},
    "lists of nobody knows what": {"tags": [], "name": "x"},
    "an empty list of a document": {"first_name": "Ann", "orders": []},
    "one object in a wrapper": {"data": {"id": 1, "lines": [{"a": 1}]}},
    "one order of GraphQL": {"data": {"order": {"id": "gid://x/1", "lineItems": {"nodes": [{"a": 1}]}}}},
    "an object with a list": {"cart": {"items": [{"a": 1}]}, "total": 5},
    "links alone": {"name": "x", "links": [{"rel": "self"}]},
    "records in two objects": {"data": {"a": [{"x": 1}], "b": [{"x": 1}]}, "results": [{"x": 1}]},
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_gives_its_records(name: str) -> None:
    for data in spellings(WRAPPERS[name]):
        assert found(data) == ORDERS
        assert found(data + b"\n" + data) == ORDERS * 2
        for sizes in ([1], [3, 1, 17], [7]):
            assert found(data, sizes=sizes) == ORDERS
        with in_plain_python():
            assert found(data) == ORDERS


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_with_lists_of_its_own_stays_one(name: str) -> None:
    one = DOCUMENTS[name]
    for data in spellings(one):
        assert found(data) == [one]
        assert found(data + b"\n" + data) == [one, one]
    for data in spellings([one, one]):
        assert found(data) == [one, one]


def test_a_list_that_is_a_field_of_a_document_is_its_own() -> None:
    purchase = {"type": "store", "products": [{"sku": "a"}]}
    with_items = {"link": {"email": "a@b.example"}, "items": [{"sku": "a"}]}
    form = DocumentForm(kept=frozenset(("products", "link", "type", "source")))

    assert found(json.dumps(purchase).encode(), form) == [purchase]
    assert found(json.dumps(purchase).encode()) == purchase["products"]
    assert found(json.dumps(with_items).encode(), form) == [with_items]
    assert found(json.dumps({"type": "list", "orders": [purchase]}).encode(), form) == [purchase]


def test_pages_may_have_any_number_of_records() -> None:
    pages = [
        b'{"page": 1, "orders": []}',
        b'{"orders": [{"id": 1}, {"id": 2}]}',
        b"",
        b'{"id": 3}',
        b'{"orders": [{"id": 4}]}',
    ]

    assert [one["id"] for one in found(b"\n".join(pages))] == [1, 2, 3, 4]
    assert [one.get("id") for one in found(b"\n" + b" ".join([b"{\n}", *pages]))][1:] == [1, 2, 3, 4]


def test_a_wrapper_behind_many_documents_is_a_document() -> None:
    page = {"orders": [{"id": 1}]}
    documents = [{"id": number} for number in range(16)]

    for many, behind in ((15, [{"id": 1}]), (16, [page])):
        values = [*documents[:many], page]
        assert found(b"\n".join(json.dumps(one).encode() for one in values)) == [*documents[:many], *behind]
        assert found(json.dumps(values).encode()) == [*documents[:many], *behind]


def test_every_record_has_the_line_that_it_stands_on() -> None:
    pretty = b'{\n"page": 1,\n"orders": [\n{"id": 1},\n{\n"id": 2}\n],\n"next": null\n}\n\n'
    lines = [int(line) for one in chunks(pretty + pretty, DocumentForm()) for line in one.lines]
    paged = b'{"orders": [{"id": 1}, {"id": 2}]}\n\n{"orders": [{"id": 3}]}\n'
    one_a_line = chunks(paged, DocumentForm())

    assert lines == [4, 5, 14, 15]
    assert [int(line) for one in one_a_line for line in one.lines] == [1, 1, 3]
    assert [int(number) for one in one_a_line for number in one.numbers] == [1, 2, 3]
    assert sum(one.blank for one in one_a_line) == 1


def test_what_stands_beside_the_records_is_said_by_its_name() -> None:
    placing = Placing()
    chunks(json.dumps(WRAPPERS["JSON:API"]).encode(), DocumentForm(), placing=placing)

    assert placing.notes == ('the list "included" beside the records was passed over',)


keys = st.sampled_from(("page", "orders", "data", "list", "x y", 'q"', "tags", "meta", "é"))
scalars = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(("[{", '}]"', "\\"))
)
beside = st.dictionaries(keys, scalars | st.lists(scalars, min_size=1, max_size=2) | st.dictionaries(keys, scalars, max_size=2), max_size=4)  # fmt: skip
records = st.lists(
    st.dictionaries(keys, scalars | st.lists(scalars, max_size=2), max_size=3), min_size=1, max_size=5
)


@settings(max_examples=150)
@given(
    beside,
    beside,
    keys,
    records,
    st.sampled_from((None, 1)),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_any_wrapper_gives_exactly_its_records(
    before: dict[str, Any],
    behind: dict[str, Any],
    key: str,
    inside: list[Any],
    indent: int | None,
    sizes: list[int],
) -> None:
    before, behind = ({name: value for name, value in one.items() if name != key} for one in (before, behind))
    data = json.dumps({**before, key: inside, **behind}, indent=indent).encode()

    assert found(data) == inside
    assert found(data, sizes=sizes) == inside
    assert found(data, DocumentForm(records=f"[{json.dumps(key)}]")) == inside


# ------------------------------------------------------------------------------------ named by a person


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("refunds", {"orders": [{"a": 1}], "refunds": ORDERS}),
        ("orders[]", {"id": 7, "orders": ORDERS}),
        ("data.orders.edges[].node", {"data": {"orders": {"edges": [{"node": one} for one in ORDERS]}}}),
        ('properties["x y"].list', {"properties": {"x y": {"list": ORDERS}, "a": [{}]}}),
        ("pages[].orders", {"pages": [{"orders": ORDERS[:1]}, {"orders": []}, {"orders": ORDERS[1:]}]}),
        ("orders", [{"orders": ORDERS[:1]}, {"orders": ORDERS[1:]}]),
        ("orders", [[{"orders": ORDERS[:1]}], [{"orders": ORDERS[1:]}]]),
    ],
)
def test_a_named_list_is_taken_whatever_else_is_there(path: str, document: Any) -> None:
    for data in spellings(document):
        assert found(data, DocumentForm(records=path)) == ORDERS
        assert found(data + b"\n" + data, DocumentForm(records=path), [3]) == ORDERS * 2


def test_a_named_object_is_the_one_record() -> None:
    for data in spellings({"data": {"order": ORDERS[0]}}):
        assert found(data, DocumentForm(records="data.order")) == ORDERS[:1]


def test_an_item_without_the_named_key_stays_as_it_is() -> None:
    edges = [{"node": {"id": 1}}, {"node": None}, 7]

    assert found(json.dumps({"edges": edges}).encode(), DocumentForm(records="edges[].node")) == [
        {"id": 1},
        *edges[1:],
    ]


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        (
            "order",
            b'{"page": 1, "orders": []}',
            "line 1: order, .*order is not there; the keys there are: orders, page",
        ),
        ("data.order", b'{"data": {"orders": []}}', "order is not there; the keys there are: orders"),
        ("orders", b'{"orders": null}', "orders is no list"),
        ("orders", b'{"orders": []}\n\n{"errors": []}', "line 3: .*the keys there are: errors"),
        ("orders", b'[{"ann@example.com": 1}]', "is not there$"),
        ("orders..x", b"{}", "no path"),
        ("a[0]", b"{}", "no path"),
    ],
)
def test_a_named_list_that_is_not_there_is_said_with_the_keys_that_are(
    path: str, data: bytes, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        found(data, DocumentForm(records=path))


# ------------------------------------------------------------------------------------ larger than memory


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may have 1,000 bytes, so that what is larger need not be large."""
    for module in (json_reader, json_documents):
        monkeypatch.setattr(module, "LONGEST", 1000)
    for module in (json_reader, document_chunks):
        monkeypatch.setattr(module, "BLOCK", 300)


LONG = [{"id": number, "lines": [{"sku": "x" * 50}]} for number in range(40)]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    "document",
    [
        {"page": 1, "orders": LONG, "next": None, "meta": {"a": [1]}},
        {"data": {"orders": {"nodes": LONG, "pageInfo": {}}}, "extensions": {}},
        {"data": {"orders": {"edges": [{"cursor": 1, "node": one} for one in LONG]}}},
        {"included": [], "data": LONG, "included ": 1, "links": [{"rel": "x" * 60} for _ in range(40)]},
        [{"orders": LONG}],
        [LONG],
        [{"orders": LONG[:1]}, {"orders": LONG[1:]}],
    ],
)
def test_a_wrapper_that_is_longer_than_a_document_is_streamed(document: Any) -> None:
    for data in spellings(document):
        for sizes in ([100], [7, 300]):
            assert found(data, sizes=sizes) == LONG
            assert found(data + b" \n" + data, sizes=sizes) == LONG * 2
        assert max(len(one.data) for one in chunks(data, DocumentForm(), [100])) < 2000


@pytest.mark.usefixtures("small")
def test_a_long_page_behind_short_ones_is_streamed() -> None:
    pages = [
        b'{"orders": [{"id": 1}]}',
        json.dumps({"orders": LONG}).encode(),
        b"",
        b'{"orders": [{"id": 2}]}',
    ]
    read = chunks(b"\n".join(pages), DocumentForm(), [50])

    assert [int(line) for one in read for line in one.lines] == [1, *[2] * len(LONG), 4]
    assert sum(one.blank for one in read) == 1


@pytest.mark.usefixtures("small")
def test_more_records_behind_a_long_list_are_refused_unless_it_was_named() -> None:
    for behind in ({"customers": [{"id": 1}]}, {"data": {"a": {"nodes": [{"b": 1}]}}}):
        data = json.dumps({"orders": LONG, "n": 1, **behind}).encode()
        with pytest.raises(UsageError, match=f"{next(iter(behind))} holds records too"):
            found(data)
        assert found(data, DocumentForm(records="orders")) == LONG


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("data", [b'{"id": 1, "orders": %s}', b'{"a": 1, "b": "%s"}', b"[[[%s]]]", b'{"orders": %s, "a": ',
                                  b'{"orders": %s, "a" 1}', b'{"orders": %s "a"}', b'{"orders": %s', b'[{"orders": %s} 1]'])  # fmt: skip
def test_what_is_long_and_no_wrapper_or_broken_ends_the_run(data: bytes) -> None:
    inside = json.dumps(LONG).encode()
    with pytest.raises(SourceError, match="line [0-9]"):
        found(data.replace(b"%s", inside if b'"b"' not in data else b"x" * 2000))


# ------------------------------------------------------------------------------------ in a run


def test_a_rejected_record_of_a_wrapper_is_written_alone_and_comes_back(tmp_path: Path) -> None:
    page = {
        "page": 1,
        "customers": [{"link": {"mobile": "1"}}, {"link": {"mobile": 5}, "records": [{"a": 1}]}],
    }
    done = of_bytes(json.dumps(page, indent=1).encode(), "customer_record", tmp_path / "out")

    assert len(done.lines) == 1
    assert json.loads(done.file("rejects.ndjson")) == page["customers"][1]
    assert [issue["line"] for issue in done.issues] == [9]

    (batch,) = done.report.batches
    rejects = batch.path / "rejects.ndjson"
    rejects.write_bytes(rejects.read_bytes().replace(b"5", b'"5"'))
    fixed = prepared([], None, tmp_path / "out", replace(KEEP_ALL, fix=str(batch.path)))

    assert fixed.records == [{"link": {"mobile": "5"}}]


def test_inspect_shows_the_records_of_a_wrapper() -> None:
    data = json.dumps({"total": 3, "orders": ORDERS, "next": None}).encode()

    assert inspect("-", stdin=BytesIO(data)).rows == 3
    assert {one.path for one in inspect("-", stdin=BytesIO(data)).keys} == {
        "id",
        "lines",
        "lines[].sku",
        "note",
    }
