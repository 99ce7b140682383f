"""An interpreter of the tables, with JSON types and formats taken strictly: the strict half of the oracle."""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .tables import TABLES


@dataclass(frozen=True)
class Node:
    """One place of a record: its kind, its limits and what lies below it."""

    kind: str
    required: bool = False
    one_of: tuple[str, ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    below: float = math.inf
    shortest: int = 0
    members: Mapping[str, "Node"] = field(default_factory=dict)
    item: "Node | None" = None


_LIMITS = {">=": "minimum", "<=": "maximum", "<": "below"}


def _words(text: str) -> dict[str, Any]:
    """The values or bounds at the end of a row, as arguments of Node."""
    found: dict[str, Any] = {}
    for word in text.split():
        if bound := re.fullmatch(r"(>=|<=|<)(.+)", word):
            found[_LIMITS[bound[1]]] = float(bound[2])
        else:
            found["one_of"] = (*found.get("one_of", ()), word)
    return found


def _node(rows: Mapping[str, tuple[str, str]], path: str) -> Node:
    kind, limits = rows.get(path, ("object", ""))
    item = _node(rows, path + "[]") if kind.rstrip("!") == "array" else None
    stem = path + "." if path else ""
    names = [p[len(stem) :] for p in rows if p.startswith(stem) and p != path]
    members = {name: _node(rows, stem + name) for name in names if not set(".[") & set(name)}
    return Node(kind.rstrip("!"), kind.endswith("!"), members=members, item=item, **_words(limits))


def _tree(table: str) -> Node:
    rows = [row.split(maxsplit=2) for row in table.splitlines() if row.strip()]
    return _node({row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows}, "")


RECORDS: Mapping[str, Node] = {name: _tree(table) for name, table in TABLES.items()}
_NEEDED_TEXT = Node("string", required=True)
_LINK_TYPES = ("email", "email_sha256", "customer_id", "mobile", "engage.id", "external_id", "email_md5")
LINK_SHAPES: tuple[Mapping[str, Node], ...] = (
    {"email": Node("email", required=True)},
    {"email_sha256": Node("hash", required=True)},
    {"email_md5": Node("hash", required=True)},
    {"customer_id": _NEEDED_TEXT, "system_name": Node("string")},
    {"mobile": _NEEDED_TEXT},
    {"external_id": _NEEDED_TEXT, "system_name": _NEEDED_TEXT},
    {
        "link_type": Node("string", required=True, one_of=_LINK_TYPES),
        "link_value": Node("string", required=True, shortest=1),
        "id_type": Node("string"),
    },
)

_EMAIL = re.compile(r"[a-zA-Z0-9_.+-]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9.-]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]"
# RFC 3339, without its leap second and its lower-case letters; more than twelve digits break pydantic 1.10.
_DATE_TIME = re.compile(
    rf"({_DATE.pattern})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,12}})?(?:Z|{_OFFSET})"
)
_PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
# RFC 3986, appendix A, for the hierarchical form that http and https use.
_HTTP_URI = re.compile(
    r"(?i:https?)://"
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
    r"(?:\[(?P<ip6>[0-9A-Fa-f:.]+)\]|\[v[0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+\]"
    r"|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)"
    r"(?::[0-9]*)?"
    rf"(?:/{_PCHAR}*)*"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?"
    rf"(?:#(?:{_PCHAR}|[/?])*)?"
)


def is_date(text: str) -> bool:
    """True for a day of the calendar written YYYY-MM-DD in ASCII digits."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date(*map(int, text.split("-")))
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """True for RFC 3339 text with upper-case T and Z, on a day of the calendar."""
    parts = _DATE_TIME.fullmatch(text)
    return parts is not None and is_date(parts[1])


def is_http_uri(text: str) -> bool:
    """True for a URI of RFC 3986 whose scheme is http or https."""
    parts = _HTTP_URI.fullmatch(text)
    if parts is None:
        return False
    try:
        ipaddress.IPv6Address(parts["ip6"] or "::")
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "string": lambda text: True,
    "hash": lambda text: True,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "date": is_date,
    "date-time": is_date_time,
    "url": lambda text: 1 <= len(text) <= 2083 and is_http_uri(text),
}


def _members_hold(members: Mapping[str, Node], value: Mapping[str, Any]) -> bool:
    return all(
        holds(node, value[name]) if name in value else not node.required for name, node in members.items()
    )


def _link_holds(value: Any) -> bool:
    return isinstance(value, dict) and any(
        value.keys() <= shape.keys() and _members_hold(shape, value) for shape in LINK_SHAPES
    )


def _options_hold(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(texts, list) and all(isinstance(text, str) for text in texts) for texts in value.values()
    )


def _number_holds(node: Node, value: Any) -> bool:
    if not _is_number(value) or (node.kind == "integer" and value % 1 != 0):
        return False
    return bool(node.minimum <= value <= node.maximum and (value < node.below or node.below == math.inf))


def holds(node: Node, value: Any) -> bool:
    """True if the value satisfies the node and all below it, types taken strictly as JSON has them."""
    match node.kind:
        case "object":
            return isinstance(value, dict) and _members_hold(node.members, value)
        case "array":
            assert node.item is not None
            item = node.item
            return isinstance(value, list) and all(holds(item, each) for each in value)
        case "number" | "integer":
            return _number_holds(node, value)
        case "boolean":
            return isinstance(value, bool)
        case "open":
            return isinstance(value, dict)
        case "options":
            return _options_hold(value)
        case "link":
            return _link_holds(value)
    if not isinstance(value, str) or len(value) < node.shortest:
        return False
    return _FORMATS[node.kind](value) and (not node.one_of or value in node.one_of)
