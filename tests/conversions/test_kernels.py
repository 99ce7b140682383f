"""The kernels of conversions only ever vouch: what they are certain of is what the conversion itself says."""

import json
import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.kernels import codes, conversions, dispatch
from lexer_pipeline.kernels.codes import HAS_DOUBLED, HAS_ESCAPE, HAS_HIGH
from lexer_pipeline.mapping.conversions import Converted, NeedsColumn, Vectorised, compile_conversion, through

from tests import plain
from tests.thoroughness import also_drilled, with_examples

thorough = with_examples(60, drill=1000)
NASTY = "0123456789 \t\n\x00\x1c\x1f.,-+'#$()eExX:/TZ@\"\\\u00a0\u2212éİß漢ﬀ\u0661"
DAYS = st.builds(
    "{}{}{}{}{}".format, *(st.sampled_from(parts) for parts in (
        ("2024", "31", "05", "5", "0000", "12", "1900"), "-/.", ("2", "02", "12", "13", "31", "29"), "-/.",
        ("2024", "29", "30", "1", "01", "31", "2023", "99", "0000"),
    )))  # fmt: skip
CLOCKS = st.builds(
    "{}{}:{}{}{}".format, *(st.sampled_from(parts) for parts in (
        (" ", "T", "t", "  ", ", "), ("0", "9", "10", "23", "24"), ("00", "59", "60", "5"),
        ("", ":00", ":59", ":60", ":1", ":30.5", ":30.", ":30.123456789012", ":30,5", ":30.1234567890123", " pm"),
        ("", "Z", " Z", "z", " UTC", " utc", "+0000", " +11:00", "-05:30", " +1100", "+24:00", "+11", " -0260", "CET"),
    )))  # fmt: skip
AMOUNTS = st.builds(
    "{}{}{}{}{}".format, *(st.sampled_from(parts) for parts in (
        ("", "-", "+", "(", " "), ("", "$", "AU$", "$ "), ("0", "00", "1", "12", "1049", "999999999999999999999", "0.0"),
        ("", ".5", ".50", ",5", ".000", ",000", ",049,900", ".049.900", ",049.50", ".049,50", ",04,900", ".", ","),
        ("", "-", ")", " EUR", "0"),
    )))  # fmt: skip
