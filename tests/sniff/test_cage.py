"""A workbook is read by a child process: whatever its bytes do there, the command and the library end with a sentence."""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lexer_pipeline import prepare, validate
from lexer_pipeline.errors import PipelineError, SourceError
from lexer_pipeline.loading import workbook_rows
from lexer_pipeline.loading.source import load
from lexer_pipeline.loading.workbook import SheetSource
from lexer_pipeline.loading.workbook_child import LEAST_MEMORY, MEMORY_A_BYTE, WORKING_SECONDS
from lexer_pipeline.loading.workbook_open import Found
from running import ROOT, command, environment
from waiting import happens

from .helpers import HEADER, SPEC, cells
from .test_other_programs_sheets import ods, rewritten
from .test_sheets import SHEET, book, spoil

linux = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked at in Linux's /proc"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def children(process: int) -> list[int]:
    """The processes that a process started and did not let go of, also those that ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            said = stat.read_text()
        except OSError:
            continue  # it ended meanwhile
        if int(said.rpartition(")")[2].split()[1]) == process:
            found.append(int(stat.parent.name))
    return found


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def held() -> tuple[int, list[int]]:
    """How many descriptors this process has, and its children."""
    return len(list(Path("/proc/self/fd").iterdir())), children(os.getpid())


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}  # fmt: skip


def shared(path: Path, texts: list[str], rows: list[list[int]], count: str = "1") -> Path:
    """A workbook whose cells name the texts that they share, each within its tags."""
    cell = '<c r="{}{}" t="s"><v>{}</v></c>'.format
    cells = (
        f'<row r="{n}">{"".join(cell(chr(65 + at), n, one) for at, one in enumerate(row))}</row>'
        for n, row in enumerate(rows, 1)
    )
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(cells)}</sheetData></worksheet>'
    table = f'<sst xmlns="{MAIN}" uniqueCount="{count}">{"".join(f"<si>{one}</si>" for one in texts)}</sst>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**PARTS, "xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": table}.items():
            archive.writestr(name, part)
    return path


PEOPLE = [
    "<t>link.mobile</t>",
    "<t>first_name</t>",
    "<t>61400000001</t>",
    "<t>Mira</t>",
    f"<t>{'x' * 60}</t>",
]


def small(path: Path, count: str = "1") -> Path:
    """A workbook of one person, that says how many texts its cells share."""
    return shared(path, PEOPLE, [[0, 1], [2, 3]], count)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of more text than a pipe takes, so that its child waits in the middle of it."""
    return shared(tmp_path_factory.mktemp("cage") / "large.xlsx", PEOPLE, [[0, 1], *[[2, 4]] * 40_000])


@contextmanager
def waiting(path: Path) -> Iterator[SheetSource]:
    with closing(load(path, None)) as loaded:
        assert isinstance(loaded.stream, SheetSource)
        yield loaded.stream


def rest_of(source: SheetSource) -> bytes:
    return b"".join(iter(lambda: source.read(1 << 20), b""))


@pytest.mark.parametrize("count", ["4294967295", "18446744073709551615", "999999999999"])
def test_a_count_that_aborts_the_library_is_a_broken_source(tmp_path: Path, count: str) -> None:
    path = small(tmp_path / "a.xlsx", count)
    with pytest.raises(SourceError, match=r"a\.xlsx: the workbook is broken") as problem:
        load(path, None)
    assert "CSV" in problem.value.hint


def test_the_command_ends_with_a_sentence_where_the_library_aborts(tmp_path: Path) -> None:
    small(tmp_path / "a.xlsx", "4294967295")
    for words in (["validate", "--spec", SPEC], ["convert", "--spec", SPEC], ["inspect"]):
        done = command(*words, "a.xlsx", cwd=tmp_path)
        *lines, remedy, again = done.stderr.decode().splitlines()

        assert (done.returncode, done.stdout) == (3, b"")
        assert lines == ["error: a.xlsx: the workbook is broken, or reading it takes too much memory"]
        assert "CSV" in remedy
        assert "lexer-pipeline" in again
    assert not (tmp_path / "batches").exists() or not list((tmp_path / "batches").rglob("*.json"))


