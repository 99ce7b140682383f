"""An export becomes the same batches with the compiled kernels and without, also with cells spoiled."""

import csv
import io
import json
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import table_rows
from lexer_pipeline.mapping import file, outcomes
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from msgspec.structs import replace

from tests.golden import source_of
from tests.prepare.helpers import files_of, in_plain_python
from tests.presets.exports import CASES, DOCUMENTS, KEEP_ALL, convert, documents_in, name_of, write
from tests.thoroughness import also_drilled, sweep, with_examples

# What a person of Mailchimp is stands in the file's name, and a stream has none.
WHOLE = [
    case
    for case in CASES
    if not (case / "expected_error.json").exists() and case.parent.name != "mailchimp_audience"
]
PRESETS = {preset.name: preset for preset in file.presets()}


def kind_of(case: Path) -> tuple[bool, bool, bool]:
    """Whether an export is of documents, becomes several records, and has lists within a record: each takes another way."""
    preset = PRESETS[case.parent.name]
    lists = any("[]" in str(field) for record in preset.records for field in record.fields)
    return preset.documents is not None, len(preset.records) > 1, lists


# One in four of each kind, spread over the platforms; and the only one that is not UTF-8.
OF_KIND = {kind: [case for case in WHOLE if kind_of(case) == kind] for kind in map(kind_of, WHOLE)}
SOME = [
    *(case for cases in OF_KIND.values() for case in cases[::4]),
    *(case for case in WHOLE if name_of(case) == "salesforce_contacts/dirty_contacts"),
]
SPOILED = st.sampled_from([
    "", " ", "x", "#N/A", "1.5E+10", "-1", " padded ", "12,5", "1.234,50", "AU$ 5", "31/02/2024", "2024-13-01", "é\u00a0x",
    "'007", "(5.00)", '"q"', "a\nb", "1234.0", "\x01", "\\n", "NaN", "2024-01-01", "İ", "0", "0.00", "VOIDED", "+61 491 570 156",
    "Mira@Example.com", "1e3", "2024-03-06T10:15:00Z",
])  # fmt: skip


def outcome(data: bytes, preset: str, out: Path) -> object:
    """Every file that comes of an export and what is reported, or why it cannot be converted."""
    options: Options = replace(KEEP_ALL, mapping=preset, stdin=BytesIO(data))
    try:
        report = prepare(["-"], None, out, options)
    except (SourceError, UsageError) as problem:
        return problem.as_json()
    return files_of(out), report.sources


def is_cp1252(source: Path) -> bool:
    """Whether an export is not UTF-8."""
    return source.parent.parent.name == "salesforce_contacts"


@st.composite
def spoiled_tables(draw: st.DrawFn, source: Path) -> bytes:
    """The rows of an export twice in any order, with some cells spoiled, rows cut short and rows left blank."""
    encoding = "cp1252" if is_cp1252(source) else "utf-8-sig"
    rows = list(csv.reader(io.StringIO(source.read_text(encoding), newline="")))
    header, body = rows[0], rows[1:]
    body = [list(row) for row in draw(st.permutations(body * 2))]
    for _ in range(draw(st.integers(0, 4))):
        row = body[draw(st.integers(0, len(body) - 1))]
        if row:
            row[draw(st.integers(0, len(row) - 1))] = draw(SPOILED)
    if draw(st.booleans()):
        body[draw(st.integers(0, len(body) - 1))] = []
    if draw(st.booleans()):
        del body[draw(st.integers(0, len(body) - 1))][-1:]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *body])
    return text.getvalue().encode()


@st.composite
def spoiled_documents(draw: st.DrawFn, source: Path) -> bytes:
    """The documents of an export twice in any order, one a line, with some values replaced, keys left out and lines cut short."""
    lines = [json.dumps(one, ensure_ascii=False) for one in draw(st.permutations(documents_in(source) * 2))]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        _spoil(draw, documents := [json.loads(lines[at])])
        lines[at] = json.dumps(documents[0])
    at = draw(st.integers(0, len(lines) - 1))
    lines[at] = draw(st.sampled_from([lines[at], "", lines[at][:-1], "[]", "7"]))
    return "\n".join(lines).encode()


def _spoil(draw: st.DrawFn, within: Any) -> None:
    """Replace or take out one value, at any depth."""
    keys = list(within) if isinstance(within, dict) else list(range(len(within)))
    key = draw(st.sampled_from(keys))
    if isinstance(within[key], dict | list) and within[key] and draw(st.booleans()):
        _spoil(draw, within[key])
    elif isinstance(within, dict) and draw(st.booleans()):
        del within[key]
    else:
        within[key] = draw(SPOILED | st.sampled_from([None, True, 12, 1.50, [], {}, ["a"], {"b": 1}]))


@also_drilled
@pytest.mark.parametrize("case", sweep(WHOLE, SOME), ids=name_of)
def test_an_export_gives_the_same_files_with_kernels_and_without(case: Path) -> None:
    source = source_of(case)
    # The fuzzer spoils many more documents; here are those of presets.
    of_documents = case.parent.name in DOCUMENTS

    @with_examples(2 if of_documents else 3, drill=10)
    @given(spoiled_documents(source) if of_documents else spoiled_tables(source))
    def same(data: bytes) -> None:
        with TemporaryDirectory() as folder:
            fast = outcome(data, case.parent.name, Path(folder, "fast"))
            with in_plain_python():
                slow = outcome(data, case.parent.name, Path(folder, "slow"))
        assert fast == slow

    same()


def test_more_texts_than_are_remembered_are_converted_alike(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST_KNOWN", 3)
    monkeypatch.setattr(table_rows, "BLOCK", 64)
    mapping = '[[records]]\nspecification = "profile_customer"\n[records.fields]\n"link.customer_id" = "Id"\n'
    Path("x.toml").write_text(mapping + 'first_name = { column = "Name", convert = ["trim"] }\n')
    texts = [f" {number % 7}é" for number in range(40)]
    source = write(
        "x.csv", ("Id", "Name"), *({"Id": str(at), "Name": text} for at, text in enumerate(texts, 1))
    )

    made = convert(source, "x.toml")

    assert [one["first_name"] for one in made.records("profile_customer")] == [text.strip() for text in texts]
    assert made.batches["profile_customer"].manifest.conversions == {"trimmed": 40}
