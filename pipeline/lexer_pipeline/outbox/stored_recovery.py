"""What is half published in an object store is put into its places, or cleared away.

The ledger knows every prefix that was begun with it and the batches that are being put into place, and by its locks whether somebody
is at them: what a killed process leaves is finished, or cleared away, by the next command on any machine. What another ledger
began is not touched.
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from lexer_pipeline.errors import PersonNeeded
from lexer_pipeline.outbox.batch import MANIFEST
from lexer_pipeline.outbox.connection import Connection
from lexer_pipeline.outbox.ledger import Ledger
from lexer_pipeline.outbox.recovery import DATA, PLAN, WORK, planned_in
from lexer_pipeline.system.store_path import StorePath, side_by_side

# What says in the place of a batch that somebody is putting it there.
CLAIM = ".publishing"


def recover(out: StorePath, ledger: Ledger) -> None:
    """Finish what was published half, and clear away what was not, where nobody is at it."""
    for work in _works(out, ledger):
        with ledger.claim(str(work)) as ours:
            if ours:
                with ledger.alone(ledger.text_of(out)):
                    with ledger.transaction() as connection:
                        found = connection.execute(
                            "SELECT folder FROM staged WHERE work = ?", (str(work),)
                        ).fetchall()
                    if any(folder for (folder,) in found):
                        carry_out(work, ledger)
                    elif found:
                        clear(work, ledger)


def _works(out: StorePath, ledger: Ledger) -> list[StorePath]:
    with ledger.transaction() as connection:
        found = connection.execute("SELECT DISTINCT work FROM staged").fetchall()
    inside = f"{out}/{WORK}"
    return [out / work.removeprefix(f"{out}/") for (work,) in found if work.startswith(inside)]


def being_placed(connection: Connection) -> frozenset[str]:
    """The batches in stores, as the ledger calls them, that are known and not in their places yet."""
    found = connection.execute("SELECT folder FROM staged WHERE folder != ''")
    return frozenset(folder for (folder,) in found)


def carry_out(work: StorePath, ledger: Ledger) -> None:
    """Copy what was put beside to its places, and take away the prefix; it may have been begun before."""

    def placed(part: str, place: str) -> None:
        with suppress(
            FileNotFoundError
        ):  # taken away by somebody: its batch is gone, and made anew from its source
            _place(work / part, work.parent / place)

    side_by_side(lambda each: placed(*each), _planned(work).items())
    clear(work, ledger)


def _place(part: StorePath, target: StorePath) -> None:
    manifest = (part / MANIFEST).read_bytes()
    if _is_there(manifest, target):
        return
    file = json.loads(manifest)["file"]
    others = [one for one in part.listed().iterdir() if one.name != MANIFEST]
    side_by_side(lambda one: one.copy_to(target / (file if one.name == DATA else one.name)), others)
    try:
        (target / MANIFEST).write(manifest, create=True)
    except FileExistsError:
        raise PersonNeeded(
            f"{target}: holds another batch than the one that the ledger has put there",
            "Move that one elsewhere, then run this again.",
        ) from None


def _is_there(manifest: bytes, target: StorePath) -> bool:
    """Whether the batch is in its place already; by now it may have been sent, and its manifest say more."""
    try:
        there, own = json.loads((target / MANIFEST).read_bytes()), json.loads(manifest)
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(there, dict) and all(
        there.get(key) == own[key] for key in ("file", "sha256", "specification")
    )


def _planned(work: StorePath) -> Mapping[str, str]:
    try:
        return planned_in((work / PLAN).read_bytes())
    except FileNotFoundError:
        return {}


def clear(work: StorePath, ledger: Ledger) -> None:
    """Take away a prefix and its claims, and forget it; the plan goes last, for it says which claims there are."""
    out = work.parent
    side_by_side(lambda place: _let_go(out / place / CLAIM, work), _planned(work).values())
    plan = work / PLAN
    work.remove(one for one in work.all_below() if one != plan)
    plan.unlink()
    with ledger.transaction() as connection:
        connection.execute("DELETE FROM staged WHERE work = ?", (str(work),))


def _let_go(claim: StorePath, work: StorePath) -> None:
    with suppress(FileNotFoundError):
        if claim.read_bytes() == work.name.encode():
            claim.unlink()
