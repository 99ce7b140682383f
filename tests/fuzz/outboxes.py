"""Folders of batches to begin with: one whose batches wait, and one in which nothing waits any more."""

import atexit
import random
import shutil
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from lexer_pipeline.cli.commands import run, upload
from lexer_pipeline.system.runtime import Runtime

from tests.fuzz.answering import answering
from tests.fuzz.command import Said, typed
from tests.fuzz.runner import Complaint, Kind, in_child
from tests.upload.store import TOKEN

HASTY = 'upload.connect_timeout = 5\nupload.stall_timeout = 1\nupload.answer_timeout = 1\nupload.tries = 3\n[names]\nprofile_customer = "people"\n'
PRODUCTS = "product_id,name,price\nA-1,Kettle,12.50\nA-2,Tray,7\n"
PEOPLE = "link.customer_id,first_name,date_of_birth\nC-1,Mira,1990-02-28\nC-2,Teo,soon\nC-3,Noor,soon\n"
WRONG = "link.customer_id,first_name,date_of_birth\nC-4,Vera,never\n"
SOURCES = {
    "products.csv": PRODUCTS,
    "more.csv": PRODUCTS.replace("A-", "B-"),
    "people.csv": PEOPLE,
    "wrong.csv": WRONG,
}
SERVICE = "service.txt"  # where the settled ones were sent
DAY = ("--date", "20240306")


def to(url: str) -> dict[str, str]:
    """The environment of a command that may send to a service."""
    return {"LEXER_UPLOAD_API_URL": f"{url}/v1/uploads", "LEXER_UPLOAD_API_TOKEN": TOKEN}


def sent(words: tuple[str, ...], folder: Path, url: str) -> Said:
    """A command that sends, which waits for nothing."""
    quick = partial(Runtime, sleep=lambda _: None)
    with patch.object(upload, "Runtime", quick), patch.object(run, "Runtime", quick):
        return typed(words, folder, to(url))


def make(_: random.Random, folder: Path) -> None:
    """Both, in `folder`: `waiting`, and `settled`, whose batches were sent, corrected, held, rejected and dropped."""
    waiting, settled = folder / "waiting", folder / "settled"
    for place in (waiting, settled):
        place.mkdir()
        for name, words in SOURCES.items():
            (place / name).write_text(words)
        (place / "pipeline.toml").write_text(HASTY)
    expect(typed(("convert", "products.csv", "--spec", "product", *DAY), waiting), 0)
    expect(
        typed(("convert", "people.csv", "--spec", "customer_record", "--max-invalid", "100%", *DAY), waiting),
        0,
    )
    expect(typed(("convert", "more.csv", "--spec", "product", "--max-bytes", "60", *DAY), settled), 0)
    with answering(random.Random()) as service:
        service.is_wild = False
        (folder / SERVICE).write_text(service.base)
        expect(sent(("upload",), settled, service.base), 0)
        expect(
            sent(
                ("run", "products.csv", "--spec", "product", "--label", "shop", *DAY), settled, service.base
            ),
            0,
        )
        (settled / "products.csv").write_text(PRODUCTS.replace("7", "8"))
        again = ("--replaces", "commerce_products_shop-20240306-a")
        expect(sent(("run", "products.csv", "--spec", "product", *again), settled, service.base), 0)
    expect(typed(("convert", "people.csv", "--spec", "customer_record", *DAY), settled), 1)
    expect(typed(("convert", "wrong.csv", "--spec", "customer_record", "--label", "none", *DAY), settled), 1)
    expect(
        typed(
            ("convert", "more.csv", "--spec", "product", "--label", "gone", "--dataset", "d1", *DAY), settled
        ),
        0,
    )
    expect(typed(("drop", "commerce_products_gone-20240306-a"), settled), 0)
    expect(typed(("upload", "--dry-run"), settled), 4)


def expect(said: Said, code: int) -> None:
    """That a command of the set-up ended as it must."""
    if said.code != code:
        raise Complaint(f"{' '.join(said.words)}: exit {said.code}\n{said.all}")


@cache
def templates() -> Path:
    """The folder with both in it, made once by a process of its own and gone when this one ends."""
    folder = Path(mkdtemp(prefix="fuzz-outboxes-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    complaint = in_child(Kind("outboxes", make), 0, folder)
    if complaint:
        raise Complaint(complaint)
    return folder


def copied(name: str, folder: Path) -> Path:
    """One of them, to be played with."""
    return Path(shutil.copytree(templates() / name, folder / name))
