"""People are told by the library apprise: a webhook, mail, or any of its services, by addresses that hold secrets.

No address is repeated anywhere: words name its scheme and its place in the list. The library is imported when somebody
is to be told, since that takes longer than a small file.
"""

import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from lexer_pipeline.system.hiding import Hiding
from lexer_pipeline.system.settings_file import SettingsFile
from lexer_pipeline.unattended.summary import FAILURE, HELD, SUCCESS, Summary
from lexer_pipeline.uploading import key_ring
from lexer_pipeline.uploading.settings import NOTIFY_URLS

ON = (FAILURE, HELD)
INSTALL = "pip install 'lexer-pipeline[notify]'"
KINDS = {FAILURE: "failure", HELD: "warning", SUCCESS: "success"}
SCHEME = re.compile(r"[a-z0-9]{1,20}(?=://)", re.I)


class Told(Struct, frozen=True):
    """Who was told, as the schemes of their addresses, and what went wrong, in words that hold no address."""

    schemes: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


class Addresses(Hiding, frozen=True):
    """Where notifications go, and from where that is known."""

    HIDDEN = frozenset({"urls"})

    urls: tuple[str, ...] = ()
    source: str = ""


def addresses(environ: Mapping[str, str]) -> Addresses:
    """The addresses of the environment, blanks between them, or else of the key ring."""
    if said := environ.get(NOTIFY_URLS, "").split():
        return Addresses(tuple(said), NOTIFY_URLS)
    return Addresses(tuple(key_ring.look(NOTIFY_URLS).secret.split()), f"{NOTIFY_URLS} in the key ring")


def scheme(url: str) -> str:
    """What may be shown of an address: the word before its ://, or that there is none."""
    return found[0].casefold() if (found := SCHEME.match(url)) else "none"


def wanted(file: SettingsFile) -> Sequence[str]:
    """The ends that people are told of."""
    found: Sequence[str] = file.table.get("notify", {}).get("on", ON)
    return found


def attaches(file: SettingsFile) -> bool:
    """Whether the reports of the batches go with the message."""
    return bool(file.table.get("notify", {}).get("attach_report", False))


def tell(one: Summary, to: Addresses, reports: Sequence[Path] = ()) -> Told:
    """Tell everybody, with the reports of batches as files; whatever goes wrong is a trouble in words, and never an exception."""
    schemes, troubles = [], []
    try:
        library = import_module("apprise")
    except ImportError:
        return Told(troubles=(f"the library apprise is not installed; type: {INSTALL}",))
    with _unheard():
        for number, url in enumerate(to.urls, 1):
            if trouble := _trouble(library, url, one, reports):
                troubles.append(f"address {number} of {to.source} ({scheme(url)}) {trouble}")
            else:
                schemes.append(scheme(url))
    return Told(tuple(schemes), tuple(troubles))


def _trouble(library: Any, url: str, one: Summary, reports: Sequence[Path]) -> str:
    """Tell by one address; why that failed, or nothing."""
    try:
        service = library.Apprise(asset=library.AppriseAsset(async_mode=False, secure_logging=True))
        if not service.add(url):
            return "is none that apprise knows"
        files = [f"{path.absolute().as_uri()}?name={path.parent.name}.html" for path in reports]
        done = service.notify(
            one.text, title=one.title, notify_type=library.NotifyType(KINDS[one.end]), body_format="text",
            attach=files or None,
        )  # fmt: skip
        return "" if done else "did not take the message"
    except Exception as problem:  # noqa: BLE001 - a plugin may raise anything, and its words may hold the address
        return f"failed ({type(problem).__name__})"


@contextmanager
def _unheard() -> Iterator[None]:
    """While it lasts the library's log goes nowhere, since its lines hold parts of addresses, nor do warnings of its plugins' code."""
    log = logging.getLogger("apprise")
    before = log.disabled
    log.disabled = True
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        log.disabled = before
