"""Prepare in a child that dies or is interrupted at its n-th call into the operating system, as often as asked.

Reads one order a line: JSON with sources, spec, out, max_bytes, and perhaps `fix`, `at` (which call, from 1) and `how`
("die" before the call, "die_after" it, or "interrupt" instead of it). Answers each with {"code", "calls", "publishing"}: the
last is which of the calls publish, the first and the last of them.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lexer_pipeline.outbox import written_file
from lexer_pipeline.preparing.options import Options
from lexer_pipeline.preparing.prepare import prepare

RENAME = os.rename
CALLS = ("open", "write", "rename", "replace", "fsync", "mkdir", "close", "unlink", "rmdir", "fdopen")


class Fuse:
    """Counts calls and burns at one of them."""

    def __init__(self, at: int, how: str) -> None:
        self.count, self.at, self.how = 0, at, how
        # From what is written down to be published to the last move into its place.
        self.publishing = [0, 0]

    def guard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*words: Any, **options: Any) -> Any:
            self.count += 1
            if call is RENAME:
                self.publishing[1] = self.count
            elif not self.publishing[0] and any("publish.json" in str(word) for word in words[:1]):
                self.publishing[0] = self.count
            burns = self.count == self.at
            if burns and self.how == "die":
                os._exit(9)
            if burns and self.how == "interrupt":
                raise KeyboardInterrupt
            try:
                return call(*words, **options)
            finally:
                if burns:
                    os._exit(9)

        return guarded


def run(order: dict[str, Any]) -> tuple[int, list[int]]:
    """(exit code, [calls, the first that publishes, the last]) of one run in this process, which is of no use afterwards."""
    fuse = Fuse(order.get("at", 0), order.get("how", "die"))
    options = Options(date="20240306", max_invalid=1.0, max_bytes=order["max_bytes"], fix=order.get("fix"))
    for name in CALLS:
        setattr(os, name, fuse.guard(getattr(os, name)))
    # Records are written through a file object, which does not pass by os.write.
    written_file.WrittenFile.write = fuse.guard(written_file.WrittenFile.write)  # type: ignore[method-assign]
    try:
        prepare(order["sources"], order["spec"], order["out"], options)
    except KeyboardInterrupt:
        return 130, [fuse.count, *fuse.publishing]
    return 0, [fuse.count, *fuse.publishing]


def in_child(order: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        tell, leave = os.write, os._exit
        code, calls = run(order)
        tell(writing, json.dumps(calls).encode())
        leave(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        calls, *publishing = json.loads(pipe.read() or "[0, 0, 0]")
    return {
        "code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]),
        "calls": calls,
        "publishing": publishing,
    }


def warm_up() -> None:
    """Load and compile what every run needs, so that not each fork does."""
    with TemporaryDirectory() as folder:
        source = Path(folder, "people.csv")
        source.write_text("link.email,first_name\nmira@example.com,Mira\nida,Ida\n")
        prepare(
            [str(source)], "customer_record", Path(folder, "out"), Options(date="20240306", max_invalid=1.0)
        )


if __name__ == "__main__":
    warm_up()
    for line in sys.stdin:
        print(json.dumps(in_child(json.loads(line))), flush=True)
