"""Tables as they come: each odd row is a record, a reject with its line and reason, or blank; nothing is lost."""

import gzip
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import SourceError, UsageError
from msgspec.structs import replace

from .helpers import KEEP_ALL, MARK, Prepared, in_plain_python, of_bytes, prepared

HEADER = b"link.mobile,first_name,last_name\n"
SPEC = "customer_record"


def convert(data: bytes, tmp_path: Path, **options: Any) -> Prepared:
    return of_bytes(data, SPEC, tmp_path / "out", replace(KEEP_ALL, **options))


def counts(done: Prepared) -> tuple[int, int, int]:
    """(valid, invalid, blank)."""
    (source,) = done.report.sources
    return source.valid, source.invalid, source.blank


def where(done: Prepared) -> list[tuple[int, str]]:
    return [(issue["line"], issue["code"]) for issue in done.issues]


# ------------------------------------------------------------------------------------ dialects


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ends", [True, False])
def test_any_delimiter_and_line_break_gives_the_same_records(
    tmp_path: Path, delimiter: str, line_break: str, bom: bytes, ends: bool
) -> None:
    rows = [
        ("link.mobile", "first_name", "last_name"),
        ("1", "Mira", '"a , ; | b"'),
        ("2", '"say ""so"""', "Holt"),
        ("3", "", ""),
    ]
    text = line_break.join(delimiter.join(row) for row in rows) + (line_break if ends else "")
    done = convert(bom + text.encode(), tmp_path)

    assert done.records == [
        {"link": {"mobile": "1"}, "first_name": "Mira", "last_name": "a , ; | b"},
        {"link": {"mobile": "2"}, "first_name": 'say "so"', "last_name": "Holt"},
        {"link": {"mobile": "3"}},
    ]


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert convert(b"link.mobile\n1\n2\n", tmp_path).records == [
        {"link": {"mobile": "1"}},
        {"link": {"mobile": "2"}},
    ]


def test_a_comma_in_a_header_of_semicolons_is_no_delimiter(tmp_path: Path) -> None:
    done = convert(b"link.mobile;first_name\n1;a,b,c\n2;d,e,f\n", tmp_path)

    assert [record["first_name"] for record in done.records] == ["a,b,c", "d,e,f"]


def test_mixed_line_breaks_count_as_lines(tmp_path: Path) -> None:
    done = convert(HEADER + b"1,a,b\r\nbad\r\nbad\rbad\n\nbad\n2,a,b\n", tmp_path)

    assert where(done) == [(3, "ragged_row"), (4, "ragged_row"), (7, "ragged_row")]
    assert counts(done) == (2, 3, 1)


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r\r\n"])
def test_a_cr_in_a_line_is_text_where_lines_end_otherwise(tmp_path: Path, line_break: bytes) -> None:
    rows = [
        HEADER.strip(),
        b"1,\rMi\r\rra\r,b",
        b'2,"Te\ro",b',
        b'3,"a"\rx,b',
        b"4,a,b\rc",
        b"short",
        b"5,a,b",
        b"",
    ]
    done = convert(line_break.join(rows), tmp_path)

    assert [record.get("first_name") for record in done.records] == ["\rMi\r\rra\r", "Te\ro", "a", "a"]
    assert done.records[2]["last_name"] == "b\rc"
    assert [code for _, code in where(done)] == ["quote", "ragged_row"]
    assert done.files == of_bytes(line_break.join(rows), SPEC, tmp_path / "again", KEEP_ALL).files
    with in_plain_python():
        assert of_bytes(line_break.join(rows), SPEC, tmp_path / "slow", KEEP_ALL).files == done.files


def test_a_file_whose_lines_end_in_cr_is_read_whatever_its_cells_hold(tmp_path: Path) -> None:
    rows = [
        HEADER.strip(), *[b'%d,"a\nb\nc\n",b' % number for number in range(1, 5001)], b"short\n",
    ]  # fmt: skip
    done = convert(b"\r".join(rows), tmp_path)

    assert counts(done) == (5000, 1, 0)
    assert done.records[-1]["first_name"] == "a\nb\nc\n"


