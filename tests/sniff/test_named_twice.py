"""One file is read once in a run, whatever it is called; files that are different, or hold no record, are all read."""

import gzip
import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline import Options, validate
from lexer_pipeline.errors import UsageError

from .helpers import HEADER, SPEC

TABLE = f"{HEADER}\n61411111111,Mira,Holt\n61411111112,Teo,Brandt\n".encode()
# As long, and alike in the beginning.
OTHER = TABLE.replace(b"Brandt", b"Brandl")


def placed(folder: Path) -> None:
    """One table under many names, and other files of its size."""
    (folder / "a.csv").write_bytes(TABLE)
    (folder / "copy.csv").write_bytes(TABLE)
    (folder / "other.csv").write_bytes(OTHER)
    (folder / "a.csv.gz").write_bytes(gzip.compress(TABLE, mtime=0))
    (folder / "other.csv.gz").write_bytes(gzip.compress(OTHER, mtime=0))
    os.symlink(folder / "a.csv", folder / "link.csv")
    os.link(folder / "a.csv", folder / "hard.csv")
    for name, members in {
        "one.zip": {"a.csv": TABLE}, "again.zip": {"b.csv": TABLE}, "both.zip": {"a.csv": TABLE, "b.csv": TABLE},
        "two.zip": {"a.csv": TABLE, "b.csv": OTHER},
        "headers.zip": {"unsubscribed.csv": HEADER.encode(), "cleaned.csv": HEADER.encode(), "a.csv": TABLE},
    }.items():  # fmt: skip
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, data in members.items():
                archive.writestr(member, data)


@pytest.mark.parametrize(
    ("sources", "both"),
    [
        (["a.csv", "a.csv"], ["a.csv"]),
        (["a.csv", "./a.csv"], ["a.csv"]),
        (["a.csv", "sub/../a.csv"], ["a.csv"]),
        (["a.csv", "link.csv"], ["a.csv", "link.csv"]),
        (["hard.csv", "other.csv", "a.csv"], ["hard.csv", "a.csv"]),
        (["a.csv", "copy.csv"], ["a.csv", "copy.csv"]),
        (["a.csv", "a.csv.gz"], ["a.csv", "a.csv.gz"]),
        (["copy.csv", "one.zip"], ["copy.csv", "one.zip!a.csv"]),
        (["a.csv.gz", "one.zip"], ["a.csv.gz", "one.zip!a.csv"]),
        (["one.zip", "one.zip"], ["one.zip!a.csv"]),
        (["one.zip", "again.zip"], ["one.zip!a.csv", "again.zip!b.csv"]),
        (["both.zip"], ["both.zip!a.csv", "both.zip!b.csv"]),
    ],
)
def test_one_file_named_twice_is_refused_with_both_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], both: list[str]
) -> None:
    placed(tmp_path)
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as problem:
        validate(sources, SPEC)

    assert all(name in problem.value.message for name in both)
    assert problem.value.hint


@pytest.mark.parametrize(
    "sources",
    [["a.csv", "other.csv"], ["a.csv", "other.csv.gz"], ["two.zip"], ["a.csv.gz", "other.csv.gz"], ["one.zip", "other.csv"]],
)  # fmt: skip
def test_files_of_one_size_that_differ_are_all_read(tmp_path: Path, sources: list[str]) -> None:
    placed(tmp_path)

    assert validate([tmp_path / one for one in sources], SPEC).valid == 4


def test_copies_of_a_header_alone_do_no_harm(tmp_path: Path) -> None:
    placed(tmp_path)

    assert validate([tmp_path / "headers.zip"], SPEC).valid == 2


def test_one_member_chosen_of_a_zip_of_copies_is_read(tmp_path: Path) -> None:
    placed(tmp_path)

    assert validate([tmp_path / "both.zip"], SPEC, Options(member="b.csv")).valid == 2


def test_one_line_of_json_twice_is_a_record_twice(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"link": {"mobile": "61411111111"}}\n')
    with pytest.raises(UsageError, match="byte for byte"):
        validate([tmp_path / "a.json", tmp_path / "b.json"], SPEC)


def test_standard_input_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="named twice"):
        validate(["-", "-"], SPEC, Options(stdin=BytesIO(TABLE)))
