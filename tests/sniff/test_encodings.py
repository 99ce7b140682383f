"""Whatever encoding a file came in, its records are the same, or its rows are refused; nothing turns into another."""

import codecs
import random
from io import BytesIO
from pathlib import Path

import pytest
from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.encodings import SAMPLE, Decoded, tell
from lexer_pipeline.loading.format import ReadOptions

from .helpers import HEADER, cells, convert, counts, names, notes, opened, where

PEOPLE = [
    ("1", "Zoë", "Müller"),
    ("2", "José", "Peña"),
    ("3", "François", "L’Écuyer"),
    ("4", "Søren", "Ångström"),
]
TABLE = "\n".join([HEADER, *map(",".join, PEOPLE)]) + "\n"
GIVEN = [first for _, first, _ in PEOPLE]

LANGUAGES = {
    "cp1252": ["Zoë", "Müller", "Straße", "Ça va", "Señor", "Façade", "José", "Ærø", "„Größe“", "10 €", "l’été"],
    "cp1250": ["Łódź", "Żółć", "Kraków", "Wałęsa", "Świętosław", "Jarosław", "Gdańsk"],
    "cp1254": ["İstanbul", "Şişli", "Beyoğlu", "Yılmaz", "Gökçe", "Öztürk"],
    "cp1251": ["Иван", "Москва", "Ольга Петровна", "Анна"],
    "cp1253": ["Αθήνα", "Ελένη", "Παπαδόπουλος"],
    "cp866": ["Иван", "Москва", "Ольга"],
    "koi8_r": ["Иван", "Москва", "Ольга"],
    "mac_roman": ["Zoë", "Müller", "José", "François", "Peña"],
    "shift_jis": ["東京都渋谷区", "山田太郎さん", "こんにちは世界", "大阪府大阪市北区梅田"] * 3,
    "gb18030": ["北京市朝阳区", "上海市浦东新区", "你好世界", "广东省深圳市南山区"] * 3,
}  # fmt: skip


def read(data: bytes, encoding: str | None = None) -> tuple[str, bytes]:
    source = Decoded(ByteSource("-", BytesIO(data)), ReadOptions(encoding))
    text = b""
    while block := source.read(1 << 16):
        text += block
    return source.encoding, text


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16", b""), ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE), ("utf-16-le", b""), ("utf-16-be", b""), ("utf-32", b""),
        ("cp1252", b""), ("mac_roman", b""), ("cp850", b""),
    ],
)  # fmt: skip
def test_the_same_table_in_any_encoding_gives_the_same_records(
    tmp_path: Path, encoding: str, mark: bytes
) -> None:
    table = TABLE if encoding != "cp850" else TABLE.replace("’", "'")
    done = convert(mark + table.encode(encoding), tmp_path)

    assert names(done) == GIVEN
    assert counts(done) == (4, 0, 0)
    assert ("read as" in notes(done)) == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_wide_text_with_tabs_as_excel_saves_it_is_read_with_its_lines(tmp_path: Path, encoding: str) -> None:
    data = (HEADER + "\r\n1,a,b\r\nshort\r\n").replace(",", "\t").encode(encoding)
    done = convert(data, tmp_path)

    assert (counts(done), where(done)) == ((1, 1, 0), [(3, "ragged_row")])


@pytest.mark.parametrize("encoding", LANGUAGES)
def test_an_older_encoding_is_told_by_the_words_it_spells(encoding: str) -> None:
    text = "\n".join(f"{number},{word}" for number, word in enumerate(LANGUAGES[encoding])) + "\n"
    _, found = read(text.encode(encoding))

    assert found.decode() == text


@pytest.mark.parametrize(
    "word", ["Zoë", "Müller", "Straße", "José", "Peña", "Çelik", "Håkon", "L’Or", "10 €", "„Spaß“"]
)
def test_an_odd_word_that_stands_twice_in_a_file_is_enough_for_cp1252(word: str) -> None:
    odd = f"2,{word}\n".encode("cp1252")
    data = b"1,plain\n" * 1000 + odd + b"3,plain\n" * 1000 + odd

    assert read(data) == ("cp1252", data.decode("cp1252").encode())


def test_a_few_bad_bytes_do_not_turn_utf8_into_something_else(tmp_path: Path) -> None:
    good = "".join(f"{number},Zoë,Müller\n" for number in range(1, 101)).encode()
    done = convert(HEADER.encode() + b"\n" + good + b"x,Zo\xeb,b\n" + good, tmp_path)

    assert (counts(done), where(done)) == ((200, 1, 0), [(102, "encoding")])
    assert set(names(done)) == {"Zoë"}
    assert "some of it is not" in notes(done)


def test_utf8_among_cp1252_is_refused_and_not_read_as_either(tmp_path: Path) -> None:
    old = "".join(f"{number},Zoë,Müller\n" for number in range(1, 101)).encode("cp1252")
    done = convert(HEADER.encode() + b"\n" + old + "x,José,b\n".encode() + old, tmp_path)

    assert (counts(done), where(done)) == ((200, 1, 0), [(102, "encoding")])
    assert set(names(done)) == {"Zoë"}


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"])
def test_a_byte_that_the_encoding_does_not_have_costs_its_row(tmp_path: Path, byte: bytes) -> None:
    old = "1,Zoë,Müller\n".encode("cp1252") * 20
    done = convert(HEADER.encode() + b"\n" + old + b"2,a" + byte + b",b\n", tmp_path)

    assert (counts(done), where(done)) == ((20, 1, 0), [(22, "encoding")])


