"""The flags that several commands have in common, in groups as the documentation has them, and how their values are written."""

import argparse
import re
from importlib import import_module
from pathlib import Path
from typing import Any

HOURS = {"h": 1, "d": 24, "w": 168}
SIZES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3}


def folder(word: str) -> Any:
    """A folder by its path, or by its address in an object store; who only asks for --help does without what knows these."""
    return import_module("lexer_pipeline.system.stores").folder(word)


def add_profile(parser: argparse.ArgumentParser) -> None:
    """What the stages cost."""
    parser.add_argument(
        "--profile",
        action="store_true",
        help="at the end, CPU seconds and bytes for each stage on standard error",
    )


def add_logging(parser: argparse.ArgumentParser) -> None:
    """What is said of a run where nobody looks on."""
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="what standard error says: words and progress, or one JSON object a line, with its time (text)",
    )
    parser.add_argument(
        "--log-file",
        type=Path,
        metavar="FILE",
        help="also write one JSON object a line, with its time, to the end of a file",
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How a source is read, against what its content tells."""
    parser.add_argument(
        "--encoding", metavar="NAME", help="how the text is encoded, against what its bytes tell"
    )
    parser.add_argument(
        "--header-row", type=count, metavar="N", help="the line of the header, where it is not found"
    )
    parser.add_argument(
        "--sheet", metavar="NAME", help="the sheet of a workbook (the first one that is filled)"
    )
    parser.add_argument(
        "--hidden",
        choices=("read", "skip"),
        default="read",
        help="what becomes of hidden and filtered rows of a workbook (read)",
    )
    parser.add_argument("--member", metavar="NAME", help="the file of a zip (all that hold data)")
    parser.add_argument(
        "--temp",
        type=Path,
        metavar="DIR",
        help="the folder for temporary data (--out where there is one, else TMPDIR)",
    )


def add_sources(parser: argparse.ArgumentParser, count: str | int = "+", metavar: str = "SOURCE") -> None:
    """Sources, and what is made of them."""
    parser.add_argument(
        "sources",
        nargs=count,
        metavar=metavar,
        help="a CSV, JSON, XLSX or Parquet file, packed or not, its address, a folder, a pattern, or - for standard input",
    )
    add_making(parser)


def add_making(parser: argparse.ArgumentParser) -> None:
    """What becomes of a source, and how it is read."""
    parser.add_argument("--spec", help="a specification, a record type or a schema file")
    parser.add_argument("--map", metavar="MAP", help="a preset (shopify_orders, ...) or a mapping file")
    parser.add_argument(
        "--date-format",
        metavar="FORMAT",
        help="how dates are written: dd/mm/yyyy, or spelled out, as %%d/%%m/%%Y",
    )
    parser.add_argument(
        "--timezone", metavar="ZONE", help="where date-times without a zone were written (UTC)"
    )
    parser.add_argument(
        "--country",
        metavar="COUNTRY",
        help="whose phone numbers have no country code, as AU, where no row says it",
    )
    parser.add_argument(
        "--unknown", choices=("drop", "reject"), default="drop", help="what becomes of unknown keys in JSON"
    )
    parser.add_argument(
        "--ignore-unknown", action="store_true", help="leave out CSV columns that are no field"
    )
    parser.add_argument(
        "--keep-rest", action="store_true", help="keep CSV columns that no field reads, as custom fields"
    )
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CODE",
        help="a suspicion that holds no batch, since you looked at it; may be given several times",
    )
    add_reading(parser)
    parser.add_argument(
        "--threads",
        type=count,
        metavar="N",
        help="how many threads work on a source at a time (one on each core)",
    )
    add_profile(parser)
    add_logging(parser)


def add_query(parser: argparse.ArgumentParser) -> None:
    """What is read of a source that is a database."""
    parser.add_argument(
        "--query",
        metavar="SQL",
        help="read databases: each SOURCE is an address, or env:VARIABLE that holds one; @FILE.sql reads the query from a file",
    )


def add_out(parser: argparse.ArgumentParser) -> None:
    """The folder of batches."""
    parser.add_argument(
        "--out",
        type=folder,
        default=Path("batches"),
        help="the folder of prepared batches (batches); s3://bucket/batches in an object store",
    )


def add_preparing(parser: argparse.ArgumentParser, count: str | int = "+", metavar: str = "SOURCE") -> None:
    """How a batch is prepared, and where it belongs."""
    add_sources(parser, count, metavar)
    add_out(parser)
    add_dataset(parser)
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
    parser.add_argument(
        "--changed",
        action="store_true",
        help="send only records that are new, or other than what was sent to this service and dataset",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="send all records, and compare the next --changed with these alone",
    )
    parser.add_argument(
        "--list-missing",
        type=Path,
        metavar="FILE",
        help="with --changed: write hashes of the records that were sent before and are missing now",
    )
    parser.add_argument(
        "--date", metavar="YYYYMMDD", help="the date in the file name, and the day of a job (today, UTC)"
    )
    parser.add_argument(
        "--min-rows",
        type=number,
        default=0,
        metavar="N",
        help="hold the batch where fewer rows came (0)",
    )
    parser.add_argument(
        "--max-invalid",
        type=share,
        default=0.05,
        metavar="SHARE",
        help="hold the batch above this share of rejects (5%%)",
    )
    parser.add_argument(
        "--max-bytes",
        type=size,
        default=5_000_000_000,
        metavar="N",
        help="split files larger than this (5000000000)",
    )
    parser.add_argument(
        "--no-report", action="store_true", help="leave out report.html, the page on what became of an export"
    )


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Where the work is done."""
    parser.add_argument(
        "--engine",
        choices=("local", "spark"),
        default="local",
        help="what does the work: this process, or the workers of a Spark cluster, which see the same folders (local)",
    )
    parser.add_argument(
        "--master",
        metavar="URL",
        help="with --engine spark: the master, as in spark://host:7077 (all cores of this machine)",
    )


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """The dataset of batches."""
    parser.add_argument(
        "--dataset",
        metavar="ID",
        help="the dataset to load into; purchase=ID,customer_record=ID for several types (LEXER_DATASET_ID)",
    )


def add_batches(parser: argparse.ArgumentParser, count: str, summary: str) -> None:
    """Batches that are named, and the folder that they lie in."""
    parser.add_argument("batches", nargs=count, type=folder, metavar="BATCH", help=summary)
    parser.add_argument(
        "--out",
        type=folder,
        help="the folder of prepared batches (the one the batches lie in, else batches)",
    )


def add_unattended(parser: argparse.ArgumentParser) -> None:
    """Jobs, and what a run does where nobody looks on."""
    parser.add_argument(
        "--job",
        metavar="NAME",
        help="a job of pipeline.toml, also where a file is called so; NAME alone is the same",
    )
    parser.add_argument("--list", action="store_true", help="list the jobs with their files, and end")
    parser.add_argument(
        "--dry-run", action="store_true", help="check the files as validate does; make and send nothing"
    )
    parser.add_argument(
        "--missing",
        choices=("error", "ok"),
        default="error",
        help="what a source of which there is no file means (error)",
    )
    parser.add_argument(
        "--when-held",
        choices=("continue", "stop"),
        default="continue",
        help="what follows where a specification is held or rejected: the others are sent, or nothing more is (continue)",
    )


def add_sending(parser: argparse.ArgumentParser) -> None:
    """How batches are sent."""
    parser.add_argument(
        "--resend", action="store_true", help="send again what was sent, was refused or is in doubt"
    )
    parser.add_argument(
        "--older", action="store_true", help="send also what is older than what was sent of its series"
    )
    parser.add_argument("--parallel", type=count, metavar="N", help="uploads at a time (4)")
    parser.add_argument(
        "--limit-rate", type=size, metavar="RATE", help="bytes a second in all, as in 500k or 2m"
    )


def share(text: str) -> float:
    """A share, as 5% or 0.05."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match else 2.0
    if share > 1:
        raise argparse.ArgumentTypeError("a share is written 5% or 0.05")
    return share


def size(text: str) -> int:
    """A size in bytes, as 500k or 2m."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kmg]?)", text.lower())
    size = int(float(match[1]) * SIZES[match[2]]) if match else 0
    if size < 1:
        raise argparse.ArgumentTypeError("a size is a number of bytes above 0, or 500k, 2m, 1g")
    return size


def number(text: str) -> int:
    """A number of rows."""
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise argparse.ArgumentTypeError("a number of rows is a whole number")
    return int(text)


def line(text: str) -> int:
    """A line of a file."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,17}", text):
        raise argparse.ArgumentTypeError(f"a line is a whole number from 1, not {text}")
    return int(text)


def age(text: str) -> float:
    """A time in seconds, as 30d, 12h or 8w."""
    match = re.fullmatch(r"([0-9]{1,6})([hdw])", text)
    if not match:
        raise argparse.ArgumentTypeError("an age is a number of days, hours or weeks: 30d, 12h, 8w")
    return float(match[1]) * HOURS[match[2]] * 3600


def count(text: str) -> int:
    """A count from 1 to 999."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise argparse.ArgumentTypeError("a count is a whole number above 0")
    return int(text)
