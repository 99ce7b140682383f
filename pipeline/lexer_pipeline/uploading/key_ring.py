"""The key ring of this machine, through the library keyring where it is installed: a token kept there lies in no file.

The library is imported when it is asked for, since that takes longer than a small file.
"""

from importlib import import_module
from typing import Any

from lexer_pipeline.errors import UsageError
from lexer_pipeline.system.hiding import Hiding

SERVICE = "lexer-pipeline"
INSTALL = "Type: pip install 'lexer-pipeline[keyring]'"
ELSE = "put the token into the environment variable"


class Kept(Hiding, frozen=True):
    """What a key ring holds of a name: the secret, or none; `trouble` says why it could not be asked."""

    HIDDEN = frozenset({"secret"})

    secret: str = ""
    trouble: str = ""


def look(name: str) -> Kept:
    """What the key ring holds; one that is locked or absent holds nothing."""
    try:
        library = _library()
        return Kept((library.get_password(SERVICE, name) or "").strip())
    except ImportError:
        return Kept(trouble="the library keyring is not installed")
    except import_module("keyring.errors").KeyringError as problem:
        return Kept(trouble=_why(problem))


def ready(name: str) -> None:
    """UsageError where nothing could be kept, before a person types anything."""
    _needed(name)
    if trouble := look(name).trouble:
        raise _refusal(name, trouble)


def keep(name: str, secret: str) -> None:
    """Put a secret into the key ring, in place of one that is there; UsageError where there is no key ring."""
    library = _needed(name)
    try:
        library.set_password(SERVICE, name, secret)
    except library.errors.KeyringError as problem:
        raise _refusal(name, _why(problem)) from None
    if look(name).secret != secret:
        raise _refusal(name, f"the key ring ({place()}) did not keep it")


def forget(name: str) -> bool:
    """Take a secret out of the key ring; whether one was there."""
    library = _needed(name)
    try:
        if library.get_password(SERVICE, name) is None:
            return False
        library.delete_password(SERVICE, name)
    except library.errors.KeyringError as problem:
        raise _refusal(name, _why(problem)) from None
    return True


def place() -> str:
    """Which key ring is used, as its library calls it; empty without the library."""
    try:
        return str(_library().get_keyring().name)
    except ImportError:
        return ""


def _library() -> Any:
    return import_module("keyring")


def _needed(name: str) -> Any:
    try:
        return _library()
    except ImportError:
        raise UsageError("the library keyring is not installed", f"{INSTALL}, or {ELSE} {name}.") from None


def _why(problem: Exception) -> str:
    """The kind of a fault alone: what a key ring says of it may be anything."""
    kinds = {
        "NoKeyringError": "this machine has no key ring",
        "KeyringLocked": "the key ring is locked",
        "InitError": "the key ring cannot be opened",
    }
    return kinds.get(type(problem).__name__, "the key ring refused")


def _refusal(name: str, why: str) -> UsageError:
    return UsageError(why, f"Unlock or set up a key ring, or {ELSE} {name}.")
