"""A zip of exports is read member by member; one that may do harm is refused with its reason."""

import gzip
import stat
import struct
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from unittest.mock import patch

import pytest
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading import archive as archives
from lexer_pipeline.loading.expand import expand, opened_sources
from lexer_pipeline.loading.source import load
from lexer_pipeline.system.scratch import Scratch

from .helpers import HEADER, SPEC, expanded, prepared

TABLE = f"{HEADER}\n1,Mira,Holt\nshort\n".encode()


def packed(path: Path, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def refused(path: Path, words: str) -> None:
    with pytest.raises(SourceError, match=words) as problem:
        expanded(path)
    assert problem.value.hint


def test_each_member_is_a_source_of_its_own(tmp_path: Path) -> None:
    members = {
        "subscribed_members_export.csv": TABLE,
        "folder/cleaned.csv": b"\xef\xbb\xbf" + TABLE,
        "wide.csv": TABLE.decode().encode("utf-16"),
        "more.json": b'{"link": {"mobile": "9"}}\n',
        "__MACOSX/._subscribed.csv": b"\0\5\26\7",
        "folder/.DS_Store": b"\0",
        "folder/": b"",
    }
    sources = expanded(packed(tmp_path / "export.zip", members))
    done = prepared(sources, SPEC, tmp_path / "out")

    assert [str(source) for source in sources] == [
        f"{tmp_path}/export.zip!{name}"
        for name in ("subscribed_members_export.csv", "folder/cleaned.csv", "wide.csv", "more.json")
    ]
    assert [source.path for source in done.report.sources] == [str(source) for source in sources]
    assert [record["link"]["mobile"] for record in done.records] == ["1", "1", "1", "9"]
    assert [issue["source"] for issue in done.issues] == [str(source) for source in sources[:3]]
    assert done.manifest.sources[0].bytes == len(TABLE)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_may_be_packed_in_any_usual_way(tmp_path: Path, how: int) -> None:
    sources = expanded(packed(tmp_path / "a.zip", {"a.csv": TABLE}, how))

    assert len(prepared(sources, SPEC, tmp_path / "out").records) == 1


def test_what_is_no_zip_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE)
    frame = object()

    with opened_sources([path, "-", frame], BytesIO(TABLE), Scratch(), is_read_again=False) as opened:
        assert expand(opened) == opened
        assert [str(one) for one in opened[:2]] == [str(path), "-"]
        assert opened[2] is frame


def test_a_zip_on_standard_input_is_refused_with_what_to_do(tmp_path: Path) -> None:
    data = packed(tmp_path / "a.zip", {"a.csv": TABLE}).read_bytes()
    with pytest.raises(SourceError, match="did not come as a file"):
        load("-", BytesIO(data))


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "C:a.csv", "C:\\a.csv", "..\\a.csv", "\\a.csv", ".."]
)
def test_a_name_that_points_outside_is_refused(tmp_path: Path, name: str) -> None:
    refused(packed(tmp_path / "a.zip", {name: TABLE}), "points outside")


def test_a_name_that_would_write_on_the_terminal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as problem:
        expanded(packed(tmp_path / "a.zip", {"a\x1b[2J.csv": TABLE}))

    assert "\x1b" not in problem.value.message


def test_a_link_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "a.zip", "is a link")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"a.csv": TABLE}).read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", "is encrypted")


@pytest.mark.parametrize(
    "inner", [b"PK\x03\x04....", gzip.compress(b"x", mtime=0), b"Rar!....", b"7z\xbc\xaf...."]
)
def test_an_archive_in_an_archive_is_refused(tmp_path: Path, inner: bytes) -> None:
    refused(packed(tmp_path / "a.zip", {"a.csv": inner}), "archive in an archive")


def test_a_member_that_swells_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    refused(packed(tmp_path / "a.zip", {"a.csv": b"\0" * (8 << 20)}), "more than 200 times")


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    refused(packed(tmp_path / "a.zip", {f"{number}.csv": b"" for number in range(1001)}), "holds 1001 files")


