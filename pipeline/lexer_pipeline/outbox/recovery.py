"""What a crash left half published on a disk is finished, or cleared away.

A delivery is written in a work folder under a lock. What is to be renamed is written down there before the first rename.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import lock_descriptor

from lexer_pipeline.outbox.locks import locked
from lexer_pipeline.system import files

# How work folders are called, and in them the lock, the plan, and the records of each part.
WORK, LOCK, PLAN, DATA = ".preparing-", "lock", "publish.json", "records.json"
INSIDE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def carry_out(out: Path, work: Path) -> None:
    """Move the parts of a work folder where its plan says; whoever calls holds the out folder (`locked`)."""
    for part, place in _planned(work).items():
        if (work / part).exists() and not (out / place).exists():
            os.rename(work / part, out / place)
    files.sync_folder(out)
    shutil.rmtree(work)


def _planned(work: Path) -> Mapping[str, str]:
    try:
        return planned_in((work / PLAN).read_bytes())
    except OSError:
        return {}


def planned_in(text: bytes) -> Mapping[str, str]:
    """What is to be moved where; a plan that leads out of the folder, or cannot be read, is none."""
    try:
        plan = json.loads(text)
        inside = all(INSIDE.fullmatch(part) and INSIDE.fullmatch(place) for part, place in plan.items())
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return plan if inside else {}


def recover(out: Path, is_known: Callable[[str], bool]) -> None:
    """Finish what a crash left half published, and clear away what nobody is working on.

    `is_known` says whether the ledger knows a folder of `out`: what it does not was never published.
    """
    works = [path for path in sorted(out.glob(f"{WORK}*")) if path.is_dir() and not path.is_symlink()]
    if works:
        with locked(out):
            for work in works:
                if _is_abandoned(work):
                    _recover(out, work, is_known)


def _recover(out: Path, work: Path, is_known: Callable[[str], bool]) -> None:
    planned = _planned(work)
    if planned and all(is_known(place) for place in planned.values()):
        carry_out(out, work)
    else:
        shutil.rmtree(work, ignore_errors=True)


def _is_abandoned(work: Path) -> bool:
    """Whether no process is at it; none begins while `out` is locked."""
    try:
        lock = os.open(work / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return True  # cut off before it had one, or half cleared away
    try:
        return lock_descriptor(lock, blocking=False)
    finally:
        os.close(lock)
