"""Rejects come in the input's own form: mended and fixed they are accepted, unmended rejected as before."""

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from .helpers import KEEP_ALL, MARK, Prepared, of_bytes, prepared

HEADER = "link.email,first_name,employee_flag,date_of_birth"
GOOD = "ok@example.com,Ida,true,1989-01-01"
BAD = (
    f"{MARK},Ida,true,1989-01-01", f"a@example.com,{MARK},maybe,", f'b@example.com,"{MARK}, ""x""",true,06/03/1989',
    f'c@example.com,"{MARK}\r\n{MARK}",9,', f"d@example.com,{MARK}", f"e@example.com,{MARK},true,,,x", f'f@b.co,"{MARK}"x,true,',
    f"g@b.co,{MARK}\0,true,", f'h@b.co,5" {MARK},oui,', f'"i@b.co",{MARK} ; {MARK},"x;y",',
)  # fmt: skip
# A byte that is odd because the letters beside it are UTF-8 beyond doubt.
BYTES = ("j@b.co,Zoë Żółć Çelik,true,".encode().replace("ó".encode(), b"\xff"),)


def table(*rows: str | bytes, header: str = HEADER, line_break: bytes = b"\n") -> bytes:
    return line_break.join(
        [header.encode(), *(row if isinstance(row, bytes) else row.encode() for row in rows)]
    )


def codes_by_line(done: Prepared) -> list[tuple[int, list[str]]]:
    found: dict[int, list[str]] = {}
    for issue in done.issues:
        found.setdefault(issue["row"], []).append(issue["code"])
    return [(row, sorted(codes)) for row, codes in sorted(found.items())]


def fixed(done: Prepared, data: bytes, ending: str = "csv") -> Prepared:
    """What comes of the rejects where they are edited so in the folder of their batch."""
    rejects_of(done, ending).write_bytes(data)
    (batch,) = done.report.batches
    return prepared([], None, done.out, replace(KEEP_ALL, fix=str(batch.path)))


def rejects_of(done: Prepared, ending: str = "csv") -> Path:
    (batch,) = done.report.batches
    return batch.path / f"rejects.{ending}"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_break", [b"\n", b"\r\n", b"\r"])
def test_unmended_rejects_are_rejected_again_for_the_same_reasons(
    tmp_path: Path, delimiter: str, line_break: bytes
) -> None:
    def dialect(row: str) -> str:
        return row.replace(",", "\v").replace(delimiter, "/").replace("\v", delimiter)

    rows = [dialect(row) for row in (GOOD, *BAD)] + [BYTES[0].replace(b",", delimiter.encode())]
    unclosed = dialect(f'k@b.co,"{MARK},true,').encode()
    done = of_bytes(
        table(*rows, unclosed, header=dialect(HEADER), line_break=line_break),
        "customer_record",
        tmp_path / "0",
    )
    first = [codes for _, codes in codes_by_line(done)]
    assert len(first) == len(BAD) + 2

    for number in range(1, 4):
        done = fixed(done, rejects_of(done).read_bytes() + dialect(f"{100 + number},x,{GOOD}\n").encode())
        assert [codes for _, codes in codes_by_line(done)] == first
        assert done.report.valid == 1
        header = rejects_of(done).read_bytes().splitlines()[0].decode()
        assert header.split(delimiter) == ["_line", "_issues", *HEADER.split(",")]


def test_a_rejects_file_of_a_rejects_file_holds_the_rows_as_they_first_stood(tmp_path: Path) -> None:
    done = of_bytes(table(GOOD, *BAD, *BYTES), "customer_record", tmp_path / "0")
    again = fixed(done, rejects_of(done).read_bytes() + f"101,x,{GOOD}\n".encode())
    third = fixed(again, rejects_of(again).read_bytes() + f"102,x,{GOOD}\n".encode())

    assert rejects_of(third).read_bytes() + f"102,x,{GOOD}\n".encode() == rejects_of(again).read_bytes()
    for row in BAD:
        assert row.encode() in rejects_of(third).read_bytes()


