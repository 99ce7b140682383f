"""Folders, patterns, and files packed in all usual ways are sources."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.preparing.prepare import validate

from .helpers import KEEP_ALL, prepared

SPEC = "customer_record"


def zstd(data: bytes, *, skipped: bytes = b"") -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(data)
    return skipped + sink.getvalue().to_pybytes()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
}


def people(first: int, count: int) -> bytes:
    return b"link.email,first_name\n" + b"".join(
        b"p%d@example.com,Mira\n" % n for n in range(first, first + count)
    )


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_gives_its_records_and_its_own_checksum(ending: str, tmp_path: Path) -> None:
    source = tmp_path / f"people.csv.{ending}"
    source.write_bytes(PACKERS[ending](people(0, 50)))
    done = prepared([str(source)], SPEC, tmp_path / "out")

    assert len(done.records) == 50
    assert done.report.batches[0].manifest.sources[0].bytes == source.stat().st_size


@pytest.mark.parametrize("ending", PACKERS)
def test_what_was_packed_in_pieces_is_one_file(ending: str, tmp_path: Path) -> None:
    pack, source = PACKERS[ending], tmp_path / "people"
    source.write_bytes(pack(people(0, 50)) + pack(people(50, 50).partition(b"\n")[2]))

    assert validate([str(source)], SPEC, KEEP_ALL).valid == 100


def test_a_frame_to_be_passed_over_may_stand_first(tmp_path: Path) -> None:
    (tmp_path / "people.zst").write_bytes(zstd(people(0, 9), skipped=b"\x50\x2a\x4d\x18\x04\0\0\0abcd"))

    assert validate([str(tmp_path / "people.zst")], SPEC, KEEP_ALL).valid == 9


@pytest.mark.parametrize("ending", PACKERS)
def test_a_packed_file_that_is_cut_short_or_broken_is_told_so(ending: str, tmp_path: Path) -> None:
    source, whole = tmp_path / "people", PACKERS[ending](people(0, 5000))
    # Zstandard need not have a checksum, and has none where Arrow packs.
    spoiled = () if ending == "zst" else (whole[:100] + bytes(50) + whole[150:],)
    for data in (whole[:-9], whole[:200], *spoiled):
        source.write_bytes(data)
        with pytest.raises(SourceError, match="data is broken or cut short|is empty"):
            validate([str(source)], SPEC, KEEP_ALL)


@pytest.mark.parametrize(("one", "other"), [("gz", "xz"), ("zst", ""), ("bz2", "zst"), ("xz", "xz")])
def test_copies_are_told_however_they_are_packed(one: str, other: str, tmp_path: Path) -> None:
    sources = []
    for number, ending in enumerate((one, other)):
        data = PACKERS[ending](people(0, 500)) if ending else people(0, 500)
        (tmp_path / f"{number}.csv").write_bytes(data)
        sources.append(str(tmp_path / f"{number}.csv"))

    with pytest.raises(UsageError, match="hold the same"):
        validate(sources, SPEC, KEEP_ALL)


def test_a_folder_and_a_pattern_stand_for_their_files_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "exports"
    (folder / "older").mkdir(parents=True)
    for number, name in enumerate(("b.csv", "a.csv", "c.csv.gz", "older/d.csv")):
        data = people(number * 10, 10)
        (folder / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    for beside in ("readme.txt", "logo.png", ".hidden.csv", "orders.toml"):
        (folder / beside).write_text("no data")
    monkeypatch.chdir(tmp_path)

    def read(source: str | Path) -> list[str]:
        return [one.path.replace("\\", "/") for one in validate([source], SPEC, KEEP_ALL).sources]

    assert read("exports") == read(Path("exports")) == ["exports/a.csv", "exports/b.csv", "exports/c.csv.gz"]
    assert read("exports/*.csv*") == ["exports/a.csv", "exports/b.csv", "exports/c.csv.gz"]
    assert read("exports/[ab].csv") == ["exports/a.csv", "exports/b.csv"]
    assert read("exports/**/*.csv") == ["exports/a.csv", "exports/b.csv", "exports/older/d.csv"]


def test_a_file_that_is_called_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "people [1].csv").write_bytes(people(0, 3))

    assert validate([str(tmp_path / "people [1].csv")], SPEC, KEEP_ALL).valid == 3


def test_a_folder_of_batches_or_without_data_and_a_pattern_without_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(people(0, 3))
    out = tmp_path / "batches"
    batch = prepared([str(tmp_path / "people.csv")], SPEC, out).report.batches[0].path
    (tmp_path / "empty").mkdir()
    for source in (out, batch, tmp_path / "empty", str(tmp_path / "*.tsv"), str(tmp_path / "none/*.csv")):
        with pytest.raises(PipelineError) as raised:
            validate([source], SPEC, KEEP_ALL)
        assert (raised.value.exit_code, bool(raised.value.hint)) == (3, True), source
