"""What a person changed by hand is put into rows and documents as they are read, and all else stays byte for byte."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lexer_pipeline.chunks.edits import cells_of, with_cell
from lexer_pipeline.errors import UsageError
from lexer_pipeline.kernels.dialect import Dialect
from lexer_pipeline.preparing.edits_file import APPLIED, FILE, Edit, EditsFile, compiled, read
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare
from lexer_pipeline.preparing.report import Report
from msgspec.structs import replace

HEAD = "purchase_id,link.email,action_at,type,products[].price_paid,products[].quantity"
ROWS = (
    "A-1,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,$9.95,1",
    "A-2,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,5,1",
    "A-2,mira.holt@example.com,2024-03-06T10:15:00Z,ecommerce,6,2.7",
    'A-3,"not, an address",2024-03-06T10:15:00Z,ecommerce,5,1',
    "A-4,teo.lund@example.com,2024-03-06T10:15:00Z,ecommerce,5",
    "A-5,teo.lund@example.com,2024-03-06T10:15:00Z,ecommerce,5,1",
)
EDITS = (
    Edit("", "orders.csv", (2,), "products[].price_paid", "9.95"),
    Edit("", "orders.csv", (4,), "products[].quantity", "2"),
    Edit("", "orders.csv", (5,), "link.email", "lena.brandt@example.com"),
    Edit("", "orders.csv", (6,), left_out=True),
)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("orders.csv")
    path.write_text("\n".join([HEAD, *ROWS]) + "\n", "utf-8")
    return path


def kept(path: Path, source: Path, *edits: Edit) -> EditsFile:
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    made = EditsFile(path, {source.name: sha256}, edits or EDITS)
    made.write()
    return made


def ids(report: Report) -> list[str]:
    (batch,) = report.batches
    return [line.split('"')[3] for line in batch.file.read_text("utf-8").splitlines()]


def test_a_source_is_converted_as_a_person_changed_it(source: Path) -> None:
    file = kept(Path("kept.edits.toml"), source)
    report = prepare([source], "purchase", "batches", Options(edits=file.path))
    (batch,) = report.batches

    assert ids(report) == ["A-1", "A-2", "A-3", "A-5"]
    assert batch.manifest.skipped == {"left out by hand": 1}
    assert (batch.manifest.rejected, batch.manifest.rows, batch.manifest.continuations) == (0, 5, 1)
    assert batch.manifest.sources[0].rows == 6
    assert (batch.path / APPLIED).read_text("utf-8") == file.text()
    assert (batch.path / APPLIED).stat().st_mode & 0o777 == 0o600


def test_the_rejects_of_a_batch_are_fixed_by_the_edits_in_its_folder(source: Path) -> None:
    (held,) = prepare([source], "purchase", "batches").batches
    kept(held.path / FILE, source)
    report = prepare([], None, "batches", Options(fix=str(held.path)))

    assert sorted(ids(report)) == ["A-1", "A-2", "A-3", "A-5"]
    assert report.batches[0].manifest.skipped == {"left out by hand": 1}


def test_edits_of_another_content_are_refused_before_a_batch_is_made(source: Path) -> None:
    file = kept(Path("kept.edits.toml"), source)
    source.write_text(source.read_text("utf-8") + ROWS[0] + "\n", "utf-8")

    with pytest.raises(UsageError, match=r"orders\.csv: is not the file that was edited"):
        prepare([source], "purchase", "batches", Options(edits=file.path))
    assert [path.name for path in Path("batches").iterdir() if path.is_dir()] == []


def test_a_row_that_was_changed_to_two_is_refused(source: Path) -> None:
    file = kept(Path("kept.edits.toml"), source, Edit("", "orders.csv", (2,), row=f"{ROWS[0]}\n{ROWS[1]}"))
    with pytest.raises(UsageError, match="line 2: what it was changed to is not one row"):
        prepare([source], "purchase", "batches", Options(edits=file.path))


@pytest.mark.parametrize(
    "make",
    [
        lambda text: text.replace("[[sources]]", "[[sauces]]"),
        lambda text: text.replace("lines = [2]", 'lines = ["two"]'),
        lambda text: text.replace("column =", "kolumn ="),
        lambda text: text.replace("lines = [2]", "lines = [2"),
    ],
)
def test_a_file_of_edits_that_is_none_is_a_usage_error(source: Path, make: Callable[[str], str]) -> None:
    file = kept(Path("kept.edits.toml"), source)
    file.path.write_text(make(file.text()), "utf-8")

    with pytest.raises(UsageError, match=r"kept\.edits\.toml"):
        read(file.path)


texts = st.text(st.characters(codec="utf-8"), max_size=8)


@given(
    st.lists(
        st.builds(Edit, texts, st.just("a"), st.just((1, 2)), texts, st.none() | texts, st.none() | texts)
    )
)
def test_edits_come_back_as_they_were_written(edits: list[Edit]) -> None:
    with TemporaryDirectory() as folder:
        file = EditsFile(Path(folder) / "kept.edits.toml", {"a": "0" * 64}, tuple(edits))
        file.path.write_text(file.text(), "utf-8", newline="")
        assert read(file.path).edits == file.edits


def test_the_last_word_on_a_cell_counts_and_a_row_written_anew_takes_back_those_before() -> None:
    found = compiled(
        [
            Edit("", "a", (1, 2), "x", "one"),
            Edit("", "a", (1,), "x", "two"),
            Edit("", "a", (2,), left_out=True),
            Edit("", "a", (3,), "x", "three"),
            Edit("", "a", (3,), row="whole"),
            Edit("", "a", (4,), left_out=True),
            Edit("", "a", (4,), "y", "back"),
        ]
    )
    assert found.cells == {1: {"x": "two"}, 2: {"x": "one"}, 4: {"y": "back"}}
    assert (found.rows, found.left_out) == ({3: "whole"}, frozenset({2}))


cells = st.lists(st.text(st.sampled_from('ab ",;\té'), max_size=5), min_size=3, max_size=3)


@given(cells, st.integers(0, 2), st.text(st.sampled_from('xy ",;é'), max_size=5), st.sampled_from(",;|"))
def test_one_cell_changes_and_the_others_say_what_they_said(
    row: list[str], place: int, text: str, mark: str
) -> None:
    dialect = Dialect(mark)
    raw = mark.join('"' + cell.replace('"', '""') + '"' if set(cell) & {mark, '"'} else cell for cell in row)
    wanted = [*row[:place], text, *row[place + 1 :]]

    assert next(csv.reader([with_cell(raw, place, text, 3, dialect)], delimiter=mark), [""] * 3) == wanted


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("a,b", ["a", "b", ""]),
        ("a,b,c,d", ["a", "b", "c", "d"]),
        ('a,"b,c', ["a", "b,c", ""]),
        ("", ["", "", ""]),
    ],
)
def test_the_cells_of_a_broken_row_are_told_as_far_as_they_can_be(raw: str, found: list[str]) -> None:
    assert cells_of(raw, 3, Dialect(",")) == found


def test_a_document_is_fixed_by_its_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        '{"product_id":"kettle-1","name":"Kettle"}',
        '{"product_id":7,"name":"Pot"}',
        '{"product_id":8,"name":"Pan"}',
    ]
    source = Path("products.ndjson")
    source.write_text("\n".join(lines) + "\n", "utf-8")
    keys = [hashlib.sha256(line.encode()).hexdigest() for line in lines]
    fixed = Edit("", source.name, (2,), "product_id", '{"product_id":"7","name":"Pot"}', document=keys[1])
    edits = (fixed, replace(fixed, lines=(3,), document=keys[2], to=None, left_out=True))
    file = kept(Path("kept.edits.toml"), source, *edits)
    (batch,) = prepare([source], "product", "batches", Options(edits=file.path)).batches

    assert [line.split('"')[3] for line in batch.file.read_text("utf-8").splitlines()] == ["kettle-1", "7"]
    assert batch.manifest.skipped == {"left out by hand": 1}


@pytest.mark.parametrize("words", ['secret = ["token"]', ""])
def test_edits_of_a_part_of_a_document_are_refused_and_not_passed_over(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path("orders.ndjson")
    source.write_text('{"items":[{"sku":"M-12"}],"token":"x"}\n', "utf-8")
    each = "" if words else 'each = "items"'
    Path("own.toml").write_text(
        f'{words}\n[documents]\n[[records]]\nspecification = "commerce_products"\n{each}\n[records.fields]\n'
        f'product_id = "items[].sku"\n', "utf-8",
    )  # fmt: skip
    file = kept(
        Path("kept.edits.toml"),
        source,
        Edit("", source.name, (1,), "sku", '{"sku":"M-13"}', document="0" * 64),
    )

    with pytest.raises(UsageError, match="cannot be put into orders.ndjson"):
        prepare([source], None, "batches", Options(edits=file.path, mapping="own.toml"))