def test_a_cr_far_behind_the_header_splits_no_row(tmp_path: Path) -> None:
    done = convert(HEADER + (b"1,%s,b\n" % (b"a" * 60)) * 30_000 + b"2,Wattle\rUnit 4,b\n", tmp_path)

    assert counts(done) == (30_001, 0, 0)
    assert done.records[-1]["first_name"] == "Wattle\rUnit 4"


def test_a_million_crs_in_a_cell_cost_no_time(tmp_path: Path) -> None:
    done = convert(HEADER + b"1," + b"\r" * 1_000_000 + b"a,b\n", tmp_path)

    assert len(done.records[0]["first_name"]) == 1_000_001


@pytest.mark.parametrize("break_inside", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_lines_are_counted_through_quoted_line_breaks(
    tmp_path: Path, break_inside: str, line_break: str
) -> None:
    header = f'link.mobile,"custom_fields.two{break_inside}lines",first_name'
    rows = [header, f'1,"a{break_inside}{break_inside}b",c', "short", f'2,"{break_inside}",c', "short"]
    done = convert(line_break.join(rows).encode(), tmp_path)

    assert where(done) == [(6, "ragged_row"), (9, "ragged_row")]
    assert done.records[0]["custom_fields"] == {f"two{break_inside}lines": f"a{break_inside * 2}b"}


def test_a_tab_or_a_space_in_a_cell_is_kept(tmp_path: Path) -> None:
    (record,) = convert(HEADER + b'1, a\t," b "\n', tmp_path).records

    assert (record["first_name"], record["last_name"]) == (" a\t", " b ")


# ------------------------------------------------------------------------------------ almost no rows


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b" \n \n", b"\xef\xbb\xbf\n"])
def test_an_empty_source_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="is empty"):
        convert(data, tmp_path)


@pytest.mark.parametrize("data", [HEADER, HEADER.rstrip(), HEADER.replace(b"\n", b"\r")])
def test_a_header_alone_has_no_rows_and_makes_no_batch(tmp_path: Path, data: bytes) -> None:
    done = convert(data, tmp_path)

    assert (counts(done), done.report.batches) == ((0, 0, 0), ())
    assert done.files == {}


def test_blank_rows_are_counted_and_left_out(tmp_path: Path) -> None:
    done = convert(HEADER + b'\n1,a,b\n\n,,\n  , ,\n"","",""\n\r\n2,a,b\n\n', tmp_path)

    assert counts(done) == (2, 0, 7)
    assert done.issues == []


def test_blank_rows_alone_make_no_batch(tmp_path: Path) -> None:
    assert counts(convert(HEADER + b"\n,,\n\n", tmp_path)) == (0, 0, 3)


def test_blank_lines_before_the_header_shift_the_lines_only(tmp_path: Path) -> None:
    done = convert(b"\n\r\n" + HEADER + b"bad\n1,a,b\n", tmp_path)

    assert where(done) == [(4, "ragged_row")]


# ------------------------------------------------------------------------------------ broken rows


def test_a_row_that_is_too_short_or_too_long_is_rejected_alone(tmp_path: Path) -> None:
    done = convert(HEADER + b"1,a,b\n2,a\n3,a,b,c\n4,a,b,,x\n5,a,b\n6,a,b,\n", tmp_path)

    assert where(done) == [(3, "ragged_row"), (4, "ragged_row"), (5, "ragged_row")]
    assert [issue["row"] for issue in done.issues] == [2, 3, 4]
    assert "has 2 cells where the header has 3" in done.issues[0]["message"]
    assert [record["link"]["mobile"] for record in done.records] == ["1", "5", "6"]


