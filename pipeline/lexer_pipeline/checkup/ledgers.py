"""The ledger: where it lies, whether it can be read, who is at it, and what of it waits for a person. It is only read."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.checkup import databases
from lexer_pipeline.checkup.check import Check, look, unanswered, wrong
from lexer_pipeline.errors import PipelineError, ServiceUnavailable, UsageError
from lexer_pipeline.outbox import ledger_file
from lexer_pipeline.outbox.address import LedgerAddress, LedgerInDatabase, LedgerPlace
from lexer_pipeline.outbox.entry import ENDED, UNDER_WAY, State
from lexer_pipeline.outbox.ledger import in_postgres, place
from lexer_pipeline.outbox.recovery import LOCK, WORK
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder

AREA = "ledger"
LOCKS = Path("/proc/locks")  # Linux alone says who holds a lock
STATES = (
    "SELECT u.state, b.folder, u.updated_at FROM uploads u JOIN batches b ON b.id = u.batch ORDER BY u.id"
)
PATIENCE = 1.0


class Looked(Struct, frozen=True):
    """What was found; the time of the last entry, and that of the database's server, in Unix seconds."""

    checks: tuple[Check, ...]
    last: float | None = None
    server: float | None = None


def look_at(out: Folder, named: LedgerPlace | None, *, offline: bool = False) -> Looked:
    """The ledger of an out folder, or the one that the settings name; `offline` asks no database."""
    try:
        file = place(out, named)
    except UsageError as problem:  # it cannot lie where the batches do
        return Looked((wrong(AREA, "file", problem.message, problem.hint),))
    if not isinstance(file, Path) and offline:
        return Looked((Check(AREA, "database", f"{file} is not asked: --offline"), *_second(out, file)))
    if not isinstance(file, Path):
        return _in_database(out, file)
    if not file.is_file():
        found = f"{file.absolute()} is not there yet; the first batch makes it"
        return Looked((Check(AREA, "file", found), *_second(out, file)))
    journal = file.with_name(f"{file.name}-journal")
    workers = tuple(_at_work(out, file))
    if journal.is_file() and journal.stat().st_size and not workers:
        # Opened even to read, SQLite would undo that change.
        cut = look(
            AREA,
            "file",
            f"{file.absolute()} holds a change that was cut off",
            f"Any command fixes it: lexer-pipeline status --out {out}",
        )
        return Looked((cut, *_second(out, file)))
    return _read(out, file, workers)


def _read(out: Folder, file: Path, workers: tuple[Check, ...]) -> Looked:
    try:
        with ledger_file.worded(file), closing(_opened(file)) as connection:
            version = ledger_file.version(connection)
            rows = connection.execute(STATES).fetchall() if version == ledger_file.VERSION else []
    except ServiceUnavailable:
        busy = look(
            AREA,
            "file",
            f"{file.absolute()} is being written by another process",
            f"Once more in a moment: lexer-pipeline doctor --out {out}",
        )
        return Looked((busy, *workers))
    except PipelineError as problem:
        return Looked((wrong(AREA, "file", f"{file.absolute()}: {problem.message}", problem.hint), *workers))
    checks = [Check(AREA, "file", f"{file.absolute()} can be read"), _version(version, out), *workers]
    if not os.access(file, os.W_OK):
        checks.append(
            wrong(AREA, "rights", f"{file.absolute()} cannot be written", f"ls -l {file.absolute()}")
        )
    last = max((at for _, _, at in rows), default=None)
    return Looked((*checks, *_states(out, rows), *_second(out, file)), last)


def _in_database(out: Folder, address: LedgerAddress) -> Looked:
    """A ledger in a database; its server's clock is the one that counts for what its users share."""
    try:
        found: LedgerInDatabase = in_postgres("postgres_look").look(address, STATES)
    except PipelineError as problem:
        told = unanswered if isinstance(problem, ServiceUnavailable) else wrong
        return Looked((told(AREA, "database", problem.message, problem.hint), *_second(out, address)))
    checks = [
        Check(AREA, "database", f"{address} can be read; PostgreSQL {found.server}"),
        *databases.fit(found, address),
    ]
    if found.version:
        checks.append(_version(found.version, out))
    checks += [
        Check(AREA, "locked", f"{name} is at work; to the server it is process {pid}")
        for pid, name in found.workers
    ]
    last = max((at for _, _, at in found.uploads), default=None)
    return Looked((*checks, *_states(out, found.uploads), *_second(out, address)), last, found.at)


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)


