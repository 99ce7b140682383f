"""A Spark session of our own: Java found, the workers' Python named, and Spark's own words kept off the terminal."""

import os
import re
import shutil
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lexer_pipeline.errors import ServiceUnavailable, UsageError
from lexer_pipeline.preparing.options import Options

LOCAL = "local[*]"
HOME = "127.0.0.1"
# Masters whose workers are on this machine, which need not be known by a name.
HERE = re.compile(r"local\b|spark://(localhost|127\.0\.0\.1)[:,]")
MASTERS, PATIENCE = re.compile(r"spark://([^/]+)"), 10.0
NO_SPARK = "Install it with: pip install 'lexer-pipeline[spark]'"
NO_JAVA = "Install a Java of version 17 or later (Debian: apt install openjdk-17-jre-headless), or name it in JAVA_HOME."
SETTINGS: Mapping[str, str] = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.log.structuredLogging.enabled": "false",
}


@contextmanager
def quiet() -> Iterator[None]:
    """PySpark warns of versions of pandas, of which nothing here makes use."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextmanager
def opened(master: str | None, words: Path) -> Iterator[Any]:
    """A session with this master (all cores of this machine by default) until the block ends; what Spark says goes to the file `words`.

    UsageError where Java does not start, ServiceUnavailable where the master cannot be reached.
    """
    pyspark = import_module("pyspark")
    _refuse_unreachable(master or LOCAL)
    # Else the workers take the system's Python, which has no pyarrow.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = pyspark.SparkConf().setAppName("lexer-pipeline").setMaster(master or LOCAL)
    for name, value in SETTINGS.items():
        conf.setIfMissing(name, value)
    if HERE.match(master or LOCAL):
        conf.set("spark.driver.host", HOME).set("spark.driver.bindAddress", HOME)
    session = _begun(conf, words)
    try:
        yield session
    finally:
        session.stop()


def check_installed() -> None:
    """UsageError where PySpark or Java is missing: how to install it."""
    if find_spec("pyspark") is None:
        raise UsageError("--engine spark: PySpark is not installed", NO_SPARK)
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise UsageError("--engine spark: there is no Java, which Spark runs on", NO_JAVA)


def refuse_unsuited(options: Options) -> None:
    """UsageError for what one machine alone does."""
    for name, flag in (("fix", "--fix BATCH"), ("edits", "--fix EDITS")):
        if getattr(options, name) is not None:
            raise UsageError(
                f"--engine spark: {flag} is done on one machine", "Leave out --engine.", without=("--engine",)
            )


def _refuse_unreachable(master: str) -> None:
    """Raise ServiceUnavailable where no host of a cluster's address answers: Spark itself would try for a minute."""
    found = MASTERS.fullmatch(master)
    if found is None:
        return
    for host, _, port in (one.rpartition(":") for one in found[1].split(",")):
        with suppress(OSError, ValueError), socket.create_connection((host, int(port)), PATIENCE):
            return
    raise _unreachable(master)


def _unreachable(master: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"--engine spark: the master {master} cannot be reached, or takes no application",
        "Look whether it runs, and whether its version of Spark is that of pyspark here.",
    )


def _begun(conf: Any, words: Path) -> Any:
    with quiet():
        gateway, errors = import_module("pyspark.java_gateway"), import_module("pyspark.errors")
        context, sql = import_module("pyspark").SparkContext, import_module("pyspark.sql").SparkSession
    with words.open("ab") as file, quiet():
        try:
            # Java and the workers inherit the file, so that it need not stay open here.
            java = context._gateway or gateway.launch_gateway(conf, {"stdout": file, "stderr": file})  # noqa: SLF001 - the one of an earlier session
            return sql(context(conf=conf, gateway=java))
        except errors.PySparkRuntimeError:
            raise UsageError("--engine spark: Java does not start", NO_JAVA) from None
        except Exception as problem:
            if type(problem).__module__.partition(".")[0] != "py4j":
                raise
            raise _unreachable(conf.get("spark.master")) from None