# Moments since 1970, many of them on the edges of what is read, in every unit.
MOMENTS = st.builds(
    lambda seconds, digits, rest: str(seconds * 10**digits + rest % 10**digits),
    st.sampled_from([631151999, 631152000, 4102444799, 4102444800, 951782399, 951782400, 99999999, 10**10]) | st.integers(631152000, 4102444799),
    st.sampled_from([0, 3, 6, 9, 1]), st.integers(0, 10**9) | st.just(0),
)  # fmt: skip
# Lists as they stand in documents, most of them flat and some of them not.
ITEMS = st.sampled_from(
    ["SPRING", "a b", "", 10, -10.5, 1e30, True, None, "é", "a\\b", [], ["x"], {}, {"code": "y"}]
)
OBJECTS = st.dictionaries(st.sampled_from(["code", "amount", "cod", "Code"]), ITEMS, max_size=3)
WRITTEN = st.sampled_from([(", ", ": "), (",", ":"), (" , ", " : "), (",\n", ":")])
LISTS = {
    "join": st.builds(lambda items, signs: json.dumps(items, separators=signs), st.lists(ITEMS, max_size=3), WRITTEN),
    "join each": st.builds(lambda items, signs: json.dumps(items, separators=signs), st.lists(OBJECTS | st.none(), max_size=3), WRITTEN),
}  # fmt: skip
LIKELY: dict[str, st.SearchStrategy[str]] = {
    "email": st.from_regex(r"[A-Za-z.+]{1,4}@[A-Za-z-]{1,3}\.[a-z]{2}", fullmatch=True),
    "id": st.from_regex(r"'?#?[A-Z0-9_#'-]{1,6}([.,][0-9]{1,3})?([eE]\+?[0-9]{1,2})?", fullmatch=True)
    | st.sampled_from(["#N/A", "##", "#", "'#REF!", "1.0", "1234.00", "'", "1,5E3", "12E+5", "#1001", "#A"]),
    "money": AMOUNTS,
    "absent": st.sampled_from(["0", "0.00", " 0", "0.000", "n/a", "N/A", "é", "-"]) | AMOUNTS
    | st.from_regex(r" ?[aB*]{0,2}@?A\.[bB][cC]?\*? ?", fullmatch=True),
    "absolute": AMOUNTS | st.sampled_from(["-0", "-0.00", "1e5", "-1.50", "01", "-", "1" * 41]),
    "negate": AMOUNTS | st.sampled_from(["-0", "-0.00", "1e5", "-1.50", "01", "-", "1" * 41]),
    "digits": st.from_regex(r"'?\+?[0-9 ()/.-]{1,12}(x[0-9]{1,2})?", fullmatch=True),
    "before": st.from_regex(r" ?[a-z]{0,3}x{0,2} ?[a-z]{0,3} ?", fullmatch=True),
    "after": st.from_regex(r" ?[a-z]{0,3}x{0,2} ?[a-z]{0,3} ?", fullmatch=True),
    "lower": st.from_regex(r"[A-Za-z \[{@`~]{1,6}", fullmatch=True),
    "upper": st.from_regex(r"[A-Za-z \[{@`~]{1,6}", fullmatch=True),
    "trim": st.from_regex(r" {0,2}[A-Za-z ]{0,3}\t? {0,2}", fullmatch=True),
    "less": st.lists(AMOUNTS | st.just(""), min_size=1, max_size=4).map("\x1f".join),
    "line-total": st.lists(AMOUNTS | st.just(""), min_size=2, max_size=4).map("\x1f".join),
    "gid": st.builds(
        "{}{}{}{}{}".format, *(st.sampled_from(parts) for parts in (
            ("gid://", "gid:/", "", "GID://"), ("shopify", "a?", ""), ("/Order/", "/", "//", ""), ("1001", "c1-a_2", "", "1/2"),
            ("", "?key=ab", "?", " ", "?a b"),
        ))),
    "strip-plus": st.builds(
        "{}{}".format, st.sampled_from(["", "+", "++"]),
        st.integers(0, 10**17).map(str) | st.sampled_from(["0412555001", "12345", "1234", "6" * 15, "6" * 16]),
    ),
    "epoch": st.builds(str.__add__, MOMENTS, st.sampled_from(["", ".", ".0", ".000", ".042277", "." + 12 * "1", "." + 13 * "1", ".5e1"])),
    "date": DAYS | st.builds(str.__add__, DAYS, CLOCKS),
    **LISTS,
}  # fmt: skip
ZONES = [None, UTC, ZoneInfo("Australia/Melbourne")]
ARGUMENTS: list[tuple[str, object]] = [
    ("email", None), ("id", None), ("id", "strip-fraction"), ("id", "keep-fraction"), ("money", "."), ("money", ","),
    ("absent", ["0", "0.00", "n/a", " é", "-"]), ("absent", {"is": ["N/A", " -"], "holds": ["*", "B.c", "é"], "ends": ["@a.BC"]}), ("absolute", None), ("negate", None), ("digits", None),
    ("before", "x"), ("before", " "), ("before", "xx"), ("after", "x"), ("after", "é"), ("lower", None),
    ("upper", None), ("trim", None), ("line-total", None), ("less", None),
    ("gid", None), ("strip-plus", None), ("epoch", None), ("epoch", {"to": "date"}),
    ("join", None), ("join", "; "), ("join", "longer than what it joins"), ("join each", None), ("join each", "[1,"),
    *(
        ("date", {"format": form, "to": to, "zone": zone} if zone else {"format": form, "to": to})
        for form in (
            "iso", "yyyy/mm/dd", "dd/mm/yyyy", "mm/dd/yyyy", "dd-mm-yyyy", "mm-dd-yyyy", "dd.mm.yyyy",
        )
        for to in ("date", "date-time") for zone in ZONES
    ),
]  # fmt: skip


@st.composite
def texts_for(draw: st.DrawFn, name: str) -> str:
    """A text that the conversion is likely to take, as it is or with one sign changed, or any text."""
    text = draw(LIKELY[name] | st.text(NASTY, min_size=1, max_size=8))
    if draw(st.booleans()) and text:
        at = draw(st.integers(0, len(text) - 1))
        text = text[:at] + draw(st.sampled_from(NASTY)) + text[at + draw(st.integers(0, 1)) :]
    return text or "0"


