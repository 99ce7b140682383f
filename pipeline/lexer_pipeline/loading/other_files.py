"""What lies beside the data in a zip: documents, pictures, and texts for people."""

import codecs
import re
from pathlib import PurePosixPath

OTHER = frozenset(
    [
        ".pdf",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".svg",
        ".bmp",
        ".tif",
        ".tiff",
        ".heic",
        ".ico",
        ".psd",
        ".mp3",
        ".mp4",
        ".mov",
        ".avi",
        ".wav",
        ".doc",
        ".docx",
        ".odt",
        ".rtf",
        ".ppt",
        ".pptx",
        ".odp",
        ".pages",
        ".key",
        ".html",
        ".htm",
        ".css",
        ".js",
        ".md",
        ".rst",
        ".xsd",
        ".url",
        ".webloc",
        ".lnk",
        ".ics",
        ".eml",
        ".msg",
        ".log",
        ".sig",
        ".asc",
        ".md5",
        ".sha1",
        ".sha256",
        ".eot",
        ".ttf",
        ".woff",
        ".woff2",
    ]
)
# A text without an ending, or with this one, may be a table or words for a person.
TEXTS = ("", ".txt", ".text")
FOR_PEOPLE = re.compile(
    r"[\W_]*(read[\W_]*me|licen[cs]e|liesmich|lisezmoi|leeme|changelog|copyright)", re.IGNORECASE
)
DELIMITERS = "\t;|,"
SHOWN_LINES = 20


def is_other(name: str) -> bool:
    """Whether the name of a file says that it holds no data."""
    path = PurePosixPath(name)
    ending = path.suffix.lower()
    return ending in OTHER or (ending in TEXTS and FOR_PEOPLE.match(path.name) is not None)


def is_prose(name: str, head: bytes) -> bool:
    """Whether a file whose name does not say it holds sentences for a person, by its first bytes: no cells, and no JSON.

    A list of one column is told by a name without blanks above it.
    """
    if PurePosixPath(name).suffix.lower() not in TEXTS:
        return False
    is_wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    lines = [line.strip(" \r") for line in text.splitlines()[:SHOWN_LINES] if line.strip()]
    if not lines or lines[0][0] in "{[" or not re.search(r"\s", lines[0].strip()):
        return False
    # The last one may be cut short.
    whole = lines[:-1] if len(lines) > 1 else lines
    return not any(_is_even(whole, delimiter) for delimiter in DELIMITERS)


def _is_even(lines: list[str], delimiter: str) -> bool:
    """Whether a delimiter stands in the first line, and as many times in most of the others."""
    counts = [line.count(delimiter) for line in lines]
    return counts[0] > 0 and counts.count(counts[0]) * 2 > len(counts)
