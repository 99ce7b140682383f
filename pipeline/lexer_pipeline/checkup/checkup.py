"""All that is looked at, in the order in which one thing stands on another."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from lexer_pipeline.checkup import clock, disk, jobs, ledgers, program, service, store
from lexer_pipeline.checkup.check import Check, look, wrong
from lexer_pipeline.errors import UsageError
from lexer_pipeline.system import scratch
from lexer_pipeline.system.runtime import Runtime
from lexer_pipeline.system.store_path import StorePath
from lexer_pipeline.system.stores import Folder
from lexer_pipeline.uploading import origins
from lexer_pipeline.uploading import settings as stored
from lexer_pipeline.uploading.origins import DEFAULT, Setting
from lexer_pipeline.uploading.probe import Answer, probe
from lexer_pipeline.uploading.settings import FILE, Settings

SETTINGS = "settings"
OUT = Path("batches")


class CheckUp(Struct, frozen=True):
    """What was looked at, and the settings with their sources, as far as they could be read."""

    checks: tuple[Check, ...]
    settings: tuple[Setting, ...] = ()


class Place(Struct, frozen=True):
    """Where a checkup is made: the working folder, the environment, the folders of batches and of temporary data.

    `version` is this program's; `offline` asks no address.
    """

    folder: Path
    environ: Mapping[str, str]
    out: Folder
    temp: Path | None = None
    version: str = ""
    offline: bool = False


def check_up(here: Place, runtime: Runtime = Runtime()) -> CheckUp:
    """Look at everything; nothing is created or changed, and nothing is sent."""
    checks = [*program.look_at(here.version), *_batches(here)]
    checks += _temporary(here)
    checks += _around(here)
    try:
        settings = stored.read(here.environ, here.folder)
        file = stored.settings_in(here.folder)
    except UsageError as problem:
        checks.append(wrong(SETTINGS, "settings", problem.message, problem.hint))
        checks += [*ledgers.look_at(here.out, None).checks, *clock.look_at(runtime.clock(), None, None)]
        return CheckUp(
            (
                *checks,
                look(
                    service.ADDRESS,
                    "address",
                    "not looked at, since the settings are wrong",
                    "Fix them first",
                ),
            )
        )
    known = (*_of_flags(here), _token(here, settings), *origins.settings_of(here.environ, file))
    checks += [*_settings(known), *jobs.look_at(here.environ, file)]
    ledger = ledgers.look_at(here.out, settings.ledger, offline=here.offline)
    checks += ledger.checks
    found = Answer() if here.offline else probe(settings)
    checks += clock.look_at(runtime.clock(), ledger.last, found.date, ledger.server)
    checks += _service(here, settings, known, found)
    return CheckUp(tuple(checks), known)


def _batches(here: Place) -> Iterator[Check]:
    if isinstance(here.out, StorePath):
        yield store.look_at(here.out, offline=here.offline)
    else:
        yield from disk.look_at("the folder of batches", here.out, "--out")


def _temporary(here: Place) -> Iterator[Check]:
    try:
        folder = scratch.place_of(here.temp)
    except UsageError as problem:
        yield wrong(disk.AREA, "temporary data", problem.message, problem.hint)
        return
    yield from disk.look_at("temporary data", folder, "--temp")


def _around(here: Place) -> Iterator[Check]:
    """Where settings are looked for, and what looks like one and is none."""
    file = here.folder.absolute() / FILE
    yield Check(SETTINGS, FILE, f"{file}" if file.exists() else f"{file} is not there; that is no fault")
    if above := origins.elsewhere(here.folder):
        yield look(
            SETTINGS, FILE, f"{above} is not read, only that of the working folder", f"cd {above.parent}"
        )
    for name, meant in origins.strangers(here.environ):
        remedy = f"Did you mean {meant}? Otherwise" if meant else "If it is not for another program:"
        yield look(SETTINGS, name, "is set, and is no setting of this program", f"{remedy} unset {name}")


def _of_flags(here: Place) -> Iterator[Setting]:
    yield Setting("out", str(here.out), DEFAULT if here.out == OUT else "--out")
    try:
        folder = str(scratch.place_of(here.temp))
    except UsageError:
        folder = "none"
    # A folder that is not there is passed over for the next one.
    asked = here.environ.get("TMPDIR") == folder
    yield Setting("temp", folder, "--temp" if here.temp else "TMPDIR" if asked else DEFAULT)


def _token(here: Place, settings: Settings) -> Setting:
    source = service.token_source(here.environ, settings)
    return Setting("token", "not shown" if source else "none", source or DEFAULT)


def _settings(known: tuple[Setting, ...]) -> Iterator[Check]:
    for one in known:
        if one.unused:
            yield look(
                SETTINGS,
                one.name,
                f"{one.value}, from {one.source}; {one.unused} says otherwise and loses",
                f"Take one of them away: unset {one.source}",
            )
        else:
            yield Check(
                SETTINGS, one.name, f"{one.value}, {'by ' if one.source == DEFAULT else 'from '}{one.source}"
            )


def _service(here: Place, settings: Settings, known: tuple[Setting, ...], found: Answer) -> Iterator[Check]:
    sources = {one.name: one.source for one in known}
    yield from service.certificates(settings, here.environ, sources["upload.ca_file"])
    yield from service.proxy(settings, here.environ, sources["upload.proxy"])
    yield service.place(settings)
    yield from service.token(here.environ, settings)
    if here.offline:
        yield Check(service.ADDRESS, "answer", "not asked, since --offline was said")
    else:
        yield from service.answer(found, settings, here.environ)
