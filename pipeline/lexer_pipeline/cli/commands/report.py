"""report: the page on a batch, or on what sources would become."""

import argparse
from pathlib import Path, PurePath

from lexer_pipeline.cli import asked as given
from lexer_pipeline.cli import queries
from lexer_pipeline.cli.answers import print_json
from lexer_pipeline.cli.console import console_for, say
from lexer_pipeline.cli.exits import DONE
from lexer_pipeline.cli.terminal import watched
from lexer_pipeline.errors import UsageError
from lexer_pipeline.loading.database import Query
from lexer_pipeline.outbox.batch import PAGE, batch_named, folder_named, no_batch
from lexer_pipeline.outbox.names import FILE_NAME
from lexer_pipeline.preparing.pages import Page, page_on_batch, page_on_sources
from lexer_pipeline.system import files
from lexer_pipeline.system.addresses import address_of, shown
from lexer_pipeline.system.stores import Folder


def run(asked: argparse.Namespace) -> int:
    """Write a page, and say where."""
    if asked.out is not None and asked.out.suffix != ".html":
        raise UsageError(
            f"--out {asked.out}: a page ends in .html", f"Type --out {asked.out.with_suffix('.html')}"
        )
    batch = _batch(asked)
    if batch is not None:
        target, page = asked.out or batch / PAGE, page_on_batch(batch)
    else:
        target, page = asked.out or Path(_usual(asked.sources)), _of_sources(asked)
    files.write_whole(target, page.html)
    if asked.json:
        print_json({"page": str(target), "reports": page.as_json()})
    elif not asked.quiet:
        say(
            console_for(asked),
            f"{target}: open it in a browser, print it, or send it by mail; it holds no value of a record",
        )
    return DONE


def _batch(asked: argparse.Namespace) -> Folder | None:
    """The folder of the batch that is meant; None where sources are."""
    if asked.query is not None:
        return None
    found = (batch_named(word, asked.batches) for word in asked.sources)
    folders = [folder for folder in found if folder is not None]
    if folders and len(asked.sources) > 1:
        raise UsageError(
            f"{folders[0]}: a page is on one batch, or on sources", "Type report for each batch."
        )
    if folders:
        return folders[0]
    for word in filter(lambda one: address_of(one) is None, asked.sources):
        folder = folder_named(word, asked.batches)
        if FILE_NAME.fullmatch(f"{folder.name}.json") and not folder.exists() and not Path(word).exists():
            raise no_batch(word, folder, f"{word}: there is no such batch")
    return None


def _usual(sources: list[str]) -> str:
    name = PurePath(shown(sources[0])).name.replace(":", "_")
    return f"{name}.{PAGE}" if len(sources) == 1 and name != "-" else PAGE


def _of_sources(asked: argparse.Namespace) -> Page:
    sources = queries.sources(asked)
    called = [one.place if isinstance(one, Query) else shown(one) for one in sources]
    names = ", ".join("standard input" if one == "-" else PurePath(one).name for one in called)
    with watched(asked, "looking") as progress:
        return page_on_sources(sources, asked.spec, given.options(asked, progress), f"Report on {names}")