def test_a_count_that_is_none_is_passed_over(tmp_path: Path) -> None:
    with closing(load(small(tmp_path / "a.xlsx", "1000000"), None)) as loaded:
        assert cells(loaded) == [["61400000001", "Mira"]]


@pytest.mark.parametrize(
    "text",
    [
        f"<t>{'a' * 1_000_000}</t>",
        f"<t xml:space='preserve'>{'a ' * 40_000}</t>",
        f"<r><t>{'</t></r><r><rPr><b/></rPr><t>'.join(['aaaa'] * 20_000)}</t></r>",
        f"<t><![CDATA[{'&' * 65_537}]]></t>",
    ],
)
def test_a_text_longer_than_a_cell_holds_is_refused_before_each_cell_has_it(
    tmp_path: Path, text: str
) -> None:
    path = shared(tmp_path / "a.xlsx", [text], [[0, 0]] * 50)
    with pytest.raises(SourceError, match="a cell holds more than 65,536 characters"):
        load(path, None)


def test_a_text_of_much_markup_and_few_characters_is_read(tmp_path: Path) -> None:
    text = f"<r><t>{'</t></r><r><rPr><b/></rPr><t>'.join(['aa'] * 4_000)}</t></r>"
    with closing(load(shared(tmp_path / "a.xlsx", ["<t>a</t>", text], [[0, 0], [1, 1]]), None)) as loaded:
        assert cells(loaded) == [["a" * 8_000] * 2]


def test_the_longest_text_of_a_cell_is_read_and_one_more_is_refused_with_its_place(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("S", [["a", "b"], ["1", "x"]]))
    cell = b'<c r="B2" t="inlineStr"><is><t>%b</t></is></c>'
    rewritten(path, rb'<c r="B2".*?</c>', cell % (b"y" * 65_536))

    with closing(load(path, None)) as loaded:
        assert cells(loaded) == [["1", "y" * 65_536]]
    rewritten(path, rb'<c r="B2".*?</c>', cell % (b"y" * 65_537))
    with (
        pytest.raises(SourceError, match="cell B2 holds more than 65,536"),
        closing(load(path, None)) as loaded,
    ):
        cells(loaded)


@linux
def test_cells_that_share_a_text_take_no_more_memory_than_is_allowed(tmp_path: Path) -> None:
    repeated = '<table:table-cell office:value-type="string" table:number-columns-repeated="{}"><text:p>{}</text:p></table:table-cell>'
    body = f"<table:table-row>{repeated.format(16_000, 'a' * 60_000)}</table:table-row>" * 4
    path = ods(tmp_path / "a.ods", body)
    script = f"""
        import resource
        from pathlib import Path
        from lexer_pipeline.errors import SourceError
        from lexer_pipeline.loading.source import load
        try:
            load(Path({str(path)!r}), None)
        except SourceError as problem:
            print(problem.message)
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    """
    done = run(script, tmp_path)
    message, most = done.stdout.decode().splitlines()

    assert "too much memory" in message
    assert int(most) << 10 < 1.5 * LEAST_MEMORY


def run(script: str, cwd: Path, **more: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=cwd, capture_output=True, timeout=300, check=True,
        env=more.get("env", environment()),
    )  # fmt: skip


def test_a_sheet_of_more_text_than_is_allowed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_rows, "MOST_TEXT", 3 << 20)

    class Sheet:
        name, start, merged_cell_ranges = "S", (0, 0), ()

        def iter_rows(self) -> Iterator[list[str]]:
            return ([text] * 10 for text in ["é" * 1000] * 1000)

    rows = workbook_rows.SheetRows(Found(Sheet(), ()), BytesIO(), "a.xls", False)  # type: ignore[arg-type]
    given = []
    with pytest.raises(SourceError, match=r"a\.xls: sheet S holds more than 0 GiB of text"):
        given += list(rows.blocks())


