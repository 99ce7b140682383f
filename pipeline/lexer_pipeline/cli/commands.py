"""Words in, one library call, words out.

A command imports its own library call when it runs, so that `--help` and small files are instant.
"""

import argparse
import gc
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from lexer_pipeline.cli import arguments as flags
from lexer_pipeline.errors import PipelineError, UsageError

DONE, DATA, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the answer is its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    # Rows that are rejected make many small objects and no cycles; looking for some was an eighth of the time.
    gc.set_threshold(20_000, 10, 10)
    # numpy's linear algebra, which nothing here uses, would start a thread on each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        asked = flags.parser().parse_args(words)
        return COMMANDS[asked.command](asked)
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


# ------------------------------------------------------------------------------------------------ commands


def _specs(asked: argparse.Namespace) -> int:
    if asked.mapping_schema or asked.settings_schema:
        return _settings_schema(asked)
    from lexer_pipeline.specs import catalog

    found = (catalog.find(asked.spec),) if asked.spec else catalog.every()
    if asked.json:
        _print_json({"specifications": [_spec_json(spec) for spec in found]})
    elif not asked.quiet:
        from lexer_pipeline.cli import show_prepared as words

        if asked.spec:
            words.fields(_console(asked), found[0])
        else:
            words.specifications(_console(asked), found)
    return DONE


def _settings_schema(asked: argparse.Namespace) -> int:
    from lexer_pipeline.mapping.file import SCHEMA as MAPPING
    from lexer_pipeline.uploading.settings import SCHEMA as SETTINGS

    sys.stdout.write((MAPPING if asked.mapping_schema else SETTINGS).read_text("utf-8"))
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
    from lexer_pipeline.preparing.options import Options
    from lexer_pipeline.uploading import settings as config

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
    from lexer_pipeline.loading.source import ReadOptions

    return ReadOptions(asked.encoding, asked.header_row, asked.sheet)


def _inspect(asked: argparse.Namespace) -> int:
    from lexer_pipeline.inspecting.inspect import inspect
    from lexer_pipeline.loading.source import expand

    with _progress(asked, "looking") as progress:
        sources = expand(asked.sources)
        found = [inspect(source, sys.stdin.buffer, _reading(asked), progress) for source in sources]
    if asked.json:
        _print_json({"sources": [one.as_json() for one in found]})
    elif not asked.quiet:
        from lexer_pipeline.cli import show_inspected

        for one in found:
            show_inspected.inspection(_console(asked), one)
    return DONE


def _map(asked: argparse.Namespace) -> int:
    from lexer_pipeline.inspecting.propose import propose
    from lexer_pipeline.loading.source import expand

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
        from lexer_pipeline.cli import show_inspected

        show_inspected.proposal(_console(asked), done)
    return DONE


def _validate(asked: argparse.Namespace) -> int:
    from lexer_pipeline.preparing.prepare import validate

    with _progress(asked, "checking") as progress:
        options = _options(asked, progress)
        _fetch_words(asked)
        report = validate(asked.sources, asked.spec, options)
    _say_timings(asked, options)
    if asked.json:
        _print_json({"sources": [source.as_json() for source in report.sources]})
    if not asked.quiet:
        _say_sources(asked, report)
        from lexer_pipeline.cli import show_prepared as words

        words.verdict(_console(asked), report)
    return DATA if report.invalid else DONE


def _fetch_words(asked: argparse.Namespace) -> None:
    """Import what the result is told with while the kernels work, since they let go of Python's lock."""
    if not asked.quiet:
        threading.Thread(
            target=import_module, args=("lexer_pipeline.cli.show_prepared",), daemon=True
        ).start()


def _say_timings(asked: argparse.Namespace, options: Any) -> None:
    if asked.profile:
        from rich.console import Console

        from lexer_pipeline.cli import show_prepared as words

        words.timings(Console(stderr=True, highlight=False), options.timings.spent())


def _say_sources(asked: argparse.Namespace, report: Any) -> None:
    from lexer_pipeline.cli import show_prepared as words

    console = _console(asked)
    for source in report.sources:
        words.source(console, source)
        if getattr(asked, "show_values", False) and not asked.json:
            words.examples(console, source.examples)


def _prepare(asked: argparse.Namespace) -> Any:
    from lexer_pipeline.preparing.prepare import prepare

    with _progress(asked, "converting") as progress:
        options = _options(asked, progress)
        _fetch_words(asked)
        report = prepare(asked.sources, asked.spec, asked.out, options)
    _say_timings(asked, options)
    if not asked.quiet:
        from lexer_pipeline.cli import show_prepared as words

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
    from lexer_pipeline.uploading import settings as config

    settings = config.read(os.environ, Path())
    given = {"dataset": asked.dataset, "parallel": asked.parallel, "limit_rate": asked.limit_rate}
    return replace(settings, **{key: value for key, value in given.items() if value is not None})


def _upload(asked: argparse.Namespace) -> int:
    from lexer_pipeline.uploading.scheduler import exit_code
    from lexer_pipeline.uploading.send import send, send_as_is

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
    from lexer_pipeline.cli import console as printing
    from lexer_pipeline.cli import show_sent

    show_sent.receipts(_console(asked), receipts)
    if not receipts:
        printing.say(_console(asked), f"Nothing waits to be sent in {asked.out}.")


def _run(asked: argparse.Namespace) -> int:
    from lexer_pipeline.uploading.scheduler import exit_code
    from lexer_pipeline.uploading.send import send

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
    from lexer_pipeline.uploading.send import status

    found = status(asked.out)
    if asked.json:
        _print_json({"batches": [one.as_json() for one in found]})
    elif not asked.quiet:
        from lexer_pipeline.cli import show_sent

        show_sent.statuses(_console(asked), found)
    return DONE


def _sandbox(asked: argparse.Namespace) -> int:
    from lexer_pipeline.sandbox.server import serve

    console = _console(asked)
    serve(asked.folder, asked.port, lambda line: console.print(line, markup=False))
    return DONE


# ------------------------------------------------------------------------------------------------ progress


def _progress(
    asked: argparse.Namespace, what: str
) -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Rows, rate, bytes and time left on a terminal; nothing elsewhere."""
    if asked.quiet or not sys.stderr.isatty():
        return nullcontext()
    from lexer_pipeline.cli import progress

    return progress.of_sources(what, asked.sources)


def _sending_progress(asked: argparse.Namespace) -> AbstractContextManager[Callable[[Any], None] | None]:
    """A bar for each upload on a terminal, with rate and time left; nothing elsewhere."""
    if asked.quiet or not sys.stderr.isatty():
        return nullcontext()
    from lexer_pipeline.cli import progress

    return progress.of_uploads()


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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "specs": _specs,
    "inspect": _inspect,
    "map": _map,
    "validate": _validate,
    "convert": _convert,
    "upload": _upload,
    "run": _run,
    "status": _status,
    "sandbox": _sandbox,
}
