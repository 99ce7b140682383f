"""What a command was asked, in the types that the library takes."""

import argparse
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lexer_pipeline.cli.streams import standard_input
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.format import ReadOptions
from lexer_pipeline.loading.network import Network
from lexer_pipeline.outbox.address import LedgerPlace
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.system import stores
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import origins
from lexer_pipeline.uploading import settings as stored
from lexer_pipeline.uploading.dataset_ids import over, parse_datasets
from lexer_pipeline.uploading.settings import Settings

OUT = Path("batches")


def read_options(asked: argparse.Namespace) -> ReadOptions:
    """How sources are to be read against what their content tells."""
    return ReadOptions(
        asked.encoding,
        asked.header_row,
        asked.sheet,
        skip_hidden=asked.hidden == "skip" or None,
    )


def options(asked: argparse.Namespace, progress: Callable[[int, int], None] | None) -> Options:
    """The options of `validate`, and of the commands that prepare."""
    if asked.date_format is not None:
        # Where no column is a date, or a phone number, nobody else would notice that there is no such form or country.
        import_module("lexer_pipeline.mapping.conversions.forms").form_of(asked.date_format)
    if asked.country is not None:
        try:
            import_module("lexer_pipeline.mapping.conversions").country_said(asked.country)
        except UsageError as problem:
            raise UsageError(f"--country: {problem.message}", problem.hint) from None
    here = stored.read(os.environ, Path(), to_send=False)
    found = Options(
        reading=read_options(asked), member=asked.member, mapping=asked.map, date_format=asked.date_format, zone=asked.timezone,
        country=asked.country,
        reject_unknown=asked.unknown == "reject", ignore_unknown=asked.ignore_unknown, keep_rest=asked.keep_rest,
        names=dict(here.names), stdin=standard_input(), progress=progress,
        show_values=getattr(asked, "show_values", False), accept=tuple(asked.accept), temp=asked.temp, threads=getattr(asked, "threads", None), network=Network(here.ca_file, here.proxy),
    )  # fmt: skip
    if "max_bytes" not in asked:
        return found
    here, edits = settings(asked, to_send=False), edits_named(asked)
    return replace(
        found, date=asked.date, label=asked.label, replaces=tuple(asked.replaces), datasets=here.datasets,
        fix=None if edits is not None else getattr(asked, "fix", None), edits=edits, ledger=here.ledger, min_rows=asked.min_rows, max_invalid=asked.max_invalid, max_bytes=asked.max_bytes, report=not asked.no_report,
        changed=asked.changed or asked.list_missing is not None, full=asked.full, service=here.service, list_missing=asked.list_missing,
    )  # fmt: skip


def network() -> Network:
    """How addresses are reached from this place."""
    here = stored.read(os.environ, Path(), to_send=False)
    return Network(here.ca_file, here.proxy)


def settings(asked: argparse.Namespace, *, to_send: bool = True) -> Settings:
    """The settings of this place, with what the flags say instead."""
    found = stored.read(os.environ, Path(), to_send=to_send)
    flags = {key: getattr(asked, key, None) for key in ("parallel", "limit_rate")}
    given: dict[str, Any] = {key: value for key, value in flags.items() if value is not None}
    if dataset := getattr(asked, "dataset", None):
        given["datasets"] = over(found.datasets, parse_datasets(dataset, "--dataset"))
    return replace(found, **given)


def address_source() -> str:
    """Where the address of the service comes from: a variable, a line of pipeline.toml, or `default`."""
    known = origins.settings_of(os.environ, stored.settings_in(Path()))
    return next(one.source for one in known if one.name == "upload.url")


def edits_named(asked: argparse.Namespace) -> Path | None:
    """The file of edits behind --fix, where that is no batch."""
    fixed = Path(getattr(asked, "fix", None) or "")
    return fixed if fixed.suffix == ".toml" else None


def made_in(asked: argparse.Namespace) -> Folder:
    """The folder that batches are made in: the one of the batch that is fixed, since its ledger knows it."""
    if edits_named(asked) is not None:
        return stores.folder(asked.out)
    fixed = stores.folder(getattr(asked, "fix", None) or "")
    is_elsewhere = asked.out == OUT and _has_folder(fixed) and fixed.parent.resolve() != OUT.resolve()
    return fixed.parent if is_elsewhere else stores.folder(asked.out)


def _has_folder(batch: Folder) -> bool:
    """Whether a batch was named with the folder that it lies in."""
    return not isinstance(batch, Path) or len(batch.parts) > 1


def out(asked: argparse.Namespace, ledger: LedgerPlace | None) -> Folder:
    """The folder of batches: the one that was named, or the one that the batches named lie in, since its ledger knows them.

    Where folders share a `ledger`, that one knows the batches of all.
    """
    if asked.out is not None:
        return stores.folder(asked.out)
    parents = list(dict.fromkeys(path.parent for path in asked.batches if _has_folder(path)))
    if len(parents) > 1 and ledger is None:
        raise UsageError(
            "the batches lie in several folders", "Name one folder's batches at a time, or say --out."
        )
    return next(iter(parents), OUT)
