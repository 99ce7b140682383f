"""What lies beside the data in a zip: documents, pictures, and texts for people."""

import codecs
import re
from pathlib import PurePosixPath

from lexer_pipeline.system.patterns import lazily

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
        ".sql",
        ".yaml",
        ".yml",
        ".xml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".env",
        ".py",
        ".sh",
        ".bat",
        ".sha512",
        ".crc",
        ".rels",
        ".db",
        ".tmp",
        ".bak",
        ".properties",
    ]
)
# A text without an ending, or with this one, may be a table or words for a person.
TEXTS = ("", ".txt", ".text")
FOR_PEOPLE = lazily(
    r"[\W_]*(read[\W_]*me|licen[cs]e|lies[\W_]*mich|lisez[\W_]*moi|leggi[\W_]*mi|lees[\W_]*mij|leeme|l[eé]ame|leia[\W_]*me"
    r"|changelog|copyright|copying|eula(?![a-z]))",
    re.IGNORECASE,
)
# What tells of the data beside it, if there are any.
ABOUT_DATA = lazily(
    r"[\W_]*((export|data)[\W_]*)?(manifest|package([\W_]lock)?|schema|meta([\W_]?data)?|info|config|settings|notes|notice|terms|version"
    r"|instructions|disclaimer|read[\W_]*me|licen[cs]e|checksums?)",
    re.IGNORECASE,
)
DICTIONARY = lazily(
    r"[\W_]*(data[\W_]*dictionary|dictionary|code[\W_]*book|read[\W_]*me|(field|column)[\W_]*(descriptions?|definitions?)|schema|metadata)",
    re.IGNORECASE,
)
TABLES = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
DELIMITERS = "\t;|,"
SHOWN_LINES = 20


def is_other(name: str) -> bool:
    """Whether the name of a file says that it holds no data."""
    path = PurePosixPath(name)
    ending = path.suffix.lower()
    return ending in OTHER or (ending in TEXTS and FOR_PEOPLE().match(path.name) is not None)


def is_about_data(name: str) -> bool:
    """Whether the name of a file says that it tells of the data beside it: `manifest.json`, `data_dictionary.csv`."""
    path = PurePosixPath(name)
    ending = path.suffix.lower()
    known = DICTIONARY if ending in TABLES else ABOUT_DATA if ending in (".json", *TEXTS) else None
    return known is not None and known().fullmatch(path.stem) is not None


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
