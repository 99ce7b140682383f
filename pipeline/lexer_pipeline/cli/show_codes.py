"""What a person reads of codes."""

from collections.abc import Sequence

from rich.console import Console

from lexer_pipeline.cli.console import say, say_whole, table
from lexer_pipeline.codes.entry import Example
from lexer_pipeline.codes.every import KINDS, Code

# Of a long line so much is shown at each end.
MOST_SHOWN = 90


def listed(console: Console, found: Sequence[Code]) -> None:
    """All codes by kind, a line each."""
    for kind in KINDS:
        say(console, f"{kind}s")
        table(
            console,
            ("code", "what it is"),
            [(one.name, _plain(one.entry.meaning)) for one in found if one.kind == kind],
        )
        say(console, "")
    say(console, "One of them with an example and what to do: lexer-pipeline explain CODE")


def explained(console: Console, found: Sequence[Code]) -> None:
    """All that is said of one code, for each kind that has it."""
    for number, one in enumerate(found):
        if number:
            say(console, "")
        _explained(console, one)


def _explained(console: Console, one: Code) -> None:
    entry, example = one.entry, one.entry.example
    say(console, f"{one.name} ({one.kind}: {one.effect})")
    say(console, f"  {_plain(entry.meaning)}")
    say(console, "")
    if example.beside is not None:
        _text(console, f"with {example.beside[0]}:", example.beside[1], None)
    if example.earlier:
        _text(console, "after the same command has read:", example.earlier, example)
    reads = f" ({example.file}, lexer-pipeline {example.command})" if example.file else ""
    _text(console, f"before{reads}:", example.before, example)
    mended = f" (lexer-pipeline {example.mended})" if example.mended and example.other is None else ""
    _text(console, f"after{mended}:", example.after, example)
    if example.along:
        say(console, f"  comes with: {', '.join(example.along)}")
    say(console, f"  what to do: {_plain(entry.remedy)}")
    accepts = "--accept" in entry.command
    say(console, f"  {'where all is as it should be, type' if accepts else 'type'}: {entry.command}")
    say(console, f"  source: {entry.source}")


def _text(console: Console, title: str, text: str, example: Example | None) -> None:
    say(console, f"  {title}")
    for line in text.splitlines():
        say_whole(console, f"    {visible(line)}")
    if example is not None and example.long and "…" in text:
        say(console, f"    (… is {example.long[1]:,} times {example.long[0].strip()})")


def _plain(text: str) -> str:
    return text.replace("`", "")


def visible(line: str) -> str:
    """A line with signs that nobody sees named, and shortened where it is long."""
    seen = "".join(sign if sign.isprintable() else _name(ord(sign)) for sign in line)
    return seen if len(seen) <= 2 * MOST_SHOWN else f"{seen[:MOST_SHOWN]} ... {seen[-MOST_SHOWN // 3 :]}"


def _name(sign: int) -> str:
    """A sign that nobody sees, or a byte that is no UTF-8 (PEP 383)."""
    return f"<byte {sign - 0xDC00:02X}>" if 0xDC80 <= sign <= 0xDCFF else f"<U+{sign:04X}>"
