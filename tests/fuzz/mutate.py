"""Ways to spoil bytes, tables, documents and settings, all of them decided by the random numbers that are handed in.

No library: hypothesis makes inputs from its own choices and cannot begin from files, atheris needs a compiler of its own for
its feedback, and what finds most here is knowing what a table, a document and a setting look like.
"""

import csv
import io
import json
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

# Stands in values of inputs, so that a value in a message would be seen.
MARK = "Qzx"
TEXTS = (
    "", " ", "0", "-0", "00", "1", "-1", "1.0", "1.50", "-12.5", "1e3", "1E400", ".5", "5.", "01", "1,5", "1.234,50", "$1,049.90", "(5.00)",
    "AU$8.20", "9" * 40, "0.1234567890123456789", "NaN", "Infinity", "true", "FALSE", "yes", "maybe", "NULL", "n/a", "-", "#N/A", "#REF!",
    "5.61235E+12", "'0012", '="0012"', "2024-03-06", "2024-02-30", "06/03/2024", "13/13/2024", "2024-03-06 10:15:00", "2024-03-06T10:15:00Z",
    "2024-03-06T24:00:00+11:00", "2024-03-06T23:59:60.123456789012Z", "45357", "6 Mar 2024", "mira@example.com", " Mira@Example.COM ",
    "mira@@example", "İra@example.com", "https://example.com/a b", "+61 491 570 156", "0491570156", "d41d8cd98f00b204e9800998ecf8427e",
    "Zoë", "漢字", "😀", "\u200b", "\ufeff", "\u00a0x", "\u2028", "\x85", "\x00", "\x01", "\x1f", "\x7f", "\\", "\\n", "\\u0000", '"', '""', '"a"b',
    "a\nb", "a\r\nb", ",", ";", "\t", "|", "=cmd()", "Total", "Subtotal", "JosÃ©", "&amp;", "A" * 300, "é" * 200, "\x08\x0c", "\x01" * 200,
    "Ann <ann@example.com>", "mailto:ann@example.com", "<ann@example.com>", "0.0001", "1,000.5", "06.03.2024", "06.06.2024", "2024/03/06", "06-Mar-24",
)  # fmt: skip
PIECES = (
    b"", b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b" ", b"\\", b"\\u", b"\\ud800", b"{", b"}", b"[", b"]", b":", b"null", b"1e9",
    b"-", b"'", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff\xfe", b"\x85", b"\x1a",
    b"=", b"#", b"Total", b"a" * 20,
)  # fmt: skip
NUMBERS = (0, -0.0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 0.1, 1e308, 5e-324, 12.5)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "utf-32")


def text(rng: random.Random) -> str:
    """A text that somebody, somewhere, has in a cell; half of them bear the mark."""
    found = rng.choice(TEXTS)
    return f"{MARK}{found}" if rng.random() < 0.2 else found


