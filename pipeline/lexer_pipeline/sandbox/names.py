"""The vendor's rules for file names.

`{specification_name}-{date}-{version}.json` and `{content_descriptor}-{date}-{version}.csv`, from the vendor's
File Upload API page: parts joined by hyphens, words by underscores, the version optional, the date in ISO 8601
(every example there uses the basic form).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

RULES = (
    "a file name is {specification_name}-{date}-{version}.json or {content_descriptor}-{date}-{version}.csv"
)
SHAPE = re.compile(r"([A-Za-z0-9_]+)-(\d{8})(?:-([A-Za-z0-9_]+))?\.(json|csv)", re.ASCII)
SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}", re.ASCII)
PART = re.compile(r"_part_\d+$")


@dataclass(frozen=True, slots=True)
class Name:
    """A file name taken apart; `subject` is the specification or the content descriptor."""

    subject: str
    date: str
    version: str
    kind: str

    @property
    def specification(self) -> str:
        """The subject without the number that tells the parts of one delivery apart."""
        return PART.sub("", self.subject)


def read(filename: str) -> Name | None:
    """The parts of a name that keeps the rules."""
    found = SHAPE.fullmatch(filename)
    if not found or not _is_date(found[2]):
        return None
    return Name(found[1], found[2], found[3] or "", found[4])


def is_safe(filename: str) -> bool:
    """Whether a name can be an object's key as it is."""
    return bool(SAFE.fullmatch(filename))


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
