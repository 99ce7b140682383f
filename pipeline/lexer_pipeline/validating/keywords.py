"""The keywords of JSON Schema by what they ask for, and what the kernels know of them."""

import math

from lexer_pipeline.kernels import codes
from lexer_pipeline.model import Schema

# Keywords without a say in what is valid, or whose say lies in another one named here.
COMBINATIONS = frozenset({"allOf", "anyOf", "oneOf", "not", "if"})
SILENT = COMBINATIONS | {
    "title", "description", "examples", "default", "deprecated", "$schema", "$id", "$defs", "$comment",
    "then", "else", "type", "properties", "additionalProperties",
}  # fmt: skip
# Rules for containers, which say nothing of a text or a number.
FOR_OBJECTS = frozenset({"required"})
FOR_LISTS = frozenset({"items", "minItems", "maxItems"})
FOR_CONTAINERS = FOR_OBJECTS | FOR_LISTS
# What the schemas say word for word, and the kernel that vouches for nothing outside of it.
EMAIL_PATTERN = r"^[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+$"
YEAR = "^(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-"
DATE_TIME_PATTERN = (
    YEAR + r"[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,12})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
)
URL_PATTERN = (
    r"^[Hh][Tt][Tt][Pp][Ss]?://(?:[^/]*@)?(?:(?:[_0-9A-Za-z~](?:[-_0-9A-Za-z~]{0,61}[_0-9A-Za-z~])?\.)+(?:[A-Za-z]{2,63}|[Xx][Nn]--[-_0-9A-Za-z]{2,59})\.?"
    r"|(?:[0-9]{1,3}\.){3}[0-9]{1,3}|\[[0-9A-Fa-f]*:[0-9A-Fa-f:]+\])"
    r"(?::0*(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(?:/.*|[?#][^@/]*(?:/.*)?)?$"
)
KNOWN_TEXT = (
    ({"pattern": EMAIL_PATTERN}, codes.KIND_EMAIL),
    ({"format": "date"}, codes.KIND_DATE),
    ({"format": "date", "pattern": YEAR}, codes.KIND_DATE),
    ({"format": "date-time"}, codes.KIND_DATE_TIME),
    ({"format": "date-time", "pattern": DATE_TIME_PATTERN}, codes.KIND_DATE_TIME),
    ({"format": "uri", "minLength": 1, "maxLength": 2083, "pattern": URL_PATTERN}, codes.KIND_URL),
)


def number_bounds(says: Schema) -> tuple[float, float] | None:
    """The least and the greatest number that some rules allow; None when they say anything else."""
    if not set(says) <= {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        return None
    low, high = says.get("minimum", -math.inf), says.get("maximum", math.inf)
    if "exclusiveMinimum" in says:
        low = max(low, math.nextafter(says["exclusiveMinimum"], math.inf))
    if "exclusiveMaximum" in says:
        high = min(high, math.nextafter(says["exclusiveMaximum"], -math.inf))
    return low, high


def is_silent(keyword: str) -> bool:
    """Whether a keyword has no say in what is valid, or a say that lies in another one."""
    return keyword in SILENT or keyword.startswith("x-")


def types_of(schema: Schema) -> frozenset[str]:
    """The JSON types that a schema names."""
    said = schema.get("type", ())
    return frozenset((said,) if isinstance(said, str) else said)
