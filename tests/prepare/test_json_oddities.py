"""JSON as it comes: each odd document is accepted or rejected with its line, or the source ends with exit 3."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lexer_pipeline.errors import SourceError
from msgspec.structs import replace

from tests.running import environment

from .helpers import KEEP_ALL, MARK, Prepared, in_plain_python, of_bytes

SPEC = "customer_record"


def one(number: int, **more: Any) -> bytes:
    return json.dumps({"link": {"mobile": str(number)}, **more}).encode()


def convert(data: bytes, tmp_path: Path, spec: Any = SPEC, **options: Any) -> Prepared:
    return of_bytes(data, spec, tmp_path / "out", replace(KEEP_ALL, **options))


def numbers(done: Prepared) -> list[int]:
    return [int(record["link"]["mobile"]) for record in done.records]


def counts(done: Prepared) -> tuple[int, int, int]:
    (source,) = done.report.sources
    return source.valid, source.invalid, source.blank


def where(done: Prepared) -> list[tuple[int, int, str]]:
    return [(issue["line"], issue["row"], issue["code"]) for issue in done.issues]


PRETTY = [json.dumps(json.loads(one(number)), indent=2).encode() for number in (1, 2, 3)]
BOM = b"\xef\xbb\xbf"
FORMS = {
    "lines": one(1) + b"\n" + one(2) + b"\n" + one(3) + b"\n",
    "lines without a last break": one(1) + b"\n" + one(2) + b"\n" + one(3),
    "crlf": one(1) + b"\r\n" + one(2) + b"\r\n" + one(3) + b"\r\n",
    "indented lines": b"  " + one(1) + b" \n\t" + one(2) + b"\n" + one(3) + b"\n",
    "an array on one line": b"[" + one(1) + b"," + one(2) + b" , " + one(3) + b"]",
    "an array, a record a line": b"[\n" + one(1) + b",\n" + one(2) + b",\n" + one(3) + b"\n]\n",
    "an array that opens with a record": b"[" + one(1) + b",\n" + one(2) + b",\n" + one(3) + b"]\n",
    "a pretty array": b"[\n" + b",\n".join(PRETTY) + b"\n]\n",
    "a wrapper on one line": b'{"records": [' + one(1) + b", " + one(2) + b"," + one(3) + b"]}",
    "a wrapper, a record a line": b'{"records": [\n' + one(1) + b",\n" + one(2) + b",\n" + one(3) + b"\n]}\n",
    "a wrapper in crlf": b'{"records": [\r\n'
    + one(1)
    + b",\r\n"
    + one(2)
    + b",\r\n"
    + one(3)
    + b"\r\n]}\r\n",
    "a pretty wrapper": b'{\n  "records": [\n' + b",\n".join(PRETTY) + b"\n  ]\n}\n",
    "a wrapper whose bracket has a line of its own": b'{"records":\n[\n' + b",\n".join(PRETTY) + b"\n]\n}\n",
    "a wrapper with keys behind": b'{"records": ['
    + b",".join(PRETTY)
    + b'], "next": null, "page": {"n": [1]}}',
    "a pretty wrapper with keys behind": b'{\n"records": [\n'
    + b",\n".join(PRETTY)
    + b'\n],\n"next": "]}",\n"n": 3\n}',
    "wrappers on lines": b'{"records": ['
    + one(1)
    + b","
    + one(2)
    + b']}\n{"records": []}\n{"records":['
    + one(3)
    + b"]}",
    "pretty objects": b"\n".join(PRETTY),
    "pretty objects with commas of their own": b"\n\n".join(PRETTY) + b"\n\n",
    "an array and objects": b"[" + one(1) + b"," + one(2) + b"]\n" + one(3),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bom", [b"", BOM])
def test_any_form_of_json_gives_the_same_records(tmp_path: Path, form: str, bom: bytes) -> None:
    done = convert(bom + FORMS[form], tmp_path)

    assert numbers(done) == [1, 2, 3]
    assert counts(done) == (3, 0, 0)
    with in_plain_python():
        assert of_bytes(bom + FORMS[form], SPEC, tmp_path / "slow").lines == done.lines


def test_one_object_is_one_record_pretty_or_not(tmp_path: Path) -> None:
    assert numbers(convert(one(1), tmp_path)) == [1]
    assert numbers(of_bytes(PRETTY[0], SPEC, tmp_path / "pretty")) == [1]


def test_a_record_whose_lists_break_its_lines_is_one_record(tmp_path: Path) -> None:
    data = (
        b'{"link": {"mobile": "1"}, "type": "ecommerce", "action_at": "2024-01-01T00:00:00Z", "purchase_id": "P",'
        b' "products": [\n{"price_paid": 1, "quantity": 1},\n{"price_paid": 2, "quantity": 1}\n]}\n'
    )
    done = convert(data, tmp_path, "purchase")

    assert counts(done) == (1, 0, 0)
    assert [product["price_paid"] for product in done.records[0]["products"]] == [1, 2]


# ------------------------------------------------------------------------------------ broken lines


@pytest.mark.parametrize("broken", [b'{"link": {"mobile": "9"}', b'{"link"', b'{"link": {"mobile": "9"}}}', b'{"a": "',
                                    b"{", b"null", b"7", b'"text"', b"[]", b"{'a': 1}", b'{"a":1}{"b":2}', b"Qzx"])  # fmt: skip
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_broken_line_costs_itself_alone(tmp_path: Path, broken: bytes, place: int) -> None:
    lines = [one(1), one(2)]
    lines.insert(place, broken)
    if place == 0 and not broken.startswith(b"{"):
        lines = [one(9), *lines]
        place = 1
    done = convert(b"\n".join(lines) + b"\n", tmp_path)

    assert numbers(done)[-2:] == [1, 2]
    assert [line for line, _, _ in where(done)] == [place + 1]


def test_blank_lines_are_counted_and_keep_the_line_numbers(tmp_path: Path) -> None:
    done = convert(b"\n \n" + one(1) + b"\n\r\n\n{broken}\n\n" + one(2) + b"\n\n", tmp_path)

    assert counts(done) == (2, 1, 6)
    assert where(done) == [(6, 2, "json")]


def test_lines_are_found_in_arrays_and_pretty_objects(tmp_path: Path) -> None:
    bad = b'{"link": {"mobile": 5}}'
    array = convert(b"\n[\n" + one(1) + b",\n\n" + bad + b",\n" + PRETTY[1] + b"," + bad + b"\n]", tmp_path)
    objects = of_bytes(b"\n" + PRETTY[0] + b"\n\n" + bad + b"\n", SPEC, tmp_path / "objects")

    assert [(line, row) for line, row, _ in where(array)] == [(5, 2), (10, 4)]
    assert [(line, row) for line, row, _ in where(objects)] == [(8, 2)]


def test_elements_that_are_no_objects_are_rejected_one_by_one(tmp_path: Path) -> None:
    elements = [
        one(1),
        b"null",
        b"1",
        b'"a]"',
        b"[1, [2]]",
        b"[]",
        b"true",
        b"NaN",
        b"nonsense",
        b"-",
        one(2),
    ]
    done = convert(b"[" + b", ".join(elements) + b"]", tmp_path)

    assert numbers(done) == [1, 2]
    assert [row for _, row, _ in where(done)] == list(range(2, 11))


@pytest.mark.parametrize(
    "data",
    [
        b"[", b"[1", b"[" + one(1), b"[" + one(1) + b",", b"[" + one(1) + b",]", b"[," + one(1) + b"]",
        b"[" + one(1) + b",," + one(2) + b"]", b"[" + one(1) + b" " + one(2) + b"]", b"[" + one(1) + b"] garbage",
        b"[" + one(1) + b"]]", b"[" + one(1) + b"}", b'[{"a": "' + one(1) + b"]", b"[" + one(1) + b'] {"a": ',
        b'{"records": [' + one(1) + b"\n", b'{"records": [\n' + one(1) + b"]\n", b'{\n"records": [' + one(1) + b'], "a',
        b'{"records": [\n' + one(1) + b",]}", PRETTY[0] + b"\ngarbage", PRETTY[0][:-1], PRETTY[0] + b"\n}",
        b'{\n"a": "', b"{\n",
    ],
)  # fmt: skip
def test_what_breaks_so_that_nothing_can_be_trusted_leaves_no_batch(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="line [0-9]"):
        convert(data, tmp_path)
    with in_plain_python(), pytest.raises(SourceError, match="line [0-9]"):
        convert(data, tmp_path)
    assert {path.name for path in (tmp_path / "out").iterdir()} <= {".lock", "ledger.sqlite3"}


def test_an_empty_array_has_no_records(tmp_path: Path) -> None:
    for data in (b"[]", b"[ \n ]", b'{"records": []}', b'{\n"records": [\n]\n}'):
        assert counts(convert(data, tmp_path)) == (0, 0, 0)


def test_brackets_and_quotes_in_strings_split_nothing(tmp_path: Path) -> None:
    names = ["]", "[", "}{", '"', '\\"', "\\", "],", '"]', "\n", "\r", "\u2028", "a\\\\"]
    documents = [one(number, first_name=name) for number, name in enumerate(names, 1)]
    done = convert(b"[" + b",".join(documents) + b"]", tmp_path)

    assert [record["first_name"] for record in done.records] == names


@pytest.mark.parametrize("cut", [7, 65_530, 65_536, 65_537, 1 << 20])
def test_a_document_across_a_block_boundary_is_whole(tmp_path: Path, cut: int) -> None:
    filler = one(1, first_name="x" * (cut - 60))
    data = b"[" + b",".join([filler, *(one(number) for number in range(2, 60))]) + b"]"

    assert numbers(convert(data, tmp_path)) == list(range(1, 60))
    assert numbers(of_bytes(data[1:-1].replace(b"},{", b"}\n{"), SPEC, tmp_path / "lines")) == list(
        range(1, 60)
    )


def test_a_document_longer_than_any_record_stops_the_run(tmp_path: Path) -> None:
    long = one(2, first_name="x" * (20 << 20))
    for data in (
        b"[" + one(1) + b"," + long + b"," + one(3) + b"]",
        b"[" + long,
        b'{\n"a": "' + b"x" * (20 << 20),
    ):
        with pytest.raises(SourceError, match="longer than 16 MiB"):
            convert(data, tmp_path)


# ------------------------------------------------------------------------------------ a field called records


def test_a_specification_with_a_field_called_records_keeps_it(tmp_path: Path) -> None:
    records = [{"id": "a", "match_rules": []}]
    schema = tmp_path / "own.json"
    schema.write_text(json.dumps({"type": "object", "properties": {"records": {"type": "array"}}}))
    for data in (
        json.dumps({"records": records}),
        json.dumps({"records": records}, indent=1),
        '{"records": [\n{}]}',
    ):
        done = convert(data.encode(), tmp_path, str(schema))

        assert counts(done) == (1, 0, 0)
        assert done.records == [json.loads(data)]


# ------------------------------------------------------------------------------------ values

PLAIN = '{"link":{"mobile":"1"},"custom_fields":{"x":%s}}'


@pytest.mark.parametrize("number", ["10.50", "12345678901234567890", "0.10", "1E5", "1e-7", "-0", "-0.0", "1.0",
                                    "123456789012345678901234567890.123456789", "1e-400", "100000000000000000000000"])  # fmt: skip
def test_a_number_keeps_its_digits(tmp_path: Path, number: str) -> None:
    line = (PLAIN % number).encode()

    assert convert(line + b"\n" + line.replace(b":", b": "), tmp_path).lines == [line + b"\n"] * 2


@pytest.mark.parametrize("number", ["1E400", "-1e400", "9" * 400, "1" + "0" * 5000])
def test_a_number_beyond_a_double_is_an_issue(tmp_path: Path, number: str) -> None:
    done = convert((PLAIN % number).encode() + b"\n" + one(1), tmp_path)

    assert [code for _, _, code in where(done)] == ["range"]


@pytest.mark.parametrize(
    "word", ["NaN", "Infinity", "-Infinity", "nan", "0x10", "01", "+1", ".5", "1.", "1_0", "True"]
)
def test_what_is_no_number_in_json_is_no_json(tmp_path: Path, word: str) -> None:
    done = convert((PLAIN % word).encode() + b"\n" + one(1), tmp_path)

    assert (counts(done), where(done)) == ((1, 1, 0), [(1, 1, "json")])


@pytest.mark.parametrize(
    ("written", "text"),
    [(r"\u00e9", "é"), (r"\/", "/"), (r"\ud83d\ude00", "😀"), (r"\b\f\n\r\t\"\\", '\b\f\n\r\t"\\'), (r"\u0000", "\0"),
     ("\u2028\x7f", "\u2028\x7f"), (r"\u001F", "\x1f")],
)  # fmt: skip
def test_escapes_are_read_and_written_as_text(tmp_path: Path, written: str, text: str) -> None:
    (record,) = convert((PLAIN % f'"{written}"').encode(), tmp_path).records

    assert record["custom_fields"]["x"] == text


@pytest.mark.parametrize(
    "inside",
    [
        rb'"\ud800"',
        rb'"\udfffa"',
        rb'"\ude00\ud83d"',
        rb'{"\ud800": 1}',
        rb'{"\ud800": null}',
        rb'["\ud800"]',
    ],
)
def test_half_a_surrogate_pair_is_an_issue(tmp_path: Path, inside: bytes) -> None:
    done = convert((PLAIN % "0").encode().replace(b"0", inside) + b"\n" + one(1), tmp_path)

    assert [code for _, _, code in where(done)] == ["encoding"]


@pytest.mark.parametrize("inside", [b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'{"\xff": 1}'])
def test_bytes_that_are_not_utf8_are_an_issue(tmp_path: Path, inside: bytes) -> None:
    done = convert((PLAIN % "0").encode().replace(b"0", inside) + b"\n" + one(1), tmp_path)

    assert [code for _, _, code in where(done)] == ["encoding"]


def test_control_signs_in_a_string_are_no_json(tmp_path: Path) -> None:
    done = convert((PLAIN % '"a\tb"').encode() + b"\n" + (PLAIN % '"\0"').encode() + b"\n" + one(1), tmp_path)

    assert [code for _, _, code in where(done)] == ["json", "json"]


@pytest.mark.parametrize("depth", [150, 197, 250, 500, 990, 1000, 1100, 5000, 100_000])
@pytest.mark.parametrize("bracket", [("[", "]"), ('{"a":', "}")])
def test_a_document_nested_deep_is_written_whole_or_rejected(
    tmp_path: Path, depth: int, bracket: tuple[str, str]
) -> None:
    nested = bracket[0] * depth + "1" + bracket[1] * depth
    done = convert((PLAIN % nested).encode() + b"\n" + one(1), tmp_path)

    if depth < 200:
        assert done.lines[0] == (PLAIN % nested).encode() + b"\n"
    else:
        assert [code for _, _, code in where(done)] == ["too_deep"]


def test_the_last_of_two_equal_keys_is_taken_with_a_warning(tmp_path: Path) -> None:
    done = convert(b'{"link":{"mobile":"1"},"first_name":"a","first_name":"b"}', tmp_path)

    assert done.records[0]["first_name"] == "b"
    assert done.manifest.warnings == {"duplicate_key": 1}


def test_nulls_vanish_but_for_those_of_custom_fields_and_lists(tmp_path: Path) -> None:
    data = b'{"link":{"mobile":"1","email":null},"first_name":null,"custom_fields":{"a":null,"b":[null,{"c":null}]}}'
    (record,) = convert(data, tmp_path).records

    assert record == {"link": {"mobile": "1"}, "custom_fields": {"a": None, "b": [None, {"c": None}]}}


def test_nulls_everywhere_are_a_record_without_its_link(tmp_path: Path) -> None:
    assert [code for _, _, code in where(convert(b'{"link": null, "first_name": null}', tmp_path))] == [
        "missing"
    ]
    assert [code for _, _, code in where(convert(b"{}", tmp_path))] == ["missing"]


def test_an_unknown_key_is_left_out_with_a_warning_or_an_issue_as_asked(tmp_path: Path) -> None:
    data = one(1, frist_name="x", custom_fields={"any": 1})
    dropped = convert(data, tmp_path)
    rejected = of_bytes(data, SPEC, tmp_path / "reject", replace(KEEP_ALL, reject_unknown=True))

    assert dropped.records == [{"link": {"mobile": "1"}, "custom_fields": {"any": 1}}]
    assert dropped.manifest.warnings == {"unknown_field": 1}
    assert [code for _, _, code in where(rejected)] == ["unknown_field"]


def test_no_message_holds_a_value(tmp_path: Path) -> None:
    marked = {"email": MARK, "mobile": MARK}
    documents: list[Any] = [
        {"link": marked}, {"link": {"email": MARK}}, {"link": MARK}, {"link": {"mobile": [MARK]}}, [MARK], MARK,
        {"link": {"mobile": "1"}, "date_of_birth": MARK, "employee_flag": MARK},
        {"link": {"mobile": "1"}, "custom_fields": MARK},
    ]  # fmt: skip
    lines = [json.dumps(document).encode() for document in documents]
    lines += [
        b'{"link": "%s' % MARK.encode(),
        b'{"%s' % MARK.encode(),
        MARK.encode(),
        b'"%s\\ud800"' % MARK.encode(),
    ]
    done = convert(b"\n".join([one(1), *lines]), tmp_path)

    assert counts(done) == (1, len(lines), 0)


# ------------------------------------------------------------------------------------ size

STREAM = """
import resource, sys
from lexer_pipeline.preparing.prepare import Options, prepare
from pathlib import Path

def peak():
    return int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line).split()[1])

prepare([sys.argv[1]], "customer_record", sys.argv[3], Options(date="20240306"))
before = peak()
report = prepare([sys.argv[2]], "customer_record", sys.argv[3], Options(date="20240306"))
print(report.valid, (peak() - before) // 1024)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize(
    ("opening", "between", "closing"),
    [(b"[", b",", b"]"), (b'{"records": [\n', b",\n", b"\n]}"), (b'{"records": [', b",", b"]}")],
)
def test_a_huge_source_is_streamed_in_constant_memory(
    tmp_path: Path, opening: bytes, between: bytes, closing: bytes
) -> None:
    small, large = tmp_path / "small.json", tmp_path / "large.json"
    record = one(7, first_name="x" * 4000)
    for path, count in ((small, 2_000), (large, 25_000)):
        path.write_bytes(opening + between.join([record] * count) + closing)
    assert large.stat().st_size > 100_000_000
    words = [sys.executable, "-c", STREAM, str(small), str(large), str(tmp_path / "out")]
    done = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=100, check=True)

    valid, grown = map(int, done.stdout.split())
    assert valid == 25_000
    assert grown < 100
