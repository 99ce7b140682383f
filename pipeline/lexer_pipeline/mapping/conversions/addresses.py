"""E-mail addresses, cleaned or hashed as the vendor's package does."""

import hashlib
import re
from collections.abc import Callable

from msgspec import Struct

from lexer_pipeline.kernels import codes
from lexer_pipeline.mapping.conversions import arguments
from lexer_pipeline.mapping.conversions.outcome import Conversion, Vectorised
from lexer_pipeline.specs import values
from lexer_pipeline.specs.values import Converted, Unconvertible

# Enough to tell an address from a note such as "none", whose hash many people would share. Lone surrogates have no
# UTF-8 bytes to hash.
ADDRESS = re.compile(r"[^\s@\ud800-\udfff]+@[^\s@\ud800-\udfff]+")
NO_ADDRESS = Unconvertible("format", "e-mail", "is not an e-mail address; fix it or leave the cell empty")


def email(argument: object) -> Conversion:
    """An e-mail address is trimmed, lower-cased, and freed of a name and signs around it."""
    arguments.no_argument("email", argument)
    return Vectorised(values.email, codes.TO_EMAIL)


class Hashed(Struct, frozen=True):
    """A conversion of an address to its hash, in which nobody sees any more what it was made of."""

    algorithm: Callable[..., "hashlib._Hash"]

    def __call__(self, text: str) -> Converted | Unconvertible:
        """The hash of the address, cleaned as it would be sent."""
        found = values.email(text)
        if isinstance(found, Unconvertible):
            return found
        clean = found.text
        if not ADDRESS.fullmatch(clean):
            return NO_ADDRESS
        # MD5 names a person at the receiver's end; nothing is kept safe by it.
        return Converted(self.algorithm(clean.encode(), usedforsecurity=False).hexdigest(), ("email_hashed",))


def sha256(argument: object) -> Conversion:
    """An e-mail address is cleaned in the same way and replaced by the hex digits of its SHA-256."""
    arguments.no_argument("sha256", argument)
    return Hashed(hashlib.sha256)


def md5(argument: object) -> Conversion:
    """An e-mail address is cleaned in the same way and replaced by the hex digits of its MD5."""
    arguments.no_argument("md5", argument)
    return Hashed(hashlib.md5)
