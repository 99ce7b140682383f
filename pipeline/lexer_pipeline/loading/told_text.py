"""A text decoded as the letters of a language tell, but for what reads better as UTF-8."""

import codecs
import re
from collections.abc import Iterator

from lexer_pipeline.loading.encoding_guess import EncodingGuess

BLOCK = 1 << 20
# RFC 3629, characters beyond ASCII.
CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
# What may begin such a character, and what may go on with it: to find them, this is five times as fast.
KINDS = bytes(1 if 0xC2 <= byte <= 0xF4 else 2 if 0x80 <= byte <= 0xBF else 0 for byte in range(256))
BEGINS = b"\1\2"
# UTF-8 begins accented letters of Latin scripts with these; in their older encodings they are letters that a
# sign or a lower-case letter hardly ever follows.
ACCENTED = b"\xc2\xc3\xc4\xc5"


class Marked:
    """Decodes an encoding that was told from bytes; what reads better as UTF-8 is in doubt and stays undecoded."""

    def __init__(self, reading: EncodingGuess) -> None:
        self._reading = reading
        self._decoder = codecs.getincrementaldecoder(reading.encoding)("surrogateescape")
        self._rest = b""

    def decode(self, data: bytes, final: bool) -> str:
        """The text of the next bytes; bytes that are none become lone surrogates (PEP 383)."""
        if not self._reading.letters:
            return self._decoder.decode(data, final)
        # What stands beside a letter speaks of it, so only whole lines are looked at.
        data = self._rest + data
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 if not final else len(data)
        cut = len(data) if len(data) - cut > BLOCK else cut
        data, self._rest = data[:cut], data[cut:]
        # One byte is one character in all encodings that spell a known language.
        text, pieces, at = self._decoder.decode(data, final), list[str](), 0
        for found in characters(data):
            if self._is_doubtful(text, data, found.start(), found.end()):
                pieces += text[at : found.start()], found[0].decode("ascii", "surrogateescape")
                at = found.end()
        return "".join([*pieces, text[at:]])

    def _is_doubtful(self, text: str, data: bytes, start: int, end: int) -> bool:
        accented = self._reading.is_latin and data[start] in ACCENTED
        return accented or not self._reading.spells(text, start, end)


def characters(data: bytes) -> Iterator[re.Match[bytes]]:
    """The characters beyond ASCII that stand in UTF-8 among other bytes."""
    kinds = data.translate(KINDS)
    at = kinds.find(BEGINS)
    while at >= 0:
        found = CHARACTER.match(data, at)
        if found is not None:
            yield found
        at = kinds.find(BEGINS, found.end() if found is not None else at + 1)
