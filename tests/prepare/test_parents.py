"""Lines that name a parent are put into it wherever they stand, as they stand; none is lost, and none goes to another."""

import json
import random
import tracemalloc
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.chunks.documents import Documents
from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading import families, json_reader, lines_apart, parents, source
from lexer_pipeline.loading.document_form import DocumentForm
from lexer_pipeline.loading.records import load_documents
from lexer_pipeline.system import scratch
from lexer_pipeline.system.scratch import Scratch

KEY = "__parentId"
KINDS = ("Order", "LineItem", "Refund", "RefundLineItem")
ORDER = {"id": "gid://shopify/Order/1", "total": "10.50"}


def item(number: int, parent: str, kind: str = "LineItem", **more: Any) -> dict[str, Any]:
    return {"id": f"gid://shopify/{kind}/{number}", **more, KEY: parent}


def chunks(data: bytes) -> tuple[list[Documents], tuple[str, ...]]:
    with Scratch() as own:
        loaded = source.load("-", BytesIO(data), scratch=own)
        return list(load_documents(loaded, DocumentForm(parent=KEY))), loaded.notes


def brought(lines: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The documents that lines make, and those among them that are orphans."""
    data = b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines)
    return read(data)


def read(data: bytes) -> tuple[list[Any], list[Any]]:
    found, orphans = list[Any](), list[Any]()
    numbers = list[int]()
    for one in chunks(data)[0]:
        numbers += one.numbers.tolist()
        for row in range(one.records):
            (orphans if row in one.orphans else found).append(json.loads(one.text(row)))
    assert numbers == list(range(1, len(numbers) + 1))
    return found, orphans


def put_together(lines: Sequence[dict[str, Any]]) -> list[Any]:
    """What comes out, said plainly: each line into the list of its kind in its parent, in the order of the file."""
    copies = {one["id"]: json.loads(json.dumps(one)) for one in lines}
    for one in lines:
        if KEY in one:
            found = families.KIND.match(str(one["id"]))
            copies[one[KEY]].setdefault(found[1] if found else "children", []).append(copies[one["id"]])
    return [copies[one["id"]] for one in lines if KEY not in one]


def forest(rng: random.Random, roots: int) -> list[dict[str, Any]]:
    """Roots, each followed by what belongs to it, up to three levels deep."""
    lines = list[dict[str, Any]]()

    def grow(parent: str | None, level: int) -> None:
        number = len(lines)
        own = f"gid://shopify/{KINDS[level]}/{number}" if rng.random() < 0.8 else f"plain-{number}"
        lines.append(
            {
                "id": own,
                "text": "x" * rng.randrange(30),
                "é}": ['"]', None],
                **({KEY: parent} if parent else {}),
            }
        )
        for _ in range(rng.randrange(4) if level < 3 else 0):
            grow(own, level + 1)

    for _ in range(roots):
        grow(None, 0)
    return lines


@pytest.fixture(params=["as it is", "small"])
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read at once, put aside in a part and held in memory is as it is, or small."""
    if request.param == "small":
        monkeypatch.setattr(lines_apart, "PART", 300)
        monkeypatch.setattr(lines_apart, "MOST", 3000)
        monkeypatch.setattr(parents, "CHUNK", 100)
        monkeypatch.setattr(json_reader, "BLOCK", 97)


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("seed", range(15))
def test_trees_come_out_whole_wherever_their_lines_stand(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - trees, not keys
    lines = forest(rng, rng.choice((1, 5, 40)))
    mixed = rng.sample(lines, len(lines))

    assert brought(lines) == (put_together(lines), [])
    assert brought(mixed) == (put_together(mixed), [])
    assert read(json.dumps(mixed, indent=1).encode()) == (put_together(mixed), [])


@settings(max_examples=60)
@given(st.permutations(range(12)))
def test_any_order_of_lines_gives_the_same_documents(order: list[int]) -> None:
    lines = forest(random.Random(3), 3)[:12]  # noqa: S311 - trees, not keys

    found, orphans = brought([lines[place] for place in order if place < len(lines)])

    def plain(one: Any) -> Any:
        """Without the order of lists and keys."""
        if isinstance(one, dict):
            return {key: plain(value) for key, value in sorted(one.items())}
        return sorted(map(json.dumps, map(plain, one))) if isinstance(one, list) else one

    assert (plain(found), orphans) == (plain(put_together(lines)), [])


@pytest.mark.parametrize("behind", [(), (1,)])
def test_the_bytes_of_every_line_stay_as_they_stand(behind: Sequence[int]) -> None:
    order = rb'{ "id" : "gid:\/\/shopify\/Order\/1", "total":10.50, "big": 12345678901234567890123 }'
    first = rb'{"id":"gid://shopify/LineItem/7","n":1E5,"__parentId":"gid://shopify/Order/1"}'
    second = rb'{"id":"gid://shopify/LineItem/8","t":"\u00e9","__parentId":"gid://shopify/Order/1"}'
    lines = [order, first, second]
    lines = [lines[2], lines[0], lines[1]] if behind else lines
    ((one,), notes) = chunks(b"\r\n".join(lines))
    inside = b",".join(line for line in lines if line is not order)

    assert one.text(0) == order[:-1] + b',"LineItem":[' + inside + b"]}"
    assert notes == ("2 lines were put into the lines that they belong to",)


@pytest.mark.usefixtures("_sizes")
def test_a_line_whose_parent_is_nowhere_is_an_orphan_with_all_below_it() -> None:
    lost = [item(1, "gid://shopify/Order/9"), item(2, "gid://shopify/LineItem/1"), {"id": 3, KEY: ["x"]}]
    lines = [lost[1], ORDER, item(5, ORDER["id"]), lost[0], lost[2]]

    assert brought(lines) == ([{**ORDER, "LineItem": [lines[2]]}], [lost[1], lost[0], lost[2]])


@pytest.mark.usefixtures("_sizes")
def test_a_circle_of_parents_is_no_record_and_ends() -> None:
    circle = [{"id": "a", KEY: "b"}, {"id": "b", KEY: "a"}, {"id": "c", KEY: "c"}, {"id": "d", KEY: "a"}]

    assert brought([ORDER, *circle]) == ([ORDER], circle)
    assert brought(circle) == ([], circle)


def test_lines_deeper_than_sixteen_are_orphans_in_any_order() -> None:
    chain = [{"id": 0}, *({"id": number, KEY: number - 1} for number in range(1, 20))]
    for lines in (chain, chain[::-1]):
        found, orphans = brought(lines)
        assert sorted(one["id"] for one in orphans) == [17, 18, 19]
        assert len(json.dumps(found)) > 16 * len('{"id": 1, "children": []}')


def test_ids_are_compared_and_not_their_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_apart, "crc32", lambda _: 7)
    lines = forest(random.Random(1), 20)  # noqa: S311 - trees, not keys

    assert brought(lines[::-1]) == (put_together(lines[::-1]), [])


def test_ids_are_told_apart_by_every_digit() -> None:
    first, second = b'{"id": 123456789012345678901234}', b'{"id": 123456789012345678901235}'
    child = b'{"id": "c", "__parentId": 123456789012345678901235}'
    ((one,), _) = chunks(b"\n".join((child, first, second)))

    assert [b"children" in one.text(row) for row in (0, 1)] == [False, True]
    assert brought([{"id": 7}, {"id": 8, KEY: "7"}]) == ([{"id": 7, "children": [{"id": 8, KEY: "7"}]}], [])


@pytest.mark.usefixtures("_sizes")
@pytest.mark.parametrize("far", [0, 1])
def test_of_two_lines_with_one_id_the_last_before_a_line_is_its_parent(far: int) -> None:
    again = {**ORDER, "total": "1"}
    lines = [ORDER, item(1, ORDER["id"]), again, item(2, ORDER["id"]), item(3, ORDER["id"])]
    other = [{"id": "x"}] * far

    found, _ = brought([*lines[:3], *other, *lines[3:]])

    assert found[:2] == [{**ORDER, "LineItem": lines[1:2]}, {**again, "LineItem": lines[3:]}]


def test_a_list_of_that_name_takes_the_lines_behind_its_items() -> None:
    child = item(1, ORDER["id"])
    for there, expected in (([], [child]), ([{"a": 1}], [{"a": 1}, child]), (None, [child])):
        assert brought([{**ORDER, "LineItem": there}, child]) == ([{**ORDER, "LineItem": expected}], [])
    assert brought([{}, {"id": "a", "x": {"children": 1}}, {"id": "b", KEY: "a"}])[0][1]["children"] == [
        {"id": "b", KEY: "a"}
    ]


def test_another_value_of_that_name_is_not_replaced_in_silence() -> None:
    child = item(1, ORDER["id"])
    ((one,), _) = chunks(json.dumps({**ORDER, "LineItem": 5}).encode() + b"\n" + json.dumps(child).encode())

    assert one.orphans == {0}
    assert json.dumps(child).encode() in one.text(0)
    assert b'"LineItem": 5' in one.text(0)


@pytest.mark.usefixtures("_sizes")
def test_a_document_has_the_line_of_its_root_and_blank_lines_are_counted() -> None:
    second = {"id": "gid://shopify/Order/2"}
    lines = [
        b"",
        item(1, ORDER["id"]),
        ORDER,
        b"",
        {"id": "b"},
        item(2, second["id"]),
        b"{broken",
        second,
        b"\n",
    ]
    data = b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines)
    found, _ = chunks(data)

    assert [line for one in found for line in one.lines.tolist()] == [3, 5, 7, 8]
    assert sum(one.blank for one in found) == 4


