"""The words of the command line: each command with its flags, its help and an example."""

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypeAlias

from lexer_pipeline.cli import again, flags
from lexer_pipeline.cli.mistyped import refuse_mistyped
from lexer_pipeline.errors import UsageError

# What argparse gives for `add_subparsers`, and has no public name for.
Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as the usage error that it is."""

    def error(self, message: str) -> NoReturn:
        example = f"For {self.epilog}; all flags: " if self.epilog else ""
        raise UsageError(f"{self.prog}: {message}", f"{example}{self.prog} --help")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Name the word that is meant by one that an argument does not take."""
        if action.choices is None or value in action.choices:
            return
        words, flag = (
            [str(one) for one in action.choices],
            "/".join(action.option_strings) or str(action.metavar),
        )
        near = next(iter(get_close_matches(str(value), words, 1)), "")
        meant = f"Did you mean {near}? " if near else ""
        raise UsageError(
            f"{self.prog}: {flag} does not take {value}, but one of: {', '.join(words)}",
            f"{meant}{self.prog} --help lists its flags.",
            instead=(str(value), near) if near else None,
        )


class _Version(argparse.Action):
    """Says the version and ends, as --help does; it is looked for only then, since that takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        found = import_module("lexer_pipeline.cli.version").running_version()
        sys.stdout.write(f"{parser.prog} {found}\n")
        parser.exit()


class _Completion(argparse.Action):
    """Prints what a shell completes by, and ends; made only then, since it looks at everything."""

    def __call__(self, parser: argparse.ArgumentParser, _: object, shell: object, *__: object) -> None:
        sys.stdout.write(import_module("lexer_pipeline.cli.completion").script(parser, shell) + "\n")
        parser.exit()


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """What was typed; a token behind `login` is refused and not repeated."""
    root = parser()
    refuse_mistyped(root, words)
    found, strange = root.parse_known_args(words)
    if strange and found.command == "login":
        raise UsageError(
            "login takes no further word: what is typed on a command line is seen by other programs and kept by the shell",
            "Type lexer-pipeline login alone; it asks for the token. Revoke one that was typed.",
        )
    if strange:
        command = f"{again.PROGRAM} {found.command}"
        raise UsageError(
            f"{command} does not take the further words {' '.join(strange)}",
            f"Without them: {again.line([word for word in words if word not in strange])}; all flags: {command} --help",
        )
    return found


def parser() -> argparse.ArgumentParser:
    """The whole command line; what is parsed names its command in `command`."""
    root = _Parser(
        "lexer-pipeline", description="Turn any export into records that Lexer accepts, and send them."
    )
    root.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    root.add_argument(
        "--print-completion",
        action=_Completion,
        choices=("bash", "zsh", "tcsh"),
        help="print the script by which a shell completes words at the Tab key, and end",
    )
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (
        _add_specs,
        _add_inspect,
        _add_map,
        _add_validate,
        _add_convert,
        _add_upload,
        _add_run,
        _add_settle,
        _add_drop,
        _add_status,
        _add_review,
        _add_report,
        _add_diff,
        _add_trace,
        _add_explain,
        _add_purge,
        _add_doctor,
        _add_login,
        _add_logout,
        _add_sandbox,
    ):
        add(commands)
    return root


def _command(commands: Commands, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, epilog=f"example: lexer-pipeline {example}"
    )
    parser.set_defaults(command=name)
    parser.add_argument(
        "--json", action="store_true", help="one JSON object on standard output, nothing else there"
    )
    parser.add_argument("--quiet", action="store_true", help="no words and no progress, errors excepted")
    parser.add_argument(
        "--debug", action="store_true", help="after a defect of this program, its traceback without values"
    )
    return parser


def _add_specs(commands: Commands) -> None:
    parser = _command(
        commands, "specs", "list the specifications, or show one with its fields", "specs purchase"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a specification, a record type or a schema file"
    )
    shown.add_argument(
        "--mapping-schema", action="store_true", help="the JSON Schema of mapping files, for editors"
    )
    shown.add_argument(
        "--settings-schema", action="store_true", help="the JSON Schema of pipeline.toml, for editors"
    )


def _add_inspect(commands: Commands) -> None:
    summary = "say what an export is, what it could become and what stands in the way"
    parser = _command(commands, "inspect", summary, "inspect orders.csv")
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a CSV, JSON, XLSX or Parquet file, packed or not, a folder, a pattern, or - for standard input",
    )
    flags.add_query(parser)
    flags.add_reading(parser)


def _add_map(commands: Commands) -> None:
    summary = "draft a mapping: which column is which field"
    parser = _command(commands, "map", summary, "map contacts.csv --spec customer_record")
    parser.add_argument(
        "sources",
        nargs=1,
        metavar="SOURCE",
        help="a CSV, JSON, XLSX or Parquet file, packed or not, or - for standard input",
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--spec", help="a specification, a record type or a schema file")
    start.add_argument(
        "--from",
        dest="preset",
        metavar="PRESET",
        help="start from a preset, instead of from the columns alone",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the mapping to write (the name of the source with .toml)"
    )
    parser.add_argument("--force", action="store_true", help="replace the mapping if it is there already")
    parser.add_argument(
        "--batches",
        type=flags.folder,
        default=Path("batches"),
        help="the folder of prepared batches, where mappings are remembered (batches)",
    )
    flags.add_query(parser)
    flags.add_reading(parser)


def _add_validate(commands: Commands) -> None:
    summary = "check sources and report, write nothing"
    parser = _command(commands, "validate", summary, "validate orders.csv --spec purchase")
    flags.add_sources(parser)
    flags.add_query(parser)
    parser.add_argument(
        "--show-values", action="store_true", help="show the values of the first issues, at the terminal only"
    )


def _add_convert(commands: Commands) -> None:
    summary = "prepare a batch: NDJSON, rejects, manifest"
    parser = _command(commands, "convert", summary, "convert orders.csv --spec purchase")
    flags.add_preparing(parser, "*")
    flags.add_engine(parser)
    flags.add_query(parser)
    parser.add_argument(
        "--fix",
        metavar="BATCH",
        help="take the fixed rejects of a batch, or the files of them that are named, and make what is valid now",
    )


def _add_upload(commands: Commands) -> None:
    parser = _command(
        commands, "upload", "send prepared batches", "upload batches/commerce_purchases-20240306-a"
    )
    flags.add_batches(parser, "*", "folders of batches (all that wait in --out)")
    flags.add_dataset(parser)
    flags.add_sending(parser)
    flags.add_logging(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be sent where, and send nothing (needs no token)",
    )
    parser.add_argument(
        "--as-is", action="store_true", help="send CSV or JSON files that could not be converted, as they are"
    )
    parser.add_argument("--name", metavar="WORDS", help="with --as-is: what the file holds, for its name")
    parser.add_argument(
        "--replaces", metavar="BATCH", help="with --as-is: the file sent before that this one corrects"
    )


def _add_run(commands: Commands) -> None:
    parser = _command(
        commands,
        "run",
        "convert, then upload: of files, or of a job of pipeline.toml",
        "run orders.csv --spec purchase --dataset a1b2c3d4",
    )
    flags.add_preparing(parser, "*")
    flags.add_engine(parser)
    flags.add_query(parser)
    flags.add_sending(parser)
    flags.add_unattended(parser)


def _add_settle(commands: Commands) -> None:
    summary = "end a doubt: say whether a batch arrived"
    parser = _command(commands, "settle", summary, "settle batches/commerce_purchases-20240306-a --arrived")
    flags.add_batches(parser, "+", "folders of batches that are in doubt")
    answer = parser.add_mutually_exclusive_group(required=True)
    answer.add_argument("--arrived", action="store_true", help="Lexer has it: it counts as sent")
    answer.add_argument(
        "--not-arrived", action="store_true", help="Lexer does not have it: it waits to be sent"
    )


def _add_drop(commands: Commands) -> None:
    summary = "take a batch that was not sent out of the way"
    parser = _command(commands, "drop", summary, "drop batches/commerce_purchases-20240306-a")
    flags.add_batches(parser, "+", "folders of batches")


def _add_status(commands: Commands) -> None:
    parser = _command(
        commands, "status", "show what is prepared, held, sent, in doubt", "status --out batches"
    )
    flags.add_out(parser)
    parser.add_argument(
        "--move-ledger",
        action="store_true",
        help="first bring what the ledger in --out knows into the database that LEXER_LEDGER names, once",
    )


def _add_review(commands: Commands) -> None:
    summary = "map, fix and prepare an export in the browser"
    parser = _command(commands, "review", summary, "review orders.csv")
    flags.add_preparing(parser, 1, "BATCH|SOURCE")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (a free one)")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open no browser")


def _add_report(commands: Commands) -> None:
    summary = "make a page to look at, on a batch or on what a source would become"
    parser = _command(commands, "report", summary, "report orders.csv --map shopify_orders")
    flags.add_sources(parser, metavar="BATCH|SOURCE")
    flags.add_query(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the page to write (report.html of the batch, or SOURCE.report.html here)",
    )
    parser.add_argument(
        "--batches",
        type=flags.folder,
        default=Path("batches"),
        help="the folder of prepared batches (batches)",
    )


def _add_diff(commands: Commands) -> None:
    summary = "say what is new, changed, unchanged and gone between two exports or batches"
    parser = _command(commands, "diff", summary, "diff customers-0305.csv customers-0306.csv")
    for name in ("old", "new"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help=f"the {name} export, as `convert` takes it, or the folder of a batch",
        )
    flags.add_making(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write a page to look at, which ends in .html"
    )
    parser.add_argument(
        "--show-values",
        action="store_true",
        help="name some of the records, and what their fields were and are",
    )


def _add_trace(commands: Commands) -> None:
    summary = "say which lines of a source made a line of a batch, and what became of a line of a source"
    parser = _command(commands, "trace", summary, "trace batches/commerce_purchases-20240306-a 17")
    parser.add_argument(
        "batch", type=flags.folder, metavar="BATCH", help="the folder of a batch, or its name"
    )
    parser.add_argument(
        "lines", nargs="*", type=flags.line, metavar="LINE", help="a line of its NDJSON, from 1"
    )
    parser.add_argument(
        "--source-line",
        action="append",
        default=[],
        metavar="[SOURCE:]LINE",
        help="a line of a source, from 1; may be given several times",
    )
    parser.add_argument(
        "--out",
        type=flags.folder,
        help="the folder of prepared batches (the one the batch lies in, else batches)",
    )


def _add_explain(commands: Commands) -> None:
    summary = "say what a code means, with an example and what to do"
    parser = _command(commands, "explain", summary, "explain shared_link")
    parser.add_argument("code", nargs="?", metavar="CODE", help="a code, in any case (all, by kind)")


def _add_purge(commands: Commands) -> None:
    summary = "remove the data of old batches that were sent, dropped, superseded or rejected"
    parser = _command(commands, "purge", summary, "purge --older-than 30d")
    parser.add_argument(
        "--older-than",
        type=flags.age,
        metavar="AGE",
        help="how long ago they were sent or, if never, made: 30d, 12h, 8w",
    )
    parser.add_argument(
        "--state",
        action="store_true",
        help="forget which records the service and dataset have, with which --changed compares",
    )
    flags.add_dataset(parser)
    parser.add_argument("--yes", action="store_true", help="remove it; without it only say what would go")
    flags.add_out(parser)


def _add_doctor(commands: Commands) -> None:
    summary = "say what is set up and what is not, and change nothing"
    parser = _command(commands, "doctor", summary, "doctor --offline")
    flags.add_out(parser)
    parser.add_argument(
        "--temp", type=Path, metavar="DIR", help="the folder for temporary data (TMPDIR, or the system's)"
    )
    parser.add_argument("--offline", action="store_true", help="ask no address")


def _add_login(commands: Commands) -> None:
    _command(commands, "login", "put the token into the key ring of this machine", "login")


def _add_logout(commands: Commands) -> None:
    _command(commands, "logout", "take the token out of the key ring", "logout")


def _add_sandbox(commands: Commands) -> None:
    summary = "the upload API on 127.0.0.1, to try all of it"
    parser = _command(commands, "sandbox", summary, "sandbox --port 8787")
    parser.add_argument("--port", type=int, default=8787, help="the port on 127.0.0.1 (8787)")
    parser.add_argument(
        "--folder", type=Path, default=Path(".sandbox"), help="where it keeps its state (.sandbox)"
    )
    parser.add_argument(
        "--strict-names",
        action="store_true",
        help="refuse file names of Lexer's own script, which break the rules of its page",
    )
