"""Words in, one library call, words out.

A command imports its own library call when it runs, so that `--help` and small files are instant.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pipeline.errors import PipelineError, UsageError

DONE, DATA, INTERRUPTED = 0, 1, 130
SIZES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as the usage error that it is."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", f"See {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the answer is its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        asked = _parser().parse_args(words)
        command: Callable[[argparse.Namespace], int] = asked.command
        return command(asked)
    except PipelineError as problem:
        return _fail(problem, "--json" in words)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was finished is kept\n")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        return _fail(
            UsageError(f"{where}{problem.strerror}", "Check the disk and the permissions."), "--json" in words
        )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(problem: PipelineError, as_json: bool) -> int:
    if as_json:
        _print_json(problem.as_json())
    hint = f"\n  {problem.hint}" if problem.hint else ""
    sys.stderr.write(f"error: {problem.message}{hint}\n")
    return problem.exit_code


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


# ------------------------------------------------------------------------------------------------ command line


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "lexer-pipeline", description="Turn any export into records that Lexer accepts, and send them."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (
        _add_specs,
        _add_inspect,
        _add_map,
        _add_validate,
        _add_convert,
        _add_upload,
        _add_run,
        _add_status,
        _add_sandbox,
    ):
        add(commands)
    return parser


def _command(commands: Any, name: str, call: Any, summary: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, epilog=f"example: lexer-pipeline {example}"
    )
    parser.set_defaults(command=call)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object on standard output, nothing else there"
    )
    parser.add_argument("--quiet", action="store_true", help="no words and no progress, errors excepted")
    return parser


def _add_specs(commands: Any) -> None:
    parser = _command(
        commands, "specs", _specs, "list the specifications, or show one with its fields", "specs purchase"
    )
    parser.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a specification, a record type or a schema file"
    )


def _add_inspect(commands: Any) -> None:
    summary = "say what an export is, what it could become and what stands in the way"
    parser = _command(commands, "inspect", _inspect, summary, "inspect orders.csv")
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="a table or JSON file, or - for standard input"
    )
    _add_reading(parser)


def _add_map(commands: Any) -> None:
    summary = "draft a mapping: which column is which field"
    parser = _command(commands, "map", _map, summary, "map contacts.csv --spec customer_record")
    parser.add_argument("sources", nargs=1, metavar="SOURCE", help="a table, or - for standard input")
    parser.add_argument("--spec", required=True, help="a specification, a record type or a schema file")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the mapping to write (the name of the source with .toml)"
    )
    parser.add_argument("--force", action="store_true", help="replace the mapping if it is there already")
    parser.add_argument(
        "--batches",
        type=Path,
        default=Path("batches"),
        help="the folder of prepared batches, where mappings are remembered (batches)",
    )
    _add_reading(parser)


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--encoding", metavar="NAME", help="how the text is encoded, against what its bytes tell"
    )
    parser.add_argument(
        "--header-row", type=_count, metavar="N", help="the line of the header, where it is not found"
    )
    parser.add_argument(
        "--sheet", metavar="NAME", help="the sheet of a workbook (the first one that is filled)"
    )


def _add_sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a CSV or JSON file, plain or .gz, or - for standard input",
    )
    parser.add_argument("--spec", help="a specification, a record type or a schema file")
    parser.add_argument("--map", metavar="MAP", help="a preset (shopify_orders, ...) or a mapping file")
    parser.add_argument("--date-format", metavar="FORMAT", help="how dates are written, as in %%d/%%m/%%Y")
    parser.add_argument(
        "--timezone", metavar="ZONE", help="where date-times without a zone were written (UTC)"
    )
    parser.add_argument(
        "--unknown", choices=("drop", "reject"), default="drop", help="what becomes of unknown keys in JSON"
    )
    parser.add_argument(
        "--ignore-unknown", action="store_true", help="leave out CSV columns that are no field"
    )
    _add_reading(parser)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, default=Path("batches"), help="the folder of prepared batches (batches)"
    )


def _add_preparing(parser: argparse.ArgumentParser) -> None:
    _add_sources(parser)
    _add_out(parser)
    parser.add_argument("--date", metavar="YYYYMMDD", help="the date in the file name (today, UTC)")
    parser.add_argument("--version", metavar="V", help="the version in the file name (the next free one)")
    parser.add_argument(
        "--max-invalid",
        type=_share,
        default=0.05,
        metavar="SHARE",
        help="hold the batch above this share of rejects (5%%)",
    )
    parser.add_argument(
        "--max-bytes",
        type=_size,
        default=5_000_000_000,
        metavar="N",
        help="split files larger than this (5000000000)",
    )


def _add_sending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", metavar="ID", help="the dataset to load into (LEXER_DATASET_ID)")
    parser.add_argument("--resend", action="store_true", help="send again what was sent or is in doubt")
    parser.add_argument("--parallel", type=_count, metavar="N", help="uploads at a time (4)")
    parser.add_argument(
        "--limit-rate", type=_size, metavar="RATE", help="bytes a second in all, as in 500k or 2m"
    )


def _add_validate(commands: Any) -> None:
    summary = "check sources and report, write nothing"
    parser = _command(commands, "validate", _validate, summary, "validate orders.csv --spec purchase")
    _add_sources(parser)
    parser.add_argument(
        "--show-values", action="store_true", help="show the values of the first issues, at the terminal only"
    )


def _add_convert(commands: Any) -> None:
    summary = "prepare a batch: NDJSON, rejects, manifest"
    _add_preparing(_command(commands, "convert", _convert, summary, "convert orders.csv --spec purchase"))


def _add_upload(commands: Any) -> None:
    parser = _command(
        commands, "upload", _upload, "send prepared batches", "upload batches/commerce_purchases-20240306-a"
    )
    parser.add_argument(
        "batches", nargs="*", type=Path, metavar="BATCH", help="folders of batches (all that wait in --out)"
    )
    _add_out(parser)
    _add_sending(parser)
    parser.add_argument("--even-held", action="store_true", help="send held batches too")
    parser.add_argument(
        "--as-is", action="store_true", help="send CSV files that could not be converted, as they are"
    )
    parser.add_argument("--name", metavar="WORDS", help="with --as-is: what the file holds, for its name")


def _add_run(commands: Any) -> None:
    parser = _command(
        commands, "run", _run, "convert, then upload", "run orders.csv --spec purchase --dataset a1b2c3d4"
    )
    _add_preparing(parser)
    _add_sending(parser)


def _add_status(commands: Any) -> None:
    parser = _command(
        commands, "status", _status, "show what is prepared, held, sent, in doubt", "status --out batches"
    )
    _add_out(parser)


def _add_sandbox(commands: Any) -> None:
    summary = "the upload API on 127.0.0.1, to try all of it"
    parser = _command(commands, "sandbox", _sandbox, summary, "sandbox --port 8787")
    parser.add_argument("--port", type=int, default=8787, help="the port on 127.0.0.1 (8787)")
    parser.add_argument(
        "--folder", type=Path, default=Path(".sandbox"), help="where it keeps its state (.sandbox)"
    )


def _share(text: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 2.0
    if share > 1:
        raise argparse.ArgumentTypeError("a share is written 5% or 0.05")
    return share


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kmg]?)", text.lower())
    size = int(float(match[1]) * SIZES[match[2]]) if match else 0
    if size < 1:
        raise argparse.ArgumentTypeError("a size is a number of bytes above 0, or 500k, 2m, 1g")
    return size


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise argparse.ArgumentTypeError("a count is a whole number above 0")
    return int(text)


# ------------------------------------------------------------------------------------------------ commands


def _specs(asked: argparse.Namespace) -> int:
    from pipeline import catalog

    found = (catalog.find(asked.spec),) if asked.spec else catalog.every()
    if asked.json:
        _print_json({"specifications": [_spec_json(spec) for spec in found]})
    elif not asked.quiet:
        from pipeline import words

        if asked.spec:
            words.fields(_console(asked), found[0])
        else:
            words.specifications(_console(asked), found)
    return DONE


def _spec_json(spec: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "name": spec.name, "record_type": spec.record_type, "area": spec.area, "title": spec.title,
        "evidence": spec.evidence, "fields": [asdict(field) for field in spec.fields],
    }  # fmt: skip


def _console(asked: argparse.Namespace) -> Any:
    """Where human words go: standard output, or standard error beside --json."""
    from rich.console import Console

    return Console(stderr=asked.json, quiet=asked.quiet, highlight=False)


def _options(asked: argparse.Namespace, progress: Any) -> Any:
    from pipeline import config
    from pipeline.run import Options

    settings = config.read(os.environ, Path())
    options = Options(
        reading=_reading(asked), mapping=asked.map, date_format=asked.date_format, zone=asked.timezone, reject_unknown=asked.unknown == "reject", ignore_unknown=asked.ignore_unknown,
        names=dict(settings.names), stdin=sys.stdin.buffer, progress=progress,
        show_values=getattr(asked, "show_values", False),
    )  # fmt: skip
    if "max_bytes" not in asked:
        return options
    return replace(
        options,
        date=asked.date,
        version=asked.version,
        max_invalid=asked.max_invalid,
        max_bytes=asked.max_bytes,
    )


def _reading(asked: argparse.Namespace) -> Any:
    from pipeline.load import Reading

    return Reading(asked.encoding, asked.header_row, asked.sheet)


def _inspect(asked: argparse.Namespace) -> int:
    from pipeline.inspection import inspect
    from pipeline.load import expand

    with _progress(asked, "looking") as progress:
        sources = expand(asked.sources)
        found = [inspect(source, sys.stdin.buffer, _reading(asked), progress) for source in sources]
    if asked.json:
        _print_json({"sources": [one.as_json() for one in found]})
    elif not asked.quiet:
        from pipeline import words

        for one in found:
            words.inspection(_console(asked), one)
    return DONE


def _map(asked: argparse.Namespace) -> int:
    from pipeline.load import expand
    from pipeline.propose import propose

    sources = expand(asked.sources)
    if len(sources) != 1:
        raise UsageError(
            f"{asked.sources[0]}: holds {len(sources)} files",
            "Unpack it and draft a mapping for one of them.",
        )
    with _progress(asked, "looking") as progress:
        done = propose(
            sources[0], asked.spec, asked.out, out=asked.batches, force=asked.force, stdin=sys.stdin.buffer,
            reading=_reading(asked), progress=progress,
        )  # fmt: skip
    if asked.json:
        _print_json(done.as_json())
    elif not asked.quiet:
        from pipeline import words

        words.proposal(_console(asked), done)
    return DONE


def _validate(asked: argparse.Namespace) -> int:
    from pipeline.run import validate

    with _progress(asked, "checking") as progress:
        report = validate(asked.sources, asked.spec, _options(asked, progress))
    if asked.json:
        _print_json({"sources": [source.as_json() for source in report.sources]})
    if not asked.quiet:
        _say_sources(asked, report)
        from pipeline import words

        words.verdict(_console(asked), report)
    return DATA if report.invalid else DONE


def _say_sources(asked: argparse.Namespace, report: Any) -> None:
    from pipeline import words

    console = _console(asked)
    for source in report.sources:
        words.source(console, source)
        if getattr(asked, "show_values", False) and not asked.json:
            words.examples(console, source.examples)


def _prepare(asked: argparse.Namespace) -> Any:
    from pipeline.run import prepare

    with _progress(asked, "converting") as progress:
        report = prepare(asked.sources, asked.spec, asked.out, _options(asked, progress))
    if not asked.quiet:
        from pipeline import words

        _say_sources(asked, report)
        words.batches(_console(asked), report, asked.max_invalid)
    return report


def _convert(asked: argparse.Namespace) -> int:
    report = _prepare(asked)
    if asked.json:
        _print_json({"batches": [batch.as_json() for batch in report.batches]})
    return _held(report)


def _held(report: Any) -> int:
    ready = report.batches and all(batch.manifest.state == "prepared" for batch in report.batches)
    return DONE if ready else DATA


def _settings(asked: argparse.Namespace) -> Any:
    from pipeline import config

    settings = config.read(os.environ, Path())
    given = {"dataset": asked.dataset, "parallel": asked.parallel, "limit_rate": asked.limit_rate}
    return replace(settings, **{key: value for key, value in given.items() if value is not None})


def _upload(asked: argparse.Namespace) -> int:
    from pipeline.send import send, send_as_is
    from pipeline.upload import exit_code

    if asked.name and not asked.as_is:
        raise UsageError("--name is for --as-is: a prepared batch has its name", "Leave it out.")
    settings = _settings(asked)
    with _stopping() as stop, _sending_progress(asked) as progress:
        if asked.as_is:
            receipts = send_as_is(
                asked.batches,
                asked.out,
                settings,
                name=asked.name,
                resend=asked.resend,
                progress=progress,
                stop=stop,
            )
        else:
            receipts = send(
                asked.batches, asked.out, settings, resend=asked.resend, even_held=asked.even_held,
                progress=progress, stop=stop,
            )  # fmt: skip
    _say_receipts(asked, receipts)
    if asked.json:
        _print_json({"uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if stop.is_set() else exit_code(receipts)


def _say_receipts(asked: argparse.Namespace, receipts: Any) -> None:
    from pipeline import printing, sent_words

    sent_words.receipts(_console(asked), receipts)
    if not receipts:
        printing.say(_console(asked), f"Nothing waits to be sent in {asked.out}.")


def _run(asked: argparse.Namespace) -> int:
    from pipeline.send import send
    from pipeline.upload import exit_code

    settings = _settings(asked)
    if settings.token is None:
        raise UsageError("there is no upload token", "Put it into LEXER_UPLOAD_API_TOKEN, or use convert.")
    report = _prepare(asked)
    receipts: Any = ()
    code, interrupted = _held(report), False
    if code == DONE:
        with _stopping() as stop, _sending_progress(asked) as progress:
            folders = [batch.path for batch in report.batches]
            receipts = send(folders, asked.out, settings, resend=asked.resend, progress=progress, stop=stop)
        code, interrupted = exit_code(receipts), stop.is_set()
        _say_receipts(asked, receipts)
    if asked.json:
        batches = [batch.as_json() for batch in report.batches]
        _print_json({"batches": batches, "uploads": [receipt.as_json() for receipt in receipts]})
    return INTERRUPTED if interrupted else code


def _status(asked: argparse.Namespace) -> int:
    from pipeline.send import status

    found = status(asked.out)
    if asked.json:
        _print_json({"batches": [one.as_json() for one in found]})
    elif not asked.quiet:
        from pipeline import sent_words

        sent_words.statuses(_console(asked), found)
    return DONE


def _sandbox(asked: argparse.Namespace) -> int:
    from pipeline.sandbox.server import serve

    console = _console(asked)
    serve(asked.folder, asked.port, lambda line: console.print(line, markup=False))
    return DONE


# ------------------------------------------------------------------------------------------------ progress


@contextmanager
def _progress(asked: argparse.Namespace, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Rows, rate, bytes and time left on a terminal; nothing elsewhere."""
    if asked.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    known = [Path(source).stat().st_size for source in asked.sources if Path(source).is_file()]
    total = sum(known) if len(known) == len(asked.sources) else None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TransferSpeedColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, rows=0)
        before = [0, 0, 0]

        def show(rows: int, read: int) -> None:
            if read < before[1]:
                before[0], before[2] = before[0] + before[1], before[2] + rows
            before[1] = read
            bar.update(task, completed=before[0] + read, rows=rows)

        yield show


@contextmanager
def _sending_progress(asked: argparse.Namespace) -> Iterator[Callable[[Any], None] | None]:
    """A bar for each upload on a terminal, with rate and time left."""
    if asked.quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(step: Any) -> None:
            if step.name not in tasks:
                tasks[step.name] = bar.add_task(step.name, total=step.total)
            bar.update(tasks[step.name], completed=step.sent)

        yield show


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first interrupt sets, so that uploads end where they can go on later.

    The second one ends the process at once, as a crash would, which the ledger is made for.
    """
    stop = threading.Event()

    def interrupted(*_: object) -> None:
        if stop.is_set():
            os.write(2, b"\x1b[?25h" if sys.stderr.isatty() else b"")  # a progress bar hides the cursor
            os._exit(INTERRUPTED)
        stop.set()
        os.write(2, b"\ninterrupted: waiting for the step under way, once more to end at once\n")

    kept = {number: signal.signal(number, interrupted) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