def test_a_quote_inside_an_unquoted_cell_is_text(tmp_path: Path) -> None:
    (record,) = convert(HEADER + b'1,5" pipe,a "b" c"\n', tmp_path).records

    assert (record["first_name"], record["last_name"]) == ('5" pipe', 'a "b" c"')


def test_text_behind_a_closing_quote_is_rejected_and_only_its_line(tmp_path: Path) -> None:
    done = convert(HEADER + b'1,a,b\n2,"a"x,b\n3,"a" ,b\n4,a,b\n', tmp_path)

    assert where(done) == [(3, "quote"), (4, "quote")]
    assert [record["link"]["mobile"] for record in done.records] == ["1", "4"]


@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"])
def test_an_unclosed_quote_swallows_nothing_that_follows(tmp_path: Path, line_break: bytes) -> None:
    rows = [HEADER.strip(), b"1,a,b", b'2,"a,b', b"3,a,b", b"4,a,b", b'5,"a,b', b"6,a,b"]
    done = convert(line_break.join(rows), tmp_path)

    # The quote in row 2 is closed by the one in row 5, behind which stands text: both rows are rejected.
    assert where(done) == [(3, "quote"), (6, "quote")]
    assert [record["link"]["mobile"] for record in done.records] == ["1", "3", "4", "6"]


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r", b"\r\n", b"\n\n"])
def test_a_quote_that_opens_in_the_last_row_and_is_never_closed_costs_that_row_alone(
    tmp_path: Path, ending: bytes
) -> None:
    done = convert(HEADER + b'1,a,b\n2,"a,b' + ending, tmp_path)

    assert where(done) == [(3, "quote")]
    assert [record["link"]["mobile"] for record in done.records] == ["1"]


def test_an_unclosed_quote_in_a_large_file_costs_one_row(tmp_path: Path) -> None:
    rows = b"".join(b"%d,%s,b\n" % (number, b"a" * 250) for number in range(1, 10_001))
    data = HEADER + b'x,"a,b\n' + rows * 10
    assert len(data) > 20 << 20
    done = convert(data, tmp_path)

    assert where(done) == [(2, "quote")]
    assert counts(done) == (100_000, 1, 0)


def test_a_nul_byte_and_bad_utf8_are_issues_of_their_rows(tmp_path: Path) -> None:
    bad = [
        b"a\0b",
        b'"a\0"',
        b"\xff",
        b"\xc3",
        b'"\xc3"',
        b"\xed\xa0\x80",
        b"\xc0\x80",
        b"\xf4\x90\x80\x80",
        b"Zo\xeb",
    ]
    good = "2,Zoë,😀\n".encode()  # so that the file is UTF-8 beyond doubt
    done = convert(HEADER + good * 20 + b"".join(b"1,%s,b\n" % cell for cell in bad), tmp_path)

    assert [code for _, code in where(done)] == ["nul"] * 2 + ["encoding"] * 7
    assert done.records == [{"link": {"mobile": "2"}, "first_name": "Zoë", "last_name": "😀"}] * 20


# ------------------------------------------------------------------------------------ headers


