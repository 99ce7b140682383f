"""What the pipeline must accept and what must then stand in its output, for a document already parsed."""

import re
from collections.abc import Mapping
from typing import Any

from .identity import address, bare, is_id, names_somebody, visible
from .models import parses
from .rules import LINK_SHAPES, RECORDS, Node, holds

_SPACED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ")
_NO_COLON = re.compile(r"([+-][0-9]{2})([0-9]{2})")
_LOCAL_TIME = re.compile(r"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)(.*)", re.DOTALL)


def is_json(value: Any) -> bool:
    """True if the value could be sent as JSON in UTF-8: numbers that a double holds, whole characters."""
    if isinstance(value, dict):
        return all(is_json(key) and is_json(member) for key, member in value.items())
    if isinstance(value, list):
        return all(map(is_json, value))
    try:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int | float):
            return abs(float(value)) < float("inf")
    except (UnicodeEncodeError, OverflowError):
        return False
    return True


def without_nulls(value: Any) -> Any:
    """The value with every null member of an object left out; in arrays and in custom fields a null stays."""
    if isinstance(value, dict):
        return {
            key: member if key == "custom_fields" else without_nulls(member)
            for key, member in value.items()
            if member is not None
        }
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def tidy_date_time(text: str) -> str:
    """The text with T for a space, a colon in the offset, and Z for a zone that is missing."""
    text = _SPACED.sub(r"\1T", text, count=1) if _SPACED.match(text) else text
    day, mark, rest = text.partition("T")
    parts = _LOCAL_TIME.fullmatch(rest)
    if parts is None:
        return text
    zone = parts[2]
    if offset := _NO_COLON.fullmatch(zone):
        zone = f"{offset[1]}:{offset[2]}"
    return day + mark + parts[1] + (zone or "Z")


def _clean_link(link: dict[str, Any]) -> dict[str, Any]:
    nodes = {name: node for shape in LINK_SHAPES for name, node in shape.items()}
    return _members({key: (nodes.get(key), value) for key, value in link.items()}, ("link",))


def _members(members: Mapping[str, tuple[Node | None, Any]], path: tuple[str, ...]) -> dict[str, Any]:
    """The members tidied, without those of which nothing is left."""
    clean = {
        key: _clean(node, value, (*path, key)) if node else value for key, (node, value) in members.items()
    }
    return {
        key: value
        for key, value in clean.items()
        if value != "" or not members[key][1] or visible(members[key][1])
    }


def _clean(node: Node, value: Any, path: tuple[str, ...] = ()) -> Any:
    """The value as it leaves: text tidied by its kind, and, outside a link, without keys nobody knows."""
    match node.kind, value:
        case "email", str():
            return address(visible(value))
        case "hash", str():
            return visible(value).strip().lower()
        case "date-time", str():
            return tidy_date_time(visible(value))
        case "date" | "url", str():
            return visible(value)
        case "string", str() if is_id(path):
            return bare(visible(value))
        case "link", dict():
            return _clean_link(value)
        case "object", dict():
            known = {key: (node.members[key], member) for key, member in value.items() if key in node.members}
            return _members(known, path)
        case "array", list():
            assert node.item is not None
            item = node.item
            return [_clean(item, each, (*path, "")) for each in value]
    return value


def normalised(record_type: str, document: object) -> Any:
    """The output's JSON for an accepted document."""
    return _clean(RECORDS[record_type], without_nulls(document))


def accepts(record_type: str, document: object) -> bool:
    """True if the pipeline must accept the document, a value as json.loads gives it."""
    if not is_json(document):
        return False
    clean = normalised(record_type, document)
    return holds(RECORDS[record_type], clean) and parses(record_type, clean) and names_somebody(clean)
