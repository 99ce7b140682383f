"""Documents as a table: the kernel gives the rows that plain Python gives, or leaves a document to it."""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lexer_pipeline.kernels import codes
from lexer_pipeline.kernels.flatten import flatten
from lexer_pipeline.kernels.path_tree import ITEMS, Flattened, PathTree
from lexer_pipeline.kernels.plain import flatten as plain
from lexer_pipeline.limits import RECORD_ROWS

from .flat_documents import HALVES, WRONG, Chance

Rows = Mapping[int, Sequence[tuple[bool, int, Sequence[tuple[bytes, int]]]]]
seeds = st.integers(0, 1 << 40)


def places_of(documents: Sequence[bytes]) -> tuple[bytes, Any, Any]:
    """Documents behind each other, with a line break between them, and where they are."""
    sizes = np.array([len(one) for one in documents], np.int64)
    starts = np.cumsum(sizes + 1) - sizes - 1
    return b"\n".join(documents), starts, starts + sizes


def rows_of(tree: PathTree, found: Flattened) -> Rows:
    """The rows of each document that has any: whether it begins a record, its fault, and text and flags of its cells."""
    rows = len(found.documents)
    assert {len(one) for one in found[1:4]} == {rows * tree.columns}
    assert found.begins.dtype == np.bool_
    cells = [
        (found.texts[start:end], int(flags))
        for start, end, flags in zip(found.starts, found.ends, found.flags, strict=True)
    ]
    made: dict[int, Any] = {}
    for row, (number, begins, fault) in enumerate(zip(*found[4:7], strict=True)):
        made.setdefault(int(number), []).append(
            (bool(begins), int(fault), cells[row * tree.columns : (row + 1) * tree.columns])
        )
    return made


def compared(tree: PathTree, documents: Sequence[bytes]) -> set[int]:
    """The documents that the kernel left, once the rows of all others are those of plain Python."""
    data, starts, ends = places_of(documents)
    fast, slow = flatten(tree, data, starts, ends), plain.flatten(tree, data, starts, ends)
    left = set(fast.left.tolist())
    made = rows_of(tree, slow)
    assert rows_of(tree, fast) == {number: rows for number, rows in made.items() if number not in left}
    assert not fast.faults.any()
    return left


@settings(max_examples=1500)
@given(seeds)
def test_the_kernel_gives_the_rows_of_plain_python_or_leaves_the_document(seed: int) -> None:
    chance = Chance(random.Random(seed), False)
    tree = chance.tree()
    compared(tree, [chance.document(tree) for _ in range(3)])


@settings(max_examples=500)
@given(seeds)
def test_the_kernel_leaves_no_document_that_is_like_those_of_an_api(seed: int) -> None:
    chance = Chance(random.Random(seed), True)
    tree = chance.tree()
    assert not compared(tree, [chance.document(tree) for _ in range(3)])


ORDER: Any = {
    "id": 7210448301122, "email": "ann@example.com", "note": 'a "mug"\n\u00e9', "cancelled_at": None, "tags": [], "test": False,
    "customer": {"first_name": "Ren\u00e9e", "phone": "", "addresses": [{"zip": "0800"}]},
    "refunds": [
        {"id": 1, "lines": [{"sku": "A", "quantity": 1}, {"sku": "B"}], "note": "late"},
        None,
        {"id": 2, "lines": []},
    ],
    "total": "10.50",
}  # fmt: skip
REFUNDS, LINES = ("refunds", ITEMS), ("refunds", ITEMS, "lines", ITEMS)
PATHS = (
    ("id",), ("note",), ("cancelled_at",), ("tags",), ("test",), ("customer", "first_name"), ("customer", "phone"),
    ("customer", "addresses"), (*REFUNDS, "id"), (*LINES, "sku"), (*LINES, "quantity"), (*REFUNDS, "note"), ("total",), ("no", "such"),
)  # fmt: skip


