"""Hypothesis strategies: records that must pass, the same with one thing spoiled, and both as CSV cells."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from . import oddities
from .identity import bare, names_somebody, visible
from .rules import LINK_SHAPES, RECORDS, Node

Place = tuple[str | int, ...]

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ("O'Brien", "Zo\u00eb", 'a "b", c', "two\nlines", "\U0001f469\u200d\U0001f4bb", "0800", "61491570006")
)
_NAMES = st.sampled_from(("tier", "loyalty_points", "News letter", "gr\u00f6\u00dfe", "a.b", "a[0]"))
_LOCAL = st.text("abcxyzABCXYZ019_.+-", min_size=1, max_size=10)
_LABEL = st.text("abcxyzABCXYZ019-", min_size=1, max_size=8)
_PADDING = st.sampled_from(("", "", " ", "\t", "\u00a0"))
_PATH = st.text("abcXYZ019-._~!$&'()*+,;=:@/", max_size=10)


@st.composite
def _emails(draw: DrawFn) -> str:
    address = f"{draw(_LOCAL)}@{draw(_LABEL)}.{draw(_LABEL)}{draw(st.sampled_from(('', '.', '.co')))}"
    return draw(_PADDING) + address + draw(_PADDING)


@st.composite
def _hashes(draw: DrawFn) -> str:
    digest = hashlib.new(draw(st.sampled_from(("sha256", "md5"))), draw(_TEXT).encode()).hexdigest()
    return draw(_PADDING) + draw(st.sampled_from((digest, digest.upper())))


@st.composite
def _date_times(draw: DrawFn) -> str:
    moment = draw(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
    fraction = draw(st.text("0123456789", max_size=12))
    zone = draw(st.sampled_from(("Z", "Z", "", "+10:00", "-0330", "+23:59", "-00:00", "+0000")))
    day, clock = moment.replace(microsecond=0).isoformat().split("T")
    return f"{day}{draw(st.sampled_from('TT '))}{clock}{'.' + fraction if fraction else ''}{zone}"


@st.composite
def _urls(draw: DrawFn) -> str:
    host = draw(st.sampled_from(("example.com", "img.example.com:8080", "EXAMPLE.org", "127.0.0.1")))
    path = draw(st.just("") | _PATH.map("/{}".format))
    return (
        draw(st.sampled_from(("http://", "https://")))
        + host
        + path
        + draw(st.sampled_from(("", "?a=%20", "#f")))
    )


def _numbers(node: Node) -> SearchStrategy[Any]:
    low, high = max(node.minimum, -1e9), min(node.maximum, node.below, 1e9)
    inside = {"allow_nan": False, "allow_infinity": False, "exclude_max": node.below < math.inf}
    cents = st.integers(math.ceil(low * 100), math.floor(high * 100) - (node.below < math.inf))
    return st.one_of(
        cents.map(lambda n: n / 100),
        st.integers(math.ceil(low), math.floor(high) - (node.below < math.inf)),
        st.floats(low, high, **inside),  # type: ignore[arg-type]
    )


def _integers(node: Node) -> SearchStrategy[Any]:
    whole = st.integers(int(max(node.minimum, -1e6)), int(min(node.maximum, 1e6)))
    return whole | whole | whole.map(float)


_JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=4,
)


def _objects(members: Mapping[str, Node]) -> SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {name: _values(node) for name, node in members.items() if node.required},
        optional={name: _values(node) for name, node in members.items() if not node.required},
    )


def _values(node: Node) -> SearchStrategy[Any]:
    """Values that satisfy the node, as far as it can tell alone."""
    match node.kind:
        case "object":
            return _objects(node.members)
        case "array":
            assert node.item is not None
            return st.lists(_values(node.item), max_size=3)
        case "link":
            return st.one_of([_objects(shape) for shape in LINK_SHAPES])
        case "number":
            return _numbers(node)
        case "integer":
            return _integers(node)
        case "string":
            # Of an id signs that nobody sees are taken off, and something has to be left.
            texts = _TEXT.filter(lambda text: bool(bare(visible(text)))) if node.shortest else _TEXT
            return st.sampled_from(node.one_of) if node.one_of else texts
    return {
        "boolean": st.booleans(),
        "open": st.dictionaries(_NAMES, _JSON, max_size=3),
        "options": st.dictionaries(_NAMES, st.lists(_TEXT, max_size=3), max_size=2),
        "email": _emails(),
        "hash": _hashes(),
        "date": st.dates().map(lambda day: day.isoformat()),
        "date-time": _date_times(),
        "url": _urls(),
    }[node.kind]


def _names_somebody(document: Any) -> bool:
    return names_somebody(
        {
            key: bare(visible(value)) if isinstance(value, str) else _bare_link(value)
            for key, value in document.items()
        }
    )


def _bare_link(value: Any) -> Any:
    return (
        {key: bare(visible(member)) for key, member in value.items() if isinstance(member, str)}
        if isinstance(value, dict)
        else value
    )


def _identified(product: dict[str, Any]) -> dict[str, Any]:
    """The product with the identifier that its product_reference_type names."""
    name = str(product.get("product_reference_type", "product_id"))
    return {name: "P-1", **product}


def good(record_type: str) -> SearchStrategy[dict[str, Any]]:
    """Valid documents of the type: any optional part present or absent, text that wants tidying included."""
    documents: SearchStrategy[dict[str, Any]] = _values(RECORDS[record_type]).filter(_names_somebody)
    return documents.map(_identified) if record_type == "product" else documents


def _below(node: Node | None, key: str | int) -> Node | None:
    if node is None or isinstance(key, int):
        return node and node.item
    if node.kind == "link":
        return next((shape[key] for shape in LINK_SHAPES if key in shape), None)
    return node.members.get(key)


def places(node: Node | None, value: Any, at: Place = ()) -> Iterator[tuple[Place, Node | None]]:
    """Every place of the value, itself first, each with the rule that holds there, if any."""
    yield at, node
    if isinstance(value, dict):
        for key, member in value.items():
            yield from places(_below(node, key), member, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from places(_below(node, index), each, (*at, index))


def _put(document: Any, place: Place, value: Any) -> Any:
    """The document with the value at the place."""
    if not place:
        return value
    changed = deepcopy(document)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return changed


def _at(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def _oddity(node: Node | None) -> SearchStrategy[Any]:
    anything = st.sampled_from(oddities.ANY)
    kind = node.kind if node else ""
    aimed = st.sampled_from(oddities.BY_KIND[kind]) if kind in oddities.BY_KIND else anything
    if kind in ("number", "integer"):
        aimed = aimed | st.sampled_from(oddities.NUMBERS)
    return aimed | anything


_NEW_KEYS = st.sampled_from(
    ("extra", "coordinates", "from_", "Email", "email ", "", "customer_id", "email", "system_name", "mobile")
    + ("email_md5", "id_type", "link_value", "quantity", "custom_fields", "products", "\ud800")
)


@st.composite
def _spoil_object(draw: DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    """The object with one member gone, one more, or two link shapes merged."""
    match draw(st.sampled_from(("remove", "add", "merge"))):
        case "remove" if value:
            gone = draw(st.sampled_from(list(value)))
            return {key: member for key, member in value.items() if key != gone}
        case "merge":
            link: dict[str, Any] = draw(st.one_of([_objects(shape) for shape in LINK_SHAPES]))
            return value | link
    return value | {draw(_NEW_KEYS): draw(st.sampled_from(oddities.ANY) | _TEXT)}


@st.composite
def spoiled(draw: DrawFn, record_type: str) -> Any:
    """A good document with one thing changed, mostly for the worse; `accepts` says if it still passes."""
    document = draw(good(record_type))
    place, node = draw(st.sampled_from(list(places(RECORDS[record_type], document))))
    value = _at(document, place)
    ways = ["swap", "swap", "swap", "wrap", "box", "deepen"]
    match draw(st.sampled_from(ways + ["inside"] * 4 if isinstance(value, dict) else ways)):
        case "inside":
            value = draw(_spoil_object(value))
        case "wrap":
            value = [value]
        case "box":
            value = {str(draw(_NEW_KEYS)): value}
        case "deepen":
            for _ in range(draw(st.integers(2, 60))):
                value = draw(st.sampled_from(([value], {"a": value})))
        case _:
            value = draw(_oddity(node))
    return _put(document, place, value)


def _header(place: Place) -> str:
    parts = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return "".join(parts).removeprefix(".")


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def cells_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The document's leaves as CSV cells under dotted headers; nulls, empty objects and arrays have no cell.

    Only keys without dots and brackets survive the way back, which is all that `flat` draws.
    """
    found = {_header(place): _at(document, place) for place, _ in places(None, document)}
    return {
        header: _cell(value)
        for header, value in found.items()
        if value is not None and not isinstance(value, dict | list)
    }