def test_a_quoted_header_may_hold_line_breaks_and_quotes(tmp_path: Path) -> None:
    (record,) = convert(b'"link.mobile","custom_fields.a\n""b"""\n1,2\n', tmp_path).records

    assert record == {"link": {"mobile": "1"}, "custom_fields": {'a\n"b"': "2"}}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("link.mobile,first_name,first_name", "two columns are called first_name"),
        ("link.mobile,first_name, first_name ", "two columns are called first_name"),
        ("link.mobile,,first_name", "column 2 has no header"),
        ("link.mobile,first_name,", "column 3 has no header"),
        ("link.mobile,frist_name", "did you mean first_name"),
        ("link.mobile,Postcodes", "did you mean postcode"),
        ("link.emial,first_name", "did you mean link.email"),
        ("link,first_name", "is an object"),
        ("link.mobile,link", "is an object"),
        ("link.mobile,first_name.x", "first_name.x"),
        ("link.mobile,first_name[0]", r"first_name\[0\]"),
        ("link.mobile,.first_name", ".first_name"),
        ("link.mobile,first_name.", "first_name."),
        ("link.mobile,[0]", r"\[0\]"),
    ],
)
def test_a_header_that_is_no_field_stops_the_run(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as problem:
        convert(f"{header}\n{MARK},{MARK},{MARK}\n".encode(), tmp_path)

    assert MARK not in problem.value.message + problem.value.hint
    assert not list((tmp_path / "out").glob("*-*")) and not list((tmp_path / "out").glob(".preparing*"))


def test_a_gap_in_the_indexes_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"images\[1\]"):
        of_bytes(
            b"product_id,images[0],images[2]\nP,http://example.com,http://example.com\n", "product", tmp_path
        )


def test_an_unknown_column_may_be_left_out(tmp_path: Path) -> None:
    done = convert(b"link.mobile,nonsense\n1,x\n", tmp_path, ignore_unknown=True)

    assert done.records == [{"link": {"mobile": "1"}}]


def test_an_unclosed_quote_in_the_header_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="header"):
        convert(b'"link.mobile,first_name\n1,a\n', tmp_path)


# ------------------------------------------------------------------------------------ sizes


def wide(columns: int) -> bytes:
    return (
        ",".join(["link.mobile", *(f"custom_fields.f{number}" for number in range(columns - 1))]).encode()
        + b"\n"
    )


def test_five_thousand_columns_are_read(tmp_path: Path) -> None:
    row = b",".join(b"%d" % number for number in range(1, 5001)) + b"\n"
    done = convert(wide(5000) + row * 40 + b"\n" * 5000 + b"short\n", tmp_path)

    assert counts(done) == (40, 1, 5000)
    assert len(done.records[0]["custom_fields"]) == 4999


def test_blank_lines_below_a_wide_header_cost_no_memory(tmp_path: Path) -> None:
    assert counts(convert(wide(5000) + b"\n" * 100_000 + b"1" + b"," * 4999 + b"\n", tmp_path)) == (
        1,
        0,
        100_000,
    )


def test_a_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    long = b"x" * (3 << 20)
    done = convert(HEADER + b"1,%s,b\n" % long + b'2,"%s\n",c\n' % long + b"3,a,b\n", tmp_path)

    assert [len(record["first_name"]) for record in done.records] == [3 << 20, (3 << 20) + 1, 1]


def test_a_row_longer_than_any_record_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 3 is longer than 16 MiB"):
        convert(HEADER + b"1,a,b\n2," + b"x" * (20 << 20) + b",b\n", tmp_path)


def test_a_header_longer_than_any_record_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 1 is longer"):
        convert(b"x" * (20 << 20) + b"\n1\n", tmp_path)


# ------------------------------------------------------------------------------------ gzip, files


def test_a_gzip_is_told_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_bytes(gzip.compress(HEADER + b"1,a,b\n"))
    done = prepared([path], SPEC, tmp_path / "out")

    assert done.records == [{"link": {"mobile": "1"}, "first_name": "a", "last_name": "b"}]
    assert done.manifest.sources[0].bytes == path.stat().st_size


def test_a_gzip_that_is_cut_short_anywhere_cannot_be_read_and_leaves_no_batch(tmp_path: Path) -> None:
    whole = gzip.compress(HEADER + b"".join(b"%d,a,b\n" % number for number in range(300)))
    for cut in [*range(2, 30), *range(30, len(whole), 41), len(whole) - 1]:
        with pytest.raises(SourceError, match="gzip"):
            convert(whole[:cut], tmp_path)
        assert {path.name for path in (tmp_path / "out").iterdir()} <= {".lock", "ledger.sqlite3"}