@pytest.mark.parametrize("each", [0, 1, 2])
def test_cells_of_an_outer_level_stand_in_every_row_below_it(each: int) -> None:
    data = json.dumps(ORDER, ensure_ascii=False).replace("/", "\\/").encode()
    tree = PathTree(PATHS, LINES, each)

    assert not compared(tree, [data])
    rows = rows_of(tree, flatten(tree, data, np.array([0]), np.array([len(data)])))[0]
    outer = "7210448301122", 'a "mug"\n\u00e9', "", "", "false", "Ren\u00e9e", "", '[{"zip": "0800"}]'
    expected = [(*outer, "1", "A", "1", "late", "10.50", ""), (*outer, "1", "B", "", "late", "10.50", "")]
    if each < 2:
        expected.append((*outer, "2", "", "", "", "10.50", ""))
    assert [tuple(text.decode() for text, _ in cells) for _, _, cells in rows] == expected
    assert [begins for begins, *_ in rows] == ([True, False, False], [True, False, True], [True, True])[each]
    flags = [flag for _, flag in rows[0][2]]
    high = codes.HAS_HIGH
    assert flags[:8] == [0, codes.HAS_ESCAPE | high, 0, 0, 0, high, 0, codes.HAS_NESTED | codes.HAS_ESCAPE]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize(
    "around", ['{"id":%s}', '{"other":%s}', '{"nested":{"x":%s}}', '{"list":[%s]}', '{"list":[{"x":%s}]}', '{"deep":{"x":[%s]}}', "%s"]
)  # fmt: skip
def test_what_is_no_json_is_left_wherever_it_stands(around: str, value: str) -> None:
    tree = PathTree([("id",), ("nested",), ("list", ITEMS, "x")], ("list", ITEMS))

    assert compared(tree, [(around % value).encode(), b'{"id":1}']) == {0}


@pytest.mark.parametrize("half", HALVES)
def test_half_a_sign_is_left_only_where_it_is_read(half: str) -> None:
    tree = PathTree([("id",), ("nested",)])

    assert compared(
        tree, [f'{{"id":{half}}}'.encode(), f'{{"other":{half},"nested":[{half}]}}'.encode()]
    ) == {0}


def test_texts_beyond_ascii_are_utf8() -> None:
    tree = PathTree([("id",), ("nested",)])
    for around in ('{"id":"%s"}', '{"other":"%s"}', '{"%s":1}', '{"nested":["%s"]}'):
        before, behind = around.encode().split(b"%s")
        for text in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x80"):
            assert compared(tree, [before + text + behind]) == {0}


def test_columns_may_be_as_many_as_an_export_has() -> None:
    names = [f"property_{number}" for number in range(700)]
    tree = PathTree([("properties", name) for name in names])
    data = json.dumps({"properties": {f"{name}{end}": name for name in names for end in ("", "_")}}).encode()

    assert not compared(tree, [data, data])


def test_values_lie_in_each_other_as_deep_as_no_export_has_them() -> None:
    tree = PathTree([("id",), ("nested",)])
    for name in ("nested", "other"):
        deep = "[" * 30 + '{"x":' * 30 + "1" + "}" * 30 + "]" * 30
        assert not compared(tree, [f'{{"{name}":{deep},"id":1}}'.encode()])
        assert compared(tree, [f'{{"{name}":{"[" * 5}{deep}{"]" * 5},"id":1}}'.encode()]) == {0}
    path = ("x",) * 70
    assert compared(PathTree([path]), [b'{"x":' * 70 + b"1" + b"}" * 70]) == {0}


def test_a_document_has_no_more_rows_than_a_record_may_have() -> None:
    tree = PathTree([("a", ITEMS)], ("a", ITEMS))
    as_many, too_many = (
        b'{"a":[' + b",".join([b"1"] * rows) + b"]}" for rows in (RECORD_ROWS, RECORD_ROWS + 1)
    )

    found = flatten(tree, as_many, np.array([0]), np.array([len(as_many)]))
    assert (len(found.documents), found.left.tolist()) == (RECORD_ROWS, [])
    assert compared(tree, [too_many, b'{"a":[2]}']) == {0}


def test_what_points_outside_of_the_bytes_is_refused() -> None:
    tree, places = PathTree([("id",)]), [np.array([0]), np.array([2])]
    for starts, ends in (
        (places[0], np.array([3])),
        (np.array([-1]), places[1]),
        (places[1], places[0]),
        (places[0], np.zeros(2, int)),
    ):
        with pytest.raises(ValueError, match="document"):
            flatten(tree, b"{}", starts, ends)
    assert flatten(tree, b"{}", *places).documents.tolist() == [0]
    assert flatten(tree, b"", np.zeros(0, int), np.zeros(0, int)).documents.tolist() == []


@pytest.mark.parametrize(("number", "name", "value"), [
    (0, "keys", {"id": 0}), (0, "keys", {"id": 9}), (0, "keys", {"id": -1}), (0, "items", 0), (0, "items", 1), (1, "column", 5),
    (0, "level", 1), (1, "level", 1),
])  # fmt: skip
def test_a_tree_that_is_none_is_refused(number: int, name: str, value: Any) -> None:
    tree = PathTree([("id",)])
    setattr(tree.nodes[number], name, value)

    with pytest.raises(ValueError, match="a node|a path|one path|the document"):
        flatten(tree, b"{}", np.array([0]), np.array([2]))