def column_of(texts: Sequence[str], doubles: bool = True) -> tuple[bytes, Any, Any, Any]:
    """Texts as the cells of a table, quotes doubled as in CSV or as in documents not."""
    pieces = [text.replace('"', '""' if doubles else '"').encode() for text in texts]
    ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int32)
    starts = (ends - [len(piece) for piece in pieces]).astype(np.int32)
    flags = [
        (HAS_HIGH if not text.isascii() else 0)
        | (HAS_ESCAPE if re.search(r'[\x00-\x1f"\\]', text) else 0)
        | (HAS_DOUBLED if doubles and '"' in text else 0)
        for text in texts
    ]
    return b"".join(pieces), starts, ends, np.array(flags, np.uint8)


def rewritten(
    steps: Sequence[Vectorised], texts: Sequence[str], doubles: bool = True
) -> list[tuple[str, frozenset[str]] | None]:
    """What the kernel makes of texts: the new one and the names of its changes, None where it is in doubt."""
    data, starts, ends, flags = column_of(texts, doubles)
    kinds = np.array([step.kernel for step in steps], np.int32)
    bounds = np.cumsum([0, *(len(step.argument) for step in steps)], dtype=np.int32)
    new, starts, ends, flags, marks = dispatch.rewrite(
        data, starts, ends, flags, kinds, b"".join(step.argument for step in steps), bounds, len(data), False
    )
    found: list[tuple[str, frozenset[str]] | None] = []
    for start, end, flag, mark in zip(
        starts.tolist(), ends.tolist(), flags.tolist(), marks.tolist(), strict=True
    ):
        text = (data + new)[start:end].decode()
        assert mark == codes.IN_DOUBT or flag == (HAS_ESCAPE if re.search(r'[\x00-\x1f"\\]', text) else 0)
        names = frozenset(name for bit, name in enumerate(codes.CHANGES) if mark >> bit & 1)
        found.append(None if mark == codes.IN_DOUBT else (text, names))
    return found


def converted(steps: Sequence[Vectorised], text: str) -> tuple[str, frozenset[str]] | None:
    """What the conversions themselves make of a text; None where one of them fails."""
    names: list[str] = []
    for step in steps:
        done = step(text) if text else Converted("")
        if not isinstance(done, Converted):
            return None
        names += done.conversions
        text = done.text
    return text, frozenset(names)


def sure(name: str, argument: object) -> Vectorised:
    kind, _, each = name.partition(" ")
    found = compile_conversion(kind, argument)
    if each:
        (found,) = through([("code",)], (found,))
    assert isinstance(found, Vectorised)
    return found


@also_drilled
@pytest.mark.parametrize("name", dict.fromkeys(name for name, _ in ARGUMENTS))
def test_what_a_kernel_is_certain_of_is_what_the_conversion_says(name: str) -> None:
    steps = [sure(name, argument) for other, argument in ARGUMENTS if other == name]

    @thorough
    @given(st.lists(texts_for(name), min_size=1, max_size=8))
    def same(texts: list[str]) -> None:
        for step in steps:
            for text, found in zip(texts, rewritten([step], texts, name not in LISTS), strict=True):
                assert found is None or found == converted([step], text), (step, text)

    same()


@thorough
@given(st.data())
def test_a_chain_is_its_steps_one_after_another(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(ARGUMENTS), min_size=0, max_size=4))
    steps = [sure(name, argument) for name, argument in chosen]
    texts = data.draw(st.lists(texts_for(chosen[0][0] if chosen else "email"), min_size=1, max_size=6))

    for text, found in zip(texts, rewritten(steps, texts, data.draw(st.booleans())), strict=True):
        assert found is None or found == converted(steps, text), text


