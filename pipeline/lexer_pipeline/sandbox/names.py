"""The vendor's rules for file names.

`{specification_name}-{date}-{version}.json` and `{content_descriptor}-{date}-{version}.csv`, from the vendor's
File Upload API page: parts joined by hyphens, words by underscores, the version optional, the date in ISO 8601
(every example there uses the basic form). The vendor's own upload script breaks them: it sends
`{dataset}_{record_type}_{seconds}.ndjson`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

FORM = "{specification_name}-{date}-{version}.json"
RULES = f"{FORM} or {{content_descriptor}}-{{date}}-{{version}}.csv, as in commerce_purchases-20240306-a.json"
CHARACTERS = "letters, digits, - and _, with a dot before the ending"
SHAPE = re.compile(r"([A-Za-z0-9_]+)-(\d{8})(?:-([A-Za-z0-9_]+))?\.(json|csv)", re.ASCII)
SCRIPT = re.compile(r"([A-Za-z0-9_-]+)_(\d{9,11})\.ndjson", re.ASCII)
SAFE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}", re.ASCII)


class Name(Struct, frozen=True):
    """A file name taken apart; `subject` is all before the date."""

    subject: str
    date: str
    version: str
    kind: str

    @property
    def without_version(self) -> str:
        """What all versions of one file share: the vendor uses that with the highest version."""
        return f"{self.subject}-{self.date}.{self.kind}"

    def specification(self, known: Iterable[str]) -> str | None:
        """The known specification that the name begins with, whatever label, number or part follows it."""
        fitting = (one for one in known if self.subject == one or self.subject.startswith(f"{one}_"))
        return max(fitting, key=len, default=None)


class ScriptName(Struct, frozen=True):
    """A name as the vendor's own script makes it."""

    dataset: str
    record_type: str


def read(filename: str) -> Name | None:
    """The parts of a name that keeps the rules."""
    found = SHAPE.fullmatch(filename)
    if not found or not _is_date(found[2]):
        return None
    return Name(found[1], found[2], found[3] or "", found[4])


def read_script(filename: str, record_types: Iterable[str]) -> ScriptName | None:
    """The parts of a name of the vendor's own script, if it holds one of these record types."""
    found = SCRIPT.fullmatch(filename)
    ends = [one for one in record_types if found and found[1].endswith(f"_{one}") and found[1] != f"_{one}"]
    if not found or not ends:
        return None
    record_type = max(ends, key=len)  # a dataset may end in a word that makes a longer type of it
    return ScriptName(found[1].removesuffix(f"_{record_type}"), record_type)


def is_safe(filename: str) -> bool:
    """Whether a name can be an object's key as it is."""
    return bool(SAFE.fullmatch(filename))


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True