def _version(version: int, out: Folder) -> Check:
    newest = ledger_file.VERSION
    if version == newest:
        return Check(AREA, "schema", f"version {version}, the newest")
    older = f"version {version}; the next command that writes makes it {newest}"
    return look(AREA, "schema", older, f"Keep a copy, then: lexer-pipeline status --out {out}")


def _states(out: Folder, rows: Iterable[tuple[str, str, float]]) -> Iterator[Check]:
    found: Counter[str] = Counter()
    doubtful = []
    for state, folder, _ in rows:
        found[state] += 1
        if state == State.IN_DOUBT:
            doubtful.append(folder)
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(found.items()))
    yield Check(AREA, "uploads", counts or "none yet")
    if doubtful:
        command = f"Ask Lexer, then: lexer-pipeline settle {out / Path(doubtful[0]).name} --arrived (or --not-arrived)"
        yield look(
            AREA,
            "in doubt",
            f"{', '.join(doubtful[:3])}{' and more' if len(doubtful) > 3 else ''} may have arrived",
            command,
        )
    for state in sorted(ENDED - {State.SENT, State.IN_DOUBT}):
        if found[state]:
            yield look(AREA, state, f"{found[state]:,} need a person", f"lexer-pipeline status --out {out}")
    if waiting := sum(found[state] for state in UNDER_WAY):
        yield look(
            AREA, "on their way", f"{waiting:,} were not finished", f"lexer-pipeline upload --out {out}"
        )


def _second(out: Folder, used: LedgerPlace) -> Iterator[Check]:
    if isinstance(out, StorePath):
        return
    own = out / ledger_file.FILE
    if own.is_file() and not (isinstance(used, Path) and used.is_file() and own.samefile(used)):
        other = used.absolute() if isinstance(used, Path) else used
        found = f"{own.absolute()} lies beside {other}, which LEXER_LEDGER or [ledger] names"
        name = f"Name the one that knows what was sent: LEXER_LEDGER={own}"
        move = f"Bring over what it knows: lexer-pipeline status --move-ledger --out {out}"
        yield look(AREA, "a second one", found, name if isinstance(used, Path) else move)


def _at_work(out: Folder, file: Path) -> Iterator[Check]:
    """Who holds a lock of this folder: a batch being made or sent, or the ledger being written."""
    if not LOCKS.exists() or isinstance(out, StorePath):
        return
    works = [one / LOCK for one in out.glob(f"{WORK}*")] if out.is_dir() else []
    batches = [one for one in out.iterdir() if one.is_dir()] if out.is_dir() else []
    for process in sorted(_holders([file, out / ".lock", *works, *batches])):
        found = f"process {process} ({_name(process)}) is at work in {out.absolute()}"
        yield Check(AREA, "locked", f"{found}; to see it: ps -fp {process}")


def _holders(paths: Iterable[Path]) -> set[int]:
    wanted = {inode for path in paths if (inode := _inode_of(path)) is not None}
    try:
        lines = LOCKS.read_text("ascii").splitlines()
    except OSError:
        return set()
    # 1: FLOCK ADVISORY WRITE 1234 08:01:5678 0 EOF; a line with -> waits for the one before.
    held = (line.split() for line in lines if "->" not in line)
    return {int(one[4]) for one in held if _inode(one[5]) in wanted and int(one[4]) > 0}


def _inode_of(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return os.major(about.st_dev), os.minor(about.st_dev), about.st_ino


def _inode(text: str) -> tuple[int, int, int]:
    major, minor, number = text.split(":")
    return int(major, 16), int(minor, 16), int(number)


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text("utf-8").strip()
    except OSError:
        return "ended since"