_COLUMN_NAMES = st.sampled_from(("tier", "loyalty_points", "newsletter"))


def _says_something(text: str) -> bool:
    """Whether anything is left of a cell without blanks, signs that nobody sees and what protects ids."""
    return bool(bare(visible(text)).strip())


_CELL_TEXT = _TEXT.filter(_says_something)


def _plain(node: Node, value: Any, draw: DrawFn) -> Any:
    """The value with what CSV cannot say (empty text, free nesting, names with dots) drawn anew."""
    if node.kind == "open":
        return draw(st.dictionaries(_COLUMN_NAMES, _CELL_TEXT, max_size=2))
    if node.kind == "options":
        return draw(st.dictionaries(_COLUMN_NAMES, st.lists(_CELL_TEXT, min_size=1, max_size=2), max_size=1))
    if isinstance(value, dict):
        below = {key: _below(node, key) for key in value}
        return {key: _plain(each, value[key], draw) for key, each in below.items() if each is not None}
    if isinstance(value, list) and node.item is not None:
        return [_plain(node.item, each, draw) for each in value] or [_plain_item(node.item, draw)]
    return draw(_CELL_TEXT) if isinstance(value, str) and not _says_something(value) else value


def _plain_item(node: Node, draw: DrawFn) -> Any:
    return _plain(node, draw(_values(node)), draw)