@pytest.mark.parametrize(
    ("name", "argument", "texts"),
    [
        ("email", None, ["mira.holt@example.com", "Mira.Holt@Example.com"]),
        ("id", None, ["#1001", "'0800", "ch_3Oq1", "SKU-00452", "5612345678905"]),
        ("money", ".", ["0", "12.50", "1,049.90", "$5.00", "-3.10"]),
        ("money", ",", ["12,50", "1.049,90", "7"]),
        ("absent", ["0"], ["0", "1"]),
        ("absent", {"holds": ["*"], "ends": ["@members.ebay.com"]}, ["mira.holt@example.com", "0412 345 678"]),
        ("absolute", None, ["5.00", "-5.00"]),
        ("negate", None, ["5.00", "0.00"]),
        ("digits", None, ["+61 491 570 156", "'+61491570157", "0491570156"]),
        ("before", "x", ["+61491570156", "+1 (212) 555-0100 x12"]),
        ("less", None, ["24.50\x1f0", "12.99\x1f3\x1f0.001", "0.10\x1f0.30", "\x1f5", "5\x1f\x1f2"]),
        ("line-total", None, ["2\x1f24.50\x1f0.00", "3\x1f12.99\x1f", "1\x1f0.10\x1f0.30", "0\x1f5\x1f"]),
        ("gid", None, ["gid://shopify/Order/5632178901005", "gid://shopify/LineItem/2001?key=7c2f", "1001"]),
        ("strip-plus", None, ["+61412555001", "61412555001"]),
        ("epoch", None, ["1560968476", "1377047343.042277", "1560968476123", "1772752500000000", "1772752500000000001"]),
        ("epoch", {"to": "date"}, ["1560968476", "1560968476123"]),
        ("join", None, ['["gift_card", "shopify_payments"]', "[]", "[null,10.50,true]", '["a"]']),
        ("join each", " + ", ['[{"code":"SPRING","amount":"10.00","type":"percentage"},{"code":"VIP"}]', '[{"amount":10},null]', "[]"]),
        ("date", "iso", ["2024-03-06", "2025-10-06 10:15:00 +1100", "2024-01-05 07:30:00+00:00", "2024-03-06T10:15:00Z"]),
        ("date", "dd/mm/yyyy", ["6/3/2024 9:05", "06/03/2024 23:59:59.5"]),
        ("date", {"zone": "UTC", "format": "iso"}, ["2024-03-06 10:15:00"]),
    ],
)  # fmt: skip
def test_what_exports_hold_is_certain(name: str, argument: object, texts: list[str]) -> None:
    assert None not in rewritten([sure(name, argument)], texts, name not in LISTS)


def test_a_text_too_long_for_the_kernel_is_in_doubt() -> None:
    assert rewritten([sure("lower", None)], ["A" * 256, "A" * 257]) == [
        ("a" * 256, frozenset({"lower_cased"})),
        None,
    ]


@also_drilled
@pytest.mark.parametrize(("name", "argument"), [("money", None), ("date", None), ("date-time-zone", None)])
def test_a_column_is_counted_the_same_with_a_kernel_and_without(name: str, argument: object) -> None:
    @thorough
    @given(st.lists(texts_for("money" if name == "money" else "date"), min_size=1, max_size=8))
    def same(texts: list[str]) -> None:
        fast, slow = compile_conversion(name, argument), compile_conversion(name, argument)
        assert isinstance(fast, NeedsColumn)
        assert isinstance(slow, NeedsColumn)
        left = fast.count(*column_of(texts))
        fast.look(text for text, is_left in zip(texts, left, strict=True) if is_left)
        slow.look(texts)
        assert tallied(fast) == tallied(slow)

    same()


def tallied(column: Any) -> Any:
    return column.tally if hasattr(column, "tally") else column.tallies


CELLS = st.lists(
    st.sampled_from(["", "a", "aa", '"', '""', "é", "abcdefgh", "abcdefghi", "\x1f"]), max_size=12
)


@given(CELLS)
def test_texts_are_told_apart_the_same_with_the_kernel_and_without(texts: list[str]) -> None:
    column = column_of(texts)
    numbers, first = conversions.distinct(*column)

    assert [texts[first[number]] for number in numbers] == texts
    assert len(first) == len(set(texts))
    assert [part.tolist() for part in plain.distinct(*column)] == [numbers.tolist(), first.tolist()]


def test_quotes_that_are_doubled_are_told_from_those_that_are_not() -> None:
    starts, ends = np.array([0, 0], np.int32), np.array([2, 2], np.int32)
    numbers, _ = conversions.distinct(
        b'""', starts, ends, np.array([HAS_ESCAPE, HAS_ESCAPE | HAS_DOUBLED], np.uint8)
    )

    assert numbers.tolist() == [0, 1]


@given(st.integers(1, 3), CELLS)
def test_cells_are_joined_the_same_with_the_kernel_and_without(wide: int, texts: list[str]) -> None:
    texts = texts[: len(texts) // wide * wide]
    data, *places = column_of(texts)
    cells = [part.reshape(-1, wide) for part in places]
    fast, slow = conversions.joined(data, *cells, 31), plain.joined(data, *cells, 31)

    assert [fast[0], *(part.tolist() for part in fast[1:])] == [
        slow[0],
        *(part.tolist() for part in slow[1:]),
    ]
    rows = ["\x1f".join(texts[at : at + wide]).replace('"', '""') for at in range(0, len(texts), wide)]
    assert [fast[0][start:end].decode() for start, end in zip(fast[1], fast[2], strict=True)] == rows
