"""The parts that one attempt of a task writes, and by what their records are known."""

from pathlib import Path
from typing import Self

from msgspec import Struct, field

from lexer_pipeline.outbox.part import Part
from lexer_pipeline.preparing.together import Together
from lexer_pipeline.spark.repeated import NOTES
from lexer_pipeline.system.hashing import Hashing
from lexer_pipeline.system.timings import Timings


class Parts(Struct):
    """Parts in a folder of their own; all are sealed at the end of the block, or let go of where it fails."""

    folder: Path
    timings: Timings
    hashing: Hashing = field(default_factory=Hashing)
    parts: list[Part] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            for part in self.parts:
                part.abandon() if kind is not None else part.seal()
        finally:
            self.hashing.close()

    def new_part(self) -> Part:
        """Begin the next part; the one before it is complete."""
        if self.parts:
            self.parts[-1].seal()
        part = Part(self.folder / f"part-{len(self.parts) + 1:04}", self.timings, self.hashing)
        self.parts.append(part)
        return part

    def keep_known(self, together: Together) -> None:
        """Note on the disk by what the records are known."""
        with (self.folder / NOTES).open("wb") as out:
            for some in together.noted():
                out.write(some.tobytes())
