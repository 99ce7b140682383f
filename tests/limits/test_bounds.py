"""What a file may ask of this program ends: what is too much is refused or rejected, in a sentence."""

import gzip
import json
import os
from pathlib import Path

import pytest
from lexer_pipeline import limits
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.inspecting.inspect import inspect
from lexer_pipeline.mapping import file as mapping
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import validate
from lexer_pipeline.preparing.report import MOST_FIELDS, Report
from lexer_pipeline.specs import catalog
from lexer_pipeline.specs.names import Known, told_apart
from lexer_pipeline.specs.schema_tree import SchemaTree
from lexer_pipeline.uploading import settings as stored

from tests.docs.pages import ROOT

SPEC = "profile_customer"
PEOPLE = b"link.email,custom_fields.a\nmira@example.com,1\n"


def wide(path: Path, columns: int, name: str = "custom_fields.c{}") -> Path:
    header = ["link.email", *(name.format(number) for number in range(columns - 1))]
    path.write_text(",".join(header) + "\nmira@example.com" + ",1" * (columns - 1) + "\n")
    return path


def checked(path: Path, **options: object) -> Report:
    return validate([path], SPEC, Options(**options))  # type: ignore[arg-type]


def test_the_page_of_limits_says_what_the_code_does() -> None:
    page = (ROOT / "docs/files.md").read_text("utf-8").split("## Limits")[1].split("\n## ")[0]
    said = {
        line.split("|")[2].strip().removesuffix(" MiB").replace(",", "")
        for line in page.splitlines()
        if line[:1] == "|"
    }
    mib = {"HARMLESS", "HARMLESS_STREAM"}
    numbers = {name: value for name, value in vars(limits).items() if name.isupper() and name not in mib}

    for name, value in numbers.items():
        assert str(value >> 20 if name.endswith("BYTES") else value) in said, name
    assert f"more than {limits.HARMLESS_STREAM >> 20} MiB (in a zip {limits.HARMLESS >> 20} MiB)" in page


def test_as_many_columns_as_may_be_are_read_and_one_more_is_refused(tmp_path: Path) -> None:
    assert checked(wide(tmp_path / "a.csv", limits.COLUMNS)).sources[0].valid == 1
    with pytest.raises(SourceError, match=r"line 1: the header has \d+ columns, more than 30000"):
        checked(wide(tmp_path / "b.csv", limits.COLUMNS + 1))


@pytest.mark.parametrize("name", ["colour number {}", "same", "Shade #{}"])
def test_columns_that_are_no_fields_are_refused_and_a_few_are_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        checked(wide(tmp_path / "a.csv", 5000, name))
    assert len(caught.value.message) < 1000


