"""What needs no Spark: what is refused before it is asked for, and what passes between this process and workers."""

import pickle
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np
import pytest
from lexer_pipeline.chunks.repeats import Repeated, repeated_in
from lexer_pipeline.errors import PipelineError, SourceError, UsageError
from lexer_pipeline.loading.origins import origin_of
from lexer_pipeline.outbox.workspace import Workspace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare, prepare_by
from lexer_pipeline.spark import attempt, repeated
from lexer_pipeline.spark.bundles import dealt
from lexer_pipeline.spark.files import gathered
from lexer_pipeline.spark.task import filled
from lexer_pipeline.system.scratch import Scratch

from tests.running import command
from tests.spark.compared import NOON, assert_same
from tests.stores import Bucket

HEAD = "link.email,first_name\n"


def export(folder: Path, name: str = "a", count: int = 3) -> Path:
    path = folder / f"{name}.csv"
    path.write_text(
        HEAD
        + "".join(f"{name}{at if at % 4 else 0}@example.com,Mira\n" for at in range(count))
        + "nobody,Teo\n"
    )
    return path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-"], b"- can be read here alone"),
        (["a.csv", "--fix", "batch"], b"--fix BATCH is done on one machine"),
        (["a.csv", "--fix", "a.edits.toml"], b"--fix EDITS is done on one machine"),
    ],
)
def test_what_one_machine_alone_does_is_refused(tmp_path: Path, words: list[str], said: bytes) -> None:
    export(tmp_path)
    done = command(
        "convert",
        *words,
        "--spec",
        "customer_record",
        "--engine",
        "spark",
        cwd=tmp_path,
        stdin=b"link.email\n",
    )

    if b"is not installed" in done.stderr or b"there is no Java" in done.stderr:
        pytest.skip("Spark or Java is not installed here")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_without_spark_or_java_it_is_said_how_to_install_them(tmp_path: Path) -> None:
    if find_spec("pyspark") is not None and which("java", path="/usr/bin:/bin"):
        pytest.skip("Spark and Java are installed here")
    done = command(
        "convert", export(tmp_path), "--spec", "customer_record", "--engine", "spark", cwd=tmp_path
    )

    assert done.returncode == 2
    assert b"Install" in done.stderr


def test_a_master_without_the_engine_is_refused(tmp_path: Path) -> None:
    done = command(
        "convert", export(tmp_path), "--spec", "customer_record", "--master", "local[2]", cwd=tmp_path
    )

    assert done.returncode == 2
    assert b"--engine spark" in done.stderr


class OfAColumn(UsageError):
    """Is made of other things than words."""

    def __init__(self, column: str, line: int) -> None:
        super().__init__(f"{column} on line {line} is no column", "Name another.")


def told(do: Any, what: Any, made_by: str | None = None) -> Any:
    """What comes of a task, as the process that asked for it reads it."""
    asked = attempt.row_told(7, what)
    (answer,) = attempt.each(do, made_by or version(attempt.PACKAGE), iter([asked]))
    assert answer["number"].to_pylist() == [7]
    return pickle.loads(answer["told"][0].as_py())


@pytest.mark.parametrize(
    "problem",
    [
        SourceError("a.csv: ends in the middle", "Export it again.", instead=("a", "b")),
        UsageError("no such column", flags=("--ignore-unknown",)),
        OfAColumn("Colour", 3),
    ],
)
def test_an_error_of_a_task_comes_back_as_it_was(problem: PipelineError) -> None:
    def fail(_: Any) -> None:
        raise problem

    found = told(fail, 1).error()

    assert isinstance(problem, type(found))
    assert (found.exit_code, found.as_json()) == (problem.exit_code, problem.as_json())
    assert (found.instead, found.flags, found.without) == (problem.instead, problem.flags, problem.without)


def test_a_worker_of_another_version_does_nothing() -> None:
    found = told(len, "abc", "0.0.1").error()

    assert isinstance(found, UsageError)
    assert "pip install lexer-pipeline==0.0.1" in found.hint


def test_a_defect_in_a_task_tells_its_place_and_no_value() -> None:
    found = told(lambda text: int(text), "secret")

    assert found.where.startswith("ValueError in test_apart.py, line ")
    assert "secret" not in found.where


def test_a_file_is_the_same_one_on_another_machine_until_it_changes(tmp_path: Path) -> None:
    path = export(tmp_path)
    there = pickle.loads(pickle.dumps(origin_of(path, None)))
    with there.open() as file:
        assert file.read() == path.read_bytes()

    path.write_text("link.email\n")

    with pytest.raises(SourceError, match="changed"):
        there.open()


def test_an_object_is_the_same_one_on_another_machine_until_it_changes(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bucket.store.environ.items():
        monkeypatch.setenv(name, value)
    bucket.put("a.csv", b"link.email\nmira@example.com\n")
    there = pickle.loads(pickle.dumps(origin_of(bucket.at("a.csv"), None)))
    with there.open() as file:
        assert file.read() == b"link.email\nmira@example.com\n"

    bucket.put("a.csv", b"link.email\nteo@example.com\n")

    with pytest.raises(SourceError, match="changed"):
        there.open()


@pytest.mark.parametrize("cores", [1, 5])
def test_files_dealt_out_to_tasks_become_the_delivery_of_one_machine(tmp_path: Path, cores: int) -> None:
    sources = [export(tmp_path, name, 5 + 3 * at) for at, name in enumerate("abcd")]
    (tmp_path / "e.csv").write_text(sources[0].read_text() + sources[1].read_text().partition("\n")[2])
    sources.append(tmp_path / "e.csv")
    options = Options(max_invalid=1.0)

    def by_tasks(deliveries: Any, options: Options, scratch: Scratch) -> Any:
        for todo, place in deliveries:
            work = Workspace(place.out, options.timings)
            tasks = dealt(work.folder, todo, options, cores)
            assert len(tasks) > 1
            asked = [pickle.loads(pickle.dumps(task)) for task in tasks]
            done = [filled(task, work.folder / "attempts" / str(at)) for at, task in enumerate(asked)]
            again: Repeated = repeated_in(np.concatenate([repeated.kept(one.folder) for one in done]))
            yield work, gathered(work, tasks, done, again)

    found = prepare_by(by_tasks, sources, "customer_record", tmp_path / "tasks", options, NOON)

    assert_same(found, prepare(sources, "customer_record", tmp_path / "alone", options, NOON))
    assert len(found.batches) == 1
