"""The words of the command line: each command with its flags, its help and an example."""

import argparse
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypeAlias

from lexer_pipeline.errors import UsageError

# What argparse gives for `add_subparsers`, and has no public name for.
Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001
SIZES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line as the usage error that it is."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", f"See {self.prog} --help.")


class _Version(argparse.Action):
    """Says the version and ends, as --help does; it is looked for only then, since that takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        found = import_module("lexer_pipeline.cli.version").running_version()
        sys.stdout.write(f"{parser.prog} {found}\n")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The whole command line; what is parsed names its command in `command`."""
    root = _Parser(
        "lexer-pipeline", description="Turn any export into records that Lexer accepts, and send them."
    )
    root.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
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
        "sources", nargs="+", metavar="SOURCE", help="a table or JSON file, or - for standard input"
    )
    _add_reading(parser)


def _add_map(commands: Commands) -> None:
    summary = "draft a mapping: which column is which field"
    parser = _command(commands, "map", summary, "map contacts.csv --spec customer_record")
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


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        action="store_true",
        help="at the end, CPU seconds and bytes for each stage on standard error",
    )


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


def _add_sources(parser: argparse.ArgumentParser, count: str = "+") -> None:
    parser.add_argument(
        "sources",
        nargs=count,
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
    _add_profile(parser)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, default=Path("batches"), help="the folder of prepared batches (batches)"
    )


def _add_preparing(parser: argparse.ArgumentParser, count: str = "+") -> None:
    _add_sources(parser, count)
    _add_out(parser)
    _add_dataset(parser)
    parser.add_argument(
        "--label",
        metavar="WORDS",
        help="stands in the file name behind the specification's, as a shop's name",
    )
    parser.add_argument(
        "--replaces",
        action="append",
        default=[],
        metavar="BATCH",
        help="make the correction of a batch, one for each specification of the run",
    )
    parser.add_argument("--date", metavar="YYYYMMDD", help="the date in the file name (today, UTC)")
    parser.add_argument(
        "--min-rows",
        type=_number,
        default=0,
        metavar="N",
        help="hold the batch where fewer rows came (0)",
    )
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


def _add_dataset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dataset",
        metavar="ID",
        help="the dataset to load into; purchase=ID,customer_record=ID for several types (LEXER_DATASET_ID)",
    )


def _add_batches(parser: argparse.ArgumentParser, count: str, summary: str) -> None:
    parser.add_argument("batches", nargs=count, type=Path, metavar="BATCH", help=summary)
    parser.add_argument(
        "--out", type=Path, help="the folder of prepared batches (the one the batches lie in, else batches)"
    )


def _add_sending(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--resend", action="store_true", help="send again what was sent, was refused or is in doubt"
    )
    parser.add_argument(
        "--older", action="store_true", help="send also what is older than what was sent of its series"
    )
    parser.add_argument("--parallel", type=_count, metavar="N", help="uploads at a time (4)")
    parser.add_argument(
        "--limit-rate", type=_size, metavar="RATE", help="bytes a second in all, as in 500k or 2m"
    )


def _add_validate(commands: Commands) -> None:
    summary = "check sources and report, write nothing"
    parser = _command(commands, "validate", summary, "validate orders.csv --spec purchase")
    _add_sources(parser)
    parser.add_argument(
        "--show-values", action="store_true", help="show the values of the first issues, at the terminal only"
    )


def _add_convert(commands: Commands) -> None:
    summary = "prepare a batch: NDJSON, rejects, manifest"
    parser = _command(commands, "convert", summary, "convert orders.csv --spec purchase")
    _add_preparing(parser, "*")
    parser.add_argument(
        "--fix",
        metavar="BATCH",
        help="take the mended rejects of a batch, or the files of them that are named, and make what is valid now",
    )


def _add_upload(commands: Commands) -> None:
    parser = _command(
        commands, "upload", "send prepared batches", "upload batches/commerce_purchases-20240306-a"
    )
    _add_batches(parser, "*", "folders of batches (all that wait in --out)")
    _add_dataset(parser)
    _add_sending(parser)
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
        commands, "run", "convert, then upload", "run orders.csv --spec purchase --dataset a1b2c3d4"
    )
    _add_preparing(parser)
    _add_sending(parser)


def _add_settle(commands: Commands) -> None:
    summary = "end a doubt: say whether a batch arrived"
    parser = _command(commands, "settle", summary, "settle batches/commerce_purchases-20240306-a --arrived")
    _add_batches(parser, "+", "folders of batches that are in doubt")
    answer = parser.add_mutually_exclusive_group(required=True)
    answer.add_argument("--arrived", action="store_true", help="the vendor has it: it counts as sent")
    answer.add_argument(
        "--not-arrived", action="store_true", help="the vendor does not have it: it waits to be sent"
    )


def _add_drop(commands: Commands) -> None:
    summary = "take a batch that was not sent out of the way"
    parser = _command(commands, "drop", summary, "drop batches/commerce_purchases-20240306-a")
    _add_batches(parser, "+", "folders of batches")


def _add_status(commands: Commands) -> None:
    parser = _command(
        commands, "status", "show what is prepared, held, sent, in doubt", "status --out batches"
    )
    _add_out(parser)


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
        help="refuse file names of the vendor's own script, which break the rules of its page",
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


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise argparse.ArgumentTypeError("a number of rows is a whole number")
    return int(text)


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise argparse.ArgumentTypeError("a count is a whole number above 0")
    return int(text)