def test_a_gzip_with_a_spoiled_byte_never_gives_records_in_silence(tmp_path: Path) -> None:
    data = HEADER + b"".join(b"%d,a,b\n" % number for number in range(300))
    whole = bytearray(gzip.compress(data, mtime=0))
    for at in range(10, len(whole), 37):
        spoiled = bytes(whole[:at]) + bytes([whole[at] ^ 0x55]) + bytes(whole[at + 1 :])
        with pytest.raises(SourceError):
            convert(spoiled, tmp_path)


def test_members_of_a_gzip_are_read_one_after_another(tmp_path: Path) -> None:
    assert counts(convert(gzip.compress(HEADER) + gzip.compress(b"1,a,b\n2,a,b\n"), tmp_path)) == (2, 0, 0)


def test_a_folder_a_missing_file_and_an_unreadable_one_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.csv", tmp_path / ("a" * 300)):
        with pytest.raises(SourceError):
            prepared([path], SPEC, tmp_path / "out")


def test_several_sources_make_one_batch_in_their_order(tmp_path: Path) -> None:
    sources = []
    for number in range(3):
        sources.append(tmp_path / f"{number}.csv")
        sources[-1].write_bytes(HEADER + b"%d,a,b\nbad\n\n" % (number + 1))
    done = prepared(sources, SPEC, tmp_path / "out")

    assert [record["link"]["mobile"] for record in done.records] == ["1", "2", "3"]
    assert done.manifest.rejects == ("rejects-2.csv", "rejects-3.csv", "rejects.csv")
    assert [use.rows for use in done.manifest.sources] == [3, 3, 3]


# ------------------------------------------------------------------------------------ values

BAD_ROWS = (
    f"{MARK} {MARK}@x,{MARK},{MARK}", f"{MARK},{MARK}", f'{MARK},"{MARK}"{MARK},x', f'"{MARK}', f"{MARK}\0,a,b",
    f"{MARK}@example.com,{MARK},{MARK},{MARK}", f"{MARK}@example.com,{MARK},{MARK}", f'{MARK}@b,"{MARK}\n{MARK}",1989',
)  # fmt: skip


def test_no_message_holds_a_value(tmp_path: Path) -> None:
    header = b"link.email,employee_flag,date_of_birth\n"
    done = convert(header + "\n".join(["a@example.com,true,1989-01-01", *BAD_ROWS]).encode(), tmp_path)

    assert counts(done)[0] == 1
    assert counts(done)[1] >= len(BAD_ROWS)
    assert MARK.encode() in done.file("rejects.csv")


def test_odd_rows_read_the_same_without_kernels(tmp_path: Path) -> None:
    data = HEADER + "\n".join(BAD_ROWS).encode() + "\n1,Zoë,Zoë".encode() * 9 + b"\n\xff,,\n\n"
    fast = of_bytes(data, SPEC, tmp_path / "fast")
    with in_plain_python():
        slow = of_bytes(data, SPEC, tmp_path / "slow")

    assert fast.files == slow.files


def test_standard_input_may_trickle(tmp_path: Path) -> None:
    class Trickle(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(3)

    options = replace(KEEP_ALL, stdin=Trickle(HEADER + b"1,a,b\n\n2,a,b\nbad"))

    assert counts(prepared(["-"], SPEC, tmp_path / "out", options)) == (2, 1, 1)


def test_a_text_that_is_not_utf8_is_rejected_where_a_rule_asks_for_each_text(tmp_path: Path) -> None:
    data = (
        b"status,link.link_type,link.link_value,link.id_type,action_at,email_id\n"
        b"subscribed,nobody,C-1,default,2024-03-06T10:15:00Z,E-1\n"
        b"subscribed,customer_id,\xc3,default,2024-03-06T10:15:00Z,E-2\n"
    )
    done = of_bytes(data, "marketing_email_subscribe", tmp_path)

    assert [one["code"] for one in done.issues] == ["enum", "encoding"]
