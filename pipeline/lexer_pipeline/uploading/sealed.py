"""The address of an upload as a ledger in a database keeps it: sealed with the token, without which it is of no use.

What is wiped from a row stays for a while in the files, the log and the copies of a database server, and its administrators can read
it. Whoever has the token could ask for an address of his own.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256, shake_256

from lexer_pipeline.system.hiding import Hiding

NONCE, TAG = 16, 32  # bytes


class Seal(Hiding, frozen=True):
    """Seals with a secret, a token: a stream of SHAKE-256 over the text, and an HMAC over both."""

    HIDDEN = frozenset({"secret"})

    secret: str

    def close(self, text: str) -> str:
        """The text so that this secret alone opens it; each time another."""
        nonce = secrets.token_bytes(NONCE)
        body = nonce + self._mixed(nonce, text.encode())
        return urlsafe_b64encode(self._tag(body) + body).decode()

    def open(self, sealed: str) -> str | None:
        """The text; None where another secret sealed it."""
        try:
            given = urlsafe_b64decode(sealed)
        except ValueError:
            return None
        tag, body = given[:TAG], given[TAG:]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        return self._mixed(body[:NONCE], body[NONCE:]).decode()

    def _mixed(self, nonce: bytes, data: bytes) -> bytes:
        stream = shake_256(b"address\0" + nonce + self.secret.encode()).digest(len(data))
        return bytes(one ^ other for one, other in zip(data, stream, strict=True))

    def _tag(self, body: bytes) -> bytes:
        # HMAC by itself takes no notice of zeros at the end of a key.
        return hmac.digest(sha256(b"seal\0" + self.secret.encode()).digest(), body, sha256)