@st.composite
def flat(draw: DrawFn, record_type: str) -> dict[str, str]:
    """CSV cells by dotted header for one valid record: text as a person's spreadsheet would hold it."""
    node = RECORDS[record_type]
    cells = cells_of(_plain(node, draw(good(record_type)), draw))
    for header, kind in kinds_of(node, cells):
        if kind == "boolean":
            alike = ("true", "TRUE", "yes", "1") if cells[header] == "true" else ("false", "False", "N", "0")
            cells[header] = draw(st.sampled_from(alike))
        elif kind == "number" and "." in cells[header] and "e" not in cells[header]:
            cells[header] += draw(st.sampled_from(("", "0", "00")))
    return cells


def kinds_of(node: Node, cells: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each header with the kind of its field, empty where the field is open."""
    found = []
    for header in cells:
        below: Node | None = node
        for key in header.replace("[", ".[").split("."):
            below = _below(below, 0 if key.startswith("[") else key)
        found.append((header, below.kind if below else ""))
    return found


@st.composite
def spoiled_cell(draw: DrawFn, record_type: str) -> dict[str, str]:
    """The cells of a valid record with one of them replaced by text that may not fit there."""
    cells = draw(flat(record_type))
    header, kind = draw(st.sampled_from(kinds_of(RECORDS[record_type], cells)))
    aimed = st.sampled_from(oddities.BY_KIND.get(kind, oddities.CELLS))
    return cells | {header: draw(aimed | st.sampled_from(oddities.CELLS))}