def test_too_many_bytes_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": TABLE, "b.csv": TABLE})
    with patch.object(archives, "MOST_BYTES", len(TABLE) * 2 - 1):
        refused(path, "unpacks to more than")


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"a.csv": TABLE, "b.csv": TABLE}).read_bytes())
    second = data.rindex(b"PK\1\2")
    data[second + 42 : second + 46] = struct.pack("<I", 4)
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", "share their bytes|broken")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("a.csv", TABLE)
    refused(tmp_path / "a.zip", "have one name")


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    refused(packed(tmp_path / "a.zip", {}), "holds no files")


def test_a_zip_that_is_cut_or_spoiled_anywhere_gives_no_batch_in_silence(tmp_path: Path) -> None:
    rows = b"".join(b"%d,Mira,Holt\n" % number for number in range(500))
    whole = packed(tmp_path / "a.zip", {"a.csv": HEADER.encode() + b"\n" + rows}).read_bytes()
    inside = whole.index(b"a.csv") + 5
    spoiled = [whole[:cut] for cut in range(4, len(whole), 97)]
    spoiled += [
        whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :] for at in range(inside, len(whole) - 90, 61)
    ]
    for data in spoiled:
        (tmp_path / "a.zip").write_bytes(data)
        with pytest.raises(SourceError):
            prepared(expanded(tmp_path / "a.zip"), SPEC, tmp_path / "out")
        assert {path.name for path in (tmp_path / "out").glob("*")} <= {".lock", "ledger.sqlite3"}


def test_a_member_that_says_too_small_a_size_is_refused(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path / "a.zip", {"a.csv": TABLE * 50}).read_bytes())
    central = data.rindex(b"PK\1\2")
    data[central + 24 : central + 28] = struct.pack("<I", len(TABLE))
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(SourceError):
        prepared(expanded(tmp_path / "a.zip"), SPEC, tmp_path / "out")


README = (
    b"This export was made for you.\nIt holds your orders, your customers and more.\n\nThank you, the shop\n"
)
BESIDE = {
    "README.txt": README, "export/read_me": README, "LICENSE": b"MIT", "notes.txt": README, "terms.pdf": b"%PDF-1.7",
    "logo.PNG": b"\x89PNG\r\n", "letter.docx": b"PK\x03\x04....", "__MACOSX/._a.csv": b"\0\5", ".DS_Store": b"\0",
}  # fmt: skip