def test_lines_in_a_wrapper_are_brought_home_too() -> None:
    lines = [item(1, ORDER["id"]), ORDER]
    found, _ = chunks(json.dumps({"data": lines, "next": None}).encode())

    assert json.loads(found[0].text(0)) == {**ORDER, "LineItem": lines[:1]}


def test_a_document_that_is_whole_reads_the_same_again() -> None:
    lines = forest(random.Random(5), 4)  # noqa: S311 - trees, not keys
    found, _ = brought(lines)

    assert brought(found) == (found, [])


def test_more_lines_than_a_record_may_have_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("RECORD_BYTES", 2000), ("RECORD_ROWS", 30)):
        for module in (families, lines_apart, parents):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(lines_apart, "MOST", 2000)
    lines = [ORDER, *(item(number, ORDER["id"]) for number in range(40))]
    for some in (lines, lines[::-1]):
        with pytest.raises(SourceError, match="the lines that belong to the one on line"):
            brought(some)


def test_parts_of_chunks_and_what_was_accepted_keep_their_orphans() -> None:
    ((one,), _) = chunks(b"\n".join(json.dumps({"id": n, KEY: "nobody"}).encode() for n in range(4)))

    assert one.part(1, 3).orphans == {0, 1}
    assert one.unaccepted({one.sha256(0)}).orphans == {0, 1, 2}


def test_nothing_is_put_on_disk_where_all_lines_follow_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_apart, "LinesApart", None)
    monkeypatch.setattr(parents, "LinesApart", None)
    path = tmp_path / "bulk.jsonl"
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in forest(random.Random(2), 9)))  # noqa: S311 - trees

    assert len(read(path.read_bytes())[0]) == 9


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "GATHERED", 1 << 16)
    monkeypatch.setattr(lines_apart, "PART", 1 << 16)

    def peak(count: int) -> int:
        lines = [json.dumps(one).encode() for one in forest(random.Random(4), count)]  # noqa: S311 - trees, not keys
        data = BytesIO(b"\n".join(lines[::-1]))
        with Scratch() as own:
            loaded = source.load("-", data, scratch=own)
            tracemalloc.start()
            assert sum(one.records for one in load_documents(loaded, DocumentForm(parent=KEY))) == count
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    small, large = peak(200), peak(1500)
    assert large < small + (4 << 20)
