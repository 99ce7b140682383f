"""The text of a source as UTF-8, whatever encoding it came in; told from its bytes, in constant memory."""

import codecs
import re
from contextlib import suppress
from difflib import get_close_matches

from msgspec.structs import replace

from lexer_pipeline.errors import SourceError, UsageError
from lexer_pipeline.loading import encoding_guess
from lexer_pipeline.loading.byte_stream import ByteSource
from lexer_pipeline.loading.encoding_guess import EncodingGuess
from lexer_pipeline.loading.format import AS_TOLD, JSON, ONE_A_LINE, REJECTS, ReadOptions
from lexer_pipeline.loading.json_documents import looks_like_json
from lexer_pipeline.loading.rejects_header import as_written
from lexer_pipeline.loading.told_text import CHARACTER, Marked, characters
from lexer_pipeline.system.patterns import lazily

BLOCK = 1 << 20
# How much behind the first odd byte is looked at before the encoding is told.
SAMPLE = 4 << 20
EVIDENCE = 1 << 18
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-32": "UTF-32",
}
# The scripts that people write names and goods in; others are most likely an older encoding's bytes by chance.
COMMON = lazily(
    "[\u00a0-\u017f\u0370-\u045f\u0490\u0491\u05d0-\u05ea\u0620-\u064a\u0900-\u0dff\u0e01-\u0e5b\u1e00-\u22ff"
    "\u3000-\u9fff\uac00-\ud7a3\uff00-\uffef\U0001f000-\U0001faff]"
)
# Half of a UTF-16 pair written as if it were UTF-8 (CESU-8): broken, but nothing older.
HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
HIGH = bytes(range(0x80, 0x100))
# What Python calls encodings, and no file is in: ways to write other characters in ASCII.
# Those that people name, of which a misspelt one may mean one.
USUAL_NAMES = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "latin-1",
    "iso-8859-1",
    "iso-8859-15",
    "cp1250",
    "cp1251",
    "mac-roman",
    "shift_jis",
    "gb18030",
    "big5",
    "cp437",
)
NOTATIONS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")
DOCUMENTS = (ONE_A_LINE, JSON)
# So much is looked at to tell JSON.
PEEKED = 1 << 16


def open_text(file: ByteSource, options: ReadOptions) -> "Decoded":
    """The text of a file, decoded as its bytes or the options tell."""
    start = file.peek(PEEKED)
    is_json = options.form in DOCUMENTS if options.form else looks_like_json(start)
    if options.form == REJECTS and options.encoding is None and as_written(start):
        options = replace(options, encoding="utf-8")
    return Decoded(file, options, is_json)