def test_bytes_that_tell_nothing_stay_undecoded(tmp_path: Path) -> None:
    done = convert(HEADER.encode() + b"\n1,a,b\n2,x\xd7\xf7\xd7y,c\n", tmp_path)

    assert (counts(done), where(done)) == ((1, 1, 0), [(3, "encoding")])
    assert "do not tell" in notes(done)


def test_the_encoding_is_told_where_the_first_odd_byte_stands_however_late(tmp_path: Path) -> None:
    plain = b"1,a,b\n" * 400_000
    done = convert(HEADER.encode() + b"\n" + plain + "2,Zoë,b\n".encode("cp1252") * 2, tmp_path)

    assert counts(done) == (400_002, 0, 0)
    assert names(done)[-1] == "Zoë"
    assert "cp1252" in notes(done)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-16", "shift_jis"])
def test_no_place_where_blocks_meet_changes_the_text(encoding: str) -> None:
    words = LANGUAGES.get(encoding, LANGUAGES["cp1252"])
    rng = random.Random(7)
    text = "".join(f"{number},{rng.choice(words)}\n" for number in range(300))
    data = text.encode(encoding)

    class Trickle(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(rng.randint(1, 7))

    source = Decoded(ByteSource("-", Trickle(data)), ReadOptions(encoding))
    assert b"".join(iter(lambda: source.read(5), b"")).decode() == text
    assert read(data)[1].removeprefix(codecs.BOM_UTF8).decode() == text


def test_old_text_behind_the_sample_is_decoded_where_blocks_meet() -> None:
    line = "12345,Zoë Müller\n".encode("cp1252")
    data = line * (SAMPLE // len(line) + 100_000)
    encoding, text = read(data)

    assert encoding == "cp1252"
    assert text.decode() == data.decode("cp1252")


def test_json_in_utf16_is_read(tmp_path: Path) -> None:
    done = convert('{"link": {"mobile": "1"}, "first_name": "Zoë"}\n'.encode("utf-16"), tmp_path)

    assert names(done) == ["Zoë"]


def test_json_that_is_not_utf8_is_never_taken_for_an_older_encoding(tmp_path: Path) -> None:
    done = convert('{"link": {"mobile": "1"}, "first_name": "Zoë"}\n'.encode("cp1252") * 3, tmp_path)

    assert (counts(done), {code for _, code in where(done)}) == ((0, 3, 0), {"encoding"})


@pytest.mark.parametrize(
    "bad", [b"\xff", b"\xff\xfe\xfa", b"Zo\xeb", b"a\xd7\xf7b", b"Zo\xc3", b"\xa3ukasz", b"\xed\xa0\x80"]
)
def test_a_byte_that_may_be_anything_is_not_read_as_a_letter(tmp_path: Path, bad: bytes) -> None:
    done = convert(HEADER.encode() + b"\n1,a,b\n2," + bad + b",b\n", tmp_path)

    assert (counts(done), where(done)) == ((1, 1, 0), [(3, "encoding")])


def test_utf16_that_is_cut_inside_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cut inside a character"):
        convert(TABLE.encode("utf-16")[:-1], tmp_path)


def test_half_a_surrogate_pair_costs_its_row(tmp_path: Path) -> None:
    data = (
        codecs.BOM_UTF16_LE
        + f"{HEADER}\n1,a,b\n2,".encode("utf-16-le")
        + b"\x3d\xd8"
        + ",b\n".encode("utf-16-le")
    )
    done = convert(data, tmp_path)

    assert (counts(done), where(done)) == ((1, 1, 0), [(3, "encoding")])


def test_a_person_may_say_the_encoding() -> None:
    loaded = opened("a,b\n1,Ý\n".encode("cp1252"), encoding="cp1254")

    assert cells(loaded) == [["1", "İ"]]
    assert loaded.sniffed.encoding == "cp1254"
    assert "as asked" in loaded.notes[0]


@pytest.mark.parametrize("name", ["utf8", "UTF-8", "utf-8-sig", "latin-1", "windows-1252", "ascii"])
def test_an_encoding_may_be_called_by_any_of_its_names(name: str) -> None:
    assert cells(opened(b"a,b\n1,2\n", encoding=name)) == [["1", "2"]]


@pytest.mark.parametrize("name", ["utf9", "hex", "rot13", "a\0b", "zlib"])
def test_a_name_that_is_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--encoding"):
        opened(b"a,b\n1,2\n", encoding=name)


def test_an_encoding_that_the_mark_at_the_start_denies_is_refused() -> None:
    with pytest.raises(UsageError, match="mark of UTF-8"):
        opened(codecs.BOM_UTF8 + b"a,b\n", encoding="cp1252")


def test_random_bytes_are_never_read_without_a_word() -> None:
    rng = random.Random(11)
    for _ in range(20):
        data = bytes(rng.randrange(128, 256) for _ in range(40))
        assert tell(data)[1]