def test_inspect_looks_at_so_many_columns(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a guess"):
        inspect(wide(tmp_path / "a.csv", limits.GUESSED_COLUMNS + 1))


def test_many_columns_of_one_name_are_told_apart_without_starting_over() -> None:
    names = ["a"] * 30_000 + ["a (7)"]
    apart = told_apart(names)

    assert len(set(apart)) == len(names)
    assert apart[:2] == ("a (1)", "a (2)")


@pytest.mark.parametrize("inner", ["", "custom_fields"])
def test_a_document_with_too_many_keys_is_rejected_alone(inner: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    many: dict[str, object] = {f"k{number}": number for number in range(limits.DOCUMENT_KEYS)}
    few = {"link": {"email": "mira@example.com"}}
    path.write_text(
        "\n".join(json.dumps(one) for one in (few, {**few, **({inner: many} if inner else many)}, few))
    )
    found = checked(path).sources[0]

    assert (found.valid, found.invalid) == (2, 1)
    assert [(issue.line, issue.code) for issue in found.examples] == [(2, "too_many_keys")]


def test_a_document_of_as_many_keys_as_may_be_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    many = {f"k{number}": ":" for number in range(limits.DOCUMENT_KEYS - 3)}
    path.write_text(json.dumps({"link": {"email": "mira@example.com"}, "custom_fields": many}))

    assert checked(path).sources[0].valid == 1


def test_unknown_keys_are_counted_and_named_as_far_as_a_person_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    with path.open("w") as file:
        for number in range(3000):
            file.write(
                json.dumps({"link": {"email": f"m{number}@example.com"}, f"mobil{number}": 1, "gendr": 1})
                + "\n"
            )
    found = checked(path).sources[0]

    assert found.valid == 3000
    assert sum(found.warnings.values()) == 6000
    assert len(found.warnings) <= MOST_FIELDS + 1
    assert ("unknown_field", "gendr (nearest: gender)") in found.warnings


def test_what_is_remembered_of_a_schema_ends_with_it_whatever_keys_come() -> None:
    tree = SchemaTree(catalog.find(SPEC).schema)
    custom = tree.child(tree.root, "custom_fields")
    assert custom is not None

    assert len({id(tree.child(custom, f"k{number}")) for number in range(1000)}) == 1
    assert all(tree.child(tree.root, f"k{number}") is None for number in range(1000))


def test_of_one_record_so_many_issues_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    unknown = {f"k{number}": 1 for number in range(5000)}
    path.write_text(json.dumps({"link": {"email": "mira@example.com"}, **unknown}))

    assert sum(checked(path, reject_unknown=True).sources[0].issues.values()) == limits.MOST_ISSUES


def test_a_word_is_near_to_what_difflib_says(
    words: tuple[str, ...] = ("gender", "first_name", "mobile"),
) -> None:
    known = Known(words)

    assert [known.nearest(word) for word in ("gendre", "firstname", "mobil", "mob", "zzz", "")] == [
        "gender", "first_name", "mobile", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "start",
    [PEOPLE, b'link.email,custom_fields.a\nmira@example.com,"', b'{"link":{"email":"mira@example.com"}}\n'],
)
def test_a_packed_file_that_unpacks_to_far_more_is_refused_before_it_is_read(
    start: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "a.gz"
    with gzip.open(path, "wb") as file:
        file.write(start)
        for _ in range(64):
            file.write(b"\n" * (1 << 20))
    for work in (checked, inspect):
        with pytest.raises(PipelineError, match="more than 200 times its size"):
            work(path)


def test_a_mapping_has_so_many_fields(tmp_path: Path) -> None:
    head = '[[records]]\nspecification = "profile_customer"\n[records.fields]\n'
    lines = [f'"custom_fields.c{number}" = "c"\n' for number in range(limits.MAPPING_FIELDS + 1)]
    path = tmp_path / "own.toml"
    path.write_text(head + "".join(lines))
    with pytest.raises(UsageError, match="has 25001 fields, more than 25000"):
        mapping.read(path)


SCHEMA = '{{"type": "object", "properties": {{"a": {{"type": "string", "description": "{}"}}}}}}'


def read_as(kind: str, path: Path) -> None:
    """Read a file as settings of one kind."""
    if kind == "schema":
        catalog.load(path)
    elif kind == "mapping":
        mapping.read(path)
    else:
        stored.read({}, path.parent)


@pytest.mark.parametrize(
    ("kind", "name"), [("schema", "own.json"), ("mapping", "own.toml"), ("settings", "pipeline.toml")]
)
def test_no_more_is_read_of_settings_than_such_a_file_may_have(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b" " * (limits.SETTINGS_BYTES + 1))
    with pytest.raises(UsageError, match=f"{name}: has more than 4 MiB"):
        read_as(kind, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("made", ["fifo", "endless"])
@pytest.mark.parametrize(
    ("kind", "name"), [("schema", "own.json"), ("mapping", "own.toml"), ("settings", "pipeline.toml")]
)
def test_settings_that_have_no_end_are_refused_and_not_waited_for(
    kind: str, name: str, made: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if made == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=f"{name}: is a pipe or a device"):
        read_as(kind, path)


def test_a_schema_as_large_as_may_be_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(SCHEMA.format("x" * (limits.SETTINGS_BYTES - len(SCHEMA.format("")))))
    assert path.stat().st_size == limits.SETTINGS_BYTES

    assert catalog.load(path).name == "own"


def test_names_of_a_large_schema_are_compared_in_time_that_grows_with_them() -> None:
    known = Known([f"field_{number}" for number in range(30_000)] + ["gender"])

    assert known.nearest("gendre") == "gender"
    assert known.nearest("zzzz") == ""