PAIRS = b"Column,Meaning\nlink.email,Address\n"
TELLS = {
    **dict.fromkeys(("run.sql", "manifest.yaml", "a/b.yml", "schema.xml", "index.html", "about.md", "run.sh"), PAIRS),
    **dict.fromkeys(("manifest.json", "package.json", "schema.json", "meta.json", "export_metadata.json", "info.json"), b'{"a": [1]}'),
    **dict.fromkeys(("EULA", "COPYING.txt", "export_info.txt", "lisez-moi.txt", "Liesmich.txt", "LÉAME.txt", "terms.txt"), PAIRS),
    **dict.fromkeys(("data_dictionary.csv", "Data Dictionary.xlsx", "x/field descriptions.csv", "readme.csv"), PAIRS),
    "empty.csv": b"", "x/empty.json": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", TELLS)
def test_what_tells_of_the_data_beside_it_is_passed_over_with_a_note(tmp_path: Path, name: str) -> None:
    (source,) = expanded(packed(tmp_path / "a.zip", {name: TELLS[name], "orders.csv": TABLE}))
    with closing(load(source, None)) as loaded:
        assert str(source) == f"{tmp_path}/a.zip!orders.csv"
        assert f"passed over: 1 other file in the zip ({name}); --member NAME chooses one" in loaded.notes


@pytest.mark.parametrize(
    "name", ["manifest.json", "info.txt", "notes.txt", "data_dictionary.csv", "schema.csv"]
)
def test_a_file_that_is_alone_is_the_data_whatever_its_name(tmp_path: Path, name: str) -> None:
    members = {name: TABLE, "README.md": README}
    (source,) = expanded(packed(tmp_path / "a.zip", members))

    assert str(source) == f"{tmp_path}/a.zip!{name}"


@pytest.mark.parametrize(
    "name", ["information.csv", "package.csv", "notes.csv", "schemas.json", "metadata_orders.json"]
)
def test_a_table_whose_name_only_begins_so_is_data(tmp_path: Path, name: str) -> None:
    assert len(expanded(packed(tmp_path / "a.zip", {name: TABLE, "orders.csv": TABLE}))) == 2


@pytest.mark.parametrize("data", [b"\x89PNG", b"Artist,Song\nMira,Hill\n", b"\n\n", b"Artist,\nMira,Hill\n"])
def test_a_member_that_cannot_be_read_says_how_to_choose_another(tmp_path: Path, data: bytes) -> None:
    sources = expanded(packed(tmp_path / "a.zip", {"orders.csv": TABLE, "songs.csv": data}))
    with pytest.raises(PipelineError) as problem:
        prepared(sources, SPEC, tmp_path / "out")

    assert "!songs.csv" in problem.value.message
    assert "--member" in problem.value.hint


def test_what_lies_beside_the_data_is_passed_over_with_a_note_that_counts_it(tmp_path: Path) -> None:
    for name, data in BESIDE.items():
        sources = expanded(packed(tmp_path / "a.zip", {name: data, "x/orders.csv": TABLE}))
        done = prepared(sources, SPEC, tmp_path / "out")

        assert [str(one) for one in sources] == [f"{tmp_path}/a.zip!x/orders.csv"], name
        assert (
            f"passed over: 1 other file in the zip ({name}); --member NAME chooses one"
            in done.report.sources[0].notes
        )
    sources = expanded(packed(tmp_path / "a.zip", {**BESIDE, "a.csv": TABLE, "b.csv": TABLE}))
    loaded = [load(one, None) for one in sources]

    assert [any("9 other files" in note for note in one.notes) for one in loaded] == [True, False]
    for one in loaded:
        one.close()


DATA = {
    "orders.txt": b"order-id\tsku\n1\tA\n2\tB\n", "emails.txt": b"link.email\nmira@example.com\n", "table": TABLE,
    "records.txt": b'{"link": {"mobile": "9"}}\n', "wide.txt": TABLE.decode().encode("utf-16"), "a.unknown": README,
    "semicolons.txt": b"first name;last name\nMira;Holt\nTeo;Brandt\n", "blank.txt": b"\n",
}  # fmt: skip


def test_a_text_that_may_be_data_is_never_passed_over(tmp_path: Path) -> None:
    for name, data in DATA.items():
        assert len(expanded(packed(tmp_path / "a.zip", {name: data, "orders.csv": TABLE}))) == 2, name


def test_a_zip_without_data_says_so_and_prose_alone_is_read(tmp_path: Path) -> None:
    refused(packed(tmp_path / "a.zip", {"a.pdf": b"%PDF", "readme.txt": README}), "no table and no JSON")
    assert len(expanded(packed(tmp_path / "a.zip", {"customers.txt": README}))) == 1


MEMBERS = {
    "export/orders.csv": TABLE,
    "old/orders.csv": TABLE,
    "export/Refunds.csv": TABLE,
    "readme.txt": README,
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("export/orders.csv", "export/orders.csv"),
        ("EXPORT/ORDERS.CSV", "export/orders.csv"),
        ("refunds.csv", "export/Refunds.csv"),
        ("README.TXT", "readme.txt"),
    ],
)
def test_one_member_is_chosen_in_any_case_with_its_folder_or_without(
    tmp_path: Path, asked: str, found: str
) -> None:
    (one,) = expanded(packed(tmp_path / "a.zip", MEMBERS), member=asked)

    assert str(one) == f"{tmp_path}/a.zip!{found}"


@pytest.mark.parametrize(
    ("asked", "words"), [("orders.csv", "more than one"), ("none.csv", "there is no file")]
)
def test_a_member_that_is_not_one_is_refused_with_those_there_are(
    tmp_path: Path, asked: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as problem:
        expanded(packed(tmp_path / "a.zip", MEMBERS), member=asked)
    assert "export/orders.csv" in problem.value.hint


def test_a_member_beside_an_archive_in_the_zip_can_be_chosen(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": TABLE, "photos.zip": b"PK\x03\x04...."})
    refused(path, "archive in an archive")

    assert len(expanded(path, member="a.csv")) == 1


def test_a_member_of_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TABLE)
    with pytest.raises(UsageError, match="no source is a zip"):
        expanded(tmp_path / "a.csv", member="b.csv")
