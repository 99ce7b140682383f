"""A format is one file: what it gives as text is read like any other source, and its line in the table is all it needs."""

import importlib.util
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.errors import SourceError
from lexer_pipeline.loading import source
from lexer_pipeline.loading.format import Format

from .helpers import convert_file, names, opened

ROOT = Path(__file__).resolve().parents[2]
# A made-up format: a mark, then rows whose cells are divided by "::".
MARK = b"TILL1\n"
MODULE = """
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.format import AS_TOLD, ReadOptions


class Till:
    is_sheet = False
    encoding = "UTF-8"
    told = AS_TOLD
    notes = ("read as a till roll",)

    def __init__(self, file: ByteSource) -> None:
        self.name = file.name
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size).removeprefix(b"TILL1\\n").replace(b"::", b",")

    def close(self) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        return self._file.sha256

    @property
    def bytes(self) -> int:
        return self._file.bytes


def open_text(file: ByteSource, options: ReadOptions) -> Till:
    return Till(file)
"""


@pytest.fixture
def with_till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "till_format.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(source, "FORMATS", (Format((MARK,), "till_format"), *source.FORMATS))


@pytest.mark.usefixtures("with_till")
def test_a_format_with_a_line_in_the_table_is_converted_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "till.roll"
    path.write_bytes(MARK + b"link.mobile::first_name\n0400000001::Mira\n0400000002::Ann\n")

    done = convert_file(path, tmp_path)

    assert names(done) == ["Mira", "Ann"]
    assert "read as a till roll" in done.report.sources[0].notes
    assert done.manifest.sources[0].bytes == path.stat().st_size


@pytest.mark.parametrize("one", source.FORMATS, ids=lambda one: one.module)
def test_every_format_of_the_table_has_its_file(one: Format) -> None:
    assert importlib.util.find_spec(one.module)


def test_whatever_is_no_other_format_is_read_as_text() -> None:
    assert source.FORMATS[-1].begins == (b"",)


@pytest.mark.parametrize(("mark", "what"), source.REFUSED)
def test_a_format_that_is_known_and_not_read_is_named(mark: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=f"is {what}"):
        opened(mark + bytes(100))


def test_standard_input_that_is_closed_is_told_from_a_file_of_that_name() -> None:
    with pytest.raises(SourceError, match="standard input is closed"):
        source.load("-", None)
    assert source.load("-", BytesIO(b"a,b\n1,2\n")).name == "-"