def spoiled(rng: random.Random, data: bytes, most: int = 4) -> bytes:
    """The bytes with a few of them changed, cut out, repeated, moved or put in."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, most)):
        size = len(changed)
        at = rng.randrange(size + 1)
        to = min(size, at + rng.choice((1, 1, 2, 8, 64, 1024)))
        how = rng.randrange(6)
        if how == 0 and at < size:
            changed[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            changed[at:to] = rng.choice(PIECES)
        elif how == 2:
            changed[at:at] = rng.choice(PIECES)
        elif how == 3:
            del changed[at:to]
        elif how == 4:
            changed[at:at] = bytes(changed[at:to]) * rng.choice((1, 1, 2, 30))
        elif size:
            piece, place = bytes(changed[at:to]), rng.randrange(size)
            changed[place : place + len(piece)] = piece
    if rng.random() < 0.05:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


# ---------------------------------------------------------------------------------------------------------- tables


def rows_of(data: bytes) -> list[list[str]]:
    """The rows of a table, whichever delimiter its first line has most of."""
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = data.decode("cp1252", "replace")
    first = words.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    return list(csv.reader(io.StringIO(words.replace("\0", ""), newline=""), delimiter=delimiter))


def spoiled_rows(rng: random.Random, rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """A table whose header stays: rows repeated, mixed, cut short or left blank, and some cells exchanged."""
    header, body = list(rows[0]), [list(row) for row in rows[1:]] or [[""] * len(rows[0])]
    body *= rng.choice((1, 1, 2, 5))
    if rng.random() < 0.3:
        rng.shuffle(body)
    for _ in range(rng.randrange(6)):
        row = rng.choice(body)
        if row:
            at = rng.randrange(len(row))
            row[at] = text(rng) if rng.random() < 0.7 else rng.choice(rng.choice(body) or [""])
    if rng.random() < 0.2:  # a whole column of one kind of odd cells
        at, odd = rng.randrange(len(header)), [text(rng) for _ in range(2)]
        for row in body:
            row[at : at + 1] = [rng.choice(odd)] if at < len(row) else []
    if rng.random() < 0.3:
        place = rng.randrange(len(body))
        how = rng.randrange(4)
        row = body[place]
        body[place] = ([], row[: len(row) // 2], [*row, text(rng)], [""] * len(row))[how]
    if rng.random() < 0.1:
        body.append(header)
    if rng.random() < 0.1:  # columns in another order
        order = rng.sample(range(len(header)), len(header))
        header = [header[at] for at in order]
        body = [[row[at] if at < len(row) else "" for at in order] for row in body]
    return [header, *body]


def spoiled_header(rng: random.Random, rows: list[list[str]]) -> list[list[str]]:
    """The table with one name of a column exchanged, left out, repeated, or put elsewhere."""
    header = rows[0]
    at = rng.randrange(len(header)) if header else 0
    changed = (
        header[:at] + header[at + 1 :], [*header, header[at] if header else "a"], [*header[:at], rng.choice(TEXTS), *header[at + 1 :]],
        [name.upper() for name in header], [f" {name} " for name in header], [*header[:at], header[at][:-1], *header[at + 1 :]],
    )  # fmt: skip
    return [rng.choice(changed), *rows[1:]]


def written(rng: random.Random, rows: Sequence[Sequence[str]]) -> bytes:
    """The table as some program would write it: any delimiter, quotes, line ends and encoding."""
    usual = rng.random() < 0.5
    held = io.StringIO()
    csv.writer(
        held,
        delimiter="," if usual else rng.choice(",;\t|"),
        quoting=csv.QUOTE_ALL if rng.random() < 0.15 else csv.QUOTE_MINIMAL,
        lineterminator=rng.choice(("\n", "\n", "\r\n", "\r\n", "\r")),
    ).writerows(rows)
    words = held.getvalue()
    if rng.random() < 0.1:
        words = words.rstrip("\r\n")
    if rng.random() < 0.05:
        words = rng.choice(("Report of shop\n\n", "sep=,\n", "\n", "\ufeff")) + words
    return words.encode("utf-8" if rng.random() < 0.75 else rng.choice(ENCODINGS), "replace")


# ------------------------------------------------------------------------------------------------------- documents


def value(rng: random.Random, depth: int = 0) -> Any:
    """Some JSON value."""
    kind = rng.randrange(8 if depth < 3 else 5)
    if kind == 5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(3))]
    if kind >= 6:
        return {
            rng.choice(("email", "id", "a", "", "é")): value(rng, depth + 1) for _ in range(rng.randrange(3))
        }
    return (text(rng), text(rng), rng.choice(NUMBERS), rng.random() < 0.5, None)[kind]


def spoiled_value(rng: random.Random, plain: Any) -> Any:
    """The value with one place in it changed: exchanged, left out, renamed, or wrapped."""
    if isinstance(plain, dict) and plain and rng.random() < 0.85:
        key = rng.choice(list(plain))
        how = rng.random()
        if how < 0.1:
            return {name: item for name, item in plain.items() if name != key}
        if how < 0.2:
            other = rng.choice((key.upper(), key[:-1], f"{key} ", "a", "__proto__", "link"))
            return {other if name == key else name: item for name, item in plain.items()}
        if how < 0.3:
            return {**plain, rng.choice(("extra", "é", "email", "customer_id")): value(rng)}
        return {name: spoiled_value(rng, item) if name == key else item for name, item in plain.items()}
    if isinstance(plain, list) and plain and rng.random() < 0.85:
        at = rng.randrange(len(plain))
        how = rng.random()
        if how < 0.2:
            return plain[:at] + plain[at + 1 :]
        if how < 0.3:
            return plain + plain
        return [*plain[:at], spoiled_value(rng, plain[at]), *plain[at + 1 :]]
    return [plain] if rng.random() < 0.05 else value(rng)


def dumped(rng: random.Random, plain: Any) -> str:
    """The value as one of many writers would write it."""
    return json.dumps(
        plain,
        ensure_ascii=rng.random() < 0.5,
        separators=rng.choice(((",", ":"), (", ", ": "), (" , ", "\t: "))),
        sort_keys=rng.random() < 0.1,
    )


def documents_of(data: bytes) -> list[Any]:
    """The documents of a file, whether it is one, an array, or one a line; what is broken is passed over."""
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        found = []
        for line in data.splitlines():
            with suppress(ValueError, RecursionError):
                found.append(json.loads(line))
        return found
    return whole if isinstance(whole, list) else [whole]


def spoiled_documents(rng: random.Random, documents: Sequence[Any]) -> bytes:
    """Some of the documents, changed, as NDJSON or as an array."""
    some = [rng.choice(documents or [{}]) for _ in range(rng.randint(1, 6))]
    lines = [dumped(rng, spoiled_value(rng, one) if rng.random() < 0.8 else one) for one in some]
    if rng.random() < 0.3:
        return ("[" + rng.choice((",", ",\n", " , ")).join(lines) + "]").encode("utf-8", "replace")
    return rng.choice(("\n", "\n", "\r\n", "\n\n")).join(lines).encode("utf-8", "replace") + b"\n"


# -------------------------------------------------------------------------------------------------------- settings

WORDS = (
    '""', "''", "0", "-1", "1.5", "1e999", "true", "false", "[]", "{}", "[[]]", '["a"]', '{ column = "a" }', '"products[].quantity"', "2024-03-06",
    '"\\u0000"', '"é"', "inf", "nan", '"' + "a" * 400 + '"', "99999999999999999999", '"{"', '"{Id}"', '"../.."', '"%d"', '"*"', '"(((("',
)  # fmt: skip


def spoiled_toml(rng: random.Random, words: str) -> str:
    """Settings of which a line is exchanged, repeated, moved or left out, or one value is another."""
    lines = words.splitlines()
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines)) if lines else 0
        line = lines[at] if lines else ""
        how = rng.randrange(6)
        if how == 0:
            lines[at : at + 1] = []
        elif how == 1:
            lines.insert(rng.randrange(len(lines) + 1), line)
        elif how == 2:
            lines[at : at + 1] = [spoiled(rng, line.encode(), 1).decode("utf-8", "replace")]
        elif how == 3:
            lines.insert(
                at, rng.choice(("[records]", "[[records]]", "[upload]", "[records.fields]", "a = 1", "["))
            )
        else:
            name, equals, rest = line.partition("=")
            if equals:
                lines[at] = (
                    f"{name}= {rng.choice(WORDS)}" if how == 4 else f"{rng.choice(('', 'x'))}{name}= {rest}x"
                )
    return "\n".join(lines) + "\n"