class Decoded:
    """A source whose text is UTF-8, whatever it was; a byte that is no text stays one that is not UTF-8.

    So the row it stands in is refused and nothing is replaced in silence. Until the first byte beyond ASCII
    there is nothing to tell; then the next 4 MiB decide (but JSON is Unicode, RFC 8259). `encoding` and
    `notes` are known when all was read.
    """

    def __init__(self, source: ByteSource, options: ReadOptions = AS_TOLD, is_json: bool = False) -> None:
        self.name = source.name
        self.is_sheet = False
        self.encoding = "UTF-8"
        self.notes: tuple[str, ...] = ()
        self._source = source
        self._wanted = known_encoding(options.encoding) if options.encoding else None
        self._asked = not options.is_decided
        self._alphabet = options.alphabet
        self._decoder: Marked | codecs.IncrementalDecoder | None = None
        self._begun = self._ended = False
        self._settled = is_json
        self._ahead = b""

    @property
    def told(self) -> ReadOptions:
        """The encoding, and the alphabet by which it was told from bytes that do not name it."""
        return ReadOptions(self.encoding, alphabet=self._alphabet)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes read from disk so far, as hex."""
        return self._source.sha256

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()

    def place(self) -> tuple[int, int] | None:
        """Where the next byte lies in a file; None where the text is not what lies there."""
        found = self._source.place() if self._decoder is None else None
        return (found[0], found[1] - len(self._ahead)) if found else None

    def read(self, size: int = BLOCK) -> bytes:
        """The next bytes, none only at the end."""
        while not self._ended:
            block, self._ahead = self._ahead[:size], self._ahead[size:]
            block = block or self._source.read(size)
            self._ended = not block
            if not self._begun:
                block = self._begin(block)
            if not self._settled and not block.isascii():
                self._settle(block)
                block, self._ahead = self._ahead[:size], self._ahead[size:]
            if self._decoder is not None:
                block = self._decode(block)
            if block:
                return block
        return b""

    def _begin(self, start: bytes) -> bytes:
        """Ask the wish, then the byte order mark, then the NULs of UTF-16 without one.

        What was decided before on bytes that now begin with a mark is no wish.
        """
        self._begun = True
        while len(start) < 4096 and (more := self._source.read(BLOCK)):
            start += more
        _, marked = next(((mark, name) for mark, name in MARKS if start.startswith(mark)), (b"", ""))
        if self._wanted and self._asked and marked and not _same_family(self._wanted, marked):
            raise UsageError(
                f"{self.name}: begins with the mark of {NAMES[marked]}, so it is not {self._wanted}",
                "Leave out --encoding.",
                without=("--encoding",),
            )
        wide = _wide(start[:4096]) if not self._wanted or not self._asked else ""
        encoding = marked or wide or self._wanted
        if encoding and encoding == self._wanted and self._alphabet:
            self._take(encoding_guess.known(encoding, self._alphabet))
            self.notes = (f"read as {encoding}, as before",)
        elif encoding:
            self._alphabet = None
            self._choose(encoding)
            how = (
                "as its first bytes say"
                if marked
                else "told from its NUL bytes"
                if wide
                else "as asked"
                if self._asked
                else "as before"
            )
            if marked != "utf-8" and (self._asked or encoding != "utf-8"):
                self.notes = (f"read as {self.encoding}, {how}",)
        return start

    def _choose(self, encoding: str) -> None:
        self._settled = True
        self.encoding = NAMES.get(encoding, encoding)
        if encoding != "utf-8":
            wide = encoding.startswith(("utf-16", "utf-32"))
            self._decoder = codecs.getincrementaldecoder(encoding)(
                "surrogatepass" if wide else "surrogateescape"
            )

    def _settle(self, block: bytes) -> None:
        """Tell the encoding from the bytes around the first one beyond ASCII, which are read next."""
        self._settled = True
        while len(block) < SAMPLE and (more := self._source.read(BLOCK)):
            block += more
        reading, note = tell(block)
        if reading is not None:
            self._take(reading)
        self.notes = (note,) if note else ()
        self._ahead = block

    def _take(self, reading: EncodingGuess) -> None:
        """Decode as the letters of a language tell."""
        self._settled = True
        self.encoding = reading.encoding
        self._alphabet = reading.alphabet or None
        self._decoder = Marked(reading)

    def _decode(self, block: bytes) -> bytes:
        assert self._decoder is not None
        try:
            text = self._decoder.decode(block, self._ended)
        except UnicodeError:  # not UnicodeDecodeError alone: UTF-16 without its mark is another
            raise SourceError(
                f"{self.name}: is not {self.encoding} throughout, or is cut inside a character",
                "Export it again as UTF-8, or say what it is with --encoding.",
            ) from None
        # What could not be decoded leaves as bytes that no UTF-8 text has.
        return text.encode("utf-8", "surrogatepass")

    @property
    def bytes(self) -> int:
        """How many bytes were read from disk so far."""
        return self._source.bytes


def known_encoding(name: str) -> str:
    """The codec's own name for an encoding; raises UsageError where there is none."""
    try:
        # Codecs that are no text encodings, such as hex, refuse this; one byte is too short for others.
        with suppress(UnicodeError):
            str(b"a", name)
        found = codecs.lookup(name).name.removesuffix("-sig")
        if found in NOTATIONS:
            raise LookupError
        return found
    except (LookupError, ValueError):
        raise UsageError(
            f"--encoding: there is no encoding called {name}",
            "Use a name such as utf-8, cp1252 or utf-16.",
            instead=(name, near[0]) if (near := get_close_matches(name.casefold(), USUAL_NAMES, 1)) else None,
        ) from None


def _same_family(wanted: str, marked: str) -> bool:
    """Whether a byte order mark agrees with an encoding: utf-16-le with UTF-16, utf-8-sig with UTF-8."""
    return wanted.replace("_", "-").startswith(marked)


def _wide(start: bytes) -> str:
    """UTF-16 without a mark, where nearly every second byte is NUL and hardly any other; else ""."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = len(start) // 2
    if half < 4:
        return ""
    if odd >= 0.9 * half and even <= 0.01 * half:
        return "utf-16-le"
    return "utf-16-be" if even >= 0.9 * half and odd <= 0.01 * half else ""


def tell(sample: bytes) -> tuple[EncodingGuess | None, str]:
    """How to read a text that is not all ASCII (None: as UTF-8), and what should be said of it, if anything."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        pass
    else:
        return None, ""
    good = sum(COMMON().match(found[0].decode()) is not None for found in characters(sample))
    good += len(HALF.findall(sample))
    stray = CHARACTER.sub(b"", sample)
    bad = len(stray) - len(stray.translate(None, HIGH))
    if good * 5 > bad:
        return None, "read as UTF-8; some of it is not, and the rows with that are rejected"
    lines = b"\n".join(line for line in sample.splitlines() if not line.isascii())
    reading = encoding_guess.legacy(lines[:EVIDENCE])
    if reading is None:
        return None, "is not UTF-8, and its bytes do not tell what it is; say it with --encoding"
    return reading, f"read as {reading.encoding}, told from its bytes; --encoding says otherwise"
