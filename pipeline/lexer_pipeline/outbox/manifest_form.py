"""Whether a manifest that was read has the form of one: a person, or a disk, may have changed it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from lexer_pipeline.outbox.entry import BatchState

LARGEST = 2**63 - 1  # what a ledger can hold
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of a file or folder beside it, never one elsewhere
REQUIRED = (
    "specification", "record_type", "state", "file", "bytes", "sha256", "records", "rejected", "rows", "continuations", "blank",
    "issues", "warnings", "conversions", "sources",
)  # fmt: skip

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and NAME.fullmatch(value) is not None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _object_of(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


def _is_source(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == SOURCE.keys() and _fits(value, SOURCE)


def _is_mapping(value: Any) -> bool:
    return _is_text(value) or _list_of(_or_none(_is_text))(value)


def _fits(value: Mapping[str, Any], form: Mapping[str, Check]) -> bool:
    return all(form[key](item) for key, item in value.items() if key in form)


SOURCE: Mapping[str, Check] = {"path": _is_text, "bytes": _is_count, "sha256": _is_text, "rows": _is_count}
FORM: Mapping[str, Check] = {
    **dict.fromkeys(("specification", "file", "sha256"), _is_text),
    **dict.fromkeys(("record_type", "destination"), _or_none(_is_text)),
    **dict.fromkeys(("replaces", "fixes"), _or_none(_is_name)),
    **dict.fromkeys(
        ("bytes", "records", "rejected", "rows", "continuations", "blank", "rejected_records", "unchanged"),
        _is_count,
    ),
    **dict.fromkeys(("issues", "warnings", "conversions", "skipped"), _object_of(_is_count)),
    **dict.fromkeys(("held_for", "accepted", "left_out"), _list_of(_is_text)),
    "state": lambda value: value in [*BatchState],
    "sources": _list_of(_is_source),
    "rejects": _list_of(_is_name),
    "mapping": _or_none(_is_mapping),
    "options": _is_object,
    "decisions": _list_of(_is_object),
    "suspicions": _object_of(_is_object),
    "compared_with": _or_none(_is_object),
}


def has_form(plain: Any) -> bool:
    """Whether JSON is a manifest: all that it must say is there, and everything is of its kind."""
    return isinstance(plain, dict) and all(key in plain for key in REQUIRED) and _fits(plain, FORM)
