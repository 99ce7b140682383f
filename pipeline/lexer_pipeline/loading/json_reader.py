"""The bytes of a source of JSON, read as far as they are needed."""

from lexer_pipeline.errors import SourceError
from lexer_pipeline.kernels import dispatch
from lexer_pipeline.loading.format import Readable

# Small enough to stay in the cache from one pass to the next.
BLOCK = 1 << 20
LONGEST = 16 << 20
SPACE = b" \t\r\n\v\f"


class JsonReader:
    """Owns the bytes that were read and not yet given out, and the line they begin on."""

    def __init__(self, source: Readable, data: bytes) -> None:
        self.source = source
        self.data = data
        self.line = 1
        self.is_final = False

    def more(self) -> bool:
        """Read on; False at the end."""
        if self.is_final:
            return False
        block = self.source.read(BLOCK)
        self.is_final = not block
        self.data += block
        return not self.is_final

    def drop(self, end: int) -> None:
        """Let go of what lies before `end`."""
        # To look for a break is much faster than to count them, and most lists have none.
        if self.data.find(b"\n", 0, end) >= 0:
            self.line += self.data.count(b"\n", 0, end)
        self.data = self.data[end:]

    def skip_space(self) -> bool:
        """Go to the next sign; False where none comes."""
        while True:
            self.drop(len(self.data) - len(self.data.lstrip(SPACE)))
            if self.data or not self.more():
                return bool(self.data)

    def value_end(self) -> int:
        """Where the next value ends; -1 where it is longer than a document, or the source ends before it."""
        looked = 0
        while True:
            # It is looked for anew only in twice as much, lest a long one is read as often as there are blocks.
            if len(self.data) >= 2 * looked or len(self.data) > LONGEST or self.is_final:
                looked = len(self.data)
                if (end := dispatch.value_end(self.data, 0)) >= 0:
                    return end
            if len(self.data) > LONGEST or (not self.more() and looked == len(self.data)):
                return -1

    def token(self) -> bytes:
        """A key or a colon; what else stands there, as one byte."""
        end = 1
        if self.skip_space() and self.data[:1] == b'"':
            end = self.value_end()
        token = self.data[: max(0, end)]
        self.drop(len(token))
        return token

    def not_whole(self) -> SourceError:
        """What is said of a value that has no end (see `value_end`)."""
        if len(self.data) > LONGEST:
            return self.too_long()
        return self.broken("a document that begins here does not end")

    def too_long(self) -> SourceError:
        """What is said of a value that is longer than any document."""
        return SourceError(
            f"{self.source.name}: the document on line {self.line} is longer than {LONGEST >> 20} MiB",
            "Check that the file holds one record a document, or name the list in it that holds them: records under [documents] of a mapping.",
        )

    def broken(self, what: str) -> SourceError:
        """What is said where nothing can be found after this place."""
        return SourceError(
            f"{self.source.name}: line {self.line}: {what}",
            "Nothing after it can be trusted, so nothing was prepared; fix the file or export it again.",
        )
