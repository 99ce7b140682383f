"""What a page of JSON:API includes is joined to the records that name it, wherever in the page it stands, and nowhere else."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import document_chunks, included, json_documents, json_reader
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.json_documents import Placing
from lexer_pipeline.loading.source import LoadedDocuments
from lexer_pipeline.loading.unchanged import unchanged
from lexer_pipeline.mapping.document_source import Seen, first_paths, form_of
from msgspec.structs import replace

from .helpers import KEEP_ALL, in_plain_python, of_bytes, prepared
from .test_wrappers import chunks, found, spellings

FORM = DocumentForm(included="included")
PEOPLE = [
    {"type": "person", "id": "1", "attributes": {"email": "ann@example.com", "n": 1.50}},
    {"type": "person", "id": "2", "attributes": {"email": "bo@example.com"}, "links": {"self": "x"}},
    {"type": "metric", "id": "1", "attributes": {"name": "Opened Email"}},
]


def event(**named: Any) -> dict[str, Any]:
    """An event with what it names."""
    relations = {name: {"data": one, "links": {"self": "x"}} for name, one in named.items()}
    return {"type": "event", "id": "E", "attributes": {"at": 1}, "relationships": relations}


def ref(kind: Any, own: Any, **more: Any) -> dict[str, Any]:
    """An object that names another one."""
    return {"type": kind, "id": own, **more}


def joined(record: Any, people: Sequence[Any]) -> Any:
    """A record as it should be, worked out on values."""
    by_name = {(one["type"], one["id"]): one["attributes"] for one in people if isinstance(one, dict) and {"type", "id", "attributes"} <= one.keys()}  # fmt: skip

    def of(one: Any) -> Any:
        known = isinstance(one, dict) and "attributes" not in one and (one.get("type"), one.get("id"))
        return {**one, "attributes": by_name[known]} if known and known in by_name else one

    if not isinstance(record, dict) or not isinstance(record.get("relationships"), dict):
        return record
    relations = {
        name: {**one, "data": [of(each) for each in one["data"]] if isinstance(one["data"], list) else of(one["data"])}
        if isinstance(one, dict) and "data" in one
        else one
        for name, one in record["relationships"].items()
    }  # fmt: skip
    return {**record, "relationships": relations}


RECORDS = {
    "one and another": event(profile=ref("person", "1"), metric=ref("metric", "1")),
    "a list": event(people=[ref("person", "2"), ref("person", "9"), ref("person", "1")]),
    "an empty list": event(people=[]),
    "none": event(people=None),
    "nobody that is there": event(profile=ref("person", "7")),
    "an id of another type": event(profile=ref("metric", "2")),
    "half of a name": event(profile={"type": "person"}, metric={"id": "1"}),
    "attributes already": event(profile=ref("person", "1", attributes={"email": None})),
    "a name with more in it": event(profile=ref("person", "1", meta={"a": [1]})),
    "words": event(profile="person 1", metric=["x", None, 1, [ref("person", "1")]]),
    "no relationships": {"type": "event", "id": "E"},
    "relationships of another form": {"id": "E", "relationships": [{"data": ref("person", "1")}]},
    "a relation without data": {"id": "E", "relationships": {"profile": {"links": {}}, "x": None}},
    "one elsewhere": {"id": "E", "attributes": {"profile": {"data": ref("person", "1")}}},
}
PAGES: Mapping[str, Callable[[list[Any], list[Any]], Any]] = {
    "behind": lambda data, some: {"data": data, "included": some, "links": {"next": None}},
    "before": lambda data, some: {"jsonapi": {"version": "1.0"}, "included": some, "data": data},
    "deeper": lambda data, some: {"response": {"data": data, "included": some}, "meta": {"n": 1}},
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_gets_the_attributes_of_those_that_it_names(name: str, page: str) -> None:
    record = RECORDS[name]
    expected = joined(record, PEOPLE)
    for data in spellings(PAGES[page]([{"id": 0}, record], PEOPLE)):
        for sizes in ([], [1], [7, 3]):
            assert found(data, FORM, sizes) == [{"id": 0}, expected]
        with in_plain_python():
            assert found(data, FORM) == [{"id": 0}, expected]
        assert found(data) == [{"id": 0}, record]


def test_each_page_is_joined_with_its_own() -> None:
    pages = [
        {"data": [event(p=ref("person", "1"))], "included": [ref("person", "1", attributes={"n": number})]}
        for number in range(3)
    ]
    without = {"data": [event(p=ref("person", "1"))]}
    named = [one["relationships"]["p"]["data"].get("attributes") for one in found(json.dumps([*pages, without]).encode(), FORM)]  # fmt: skip

    assert named == [{"n": 0}, {"n": 1}, {"n": 2}, None]
    for form, data in {
        "a line each": (FORM, b"\n\n".join(json.dumps(one).encode() for one in [*pages, without])),
        "one after another": (FORM, b"\n".join(json.dumps(one, indent=1).encode() for one in [*pages, without])),
        "in a list that is named": (replace(FORM, records="pages[].data"), json.dumps({"pages": [*pages, without]}).encode()),
    }.values():  # fmt: skip
        for sizes in ([], [5, 40]):
            assert found(data, form, sizes) == [joined(one["data"][0], one.get("included", [])) for one in [*pages, without]]  # type: ignore[call-overload,attr-defined]  # fmt: skip


def test_one_object_in_place_of_a_list_is_the_one_record() -> None:
    record = event(profile=ref("person", "1"))
    for data in spellings({"data": record, "included": PEOPLE, "links": {}}):
        assert found(data, FORM) == found(data + b"\n" + data, replace(FORM, records="data"))[1:]
        assert found(data, FORM) == [joined(record, PEOPLE)]
    for data in spellings({"data": record, "links": {}}):
        assert found(data, FORM) == [record]
    for other in ({"data": {"id": "1"}}, {"data": record, "order": 7}, {"data": None}):
        assert found(json.dumps(other).encode(), FORM) == [other]


def test_what_is_included_may_be_called_otherwise_and_is_never_the_records() -> None:
    page = {"linked": PEOPLE, "data": [event(profile=ref("person", "1"))], "included": [{"a": 1}]}
    placing = Placing()
    read = chunks(json.dumps(page).encode(), DocumentForm(included="linked"), placing=placing)

    assert json.loads(read[0].text(0)) == joined(page["data"][0], PEOPLE)
    assert [one for one in placing.notes if "passed over" in one] == [
        'the list "included" beside the records was passed over'
    ]
    assert found(b'{"data": [], "linked": [{"id": 1}]}\n', DocumentForm(included="linked")) == []


def test_what_is_joined_stands_as_it_was_written() -> None:
    data = (
        b'{"data": [{"relationships": {"p": {"data": { "type" : "t", "id" : "\\u0041" } } } }],'
        b' "included": [{"id": "A", "attributes": {"n": 7.10, "s": "\\u00e9\\n", "big": 12345678901234567890}, "type": "t"}]}'
    )
    (chunk,) = chunks(data, FORM)

    assert chunk.text(0) == (
        b'{"relationships": {"p": {"data": { "type" : "t", "id" : "\\u0041" ,"attributes":'
        b'{"n": 7.10, "s": "\\u00e9\\n", "big": 12345678901234567890}} } } }'
    )


@pytest.mark.parametrize(
    ("named", "there", "is_joined"),
    [
        (b'"7"', b"7", True),
        (b"7", b'"7"', True),
        (b'"a\\u0062"', b'"ab"', True),
        (b'"\\ud800"', b'"\\ud800"', False),
        (b'"\xff"', b'"\xfe"', False),
        (b"null", b"null", False),
        (b"{}", b"{}", False),
        (b'"A"', b'"a"', False),
    ],
)
def test_names_are_the_same_if_they_read_the_same(named: bytes, there: bytes, is_joined: bool) -> None:
    page = b'{"data": [{"relationships": {"p": {"data": {"type": "t", "id": %s}}}}], "included": [{"type": "t", "id": %s, "attributes": {}}]}'
    (chunk,) = chunks(page % (named, there), FORM)

    assert (b"attributes" in chunk.text(0)) is is_joined


def test_the_last_of_two_with_one_name_counts() -> None:
    twice = [
        ref("person", "1", attributes={"n": 1}),
        ref("person", "1", attributes={"n": 2}),
        ref("person", "1"),
    ]
    (record,) = found(json.dumps({"data": [event(p=ref("person", "1"))], "included": twice}).encode(), FORM)

    assert record["relationships"]["p"]["data"]["attributes"] == {"n": 2}


def test_notes_say_how_many_records_got_something() -> None:
    for names, said in {
        ("1",): "was joined to 1 record that name it",
        ("1", "2", "9", "8"): "was joined to 2 records that name it; 2 name nothing of it",
        ("9",): "was joined to 0 records that name it; 1 names nothing of it",
    }.items():
        placing = Placing()
        page = {"data": [event(p=ref("person", one)) for one in names], "included": PEOPLE}
        chunks(json.dumps(page).encode(), FORM, placing=placing)

        assert placing.notes == (f'what the list "included" beside the records says {said}',)


def test_records_keep_the_lines_that_they_stand_on_and_their_numbers() -> None:
    page = json.dumps({"data": [event(p=ref("person", "1"))] * 2, "included": PEOPLE}, indent=1).encode()
    read = chunks(page + b"\n" + page, FORM)
    a_line = json.dumps({"data": [event(p=ref("person", "1"))] * 2, "included": PEOPLE}).encode()
    lines = chunks(a_line + b'\n\n{"id": 1}\n' + a_line, FORM)
    starts = [number for number, line in enumerate((page + b"\n" + page).split(b"\n"), 1) if line == b"  {"]
    wanted = [starts[0], starts[1], *[one for one in starts if one > page.count(b"\n") + 1][:2]]

    assert [int(line) for one in read for line in one.lines] == wanted
    assert [int(line) for one in lines for line in one.lines] == [1, 1, 3, 4, 4]
    assert [int(number) for one in lines for number in one.numbers] == [1, 2, 3, 4, 5]
    assert sum(one.blank for one in lines) == 1


names = st.sampled_from(("1", "2", "é", "", 'q"', "\\"))
people = st.lists(
    st.builds(ref, names, names, attributes=st.dictionaries(names, st.integers() | names, max_size=2))
    | st.builds(ref, names, names) | st.none() | st.just({"attributes": {}}),
    max_size=5,
)  # fmt: skip
named = st.builds(ref, names, names) | st.none() | st.lists(st.builds(ref, names, names) | names, max_size=3)
events = st.lists(st.builds(event, a=named, b=named) | st.just({"id": 1}), min_size=1, max_size=4)
cuts = st.lists(st.integers(1, 30), min_size=1, max_size=4)


@settings(max_examples=200)
@given(st.lists(st.tuples(events, people, st.sampled_from(sorted(PAGES))), min_size=1, max_size=3), st.sampled_from((None, 1)), st.booleans(), cuts)  # fmt: skip
def test_any_pages_are_joined_as_their_values_are(
    pages: list[tuple[list[Any], list[Any], str]], indent: int | None, in_list: bool, sizes: list[int]
) -> None:
    values = [PAGES[form](data, some) for data, some, form in pages]
    expected = [joined(one, some) for data, some, _ in pages for one in data]
    text = json.dumps(values, indent=indent) if in_list else "\n".join(json.dumps(one, indent=indent) for one in values)  # fmt: skip

    assert found(text.encode(), FORM) == expected
    assert found(text.encode(), FORM, sizes) == expected


texts = (
    st.builds(event, a=named, b=st.builds(ref, names, names))
    .map(lambda one: one["relationships"])
    .flatmap(
        lambda value: st.sampled_from((None, 1)).map(lambda indent: json.dumps(value, indent=indent).encode())
    )
)


@settings(max_examples=200)
@given(texts, st.integers(0, 400), st.sampled_from((b"", b",", b'"', b"\\", b" ", b"}", b"x")))
def test_names_are_found_quickly_as_they_are_in_turn(text: bytes, at: int, instead: bytes) -> None:
    text = text[:at] + instead + text[at + 1 :]
    record = b'{"a": {"relationships": 1}, "relationships": ' + text + b"}"
    try:
        json.loads(record)
    except ValueError:
        return
    every = included.members(record, 0)
    assert every is not None
    slow = [one for member in every[0][1:] for one in included.named_in(record, member.start)]

    assert list(included.references(record)) == slow


# ------------------------------------------------------------------------------------ more than memory, and broken


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document may have 1,000 bytes, so that what is larger need not be large."""
    for module, name, size in (
        (json_reader, "LONGEST", 1000), (json_documents, "LONGEST", 1000), (json_reader, "BLOCK", 300),
        (document_chunks, "BLOCK", 300), (included, "RECORD_BYTES", 1000), (document_chunks, "MADE_BYTES", 20_000),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, size)


