"""Stage: file names as the vendor's page "Providing JSON data" asks: {specification_name}-{date}-{version}.json.

At the vendor's the file with the higher version is used in place of the lower one of the same name (all before the
version). So a version rises by a correction alone, and what else is delivered differs in the first part of its name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date as day

from msgspec import Struct

from lexer_pipeline.errors import UsageError

FILE_NAME = re.compile(
    r"(?P<name>(?P<first>[A-Za-z0-9_]+)-(?P<date>[0-9]{8}))(?:-(?P<version>[A-Za-z0-9_-]+))?\.(?:json|csv)"
)
PART = re.compile(r"_part_[0-9]{2,}$")
DATE = re.compile(r"[0-9]{8}")
FIRST_VERSION = "a"
LONGEST = 100


class Given(Struct, frozen=True):
    """What was given under one name so far: whether it is taken now, and its highest version."""

    taken: bool
    version: str


class FileName(Struct, frozen=True):
    """What the name of a file says: `first` is without the `part` (`_part_01` or nothing); no `date`, where it says nothing."""

    first: str
    part: str = ""
    date: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """All of it before the version."""
        return f"{self.first}{self.part}-{self.date}" if self.date else self.first

    @property
    def delivery(self) -> str:
        """What the parts of the delivery have in common."""
        return f"{self.first}-{self.date}" if self.date else self.first


def parse(file: str) -> FileName:
    """What the name of this file says."""
    match = FILE_NAME.fullmatch(file)
    if match is None:
        return FileName(file.rpartition(".")[0] or file)
    part = PART.search(match["first"])
    first = PART.sub("", match["first"])
    return FileName(first, part[0] if part else "", match["date"], match["version"] or "")


def part_names(first: str, date: str, parts: int) -> list[str]:
    """The names, before the version, of the parts of one delivery.

    They differ before the date, since a file of the same name but a higher version would replace another at the vendor's.
    """
    if parts == 1:
        return [f"{first}-{date}"]
    width = max(2, len(str(parts)))
    return [f"{first}_part_{number:0{width}}-{date}" for number in range(1, parts + 1)]


def choose(first: str, date: str, given: Mapping[str, Given]) -> tuple[str, str]:
    """(first part, version) of the next delivery: `first`, or `first_02` and so on where that is taken.

    `given` is by the name of the whole delivery, as `delivery_name` tells it.
    """
    number, chosen = 1, first
    while (known := given.get(f"{chosen}-{date}")) is not None and known.taken:
        number += 1
        chosen = f"{first}_{number:02}"
    return chosen, next_version(known.version) if known is not None else FIRST_VERSION


def free(
    first: str, date: str, given: Mapping[str, Given], is_there: Callable[[str, str], bool]
) -> tuple[str, str]:
    """What `choose` says, but for a name and a version that `is_there` finds: what lies there is left alone."""
    known = dict(given)
    chosen, version = choose(first, date, known)
    while is_there(chosen, version):
        known[f"{chosen}-{date}"] = Given(True, version)
        chosen, version = choose(first, date, known)
    return chosen, version


def delivery_name(name: str) -> str:
    """The name that the parts of a delivery have in common, from the name of one of them."""
    first, _, date = name.rpartition("-")
    return f"{PART.sub('', first)}-{date}"


def next_version(version: str) -> str:
    """a, b, ... z, za, zb, ...: plain string order stays the order of the versions."""
    if not version:
        return FIRST_VERSION
    # Other signs than letters come from names that people gave.
    if not "a" <= version[-1] <= "y":
        return version + "a"
    return version[:-1] + chr(ord(version[-1]) + 1)


def highest(versions: Iterable[str]) -> str:
    """The one of several versions that the vendor uses."""
    return max(versions, default="")


def check_date(date: str) -> str:
    """`date` if it is a day in basic form, as the vendor's examples write it."""
    try:
        if DATE.fullmatch(date) and day.fromisoformat(date):
            return date
    except ValueError:
        pass  # eight digits that the calendar does not have
    raise UsageError("--date is not a day in the form YYYYMMDD", "Write it as in 20240306.")


def words_in_name(words: str) -> str:
    """`words` as a first part of a name may hold them: letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_")[:LONGEST]


def check_label(label: str) -> str:
    """A label as file names hold it; what would be taken for a part or a further delivery is refused."""
    plain = words_in_name(label)
    if not plain or plain.isdigit() or re.search(r"_part(_[0-9]+)?$", f"_{plain}", re.I):
        raise UsageError(
            f"--label {label!r} cannot stand in a file name",
            "Use words, as in --label sydney: a number alone and part_01 mean something else there.",
        )
    return plain