def test_a_mended_rejects_file_is_accepted_whole(tmp_path: Path) -> None:
    bad = (BAD[0], BAD[1], BAD[2], BAD[3], BAD[4], BAD[5])
    done = of_bytes(table(GOOD, *bad), "customer_record", tmp_path / "0")
    reader = csv.reader(io.StringIO(rejects_of(done).read_bytes().decode(), newline=""))
    header, *rows = list(reader)
    assert header == ["_line", "_issues", *HEADER.split(",")]
    assert [int(row[0]) for row in rows] == [3, 4, 5, 6, 8, 9]
    assert all(
        "employee_flag" in row[1] or "link.email" in row[1] or "date" in row[1] or "cells" in row[1]
        for row in rows
    )
    mended = io.StringIO()
    csv.writer(mended).writerows(
        [header, *([*row[:2], f"m{n}@example.com", row[3], "no", ""] for n, row in enumerate(rows))]
    )

    again = fixed(done, mended.getvalue().encode())

    assert again.report.invalid == 0
    assert [record["link"]["email"] for record in again.records] == [f"m{n}@example.com" for n in range(6)]
    assert all("_line" not in record and "_issues" not in record for record in again.records)
    assert again.records[3]["first_name"] == f"{MARK}\r\n{MARK}"


def test_the_lines_in_a_rejects_file_are_those_of_its_issues(tmp_path: Path) -> None:
    done = of_bytes(table(GOOD, *BAD), "customer_record", tmp_path)
    lines = [
        int(row.split(b",", 1)[0])
        for row in rejects_of(done).read_bytes().splitlines()[1:]
        if row[:1].isdigit()
    ]

    assert lines == list(dict.fromkeys(issue["line"] for issue in done.issues))


def test_a_quoted_header_stands_in_the_rejects_file_as_it_stood(tmp_path: Path) -> None:
    header = '"link.email";"custom_fields.two\nlines";"employee_flag"'
    done = of_bytes(f"{header}\na@b.co;x;true\nbad;{MARK};true\n".encode(), "customer_record", tmp_path / "0")
    assert rejects_of(done).read_text().startswith(f"_line;_issues;{header}\n")

    again = fixed(done, rejects_of(done).read_bytes().replace(b"bad", b"b@b.co"))
    assert again.records == [
        {"link": {"email": "b@b.co"}, "custom_fields": {"two\nlines": MARK}, "employee_flag": True}
    ]


def test_a_byte_order_mark_is_not_carried_into_the_rejects(tmp_path: Path) -> None:
    done = of_bytes(b"\xef\xbb\xbf" + table(GOOD, BAD[0]), "customer_record", tmp_path)

    assert rejects_of(done).read_bytes().startswith(b"_line,_issues,link.email")


@pytest.mark.parametrize("data", [
    b'{"link":{"mobile":"1"}}\n%s\n', b'[{"link":{"mobile":"1"}},\n%s]', b'{"records": [{"link":{"mobile":"1"}}, %s]}',
])  # fmt: skip
def test_rejected_documents_come_back_one_a_line_and_are_rejected_or_mended(
    tmp_path: Path, data: bytes
) -> None:
    bad = b'{"link": {"mobile": 5},\r\n "first_name": "%s"}' % MARK.encode()
    if not data.startswith((b"[", b'{"records"')):
        bad = bad.replace(b"\r\n", b"")
    done = of_bytes(data % bad, "customer_record", tmp_path / "0")
    rejects = rejects_of(done, "ndjson").read_bytes()
    assert rejects.count(b"\n") == 1

    good = b'{"link":{"mobile":"1"}}\n'
    again = fixed(done, rejects + good, "ndjson")
    assert Counter(again.codes) == Counter(done.codes)
    assert rejects_of(again, "ndjson").read_bytes() == rejects
    mended = fixed(again, rejects.replace(b" 5", b' "5"'), "ndjson")
    assert mended.records[0] == {"link": {"mobile": "5"}, "first_name": MARK}


def test_each_source_has_rejects_in_its_own_form(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(table(GOOD, BAD[0]))
    (tmp_path / "b.json").write_bytes(b'[{"link":{"mobile":"1"}},{"link":1}]')
    done = prepared([tmp_path / "a.csv", tmp_path / "b.json"], "customer_record", tmp_path / "out")

    assert done.manifest.rejects == ("rejects-2.ndjson", "rejects.csv")
    assert {issue["source"] for issue in done.issues} == {str(tmp_path / "a.csv"), str(tmp_path / "b.json")}