@posix
@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("SIGKILL", "takes too much memory"),
        ("SIGABRT", "takes too much memory"),
        ("SIGSEGV", "takes too much memory"),
        ("SIGXCPU", "goes on without an end"),
    ],
)
def test_a_child_that_ends_in_the_middle_is_a_broken_source_and_nothing_is_left_of_it(
    large: Path, sent: str, words: str
) -> None:
    before = held() if Path("/proc/self/fd").exists() else None
    with waiting(large) as source:
        assert source.read(10)
        os.kill(source._cage._child.pid, getattr(signal, sent))
        with pytest.raises(SourceError, match=words) as problem:
            rest_of(source)

    assert problem.value.message.startswith(str(large))
    assert before is None or held() == before


@posix
def test_a_child_that_stands_still_is_ended(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting(large) as source:
        os.kill(source._cage._child.pid, signal.SIGSTOP)
        monkeypatch.setattr("lexer_pipeline.loading.cage.STILL_SECONDS", 0.05)
        with pytest.raises(SourceError, match="goes on without an end"):
            rest_of(source)


@linux
def test_a_sheet_read_to_its_end_or_left_in_the_middle_leaves_no_process_and_no_descriptor(
    tmp_path: Path, large: Path
) -> None:
    before = held()
    with waiting(large) as source:
        assert len(rest_of(source)) > 1 << 20
        assert source.read(1) == b""
    with waiting(large) as source:
        assert source.read(1)
    with pytest.raises(PipelineError):  # what is behind the child fails
        validate([book(tmp_path / "a.xlsx", ("S", [["no", "field"], ["1", "2"]]))], SPEC)

    assert held() == before


@linux
def test_the_child_is_held_to_its_limits_and_knows_neither_the_file_nor_the_settings(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setenv("LEXER_UPLOAD_API_TOKEN", "secret-token")
    with waiting(large) as source:
        child = source._cage._child.pid
        folder = Path(f"/proc/{child}")
        memory, time, files, dump = (
            resource.prlimit(child, what)
            for what in (
                resource.RLIMIT_AS,
                resource.RLIMIT_CPU,
                resource.RLIMIT_NOFILE,
                resource.RLIMIT_CORE,
            )
        )
        said = folder.joinpath("cmdline").read_bytes() + folder.joinpath("environ").read_bytes()
        descriptors = sorted(int(one.name) for one in folder.joinpath("fd").iterdir())

    with zipfile.ZipFile(large) as archive:
        unpacked = sum(one.file_size for one in archive.infolist())
    cell_bytes = memory[0] - LEAST_MEMORY - MEMORY_A_BYTE * unpacked
    assert cell_bytes == 32 * 26 * 40_001
    assert 0 < time[0] <= 2 * WORKING_SECONDS
    assert (files, max(dump)) == ((0, 0), min(1, max(dump)))
    assert b"large.xlsx" not in said
    assert b"secret-token" not in said
    assert descriptors == [0, 1, 2]


@linux
def test_the_child_ends_with_its_parent(tmp_path: Path, large: Path) -> None:
    script = f"""
        import sys, time
        from pathlib import Path
        from lexer_pipeline.loading.source import load
        loaded = load(Path({str(large)!r}), None)
        print(loaded.stream._cage._child.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert happens(lambda: not is_alive(child))


@linux
def test_an_interrupted_command_ends_with_130_and_its_child_with_it(tmp_path: Path, large: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "lexer_pipeline", "convert", "--spec", SPEC, str(large)],
        cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment(), start_new_session=True,
    )  # fmt: skip
    found: list[int] = []
    assert happens(lambda: found.extend(children(parent.pid)) or found or parent.poll() is not None)
    os.killpg(parent.pid, signal.SIGINT)
    _, said = parent.communicate(timeout=60)

    assert parent.returncode == 130
    assert said.startswith(
        b"interrupted; no half-made batch is left\n  Then again: lexer-pipeline convert --spec"
    )
    assert found
    assert happens(lambda: not any(map(is_alive, found)))


FOREIGN = (
    "lexer_pipeline",
    "python_calamine",
    "zipfile",
    "json",
    "encodings",
    "sitecustomize",
    "usercustomize",
    "resource",
)


def test_nothing_of_the_working_folder_and_of_the_environment_is_run(tmp_path: Path) -> None:
    path = small(tmp_path / "a.xlsx")
    folder = tmp_path / "foreign"
    for place in (folder, folder / "pipeline" / "lexer_pipeline", folder / "loading"):
        place.mkdir(parents=True)
        for name in FOREIGN:
            place.joinpath(f"{name}.py").write_text(
                f"open({str(tmp_path / 'ran')!r}, 'w').close()\nraise SystemExit(7)\n"
            )
    script = f"""
        import os, sys
        from lexer_pipeline import validate
        os.environ.update(PYTHONPATH={str(folder)!r}, PYTHONHOME="/nowhere", PYTHONIOENCODING="utf-16", PYTHONINSPECT="1",
                          PYTHONSTARTUP="json.py", PYTHONVERBOSE="2", PYTHONPLATLIBDIR="nowhere", PYTHONUTF8="0")
        sys.path[:] = [one for one in sys.path if one]
        os.chdir({str(folder)!r})
        print(validate([{str(path)!r}], {SPEC!r}).valid)
    """
    done = run(script, tmp_path)

    assert done.stdout == b"1\n"
    assert not (tmp_path / "ran").exists()


@posix
def test_a_workbook_is_read_in_a_worker_that_may_have_no_children_of_its_kind(tmp_path: Path) -> None:
    good = small(tmp_path / "a.xlsx")
    bad = small(tmp_path / "b.xlsx", "4294967295")
    script = f"""
        import multiprocessing
        from lexer_pipeline import validate, SourceError

        def work(path):
            assert multiprocessing.current_process().daemon
            try:
                return str(validate([path], {SPEC!r}).valid)
            except SourceError as problem:
                return problem.code

        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(*pool.map(work, [{str(good)!r}, {str(bad)!r}] * 2))
    """
    assert run(script, tmp_path).stdout == b"1 source 1 source\n"


def test_a_workbook_is_never_copied_to_the_disk(tmp_path: Path) -> None:
    path = spoil(  # one that is mended on the way
        book(tmp_path / "a.xlsx", ("S", [HEADER.split(","), ["61400000001", "Mira", "#N/A"]])),
        SHEET,
        b"#N/A",
        b"#SPILL!",
    )
    script = f"""
        import sys, tempfile
        tempfile.tempdir = "/nowhere"
        from lexer_pipeline import validate
        print(validate([{str(path)!r}], {SPEC!r}).valid)
    """
    assert run(script, tmp_path).stdout == b"1\n"


@posix
def test_an_interpreter_that_cannot_be_started_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small(tmp_path / "a.xlsx")
    for executable in ("/nowhere/python", "/bin/false", ""):
        monkeypatch.setattr(sys, "executable", executable)
        with pytest.raises(PipelineError, match="cannot be started") as problem:
            prepare([path], SPEC, tmp_path / "out")
        assert problem.value.exit_code == 2


def test_the_child_imports_little_since_each_workbook_starts_it() -> None:
    script = "import sys; before = {*sys.modules}; import lexer_pipeline.loading.workbook_child; print(*{*sys.modules} - before)"
    done = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, check=False, env={
        **environment(), "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "pipeline", Path(openpyxl.__file__).parents[1]))),
    })  # fmt: skip
    imported = done.stdout.decode().split()

    assert "python_calamine" in imported
    assert not {"dataclasses", "inspect", "subprocess", "tempfile", "numpy", "pandas", "pyarrow"} & {
        *imported
    }
