"""Ids of datasets as people write them: one for all record types, or one for each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from lexer_pipeline.errors import UsageError
from lexer_pipeline.outbox.datasets import ANY
from lexer_pipeline.specs import catalog


def parse_datasets(text: str, where: str) -> dict[str, str]:
    """Dataset ids by record type from `ID` (which stands for all types) or `purchase=ID,customer_record=ID`."""
    if not text:
        return {}
    pairs = [one.strip().rpartition("=") for one in text.split(",")]
    found = {kind or ANY: dataset for kind, _, dataset in pairs}
    if len(found) != len(pairs) or (ANY in found and len(found) > 1):
        raise UsageError(f"{where}: names a dataset twice", _written_as(where))
    for dataset in found.values():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", dataset):
            raise UsageError(
                f"{where} is not a dataset id",
                f"Hub > Manage > Datasets > View shows it. {_written_as(where)}",
            )
    for kind, hint in unknown_types(set(found) - {ANY}):
        meant = hint.partition("Did you mean ")[2].rstrip("?")
        raise UsageError(
            f"{where}: there is no record type {kind}",
            hint,
            instead=(text, text.replace(f"{kind}=", f"{meant}=") if meant else ""),
        )
    return found


def _written_as(where: str) -> str:
    """How ids are written behind the flag, or into the variable."""
    flag, equals = ("--dataset", " ") if where.startswith("--") else (f"export {where}", "=")
    return f"Write {flag}{equals}a1b2c3d4, or {flag}{equals}purchase=a1b2c3d4,customer_record=b2c3d4e5."


def over(lower: Mapping[str, str], higher: Mapping[str, str]) -> dict[str, str]:
    """Datasets of two places: one id of the higher is for all types, and ids by type for theirs alone."""
    return dict(higher) if ANY in higher else {**lower, **higher}


def unknown_types(kinds: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Those of some record types that no specification has, each with what may have been meant: their ids would serve nobody."""
    asked = sorted(kinds)
    known = sorted({one.record_type for one in catalog.every() if one.record_type}) if asked else []
    for kind in asked:
        if kind not in known:
            near = get_close_matches(kind, known, 1)
            yield kind, f"Did you mean {near[0]}?" if near else f"The record types are: {', '.join(known)}."
