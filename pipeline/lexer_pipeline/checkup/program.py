"""What runs here: the kernels, Python, this program and the libraries that it stands on."""

import platform
import re
import sqlite3
import ssl
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version

import pycurl

from lexer_pipeline.checkup.check import Check, look, wrong
from lexer_pipeline.errors import UsageError

AREA = "program"
NAME = "lexer-pipeline"
NEEDED = re.compile(r"([A-Za-z0-9_.-]+)\s*(?:>=\s*([0-9.]+))?")
EXTRA = re.compile(r"""extra\s*==\s*['"]([a-z0-9-]+)['"]""")
FOR_WORK = {"bench", "dev"}  # extras that only work on this program needs


def look_at(own: str) -> Iterator[Check]:
    """The program; `own` is its version."""
    yield _kernels()
    yield Check(AREA, NAME, own)
    yield Check(AREA, "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    try:
        needed = requires(NAME) or ()
    except PackageNotFoundError:
        yield look(
            AREA, "libraries", "this program is not installed, so what it needs is not known", "pip install ."
        )
        return
    yield from _libraries([one for one in needed if "extra" not in one])
    yield Check(
        AREA,
        "TLS and files",
        f"{ssl.OPENSSL_VERSION}; {pycurl.version.split()[1]}; SQLite {sqlite3.sqlite_version}",
    )
    yield from _extras(needed)


def _kernels() -> Check:
    try:
        import_module("lexer_pipeline.kernels.dispatch")
    except UsageError as problem:
        return wrong(AREA, "kernels", problem.message, problem.hint)
    return Check(AREA, "kernels", "compiled")


def _libraries(needed: Sequence[str]) -> Iterator[Check]:
    good = []
    for name, least in _named(needed):
        found = _version(name)
        if found is None or _numbers(found) < _numbers(least):
            has = f"is {found}, older than {least}" if found else "is not installed"
            yield wrong(AREA, name, has, f"pip install '{name}>={least}'" if least else f"pip install {name}")
        else:
            good.append(f"{name} {found}")
    yield Check(AREA, "libraries", ", ".join(good))


def _extras(needed: Sequence[str]) -> Iterator[Check]:
    """What may be added; to lack it is no fault."""
    extras: dict[str, list[str]] = {}
    for one in needed:
        if (found := EXTRA.search(one)) and found[1] not in FOR_WORK:
            extras.setdefault(found[1], []).append(one)
    for extra, wanted in sorted(extras.items()):
        lacks = [name for name, _ in _named(wanted) if _version(name) is None]
        add = f"not installed; to add it: pip install '{NAME}[{extra}]'"
        yield Check(AREA, f"extra {extra}", add if lacks else "installed")


def _named(needed: Sequence[str]) -> Iterator[tuple[str, str]]:
    for one in needed:
        if found := NEEDED.match(one):
            yield found[1], found[2] or ""


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", text)[:3]]