MANY = [event(p=ref("person", str(number % 3))) for number in range(40)]


@pytest.mark.usefixtures("small")
def test_records_behind_what_is_included_are_joined_as_they_come() -> None:
    for page in (
        {"included": PEOPLE, "data": MANY, "links": {}},
        {"meta": {}, "response": {"included": PEOPLE, "data": MANY}},
    ):
        for data in spellings(page):
            for form in (FORM, replace(FORM, records="response.data" if "response" in page else "data")):
                assert found(data + b"\n" + data, form, [100]) == [joined(one, PEOPLE) for one in MANY] * 2
                assert max(len(one.data) for one in chunks(data, form, [100])) < 2000


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"data": MANY, "included": PEOPLE}, 'line [0-9]+: the page whose .* in "included" is longer than'),
        ({"included": PEOPLE * 9, "data": MANY}, "what stands before the end of"),
        ({"meta": ["x" * 600], "included": PEOPLE * 3, "data": MANY}, "what stands before the end of"),
        (
            {"data": [event(p=[ref("person", "1")] * 9)], "included": [ref("person", "1", attributes={"a": "x" * 300})]},
            "a record with what it names",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_ends_the_run_with_a_remedy(page: Any, said: str) -> None:
    with pytest.raises(SourceError, match=said) as ended:
        found(json.dumps(page).encode(), FORM, [100])
    assert "Fetch smaller pages" in str(ended.value.hint)


def test_a_page_that_would_become_many_times_its_size_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    page = {"data": [event(p=ref("a", "1"))] * 6, "included": [ref("a", "1", attributes={"a": "x" * 500})]}
    monkeypatch.setattr(document_chunks, "MADE_BYTES", 3000)

    with pytest.raises(SourceError, match="the records of a page with what they name"):
        found(json.dumps(page).encode(), FORM)


@pytest.mark.usefixtures("small")
def test_a_long_page_without_anything_included_is_streamed() -> None:
    for data in spellings({"data": MANY, "included": [], "links": {}}):
        assert found(data, FORM, [100]) == MANY


def test_a_page_that_is_broken_is_rejected_as_one_and_never_goes_out_without_what_it_includes() -> None:
    page = b'{"data": [{"id": 1}], "included": [{"type": "a"} {"id": 2}]}\n'

    assert [one.text(0) for one in chunks(page, FORM)] == [page.strip()]
    with pytest.raises(SourceError, match="line 1: the list is broken"):
        found(page.replace(b" ", b"\n"), FORM)


# ------------------------------------------------------------------------------------ in a run

MAPPING = """title = "Events"
columns_vary = true

[documents]
included = "included"

[[records]]
specification = "customer_record"

[records.fields]
"link.email" = "relationships.profile.data.attributes.email"
"custom_fields.metric" = "relationships.metric.data.attributes.name"
"""


def paths(data: bytes, tmp_path: Path, form: DocumentForm) -> set[str]:
    (tmp_path / "page.json").write_bytes(data)
    with unchanged(tmp_path / "page.json", None) as loaded:
        assert isinstance(loaded, LoadedDocuments)
        seen: Seen = first_paths(loaded, form)
        return {one.name for one in seen.paths}


def test_paths_of_what_is_joined_are_seen_with_a_mapping_and_by_themselves(tmp_path: Path) -> None:
    email = "relationships.profile.data.attributes.email"
    record = {**event(profile=ref("person", "1")), "attributes": {"text": "x" * 8000}}
    for page in (
        {"data": [record], "included": PEOPLE},
        {"data": [record] * 400, "included": PEOPLE},
        {"included": [*PEOPLE, ref("x", "1", attributes={"a": "x" * 2_000_000})], "data": [record] * 400},
    ):
        for data in spellings(page):
            assert email in paths(data, tmp_path, form_of(None))
            assert email in paths(data, tmp_path, replace(FORM, records="data"))
            assert email not in paths(data, tmp_path, DocumentForm())


def test_a_page_that_was_cut_off_is_said_to_be(tmp_path: Path) -> None:
    page = json.dumps({"data": [event(profile=ref("person", "1"))], "included": PEOPLE}, indent=1).encode()

    for form in (FORM, form_of(None)):
        with pytest.raises(SourceError, match="line 1: .* does not end"):
            paths(page[:-40], tmp_path, form)


def test_a_rejected_record_is_written_with_what_was_joined_and_comes_back(tmp_path: Path) -> None:
    mapping = tmp_path / "events.toml"
    mapping.write_text(MAPPING)
    some = [*PEOPLE[1:], ref("person", "1", attributes={"email": "no address"})]
    page = {
        "data": [event(profile=ref("person", one), metric=ref("metric", "1")) for one in "12"],
        "included": some,
    }
    done = of_bytes(
        json.dumps(page, indent=1).encode(), None, tmp_path / "out", replace(KEEP_ALL, mapping=str(mapping))
    )

    assert [one["link"]["email"] for one in done.records] == ["bo@example.com"]
    assert json.loads(done.file("rejects.ndjson")) == joined(page["data"][0], some)
    assert [one["line"] for one in done.issues] == [3]

    (batch,) = done.report.batches
    rejects = batch.path / "rejects.ndjson"
    rejects.write_bytes(rejects.read_bytes().replace(b"no address", b"ann@example.com"))
    fixed = prepared([], None, tmp_path / "out", replace(KEEP_ALL, fix=str(batch.path)))

    assert fixed.records == [
        {"custom_fields": {"metric": "Opened Email"}, "link": {"email": "ann@example.com"}}
    ]


def test_a_mapping_has_parents_or_what_is_included(tmp_path: Path) -> None:
    mapping = tmp_path / "events.toml"
    mapping.write_text(MAPPING.replace("[documents]", '[documents]\nparent = "p"'))

    with pytest.raises(UsageError, match="line 6: documents has both parent and included"):
        of_bytes(b"{}", None, tmp_path / "out", replace(KEEP_ALL, mapping=str(mapping)))
