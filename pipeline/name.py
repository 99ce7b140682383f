"""Stage: file names as the vendor's page "Providing JSON data" asks: {specification_name}-{date}-{version}.json."""

import re
from collections.abc import Iterable
from datetime import date as day

from pipeline.errors import UsageError

FILE_NAME = re.compile(
    r"(?P<first>[A-Za-z0-9_]+)-(?P<date>[0-9]{8})(?:-(?P<version>[A-Za-z0-9_-]+))?\.(?:json|csv)"
)
PART = re.compile(r"_part_[0-9]{2,}$")
DATE = re.compile(r"[0-9]{8}")
VERSION = re.compile(r"[A-Za-z0-9_-]+")


def batch_names(first: str, date: str, version: str, parts: int) -> list[str]:
    """The names (without ending) of the parts of one delivery.

    Parts differ before the date, since a file of the same first part and date but a higher version would replace
    another at the vendor's.
    """
    if parts == 1:
        return [f"{first}-{date}-{version}"]
    width = max(2, len(str(parts)))
    return [f"{first}_part_{number:0{width}}-{date}-{version}" for number in range(1, parts + 1)]


def choose_version(first: str, date: str, known: Iterable[str]) -> str:
    """The next version after all that `known` file names have for this first part and date."""
    latest = ""
    for name in known:
        match = FILE_NAME.fullmatch(name)
        if match and match["date"] == date and PART.sub("", match["first"]) == first:
            latest = max(latest, match["version"] or "")
    version = "a"
    while version <= latest:
        version = next_version(version)
    return version


def next_version(version: str) -> str:
    """a, b, ... z, za, zb, ...: plain string order stays the order of the versions."""
    return version + "a" if version.endswith("z") else version[:-1] + chr(ord(version[-1]) + 1)


def check_date(date: str) -> str:
    """`date` if it is a day in basic form, as the vendor's examples write it."""
    try:
        if DATE.fullmatch(date) and day.fromisoformat(date):
            return date
    except ValueError:
        pass  # eight digits that the calendar does not have
    raise UsageError("--date is not a day in the form YYYYMMDD", "Write it as in 20240306.")


def check_version(version: str) -> str:
    """`version` if file names may hold it."""
    if not VERSION.fullmatch(version):
        raise UsageError("--version may hold letters, digits, _ and - alone", "Use a, b, c, ...")
    return version
