"""Columns counted as they go by."""

import random
from io import BytesIO

from lexer_pipeline.inspecting import column_counts, semantic_types
from lexer_pipeline.inspecting.column_counts import profile
from lexer_pipeline.inspecting.column_profile import ColumnProfile, TableProfile, date_trouble
from lexer_pipeline.loading.records import load_rows
from lexer_pipeline.loading.source import load


def profiled(text: str) -> TableProfile:
    loaded = load("-", BytesIO(text.encode()))
    assert loaded.head is not None
    return profile(loaded.head.names, load_rows(loaded, None, ()))


def column(values: list[str]) -> ColumnProfile:
    return profiled("key,value\n" + "".join(f"k,{value}\n" for value in values)).columns[1]


def test_filled_and_distinct_cells_are_counted_exactly() -> None:
    table = profiled("id,city\n1,Perth\n2,\n\n3,Perth\n4,Hobart\n")

    assert (table.rows, table.blank, table.faults) == (5, 1, {})
    assert [(one.filled, one.distinct, one.is_more) for one in table.columns] == [
        (4, 4, False),
        (3, 2, False),
    ]


def test_rows_that_cannot_be_read_are_counted_with_the_first_line() -> None:
    table = profiled('a,b\n1,2\n1\n1,2,3\n"x"y,2\n')

    assert table.faults == {2: (2, 3), 3: (1, 5)}
    assert table.columns[0].filled == 1


def test_shapes_hold_letters_as_a_and_digits_as_9_the_most_frequent_first() -> None:
    found = column(["Mira 12", "Teo 34", "Ana 56", "AB-1"])

    assert found.shapes == (("Aaa 99", 2), ("Aaaa 99", 1), ("AA-9", 1))


def test_repeated_values_weigh_as_often_as_they_stand() -> None:
    assert column(["yes"] * 70 + ["no"] * 30).kinds == {semantic_types.BOOLEAN: 100}
    assert column(["12"] * 3 + ["x"]).kinds == {semantic_types.NUMBER: 3, semantic_types.TEXT: 1}


def test_beyond_the_bound_distinct_is_more_than_and_kinds_are_estimated_to_a_hundredth() -> None:
    chosen = random.Random(4)
    values = [f"u{n}@example.com" if chosen.random() < 0.8 else f"note {n}" for n in range(60_000)]

    found = column(values)

    assert (found.filled, found.distinct, found.is_more) == (60_000, column_counts.MOST_DISTINCT, True)
    assert abs(found.share(semantic_types.EMAIL) - 0.8) < 0.02
    assert sum(found.kinds.values()) == 60_000


def test_one_scientific_cell_among_many_is_never_missed() -> None:
    values = [str(7_000_000_000_000 + n) for n in range(40_000)]
    values[33_333] = "7.41E+12"

    assert column(values).count(semantic_types.SCIENTIFIC) == 1


def test_one_date_that_decides_is_found_among_many() -> None:
    values = [
        f"{n % 12 + 1:02}/{n // 12 % 12 + 1:02}/2024 {n // 144 % 24:02}:{n // 3456 % 60:02}:{n % 60:02}"
        for n in range(40_000)
    ]
    assert "ambiguous" in date_trouble(column(values))

    values[30_000] = "25/01/2024 10:00:00"

    assert date_trouble(column(values)) == ""


def test_dates_that_could_be_either_are_counted_in_both_readings() -> None:
    assert "3 cells can be read as dd/mm/yyyy and as mm/dd/yyyy" in date_trouble(
        column(["01/02/2024", "03/04/2024", "05/06/2024"])
    )


def test_dates_that_contradict_each_other_are_counted_on_both_sides() -> None:
    trouble = date_trouble(column(["25/02/2024", "03/25/2024", "26/02/2024", "01/02/2024"]))

    assert "2 cells can only be dd/mm/yyyy, 1 cell only mm/dd/yyyy" in trouble


def test_memory_does_not_grow_with_the_shapes_of_a_column() -> None:
    chosen = random.Random(7)
    words = ["".join(chosen.choice("aA9- ,.") for _ in range(30)) + "x" for _ in range(20_000)]
    held = column_counts.ColumnCounts()
    loaded = load("-", BytesIO(("key;value\n" + "".join(f"k;{word}\n" for word in words)).encode()))
    for rows in load_rows(loaded, None, ()):
        held.add(column_counts.ChunkView(rows), 1)

    assert len(held._shapes) <= column_counts.MOST_SHAPES
    assert len(held._known) == len(held._pairs) == 0
